//! `scope`: nothing changes but the images of the promoted scope, and our branch holds our commits only.

use super::{Gate, Outcome};
use crate::domain::classify::Effect;
use crate::domain::merge::Merged;
use crate::domain::promotion::Promotion;
use crate::domain::reply::{Said, gate};
use crate::model::read::{Commit, Identity};

/// What the gate looks at besides the environment's own changes.
pub struct Evidence<'a> {
    /// What merging would change.
    pub merged: &'a Merged,
    /// The commits that merging would bring.
    pub commits: &'a [Commit],
    /// Whether GitHub listed them all.
    pub complete: bool,
    /// Whether our App opened it, from a branch of ours.
    pub ours: bool,
    /// The promotion that our commit on it tells of.
    pub promotion: Option<&'a Promotion>,
    /// Who we are.
    pub identity: &'a Identity,
}

/// Judges one environment of a pull request that is a promotion there.
pub fn judge(effect: &Effect<'_>, evidence: &Evidence<'_>) -> Gate {
    let name = effect.environment.name();
    match trouble(effect, evidence) {
        Some(said) => Gate::new("scope", name, Outcome::Failed, said),
        None => Gate::new("scope", name, Outcome::Passed, gate::only_images()),
    }
}

/// The first thing that is out of scope.
fn trouble(effect: &Effect<'_>, evidence: &Evidence<'_>) -> Option<Said> {
    if let Some(path) = evidence.merged.conflicts.first() {
        return Some(gate::both_changed(path));
    }
    match evidence.promotion {
        None if evidence.ours => return Some(gate::our_commit_gone()),
        None => {}
        Some(promotion) => {
            let foreign = foreign_commit(evidence, promotion);
            if let Some(said) = foreign.or_else(|| not_asked_for(effect, promotion)) {
                return Some(said);
            }
        }
    }
    if let Some(image) = effect.images.iter().find(|image| image.stray) {
        return Some(gate::stray_image(&image.object, image.to.as_deref().unwrap_or_default()));
    }
    let allowed: Vec<&str> = effect
        .moving
        .iter()
        .flat_map(|moving| &moving.moves)
        .filter_map(|one| Some(one.to.as_ref()?.file.as_str()))
        .collect();
    let stranger = effect.other.first().or_else(|| match evidence.promotion {
        // In a promotion of ours every file counts, whether an environment uses it or not.
        Some(_) => evidence.merged.changed.iter().find(|path| !allowed.contains(&path.as_str())),
        None => None,
    });
    stranger.map(|path| gate::more_than_images(path))
}

fn foreign_commit(evidence: &Evidence<'_>, promotion: &Promotion) -> Option<Said> {
    if !evidence.complete {
        return Some(gate::too_many_commits());
    }
    let foreign = |commit: &&Commit| {
        !evidence.identity.made(commit)
            || Promotion::from_message(&commit.message).as_ref() != Some(promotion)
    };
    evidence.commits.iter().find(foreign).map(gate::foreign_commit)
}

/// A move that the promotion did not ask for, or one that it asked for and that is missing.
fn not_asked_for(effect: &Effect<'_>, promotion: &Promotion) -> Option<Said> {
    let name = effect.environment.name();
    if *name != promotion.environment {
        return Some(gate::other_environment(name, &promotion.environment));
    }
    effect.moving.iter().find_map(|moving| {
        if *moving.application.name() != promotion.application {
            return Some(gate::other_application(moving.application));
        }
        moving.moves.iter().find_map(|one| {
            let Some(to) = &one.to else { return Some(gate::entry_gone()) };
            let tag = to.entry.new_tag.as_deref();
            let promised = tag == Some(promotion.tag.as_str()) && to.entry.digest.is_none();
            (!promised).then(|| gate::other_tag(&to.entry.name, promotion.tag.as_str()))
        })
    })
}
