//! A way back that was prepared beside a release is not needed once that release has come further: it is closed
//! without effect.

use super::back::{State, state};
use super::decision::Effect;
use super::facts::{Facts, Gap};
use super::ground::Ground;
use super::overlay::{Overlays, overlays};
use super::policy::{Application, Environment, Policy};
use super::promotion::{Direction, Promotion};
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
            let came = has_come(&way, application, &now) && !has_come(&way, application, last);
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
    for later in policy.environments() {
        if !goes_back_for_itself(way) || !comes_after(policy, later, environment) {
            continue;
        }
        let found = overlays(facts, ground.repo, ground.tree, later, application)?;
        if found.is_ok_and(|found| has_come(way, application, &state(&found))) {
            return Ok(Some(later));
        }
    }
    Ok(None)
}

/// Whether all that a way back goes back from is there.
fn has_come(way: &Promotion, application: &Application, entries: &State) -> bool {
    let leaves = way.back.as_ref().map_or(&[][..], |back| &back.leaves);
    let is_there = |left: &String| {
        entries
            .iter()
            .any(|one| [&one.new_tag, &one.digest].into_iter().flatten().any(|it| it == left))
    };
    goes_back_for_itself(way)
        && way.application == *application.name()
        && !leaves.is_empty()
        && leaves.iter().all(is_there)
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
