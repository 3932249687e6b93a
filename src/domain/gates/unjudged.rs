//! Gates that the configuration asks for and that this version cannot judge: they are not passed.

use super::{Gate, Outcome};
use crate::domain::inert::span;
use crate::domain::policy::{Environment, Policy};

/// The parts of an environment that are conditions on a promotion.
const CONDITIONS: &[&str] = &["approvals", "reviews", "gates"];

/// One gate for each condition of the environment that is not acted upon yet.
pub fn judge(policy: &Policy, environment: &Environment) -> Vec<Gate> {
    let Some(at) = policy
        .environments()
        .iter()
        .position(|other| other.name() == environment.name())
    else {
        return Vec::new();
    };
    let prefix = format!("environments[{at}].");
    let mut asked: Vec<(&'static str, &str)> = Vec::new();
    for note in policy.notes() {
        let Some(rest) = note.path.strip_prefix(&prefix) else {
            continue;
        };
        let head = rest.split(['.', '[']).next().unwrap_or_default();
        if let Some(condition) = CONDITIONS.iter().find(|condition| **condition == head) {
            asked.push((condition, rest));
        }
    }
    asked
        .into_iter()
        .map(|(condition, path)| {
            Gate::new(
                condition,
                environment.name(),
                Outcome::Needs,
                format!(
                    "{} is configured, and this version of Usher cannot judge it",
                    span(path)
                ),
            )
            .help("Somebody with the right to merge past the check has to decide.")
        })
        .collect()
}
