//! The merge box of a pull request: what stands in the way, in GitHub's words, and the buttons.
//! It does not merge: the REST API does, or refuses.

use super::checks::{self, Check, Overall, Tone};
use super::desk::Desk;
use crate::sandbox::model::issue::ReviewState;
use crate::sandbox::model::{Id, Issue, Pull, Repo, Role};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::Actor;

/// What the merge box shows.
pub(super) struct MergeBox {
    /// Tone, headline, explanation.
    pub(super) rows: Vec<(Tone, &'static str, String)>,
    pub(super) overall: Option<Overall>,
    pub(super) checks: Vec<Check>,
    /// The head that the reader has seen: only this one is merged.
    pub(super) head: String,
    pub(super) may_merge: bool,
    /// Why there is no button that works.
    pub(super) why_not: &'static str,
    /// An administrator merges although requirements are not met.
    pub(super) bypass: bool,
    pub(super) may_update: bool,
}

/// Somebody who is bound by every rule.
const ANYONE: Actor = Actor { account: 0, app: Some(0) };

/// The names of the checks that a branch requires.
pub(super) fn required(repo: &Repo, branch: &str) -> Vec<String> {
    let checks = repo.protections.get(branch).and_then(|protection| protection.checks.as_ref());
    let checks = checks.map(|checks| checks.checks.as_slice()).unwrap_or_default();
    checks.iter().map(|check| check.context.clone()).collect()
}

/// The merge box of an open pull request.
pub(super) fn merge_box(
    desk: &Desk<'_>,
    repo: &Repo,
    issue: &Issue,
    pull: &Pull,
) -> Result<MergeBox, Refusal> {
    let checks = checks::of_commit(desk, repo, &pull.head.sha, &required(repo, &pull.base.branch));
    let state = desk.state.mergeability(repo.id, issue.number)?.state;
    let objections = desk.state.merge_objections(ANYONE, repo.id, issue.number)?;
    let mine = desk.state.merge_objections(Actor::person(desk.viewer), repo.id, issue.number)?;
    let writes = desk.role(repo.id) >= Role::Write;
    let possible = !matches!(state, "dirty" | "draft" | "unknown");
    let mut rows: Vec<(Tone, &'static str, String)> =
        review_row(pull, issue.author).into_iter().collect();
    rows.extend(objections.iter().map(|reason| (Tone::Bad, "Merging is blocked", reason.clone())));
    rows.push(conflict_row(state));
    Ok(MergeBox {
        overall: checks::overall(&checks),
        checks,
        rows,
        head: pull.head.sha.clone(),
        may_merge: writes && possible && mine.is_empty(),
        why_not: if writes {
            "The button works as soon as nothing above stands in the way."
        } else {
            "Only those with write access to this repository can merge pull requests."
        },
        bypass: possible && !objections.is_empty() && mine.is_empty(),
        may_update: writes && !desk.state.up_to_date(repo.id, issue.number)?,
    })
}

fn conflict_row(state: &str) -> (Tone, &'static str, String) {
    let (tone, headline, text) = match state {
        "dirty" => (
            Tone::Bad,
            "This branch has conflicts that must be resolved",
            "Both sides changed the same lines. Change them on this branch, or close the pull request.",
        ),
        "draft" => (
            Tone::Mute,
            "This pull request is still a work in progress",
            "Draft pull requests cannot be merged.",
        ),
        "behind" => (
            Tone::Wait,
            "This branch is out-of-date with the base branch",
            "Merge the latest changes from the base branch into this branch.",
        ),
        "unknown" => (
            Tone::Wait,
            "Checking for the ability to merge automatically…",
            "Hang in there while the branch's status is checked.",
        ),
        _ => (
            Tone::Good,
            "This branch has no conflicts with the base branch",
            "Merging can be performed automatically.",
        ),
    };
    (tone, headline, text.to_owned())
}

/// What the newest review of each person says, where it says something.
fn review_row(pull: &Pull, author: Id) -> Option<(Tone, &'static str, String)> {
    let mut newest: Vec<(Id, ReviewState)> = Vec::new();
    for review in pull.reviews.iter().filter(|review| review.author != author) {
        if matches!(
            review.state,
            ReviewState::Approved | ReviewState::ChangesRequested | ReviewState::Dismissed
        ) {
            newest.retain(|(person, _)| *person != review.author);
            newest.push((review.author, review.state));
        }
    }
    let count = |state: ReviewState| newest.iter().filter(|(_, said)| *said == state).count();
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    match (count(ReviewState::ChangesRequested), count(ReviewState::Approved)) {
        (0, 0) => None,
        (0, count) => {
            let text = format!("{count} approving review{}.", plural(count));
            Some((Tone::Good, "Changes approved", text))
        }
        (count, _) => {
            let text = format!("{count} reviewer{} asked for changes.", plural(count));
            Some((Tone::Bad, "Changes requested", text))
        }
    }
}
