//! What a pull request is to each environment, by what merging it would change there.
//!
//! It compares two trees; who made the pull request, and how, makes no difference.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Facts, Gap};
use super::merge::Merged;
use super::overlay::{Carried, Overlays, kustomization, overlays};
use super::policy::{Application, Environment, Policy};
use crate::kustomize::edit::{ImageEdit, set_images};
use crate::kustomize::images::{ImageEntry, entries, split};
use crate::kustomize::reach::{Reach, reach, unresolved};
use crate::model::files::{Entry, FileTree, GitTree};
use crate::model::ids::RepoRef;
use crate::model::read::{Finding, Severity};

/// One promoted entry as the merge would change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// The entry before; none when it is new.
    pub from: Option<Carried>,
    /// The entry after; none when it goes.
    pub to: Option<Carried>,
}

/// What merging changes of one application in one environment.
#[derive(Debug, Clone)]
pub struct Moving<'a> {
    /// Whose images move.
    pub application: &'a Application,
    /// Which entries.
    pub moves: Vec<Move>,
}

/// What a pull request is to one environment.
#[derive(Debug, Clone)]
pub struct Effect<'a> {
    /// Which environment.
    pub environment: &'a Environment,
    /// Promoted images that move; empty when it is no promotion there.
    pub moving: Vec<Moving<'a>>,
    /// Files of the environment that change in other ways.
    pub other: BTreeSet<String>,
    /// Containers that get another image.
    pub images: Vec<ImageChange>,
    /// What is wrong with the environment's overlays after the merge.
    pub findings: Vec<Finding>,
}

/// A container that gets another image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageChange {
    /// `Kind name` of its object.
    pub object: String,
    /// What it runs now; none when it is new.
    pub from: Option<String>,
    /// What it would run; none when it goes.
    pub to: Option<String>,
    /// Whether an application's version moves without one of its `images:` entries: in a base, say.
    pub stray: bool,
}

impl Effect<'_> {
    /// Whether it is a promotion, or has to be judged as one because it cannot be read.
    pub fn is_promotion(&self) -> bool {
        !self.moving.is_empty()
            || self.images.iter().any(|image| image.stray)
            || self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}

/// The two sides of a pull request: what is there, and what would be.
pub struct Sides<'a> {
    /// The repository.
    pub repo: &'a RepoRef,
    /// The base's tip.
    pub before: &'a GitTree,
    /// What merging would leave.
    pub merged: &'a Merged,
}

/// The environments that the pull request touches, in the order of the policy.
pub fn classify<'a>(
    facts: &Facts,
    sides: &Sides<'_>,
    policy: &'a Policy,
) -> Result<Vec<Effect<'a>>, Gap> {
    let mut effects = Vec::new();
    for environment in policy.environments() {
        if let Some(effect) = effect(facts, sides, policy, environment)? {
            effects.push(effect);
        }
    }
    Ok(effects)
}

fn effect<'a>(
    facts: &Facts,
    sides: &Sides<'_>,
    policy: &'a Policy,
    environment: &'a Environment,
) -> Result<Option<Effect<'a>>, Gap> {
    let mut touched: BTreeSet<String> = BTreeSet::new();
    let (mut findings, mut images) = (Vec::new(), BTreeSet::new());
    let folders: BTreeSet<String> = policy
        .applications()
        .iter()
        .flat_map(|application| environment.targets_for(application.name()))
        .map(|(_, folder)| folder)
        .collect();
    for folder in &folders {
        let before = reached(facts, sides.repo, sides.before, folder)?;
        let after = reached(facts, sides.repo, &sides.merged.tree, folder)?;
        let changed = |files: &BTreeSet<String>| -> Vec<String> {
            files.intersection(&sides.merged.changed).cloned().collect()
        };
        let here: BTreeSet<String> =
            changed(&before.files).into_iter().chain(changed(&after.files)).collect();
        if !here.is_empty() {
            findings.extend(inspect(facts, sides, policy, folder, &after));
            images.extend(image_changes(facts, sides, policy, folder, (&before, &after)));
            touched.extend(here);
        }
    }
    if touched.is_empty() {
        return Ok(None);
    }
    let mut moving = Vec::new();
    let mut other = touched;
    for application in policy.applications() {
        let before = overlays(facts, sides.repo, sides.before, environment, application)?
            .unwrap_or_default();
        let after = overlays(facts, sides.repo, &sides.merged.tree, environment, application)?
            .unwrap_or_default();
        let moves = moves(&before, &after);
        for (_, path, content) in &before.files {
            if only_moves(path, content, &after, &moves) {
                other.remove(path);
            }
        }
        if !moves.is_empty() {
            moving.push(Moving { application, moves });
        }
    }
    findings.sort();
    findings.dedup();
    Ok(Some(Effect { environment, moving, other, images: images.into_iter().collect(), findings }))
}

/// Follows a folder as far as its files have been read; the rest is a gap.
fn reached(facts: &Facts, repo: &RepoRef, tree: &GitTree, folder: &str) -> Result<Reach, Gap> {
    let reach = reach(&facts.view(tree), folder);
    if reach.needs.is_empty() {
        Ok(reach)
    } else {
        Err(facts.lacks_files(repo, tree, &reach.needs))
    }
}

/// What is wrong with one overlay: what does not read, and promoted entries that change no container.
fn inspect(
    facts: &Facts,
    sides: &Sides<'_>,
    policy: &Policy,
    folder: &str,
    reach: &Reach,
) -> Vec<Finding> {
    let files = facts.view(&sides.merged.tree);
    let mut findings = reach.findings.clone();
    if let Some(file) = kustomization(&files, folder)
        && let Entry::File(content) = files.entry(&file)
        && let Ok(entries) = entries(&content)
    {
        let promoted: BTreeSet<u32> = entries
            .iter()
            .filter(|entry| {
                policy.applications().iter().any(|application| application.carries(&entry.name))
            })
            .map(|entry| entry.line)
            .collect();
        let without = unresolved(reach, &entries).into_iter();
        findings.extend(without.filter(|finding| promoted.contains(&finding.line)));
    }
    findings
}

/// The containers of one overlay that would run another image, by what its `images:` make of them.
fn image_changes(
    facts: &Facts,
    sides: &Sides<'_>,
    policy: &Policy,
    folder: &str,
    (before, after): (&Reach, &Reach),
) -> Vec<ImageChange> {
    let listed = |tree: &GitTree| -> Vec<ImageEntry> {
        let files = facts.view(tree);
        let content = kustomization(&files, folder).map(|file| files.entry(&file));
        match content {
            Some(Entry::File(content)) => entries(&content).unwrap_or_default(),
            _ => Vec::new(),
        }
    };
    let (old, new) = (listed(sides.before), listed(&sides.merged.tree));
    let (runs, would_run) = (running(before, &old), running(after, &new));
    let carried = |raw: &str| {
        let (name, _) = split(raw);
        policy.applications().iter().any(|application| application.carries(name))
    };
    // An entry that differs explains every image that it makes.
    let explained = |raw: &str| {
        let of_old = old.iter().rfind(|entry| entry.matches(raw)).map(meaning);
        of_old != new.iter().rfind(|entry| entry.matches(raw)).map(meaning)
    };
    let places: BTreeSet<_> = runs.keys().chain(would_run.keys()).collect();
    let change = |place: &(String, usize)| {
        let (from, to) = (runs.get(place), would_run.get(place));
        let images = (from.map(|image| &image.1), to.map(|image| &image.1));
        if images.0 == images.1 {
            return None;
        }
        let raw = from.or(to).map_or("", |image| image.0.as_str());
        Some(ImageChange {
            object: place.0.clone(),
            from: images.0.cloned(),
            to: images.1.cloned(),
            // What is new or goes away is no version that moves.
            stray: from.is_some() && to.is_some() && carried(raw) && !explained(raw),
        })
    };
    places.into_iter().filter_map(change).collect()
}

/// Each container's image, as it is written and as the entries make it, by object and place in it.
fn running(reach: &Reach, entries: &[ImageEntry]) -> BTreeMap<(String, usize), (String, String)> {
    let mut out: BTreeMap<(String, usize), (String, String)> = BTreeMap::new();
    for container in &reach.containers {
        let object = format!("{} {}", container.kind, container.name);
        let place = out.keys().filter(|(other, _)| *other == object).count();
        let runs = entries.iter().fold(container.image.clone(), |image, entry| {
            if entry.matches(&image) { entry.apply(&image) } else { image }
        });
        out.insert((object, place), (container.image.clone(), runs));
    }
    out
}

/// What an entry makes of an image.
fn meaning(entry: &ImageEntry) -> (Option<&str>, Option<&str>, Option<&str>) {
    (entry.new_name.as_deref(), entry.new_tag.as_deref(), entry.digest.as_deref())
}

fn moves(before: &Overlays, after: &Overlays) -> Vec<Move> {
    let key = |carried: &Carried| (carried.target.clone(), carried.entry.name.clone());
    let find = |side: &Overlays, wanted: &Carried| {
        side.carried.iter().find(|carried| key(carried) == key(wanted)).cloned()
    };
    let mut moves = Vec::new();
    for from in &before.carried {
        let to = find(after, from);
        if to.as_ref().map(|to| meaning(&to.entry)) != Some(meaning(&from.entry)) {
            moves.push(Move { from: Some(from.clone()), to });
        }
    }
    for to in &after.carried {
        if find(before, to).is_none() {
            moves.push(Move { from: None, to: Some(to.clone()) });
        }
    }
    moves
}

/// Whether `path` differs in nothing but the tags of the moves: setting these tags in the old file gives
/// the new file, byte for byte.
fn only_moves(path: &str, before: &[u8], after: &Overlays, moves: &[Move]) -> bool {
    let Some((_, _, content)) = after.files.iter().find(|(_, file, _)| file == path) else {
        return false;
    };
    let edits: Option<Vec<ImageEdit>> = moves
        .iter()
        .filter(|one| {
            one.from.as_ref().or(one.to.as_ref()).is_some_and(|carried| carried.file == path)
        })
        .map(|one| match (&one.from, &one.to) {
            (Some(from), Some(to)) if from.entry.new_name == to.entry.new_name => Some(ImageEdit {
                name: to.entry.name.clone(),
                new_name: None,
                tag: to.entry.new_tag.clone(),
                digest: to.entry.digest.clone(),
                add_if_absent: false,
            }),
            _ => None,
        })
        .collect();
    edits.is_some_and(|edits| {
        set_images(before, &edits).is_ok_and(|expected| *expected == **content)
    })
}
