//! `scope`: nothing changes but the images of the promoted scope, neither in files nor in what is rendered, and our
//! branch holds our commits only.

use super::{Gate, Outcome};
use crate::domain::classify::{Effect, Move};
use crate::domain::look::Look;
use crate::domain::minimal::{Extra, extras};
use crate::domain::promotion::Promotion;
use crate::domain::reply::{Said, gate};
use crate::model::read::Commit;

/// Judges one environment of a pull request that is a promotion there.
pub(super) fn judge(look: &Look<'_>, touch: &Effect<'_>) -> Gate {
    match trouble(look, touch) {
        Some(said) => Gate::new("scope", touch, Outcome::Failed, said),
        None => Gate::new("scope", touch, Outcome::Passed, gate::only_images()),
    }
}

/// The first thing that is out of scope.
fn trouble(look: &Look<'_>, touch: &Effect<'_>) -> Option<Said> {
    let merged = &look.change.merged;
    if let Some(path) = merged.conflicts.first() {
        return Some(gate::both_changed(path));
    }
    match &look.promotion {
        None if look.ours => return Some(gate::our_commit_gone()),
        None => {}
        Some(promotion) => {
            let foreign = foreign_commit(look, promotion);
            if let Some(said) = foreign.or_else(|| not_asked_for(touch, promotion)) {
                return Some(said);
            }
        }
    }
    if let Some(image) = touch.images.iter().find(|image| image.stray) {
        return Some(gate::stray_image(&image.object, image.to.as_deref().unwrap_or_default()));
    }
    let allowed: Vec<&str> = touch
        .moving
        .iter()
        .flat_map(|moving| &moving.moves)
        .filter_map(|one| Some(one.to.as_ref()?.file.as_str()))
        .collect();
    let stranger = touch.other.iter().map(String::as_str).next().or_else(|| match look.promotion {
        // In a promotion of ours every file counts, whether an environment uses it or not.
        Some(_) => {
            let mut changed = merged.changed.iter().map(String::as_str);
            changed.find(|path| !allowed.contains(path))
        }
        None => beyond_tags(touch),
    });
    let extras: Vec<Extra> = touch.overlays.iter().flat_map(extras).collect();
    if stranger.is_none() && extras.is_empty() {
        return None;
    }
    Some(gate::more_than_images(stranger, &extras, look.promotion.is_some()))
}

/// The file of an entry that gets its image from elsewhere, or no version at all: only a way back of ours puts
/// back what is like that.
fn beyond_tags<'a>(touch: &'a Effect<'_>) -> Option<&'a str> {
    let mut moves = touch.moving.iter().flat_map(|moving| &moving.moves);
    let bare = |one: &Move| {
        let entry = one.to.as_ref().map(|to| &to.entry);
        one.from.is_some()
            && entry.is_some_and(|entry| entry.new_tag.is_none() && entry.digest.is_none())
    };
    moves.find(|one| is_renamed(one) || bare(one))?.to.as_ref().map(|to| to.file.as_str())
}

fn is_renamed(one: &Move) -> bool {
    match (&one.from, &one.to) {
        (Some(from), Some(to)) => from.entry.new_name != to.entry.new_name,
        _ => false,
    }
}

fn foreign_commit(look: &Look<'_>, promotion: &Promotion) -> Option<Said> {
    if !look.change.is_complete() {
        return Some(gate::too_many_commits());
    }
    look.change
        .comparison
        .commits
        .iter()
        .find(|commit| is_foreign(look, promotion, commit))
        .map(gate::foreign_commit)
}

/// Whether a commit is not one that we made for this promotion.
fn is_foreign(look: &Look<'_>, promotion: &Promotion, commit: &Commit) -> bool {
    let told = Promotion::from_message(&commit.message, &look.sealer);
    !look.identity.made(commit) || !told.is_some_and(|told| told.is(promotion))
}

/// A move that the promotion did not ask for, or one that it asked for and that is missing.
fn not_asked_for(touch: &Effect<'_>, promotion: &Promotion) -> Option<Said> {
    let name = touch.environment.name();
    if *name != promotion.environment {
        return Some(gate::other_environment(name, &promotion.environment));
    }
    touch.moving.iter().find_map(|moving| {
        if *moving.application.name() != promotion.application {
            return Some(gate::other_application(moving.application));
        }
        moving.moves.iter().find_map(|one| {
            let Some(to) = &one.to else { return Some(gate::entry_gone()) };
            let name = &to.entry.name;
            let within = promotion.services.is_empty() || promotion.services.contains(name);
            let there = promotion.targets.is_empty() || promotion.targets.contains(&to.target);
            let promised = promotion.promised(&to.target, name).filter(|_| within && there);
            match promised {
                Some(promised)
                    if promotion.is_kept(&promised, &to.entry)
                        && (promised.new_name == to.entry.new_name || !is_renamed(one)) =>
                {
                    None
                }
                Some(promised) => Some(gate::other_tag(name, &promised)),
                None => Some(gate::not_promised(name)),
            }
        })
    })
}
