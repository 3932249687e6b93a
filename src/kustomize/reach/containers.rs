//! Knows where the images of containers stand in an object or a patch, as Kustomize's image transformer looks for them.
//!
//! It knows nothing of files or of `images:` entries.

use crate::kustomize::yaml::{Document, Node};

/// An image named by a container of an object that a kustomization reaches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContainerImage {
    /// The image, as the overlay's own `images:` would meet it: the bases' entries are applied.
    pub image: String,
    /// The file it stands in.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// The object's kind; empty in a JSON patch.
    pub kind: String,
    /// The object's name; empty in a JSON patch.
    pub name: String,
}

/// A further place of images that `configurations` name: `path` within objects of `kind`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FieldSpec {
    kind: Option<String>,
    path: Vec<String>,
}

/// The places of images that a transformer configuration names.
pub(super) fn field_specs(document: &Document) -> Vec<FieldSpec> {
    let images = document.root().get("images").into_iter().flat_map(Node::items);
    images
        .filter_map(|spec| {
            let path = spec.get("path")?.as_str()?;
            Some(FieldSpec {
                kind: spec.get("kind").and_then(Node::as_str).map(str::to_owned),
                path: path.split('/').map(|step| step.trim_end_matches("[]").to_owned()).collect(),
            })
        })
        .collect()
}

/// The images of an object, a list of objects or a patch of an object.
pub(super) fn in_object(
    root: Node<'_>,
    file: &str,
    specs: &[FieldSpec],
    found: &mut Vec<ContainerImage>,
) {
    let text = |node: Option<Node<'_>>| node.and_then(Node::as_str).unwrap_or_default().to_owned();
    let kind = text(root.get("kind"));
    if let Some(items) = root.get("items").filter(|_| kind.ends_with("List")) {
        for item in items.items() {
            in_object(item, file, specs, found);
        }
        return;
    }
    if kind == "CustomResourceDefinition" {
        return;
    }
    let name = text(root.get("metadata").and_then(|metadata| metadata.get("name")));
    let mut add = |image: Node<'_>| {
        if let Some(text) = image.as_string().filter(|text| !text.is_empty()) {
            found.push(ContainerImage {
                image: text.to_owned(),
                file: file.to_owned(),
                line: image.line(),
                column: image.column(),
                kind: kind.clone(),
                name: name.clone(),
            });
        }
    };
    walk(root, &mut add);
    for spec in specs {
        if spec.kind.as_ref().is_none_or(|wanted| *wanted == kind) {
            at_path(root, &spec.path, &mut add);
        }
    }
}

/// The images that the operations of a JSON patch bring.
pub(super) fn in_json_patch(root: Node<'_>, file: &str, found: &mut Vec<ContainerImage>) {
    for operation in root.items() {
        let Some(value) = operation.get("value") else {
            continue;
        };
        let path = operation.get("path").and_then(Node::as_str).unwrap_or_default();
        let mut add = |image: Node<'_>| {
            if let Some(text) = image.as_string() {
                found.push(ContainerImage {
                    image: text.to_owned(),
                    file: file.to_owned(),
                    line: image.line(),
                    column: image.column(),
                    kind: String::new(),
                    name: String::new(),
                });
            }
        };
        if path.ends_with("/image") {
            add(value);
        } else if path.to_ascii_lowercase().contains("containers") {
            // A whole container, or a list of them.
            for container in value.items().chain([value]) {
                if let Some(image) = container.get("image") {
                    add(image);
                }
            }
        }
        walk(value, &mut add);
    }
}

/// Any list `containers` or `initContainers`, at any depth.
fn walk(node: Node<'_>, add: &mut impl FnMut(Node<'_>)) {
    for item in node.items() {
        walk(item, add);
    }
    for (key, value) in node.entries() {
        walk(value, add);
        if matches!(key.as_str(), Some("containers" | "initContainers")) {
            for image in value.items().filter_map(|container| container.get("image")) {
                add(image);
            }
        }
    }
}

fn at_path(node: Node<'_>, path: &[String], add: &mut impl FnMut(Node<'_>)) {
    if node.is_sequence() {
        for item in node.items() {
            at_path(item, path, add);
        }
        return;
    }
    match path.split_first() {
        None => add(node),
        Some((step, rest)) => {
            if let Some(next) = node.get(step) {
                at_path(next, rest, add);
            }
        }
    }
}
