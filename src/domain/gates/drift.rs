//! `drift`: nothing but accepted merges has changed what the environment, and those before it, have on the default
//! branch, and what is deployed is that.

use super::health::again;
use super::{Gate, Outcome};
use crate::domain::classify::Effect;
use crate::domain::drift::{Drift, drift};
use crate::domain::facts::{Facts, Gap};
use crate::domain::live::Stand;
use crate::domain::look::Look;
use crate::domain::policy::Environment;
use crate::domain::reply::gate::drift as say;
use crate::model::argocd::Unseen;

/// Judges the environment and those before it; none where it is not asked for.
pub(super) fn judge(
    facts: &Facts,
    look: &Look<'_>,
    touch: &Effect<'_>,
) -> Result<Option<Gate>, Gap> {
    if !touch.environment.gates().drift {
        return Ok(None);
    }
    let after = touch.environment.after().iter();
    let before = after.filter_map(|before| look.policy.environment(before));
    let (mut worst, mut said) = (Outcome::Passed, Vec::new());
    let environments: Vec<&Environment> =
        std::iter::once(touch.environment).chain(before).collect();
    for environment in environments {
        match drift(facts, look.ground, (look.policy, environment))? {
            None => {
                worst = worst.max(Outcome::Waiting);
                said.push(say::nothing_remembered(environment));
            }
            Some(drift) => {
                let outcome = outcome(&drift);
                worst = worst.max(outcome);
                said.push(say::environment(environment, &drift));
            }
        }
    }
    let gate = Gate::new("drift", touch, worst, say::all(&said));
    Ok(Some(match worst {
        Outcome::Passed => gate,
        outcome => gate.again(again(facts, outcome)),
    }))
}

/// What the state of an environment is to the gate.
fn outcome(drift: &Drift<'_>) -> Outcome {
    let targets = drift.targets.iter().map(|one| of_target(&one.stand));
    let git = if drift.is_clean() { Outcome::Passed } else { Outcome::Failed };
    targets.fold(git, Outcome::max)
}

/// Whether a target that stands so keeps the gate shut.
pub fn is_drifting(stand: &Stand) -> bool {
    !of_target(stand).is_open()
}

/// Whether a target that stands so has drifted: something else than the default branch has is deployed, and it is not
/// only on its way.
pub fn has_drifted(stand: &Stand) -> bool {
    matches!(stand, Stand::OutOfSync { deployed_once: true } | Stand::SyncFailed(_))
}

/// Whether nobody can say of a target that stands so what is deployed, or will be in a moment: what was told of it before
/// is neither so nor over.
pub fn is_untold(stand: &Stand) -> bool {
    let unseen = matches!(stand, Stand::Ill(..) | Stand::Unseen(Unseen::Refused(_)));
    unseen || of_target(stand) == Outcome::Waiting
}

/// What is deployed is held against the default branch; how it is doing is no matter here.
fn of_target(stand: &Stand) -> Outcome {
    match stand {
        Stand::Runs(_)
        | Stand::NotConfigured
        | Stand::Progressing
        | Stand::Suspended
        | Stand::SetBack(_)
        | Stand::Ill(..) => Outcome::Passed,
        stand if has_drifted(stand) => Outcome::Failed,
        stand => super::health::outcome(stand),
    }
}
