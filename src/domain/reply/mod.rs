//! What people read: decisions as Markdown. It words things; it decides nothing.

pub mod aftermath;
pub mod aside;
pub mod body;
pub mod check;
pub mod command;
pub mod diff;
pub mod dossier;
pub mod drift;
pub mod findings;
pub mod gate;
pub mod group;
pub mod leaving;
pub mod overlay;
pub mod overview;
pub mod page;
pub mod protect;
pub mod reason;
pub mod refer;
pub mod release;
pub mod restore;
pub mod status;
pub mod trouble;
pub mod unneeded;
pub mod verdict;
pub mod via;
pub mod watch;

use jiff::{SignedDuration, Timestamp};

use super::gates::Outcome;
use super::inert::{cut, span};
use super::policy::{Principal, Role};
use crate::model::act::Act;

/// A sentence, and what would help where something would. Foreign text in it is inert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The sentence.
    pub sentence: String,
    /// What to do about it.
    pub help: Option<String>,
    /// What of it is rendered: shown in the check, and recorded nowhere.
    pub shown: Option<String>,
    /// The same in a few words without Markdown, for a headline.
    pub brief: Option<String>,
}

impl Said {
    fn new(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), help: None, shown: None, brief: None }
    }

    fn shown(mut self, shown: impl Into<String>) -> Self {
        self.shown = Some(shown.into());
        self
    }

    fn brief(mut self, brief: impl Into<String>) -> Self {
        self.brief = Some(brief.into());
        self
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// How an outcome looks in a list.
fn sign(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "✅",
        Outcome::Overridden => "⚠️",
        Outcome::Waiting => "⏳",
        Outcome::Needs => "🙋",
        Outcome::Failed => "❌",
    }
}

/// People of the configuration in a sentence, inert: `@acme/qa` or `pat`.
fn people(who: &[Principal]) -> String {
    let role = |role: &Principal| match role {
        Principal::Role(role) => format!("somebody with the role {}", span(&role_name(*role))),
        other => span(&other.to_string()),
    };
    let names: Vec<String> = who.iter().map(role).collect();
    if names.is_empty() { "nobody".to_owned() } else { either(&names) }
}

/// The same for a headline, where no Markdown is read.
fn people_plain(who: &[Principal]) -> String {
    either(&who.iter().map(ToString::to_string).collect::<Vec<_>>())
}

fn role_name(role: Role) -> String {
    Principal::Role(role).to_string()
}

/// `a`, `a or b`, `a, b or c`.
fn either(names: &[String]) -> String {
    listed(names, "or")
}

/// `a`, `a and b`, `a, b and c`.
fn both(names: &[String]) -> String {
    listed(names, "and")
}

fn listed(names: &[String], word: &str) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} {word} {last}", first.join(", ")),
    }
}

/// An instant as people in different places read it alike.
fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Who did something, and why in that person's words.
fn by(act: &Act) -> String {
    let who = span(act.by.login.as_str());
    match act.reason.trim() {
        "" => format!("by {who}"),
        reason => format!("by {who} ({})", span(&cut(reason, 200))),
    }
}

/// `3d 4h`, `2h 5min`, `12min`: what matters of how long something took.
fn rough(long: SignedDuration) -> String {
    let minutes = long.as_mins();
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes}min"),
        (0, _) => format!("{hours}h {minutes}min"),
        _ => format!("{days}d {hours}h"),
    }
}

/// The same, where seconds matter: `45s`. Clocks that disagree take no time at all.
fn took(long: SignedDuration) -> String {
    let seconds = long.as_secs().max(0);
    if seconds < 60 { format!("{seconds}s") } else { rough(long) }
}

/// `1 file`, `2 files`.
fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}
