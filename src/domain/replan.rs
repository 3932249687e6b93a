//! A promotion of ours whose files changed on the base as well is planned anew on what is there now; and one that
//! GitHub does not merge for as long as its branch lacks what the base has got.
//!
//! The new commit joins both sides, so that the branch only ever moves forward, and nobody's push is lost.

use super::decision::{Effect, Reason};
use super::facts::{Facts, Gap};
use super::ground::Ground;
use super::leaving::spared;
use super::look::{Change, Look};
use super::merging;
use super::overlay::overlays;
use super::plan::{Plan, plan};
use super::promotion::{Promised, Promotion, Sealer};
use super::reply::{leaving as say, reason};
use super::withdraw::withdraw_for_good;
use crate::intent::Intent;
use crate::model::evidence::Withdrawn;
use crate::model::files::GitTree;
use crate::model::read::{Commit, Identity};
use crate::model::report::{CommitStatus, StatusState};
use crate::model::write::NewCommit;

/// The effects that plan it anew, and why they are made; none where there is no need, or no way.
pub(super) fn replan(facts: &Facts, look: &Look<'_>) -> Result<Option<(Reason, Vec<Effect>)>, Gap> {
    let Some(promotion) = &look.promotion else {
        return Ok(None);
    };
    let collides = !look.change.merged.conflicts.is_empty();
    if !(collides || lags(facts, look)?) || has_foreign_commits(look, promotion) {
        return Ok(None);
    }
    let anew = reason::planned_anew(look.pull().number);
    if let Some(left) = spared(facts, look, promotion)? {
        // It is another one now, which stands alone on its branch.
        let parents = vec![look.ground.head.sha.clone()];
        return Ok(Some(match again(facts, look, &left)? {
            Some(plan) => (anew, effects(look, &plan, parents)),
            None => (say::moved_on(look.pull().number), moved_on(facts, look, promotion)),
        }));
    }
    Ok(joined(facts, look, promotion)?.map(|effects| (anew, effects)))
}

/// Whether the base has moved since the branch was planned.
pub(super) fn is_behind(ground: &Ground<'_>, change: &Change<'_>) -> bool {
    change.comparison.merge_base.sha != ground.head.sha
}

/// Whether GitHub has just refused to merge it onto a base that has moved: branches may have to be up to date there,
/// which its words do not always tell. As long as something runs on the head, that may be what it waits for, and
/// would begin anew on another one.
fn lags(facts: &Facts, look: &Look<'_>) -> Result<bool, Gap> {
    if !is_behind(look.ground, look.change) || !merging::just_refused(facts, look)? {
        return Ok(false);
    }
    match facts.reports(look.ground.repo, &look.pull().head.sha) {
        Ok(reports) => {
            let pending = |status: &CommitStatus| status.state == StatusState::Pending;
            let runs = reports.runs.iter().any(|run| run.conclusion.is_none());
            Ok(!runs && !reports.statuses.iter().any(pending))
        }
        Err(Gap::Unknown(_)) => Ok(true),
        Err(lacking) => Err(lacking),
    }
}

/// The effects that join the branch and its base, with the plan that is right there.
pub(super) fn joined(
    facts: &Facts,
    look: &Look<'_>,
    promotion: &Promotion,
) -> Result<Option<Vec<Effect>>, Gap> {
    let change = look.change;
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
    let left = spared(facts, look, promotion)?;
    let Some(plan) = again(facts, look, left.as_ref().unwrap_or(promotion))? else {
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

/// Something else came for all that a way back was to put back: it is withdrawn.
fn moved_on(facts: &Facts, look: &Look<'_>, promotion: &Promotion) -> Vec<Effect> {
    let withdrawn = Withdrawn {
        head: look.pull().head.sha.clone(),
        why: "moved on".to_owned(),
        by: None,
        in_favour_of: None,
        reason: String::new(),
    };
    withdraw_for_good(facts, look.pull(), withdrawn, say::withdrawn(promotion))
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
    commits.iter().filter(|commit| !is_ours(commit, promotion, identity, sealer)).collect()
}

/// Whether we made a commit for this promotion.
pub(super) fn is_ours(
    commit: &Commit,
    promotion: &Promotion,
    identity: &Identity,
    sealer: &Sealer,
) -> bool {
    let told = Promotion::from_message(&commit.message, sealer);
    identity.made(commit) && told.is_some_and(|told| told.is(promotion))
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
