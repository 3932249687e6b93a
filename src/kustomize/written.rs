//! Knows objects and patches as they are written in files, whether or not anything can be rendered from them.
//!
//! It passes over what is broken: to say what is wrong there is the renderer's.

use std::sync::Arc;

use super::paths::{self, Place as Found};
use super::value::{self, Value};
use super::yaml::{self, Node, parse};
use crate::model::files::{Entry, FileTree};

/// A mapping with a kind, as it is written. The file of its places is its number among those that were asked for.
#[derive(Debug, Clone)]
pub struct Written {
    /// What is written.
    pub value: Value,
    /// As a patch: whether it may be meant for objects of another kind.
    pub of_any_kind: bool,
}

/// The objects in files, patches in files of their own among them; kustomizations are none.
pub fn objects(tree: &dyn FileTree, files: &[String]) -> Vec<Written> {
    let mut found = Vec::new();
    for (number, file) in files.iter().enumerate().filter(|(_, file)| !is_kustomization(file)) {
        if let Entry::File(bytes) = tree.entry(file) {
            found.extend(read(&bytes, number, 0));
        }
    }
    found
}

/// The text of a patch, in a file of its own or within a kustomization.
#[derive(Debug, Clone)]
pub struct PatchText {
    /// The text.
    pub bytes: Arc<[u8]>,
    /// The file that it stands in, by its number.
    pub file: usize,
    /// The lines above it there.
    pub above: u32,
    /// The kind that its target has, if it is asked for.
    target: Option<Arc<str>>,
}

impl PatchText {
    /// The strategic merge patches in it; none if it is one by JSON 6902.
    pub fn merges(&self) -> Vec<Written> {
        let mut merges = read(&self.bytes, self.file, self.above);
        for merge in &mut merges {
            let kind = merge.value.get("kind").and_then(Value::as_text);
            merge.of_any_kind = self.target.as_ref().is_some_and(|target| kind != Some(target));
        }
        merges
    }
}

/// The patches that kustomizations among the files name or hold.
pub fn patches(tree: &dyn FileTree, files: &[String]) -> Vec<PatchText> {
    let mut search = Search { tree, files, found: Vec::new() };
    for (number, file) in files.iter().enumerate().filter(|(_, file)| is_kustomization(file)) {
        let Entry::File(bytes) = tree.entry(file) else { continue };
        let Ok(documents) = parse(&bytes) else { continue };
        let Some(root) = documents.first().map(yaml::Document::root) else { continue };
        let list = |name| root.get(name).into_iter().flat_map(|list| list.items());
        for item in list("patchesStrategicMerge") {
            search.patch((number, file), item, None);
        }
        for item in list("patches").chain(list("patchesJson6902")) {
            let target = item.get("target").and_then(|target| target.get("kind"));
            for field in ["path", "patch"].iter().filter_map(|field| item.get(field)) {
                search.patch((number, file), field, target.and_then(|kind| kind.as_str()));
            }
        }
    }
    search.found
}

struct Search<'s> {
    tree: &'s dyn FileTree,
    files: &'s [String],
    found: Vec<PatchText>,
}

impl Search<'_> {
    fn patch(&mut self, (number, file): (usize, &str), node: Node<'_>, target: Option<&str>) {
        let Some(text) = node.as_str() else { return };
        let target = target.map(Arc::from);
        if text.contains('\n') {
            let bytes = Arc::from(text.as_bytes());
            self.found.push(PatchText { bytes, file: number, above: node.line(), target });
            return;
        }
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        let found = paths::join(folder, text).map(|path| paths::follow(self.tree, &path));
        if let Some(Found::File { path, bytes }) = found
            && let Some(file) = self.files.iter().position(|file| *file == path)
        {
            self.found.push(PatchText { bytes, file, above: 0, target });
        }
    }
}

fn read(bytes: &[u8], file: usize, above: u32) -> Vec<Written> {
    let file = u32::try_from(file).unwrap_or(u32::MAX);
    let documents = parse(bytes).unwrap_or_default();
    let values = documents.iter().filter_map(|document| {
        let mut value = value::read(document.root(), file).ok()?;
        value.move_down(above);
        value.get("kind").and_then(Value::as_text)?;
        Some(Written { value, of_any_kind: false })
    });
    values.collect()
}

/// What kustomization files are called.
pub const KUSTOMIZATIONS: [&str; 3] = super::load::NAMES;

/// Whether a file is called as kustomizations are.
pub fn is_kustomization(file: &str) -> bool {
    KUSTOMIZATIONS.contains(&file.rsplit('/').next().unwrap_or(file))
}
