//! Renders small overlays for the tests of rules, so that places are real ones; and holds that rules are documented.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{RULES, Rule};
use crate::kubernetes::codes;
use crate::kubernetes::scene::Scene;
use crate::kustomize::load::Restriction;
use crate::kustomize::render;
use crate::model::read::Severity;

/// What a rule says of the objects of one file, a remark a line: `line:column severity: message`.
pub(super) fn found(rule: &Rule, objects: &str) -> String {
    let all = "resources: [all.yaml]\n";
    let found = found_in(rule, &[("kustomization.yaml", all), ("all.yaml", objects)], "");
    found.replace("all.yaml:", "")
}

/// What a rule says of a folder: `file:line:column severity: message`.
pub(super) fn found_in(rule: &Rule, files: &[(&str, &str)], folder: &str) -> String {
    let bytes = |text: &str| Arc::<[u8]>::from(text.as_bytes());
    let tree: BTreeMap<String, _> =
        files.iter().map(|(path, text)| ((*path).to_owned(), bytes(text))).collect();
    let rendered = render(&tree, folder, Restriction::RootOnly).unwrap();
    let scene = Scene::new(&rendered.objects, &rendered.unused_images);
    let mut lines = Vec::new();
    for remark in rule.remarks(&scene) {
        let severity = remark.severity.or(rule.severity);
        let severity = severity.map_or("off".to_owned(), |severity| format!("{severity:?}"));
        let place = remark.place;
        let file = &rendered.files[usize::try_from(place.file).unwrap()];
        lines.push(format!(
            "{file}:{}:{} {}: {}",
            place.line,
            place.column,
            severity.to_lowercase(),
            remark.message
        ));
    }
    lines.join("\n")
}

/// A Deployment `web` in which `spec` is that of its pods, written from the first line on; what follows begins at
/// column 7.
pub(super) fn deployment(spec: &str) -> String {
    let spec: String = spec.lines().map(|line| format!("      {line}\n")).collect();
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  \
         selector: {{matchLabels: {{app: web}}}}\n  template:\n    \
         metadata: {{labels: {{app: web}}}}\n    spec:\n{spec}"
    )
}

#[test]
fn rules_and_their_documentation_name_the_same() {
    let documented: Vec<(&str, &str)> = include_str!("../../../docs/rules.md")
        .split("\n## ")
        .skip(1)
        .map(|entry| {
            let (code, rest) = entry.split_once('\n').unwrap();
            let severity = rest.trim_start().lines().next().unwrap();
            (code, severity.split_once("**").unwrap().1.split_once("**").unwrap().0)
        })
        .collect();
    let named = |severity: Option<Severity>| match severity {
        None => "off",
        Some(Severity::Note) => "note",
        Some(Severity::Warning) => "warning",
        Some(Severity::Error) => "error",
    };
    let mut codes: Vec<(&str, &str)> =
        codes::all().map(|known| (known.code, named(known.severity))).collect();
    codes.sort_unstable();
    assert_eq!(documented, codes);
    assert!(RULES.is_sorted_by_key(|rule| rule.code));
}
