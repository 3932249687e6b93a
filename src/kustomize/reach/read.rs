//! Knows how to read files once, and how to word what is wrong with them.
//!
//! It knows nothing of how the files were found.

use std::rc::Rc;

use super::containers::{ContainerImage, in_object};
use super::walk::{At, Walk};
use crate::kustomize::paths::{Place, follow};
use crate::kustomize::yaml::{Document, Node, YamlError, parse};
use crate::model::read::{Finding, Severity};

/// The most findings of one walk: nobody reads more.
const MAX_FINDINGS: usize = 1_000;

impl Walk<'_> {
    pub(super) fn find(
        &mut self,
        code: &str,
        severity: Severity,
        at: At<'_>,
        message: impl Into<String>,
    ) {
        if self.reach.findings.len() >= MAX_FINDINGS {
            return;
        }
        self.reach.findings.push(Finding {
            code: code.to_owned(),
            severity,
            file: at.file.to_owned(),
            line: at.line,
            column: at.column,
            message: message.into(),
        });
    }

    pub(super) fn error(&mut self, code: &str, at: At<'_>, message: impl Into<String>) {
        self.find(code, Severity::Error, at, message);
    }

    pub(super) fn yaml_error(&mut self, file: &str, error: YamlError) {
        let at = At { file, line: error.line, column: error.column };
        self.error("kustomize.yaml", at, error.message);
    }

    pub(super) fn inline_error(&mut self, at: At<'_>, error: &YamlError) {
        let message = format!("the YAML that is written here is broken: on its {error}");
        self.error("kustomize.yaml", at, message);
    }

    /// The images of the objects in a file, which is read once.
    pub(super) fn objects(&mut self, path: &str) -> Rc<Vec<ContainerImage>> {
        if let Some(images) = self.images.get(path) {
            return images.clone();
        }
        let mut found = Vec::new();
        let documents = self.read(path).unwrap_or_default();
        for document in documents.iter().filter(|document| !document.root().is_null()) {
            let root = document.root();
            if let Err(error) = document.check_unique_keys() {
                let at = At { file: path, line: error.line, column: error.column };
                self.error("kustomize.duplicate-key", at, error.message);
            }
            if !root.is_mapping() || root.get("kind").is_none_or(Node::is_null) {
                let message = "this is no Kubernetes object: it has no `kind`";
                self.error("kustomize.object", At::node(path, root), message);
            }
            in_object(root, path, &self.specs, &mut found);
        }
        let found = Rc::new(found);
        self.images.insert(path.to_owned(), found.clone());
        found
    }

    /// The documents of a file, parsed once; a file that is no YAML is a finding.
    pub(super) fn read(&mut self, path: &str) -> Option<Rc<Vec<Document>>> {
        if let Some(known) = self.documents.get(path) {
            return known.clone();
        }
        self.reach.files.insert(path.to_owned());
        let documents = match follow(self.tree, path) {
            Place::File { bytes, .. } => match parse(&bytes) {
                Ok(documents) => Some(Rc::new(documents)),
                Err(error) => {
                    self.yaml_error(path, error);
                    None
                }
            },
            _ => None,
        };
        self.documents.insert(path.to_owned(), documents.clone());
        documents
    }
}
