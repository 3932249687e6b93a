//! Knows the codes that findings have besides those of `rules`: rendering, schemas, and remarks that are ignored.

use crate::model::read::Severity::{self, Error, Note, Warning};

/// A code of findings.
#[derive(Debug, Clone, Copy)]
pub struct Code {
    /// What configuration, comments and findings call it.
    pub code: &'static str,
    /// How bad what it finds is; none if it is off until a configuration turns it on.
    pub severity: Option<Severity>,
    /// What it finds, in a sentence.
    pub finds: &'static str,
}

/// An overlay cannot be rendered. No configuration and no comment turns it off.
pub const CANNOT_RENDER: &str = "cannot-render";
/// An overlay is not rendered, since something would be fetched or run. No configuration and no comment turns it off.
pub const NOT_RENDERED: &str = "not-rendered";
/// A comment that asks for a finding to be ignored, and does not say it right.
pub const IGNORE_INVALID: &str = "ignore-invalid";

/// The codes that no rule has.
pub const CODES: &[Code] = &[
    code(CANNOT_RENDER, Error, "a kustomization that cannot be rendered"),
    code(NOT_RENDERED, Warning, "a kustomization that wants something fetched or run"),
    code("unknown-kind", Error, "an apiVersion or kind that Kubernetes does not have"),
    code("removed-api", Error, "an apiVersion that Kubernetes has removed"),
    code("deprecated-api", Warning, "an apiVersion that Kubernetes will remove"),
    code(
        "not-served",
        Warning,
        "a version that the definition of a custom resource does not serve",
    ),
    code("no-schema", Note, "a kind of a group that nothing tells of"),
    code("duplicate-key", Error, "a key of a kustomization or a patch that stands twice"),
    code("unknown-field", Error, "a field that the type does not have"),
    code("missing-field", Error, "a field that has to be there and is not"),
    code("wrong-type", Error, "a value of another type"),
    code("wrong-value", Error, "a value that the field does not take"),
    code(
        IGNORE_INVALID,
        Warning,
        "a `usher:ignore` comment without a reason, or with an unknown code",
    ),
];

const fn code(code: &'static str, severity: Severity, finds: &'static str) -> Code {
    Code { code, severity: Some(severity), finds }
}

/// Every code, those of rules included.
pub fn all() -> impl Iterator<Item = Code> {
    let rules = super::rules::RULES.iter();
    let rules =
        rules.map(|rule| Code { code: rule.code, severity: rule.severity, finds: rule.finds });
    CODES.iter().copied().chain(rules)
}

/// Whether a configuration or a comment may say something of a code.
pub fn is_adjustable(code: &str) -> bool {
    code != CANNOT_RENDER && code != NOT_RENDERED && all().any(|known| known.code == code)
}
