//! `reviewed`: every commit that comes was merged by a pull request of the source that somebody else approved.

use std::collections::BTreeMap;

use super::{Gate, Outcome};
use crate::domain::between::{Brought, Unclear, brought};
use crate::domain::classify::Effect;
use crate::domain::facts::{Facts, Gap};
use crate::domain::hands::Authors;
use crate::domain::look::Look;
use crate::domain::policy::{Application, Trigger};
use crate::domain::reply::{Said, gate};
use crate::model::ids::{PrNumber, RepoRef, Sha, UserId};
use crate::model::read::{Access, Commit, ReviewState, Reviewed, ReviewedPull};

/// The account in whose name GitHub itself merges.
const WEB_FLOW: &str = "web-flow";

/// Judges what comes by the reviews of the source's pull requests; no gate where nobody asks for it.
pub(super) fn judge(
    facts: &Facts,
    look: &Look<'_>,
    touch: &Effect<'_>,
) -> Result<Option<Gate>, Gap> {
    if !touch.environment.gates().reviewed {
        return Ok(None);
    }
    let mut worst: Option<(Outcome, Said)> = None;
    let mut commits = 0;
    if touch.moving.is_empty() {
        worst = Some((Outcome::Failed, gate::nothing_readable()));
    }
    for moving in &touch.moving {
        for one in brought(facts, look, moving)? {
            let judged = match in_source(facts, moving.application, one) {
                Ok(Ok(many)) => {
                    commits += many;
                    continue;
                }
                Ok(Err(judged)) => judged,
                // What cannot be read may be there in a while.
                Err(Gap::Unknown(why)) => (Outcome::Waiting, gate::reviewed_unknown(&why)),
                Err(gap) => return Err(gap),
            };
            if worst.as_ref().is_none_or(|(outcome, _)| judged.0 > *outcome) {
                worst = Some(judged);
            }
        }
    }
    let (outcome, said) = worst.unwrap_or_else(|| (Outcome::Passed, gate::all_reviewed(commits)));
    Ok(Some(Gate::new("reviewed", touch, outcome, said)))
}

/// How many commits come, all of them reviewed; or how the gate stands.
fn in_source(
    facts: &Facts,
    application: &Application,
    brought: Brought<'_>,
) -> Result<Result<usize, (Outcome, Said)>, Gap> {
    let (source, running, coming, tag) = match brought {
        Brought::Between { source, running, coming, tag } => (source, running, coming, tag),
        Brought::Elsewhere(source) => {
            return Ok(Err((Outcome::Needs, gate::reviewed_elsewhere(&source))));
        }
        Brought::Unclear(Unclear::Unreadable(why)) => return Err(Gap::Unknown(why)),
        Brought::Unclear(unclear) => {
            return Ok(Err((Outcome::Needs, gate::reviewed_unclear(&unclear))));
        }
    };
    let found = facts.reviewed(source, &running, &coming)?;
    if found.total > found.commits.len() as u64 {
        return Ok(Err((Outcome::Failed, gate::reviewed_too_many(found.total))));
    }
    let Some(home) = facts.repository(source)? else {
        return Err(Gap::Unknown(format!("{} is not there", source.name)));
    };
    let mut branches = vec![home.default_branch.clone()];
    branches.extend(released_from(facts, (source, application), &tag)?);
    let judged = Source { facts, source, branches, found };
    let mut strangers = Vec::new();
    for one in &found.commits {
        if !judged.is_reviewed(&one.commit, &one.pulls)? {
            strangers.push(&one.commit);
        }
    }
    if strangers.is_empty() {
        return Ok(Ok(found.commits.len()));
    }
    Ok(Err((Outcome::Failed, gate::not_reviewed(&strangers))))
}

/// The branches besides the default one that a version may come from.
fn released_from(
    facts: &Facts,
    (source, application): (&RepoRef, &Application),
    tag: &str,
) -> Result<Option<String>, Gap> {
    if let Trigger::Branch(branch) = application.trigger() {
        return Ok(Some(branch.clone()));
    }
    let listed = facts.releases(source)?.iter().find(|release| release.tag == tag);
    let release = match listed {
        Some(release) => Some(release),
        None => facts.release(source, tag)?.as_ref(),
    };
    Ok(release.and_then(|release| release.branch.clone()))
}

struct Source<'a> {
    facts: &'a Facts,
    source: &'a RepoRef,
    branches: Vec<String>,
    found: &'a Reviewed,
}

impl Source<'_> {
    /// Whether one of the pull requests that a commit came by was approved by somebody else; by two, where
    /// its author has no name.
    fn is_reviewed(&self, commit: &Commit, pulls: &[PrNumber]) -> Result<bool, Gap> {
        let pulls = self.found.pulls.iter().filter(|pull| pulls.contains(&pull.number));
        for pull in pulls.filter(|pull| self.branches.contains(&pull.base)) {
            let authors = if is_merge_by_github(commit, pull) {
                Authors::default()
            } else {
                Authors::of(commit)
            };
            let needed = if authors.unnamed { 2 } else { 1 };
            if self.approvers(pull, &authors.named)? >= needed {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// How many people who may push approved a pull request that is not theirs.
    fn approvers(&self, pull: &ReviewedPull, authors: &[UserId]) -> Result<usize, Gap> {
        let mut last = BTreeMap::new();
        for review in &pull.reviews {
            if !matches!(review.state, ReviewState::Commented | ReviewState::Pending) {
                last.insert(review.author.id, review);
            }
        }
        let mut approvers = 0;
        for review in last.into_values().filter(|review| review.state == ReviewState::Approved) {
            let who = &review.author;
            let own = who.bot || who.id == pull.author.id || authors.contains(&who.id);
            if !own && *self.facts.access(self.source, &who.login)? >= Access::Write {
                approvers += 1;
            }
        }
        Ok(approvers)
    }
}

/// Whether GitHub itself made the commit when somebody had the pull request merged: that person wrote
/// nothing of it.
fn is_merge_by_github(commit: &Commit, pull: &ReviewedPull) -> bool {
    let landed: Option<&Sha> = pull.landed.as_ref();
    landed == Some(&commit.sha)
        && commit.parents.len() > 1
        && commit.verified
        && commit.committer.as_ref().is_some_and(|one| one.login.as_str() == WEB_FLOW)
}
