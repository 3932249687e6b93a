//! Knows what becomes of the files that a kustomization names beside its resources: patches, configurations, plugins.
//!
//! It knows nothing of the order in which kustomizations build on each other.

use std::collections::BTreeSet;

use super::containers::{ContainerImage, FieldSpec, field_specs, in_json_patch, in_object};
use super::kustomization::{Named, Use, files, inner_line};
use super::walk::{At, Role, Walk};
use crate::kustomize::paths::{Place, follow, join};
use crate::kustomize::yaml::{Document, Node, parse};
use crate::model::read::Severity;

impl Walk<'_> {
    /// Generators, transformers, validators and charts: what is not run here is said.
    pub(super) fn plugins(&mut self, file: &str, folder: &str, root: Node<'_>, role: Role) {
        for field in ["helmCharts", "helmChartInflationGenerator"] {
            if let Some(node) = root.get(field).filter(|node| !node.is_null()) {
                self.reach.partial = true;
                let message = "Helm charts are not rendered here; their containers cannot be seen";
                self.find("kustomize.helm", Severity::Note, At::node(file, node), message);
            }
        }
        // Replacements of the overlay itself come after its images.
        self.reach.partial |= role != Role::Overlay
            && root.get("replacements").is_some_and(|list| list.items().len() > 0);
        for field in ["generators", "transformers", "validators"] {
            for node in self.list(file, root, field) {
                self.reach.partial |= field != "validators";
                let text = node.as_str().unwrap_or_default();
                let at = At::node(file, node);
                if text.contains('\n') {
                    match parse(text.as_bytes()) {
                        Ok(documents) => self.check_plugins(&documents, at),
                        Err(error) => self.inline_error(at, &error),
                    }
                    continue;
                }
                match self.place(folder, text, at) {
                    Some(Place::File { path, .. }) => {
                        if self.is_allowed(folder, &path, at)
                            && let Some(documents) = self.read(&path)
                        {
                            self.check_plugins(&documents, At { file: &path, line: 1, column: 1 });
                        }
                    }
                    Some(Place::Folder { path }) => {
                        self.base(&path, at, Role::Base, &mut BTreeSet::new());
                    }
                    _ => {}
                }
            }
        }
    }

    pub(super) fn check_plugins(&mut self, documents: &[Document], at: At<'_>) {
        for root in documents.iter().map(Document::root).filter(|root| !root.is_null()) {
            if root.get("apiVersion").and_then(Node::as_str) != Some("builtin") {
                let kind = root.get("kind").and_then(Node::as_str).unwrap_or("this plugin");
                let message =
                    format!("{kind} is a function or plugin of its own and is not run here");
                let at = At { line: at.line.max(root.line()), ..at };
                self.find("kustomize.function", Severity::Note, at, message);
            }
        }
    }

    /// Notes the places of images that configurations name; whether the files may be read is judged elsewhere.
    pub(super) fn configurations(&mut self, folder: &str, root: Node<'_>) {
        for named in files(root).into_iter().filter(|named| named.used == Use::Configuration) {
            if let Some(Place::File { path, .. }) =
                join(folder, named.text).map(|path| follow(self.tree, &path))
                && let Some(documents) = self.read(&path)
            {
                let specs: Vec<FieldSpec> = documents.iter().flat_map(field_specs).collect();
                let new = specs.into_iter().filter(|spec| !self.specs.contains(spec));
                self.new_specs.extend(new);
            }
        }
    }

    /// A file that is named for anything but its objects.
    pub(super) fn file(
        &mut self,
        file: &str,
        folder: &str,
        named: Named<'_>,
        into: &mut BTreeSet<ContainerImage>,
    ) {
        let at = At::node(file, named.node);
        if named.inline {
            match parse(named.text.as_bytes()) {
                Ok(documents) => {
                    let mut found = Vec::new();
                    patches(&documents, file, &mut found);
                    into.extend(found.into_iter().map(|image| ContainerImage {
                        line: inner_line(named.node, image.line),
                        ..image
                    }));
                }
                Err(error) => self.inline_error(at, &error),
            }
            return;
        }
        match self.place(folder, named.text, at) {
            Some(Place::File { path, .. }) => {
                if self.is_allowed(folder, &path, at)
                    && named.used != Use::Data
                    && let Some(documents) = self.read(&path)
                    && named.used == Use::Patch
                {
                    let mut found = Vec::new();
                    patches(&documents, &path, &mut found);
                    into.extend(found);
                }
            }
            Some(_) => self.error(
                "kustomize.missing",
                at,
                format!("{} is a folder, not a file", named.text),
            ),
            None => {}
        }
    }
}

fn patches(documents: &[Document], file: &str, found: &mut Vec<ContainerImage>) {
    for root in documents.iter().map(Document::root) {
        if root.is_sequence() {
            in_json_patch(root, file, found);
        } else {
            in_object(root, file, &[], found);
        }
    }
}
