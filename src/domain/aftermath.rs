//! What follows the merge of a way back, besides what binds: it is recorded with how long it took, and told where what
//! it left had come from: on the pull request that brought it, and on the version's own commit.
//!
//! What a way back leaves behind as bad, and the hold, are `conclude`'s.

use std::collections::BTreeSet;

use super::arrival::arrival;
use super::candidate;
use super::command::press::is_of_a_press;
use super::decision::Effect;
use super::evidence;
use super::facts::{Facts, Gap};
use super::ground::Ground;
use super::overlay::{Carried, overlays};
use super::plan::within;
use super::policy::{Application, Policy};
use super::promotion::{Back, Promotion};
use super::reply::aftermath as say;
use crate::model::evidence::{Brought, WentBack};
use crate::model::ids::{ImageTag, PrNumber, RepoRef, Sha};
use crate::model::read::PullRequest;

/// So many versions that were left are followed back to where they came from.
const MOST_LEFT: usize = 5;

/// What a merged way back left, and when; none where it is no way back.
pub(super) fn went_back(
    facts: &Facts,
    repo: &RepoRef,
    pull: &PullRequest,
    promotion: &Promotion,
) -> Result<Option<WentBack>, Gap> {
    let Some(back) = &promotion.back else { return Ok(None) };
    let brought = brought(facts, repo, pull, (promotion, back))?;
    let asked = promotion.request.as_ref();
    let comment = match asked {
        // What was said in another repository is not found here.
        Some(request) if !is_of_a_press(request.comment) => {
            facts.comment(repo, &request.comment)?.as_ref().filter(|comment| {
                comment.author.id == request.id && Some(comment.written_at) <= pull.merged_at
            })
        }
        _ => None,
    };
    Ok(Some(WentBack {
        application: promotion.application.clone(),
        environment: promotion.environment.clone(),
        version: promotion.version.clone(),
        leaves: back.leaves.clone(),
        brought: brought
            .into_iter()
            .map(|one| Brought { pr: one.number, merged_at: one.merged_at })
            .collect(),
        asked_by: asked.map(|request| request.by.clone()),
        asked_at: comment.map(|comment| comment.written_at),
        reason: back.reason.clone(),
        merged_by: pull.merged_by.as_ref().map(|by| by.login.clone()),
        merged_at: pull.merged_at,
    }))
}

/// The record of it, and who is told. `whole`: whether nothing stands any more of what it undoes.
pub(super) fn follows(
    facts: &Facts,
    repo: &RepoRef,
    pull: &PullRequest,
    (promotion, went, whole): (&Promotion, &WentBack, bool),
) -> Result<Vec<Effect>, Gap> {
    let mut effects = vec![evidence::went_back(facts, pull, went)];
    for brought in &went.brought {
        effects.push(Effect::EnsureComment {
            pr: brought.pr,
            marker: say::marker(pull.number),
            body: say::comment(pull.number, brought, (went, whole)),
            first: false,
        });
    }
    if let Ok(ground) = Ground::read(facts, repo)?
        && let Some(policy) = ground.policy()
    {
        let went = (pull.number, promotion, went, whole);
        effects.extend(on_commits(facts, &ground, policy, went)?);
    }
    Ok(effects)
}

/// The merged pull requests that brought what is left: the one that is undone, or those by which the versions came.
fn brought<'a>(
    facts: &'a Facts,
    repo: &RepoRef,
    pull: &PullRequest,
    (promotion, back): (&Promotion, &Back),
) -> Result<Vec<&'a PullRequest>, Gap> {
    if let Some(undone) = back.undoes {
        let undone = facts.pull(repo, &undone)?.as_ref();
        return Ok(undone.filter(|undone| undone.merged).into_iter().collect());
    }
    let Ok(ground) = Ground::read(facts, repo)? else { return Ok(Vec::new()) };
    let Some(policy) = ground.policy() else { return Ok(Vec::new()) };
    let (Some(environment), Some(application), Some(landed)) = (
        policy.environment(&promotion.environment),
        policy.application(&promotion.application),
        &pull.landed,
    ) else {
        return Ok(Vec::new());
    };
    let landed = facts.commit(repo, landed)?;
    let Some(parent) = landed.parents.first() else { return Ok(Vec::new()) };
    let before = facts.tree(repo, &facts.commit(repo, parent)?.tree)?;
    let before = overlays(facts, repo, before, environment, application)?.unwrap_or_default();
    let mut found: Vec<&PullRequest> = Vec::new();
    for version in back.leaves.iter().take(MOST_LEFT) {
        let left = |carried: &&Carried| {
            let mut all = [&carried.entry.new_tag, &carried.entry.digest].into_iter().flatten();
            within(promotion, carried) && all.any(|it| it == version)
        };
        let wanted: Vec<(&str, Option<&str>)> = before
            .carried
            .iter()
            .filter(left)
            .map(|carried| (carried.entry.name.as_str(), Some(version.as_str())))
            .collect();
        let Some(came) = arrival(facts, &ground, (environment, application), &wanted)? else {
            continue;
        };
        let mut pulls = facts.pulls_of_commit(repo, &came.sha)?.iter();
        let by = pulls.find(|one| one.merged && one.landed.as_ref() == Some(&came.sha));
        let by = by.filter(|by| by.number != pull.number);
        found.extend(by.filter(|by| found.iter().all(|known| known.number != by.number)));
    }
    Ok(found)
}

/// What is said on the commits of the versions, where they are in this very repository: in no other is anything
/// written. What was left is told so, and what an undone rollback brings again is told to be back.
fn on_commits(
    facts: &Facts,
    ground: &Ground<'_>,
    policy: &Policy,
    (pr, promotion, went, whole): (PrNumber, &Promotion, &WentBack, bool),
) -> Result<Vec<Effect>, Gap> {
    let Some(application) = policy.application(&promotion.application) else {
        return Ok(Vec::new());
    };
    let source = facts.source(application.source())?.as_ref();
    if source.is_none_or(|source| source.id != ground.repo.id) {
        return Ok(Vec::new());
    }
    let mut effects = Vec::new();
    for version in went.leaves.iter().take(MOST_LEFT) {
        if let Some(head) = commit_of(facts, application, version)? {
            effects.push(Effect::EnsureCheck(say::left(head, pr, version, went)));
        }
    }
    let undoes = promotion.back.as_ref().is_some_and(|back| back.undoes.is_some());
    let named = promotion.images.iter().filter_map(|image| image.new_tag.as_deref());
    let again: BTreeSet<&str> = promotion.tag.iter().map(ImageTag::as_str).chain(named).collect();
    let undone = undoes && whole && went.leaves.is_empty();
    for version in again.into_iter().filter(|_| undone).take(MOST_LEFT) {
        if let Some(head) = commit_of(facts, application, version)? {
            effects.push(Effect::EnsureCheck(say::is_back(head, pr, version, went)));
        }
    }
    Ok(effects)
}

fn commit_of(facts: &Facts, application: &Application, tag: &str) -> Result<Option<Sha>, Gap> {
    Ok(candidate::of_tag(facts, application, tag)?.ok().map(|found| found.commit))
}
