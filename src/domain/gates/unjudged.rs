//! Gates that the configuration asks for and that this version cannot judge: they are not passed.

use super::{Gate, Outcome};
use crate::domain::classify::Effect;
use crate::domain::policy::Policy;
use crate::domain::reply::gate;

/// The parts of an environment that are conditions on a promotion into it.
const OF_ENVIRONMENT: &[&str] = &["gates", "waves"];
/// The parts of an application that are conditions on promoting it.
const OF_APPLICATION: &[&str] = &["hold_marker", "pin"];

/// One gate for each condition on a promotion that is configured and not acted upon yet.
pub(super) fn judge(policy: &Policy, touch: &Effect<'_>) -> Vec<Gate> {
    let mut conditions = Vec::new();
    for (at, environment) in policy.environments().iter().enumerate() {
        if environment.name() == touch.environment.name() {
            conditions.push((format!("environments[{at}]."), OF_ENVIRONMENT));
        }
    }
    for (at, application) in policy.applications().iter().enumerate() {
        if touch.moving.iter().any(|moving| moving.application.name() == application.name()) {
            conditions.push((format!("applications[{at}]."), OF_APPLICATION));
        }
    }
    shut(policy, touch, &conditions)
}

fn shut(
    policy: &Policy,
    touch: &Effect<'_>,
    conditions: &[(String, &'static [&'static str])],
) -> Vec<Gate> {
    let mut gates = Vec::new();
    for (prefix, parts) in conditions {
        for note in policy.notes() {
            let Some(rest) = note.path.strip_prefix(prefix.as_str()) else {
                continue;
            };
            let words: Vec<&str> = rest.split(['.', '[']).collect();
            let ends = [words.first(), words.last()].into_iter().flatten();
            let Some(part) = ends.copied().find(|part| parts.contains(part)) else {
                continue;
            };
            let name = if part == "gates" { words.get(1).unwrap_or(&part) } else { part };
            gates.push(Gate::new(name, touch, Outcome::Needs, gate::unjudged(&note.path)));
        }
    }
    gates
}
