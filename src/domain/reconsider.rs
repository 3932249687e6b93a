//! What a promotion rests on outside of its pull request may have changed: who rests on it is judged again.
//!
//! It does not ask what has changed: judging reads the state itself. What a lost event leaves behind, the sweep
//! puts right.

use std::collections::BTreeSet;

use super::decision::{Decision, Effect, Verdict};
use super::facts::{Facts, Gap};
use super::ground::Ground;
use super::policy::{Environment, Policy};
use super::promotion::Promotion;
use super::reply::reason;
use super::supersede::open;
use crate::intent::{Basis, Intent};
use crate::model::ids::{PrNumber, RepoRef, Sha};

/// Decides [`Intent::Reconsider`].
pub(super) fn reconsider(
    facts: &Facts,
    repo: &RepoRef,
    source: &RepoRef,
    what: &Basis,
) -> Result<Decision, Gap> {
    let ground = match Ground::read(facts, repo)? {
        Ok(ground) => ground,
        Err(reason) => return Ok(Decision::nothing(reason)),
    };
    let Some(policy) = ground.policy() else {
        return Ok(Decision::nothing(reason::config_absent()));
    };
    let pulls = match what {
        Basis::Reports { sha, .. } => resting(facts, &ground, policy, (source, sha))?,
        Basis::Version { tag } => of_version(facts, &ground, policy, (source, tag))?,
    };
    if pulls.is_empty() {
        return Ok(Decision::nothing(reason::nothing_rests_on_it()));
    }
    let reasons = vec![reason::reconsidered(pulls.len())];
    let evaluate = |pr| Effect::Enqueue(Intent::Evaluate { repo: repo.clone(), pr });
    let effects = pulls.into_iter().map(evaluate).collect();
    Ok(Decision { verdict: Verdict::Accepted, reasons, effects })
}

/// The pull requests that may rest on what is reported on a commit: its own, where its checks are asked for;
/// promotions of the release that it is; and those that wait for what is verified in the environment before,
/// where it may have come by a merge.
fn resting(
    facts: &Facts,
    ground: &Ground<'_>,
    policy: &Policy,
    (source, sha): (&RepoRef, &Sha),
) -> Result<BTreeSet<PrNumber>, Gap> {
    let environments = policy.environments();
    let checks = environments.iter().any(|one| !one.gates().checks.is_empty());
    let mut pulls = BTreeSet::new();
    if !checks && !environments.iter().any(|one| asks_release(one) || asks_verified(one)) {
        return Ok(pulls);
    }
    let here = source.id == ground.repo.id;
    let mut at_head = false;
    if here {
        for pull in facts.open_pulls(ground.repo)? {
            if pull.head.sha == *sha {
                at_head = true;
                if checks {
                    pulls.insert(pull.number);
                }
            }
        }
    }
    for environment in environments {
        let verified = asks_verified(environment) && here && !at_head;
        if !verified && !asks_release(environment) {
            continue;
        }
        for (pull, promotion) in open(facts, ground, environment.name().as_str())? {
            if verified || promotion.commit.as_ref() == Some(sha) {
                pulls.insert(pull.number);
            }
        }
    }
    Ok(pulls)
}

fn asks_release(environment: &Environment) -> bool {
    !environment.gates().release.is_empty()
}

fn asks_verified(environment: &Environment) -> bool {
    !environment.gates().verified.is_empty()
}

/// The open promotions of a version.
fn of_version(
    facts: &Facts,
    ground: &Ground<'_>,
    policy: &Policy,
    (source, tag): (&RepoRef, &str),
) -> Result<BTreeSet<PrNumber>, Gap> {
    let mut pulls = BTreeSet::new();
    for environment in policy.environments() {
        for (pull, promotion) in open(facts, ground, environment.name().as_str())? {
            if promotion.version == tag && is_from(facts, &promotion, source)? {
                pulls.insert(pull.number);
            }
        }
    }
    Ok(pulls)
}

/// Whether a promotion comes from that source, which may have been renamed since.
fn is_from(facts: &Facts, promotion: &Promotion, source: &RepoRef) -> Result<bool, Gap> {
    if promotion.source.as_str().eq_ignore_ascii_case(source.name.as_str()) {
        return Ok(true);
    }
    let known = facts.source(&promotion.source)?;
    Ok(known.as_ref().is_some_and(|known| known.id == source.id))
}
