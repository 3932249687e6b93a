//! A deployment that waits for a protection rule of ours gets the verdict that the pull request has that brings its
//! commit, so that a job and a pull request never disagree.
//!
//! What waits for time or for a person is left waiting, and is decided when that turns.

use jiff::SignedDuration;

use super::acts::Acts;
use super::configuration::Configuration;
use super::decision::{Decision, Effect, Verdict};
use super::evaluate::{Assessment, assess, changed_rules, policy_for, without_policy};
use super::evidence;
use super::facts::{Facts, Gap};
use super::gates::Outcome;
use super::ground::Ground;
use super::look::{Change, Look};
use super::policy::{Environment, Mode};
use super::reply::{protect as say, reason};
use crate::intent::{Deployment, Intent};
use crate::model::ids::{RepoRef, Sha};
use crate::model::read::PullRequest;
use crate::model::write::DeploymentReview;

/// So long it waits at the latest until it is looked at again.
const AGAIN: SignedDuration = SignedDuration::from_mins(5);

/// What is said to it: whether it may go on (`None`: it has to wait), and why.
struct Word {
    approved: Option<bool>,
    comment: String,
}

/// Decides [`Intent::Protect`]. `said`: what was said to it last while it has to wait.
pub(super) fn protect(
    facts: &Facts,
    repo: &RepoRef,
    deployment: &Deployment,
    said: Option<&str>,
) -> Result<Decision, Gap> {
    let ground = match Ground::read(facts, repo)? {
        Ok(ground) => ground,
        Err(reason) => return Ok(Decision::nothing(reason)),
    };
    let word = match word(facts, &ground, deployment) {
        Err(Gap::Unknown(why)) => Word { approved: None, comment: say::unknown(&why) },
        known => known?,
    };
    let mut effects = Vec::new();
    // What waits is told once why, and again when that changes.
    if word.approved.is_some() || said != Some(word.comment.as_str()) {
        effects.push(Effect::ReviewDeployment(DeploymentReview {
            run: deployment.run,
            environment: deployment.environment.clone(),
            approved: word.approved,
            comment: word.comment.clone(),
        }));
    }
    if word.approved.is_none() {
        let intent = Intent::Protect {
            repo: repo.clone(),
            deployment: deployment.clone(),
            said: Some(word.comment),
        };
        let at = facts.now.checked_add(AGAIN).unwrap_or(facts.now);
        effects.push(Effect::ComeAgain { intent: Box::new(intent), at });
    }
    let verdict = match word.approved {
        Some(true) => Verdict::Accepted,
        _ => Verdict::Refused,
    };
    let reasons = vec![reason::deployment(deployment.run, word.approved)];
    Ok(Decision { verdict, reasons, effects })
}

fn word(facts: &Facts, ground: &Ground<'_>, deployment: &Deployment) -> Result<Word, Gap> {
    let policy = match &ground.configuration {
        Configuration::Valid(policy, _) => policy,
        Configuration::Absent => return Ok(rejected(say::no_configuration())),
        Configuration::Invalid(problems) => {
            return Ok(Word { approved: None, comment: say::invalid(problems.len()) });
        }
    };
    let named =
        |one: &&Environment| one.name().as_str().eq_ignore_ascii_case(&deployment.environment);
    let Some(environment) = policy.environments().iter().find(named) else {
        return Ok(rejected(say::no_environment(&deployment.environment, policy.environments())));
    };
    let branch = &ground.home.default_branch;
    let mut open = facts.open_pulls(ground.repo)?.iter();
    let here = |pull: &&PullRequest| pull.head.sha == deployment.sha && pull.base.branch == *branch;
    if let Some(pull) = open.find(here) {
        return of_pull(facts, ground, environment, pull);
    }
    of_the_past(facts, ground, environment, &deployment.sha)
}

/// The verdict of an open pull request, as it stands. It is one on the environments that it changes; into others
/// nobody has let it.
fn of_pull(
    facts: &Facts,
    ground: &Ground<'_>,
    environment: &Environment,
    pull: &PullRequest,
) -> Result<Word, Gap> {
    let change = Change::read(facts, ground, pull)?;
    let rules = changed_rules(facts, ground, &change.merged)?;
    let assessment = match policy_for(facts, ground, rules.as_ref())? {
        Some(policy) => {
            let look = Look::at(facts, ground, &policy, &change)?;
            let changed =
                look.touches.iter().any(|touch| touch.environment.name() == environment.name());
            if policy.mode() == Mode::Enforce && !changed {
                return Ok(rejected(say::changes_nothing(pull.number, environment)));
            }
            assess(facts, &look, rules.as_ref())?
        }
        None => without_policy(ground, &change.merged),
    };
    let observed = matches!(assessment, Assessment::Judged { mode: Mode::Observe, .. });
    let failed = assessment.gates().iter().any(|gate| gate.outcome == Outcome::Failed);
    let approved = match assessment.blocks() {
        false => Some(true),
        true if observed => Some(true),
        true if failed => Some(false),
        true => None,
    };
    let comment = say::of_pull(pull.number, &assessment, observed);
    Ok(Word { approved, comment })
}

/// A commit that has been merged stands by the verdict that it was merged with, unless its environment has been
/// stopped since.
fn of_the_past(
    facts: &Facts,
    ground: &Ground<'_>,
    environment: &Environment,
    sha: &Sha,
) -> Result<Word, Gap> {
    let branch = &ground.home.default_branch;
    let brought = |pull: &&PullRequest| {
        pull.merged
            && pull.base.branch == *branch
            && (pull.landed.as_ref() == Some(sha) || pull.head.sha == *sha)
    };
    let Some(pull) = facts.pulls_of_commit(ground.repo, sha)?.iter().find(brought) else {
        return Ok(rejected(say::no_pull(sha)));
    };
    match evidence::last_verdict(facts, ground.repo, pull)? {
        Some(last) if last.verdict.lets_through() || !last.binds => {}
        Some(_) => return Ok(rejected(say::not_let_through(pull.number))),
        None => return Ok(rejected(say::never_judged(pull.number))),
    }
    let acts = Acts::read(facts, ground.repo)?;
    if let Some(lock) = acts.locks(environment.name()).first() {
        return Ok(Word { approved: None, comment: say::locked(lock, environment) });
    }
    Ok(Word { approved: Some(true), comment: say::let_through(pull.number) })
}

fn rejected(comment: String) -> Word {
    Word { approved: Some(false), comment }
}
