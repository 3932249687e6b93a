//! `ticket` in words: which change ticket was named, by whom, and what is said of it.
//!
//! Foreign text comes in as it is and leaves inert.

use super::super::{Said, instant};
use crate::domain::gates::NamedTicket;
use crate::domain::inert::{cut, plain, span};
use crate::domain::policy::Ticket;

const NAME: &str = "Somebody with write access names it with `/ticket ID`.";

fn shown(text: &str) -> String {
    span(&cut(text, 100))
}

/// The ticket, and who named it when.
fn who(named: NamedTicket<'_>) -> String {
    let ticket = shown(named.ticket);
    match named.act {
        Some(act) => {
            format!("{ticket}, named by {} at {}", span(act.by.login.as_str()), instant(act.at))
        }
        None => format!("{ticket}, named when it was asked for"),
    }
}

fn brief(named: NamedTicket<'_>, what: &str) -> String {
    format!("{} {what}", plain(&cut(named.ticket, 40)))
}

/// Nobody named one.
pub fn ticket_missing(wanted: &Ticket) -> Said {
    Said::new("no change ticket is named")
        .help(format!("{NAME} It has to match {}.", shown(wanted.pattern.as_str())))
        .brief("needs a change ticket")
}

/// What was named is none.
pub fn ticket_misfit(wanted: &Ticket, named: NamedTicket<'_>) -> Said {
    let (ticket, pattern) = (shown(named.ticket), shown(wanted.pattern.as_str()));
    Said::new(format!("{ticket} does not match {pattern}"))
        .help(NAME)
        .brief("needs a change ticket that matches")
}

/// Nobody is asked about it.
pub fn ticket_not_verified(named: NamedTicket<'_>) -> Said {
    Said::new(format!("{}; named, not verified", who(named)))
}

/// It is approved.
pub fn ticket_approved(named: NamedTicket<'_>, word: &str) -> Said {
    Said::new(format!("{}; it is {}", who(named), shown(word)))
}

/// It is not, yet.
pub fn ticket_waits(named: NamedTicket<'_>, word: &str, wanted: &str) -> Said {
    Said::new(format!("{}; it is {}, not {}", who(named), shown(word), shown(wanted)))
        .help("It is asked for again every few minutes.")
        .brief(brief(named, "is not approved"))
}

/// The answer does not say.
pub fn ticket_silent(named: NamedTicket<'_>, json: &str) -> Said {
    Said::new(format!("{}; the answer says nothing at {}", who(named), shown(json)))
        .help("It is asked for again every few minutes. See that `gates.ticket.status.json` points to the right place.")
        .brief(brief(named, "is not approved"))
}

/// The server does not know it.
pub fn ticket_absent(named: NamedTicket<'_>) -> Said {
    Said::new(format!("{}; there is no such ticket", who(named)))
        .help("Open it, or name the right one with `/ticket ID`. It is asked for again every few minutes.")
        .brief(brief(named, "does not exist"))
}

/// Nobody may ask the server.
pub fn ticket_not_asked(named: NamedTicket<'_>, host: &str) -> Said {
    Said::new(format!("{}; {} is not asked for this repository", who(named), shown(host)))
        .help("Usher's operator names the server in the table `tickets` of the settings, with this repository.")
        .brief(brief(named, "cannot be verified"))
}

/// The server does not answer as it should.
pub fn ticket_unreachable(named: NamedTicket<'_>, why: &str) -> Said {
    Said::new(format!(
        "{}; whether it is approved is not known: {}",
        who(named),
        span(&cut(why, 300))
    ))
    .help("It is tried again every few minutes.")
    .brief(brief(named, "cannot be verified now"))
}
