//! What a pull request is to each environment, by what merging it would change there.
//!
//! It compares two trees; who made the pull request, and how, makes no difference.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Facts, Gap};
use super::merge::Merged;
use super::minimal::moved;
use super::overlay::{Carried, Overlays, overlays};
use super::policy::{Application, Environment, Policy};
use super::real::Origin;
use super::rendered::{ChangedOverlay, Overlay, rendered, rerender};
use crate::kustomize::edit::{ImageEdit, set_images};
use crate::kustomize::images::{ImageEntry, split};
use crate::model::files::GitTree;
use crate::model::ids::RepoRef;

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
    /// Its overlays that render otherwise.
    pub overlays: Vec<ChangedOverlay>,
    /// Whether an overlay cannot be rendered on either side, or rests on a file that both sides changed: nobody can
    /// say what moves.
    pub unclear: bool,
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
    /// How many errors its overlays have after the merge.
    pub fn errors(&self) -> usize {
        self.overlays.iter().map(ChangedOverlay::errors).sum()
    }

    /// Whether one of its overlays cannot be rendered after the merge since something would be fetched or run.
    pub fn is_unseen(&self) -> bool {
        self.overlays.iter().any(|overlay| overlay.unseen)
    }

    /// Whether it is a promotion, or has to be judged as one because it cannot be read.
    pub fn is_promotion(&self) -> bool {
        !self.moving.is_empty() || self.images.iter().any(|image| image.stray) || self.unclear
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
    /// Whose files it brings.
    pub origin: Origin,
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

/// The folders of an environment's overlays.
pub(super) fn folders(policy: &Policy, environment: &Environment) -> BTreeSet<String> {
    let applications = policy.applications().iter();
    let targets = applications.flat_map(|application| environment.targets_for(application.name()));
    targets.map(|(_, folder)| folder).collect()
}

fn effect<'a>(
    facts: &Facts,
    sides: &Sides<'_>,
    policy: &'a Policy,
    environment: &'a Environment,
) -> Result<Option<Effect<'a>>, Gap> {
    let mut touched: BTreeSet<String> = BTreeSet::new();
    let (mut changed, mut images) = (Vec::new(), BTreeSet::new());
    let mut unclear = false;
    for folder in &folders(policy, environment) {
        let before = rendered(facts, sides.repo, (sides.before, sides.origin), folder)?;
        let after = rendered(facts, sides.repo, (&sides.merged.tree, sides.origin), folder)?;
        let both = before.files.union(&after.files);
        let here: BTreeSet<String> =
            both.filter(|path| sides.merged.changed.contains(*path)).cloned().collect();
        if here.is_empty() {
            continue;
        }
        let rerender = rerender(folder, &before, &after);
        // Where both sides changed a file nobody has seen the one that GitHub would make of it.
        let torn = here.iter().any(|path| sides.merged.conflicts.contains(path));
        unclear |= torn;
        // Then nothing moves, whatever was written otherwise.
        if !torn && rerender.changes_nothing() && before.has_the_entries_of(&after) {
            continue;
        }
        images.extend(image_changes(policy, (&before, &after)));
        unclear |= before.result.is_err() || after.result.is_err();
        changed.push(ChangedOverlay {
            rerender,
            moved: moved(policy, &before, &after),
            report: after.report(facts, (sides.repo, &sides.merged.tree), policy, folder)?,
            unseen: after.result.as_ref().is_err_and(|error| error.refused),
        });
        touched.extend(here);
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
    let images = images.into_iter().collect();
    Ok(Some(Effect { environment, moving, other, images, overlays: changed, unclear }))
}

/// The containers of one overlay that would run another image.
fn image_changes(policy: &Policy, (before, after): (&Overlay, &Overlay)) -> Vec<ImageChange> {
    let (old, new) = (&before.entries, &after.entries);
    let (runs, would_run) = (before.images(), after.images());
    let carries =
        |name: &str| policy.applications().iter().any(|application| application.carries(name));
    let carried = |image: &str| {
        let name = split(image).0;
        let entries = old.iter().chain(new);
        // The image may have another name than the entry that makes it.
        let mut names = entries.filter(|entry| entry.makes(image)).map(|entry| entry.name.as_str());
        carries(name) || names.any(carries)
    };
    // An entry that moves explains every image that it makes; one that carries no version explains nothing.
    let moved = |entry: &ImageEntry| {
        let same = |(_, to): &(_, Option<&ImageEntry>)| to.is_some_and(|to| to == entry);
        carries(&entry.name) && differing(old, new, |one| (one, "")).iter().any(same)
    };
    let explained = |image: &str| new.iter().rfind(|entry| entry.makes(image)).is_some_and(moved);
    // A container that is new and an old one that is gone may be one that was given another name.
    let ran_otherwise = |image: &str| {
        let known = runs.values().filter(|run| split(run).0 == split(image).0);
        known.clone().next().is_some() && known.clone().all(|run| run != image)
    };
    let places: BTreeSet<_> = runs.keys().chain(would_run.keys()).collect();
    let change = |place: &(String, String)| {
        let images = (runs.get(place), would_run.get(place));
        if images.0 == images.1 {
            return None;
        }
        let stray = match images {
            (Some(from), Some(to)) => (carried(from) || carried(to)) && !explained(to),
            (None, Some(to)) => carried(to) && ran_otherwise(to) && !explained(to),
            _ => false,
        };
        Some(ImageChange {
            object: place.0.clone(),
            from: images.0.cloned(),
            to: images.1.cloned(),
            stray,
        })
    };
    places.into_iter().filter_map(change).collect()
}

/// What an entry makes of an image.
fn meaning(entry: &ImageEntry) -> (Option<&str>, Option<&str>, Option<&str>) {
    (entry.new_name.as_deref(), entry.new_tag.as_deref(), entry.digest.as_deref())
}

/// The entries that become others, come or go.
pub(super) fn moves(before: &Overlays, after: &Overlays) -> Vec<Move> {
    let differing =
        differing(&before.carried, &after.carried, |one| (&one.entry, one.target.as_str()));
    differing.into_iter().map(|(from, to)| Move { from: from.cloned(), to: to.cloned() }).collect()
}

/// What differs of two lists of entries: a name's first entry is compared with its first one, its second one with
/// its second, for Kustomize applies each of them. `of`: the entry that is meant, and where it stands.
fn differing<'a, T>(
    before: &'a [T],
    after: &'a [T],
    of: impl for<'b> Fn(&'b T) -> (&'b ImageEntry, &'b str),
) -> Vec<(Option<&'a T>, Option<&'a T>)> {
    let name = |one: &T| (of(one).0.name.clone(), of(one).1.to_owned());
    let counted = |side: &'a [T]| {
        let mut seen = BTreeMap::new();
        let mut count = |one| {
            let times = seen.entry(name(one)).or_insert(0);
            *times += 1;
            ((name(one), *times), one)
        };
        side.iter().map(&mut count).collect::<Vec<_>>()
    };
    let (before, after) = (counted(before), counted(after));
    let find = |side: &[(_, &'a T)], wanted: &_| {
        side.iter().find(|(key, _)| key == wanted).map(|(_, one)| *one)
    };
    let mut pairs = Vec::new();
    for (key, from) in &before {
        let to = find(&after, key);
        if to.map(|to| meaning(of(to).0)) != Some(meaning(of(from).0)) {
            pairs.push((Some(*from), to));
        }
    }
    let came = after.iter().filter(|(key, _)| find(&before, key).is_none());
    pairs.extend(came.map(|(_, to)| (None, Some(*to))));
    pairs
}

/// Whether `path` differs in nothing but the images of the moves: setting these in the old file gives the new
/// file, byte for byte.
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
            (Some(_), Some(to)) => Some(ImageEdit {
                name: to.entry.name.clone(),
                new_name: to.entry.new_name.clone(),
                tag: to.entry.new_tag.clone(),
                digest: to.entry.digest.clone(),
                add_if_absent: false,
                exact: true,
            }),
            _ => None,
        })
        .collect();
    edits.is_some_and(|edits| {
        set_images(before, &edits).is_ok_and(|expected| *expected == **content)
    })
}
