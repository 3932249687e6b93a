//! A promotion of ours whose files changed on the base as well is planned anew on what is there now.
//!
//! The new commit joins both sides, so that the branch only ever moves forward, and nobody's push is lost.

use super::decision::Effect;
use super::facts::{Facts, Gap};
use super::look::Look;
use super::overlay::overlays;
use super::plan::{Plan, plan};
use super::promotion::{Promised, Promotion, Sealer};
use crate::intent::Intent;
use crate::model::files::GitTree;
use crate::model::read::{Commit, Identity};
use crate::model::write::NewCommit;

/// The effects that plan it anew; none where there is no need, or no way.
pub(super) fn replan(facts: &Facts, look: &Look<'_>) -> Result<Option<Vec<Effect>>, Gap> {
    let Some(promotion) = &look.promotion else {
        return Ok(None);
    };
    let change = look.change;
    if change.merged.conflicts.is_empty() || has_foreign_commits(look, promotion) {
        return Ok(None);
    }
    let Some(mut plan) = again(facts, look, promotion)? else {
        return Ok(None);
    };
    let ancestor = facts.tree(look.ground.repo, &change.comparison.merge_base.tree)?;
    if starts(facts, look, promotion, ancestor)?
        != starts(facts, look, promotion, look.ground.tree)?
    {
        plan.promotion.plan += 1;
    }
    let parents = vec![change.head.sha.clone(), look.ground.head.sha.clone()];
    Ok(Some(effects(look, &plan, parents)))
}

/// The effects that put a clean commit in the place of everything on the branch.
pub(super) fn afresh(
    facts: &Facts,
    look: &Look<'_>,
    promotion: &Promotion,
) -> Result<Option<Vec<Effect>>, Gap> {
    let Some(plan) = again(facts, look, promotion)? else {
        return Ok(None);
    };
    Ok(Some(effects(look, &plan, vec![look.ground.head.sha.clone()])))
}

fn effects(look: &Look<'_>, plan: &Plan, parents: Vec<crate::model::ids::Sha>) -> Vec<Effect> {
    let pull = look.pull();
    vec![
        Effect::EnsureCommit(NewCommit {
            branch: pull.head.branch.clone(),
            at: pull.head.sha.clone(),
            parents,
            base_tree: look.ground.head.tree.clone(),
            files: plan.files.clone(),
            message: plan.promotion.message(&look.sealer),
        }),
        Effect::Enqueue(Intent::Evaluate { repo: look.ground.repo.clone(), pr: pull.number }),
    ]
}

/// The commits on the branch that are not of this promotion.
pub(super) fn foreign<'a>(look: &'a Look<'_>, promotion: &Promotion) -> Vec<&'a Commit> {
    strange(&look.change.comparison.commits, promotion, look.identity, &look.sealer)
}

/// Those that are not of this promotion.
pub(super) fn strange<'a>(
    commits: &'a [Commit],
    promotion: &Promotion,
    identity: &Identity,
    sealer: &Sealer,
) -> Vec<&'a Commit> {
    let ours = |commit: &&Commit| {
        let told = Promotion::from_message(&commit.message, sealer);
        identity.made(commit) && told.is_some_and(|told| told.is(promotion))
    };
    commits.iter().filter(|commit| !ours(commit)).collect()
}

fn has_foreign_commits(look: &Look<'_>, promotion: &Promotion) -> bool {
    !look.change.is_complete() || !foreign(look, promotion).is_empty()
}

/// The same promotion on what the base has now; none where nothing is left of it.
fn again(facts: &Facts, look: &Look<'_>, promotion: &Promotion) -> Result<Option<Plan>, Gap> {
    let (Some(environment), Some(application)) = (
        look.policy.environment(&promotion.environment),
        look.policy.application(&promotion.application),
    ) else {
        return Ok(None);
    };
    let found = overlays(facts, look.ground.repo, look.ground.tree, environment, application)?;
    let Ok(found) = found else {
        return Ok(None);
    };
    Ok(plan(application, environment, &found, promotion.clone()).ok())
}

/// What the entries in scope say in a tree: where the promotion starts from.
fn starts(
    facts: &Facts,
    look: &Look<'_>,
    promotion: &Promotion,
    tree: &GitTree,
) -> Result<Vec<Promised>, Gap> {
    let (Some(environment), Some(application)) = (
        look.policy.environment(&promotion.environment),
        look.policy.application(&promotion.application),
    ) else {
        return Ok(Vec::new());
    };
    let found = overlays(facts, look.ground.repo, tree, environment, application)?;
    let carried = found.unwrap_or_default().carried;
    let in_scope = carried.iter().filter(|carried| super::plan::within(promotion, carried));
    Ok(in_scope.map(|carried| Promised::of(&carried.target, &carried.entry)).collect())
}
