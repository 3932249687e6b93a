//! Renders small overlays for the tests of rules, so that places are real ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Rule;
use crate::kubernetes::scene::Scene;
use crate::kustomize::load::Restriction;
use crate::kustomize::render;

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
