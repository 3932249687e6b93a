//! Who has a hand in a pull request, in words; and those with a hand in it whom nobody can name.
//!
//! Foreign text comes in as it is and leaves inert.

use super::super::{Said, both, count, people, people_plain};
use crate::domain::between::Unclear;
use crate::domain::hands::{Hand, Unnamed};
use crate::domain::inert::{plain, span};
use crate::domain::policy::{Approval, Principal, Reviews, Role};
use crate::model::read::Account;

/// So many commits are named.
pub(super) const MOST_COMMITS: usize = 10;

/// What somebody has to do with it, to follow "that person".
pub fn has(hand: Hand) -> &'static str {
    match hand {
        Hand::Asked => "asked for this promotion",
        Hand::Opened => "opened this pull request",
        Hand::Committed => "has commits in it",
        Hand::Released => "published the release",
        Hand::Wrote => "has commits in the release",
    }
}

/// Nobody can say who has a hand in it.
pub fn hands_unknown(why: &str) -> Said {
    Said::new(format!("who has a hand in it cannot be read: {}", span(why)))
        .help("See that the App may read the source; it is looked at again every few minutes.")
}

/// It stands, since one more approves than is asked for.
pub fn one_more(said: &Said, unnamed: &[Unnamed], who: &Account) -> Said {
    let who = span(who.login.as_str());
    Said::new(format!("{} · {}; {who} approves as one more", said.sentence, nameless(unnamed)))
}

/// The same, and one more approver is needed where somebody with a hand in it has no name.
pub fn with_unnamed(said: Said, unnamed: &[Unnamed], approvals: &[Approval]) -> Said {
    let mut by: Vec<Principal> = Vec::new();
    for principal in approvals.iter().flat_map(|approval| &approval.by) {
        if !by.contains(principal) {
            by.push(principal.clone());
        }
    }
    let label = approvals.first().map_or("LABEL", |approval| approval.label.as_str());
    let how = format!("says `/approve {label}`, or approves this commit by review");
    needs_one_more(said, unnamed, (&by, &how))
}

/// The same where reviews are asked for.
pub fn reviews_with_unnamed(said: Said, unnamed: &[Unnamed], reviews: &Reviews) -> Said {
    needs_one_more(said, unnamed, (&reviewers(reviews), "approves this commit by review"))
}

/// Whose reviews count.
pub(super) fn reviewers(reviews: &Reviews) -> Vec<Principal> {
    if reviews.by.is_empty() { vec![Principal::Role(Role::Write)] } else { reviews.by.clone() }
}

fn needs_one_more(said: Said, unnamed: &[Unnamed], (by, how): (&[Principal], &str)) -> Said {
    if unnamed.is_empty() {
        return said;
    }
    let more = format!(
        "Because of {}, one more person than asked for has to approve, without a hand in it: one more of {} {how}.",
        if unnamed.len() == 1 { "that" } else { "those" },
        people(by)
    );
    let help = said.help.map_or_else(|| more.clone(), |help| format!("{help} {more}"));
    let brief = said.brief;
    let brief = brief.unwrap_or_else(|| format!("needs one more approver of {}", people_plain(by)));
    Said::new(format!("{} · {}", said.sentence, nameless(unnamed))).help(help).brief(brief)
}

/// What has no name: "GitHub does not name all authors of commits `1a2b3c4`, …".
fn nameless(unnamed: &[Unnamed]) -> String {
    let mut commits = Vec::new();
    let mut parts = Vec::new();
    for one in unnamed {
        match one {
            Unnamed::Author(sha) => commits.push(format!("`{}`", plain(sha.short()))),
            Unnamed::TooMany(total) => {
                parts.push(format!("not all authors of {} are looked at", count_of(*total)));
            }
            Unnamed::Release(unclear) => {
                parts.push(format!(
                    "who wrote the release is not known, since {}",
                    is_unclear(unclear)
                ));
            }
        }
    }
    if !commits.is_empty() {
        let noun = if commits.len() == 1 { "commit" } else { "commits" };
        parts.insert(
            0,
            format!("GitHub does not name all authors of {noun} {}", first_of(&commits)),
        );
    }
    parts.join("; ")
}

fn count_of(total: u64) -> String {
    usize::try_from(total).map_or_else(|_| "its commits".to_owned(), |total| count(total, "commit"))
}

/// The first few of them, and how many more there are.
pub(super) fn first_of(names: &[String]) -> String {
    let more = names.len().saturating_sub(MOST_COMMITS);
    if more == 0 {
        return both(names);
    }
    let shown: Vec<&str> = names.iter().take(MOST_COMMITS).map(String::as_str).collect();
    format!("{} and {more} more", shown.join(", "))
}

/// Why it cannot be told what a version brings, to follow "since".
pub(super) fn is_unclear(unclear: &Unclear) -> String {
    match unclear {
        Unclear::NotInstalled(source) => {
            format!("the App is not installed in {}", span(source.as_str()))
        }
        Unclear::NothingRan(image) => format!("nothing ran here before {}", span(image)),
        Unclear::NoTag(image) => format!("{} has no tag of its own", span(image)),
        Unclear::NoVersion(tag) => format!("the source has no version for {}", span(tag)),
        Unclear::Unreadable(why) => format!("the source cannot be read: {}", span(why)),
    }
}
