//! An overlay as a tree has it: which files it reads, and what it renders to.
//!
//! It renders, compares and reads; what the objects mean to a promotion is decided elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Facts, Gap};
use super::real::{Origin, Wanted, instead};
use super::reply::overlay;
use crate::kustomize::diff::Diff;
use crate::kustomize::files::reached;
use crate::kustomize::images::{ImageEntry, entries};
use crate::kustomize::load::Restriction;
use crate::kustomize::render::{RenderError, Rendered, render};
use crate::kustomize::transform::images::each;
use crate::model::files::{Entry, FileTree, GitTree};
use crate::model::ids::RepoRef;

/// An overlay in one tree.
#[derive(Debug)]
pub(super) struct Overlay {
    /// Its kustomization file, if there is one.
    pub(super) kustomization: Option<String>,
    /// All files that may matter to it.
    pub(super) files: BTreeSet<String>,
    /// What it renders to.
    pub(super) result: Result<Rendered, RenderError>,
}

/// Renders a folder of a tree; what has not been read yet is a gap. What is not rendered here is given to a real
/// Kustomize where that is allowed.
pub(super) fn rendered(
    facts: &Facts,
    repo: &RepoRef,
    (tree, origin): (&GitTree, Origin),
    folder: &str,
) -> Result<Overlay, Gap> {
    let view = facts.view(tree);
    let reached = reached(&view, folder);
    if !reached.needs.is_empty() {
        return Err(facts.lacks_files(repo, tree, &reached.needs));
    }
    let result = render(&view, folder, Restriction::RootOnly);
    let overlay = Overlay { kustomization: reached.kustomization, files: reached.files, result };
    let wanted = Wanted { repo, tree, origin, folder, folders: &reached.folders };
    instead(facts, &wanted, overlay)
}

/// How an overlay renders otherwise after a change.
#[derive(Debug, Clone)]
pub struct Rerender {
    /// Its folder.
    pub folder: String,
    /// The difference; or what keeps a side from being rendered, for people.
    pub difference: Result<Diff, String>,
}

impl Rerender {
    /// Whether both sides render to the same objects.
    pub fn changes_nothing(&self) -> bool {
        self.difference.as_ref().is_ok_and(Diff::is_empty)
    }
}

/// Compares an overlay before and after a change.
pub(super) fn rerender(folder: &str, before: &Overlay, after: &Overlay) -> Rerender {
    let difference = match (&before.result, &after.result) {
        (Ok(old), Ok(new)) => Ok(Diff::between(&old.objects, &new.objects)),
        (_, Err(error)) => Err(overlay::would_not_render(folder, error)),
        (Err(error), _) => Err(overlay::does_not_render(folder, error)),
    };
    Rerender { folder: folder.to_owned(), difference }
}

/// How folders differ between two trees once rendered, as people read it. `origin` is the second one's.
pub(super) fn difference<'a>(
    facts: &Facts,
    repo: &RepoRef,
    (before, after, origin): (&GitTree, &GitTree, Origin),
    folders: impl IntoIterator<Item = &'a String>,
) -> Result<String, Gap> {
    let mut text = String::new();
    for folder in folders {
        let sides = (
            rendered(facts, repo, (before, origin), folder)?,
            rendered(facts, repo, (after, origin), folder)?,
        );
        match rerender(folder, &sides.0, &sides.1).difference {
            Ok(difference) => text.push_str(&difference.to_text()),
            Err(sentence) => text.push_str(&sentence),
        }
    }
    Ok(text)
}

impl Overlay {
    /// The image of every container, by its object (`Kind name`) and its place among the object's images.
    ///
    /// Of objects that are called the same, each has a place of its own.
    pub(super) fn images(&self) -> BTreeMap<(String, String), String> {
        let mut images = BTreeMap::new();
        let objects = self.result.as_ref().map(|rendered| rendered.objects.as_slice());
        for object in objects.unwrap_or_default() {
            let name = format!("{} {}", object.kind(), object.name());
            let mut at = 0;
            each(&object.value, &mut |image| {
                let place = format!("{}/{}/{at}", object.namespace(), object.gvk().group);
                images.insert((name.clone(), place), image.to_owned());
                at += 1;
            });
        }
        images
    }

    /// Whether both have the same entries.
    pub(super) fn has_the_entries_of(
        &self,
        other: &Self,
        (files, others): (&dyn FileTree, &dyn FileTree),
    ) -> bool {
        // Where an entry stands makes no difference.
        let entries = |overlay: &Self, files| {
            let anywhere = |entry| ImageEntry { line: 0, column: 0, ..entry };
            overlay.entries(files).into_iter().map(anywhere).collect::<Vec<_>>()
        };
        entries(self, files) == entries(other, others)
    }

    /// The entries of its own `images`.
    pub(super) fn entries(&self, files: &dyn FileTree) -> Vec<ImageEntry> {
        match self.kustomization.as_ref().map(|file| files.entry(file)) {
            Some(Entry::File(content)) => entries(&content).unwrap_or_default(),
            _ => Vec::new(),
        }
    }
}
