//! What changes of an environment: how promotions come in, who decides, and how it goes back.
//!
//! Its folders and its gates are compared beside it.

use super::wording::{Said, Sense, both, count, counts, instead, names, people, shown};
use super::{Renames, gates, targets};
use crate::domain::policy::{
    Approval, Approve, Environment, Mover, Overrides, Owners, Principal, Reviews, Role, Rollback,
};
use crate::model::ids::EnvName;
use crate::model::write::MergeMethod;

pub(super) fn new(environment: &Environment, said: &mut Said) {
    let name = shown(environment.name().as_str());
    let after = match environment.after() {
        [] => "at the beginning".to_owned(),
        before => format!("after {}", names(before.iter().map(EnvName::as_str))),
    };
    said.changes(format!("environment {name} is new, {after}"));
    if environment.renamed_from().is_some() {
        history(None, environment.renamed_from(), &name, said);
    }
}

pub(super) fn compare(
    old: &Environment,
    new: &Environment,
    renames: &Renames<'_>,
    said: &mut Said,
) {
    let name = shown(new.name().as_str());
    if old.name() != new.name() {
        said.changes(format!("environment {} is now called {name}", shown(old.name().as_str())));
    } else {
        history(old.renamed_from(), new.renamed_from(), &name, said);
    }
    targets::compare(old, new, &name, said);
    movers(old, new, &name, said);
    let after = |environment: &Environment| -> Vec<String> {
        renames.all_now(environment.after()).iter().map(ToString::to_string).collect()
    };
    said.asked((&after(old), &after(new)), |word, places| {
        format!("{name} {word} comes after {}", names(places))
    });
    said.people((old.promoters(), new.promoters()), &format!("{name} can be promoted by"));
    approvals(old.approvals(), new.approvals(), &name, said);
    reviews((old.reviews(), new.reviews()), &name, said);
    reviews((old.changes(), new.changes()), &format!("a configuration change of {name}"), said);
    gates::compare(old, new, (&name, renames), said);
    overrides(old.overrides(), new.overrides(), &name, said);
    rollback((old.rollback(), new.rollback()), (&name, renames), said);
    owners(old.owners(), new.owners(), &name, said);
    super::rules((old.rules(), new.rules()), &format!(" in {name}"), said);
}

fn history(old: Option<&EnvName>, new: Option<&EnvName>, name: &str, said: &mut Said) {
    match (old, new) {
        (old, Some(now)) if old != new => {
            said.changes(format!("{name} goes on with the history of {}", shown(now.as_str())));
        }
        (Some(before), None) => said.changes(format!(
            "{name} does not go on with the history of {} any more",
            shown(before.as_str())
        )),
        _ => {}
    }
}

fn movers(old: &Environment, new: &Environment, name: &str, said: &mut Said) {
    let automatic = |mover: Mover| mover == Mover::Automatic;
    said.turned(
        (automatic(old.promote()), automatic(new.promote())),
        (Sense::Loosens, format!("promotions into {name} open by themselves")),
        (Sense::Tightens, format!("promotions into {name} open only on `/promote`")),
    );
    let before = old.schedule().map(ToString::to_string);
    let now = new.schedule().map(ToString::to_string);
    match (&before, &now) {
        (Some(before), None) => said.loosens(format!(
            "automatic promotions into {name} open at any time, not only at {}",
            shown(before)
        )),
        (None, Some(now)) => {
            said.tightens(format!("automatic promotions into {name} open only at {}", shown(now)));
        }
        (Some(before), Some(now)) if before != now => said.changes(format!(
            "automatic promotions into {name} open at {}",
            instead((before, now), |schedule| shown(schedule))
        )),
        _ => {}
    }
    said.turned(
        (automatic(old.merge()), automatic(new.merge())),
        (Sense::Loosens, format!("merges into {name} become automatic")),
        (Sense::Tightens, format!("merges into {name} are no longer automatic")),
    );
    let method = |environment: &Environment| match environment.method() {
        MergeMethod::Squash => "`squash`",
        MergeMethod::Merge => "`merge`",
        MergeMethod::Rebase => "`rebase`",
    };
    said.changed((method(old), method(new)), &format!("merges into {name} are made by"));
    said.turned(
        (old.approve() == Approve::Each, new.approve() == Approve::Each),
        (Sense::Tightens, format!("each wave of {name} needs approvals of its own")),
        (Sense::Loosens, format!("approvals of the first wave of {name} cover the later ones")),
    );
}

fn approvals(old: &[Approval], new: &[Approval], name: &str, said: &mut Said) {
    fn of<'a>(approvals: &'a [Approval], one: &Approval) -> Option<&'a Approval> {
        approvals.iter().find(|other| other.label.is(one.label.as_str()))
    }
    let without = |some: &[Approval], others: &[Approval]| -> Vec<String> {
        let alone = some.iter().filter(|one| of(others, one).is_none());
        alone.map(|one| one.label.to_string()).collect()
    };
    let (gone, come) = (without(old, new), without(new, old));
    let given = |one: &Approval| {
        let hand = if one.own { " (those with a hand in the promotion, too)" } else { "" };
        format!("{} by {}{hand}", shown(one.label.as_str()), people(&one.by))
    };
    let fresh = both(new.iter().filter(|one| of(old, one).is_none()).map(given).collect());
    let needs = counts((old.len() as u64, new.len() as u64), "approval");
    match (gone.is_empty(), come.is_empty()) {
        (true, true) => {}
        (true, false) => said.tightens(format!("{name} needs {needs}: {fresh} comes in")),
        (false, true) => said.loosens(format!("{name} needs {needs}: {} falls away", names(&gone))),
        (false, false) => {
            said.loosens(format!("{name} needs the approval {fresh} instead of {}", names(&gone)));
        }
    }
    for now in new {
        let Some(before) = of(old, now) else { continue };
        let label = shown(now.label.as_str());
        said.people((&before.by, &now.by), &format!("{label} of {name} may be given by"));
        let hand = format!("{label} of {name} may be given by those with a hand in the promotion");
        said.turned(
            (before.own, now.own),
            (Sense::Loosens, format!("{hand}, too")),
            (Sense::Tightens, format!("{hand} no more")),
        );
    }
}

fn reviews((old, new): (Option<&Reviews>, Option<&Reviews>), what: &str, said: &mut Said) {
    let (old, new) = (old.cloned().unwrap_or_default(), new.cloned().unwrap_or_default());
    said.amount((&old.count, &new.count), Sense::Tightens, || {
        format!("{what} needs {}", counts((old.count, new.count), "review"))
    });
    let by = |reviews: &Reviews| match reviews.by.as_slice() {
        [] => vec![Principal::Role(Role::Write)],
        named => named.to_vec(),
    };
    if old.count > 0 && new.count > 0 {
        said.people((&by(&old), &by(&new)), &format!("reviews that {what} needs are given by"));
    }
}

fn overrides(old: &Overrides, new: &Overrides, name: &str, said: &mut Said) {
    let mut gates: Vec<&String> =
        old.by_gate.iter().chain(&new.by_gate).map(|(gate, _)| gate).collect();
    gates.sort();
    gates.dedup();
    let which = if gates.is_empty() { "" } else { " that are not named" };
    said.people((&old.all, &new.all), &format!("gates of {name}{which} can be overridden by"));
    for gate in gates {
        let what = format!("the gate {} of {name} can be overridden by", shown(gate));
        said.people((old.of(gate), new.of(gate)), &what);
    }
}

fn rollback(
    (old, new): (Option<&Rollback>, Option<&Rollback>),
    (name, renames): (&str, &Renames<'_>),
    said: &mut Said,
) {
    let (old, new) = (old.cloned().unwrap_or_default(), new.cloned().unwrap_or_default());
    said.people((&old.by, &new.by), &format!("besides promoters, {name} can be rolled back by"));
    said.asked((&old.gates, &new.gates), |word, gates| {
        format!("a rollback of {name} {word} has to pass {}", names(gates))
    });
    let within = |most: Option<u64>| match most {
        Some(most) => format!("one of the last {}", count(most, "version")),
        None => "any version that ran there".to_owned(),
    };
    let most = |within: Option<u64>| within.unwrap_or(u64::MAX);
    said.amount((&most(old.within), &most(new.within)), Sense::Loosens, || {
        format!("{name} may go back to {}", instead((old.within, new.within), within))
    });
    let via = |rollback: &Rollback| -> Vec<String> {
        rollback.via.iter().map(|via| renames.now(via).to_string()).collect()
    };
    said.asked((&via(&old), &via(&new)), |word, places| {
        format!("a rollback of {name} {word} goes through {} first", names(places))
    });
    let call = format!("Argo CD's own rollback may be called for {name}");
    said.turned(
        (old.argocd, new.argocd),
        (Sense::Loosens, call.clone()),
        (Sense::Tightens, format!("{call} no more")),
    );
    said.allowed((&old.on, &new.on), |signs| {
        format!("{name} is rolled back by itself when {} fails", names(signs))
    });
    if old.watch != new.watch {
        said.changes(format!(
            "{name} is rolled back by itself within {} after a promotion",
            instead((old.watch, new.watch), |watch| watch.to_string())
        ));
    }
}

fn owners(old: &Owners, new: &Owners, name: &str, said: &mut Said) {
    let list = |owner: &Option<Principal>| owner.iter().cloned().collect::<Vec<_>>();
    let (before, now) = (list(&old.verification), list(&new.verification));
    said.people((&before, &now), &format!("manual verifications of {name} are reported by"));
    let (before, now) = (list(&old.fallback), list(&new.fallback));
    if before != now {
        said.changes(format!(
            "who decides on the way back of {name} is {}",
            instead((&before, &now), people)
        ));
    }
}
