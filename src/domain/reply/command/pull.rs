//! What became of the pull request itself.

use crate::domain::classify::Effect as Touch;
use crate::domain::gates::Gate;
use crate::domain::inert::span;
use crate::domain::reply::{both, status};
use crate::model::ids::PrNumber;
use crate::model::read::{Commit, PullRequest};

/// It is merged.
pub fn merged(pull: &PullRequest) -> String {
    format!("#{} is merged at `{}`.", pull.number, pull.head.sha.short())
}

/// GitHub would not.
pub fn merge_refused(why: &str, behind: bool) -> String {
    let help = if behind {
        ". Its base has moved since it was planned: should that be why, `/retry` plans it anew there"
    } else {
        ""
    };
    format!("Every gate has passed, and GitHub does not merge it: {}{help}", span(why))
}

/// It waits in a queue.
pub fn merge_queued(pull: &PullRequest) -> String {
    format!(
        "#{} is in the merge queue at `{}`. Its gates are judged once more there, together with what is merged before it.",
        pull.number,
        pull.head.sha.short()
    )
}

/// GitHub takes its time.
pub fn merge_takes_too_long() -> &'static str {
    "it has not been merged within half an hour, and may still be"
}

/// The title of the merge of a pull request that we did not open.
pub fn merge_title(touches: &[Touch<'_>]) -> String {
    let places: Vec<String> =
        touches.iter().map(|touch| touch.environment.name().to_string()).collect();
    let what: std::collections::BTreeSet<String> = touches
        .iter()
        .flat_map(|touch| &touch.moving)
        .map(|moving| moving.application.name().to_string())
        .collect();
    format!("Promote {} to {}", what.into_iter().collect::<Vec<_>>().join(", "), places.join(", "))
}

/// Nothing is merged here.
pub fn observing() -> String {
    "This repository only observes (`mode: observe`), so Usher merges nothing.".to_owned()
}

/// Gates are shut.
pub fn not_passed(gates: &[Gate]) -> String {
    let shut: String =
        gates.iter().filter(|gate| !gate.outcome.is_open()).map(status::line).collect();
    format!("It is not merged, because not every gate has passed:\n\n{}", shut.trim_end())
}

/// It is a draft.
pub fn is_a_draft() -> String {
    "It is a draft; mark it as ready for review first.".to_owned()
}

/// It is closed.
pub fn cancelled(pr: PrNumber) -> String {
    format!("#{pr} is closed.")
}

/// Its gates are judged again.
pub fn judged_again() -> String {
    "The checks run again.".to_owned()
}

/// It is planned on the newest base.
pub fn planned_on_the_base() -> String {
    "Planned anew on what its base has now. Approvals stay if the edits are the same.".to_owned()
}

/// All are judged again.
pub fn all_judged_again() -> String {
    "The checks of every open pull request run again.".to_owned()
}

/// The repository is looked at again.
pub fn looked_at_again() -> String {
    "Everything that is open is looked at again.".to_owned()
}

/// Foreign commits were thrown away.
pub fn planned_afresh(foreign: &[&Commit]) -> String {
    const MOST: usize = 20;
    let names: Vec<String> = foreign
        .iter()
        .take(MOST)
        .map(|commit| {
            let author = commit.author.as_ref();
            let by =
                author.map_or_else(String::new, |who| format!(" by {}", span(who.login.as_str())));
            format!("`{}`{by}", commit.sha.short())
        })
        .collect();
    format!(
        "Planned anew on the present base. Thrown away, because {} not Usher's: {}.",
        if foreign.len() == 1 { "it is" } else { "they are" },
        both(&names)
    )
}

/// There is nothing left to promote.
pub fn nothing_left_of_it() -> String {
    "Nothing is left of this promotion: the base has it already, or something higher. `/cancel` closes it.".to_owned()
}
