//! The checks on a merge queue's group: those of its pull requests in one.

use std::fmt::Write as _;

use super::{check, count};
use crate::domain::group::Member;
use crate::domain::inert::span;
use crate::domain::policy;
use crate::model::ids::{PrNumber, Sha};
use crate::model::read::Conclusion;
use crate::model::write::NewCheck;

/// So many remarks on lines are shown of all together.
const MOST: usize = 200;

fn both(head: &Sha, conclusion: Conclusion, title: &str, summary: &str) -> (NewCheck, NewCheck) {
    let one = |name: &str| {
        let words = (title.to_owned(), summary.to_owned());
        NewCheck::plain(name.to_owned(), head.clone(), conclusion, words)
    };
    (one(check::GATES), one(check::KUSTOMIZE))
}

/// Both checks of a group, of those of its pull requests.
pub fn checks(head: &Sha, members: &[Member]) -> (NewCheck, NewCheck) {
    let gates: Vec<(PrNumber, &NewCheck)> =
        members.iter().map(|member| (member.pr, &member.gates)).collect();
    let kustomize: Vec<(PrNumber, &NewCheck)> =
        members.iter().map(|member| (member.pr, &member.kustomize)).collect();
    (together(check::GATES, head, &gates), together(check::KUSTOMIZE, head, &kustomize))
}

/// The worst counts. What only waits does not pass either: a queue waits for nobody.
fn together(name: &str, head: &Sha, all: &[(PrNumber, &NewCheck)]) -> NewCheck {
    let red = |check: &NewCheck| {
        !matches!(check.conclusion, Some(Conclusion::Success | Conclusion::Neutral))
    };
    let neutral = |check: &NewCheck| check.conclusion == Some(Conclusion::Neutral);
    let worst = all.iter().find(|(_, check)| red(check));
    let (conclusion, title) = match worst {
        Some((pr, check)) => (Conclusion::Failure, format!("#{pr}: {}", check.title)),
        None => {
            let conclusion = if all.iter().any(|(_, check)| neutral(check)) {
                Conclusion::Neutral
            } else {
                Conclusion::Success
            };
            let title = match all {
                [(pr, check)] => format!("#{pr}: {}", check.title),
                _ => format!("{}: all of them passed", count(all.len(), "pull request")),
            };
            (conclusion, title)
        }
    };
    let mut summary = "Each pull request is judged on top of those before it in the queue; what runs, and for how \
                       long, counts as it stood before the group.\n"
        .to_owned();
    for (pr, check) in all {
        let _ = writeln!(summary, "\n### #{pr}: {}\n\n{}", check.title, check.summary);
    }
    let remarks = all.iter().flat_map(|(_, check)| &check.annotations);
    NewCheck {
        annotations: remarks.take(MOST).cloned().collect(),
        ..NewCheck::plain(name.to_owned(), head.clone(), conclusion, (title, summary))
    }
}

/// The group goes to a branch that no environment follows.
pub fn elsewhere(head: &Sha, followed: &str) -> (NewCheck, NewCheck) {
    let summary = format!(
        "Nothing is promoted by this group: it does not go to {}, which the environments follow.",
        span(followed)
    );
    both(head, Conclusion::Success, "Not a promotion", &summary)
}

/// It cannot be judged.
pub fn unknown(head: &Sha, why: &str) -> (NewCheck, NewCheck) {
    let summary = format!(
        "Something that it rests on is not known, and what is not known is not passed: {}",
        span(why)
    );
    both(head, Conclusion::Failure, "It cannot be judged", &summary)
}

/// One of its pull requests cannot pass as it is.
pub fn shut(head: &Sha, why: &str) -> (NewCheck, NewCheck) {
    both(head, Conclusion::Failure, "It cannot be merged in this group", why)
}

/// It is not open any more.
pub fn not_open(pr: PrNumber) -> String {
    format!("#{pr} is not open any more.")
}

/// The group holds something else.
pub fn other_tree(pr: PrNumber) -> String {
    format!(
        "What the group holds is not what #{pr} makes of what it is put on. Bring #{pr} up to date with the \
         default branch and put it into the queue again."
    )
}

/// The rules change before it.
pub fn other_rules(before: PrNumber) -> String {
    format!(
        "#{before} stands before it in the group and changes `{}`: it has to be judged by the new rules. Put it \
         into the queue again once #{before} is merged.",
        policy::PATH
    )
}
