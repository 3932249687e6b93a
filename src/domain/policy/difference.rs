//! What a change of the configuration means, sentence by sentence, for those who approve it.
//!
//! It compares policies, so that comments, order and spelling mean nothing. It does not know what is
//! locked, held or open under the old one.

mod application;
mod environment;
mod gates;
mod targets;
mod wording;

use std::collections::BTreeMap;

use super::{Environment, Mode, Policy, Severities};
use crate::model::ids::EnvName;
use crate::model::read::Severity;
use wording::{Said, Sense, instead, names, parted, shown};

/// What changes from one policy to the other: first what loosens the rules, then what tightens them,
/// then the rest. Foreign text in the sentences is inert.
pub fn differences(old: &Policy, new: &Policy) -> Vec<String> {
    let mut said = Said::default();
    let renames = Renames::between(old, new);
    file(old, new, &mut said);
    for one in old.applications() {
        match new.application(one.name()) {
            Some(now) => application::compare(one, now, &renames, &mut said),
            None => application::gone(one, &mut said),
        }
    }
    for one in new.applications().iter().filter(|one| old.application(one.name()).is_none()) {
        application::new(one, &mut said);
    }
    for one in old.environments() {
        match new.environment(renames.now(one.name())) {
            Some(now) => environment::compare(one, now, &renames, &mut said),
            None => said.loosens(format!(
                "environment {} is gone: nothing is promoted there or judged any more",
                shown(one.name().as_str())
            )),
        }
    }
    for one in new.environments().iter().filter(|one| !renames.knew(old, one)) {
        environment::new(one, &mut said);
    }
    said.sentences()
}

/// The environments of the old policy that are not in the new one under any name: what stands there, a
/// lock or a hold, ends with them.
pub fn vanished<'p>(old: &'p Policy, new: &Policy) -> Vec<&'p EnvName> {
    let renames = Renames::between(old, new);
    let gone = |name: &&EnvName| new.environment(renames.now(name)).is_none();
    old.environments().iter().map(Environment::name).filter(gone).collect()
}

/// What environments of the old policy are called in the new one.
struct Renames<'p>(BTreeMap<&'p EnvName, &'p EnvName>);

impl<'p> Renames<'p> {
    fn between(old: &'p Policy, new: &'p Policy) -> Self {
        let renamed = new.environments().iter().filter_map(|environment| {
            let before = environment.renamed_from()?;
            let fresh = old.environment(environment.name()).is_none();
            let moved = old.environment(before).is_some() && new.environment(before).is_none();
            (fresh && moved).then_some((before, environment.name()))
        });
        Self(renamed.collect())
    }

    fn now<'a>(&'a self, name: &'a EnvName) -> &'a EnvName {
        self.0.get(name).copied().unwrap_or(name)
    }

    /// The same names, as they are now.
    fn all_now(&self, before: &[EnvName]) -> Vec<EnvName> {
        before.iter().map(|name| self.now(name).clone()).collect()
    }

    /// Whether an environment of the new policy is one of the old.
    fn knew(&self, old: &Policy, new: &Environment) -> bool {
        let name = new.name();
        old.environment(name).is_some() || self.0.values().any(|renamed| *renamed == name)
    }
}

fn file(old: &Policy, new: &Policy, said: &mut Said) {
    said.turned(
        (old.mode() == Mode::Enforce, new.mode() == Mode::Enforce),
        (Sense::Tightens, "verdicts bind (`mode: enforce`)"),
        (
            Sense::Loosens,
            "verdicts no longer bind (`mode: observe`): they stop nothing, and nothing is merged",
        ),
    );
    let (before, now) = (administrators(old), administrators(new));
    said.people((&before, &now), "changes of this file are approved by");
    let logins = |policy: &Policy| -> Vec<String> {
        policy.bots().iter().map(ToString::to_string).collect()
    };
    said.allowed((&logins(old), &logins(new)), |bots| {
        format!("comments of {} may command", names(bots))
    });
    said.turned(
        (old.prefixed(), new.prefixed()),
        (Sense::Changes, "only `/usher …` is a command"),
        (Sense::Changes, "commands need no `/usher` in front any more"),
    );
    let kubernetes = |policy: &Policy| match policy.kubernetes() {
        Some(version) => format!("Kubernetes {}", shown(version)),
        None => "the newest Kubernetes that is known".to_owned(),
    };
    said.changed((&kubernetes(old), &kubernetes(new)), "objects are validated against");
    let schemas = |policy: &Policy| -> Vec<String> {
        policy.schemas().iter().map(|glob| glob.as_str().to_owned()).collect()
    };
    let (gone, come) = (schemas(old), schemas(new));
    let (gone, come) = parted(&gone, &come);
    if !come.is_empty() {
        said.changes(format!("custom resources are validated against {}, too", names(come)));
    }
    if !gone.is_empty() {
        said.loosens(format!(
            "custom resources are not validated against {} any more",
            names(gone)
        ));
    }
    rules((old.rules(), new.rules()), "", said);
    let followers = |policy: &Policy| -> Vec<String> {
        policy.followers().iter().map(ToString::to_string).collect()
    };
    said.allowed((&followers(old), &followers(new)), |repositories| {
        format!("{} may follow releases of this repository", names(repositories))
    });
    let (before, now) = (old.commands_max_age(), new.commands_max_age());
    said.amount((&before, &now), Sense::Loosens, || {
        format!(
            "a command may be {} when it is read",
            instead((before, now), |age| format!("{age} old"))
        )
    });
}

fn administrators(policy: &Policy) -> Vec<super::Principal> {
    match policy.admins() {
        [] => vec![super::Principal::Role(super::Role::Admin)],
        admins => admins.to_vec(),
    }
}

/// A rule that is not named has its own severity, which is not known here.
fn rules((old, new): (&Severities, &Severities), place: &str, said: &mut Said) {
    let word = |severity: Option<&Option<Severity>>| match severity {
        Some(Some(Severity::Error)) => "an error",
        Some(Some(Severity::Warning)) => "a warning",
        Some(Some(Severity::Note)) => "a note",
        Some(None) => "off",
        None => "as severe as it is by itself",
    };
    let mut rules: Vec<&String> = old.keys().chain(new.keys()).collect();
    rules.sort();
    rules.dedup();
    for rule in rules {
        let (before, now) = (old.get(rule), new.get(rule));
        if before == now {
            continue;
        }
        let sense = match (before, now) {
            (_, Some(None)) => Sense::Loosens,
            (_, Some(Some(Severity::Error))) => Sense::Tightens,
            (Some(before), Some(now)) if now < before => Sense::Loosens,
            (Some(Some(Severity::Error)), None) => Sense::Loosens,
            (Some(_), Some(_)) | (Some(None), None) => Sense::Tightens,
            _ => Sense::Changes,
        };
        let turned = instead((before, now), |severity| word(severity).to_owned());
        said.push(sense, format!("the rule {} is {turned}{place}", shown(rule)));
    }
}

#[cfg(test)]
mod tests;
