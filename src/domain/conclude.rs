//! A pull request was closed: our branch goes, and what was merged may bring the next environment forward.

use super::decision::{Decision, Effect, Verdict};
use super::evaluate::is_our_pull;
use super::facts::{Facts, Gap};
use super::reply::reason;
use crate::intent::{Intent, Reach};
use crate::model::ids::{PrNumber, RepoRef};

/// Decides [`Intent::Conclude`].
pub(super) fn conclude(facts: &Facts, repo: &RepoRef, pr: PrNumber) -> Result<Decision, Gap> {
    let Some(pull) = facts.pull(repo, &pr)?.as_ref().filter(|pull| !pull.open) else {
        return Ok(Decision::nothing(reason::pull_open(pr)));
    };
    let mut effects = Vec::new();
    if is_our_pull(pull, facts.identity()?)
        && facts
            .head(repo, &pull.head.branch)?
            .as_ref()
            .is_some_and(|head| head.sha == pull.head.sha)
    {
        effects.push(Effect::DeleteBranch {
            branch: pull.head.branch.clone(),
            at: pull.head.sha.clone(),
        });
    }
    if pull.merged {
        let follow = Intent::Follow { repo: repo.clone(), reach: Reach::Promotions };
        effects.push(Effect::Enqueue(follow));
    }
    Ok(Decision {
        verdict: Verdict::Accepted,
        reasons: vec![reason::pull_concluded(pull)],
        effects,
    })
}
