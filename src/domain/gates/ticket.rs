//! `ticket`: a change ticket is named by somebody who may, and is approved where the configuration says how to ask.

use jiff::SignedDuration;
use regex::Regex;

use super::{Gate, Outcome};
use crate::domain::classify::Effect;
use crate::domain::facts::{Facts, Gap};
use crate::domain::look::Look;
use crate::domain::policy::{Ticket, TicketStatus};
use crate::domain::reply::gate;
use crate::model::act::Act;
use crate::model::artifact::TicketAnswer;
use crate::model::read::Access;

/// A name that is longer is none.
const LONGEST: usize = 100;

/// How often a ticket is asked for that is not approved: the longer ago it was named, the less often.
const SOON: SignedDuration = SignedDuration::from_mins(1);
const LATE: SignedDuration = SignedDuration::from_mins(5);

/// A ticket that was named.
#[derive(Debug, Clone, Copy)]
pub struct NamedTicket<'a> {
    /// Its name.
    pub ticket: &'a str,
    /// The act, where a command named it.
    pub act: Option<&'a Act>,
}

/// Whether a text can be the name of a ticket at all: it becomes part of an address.
pub fn is_name(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len())
        && text.chars().any(char::is_alphanumeric)
        && !text.chars().any(|c| c.is_control() || c.is_whitespace())
        && !text.contains("..")
}

/// Whether a name is one of a ticket that counts: the pattern matches all of it.
pub fn fits(wanted: &Ticket, ticket: &str) -> bool {
    let whole = Regex::new(&format!(r"\A(?:{})\z", wanted.pattern.as_str()));
    is_name(ticket) && whole.is_ok_and(|whole| whole.is_match(ticket))
}

/// Judges the newest name; no gate where no ticket is asked for.
pub(super) fn judge(
    facts: &Facts,
    look: &Look<'_>,
    touch: &Effect<'_>,
) -> Result<Option<Gate>, Gap> {
    let Some(wanted) = &touch.environment.gates().ticket else {
        return Ok(None);
    };
    if !super::is_asked(look, touch, "ticket") {
        return Ok(None);
    }
    let stands = |outcome, said| Ok(Some(Gate::new("ticket", touch, outcome, said)));
    let Some(named) = named(facts, look)? else {
        return stands(Outcome::Needs, gate::ticket_missing(wanted));
    };
    if !fits(wanted, named.ticket) {
        return stands(Outcome::Needs, gate::ticket_misfit(wanted, named));
    }
    let Some(status) = &wanted.status else {
        return stands(Outcome::Passed, gate::ticket_not_verified(named));
    };
    let url = address(&status.url, named.ticket);
    let answer = match facts.ticket(look.ground.repo, &url, &status.json) {
        Ok(answer) => answer.clone(),
        Err(Gap::Unknown(why)) => TicketAnswer::Unreachable(why),
        Err(gap) => return Err(gap),
    };
    let (outcome, said) = judged(status, named, &answer);
    let gate = Gate::new("ticket", touch, outcome, said);
    Ok(Some(match again(facts, named) {
        Some(at) if !outcome.is_open() => gate.again(at),
        _ => gate,
    }))
}

fn judged(
    status: &TicketStatus,
    named: NamedTicket<'_>,
    answer: &TicketAnswer,
) -> (Outcome, crate::domain::reply::Said) {
    match answer {
        TicketAnswer::Says(word) if *word == status.equals => {
            (Outcome::Passed, gate::ticket_approved(named, word))
        }
        TicketAnswer::Says(word) => {
            (Outcome::Waiting, gate::ticket_waits(named, word, &status.equals))
        }
        TicketAnswer::Silent => (Outcome::Waiting, gate::ticket_silent(named, &status.json)),
        TicketAnswer::Absent => (Outcome::Needs, gate::ticket_absent(named)),
        TicketAnswer::NotAsked { host } => (Outcome::Needs, gate::ticket_not_asked(named, host)),
        TicketAnswer::Unreachable(why) => (Outcome::Waiting, gate::ticket_unreachable(named, why)),
    }
}

/// The newest name: a command's, by somebody who may still write; or the one that the promotion was asked for with.
fn named<'a>(facts: &Facts, look: &'a Look<'_>) -> Result<Option<NamedTicket<'a>>, Gap> {
    for act in look.acts.tickets(look.pull().number).into_iter().rev() {
        if *facts.access(look.ground.repo, &act.by.login)? >= Access::Write {
            return Ok(Some(NamedTicket { ticket: &act.subject, act: Some(act) }));
        }
    }
    let ticket = look.promotion.as_ref().and_then(|promotion| promotion.ticket.as_deref());
    Ok(ticket.map(|ticket| NamedTicket { ticket, act: None }))
}

/// When it is asked for again.
fn again(facts: &Facts, named: NamedTicket<'_>) -> Option<jiff::Timestamp> {
    let age = named.act.map_or(SOON, |act| facts.now.duration_since(act.at) / 10);
    facts.now.checked_add(age.clamp(SOON, LATE)).ok()
}

/// The address of a ticket. Its name is one piece of it, whatever is in it.
fn address(url: &str, ticket: &str) -> String {
    let mut name = String::new();
    for byte in ticket.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02X}"));
        }
    }
    url.replacen("{ticket}", &name, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_one_piece_of_the_address() {
        let at = |ticket: &str| address("https://itsm.acme.io/api/{ticket}/x", ticket);
        assert_eq!(at("CHG-1"), "https://itsm.acme.io/api/CHG-1/x");
        assert_eq!(at("a/b?c#d%e&f"), "https://itsm.acme.io/api/a%2Fb%3Fc%23d%25e%26f/x");
        assert_eq!(at("\u{e4}@:"), "https://itsm.acme.io/api/%C3%A4%40%3A/x");
        assert_eq!(at("{ticket}"), "https://itsm.acme.io/api/%7Bticket%7D/x");
    }

    #[test]
    fn what_could_lead_elsewhere_is_no_name() {
        for name in ["CHG-1", "a/b", "PROJ:1", "\u{e4}1", "a.b"] {
            assert!(is_name(name), "{name}");
        }
        let long = "a".repeat(101);
        for name in [
            "",
            ".",
            "..",
            "-",
            "../admin",
            "a/../b",
            "a b",
            "a\r\nHost: x",
            "a\0",
            "\u{2028}a",
            &long,
        ] {
            assert!(!is_name(name), "{name:?}");
        }
    }
}
