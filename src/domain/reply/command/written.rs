//! What is wrong with a comment, or with who wrote it.

use crate::domain::hands::Hand;
use crate::domain::inert::{cut, span};
use crate::domain::policy::{self, Principal, Span};
use crate::domain::reply::gate::has;
use crate::domain::reply::{count, people};
use crate::intent::command::Mistake;

/// A line that is no command, though it looks like one.
pub fn mistake(mistake: &Mistake) -> String {
    match mistake {
        Mistake::Unknown { word, near: Some(near) } => {
            format!("{} is no command; did you mean `/{near}`?", command(word))
        }
        Mistake::Unknown { word, near: None } => {
            format!("{} is no command; `/help` lists them.", command(word))
        }
        Mistake::Missing { command: of, what } => {
            format!("`/{of}` needs {what}: {}.", usage(of))
        }
        Mistake::UnknownFlag { command: of, flag, near: Some(near) } => {
            format!("`/{of}` has no {}; did you mean `{near}`?", span(flag))
        }
        Mistake::UnknownFlag { command: of, flag, near: None } => {
            format!("`/{of}` has no {}: {}.", span(flag), usage(of))
        }
        Mistake::BadFlag { command: of, flag, wants } => {
            format!("{} of `/{of}` takes {wants}.", span(flag))
        }
        Mistake::Surplus { command: of, word } => {
            format!("`/{of}` does not take {}: {}.", span(word), usage(of))
        }
    }
}

fn command(word: &str) -> String {
    span(&format!("/{}", cut(word, 40)))
}

/// How a command is written.
fn usage(of: &str) -> String {
    let all = crate::domain::reply::overview::commands();
    let begins = format!("/{of}");
    let found = all.iter().find(|usage| usage.line.split(' ').next() == Some(&begins));
    found.map_or_else(
        || "`/help` lists the commands".to_owned(),
        |usage| format!("`{}`", usage.line),
    )
}

/// The configuration cannot be acted on.
pub fn config_invalid(mistakes: usize) -> String {
    let mistakes = count(mistakes, "mistake");
    format!(
        "`{}` on the default branch has {mistakes}, so nothing can be decided. Correct it, and say it again.",
        policy::PATH
    )
}

/// More commands than anybody gives.
pub fn too_many(most: u32) -> String {
    format!("That is more than {most} commands within an hour. Say it again later.")
}

/// The comment lay too long.
pub fn too_old(most: Span) -> String {
    format!("I read this more than {most} after it was written. Say it again if it still holds.")
}

/// The comment was edited.
pub fn edited() -> String {
    "The comment was edited after it was written, so it commands nothing. Say it again in a new one."
        .to_owned()
}

/// The pull request is another than the person saw.
pub fn head_moved() -> String {
    "The pull request got another head in the second in which you wrote this, or later. \
     Look at it, and say it again if it still holds."
        .to_owned()
}

/// The person may not; `look`: it would take the right to look.
pub fn not_allowed(who: &[Principal], look: bool) -> String {
    if who.is_empty() && look {
        return "You may not do that here: it takes the role `triage` in a public repository, or `read` in a private one."
            .to_owned();
    }
    if who.is_empty() {
        return format!("Nobody may do that here: `{}` names nobody for it.", policy::PATH);
    }
    format!("You may not do that here. It takes {}.", people(who))
}

/// The person may not push.
pub fn needs_write() -> String {
    "You may not do that here. It takes the role `write`.".to_owned()
}

/// The person has a hand in it.
pub fn has_a_hand(hand: Hand, who: &[Principal]) -> String {
    let has = has(hand).replacen("has ", "have ", 1);
    format!("Yours does not count: you {has}. It takes somebody else of {}.", people(who))
}

/// One does not decide on one's own rules.
pub fn own_rules() -> String {
    "You opened this change of the rules; another administrator has to decide on it.".to_owned()
}
