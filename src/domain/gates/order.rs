//! `order`: the version runs in every environment before this one, or ran there and was replaced by a
//! higher one. Where Argo CD is configured, what is there runs once it is synced and healthy.

use super::{Gate, Outcome, goes_second, health, held_against};
use crate::domain::classify::{Effect, Moving};
use crate::domain::facts::{Facts, Gap};
use crate::domain::live::live;
use crate::domain::look::Look;
use crate::domain::overlay::{Carried, Overlays, overlays};
use crate::domain::policy::Environment;
use crate::domain::reply::{Said, gate};

/// Judges each version that moves into the environment against what runs before it, as the base has it.
pub(super) fn judge(facts: &Facts, look: &Look<'_>, touch: &Effect<'_>) -> Result<Gate, Gap> {
    let stands = |outcome, said| Ok(Gate::new("order", touch, outcome, said));
    let (after, second) = (held_against(look, touch), goes_second(look, touch).is_some());
    if after.is_empty() {
        return stands(Outcome::Passed, gate::first_environment());
    }
    let (mut evidence, mut yet) = (Vec::new(), Vec::new());
    for before in after {
        for moving in &touch.moving {
            let there = match second {
                true => went_first(facts, look, before, moving)?,
                false => runs(facts, look, before, moving)?,
            };
            match there {
                Ok(said) => evidence.push(said),
                Err(Not::There(said)) => return stands(Outcome::Failed, said),
                Err(Not::Yet(said)) => yet.push(said),
            }
        }
    }
    if !yet.is_empty() {
        let waiting = Gate::new("order", touch, Outcome::Waiting, gate::not_yet(&yet));
        return Ok(waiting.again(health::again(facts, Outcome::Waiting)));
    }
    if evidence.is_empty() {
        return stands(Outcome::Failed, gate::nothing_readable());
    }
    stands(Outcome::Passed, gate::ran_before(&evidence))
}

/// Why a version does not run somewhere.
enum Not {
    /// It is not there.
    There(Said),
    /// It is there, and what deploys it does not report it as synced and healthy.
    Yet(Said),
}

/// Whether all that moves runs in the environment before, or ran there; why, or why not.
fn runs(
    facts: &Facts,
    look: &Look<'_>,
    before: &Environment,
    moving: &Moving<'_>,
) -> Result<Result<Said, Not>, Gap> {
    let Ok(found) =
        overlays(facts, look.ground.repo, look.ground.tree, before, moving.application)?
    else {
        return Ok(Err(Not::There(gate::before_unreadable(before))));
    };
    let (mut evidence, mut runs_now) = (gate::runs_in(before), false);
    for entry in moving.moves.iter().filter_map(|one| one.to.as_ref()).map(|to| &to.entry) {
        let Some(tag) = entry.new_tag.as_deref().filter(|_| entry.digest.is_none()) else {
            return Ok(Err(Not::There(gate::version_unknown(&entry.name))));
        };
        let against = look.acts.against(before.name(), moving.application.name(), tag);
        if let Some(act) = against.first() {
            return Ok(Err(Not::There(gate::bad_before(before, act))));
        }
        let there: Vec<_> =
            found.carried.iter().filter(|carried| carried.entry.name == entry.name).collect();
        if there.is_empty() {
            return Ok(Err(Not::There(gate::not_known_in(before, &entry.name))));
        }
        if there.iter().all(|carried| carried.entry.new_tag.as_deref() == Some(tag)) {
            runs_now = true;
            continue;
        }
        let version = moving.application.version_of_image(tag);
        let replaced = there.iter().all(|carried| {
            let tag = carried.entry.new_tag.as_deref();
            let running = tag.and_then(|tag| moving.application.version_of_image(tag));
            running.is_some() && running > version
        });
        let ran = facts.ran(look.ground.repo, before.name(), moving.application.name())?;
        if !(version.is_some() && replaced && ran.iter().any(|past| past.tag == tag)) {
            return Ok(Err(Not::There(gate::not_in(before, tag))));
        }
        evidence = gate::replaced_in(before);
    }
    if runs_now && let Some(yet) = yet(facts, look, (before, moving), &found)? {
        return Ok(Err(yet));
    }
    Ok(Ok(evidence))
}

/// Whether all that goes back is back in the environment that has to go first.
fn went_first(
    facts: &Facts,
    look: &Look<'_>,
    first: &Environment,
    moving: &Moving<'_>,
) -> Result<Result<Said, Not>, Gap> {
    let Ok(found) = overlays(facts, look.ground.repo, look.ground.tree, first, moving.application)?
    else {
        return Ok(Err(Not::There(gate::before_unreadable(first))));
    };
    for to in moving.moves.iter().filter_map(|one| one.to.as_ref()).map(|to| &to.entry) {
        let mut there = found.carried.iter().filter(|one| one.entry.name == to.name).peekable();
        if there.peek().is_none() {
            return Ok(Err(Not::There(gate::cannot_go_first(first, &to.name))));
        }
        let same =
            |one: &Carried| (&one.entry.new_tag, &one.entry.digest) == (&to.new_tag, &to.digest);
        if !there.all(same) {
            return Ok(Err(Not::There(gate::not_back_first(first, to))));
        }
    }
    match yet(facts, look, (first, moving), &found)? {
        Some(yet) => Ok(Err(yet)),
        None => Ok(Ok(gate::went_first(first))),
    }
}

/// What Argo CD has not reported as synced and healthy yet.
fn yet(
    facts: &Facts,
    look: &Look<'_>,
    (before, moving): (&Environment, &Moving<'_>),
    found: &Overlays,
) -> Result<Option<Not>, Gap> {
    let all = live(facts, look.ground, (before, moving.application), found)?;
    let one = all.iter().find(|one| !one.stand.runs());
    Ok(one.map(|one| Not::Yet(gate::live::target(before, one, false))))
}
