//! How a version came into an environment: by which commit of the default branch, and when.
//!
//! The record of what runs is asked first; where it does not know, the history of the overlays does. It does not
//! say whether the version may go on.

use jiff::Timestamp;

use super::back::common;
use super::facts::{Facts, Gap, Ran};
use super::ground::Ground;
use super::look::is_our_pull;
use super::overlay::overlays;
use super::policy::{Application, Environment};
use super::promotion::{Promised, Promotion};
use crate::model::ids::Sha;
use crate::model::read::PullRequest;

/// When and by what a version came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Arrival {
    /// The commit of the default branch.
    pub sha: Sha,
    /// When it got there; none where nobody can say.
    pub at: Option<Timestamp>,
}

/// How the present stay of a version began, or of one that was replaced the last stay: since when every entry
/// of these names carries these tags, or digests. None where it never was there.
pub(super) fn arrival(
    facts: &Facts,
    ground: &Ground<'_>,
    place: (&Environment, &Application),
    wanted: &[(&str, Option<&str>)],
) -> Result<Option<Arrival>, Gap> {
    // An entry without either says nothing of what it runs.
    if wanted.is_empty() || wanted.iter().any(|(_, tag)| tag.is_none()) {
        return Ok(None);
    }
    let ran = facts.ran(ground.repo, place.0.name(), place.1.name())?;
    let seen = stay(ran, wanted);
    if let Some(seen) = seen
        && let Some(pull) = merged_as(facts, ground, &seen.sha, |pull| {
            let into = Promotion::environment_of_branch(&pull.head.branch);
            pull.landed.as_ref() == Some(&seen.sha) && into == Some(place.0.name().as_str())
        })?
        && is_our_pull(pull, facts.identity()?)
    {
        return Ok(Some(Arrival { sha: seen.sha.clone(), at: pull.merged_at }));
    }
    let Some(commit) = from_history(facts, ground, place, wanted)? else {
        return Ok(None);
    };
    let branch = &ground.home.default_branch;
    let landed = merged_as(facts, ground, &commit, |pull| pull.base.branch == *branch)?;
    Ok(Some(match landed {
        Some(pull) => Arrival { sha: pull.landed.clone().unwrap_or(commit), at: pull.merged_at },
        // It was pushed; when, only who saw it knows.
        None => Arrival { sha: commit, at: seen.map(|seen| seen.since) },
    }))
}

/// Where the last stay began, by the record.
fn stay<'a>(ran: &'a [Ran], wanted: &[(&str, Option<&str>)]) -> Option<&'a Ran> {
    let holds = |run: &Ran| match &run.entries {
        Some(entries) => carries(entries, wanted),
        None => wanted.iter().all(|(_, tag)| *tag == Some(run.tag.as_str())),
    };
    let last = ran.iter().rposition(holds)?;
    ran[..=last].iter().rev().take_while(|run| holds(run)).last()
}

/// Whether every entry of these names carries these tags. No digest can be taken for a tag.
fn carries(entries: &[Promised], wanted: &[(&str, Option<&str>)]) -> bool {
    wanted.iter().all(|(name, tag)| {
        let mut named = entries.iter().filter(|entry| entry.name == *name).peekable();
        let is = |entry: &Promised| {
            [&entry.new_tag, &entry.digest].into_iter().any(|it| it.as_deref() == *tag)
        };
        named.peek().is_some() && named.all(is)
    })
}

/// The merged pull request that a commit came by.
fn merged_as<'a>(
    facts: &'a Facts,
    ground: &Ground<'_>,
    commit: &Sha,
    is: impl Fn(&PullRequest) -> bool,
) -> Result<Option<&'a PullRequest>, Gap> {
    let mut pulls = facts.pulls_of_commit(ground.repo, commit)?.iter();
    Ok(pulls.find(|pull| pull.merged && is(pull)))
}

/// The commit with which the last stay began, by the history of the overlays.
fn from_history(
    facts: &Facts,
    ground: &Ground<'_>,
    (environment, application): (&Environment, &Application),
    wanted: &[(&str, Option<&str>)],
) -> Result<Option<Sha>, Gap> {
    let folders = environment.targets_for(application.name());
    let folders: Vec<&str> = folders.iter().map(|(_, folder)| folder.as_str()).collect();
    let mut began = None;
    for commit in facts.commits_of(ground.repo, &ground.head.sha, &common(&folders))? {
        let tree = facts.tree(ground.repo, &commit.tree)?;
        let found = overlays(facts, ground.repo, tree, environment, application)?;
        let there = found.is_ok_and(|found| carries(&super::back::state(&found), wanted));
        match (there, &began) {
            (true, _) => began = Some(commit.sha.clone()),
            (false, Some(_)) => break,
            (false, None) => {}
        }
    }
    Ok(began)
}
