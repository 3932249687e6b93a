//! Approvals, overrides, rejections, holds and locks, acknowledged or refused.

use jiff::Timestamp;

use crate::domain::inert::{cut, plain, span};
use crate::domain::policy::Environment;
use crate::domain::reply::{both, either, instant};
use crate::model::act::{Act, NewAct};
use crate::model::ids::{EnvName, PrNumber, Sha};

/// No environment asks for that label.
pub fn not_asked_for(label: &str, asked: &[&str]) -> String {
    if asked.is_empty() {
        return format!("Nobody asks for {} here.", span(label));
    }
    let asked: Vec<String> = asked.iter().map(|label| span(label)).collect();
    format!("Nobody asks for {} here; asked for {}.", span(label), is_or_are(&asked))
}

fn is_or_are(names: &[String]) -> String {
    if names.len() == 1 { format!("is {}", both(names)) } else { format!("are {}", both(names)) }
}

/// It is recorded.
pub fn approved(label: &str, head: &Sha) -> String {
    format!("{} is recorded as yours, for commit `{}`.", span(label), head.short())
}

/// It is recorded.
pub fn accepted(gate: &str, head: &Sha) -> String {
    format!("The gate `{}` is overridden on your word, for commit `{}`.", plain(gate), head.short())
}

/// Nothing of that name stands in the way.
pub fn nothing_to_override(gate: &str, shut: &[&str]) -> String {
    let gate = span(&cut(gate, 40));
    if shut.is_empty() {
        return format!("No gate {gate} stands in the way: every gate has passed.");
    }
    let shut: Vec<String> = shut.iter().map(|name| span(name)).collect();
    format!("No gate {gate} stands in the way; what does {}.", is_or_are(&shut))
}

/// How the person who pressed the button accepts one of these gates.
pub fn how_to_override(gates: &[&str]) -> String {
    let lines: Vec<String> =
        gates.iter().map(|gate| format!("/override {} REASON", plain(gate))).collect();
    let which = if lines.len() == 1 { "this" } else { "one of these" };
    format!(
        "A gate is accepted with a reason, which a button cannot carry. Say {which} here, with yours for `REASON`:\n\n\
         ```text\n{}\n```",
        lines.join("\n")
    )
}

/// Nothing stands in the way.
pub fn nothing_is_shut() -> String {
    "No gate stands in the way: every gate has passed.".to_owned()
}

/// There is nothing to approve by a label.
pub fn no_approval_asked_for() -> String {
    "Nobody asks for an approval by a label here.".to_owned()
}

/// The person has given all that person may.
pub fn approved_already() -> String {
    "You have given every approval here that you may give.".to_owned()
}

/// It cannot be accepted on a pull request of somebody else.
pub fn never_overridden(gate: &str) -> String {
    format!(
        "The gate `{}` cannot be overridden on a pull request that Usher did not make.",
        plain(gate)
    )
}

/// A version was rejected.
pub fn rejected(version: &str, places: &[EnvName], closed: &[PrNumber]) -> String {
    let places: Vec<String> = places.iter().map(|name| span(name.as_str())).collect();
    let mut out = format!("{} is rejected: it may not go into {}.", span(version), either(&places));
    if !closed.is_empty() {
        let closed: Vec<String> = closed.iter().map(|pr| format!("#{pr}")).collect();
        out.push_str(&format!(" Closed: {}.", both(&closed)));
    }
    out
}

/// It is held.
pub fn held(hold: &NewAct) -> String {
    match (&hold.environment, &hold.application) {
        (Some(environment), Some(application)) => format!(
            "{} is held in {}: every promotion there is stopped until `/unhold {environment}`.",
            span(application.as_str()),
            span(environment.as_str())
        ),
        _ => "This promotion is held until `/unhold`.".to_owned(),
    }
}

/// Nothing is held.
pub fn nothing_held(environment: &Environment, elsewhere: &[&Act]) -> String {
    if elsewhere.is_empty() {
        return "Nothing is held here.".to_owned();
    }
    let name = environment.name();
    format!("This promotion is not held itself; what holds it is lifted with `/unhold {name}`.")
}

/// It is held no more.
pub fn unheld(holds: &[&Act]) -> String {
    let all: Vec<String> = holds
        .iter()
        .map(|hold| match (&hold.environment, &hold.application) {
            (Some(environment), Some(application)) => {
                format!("{} in {}", span(application.as_str()), span(environment.as_str()))
            }
            _ => "this promotion".to_owned(),
        })
        .collect();
    format!("Held no more: {}.", both(&all))
}

/// It is locked.
pub fn locked(environment: &Environment, until: Option<Timestamp>) -> String {
    let name = environment.name();
    let until = until.map_or_else(
        || format!("until `/unlock {name}`"),
        |until| format!("until {} or `/unlock {name}`", instant(until)),
    );
    format!(
        "{} is locked {until}; every open pull request that would change it is red.",
        span(name.as_str())
    )
}

/// It is not locked.
pub fn not_locked(environment: &Environment) -> String {
    format!("{} is not locked.", span(environment.name().as_str()))
}

/// Somebody else locked it.
pub fn not_yours_to_unlock(environment: &Environment, locks: &[&Act]) -> String {
    let mut who: Vec<String> = locks.iter().map(|lock| span(lock.by.login.as_str())).collect();
    who.extend(environment.overrides().of("lock").iter().map(|one| span(&one.to_string())));
    who.sort();
    who.dedup();
    format!("You may not do that here. It takes {}.", either(&who))
}

/// It is locked no more.
pub fn unlocked(environment: &Environment) -> String {
    format!("{} is not locked any more.", span(environment.name().as_str()))
}

/// It is recorded.
pub fn ticket_named(ticket: &str, asked: bool) -> String {
    let ticket = span(&cut(ticket, 100));
    let rest = if asked { "" } else { " No gate of this pull request asks for one." };
    format!("{ticket} is recorded as the change ticket of this pull request.{rest}")
}

/// It names none.
pub fn no_ticket(ticket: &str, pattern: Option<&str>) -> String {
    let ticket = span(&cut(ticket, 100));
    match pattern {
        Some(pattern) => {
            format!(
                "{ticket} is no change ticket here: it has to match {}.",
                span(&cut(pattern, 100))
            )
        }
        None => format!(
            "{ticket} cannot be the name of a change ticket: at most 100 characters, some of them letters or digits, and no `..`."
        ),
    }
}
