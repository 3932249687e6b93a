//! What is told of a way back that is not needed.

use super::check;
use super::status::MARKER;
use crate::domain::inert::{plain, span};
use crate::domain::promotion::Promotion;
use crate::model::ids::{EnvName, Sha};
use crate::model::read::Conclusion;
use crate::model::write::NewCheck;

/// The comment on it.
pub fn told(way: &Promotion, later: &EnvName) -> String {
    let (place, later) = (span(way.environment.as_str()), span(later.as_str()));
    format!(
        "{MARKER}\n**Not needed: {later} runs what this goes back from.** The release has come further, so {place} keeps it, and \
         nothing has changed there. `/rollback {}` opens another one.\n",
        way.environment
    )
}

/// Why it is withdrawn, for the record.
pub fn why(later: &EnvName) -> String {
    format!("{later} runs what it goes back from")
}

/// `usher/gates` for its head.
pub fn check(head: &Sha, way: &Promotion, later: &EnvName) -> NewCheck {
    let (place, runs) = (span(way.environment.as_str()), span(later.as_str()));
    NewCheck {
        conclusion: Some(Conclusion::Success),
        title: format!("Not needed: {} has it", plain(later.as_str())),
        summary: format!(
            "{runs} has what this goes back from: the release has come further. {place} keeps it; nothing was changed."
        ),
        ..check::closed(head)
    }
}
