//! An overlay as a tree has it: which files it reads, and what it renders to.
//!
//! It renders, compares and reads; what the objects mean to a promotion is decided elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::facts::{Facts, Gap};
use super::minimal::Moved;
use super::policy::Policy;
use super::real::{Origin, Wanted, instead};
use super::reply::overlay;
use super::validation::Validation;
use crate::kubernetes::validate::{Report, Subject};
use crate::kustomize::diff::Diff;
use crate::kustomize::files::reached;
use crate::kustomize::images::{ImageEntry, entries};
use crate::kustomize::load::Restriction;
use crate::kustomize::render::{RenderError, Rendered, render};
use crate::kustomize::transform::images::each;
use crate::model::files::{Entry, FileTree, GitTree};
use crate::model::ids::RepoRef;
use crate::model::read::Severity;

/// An overlay in one tree.
#[derive(Debug)]
pub(super) struct Overlay {
    /// Its kustomization file, if there is one.
    pub(super) kustomization: Option<String>,
    /// All files that may matter to it.
    pub(super) files: BTreeSet<String>,
    /// The entries of its own `images`.
    pub(super) entries: Vec<ImageEntry>,
    /// What it renders to.
    pub(super) result: Result<Rendered, RenderError>,
    /// What was found in it, by what it was validated by.
    reports: Mutex<Vec<(String, Arc<Report>)>>,
}

/// Renders a folder of a tree; what has not been read yet is a gap. What is not rendered here is given to a real
/// Kustomize where that is allowed.
pub(super) fn rendered(
    facts: &Facts,
    repo: &RepoRef,
    (tree, origin): (&GitTree, Origin),
    folder: &str,
) -> Result<Arc<Overlay>, Gap> {
    if let Some(known) = facts.memo.find(repo.id, tree, folder) {
        return Ok(known);
    }
    let view = facts.view(tree);
    let reached = reached(&view, folder);
    if !reached.needs.is_empty() {
        return Err(facts.lacks_files(repo, tree, &reached.needs));
    }
    let result = render(&view, folder, Restriction::RootOnly);
    let is_ours = result.is_ok();
    let entries = match reached.kustomization.as_ref().map(|file| view.entry(file)) {
        Some(Entry::File(content)) => entries(&content).unwrap_or_default(),
        _ => Vec::new(),
    };
    let (kustomization, files) = (reached.kustomization, reached.files);
    let overlay = Overlay { kustomization, files, entries, result, reports: Mutex::default() };
    let wanted = Wanted { repo, tree, origin, folder, folders: &reached.folders };
    let overlay = Arc::new(instead(facts, &wanted, overlay)?);
    if is_ours {
        facts.memo.keep(repo.id, tree, folder, &overlay);
    }
    Ok(overlay)
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

/// An overlay that renders otherwise after a change.
#[derive(Debug, Clone)]
pub struct ChangedOverlay {
    /// How it renders otherwise.
    pub rerender: Rerender,
    /// The entries of applications that become others in it.
    pub moved: Vec<Moved>,
    /// What was found in it after the change.
    pub report: Arc<Report>,
    /// Whether it cannot be rendered after the change since something would be fetched or run.
    pub unseen: bool,
}

impl ChangedOverlay {
    /// How many errors it has.
    pub fn errors(&self) -> usize {
        let findings = self.report.findings.iter();
        findings.filter(|finding| finding.severity == Severity::Error).count()
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
    pub(super) fn has_the_entries_of(&self, other: &Self) -> bool {
        // Where an entry stands makes no difference.
        let entries = |overlay: &Self| {
            let anywhere = |entry: &ImageEntry| ImageEntry { line: 0, column: 0, ..entry.clone() };
            overlay.entries.iter().map(anywhere).collect::<Vec<_>>()
        };
        entries(self) == entries(other)
    }

    /// What is wrong with it in a tree, by a policy.
    pub(super) fn report(
        &self,
        facts: &Facts,
        (repo, tree): (&RepoRef, &GitTree),
        policy: &Policy,
        folder: &str,
    ) -> Result<Arc<Report>, Gap> {
        let mut validation = Validation::new(Some(policy));
        let names = || tree.entries.keys().map(String::as_str);
        let (named, likely) = (validation.named_files(names()), validation.likely_files(names()));
        let definitions = named.iter().chain(&likely);
        let definitions: Vec<_> = definitions.map(|file| (file, tree.entries.get(file))).collect();
        let key = format!("{} {definitions:?}", validation.key(folder));
        let known = |reports: &Vec<(String, Arc<Report>)>| {
            reports.iter().find(|(known, _)| *known == key).map(|(_, report)| report.clone())
        };
        if let Some(report) = known(&self.reports.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(report);
        }
        let view = facts.view(tree);
        let files = self.files.iter().chain(&named).cloned();
        facts.have_read(repo, tree, files)?;
        learn(&mut validation, &view, &named);
        if self.result.as_ref().is_ok_and(|rendered| validation.wants_definitions(rendered)) {
            facts.have_read(repo, tree, likely.iter().cloned())?;
            learn(&mut validation, &view, &likely);
        }
        let subject = Subject {
            tree: &view,
            folder,
            kustomization: self.kustomization.as_deref().unwrap_or(folder),
            result: &self.result,
        };
        let report = Arc::new(validation.report(&subject, folder));
        let mut reports = self.reports.lock().unwrap_or_else(PoisonError::into_inner);
        // A policy changes rarely.
        reports.truncate(3);
        reports.insert(0, (key, report.clone()));
        Ok(report)
    }
}

fn learn(validation: &mut Validation<'_>, files: &dyn FileTree, paths: &[String]) {
    for path in paths {
        if let Entry::File(bytes) = files.entry(path) {
            validation.learn(path, &bytes);
        }
    }
}
