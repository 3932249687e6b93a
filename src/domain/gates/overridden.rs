//! Overrides: a gate that is not passed, accepted with a reason by somebody who may.

use super::{CONFIG, Gate, Outcome};
use crate::domain::facts::{Facts, Gap};
use crate::domain::look::Look;
use crate::domain::people::is_among;
use crate::domain::policy::{Policy, Principal, Role};
use crate::domain::reply::gate;
use crate::model::ids::EnvName;

/// What nobody can accept on a pull request that Usher did not make: it would let anything through.
const OURS_ONLY: [&str; 2] = ["scope", "kustomize"];

/// Whether a gate may be overridden at all on such a pull request.
pub fn is_possible(gate: &str, ours: bool) -> bool {
    ours || !OURS_ONLY.contains(&gate)
}

/// Who may override a gate.
pub fn who(policy: &Policy, environment: Option<&EnvName>, gate: &str) -> Vec<Principal> {
    match environment.and_then(|name| policy.environment(name)) {
        Some(environment) => environment.overrides().of(gate).to_vec(),
        None if policy.admins().is_empty() => vec![Principal::Role(Role::Admin)],
        None => policy.admins().to_vec(),
    }
}

/// Opens the gates that were overridden for this head by people who still may.
pub(super) fn apply(facts: &Facts, look: &Look<'_>, gates: &mut [Gate]) -> Result<(), Gap> {
    for gate in gates.iter_mut().filter(|gate| !gate.outcome.is_open()) {
        let ours = look.promotion.is_some();
        if !is_possible(&gate.name, ours) {
            continue;
        }
        let who = who(look.policy, gate.environment.as_ref(), &gate.name);
        for act in look.acts.overrides(look.pull().number, &gate.name, &look.heads) {
            let own_rules = gate.name == CONFIG && act.by.id == look.pull().author.id;
            if !own_rules && is_among(facts, look.ground.repo, &who, &act.by)? {
                gate.outcome = Outcome::Overridden;
                gate.said = gate::overridden(act, &gate.said);
                break;
            }
        }
    }
    Ok(())
}
