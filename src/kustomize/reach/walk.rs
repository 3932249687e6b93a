//! Knows how to walk from a kustomization to all that it reaches, with Kustomize's own restrictions.
//!
//! It knows nothing of which images are wanted.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use super::Reach;
use super::containers::{ContainerImage, FieldSpec};
use super::kustomization::{files, is_remote, texts, unknown_fields};
use crate::kustomize::images::{ImageEntry, read};
use crate::kustomize::paths::{Place, follow, is_within, join};
use crate::kustomize::yaml::{Document, Node};
use crate::model::files::FileTree;
use crate::model::read::Severity;

/// The names that Kustomize looks for in a folder; exactly one must be there.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
/// The most kustomizations of one walk, each counted as often as it is used: real trees stay below a hundred.
const MAX_VISITS: usize = 2_000;
/// The most steps of handing a container on, or holding it against an entry of `images:`: a few seconds.
const MAX_STEPS: usize = 5_000_000;
/// The longest chain of bases: deeper than any real tree, and small enough to recurse.
const MAX_CHAIN: usize = 50;

/// Where something was named: the file, the line and the column.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) file: &'a str,
    pub(super) line: u32,
    pub(super) column: u32,
}

impl<'a> At<'a> {
    pub(super) fn node(file: &'a str, node: Node<'_>) -> Self {
        Self { file, line: node.line(), column: node.column() }
    }
}

/// What a kustomization is used as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Overlay,
    Base,
    Component,
}

pub(super) struct Walk<'t> {
    pub(super) tree: &'t dyn FileTree,
    pub(super) reach: Reach,
    pub(super) needs: BTreeSet<String>,
    pub(super) specs: Vec<FieldSpec>,
    pub(super) new_specs: Vec<FieldSpec>,
    /// The folders from the overlay to the present one.
    pub(super) chain: Vec<String>,
    pub(super) visits: usize,
    pub(super) steps: usize,
    pub(super) documents: HashMap<String, Option<Rc<Vec<Document>>>>,
    pub(super) images: HashMap<String, Rc<Vec<ContainerImage>>>,
}

/// Walks once; also returns the places of images that configurations name, if they were not known.
pub(super) fn walk(
    tree: &dyn FileTree,
    folder: &str,
    specs: Vec<FieldSpec>,
) -> (Reach, Vec<FieldSpec>) {
    let mut walk = Walk {
        tree,
        reach: Reach::default(),
        needs: BTreeSet::new(),
        specs,
        new_specs: Vec::new(),
        chain: Vec::new(),
        visits: 0,
        steps: 0,
        documents: HashMap::new(),
        images: HashMap::new(),
    };
    let at = At { file: folder, line: 1, column: 1 };
    let mut containers = BTreeSet::new();
    match join("", folder).map(|folder| follow(tree, &folder)) {
        Some(Place::Folder { path }) => {
            walk.kustomization(&path, at, Role::Overlay, &mut containers);
        }
        Some(Place::Unread { path }) => {
            walk.needs.insert(path);
        }
        Some(Place::Astray(why)) => walk.find("kustomize.link", Severity::Error, at, why),
        Some(Place::Absent | Place::File { .. }) | None => {
            let message = format!("the folder {folder} is not there");
            walk.find("kustomize.missing", Severity::Error, at, message);
        }
    }
    let mut reach = walk.reach;
    reach.containers = containers.into_iter().collect();
    reach.needs = walk.needs.into_iter().collect();
    reach
        .findings
        .sort_by(|a, b| (&a.file, a.line, a.column, a).cmp(&(&b.file, b.line, b.column, b)));
    reach.findings.dedup();
    (reach, walk.new_specs)
}

impl Walk<'_> {
    /// Walks the kustomization in a folder that is there; `at` is where it was named.
    pub(super) fn kustomization(
        &mut self,
        folder: &str,
        at: At<'_>,
        role: Role,
        into: &mut BTreeSet<ContainerImage>,
    ) {
        self.visits += 1;
        if self.visits > MAX_VISITS || self.chain.len() >= MAX_CHAIN {
            let message = format!(
                "more than {MAX_VISITS} kustomizations, or more than {MAX_CHAIN} on top of each other"
            );
            return self.error("kustomize.limit", at, message);
        }
        let Some(file) = self.kustomization_file(folder, at) else {
            return;
        };
        if role == Role::Overlay {
            self.reach.kustomization = Some(file.clone());
        }
        let Some(documents) = self.read(&file) else {
            return;
        };
        let Some(root) = documents.first().map(Document::root).filter(|root| !root.is_null())
        else {
            return self.error(
                "kustomize.empty",
                At { file: &file, line: 1, column: 1 },
                "the kustomization is empty",
            );
        };
        if !root.is_mapping() {
            return self.error(
                "kustomize.field",
                At::node(&file, root),
                "this is not a kustomization",
            );
        }
        self.check_fields(&file, &documents[0], role);
        self.chain.push(folder.to_owned());
        self.configurations(folder, root);
        let mut own = BTreeSet::new();
        for field in ["resources", "bases"] {
            self.resources(&file, folder, root, field, &mut own);
        }
        if role == Role::Component {
            own.append(into);
        }
        self.components(&file, folder, root, &mut own);
        self.plugins(&file, folder, root, role);
        for named in files(root) {
            self.file(&file, folder, named, &mut own);
        }
        let entries = self.image_entries(&file, root);
        self.chain.pop();
        if !self.may_take(own.len().saturating_mul(entries.len() + 1), at) {
            return;
        }
        if role == Role::Overlay {
            into.append(&mut own);
        } else {
            into.extend(own.into_iter().map(|container| apply(&entries, container)));
        }
    }

    fn may_take(&mut self, steps: usize, at: At<'_>) -> bool {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > MAX_STEPS {
            self.error(
                "kustomize.limit",
                at,
                "these kustomizations multiply to too many containers",
            );
        }
        self.steps <= MAX_STEPS
    }

    /// The one kustomization file of a folder.
    pub(super) fn kustomization_file(&mut self, folder: &str, at: At<'_>) -> Option<String> {
        let mut there = Vec::new();
        for name in NAMES {
            let path = join(folder, name)?;
            match follow(self.tree, &path) {
                Place::File { path, .. } => there.push(path),
                Place::Unread { path } => {
                    self.needs.insert(path.clone());
                    there.push(path);
                }
                Place::Folder { .. } | Place::Absent | Place::Astray(_) => {}
            }
        }
        let shown = if folder.is_empty() { "the root folder" } else { folder };
        if there.len() > 1 {
            let message = format!("{shown} has more than one kustomization: {}", there.join(", "));
            self.error("kustomize.ambiguous", at, message);
            return None;
        }
        if there.is_empty() {
            let message = format!("{shown} has no kustomization.yaml");
            self.error("kustomize.missing", at, message);
        }
        there.pop()
    }

    pub(super) fn check_fields(&mut self, file: &str, document: &Document, role: Role) {
        let root = document.root();
        if let Err(error) = document.check_unique_keys() {
            // Kustomize takes the last one without a word.
            let at = At { file, line: error.line, column: error.column };
            self.find("kustomize.duplicate-key", Severity::Warning, at, error.message);
        }
        for (key, message) in unknown_fields(root) {
            self.error("kustomize.field", At::node(file, key), message);
        }
        let Some(kind) = root.get("kind") else {
            return;
        };
        let wanted = if role == Role::Component { "Component" } else { "Kustomization" };
        match kind.as_str() {
            Some(kind) if kind == wanted || kind.is_empty() => {}
            // Kustomize renders a component by itself, and takes one for a base.
            Some("Component") => {}
            other => {
                let message = format!("this is of kind {}, not {wanted}", other.unwrap_or("?"));
                self.error("kustomize.kind", At::node(file, kind), message);
            }
        }
    }

    /// The texts of a list field, with a finding for all that is something else.
    pub(super) fn list<'a>(&mut self, file: &str, root: Node<'a>, field: &str) -> Vec<Node<'a>> {
        let (texts, others) = texts(root, field);
        for other in others {
            self.error(
                "kustomize.field",
                At::node(file, other),
                format!("`{field}` is a list of texts"),
            );
        }
        texts
    }

    pub(super) fn resources(
        &mut self,
        file: &str,
        folder: &str,
        root: Node<'_>,
        field: &str,
        into: &mut BTreeSet<ContainerImage>,
    ) {
        for node in self.list(file, root, field) {
            let text = node.as_str().unwrap_or_default();
            let at = At::node(file, node);
            match self.place(folder, text, at) {
                Some(Place::File { path, .. }) => {
                    self.resource(folder, &path, at, into);
                }
                Some(Place::Folder { path }) => self.base(&path, at, Role::Base, into),
                _ => {}
            }
        }
    }

    pub(super) fn resource(
        &mut self,
        folder: &str,
        path: &str,
        at: At<'_>,
        into: &mut BTreeSet<ContainerImage>,
    ) {
        if self.is_allowed(folder, path, at) {
            let images = self.objects(path);
            if self.may_take(images.len(), at) {
                into.extend(images.iter().cloned());
            }
        }
    }

    pub(super) fn components(
        &mut self,
        file: &str,
        folder: &str,
        root: Node<'_>,
        into: &mut BTreeSet<ContainerImage>,
    ) {
        for node in self.list(file, root, "components") {
            let text = node.as_str().unwrap_or_default();
            let at = At::node(file, node);
            match self.place(folder, text, at) {
                Some(Place::Folder { path }) => self.base(&path, at, Role::Component, into),
                Some(Place::File { .. }) => {
                    self.error(
                        "kustomize.missing",
                        at,
                        format!("a component is a folder, and {text} is a file"),
                    );
                }
                _ => {}
            }
        }
    }

    /// Goes on in a folder, unless it is around one that is being walked.
    pub(super) fn base(
        &mut self,
        path: &str,
        at: At<'_>,
        role: Role,
        into: &mut BTreeSet<ContainerImage>,
    ) {
        if let Some(around) = self.chain.iter().find(|visited| is_within(visited, path)) {
            let message =
                format!("{} is needed by itself: {around} is in it and leads here", shown(path));
            return self.error("kustomize.cycle", at, message);
        }
        self.kustomization(path, at, role, into);
    }

    /// What a path leads to; what leads nowhere becomes a finding.
    pub(super) fn place(&mut self, folder: &str, text: &str, at: At<'_>) -> Option<Place> {
        let place = join(folder, text).map(|path| follow(self.tree, &path));
        match place {
            _ if text.is_empty() => self.error("kustomize.missing", at, "this path is empty"),
            Some(Place::Unread { path }) => {
                self.reach.files.insert(path.clone());
                self.needs.insert(path);
            }
            Some(Place::Astray(why)) => {
                self.error("kustomize.link", at, format!("{text} cannot be followed: {why}"));
            }
            None | Some(Place::Absent) if is_remote(text) => {
                self.reach.partial = true;
                let message = format!(
                    "{text} is remote and is not fetched here; its containers cannot be seen. Vendor it into the repository to have it checked"
                );
                self.find("kustomize.remote", Severity::Note, at, message);
            }
            None => {
                self.error("kustomize.outside", at, format!("{text} is outside of the repository"));
            }
            Some(Place::Absent) => {
                self.error(
                    "kustomize.missing",
                    at,
                    format!("{text} is not there; add it, or take it out here"),
                );
            }
            Some(place) => return Some(place),
        }
        None
    }

    /// Kustomize reads no file from outside of the folder of the kustomization that names it.
    pub(super) fn is_allowed(&mut self, folder: &str, path: &str, at: At<'_>) -> bool {
        let allowed = is_within(path, folder);
        if allowed {
            self.reach.files.insert(path.to_owned());
        } else {
            let message = format!(
                "{path} is not in {} or below; Kustomize reads no files from elsewhere",
                shown(folder)
            );
            self.error("kustomize.outside", at, message);
        }
        allowed
    }

    pub(super) fn image_entries(&mut self, file: &str, root: Node<'_>) -> Vec<ImageEntry> {
        match root.get("images").map(read) {
            Some(Ok(entries)) => entries,
            Some(Err(error)) => {
                self.yaml_error(file, error);
                Vec::new()
            }
            None => Vec::new(),
        }
    }
}

/// A container after the `images:` of a base or component.
fn apply(entries: &[ImageEntry], mut container: ContainerImage) -> ContainerImage {
    for entry in entries.iter().filter(|entry| entry.is_plain()) {
        if entry.matches(&container.image) {
            container.image = entry.apply(&container.image);
        }
    }
    container
}

fn shown(folder: &str) -> &str {
    if folder.is_empty() { "the root folder" } else { folder }
}
