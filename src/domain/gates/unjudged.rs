//! Gates that the configuration asks for and that this version cannot judge: they are not passed.

use super::{Gate, Outcome};
use crate::domain::classify::Effect;
use crate::domain::policy::Policy;
use crate::domain::reply::gate;

/// The parts of an environment that are conditions on a promotion into it.
const OF_ENVIRONMENT: &[&str] = &["reviews", "gates", "waves"];
/// The part of an environment that is a condition on changing it otherwise.
const OF_CHANGES: &[&str] = &["changes"];
/// The parts of an application that are conditions on promoting it.
const OF_APPLICATION: &[&str] = &["migrations", "hold_marker", "pin"];
/// The part of an environment that says how to know what runs there, for those that come after it.
const OF_BEFORE: &[&str] = &["argocd"];

/// One gate for each condition on a promotion that is configured and not acted upon yet.
pub(super) fn judge(policy: &Policy, touch: &Effect<'_>) -> Vec<Gate> {
    let mut conditions = Vec::new();
    for (at, environment) in policy.environments().iter().enumerate() {
        if environment.name() == touch.environment.name() {
            conditions.push((format!("environments[{at}]."), OF_ENVIRONMENT));
        }
        if touch.environment.after().contains(environment.name()) {
            conditions.push((format!("environments[{at}]."), OF_BEFORE));
        }
    }
    for (at, application) in policy.applications().iter().enumerate() {
        if touch.moving.iter().any(|moving| moving.application.name() == application.name()) {
            conditions.push((format!("applications[{at}]."), OF_APPLICATION));
        }
    }
    shut(policy, touch, &conditions)
}

/// The same for a change that is no promotion.
pub(super) fn of_changes(policy: &Policy, touch: &Effect<'_>) -> Vec<Gate> {
    let all = policy.environments().iter().enumerate();
    let here = all.filter(|(_, environment)| environment.name() == touch.environment.name());
    let conditions: Vec<_> =
        here.map(|(at, _)| (format!("environments[{at}]."), OF_CHANGES)).collect();
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
