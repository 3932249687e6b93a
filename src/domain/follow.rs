//! A repository's configuration is read again: whom it follows, what runs where, what has to be looked at.

use super::configuration::Configuration;
use super::decision::{Decision, Effect, Verdict};
use super::drift;
use super::facts::{Facts, Gap};
use super::gates;
use super::ground::Ground;
use super::live::{self, live};
use super::look::is_our_pull;
use super::overlay::overlays;
use super::policy::Policy;
use super::reply::reason;
use super::restore;
use super::running;
use super::unneeded;
use crate::intent::{Intent, Reach, Trigger};
use crate::model::ids::{InstallationId, RepoRef, Sha};
use crate::model::read::PullRequest;

/// Decides [`Intent::Follow`].
pub(super) fn follow(facts: &Facts, repo: &RepoRef, reach: Reach) -> Result<Decision, Gap> {
    if facts.live(repo)?.is_none() {
        return Ok(Decision {
            verdict: Verdict::Accepted,
            reasons: vec![reason::repository_gone()],
            effects: vec![Effect::ForgetRepository(repo.clone())],
        });
    }
    let ground = match Ground::read(facts, repo)? {
        Ok(ground) => ground,
        Err(reason) => return Ok(Decision::nothing(reason)),
    };
    let (mut effects, reason) = match &ground.configuration {
        Configuration::Absent => (
            vec![Effect::RememberFollows { sources: Vec::new(), config: None }],
            reason::config_absent(),
        ),
        // What was followed before stays followed, so that releases are answered with what is wrong.
        Configuration::Invalid(problems) => (Vec::new(), reason::config_invalid(problems.len())),
        Configuration::Valid(policy, sha) => (
            remember(facts, &ground, policy, sha.clone())?,
            reason::config_read(policy.applications().len()),
        ),
    };
    effects.extend(restore::go_on(facts, repo, None)?);
    // What the rules are bears on every pull request.
    let everything = match &ground.configuration {
        Configuration::Valid(_, sha) => facts.last_config(repo)?.as_ref() != Some(sha),
        Configuration::Absent => facts.last_config(repo)?.is_some(),
        Configuration::Invalid(_) => false,
    };
    for pull in facts.open_pulls(repo)? {
        if everything || reach == Reach::Everything || is_promotion(facts, ground.repo, pull)? {
            effects.push(Effect::Enqueue(Intent::Evaluate { repo: repo.clone(), pr: pull.number }));
        }
    }
    if reach == Reach::Everything {
        effects.extend(conclude_lost(facts, repo)?);
    }
    Ok(Decision { verdict: Verdict::Accepted, reasons: vec![reason], effects })
}

/// The end of pull requests that stand open in the record and are not: that they were closed was never told here.
fn conclude_lost(facts: &Facts, repo: &RepoRef) -> Result<Vec<Effect>, Gap> {
    let open = facts.open_pulls(repo)?;
    let lost = facts.unended(repo)?.iter().filter(|pr| open.iter().all(|one| one.number != **pr));
    Ok(lost.map(|pr| Effect::Enqueue(Intent::Conclude { repo: repo.clone(), pr: *pr })).collect())
}

/// Whether a pull request promotes, whoever made it: what is merged elsewhere bears on it.
fn is_promotion(facts: &Facts, repo: &RepoRef, pull: &PullRequest) -> Result<bool, Gap> {
    let judged = || facts.judged(repo, &pull.number);
    Ok(is_our_pull(pull, facts.identity()?)
        || judged()?.as_ref().is_some_and(|judged| !judged.changes.is_empty()))
}

/// Decides [`Intent::Survey`]: every repository of the installation is looked at.
pub(super) fn survey(facts: &Facts, installation: InstallationId) -> Result<Decision, Gap> {
    let repositories = facts.repositories(&installation)?;
    let effects = repositories
        .iter()
        .filter(|repository| !repository.archived)
        .map(|repository| RepoRef {
            id: repository.id,
            name: repository.name.clone(),
            installation,
        })
        .map(|repo| Effect::Enqueue(Intent::Follow { repo, reach: Reach::Everything }))
        .collect();
    let reasons = vec![reason::installation_surveyed(repositories.len())];
    Ok(Decision { verdict: Verdict::Accepted, reasons, effects })
}

fn remember(
    facts: &Facts,
    ground: &Ground<'_>,
    policy: &Policy,
    config: Sha,
) -> Result<Vec<Effect>, Gap> {
    let repo = ground.repo;
    let mut sources: Vec<_> =
        policy.applications().iter().map(|application| application.source().clone()).collect();
    sources.sort();
    sources.dedup();
    let mut effects = vec![Effect::RememberFollows { sources, config: Some(config) }];
    for environment in policy.environments() {
        for application in policy.applications() {
            let found = overlays(facts, ground.repo, ground.tree, environment, application)?;
            let Ok(found) = found else { continue };
            let live = live(facts, ground, (environment, application), &found)?;
            // What is not synced and healthy does not run yet; it is looked at again with the next sweep.
            if live::since(&live).is_none() {
                continue;
            }
            // Before it is recorded that it runs: what is cut off in between begins anew.
            effects.extend(unneeded::close(
                facts,
                (ground, policy),
                (environment, application),
                &found,
            )?);
            for spell in running::unseen(facts, ground, policy, (environment, application))? {
                effects.push(Effect::RememberRunning {
                    environment: environment.name().clone(),
                    application: application.name().clone(),
                    tag: spell.tag,
                    entries: spell.entries,
                    at: spell.at,
                    since: spell.since,
                    seen: facts.now,
                });
            }
            effects.extend(gates::note_digests(facts, (repo, policy), environment, &found)?);
        }
    }
    let kept = drift::keep_up(facts, ground, policy)?;
    effects.extend(kept.effects);
    effects.extend(drift::issue::tell(facts, ground, policy, &kept.left)?);
    let trigger = Trigger::State;
    effects.push(Effect::Enqueue(Intent::Promote { repo: ground.repo.clone(), trigger }));
    Ok(effects)
}
