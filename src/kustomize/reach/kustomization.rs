//! Knows the fields of a kustomization that name other files or folders, and those that Kustomize knows at all.
//!
//! It does not open what they name.

use crate::kustomize::yaml::{Node, Style};

/// The fields of Kustomize 5; any other is refused by it.
const FIELDS: [&str; 34] = [
    "apiVersion",
    "bases",
    "buildMetadata",
    "commonAnnotations",
    "commonLabels",
    "components",
    "configMapGenerator",
    "configurations",
    "crds",
    "generatorOptions",
    "generators",
    "helmChartInflationGenerator",
    "helmCharts",
    "helmGlobals",
    "images",
    "imageTags",
    "kind",
    "labels",
    "metadata",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "openapi",
    "patches",
    "patchesJson6902",
    "patchesStrategicMerge",
    "replacements",
    "replicas",
    "resources",
    "secretGenerator",
    "sortOptions",
    "transformers",
    "validators",
    "vars",
];

/// What a file is for, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// Only read.
    Data,
    /// YAML, but no objects.
    Yaml,
    /// A patch: it may bring containers.
    Patch,
    /// A transformer configuration: it may name places of images.
    Configuration,
}

/// A file that a kustomization names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named<'a> {
    /// Where it is named.
    pub(super) node: Node<'a>,
    /// The path as written, or for a patch that is written in place its text.
    pub(super) text: &'a str,
    pub(super) used: Use,
    /// Whether `text` is the patch itself.
    pub(super) inline: bool,
}

/// The keys of a kustomization that Kustomize does not know.
pub(super) fn unknown_fields(root: Node<'_>) -> impl Iterator<Item = (Node<'_>, String)> {
    root.entries().map(|(key, _)| key).filter(|key| !key.is_merge()).filter_map(|key| {
        let name = key.as_str().unwrap_or_default();
        if FIELDS.contains(&name) {
            return None;
        }
        let near = FIELDS
            .iter()
            .map(|known| (strsim::jaro_winkler(known, name), known))
            .filter(|(likeness, _)| *likeness > 0.85)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let help = near.map_or_else(String::new, |(_, near)| format!("; did you mean `{near}`?"));
        Some((key, format!("Kustomize knows no field `{name}`{help}")))
    })
}

/// The texts of a list field; what is no text comes back in the second list.
pub(super) fn texts<'a>(root: Node<'a>, field: &str) -> (Vec<Node<'a>>, Vec<Node<'a>>) {
    let Some(list) = root.get(field).filter(|list| !list.is_null()) else {
        return (Vec::new(), Vec::new());
    };
    if !list.is_sequence() {
        return (Vec::new(), vec![list]);
    }
    list.items().partition(|item| item.as_string().is_some())
}

/// All files that a kustomization names beside resources, bases, components, generators, transformers and validators.
pub(super) fn files<'a>(root: Node<'a>) -> Vec<Named<'a>> {
    let mut files = Vec::new();
    let mut add = |node: Option<Node<'a>>, used: Use, inline: bool| {
        if let Some((node, text)) = node.and_then(|node| Some((node, node.as_string()?))) {
            files.push(Named { node, text, used, inline });
        }
    };
    for node in items(root, "patchesStrategicMerge") {
        let inline = node.as_str().is_some_and(|text| text.contains('\n'));
        add(Some(node), Use::Patch, inline);
    }
    for field in ["patches", "patchesJson6902"] {
        for patch in items(root, field) {
            // The form of Kustomize 2: a list of paths.
            add(Some(patch), Use::Patch, false);
            add(patch.get("path"), Use::Patch, false);
            add(patch.get("patch"), Use::Patch, true);
        }
    }
    for replacement in items(root, "replacements") {
        add(replacement.get("path"), Use::Yaml, false);
    }
    for node in items(root, "configurations") {
        add(Some(node), Use::Configuration, false);
    }
    for node in items(root, "crds") {
        add(Some(node), Use::Yaml, false);
    }
    add(root.get("openapi").and_then(|openapi| openapi.get("path")), Use::Data, false);
    for field in ["configMapGenerator", "secretGenerator"] {
        for generator in items(root, field) {
            for file in items(generator, "files").chain(items(generator, "envs")) {
                add(Some(file), Use::Data, false);
            }
            add(generator.get("env"), Use::Data, false);
        }
    }
    // `key=path` names the key of the entry that the file becomes.
    for file in files.iter_mut().filter(|file| file.used == Use::Data) {
        file.text = file.text.split_once('=').map_or(file.text, |(_, path)| path);
    }
    files
}

fn items<'a>(node: Node<'a>, field: &str) -> impl Iterator<Item = Node<'a>> {
    node.get(field).into_iter().flat_map(Node::items)
}

/// Whether a resource that is not there is one that Kustomize would fetch.
pub(super) fn is_remote(text: &str) -> bool {
    let host = text.split(['/', ':']).next().unwrap_or_default();
    text.contains("://")
        || text.contains("?ref=")
        || text.contains("?version=")
        || text.starts_with("git@")
        || text.starts_with("git::")
        || matches!(host, "github.com" | "gitlab.com" | "bitbucket.org")
        || text.contains(".git/")
        || text.ends_with(".git")
}

/// The line in the file of a line within a text that is written in place.
pub(super) fn inner_line(node: Node<'_>, line: u32) -> u32 {
    match node.target().style() {
        Style::Literal | Style::Folded => node.target().line().saturating_add(line),
        _ => node.line(),
    }
}
