//! What is told of an environment whose way back waits for another one's.

use super::command;
use crate::domain::decision::Reason;
use crate::domain::inert::span;
use crate::domain::promotion::Onward;
use crate::model::ids::{EnvName, PrNumber};

/// The comment on what had to go back first is known by this line.
pub const MARKER: &str = "<!-- usher:onward -->";

/// It does not follow.
pub fn cannot_follow(onward: &Onward, why: &str) -> String {
    let place = &onward.environment;
    format!(
        "{MARKER}\n🚨 **The way back of {} does not follow.** {why} \
         `/rollback {place} VERSION` goes to a version that you name.\n",
        span(place.as_str())
    )
}

/// What had to go back first was closed.
pub fn dropped(onward: &Onward) -> String {
    let place = &onward.environment;
    format!(
        "{MARKER}\n**The way back of {} ends here**, because this had to be merged first and was closed. \
         `/rollback {place}` begins anew.\n",
        span(place.as_str())
    )
}

/// The configuration does not say where it is.
pub fn not_configured(onward: &Onward) -> String {
    let place = span(onward.environment.as_str());
    format!(
        "The configuration is not valid, or does not name {place} or this application any more."
    )
}

/// Nothing that it was to put back is there.
pub fn entries_gone() -> String {
    "None of the entries that it was to put back is there any more.".to_owned()
}

/// Something else came for all that it was to put back.
pub fn moved_on() -> String {
    "Something else came meanwhile for all that it was to put back, and stays.".to_owned()
}

/// Nothing waits for a pull request.
pub fn nothing_follows(pr: PrNumber) -> Reason {
    Reason::new("onward.nothing", format!("nothing waits for #{pr}"))
}

/// An environment goes back after another one.
pub fn follows(environment: &EnvName, pr: PrNumber) -> Reason {
    Reason::new("onward.follows", format!("{} follows #{pr}", span(environment.as_str())))
}

/// An environment should go back after another one, and cannot.
pub fn is_stuck(onward: &Onward, pr: PrNumber) -> Reason {
    let place = span(onward.environment.as_str());
    Reason::new("onward.stuck", format!("the way back of {place} cannot follow #{pr}"))
}

/// Why not.
pub fn reasons(reasons: &[Reason]) -> String {
    command::reasons(reasons)
}
