//! A way back that was prepared beside a release is not needed once that release has come further: it is closed
//! without effect.

use std::collections::BTreeSet;

use super::back::{State, state};
use super::decision::Effect;
use super::facts::{Facts, Gap};
use super::ground::Ground;
use super::overlay::{Overlays, overlays};
use super::plan::within;
use super::policy::{Application, Environment, Policy};
use super::promotion::{Direction, Promised, Promotion};
use super::reply::unneeded as say;
use super::supersede::open;
use super::withdraw::withdraw_for_good;
use crate::model::evidence::Withdrawn;

/// Closes the open ways back of earlier environments that what has just come to run here makes superfluous. `now`:
/// what runs here.
pub(super) fn close(
    facts: &Facts,
    (ground, policy): (&Ground<'_>, &Policy),
    (environment, application): (&Environment, &Application),
    now: &Overlays,
) -> Result<Vec<Effect>, Gap> {
    let past = facts.ran(ground.repo, environment.name(), application.name())?;
    let Some(last) = past.last().and_then(|last| last.entries.as_ref()) else {
        return Ok(Vec::new());
    };
    let now = state(now);
    if *last == now {
        return Ok(Vec::new());
    }
    let mut effects = Vec::new();
    let earlier = policy.environments().iter().filter(|one| comes_after(policy, environment, one));
    for before in earlier {
        for (pull, way) in open(facts, ground, before.name().as_str())? {
            let Some(moved) = moved(facts, ground, (before, application), &way)? else { continue };
            let came = has_come(&way, &moved, &now) && !has_come(&way, &moved, last);
            if !came {
                continue;
            }
            let withdrawn = Withdrawn {
                head: pull.head.sha.clone(),
                why: "not needed".to_owned(),
                by: None,
                in_favour_of: None,
                reason: say::why(environment.name()),
            };
            let status = say::told(&way, environment.name());
            effects.extend(withdraw_for_good(facts, pull, withdrawn, status));
        }
    }
    Ok(effects)
}

/// The later environment that has what a way back goes back from, where one has.
pub(super) fn beside<'a>(
    facts: &Facts,
    (ground, policy): (&Ground<'_>, &'a Policy),
    way: &Promotion,
) -> Result<Option<&'a Environment>, Gap> {
    let (Some(environment), Some(application)) =
        (policy.environment(&way.environment), policy.application(&way.application))
    else {
        return Ok(None);
    };
    let Some(moved) = moved(facts, ground, (environment, application), way)? else {
        return Ok(None);
    };
    for later in policy.environments() {
        if !comes_after(policy, later, environment) {
            continue;
        }
        let found = overlays(facts, ground.repo, ground.tree, later, application)?;
        if found.is_ok_and(|found| has_come(way, &moved, &state(&found))) {
            return Ok(Some(later));
        }
    }
    Ok(None)
}

/// The names of the entries that a way back changes; none where it is of something else, or nobody can tell.
fn moved(
    facts: &Facts,
    ground: &Ground<'_>,
    (environment, application): (&Environment, &Application),
    way: &Promotion,
) -> Result<Option<BTreeSet<String>>, Gap> {
    if !goes_back_for_itself(way) || way.application != *application.name() {
        return Ok(None);
    }
    let here = overlays(facts, ground.repo, ground.tree, environment, application)?;
    Ok(here.ok().map(|here| {
        let carried = here.carried.into_iter().filter(|one| within(way, one));
        let moved = carried.filter(|one| {
            let promised = way.promised(&one.target, &one.entry.name);
            promised.is_some_and(|promised| !way.is_kept(&promised, &one.entry))
        });
        moved.map(|one| one.entry.name).collect()
    }))
}

/// Whether all that a way back goes back from is there, in each entry of a name that it changes.
fn has_come(way: &Promotion, moved: &BTreeSet<String>, entries: &State) -> bool {
    let leaves = way.back.as_ref().map_or(&[][..], |back| &back.leaves);
    let has = |one: &Promised, left: &String| {
        [&one.new_tag, &one.digest].into_iter().flatten().any(|it| it == left)
    };
    let mut concerned = entries.iter().filter(|one| moved.contains(&one.name));
    !leaves.is_empty()
        && leaves.iter().all(|left| entries.iter().any(|one| has(one, left)))
        && concerned.all(|one| leaves.iter().any(|left| has(one, left)))
}

/// What goes back so that a later environment can is not there for its own sake.
fn goes_back_for_itself(way: &Promotion) -> bool {
    let back = way.back.as_ref();
    way.direction == Direction::Back && back.is_some_and(|back| back.onward.is_none())
}

/// Whether the one environment comes after the other, however far.
fn comes_after(policy: &Policy, later: &Environment, earlier: &Environment) -> bool {
    later.after().iter().any(|name| {
        name == earlier.name()
            || policy.environment(name).is_some_and(|next| comes_after(policy, next, earlier))
    })
}
