//! Gates that the configuration asks for and that this version cannot judge: they are not passed.

use super::{Gate, Outcome};
use crate::domain::classify::Effect;
use crate::domain::policy::Policy;
use crate::domain::reply::gate;

/// The parts of an environment that are conditions on a promotion into it.
const OF_ENVIRONMENT: &[&str] = &["approvals", "reviews", "gates", "waves"];
/// The parts of an application that are conditions on promoting it.
const OF_APPLICATION: &[&str] = &["migrations", "hold_marker", "pin"];
/// The part of an environment that says how to know what runs there, for those that come after it.
const OF_BEFORE: &[&str] = &["argocd"];

/// One gate for each condition that is configured and not acted upon yet.
pub fn judge(policy: &Policy, effect: &Effect<'_>) -> Vec<Gate> {
    let mut conditions = Vec::new();
    for (at, environment) in policy.environments().iter().enumerate() {
        if environment.name() == effect.environment.name() {
            conditions.push((format!("environments[{at}]."), OF_ENVIRONMENT));
        }
        if effect.environment.after().contains(environment.name()) {
            conditions.push((format!("environments[{at}]."), OF_BEFORE));
        }
    }
    for (at, application) in policy.applications().iter().enumerate() {
        if effect.moving.iter().any(|moving| moving.application.name() == application.name()) {
            conditions.push((format!("applications[{at}]."), OF_APPLICATION));
        }
    }
    let mut gates = Vec::new();
    for (prefix, parts) in &conditions {
        for note in policy.notes() {
            let Some(rest) = note.path.strip_prefix(prefix.as_str()) else {
                continue;
            };
            let part = parts.iter().find(|part| rest.split(['.', '[']).any(|word| word == **part));
            gates.extend(part.map(|part| shut(part, effect, &note.path)));
        }
    }
    gates
}

fn shut(part: &'static str, effect: &Effect<'_>, path: &str) -> Gate {
    Gate::new(part, effect.environment.name(), Outcome::Needs, gate::unjudged(path))
}
