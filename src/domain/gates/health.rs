//! `health`: Argo CD reports what runs in the environments before as synced and healthy.
//!
//! How the environment itself is doing is shown beside it and stops nobody: a promotion may be what heals it.

use jiff::{SignedDuration, Timestamp};

use super::{Gate, Outcome};
use crate::domain::classify::Effect;
use crate::domain::facts::{Facts, Gap};
use crate::domain::live::{Live, Stand, live};
use crate::domain::look::Look;
use crate::domain::overlay::overlays;
use crate::domain::policy::{Application, Environment};
use crate::domain::reply::Said;
use crate::domain::reply::gate::live as say;
use crate::model::argocd::Unseen;

/// What is coming up is looked at again after so long; Argo CD tells nobody when it is there.
const SOON: SignedDuration = SignedDuration::from_secs(30);
/// What somebody has to see to is looked at again after so long.
const LATER: SignedDuration = SignedDuration::from_mins(2);

/// Judges each target of the environments before; none where it is not asked for.
pub(super) fn judge(
    facts: &Facts,
    look: &Look<'_>,
    touch: &Effect<'_>,
) -> Result<Option<Gate>, Gap> {
    if !touch.environment.gates().health {
        return Ok(None);
    }
    let gate = |outcome, said| Gate::new("health", touch, outcome, said);
    let after = touch.environment.after().iter();
    let before: Vec<&Environment> =
        after.filter_map(|before| look.policy.environment(before)).collect();
    if before.is_empty() {
        return Ok(Some(gate(Outcome::Passed, say::nothing_before())));
    }
    let (mut worst, mut said) = (Outcome::Passed, Vec::new());
    for environment in before {
        for application in applications(look, touch) {
            let now =
                overlays(facts, look.ground.repo, look.ground.tree, environment, application)?;
            let Ok(now) = now else {
                worst = worst.max(Outcome::Failed);
                said.push(say::unreadable(environment));
                continue;
            };
            for one in live(facts, look.ground, (environment, application), &now)? {
                let outcome = outcome(&one.stand);
                worst = worst.max(outcome);
                said.push(say::target(environment, &one, outcome == Outcome::Failed));
            }
        }
    }
    said.sort_by_key(|said: &Said| said.help.is_none());
    said.dedup();
    let here = itself(facts, look, touch)?;
    let stands = gate(worst, say::all(&said, &here));
    Ok(Some(match worst {
        Outcome::Passed => stands,
        outcome => stands.again(again(facts, outcome)),
    }))
}

/// When something that is not passed is looked at again.
pub(super) fn again(facts: &Facts, outcome: Outcome) -> Timestamp {
    let after = if outcome == Outcome::Waiting { SOON } else { LATER };
    facts.now.checked_add(after).unwrap_or(facts.now)
}

/// What a target that stands so is to a gate that asks for health.
pub(super) fn outcome(stand: &Stand) -> Outcome {
    match stand {
        Stand::Runs(_) => Outcome::Passed,
        Stand::Syncing
        | Stand::Behind
        | Stand::OutOfSync { .. }
        | Stand::SetBack(_)
        | Stand::Progressing
        | Stand::Suspended
        | Stand::Untold
        | Stand::Unseen(Unseen::Unreachable(_) | Unseen::Unreadable(_)) => Outcome::Waiting,
        Stand::SyncFailed(_)
        | Stand::Ill(..)
        | Stand::Elsewhere
        | Stand::NotConfigured
        | Stand::Unseen(Unseen::NoServer | Unseen::NotAllowed | Unseen::Refused(_)) => {
            Outcome::Failed
        }
    }
}

/// How the environment itself is doing, where anybody can tell.
fn itself(facts: &Facts, look: &Look<'_>, touch: &Effect<'_>) -> Result<Vec<Said>, Gap> {
    let environment = touch.environment;
    let mut said = Vec::new();
    for application in applications(look, touch) {
        let now = overlays(facts, look.ground.repo, look.ground.tree, environment, application)?;
        let Ok(now) = now else { continue };
        let all = live(facts, look.ground, (environment, application), &now)?;
        let told = all.iter().filter(|one: &&Live<'_>| one.argocd.is_some());
        said.extend(told.map(|one| say::target(environment, one, false)));
    }
    said.dedup();
    Ok(said)
}

/// The applications that move; all of them where nobody can say which do.
fn applications<'a>(look: &'a Look<'_>, touch: &'a Effect<'_>) -> Vec<&'a Application> {
    if touch.moving.is_empty() {
        return look.policy.applications().iter().collect();
    }
    touch.moving.iter().map(|moving| moving.application).collect()
}
