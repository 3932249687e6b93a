//! `reviews`, `changes` and `reviewed` in words: who approves by review, and what came unreviewed.
//!
//! Foreign text comes in as it is and leaves inert.

use super::super::{Said, both, count, people, people_plain};
use super::hands::{first_of, has, is_unclear, reviewers};
use crate::domain::between::Unclear;
use crate::domain::gates::{Discount, Discounted};
use crate::domain::inert::{plain, span};
use crate::domain::policy::Reviews;
use crate::model::ids::{Login, RepoName};
use crate::model::read::Commit;

/// `reviews`: who approves this commit, who does not count, and how many are missing.
pub fn reviews(wanted: &Reviews, approving: &[&Login], discounted: &[Discounted<'_>]) -> Said {
    let names: Vec<String> = approving.iter().map(|who| span(who.as_str())).collect();
    let have = approving.len() as u64;
    let mut parts = Vec::new();
    if !names.is_empty() {
        parts.push(format!("approved by {}", both(&names)));
    }
    let missing = wanted.count.saturating_sub(have);
    if missing == 0 {
        return Said::new(parts.join(" · "));
    }
    parts.push(format!("{have} of {} approving reviews of this commit", wanted.count));
    for (who, why) in discounted {
        let who = span(who.as_str());
        parts.push(match why {
            Discount::Older => format!("{who} approved an older commit"),
            Discount::Hand(hand) => format!("{who} does not count: that person {}", has(*hand)),
            Discount::Stranger => format!("{who} is not among those whose reviews count"),
        });
    }
    let by = reviewers(wanted);
    let noun = if missing == 1 { "review" } else { "reviews" };
    let help = match missing {
        1 => format!("{}, without a hand in it, approves this commit by review.", people(&by)),
        _ => format!(
            "{missing} people out of {}, without a hand in it, approve this commit by review.",
            people(&by)
        ),
    };
    Said::new(parts.join(" · "))
        .help(help)
        .brief(format!("needs {missing} approving {noun} from {}", people_plain(&by)))
}

/// `reviews`: somebody asks for changes.
pub fn changes_asked_for(who: &Login) -> Said {
    let name = span(who.as_str());
    Said::new(format!("{name} asks for changes"))
        .help(format!("Make them; then {name} approves, or somebody dismisses that review."))
        .brief(format!("{} asks for changes", plain(who.as_str())))
}

/// `reviewed`: all came by approved pull requests.
pub fn all_reviewed(commits: usize) -> Said {
    match commits {
        0 => Said::new("no commit is new"),
        _ => Said::new(format!("{} came by approved pull requests", count(commits, "commit"))),
    }
}

/// `reviewed`: these did not.
pub fn not_reviewed(commits: &[&Commit]) -> Said {
    let names: Vec<String> = commits
        .iter()
        .map(|commit| {
            let author = commit.author.as_ref();
            let by = author
                .map_or_else(String::new, |author| format!(" by {}", span(author.login.as_str())));
            format!("`{}`{by}", plain(commit.sha.short()))
        })
        .collect();
    let noun = if names.len() == 1 { "commit" } else { "commits" };
    Said::new(format!(
        "{noun} {} came by no merged pull request that somebody else approved",
        first_of(&names)
    ))
    .help(
        "Have their merged pull requests approved by review in the source, by somebody who may push there and wrote \
         nothing of it; or release a version without them.",
    )
    .brief(format!("{} came unreviewed", count(names.len(), "commit")))
}

/// `reviewed`: there are too many.
pub fn reviewed_too_many(total: u64) -> Said {
    Said::new(format!("{total} commits come with it, more than are looked at"))
        .help(format!("Go there in smaller steps; or {ACCEPT}."))
        .brief("too many commits to look at")
}

/// `reviewed`: what comes is not known.
pub fn reviewed_unclear(unclear: &Unclear) -> Said {
    Said::new(format!("which commits come with it is not known, since {}", is_unclear(unclear)))
        .help(format!("Somebody who looked through it accepts that: {ACCEPT}."))
        .brief("which commits come is not known")
}

/// `reviewed`: the source is not asked.
pub fn reviewed_elsewhere(source: &RepoName) -> Said {
    Said::new(format!("{} belongs to another account and is not asked", span(source.as_str())))
        .help(format!("Somebody who looked through it accepts that: {ACCEPT}."))
        .brief("the source belongs to another account")
}

/// `reviewed`: the source does not tell.
pub fn reviewed_unknown(why: &str) -> Said {
    Said::new(format!("how its commits were reviewed cannot be read: {}", span(why)))
        .help("See that the App may read the source; it is looked at again every few minutes.")
        .brief("how its commits were reviewed cannot be read")
}

const ACCEPT: &str = "`/override reviewed REASON`";
