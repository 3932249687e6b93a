//! What changes of an environment's gates: which stand, and what each asks for.
//!
//! Who may override them is compared beside it.

use super::Renames;
use super::wording::{Said, Sense, instead, names, people, shown};
use crate::domain::policy::{
    Allowed, Environment, Exempt, Expectation, Gates, Parity, Ticket, TicketStatus, Window,
};

pub(super) fn compare(
    old: &Environment,
    new: &Environment,
    (name, renames): (&str, &Renames<'_>),
    said: &mut Said,
) {
    let (before, now) = (old.gates(), new.gates());
    let globs = |gates: &Gates| -> Vec<String> {
        gates.checks.iter().map(|glob| glob.as_str().to_owned()).collect()
    };
    said.asked((&globs(before), &globs(now)), |word, checks| {
        format!("{name} {word} asks for the checks {} on its pull requests", names(checks))
    });
    let place = "on the release's own commit";
    expectations((&before.release, &now.release), (name, place), said);
    let place = "in the environment before";
    expectations((&before.verified, &now.verified), (name, place), said);
    stands((before.reviewed, now.reviewed), "reviewed", name, said);
    stands((before.soak.is_some(), now.soak.is_some()), "soak", name, said);
    if let (Some(before), Some(now)) = (before.soak, now.soak) {
        said.amount((&before, &now), Sense::Tightens, || {
            format!("`soak` of {name} takes {}", instead((before, now), |soak| soak.to_string()))
        });
    }
    stands((before.health, now.health), "health", name, said);
    stands((before.drift, now.drift), "drift", name, said);
    let (was, is) = (before.artifacts, now.artifacts);
    stands((was.present, is.present), "artifacts", name, said);
    said.turned(
        (was.same_digest, is.same_digest),
        (Sense::Tightens, format!("images in {name} have to be the very ones that ran before")),
        (Sense::Loosens, format!("images in {name} need not be the ones that ran before")),
    );
    stands((before.ticket.is_some(), now.ticket.is_some()), "ticket", name, said);
    if let (Some(before), Some(now)) = (&before.ticket, &now.ticket) {
        ticket(before, now, name, said);
    }
    stands((before.parity.is_some(), now.parity.is_some()), "parity", name, said);
    if let (Some(before), Some(now)) = (&before.parity, &now.parity) {
        parity(before, now, (name, renames), said);
    }
    freeze(old, new, name, said);
}

/// A gate that is there or not.
fn stands((old, new): (bool, bool), gate: &str, name: &str, said: &mut Said) {
    said.turned(
        (old, new),
        (Sense::Tightens, format!("the gate `{gate}` of {name} stands")),
        (Sense::Loosens, format!("the gate `{gate}` of {name} is dropped")),
    );
}

fn expectations(
    (old, new): (&[Expectation], &[Expectation]),
    (name, place): (&str, &str),
    said: &mut Said,
) {
    let alone = |one: &Expectation, all: &[Expectation]| {
        all.iter().filter(|other| other.check == one.check).count() == 1
    };
    // by its name where that stands once on both sides, else as a whole
    let same = |before: &Expectation, now: &Expectation| {
        before == now || before.check == now.check && alone(before, old) && alone(now, new)
    };
    for before in old.iter().filter(|before| !new.iter().any(|now| same(before, now))) {
        said.loosens(format!("{name} no longer asks for {} {place}", wanted(before)));
    }
    for now in new.iter().filter(|now| !old.iter().any(|before| same(before, now))) {
        said.tightens(format!("{name} now asks for {} {place}", wanted(now)));
    }
    for now in new {
        let Some(before) = old.iter().find(|before| *before != now && same(before, now)) else {
            continue;
        };
        let sense = if looser(before, now) {
            Sense::Loosens
        } else if looser(now, before) {
            Sense::Tightens
        } else {
            Sense::Changes
        };
        said.push(sense, format!("{place}, {name} asks for {}", instead((before, now), wanted)));
    }
}

/// Whether something passes now that did not before.
fn looser(before: &Expectation, now: &Expectation) -> bool {
    let least = |one: &Expectation| one.at_least.unwrap_or(f64::NEG_INFINITY);
    let most = |one: &Expectation| one.at_most.unwrap_or(f64::INFINITY);
    least(now) < least(before)
        || most(now) > most(before)
        || now.or.is_some() && now.or != before.or
        || before.app.is_some() && now.app != before.app
}

fn wanted(one: &Expectation) -> String {
    let mut text = shown(one.check.as_str());
    if let Some(app) = &one.app {
        text.push_str(&format!(" by the App {}", shown(app)));
    }
    if let Some(value) = &one.value {
        text.push_str(&format!(" with {}", shown(value.as_str())));
    }
    if let Some(least) = one.at_least {
        text.push_str(&format!(" at least {least}"));
    }
    if let Some(most) = one.at_most {
        text.push_str(&format!(" at most {most}"));
    }
    if let Some(label) = &one.or {
        text.push_str(&format!(" or the approval {}", shown(label.as_str())));
    }
    text
}

fn ticket(old: &Ticket, new: &Ticket, name: &str, said: &mut Said) {
    let pattern = |ticket: &Ticket| shown(ticket.pattern.as_str());
    said.changed((&pattern(old), &pattern(new)), &format!("tickets of {name} look like"));
    let asked = |status: &TicketStatus| {
        format!("{} says {} at {}", shown(&status.url), shown(&status.equals), shown(&status.json))
    };
    match (&old.status, &new.status) {
        (Some(_), None) => said.loosens(format!("tickets of {name} need not be approved any more")),
        (None, Some(now)) => {
            said.tightens(format!("tickets of {name} are approved when {}", asked(now)));
        }
        (Some(before), Some(now)) if before != now => said.loosens(format!(
            "tickets of {name} are approved when {}, instead of when {}",
            asked(now),
            asked(before)
        )),
        _ => {}
    }
}

fn parity(old: &Parity, new: &Parity, (name, renames): (&str, &Renames<'_>), said: &mut Said) {
    let (before, now) = (shown(renames.now(&old.with).as_str()), shown(new.with.as_str()));
    said.changed((&before, &now), &format!("{name} is compared with"));
    let places = |parity: &Parity| -> Vec<String> {
        let place = |allowed: &Allowed| match allowed {
            Allowed::Word(word) => word.clone(),
            Allowed::Field { kind, field } => format!("{kind}: {field}"),
        };
        parity.allow.iter().map(place).collect()
    };
    said.allowed((&places(old), &places(new)), |places| {
        format!("{name} may differ from {now} in {}", names(places))
    });
}

fn freeze(old: &Environment, new: &Environment, name: &str, said: &mut Said) {
    let windows = |environment: &Environment| -> Vec<String> {
        environment.windows().iter().map(window).collect()
    };
    said.asked((&windows(old), &windows(new)), |word, windows| {
        format!("{name} is {word} frozen {}", names(windows))
    });
    let given =
        |exempt: &Exempt| format!("{} by {}", shown(exempt.label.as_str()), people(&exempt.by));
    let (before, now) = (&old.gates().exempt, &new.gates().exempt);
    match (before, now) {
        (None, Some(now)) => {
            said.loosens(format!("a freeze of {name} does not stop what has {}", given(now)));
        }
        (Some(before), None) => said.tightens(format!(
            "a freeze of {name} stops what has {}, too",
            shown(before.label.as_str())
        )),
        (Some(before), Some(now)) if !before.label.is(now.label.as_str()) => said.loosens(format!(
            "a freeze of {name} does not stop what has {}",
            instead((before, now), given)
        )),
        (Some(before), Some(now)) => {
            let label = shown(now.label.as_str());
            let what = format!("{label}, which no freeze of {name} stops, may be given by");
            said.people((&before.by, &now.by), &what);
        }
        (None, None) => {}
    }
}

fn window(window: &Window) -> String {
    match window {
        Window::Weekly(weekly) => weekly.to_string(),
        Window::Days { from, to, reason } => {
            let reason = reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            format!("{from} to {to}{reason}")
        }
    }
}
