//! What changes of an environment's folders: which there are, in which order they go, what deploys them.
//!
//! It does not know what stands in them.

use super::wording::{Said, Sense, both, instead, names, shown};
use crate::domain::policy::{ArgoApplication, Environment, Target, Wave};

pub(super) fn compare(old: &Environment, new: &Environment, name: &str, said: &mut Said) {
    for before in old.targets() {
        let Some(now) = new.targets().iter().find(|now| key(new, now) == key(old, before)) else {
            said.loosens(format!(
                "{} is gone: {} is not promoted or judged any more",
                called(old, before, name),
                folder(before)
            ));
            continue;
        };
        let what = called(new, now, name);
        if before.overlay != now.overlay {
            // what stays behind in the old folder is judged no more
            said.loosens(format!("the folder of {what} is {}", instead((before, now), folder)));
        }
        argocd(before.argocd.as_ref(), now.argocd.as_ref(), &what, said);
    }
    let known = |now: &&Target| old.targets().iter().any(|one| key(old, one) == key(new, now));
    for now in new.targets().iter().filter(|now| !known(now)) {
        said.changes(format!("{} is new: {}", called(new, now, name), folder(now)));
    }
    waves(old, new, name, said);
}

/// The only target of an environment may have its name, which is that of no target then.
fn key<'a>(environment: &Environment, target: &'a Target) -> Option<&'a str> {
    let only = target.name.as_str() == environment.name().as_str();
    (!only).then_some(target.name.as_str())
}

fn called(environment: &Environment, target: &Target, name: &str) -> String {
    match key(environment, target) {
        Some(target) => format!("target {} of {name}", shown(target)),
        None => name.to_owned(),
    }
}

fn folder(target: &Target) -> String {
    match target.overlay.as_str() {
        "" => "the root".to_owned(),
        folder => shown(folder),
    }
}

fn argocd(
    old: Option<&ArgoApplication>,
    new: Option<&ArgoApplication>,
    what: &str,
    said: &mut Said,
) {
    let word = |application: &ArgoApplication| {
        format!("{} on {}", shown(&application.application), shown(&application.server))
    };
    match (old, new) {
        (Some(before), Some(now)) if before != now => {
            said.changes(format!("Argo CD deploys {what} by {}", instead((before, now), word)));
        }
        (None, Some(now)) => said.changes(format!("Argo CD deploys {what} by {}", word(now))),
        (Some(before), None) => {
            said.changes(format!("Argo CD's {} is not asked about {what} any more", word(before)));
        }
        _ => {}
    }
}

fn waves(old: &Environment, new: &Environment, name: &str, said: &mut Said) {
    let (before, now) = (order(old), order(new));
    if before == now {
        return;
    }
    let (was, is) = (old.waves(), new.waves());
    let hurried = |(was, is): (&Wave, &Wave)| is.soak < was.soak || was.health && !is.health;
    let hastier = |was: &[Wave], is: &[Wave]| {
        is.len() < was.len() || is.len() == was.len() && was.iter().zip(is).any(hurried)
    };
    let sense = match (hastier(was, is), hastier(is, was)) {
        (true, _) => Sense::Loosens,
        (false, true) => Sense::Tightens,
        (false, false) => Sense::Changes,
    };
    said.push(sense, format!("targets of {name} are promoted {now} instead of {before}"));
}

fn order(environment: &Environment) -> String {
    let wave = |wave: &Wave| {
        let soak = wave.soak.map(|soak| format!("{soak} long"));
        let health = wave.health.then(|| "until healthy".to_owned());
        let rest: Vec<_> = soak.into_iter().chain(health).collect();
        let targets = names(wave.targets.iter().map(|target| target.as_str()));
        if rest.is_empty() { targets } else { format!("{targets} ({})", both(rest)) }
    };
    match environment.waves() {
        [all] if all.soak.is_none() && !all.health => "all at once".to_owned(),
        waves => waves.iter().map(wave).collect::<Vec<_>>().join(", then "),
    }
}
