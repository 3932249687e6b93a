//! A repository's configuration is read again: whom it follows, what runs where, what has to be looked at.

use super::back::state;
use super::configuration::Configuration;
use super::decision::{Decision, Effect, Verdict};
use super::facts::{Facts, Gap};
use super::ground::Ground;
use super::look::is_our_pull;
use super::overlay::overlays;
use super::policy::Policy;
use super::reply::reason;
use crate::intent::{Intent, Reach, Trigger};
use crate::model::files::GitTree;
use crate::model::ids::{InstallationId, RepoRef, Sha};

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
    let (tree, head) = (ground.tree, ground.head);
    let (mut effects, reason) = match &ground.configuration {
        Configuration::Absent => (
            vec![Effect::RememberFollows { sources: Vec::new(), config: None }],
            reason::config_absent(),
        ),
        // What was followed before stays followed, so that releases are answered with what is wrong.
        Configuration::Invalid(problems) => (Vec::new(), reason::config_invalid(problems.len())),
        Configuration::Valid(policy, sha) => (
            remember(facts, repo, policy, (tree, &head.sha), sha.clone())?,
            reason::config_read(policy.applications().len()),
        ),
    };
    let identity = facts.identity()?;
    // What the rules are bears on every pull request.
    let everything = match &ground.configuration {
        Configuration::Valid(_, sha) => facts.last_config(repo)?.as_ref() != Some(sha),
        Configuration::Absent => facts.last_config(repo)?.is_some(),
        Configuration::Invalid(_) => false,
    };
    for pull in facts.open_pulls(repo)? {
        if everything || reach == Reach::Everything || is_our_pull(pull, identity) {
            effects.push(Effect::Enqueue(Intent::Evaluate { repo: repo.clone(), pr: pull.number }));
        }
    }
    Ok(Decision { verdict: Verdict::Accepted, reasons: vec![reason], effects })
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
    repo: &RepoRef,
    policy: &Policy,
    (tree, head): (&GitTree, &Sha),
    config: Sha,
) -> Result<Vec<Effect>, Gap> {
    let mut sources: Vec<_> =
        policy.applications().iter().map(|application| application.source().clone()).collect();
    sources.sort();
    sources.dedup();
    let mut effects = vec![Effect::RememberFollows { sources, config: Some(config) }];
    for environment in policy.environments() {
        for application in policy.applications() {
            // An overlay that cannot be read runs nothing that could be remembered; promoting to it says why.
            let Ok(found) = overlays(facts, repo, tree, environment, application)? else {
                continue;
            };
            effects.push(Effect::RememberRunning {
                environment: environment.name().clone(),
                application: application.name().clone(),
                tag: found.running().unwrap_or_default().to_owned(),
                entries: state(&found),
                at: head.clone(),
            });
        }
    }
    effects.push(Effect::Enqueue(Intent::Promote { repo: repo.clone(), trigger: Trigger::State }));
    Ok(effects)
}
