//! What goes wrong in a query, in GitHub's words and shape.
//! It does not know when.
//! <https://docs.github.com/en/graphql/guides/forming-calls-with-graphql>, <https://spec.graphql.org/October2021/#sec-Errors>

use graphql_parser::Pos;
use serde_json::{Value, json};

use crate::sandbox::refusal::Refusal;

/// One entry of `errors`.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    /// GitHub's word, for what went wrong while a query was carried out.
    kind: Option<&'static str>,
    /// GitHub's code, for what is wrong with a query itself.
    code: Option<&'static str>,
    message: String,
}

impl Problem {
    /// While a query was carried out.
    pub(super) fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self { kind: Some(kind), code: None, message: message.into() }
    }

    /// Of the query itself.
    pub(super) fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self { kind: None, code: Some(code), message: message.into() }
    }

    /// What GitHub says where a name means nothing, or nothing that the caller may see.
    pub(super) fn not_found(what: &str, with: &str, value: &str) -> Self {
        let article = if what.starts_with(['A', 'E', 'I', 'O', 'U']) { "an" } else { "a" };
        let message =
            format!("Could not resolve to {article} {what} with the {with} of '{value}'.");
        Self::new("NOT_FOUND", message)
    }

    /// What GitHub says where the permissions do not reach so far.
    pub(super) fn forbidden() -> Self {
        Self::new("FORBIDDEN", "Resource not accessible by integration")
    }

    /// As it stands in the answer.
    pub(super) fn shown(&self, path: &[Value], at: Pos) -> Value {
        let mut shown = json!({
            "message": self.message,
            "path": path,
            "locations": [{"line": at.line, "column": at.column}],
        });
        match (self.kind, self.code) {
            (Some(kind), _) => shown["type"] = kind.into(),
            (None, Some(code)) => shown["extensions"] = json!({"code": code}),
            (None, None) => {}
        }
        shown
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal.status {
            404 => Self::new("NOT_FOUND", refusal.message),
            403 => Self::new("FORBIDDEN", refusal.message),
            422 => Self::new("UNPROCESSABLE", refusal.message),
            _ => Self::new("INTERNAL", "Something went wrong while executing your query."),
        }
    }
}

impl From<git2::Error> for Problem {
    fn from(error: git2::Error) -> Self {
        Refusal::from(error).into()
    }
}
