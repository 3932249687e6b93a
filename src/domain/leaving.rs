//! What a way back leaves behind, and is bad there from then on: as it is told when it opens, as it is while it waits, and
//! as it was when it was merged.
//!
//! What came meanwhile is left alone by what goes back by itself, and by what undoes something. Who named where to go
//! goes there all the same.

use std::collections::BTreeSet;

use super::back::{State, overlays_then, state};
use super::conclude::promotion_of;
use super::facts::{Facts, Gap};
use super::ground::Ground;
use super::look::Look;
use super::overlay::{Carried, Overlays, overlays};
use super::plan::within;
use super::policy::Application;
use super::promotion::{Back, Promised, Promotion};
use super::replan::is_ours;
use crate::model::ids::RepoRef;
use crate::model::read::PullRequest;

/// What is left behind on the way from what is there now: the tags, and the digests, which say exactly what ran. Where
/// a version goes up, nothing is.
pub(super) fn leaves(application: &Application, now: &State, then: &State) -> Vec<String> {
    let left: BTreeSet<String> =
        then.iter().flat_map(|entry| left(application, now, entry)).collect();
    left.into_iter().collect()
}

fn left(application: &Application, present: &State, to: &Promised) -> Vec<String> {
    let mut all = present.iter();
    let Some(now) = all.find(|one| one.target == to.target && one.name == to.name) else {
        return Vec::new();
    };
    let version = |entry: &Promised| application.version_of_image(entry.new_tag.as_deref()?);
    let up = version(now).zip(version(to)).is_some_and(|(now, to)| to > now);
    let tag = now.new_tag.as_ref().filter(|tag| goes_down(application, tag, to.new_tag.as_deref()));
    let digest = now.digest.as_ref().filter(|digest| !up && to.digest.as_ref() != Some(*digest));
    tag.into_iter().chain(digest).cloned().collect()
}

/// Whether going from one tag to the other leaves something behind that is bad from then on: what goes
/// forward again does not.
fn goes_down(application: &Application, from: &str, to: Option<&str>) -> bool {
    let version = |tag: &str| application.version_of_image(tag);
    match (version(from), to.and_then(version)) {
        (Some(from), Some(to)) => from > to,
        _ => to != Some(from),
    }
}

/// What an open way back would leave now, where that is not what it told when it opened.
pub(super) fn changed(look: &Look<'_>) -> Option<Vec<String>> {
    let promotion = look.promotion.as_ref()?;
    let back = promotion.back.as_ref().filter(|back| !back.leaves_nothing())?;
    let touches =
        look.touches.iter().filter(|one| *one.environment.name() == promotion.environment);
    let mut all = touches.flat_map(|touch| &touch.moving);
    let moving = all.find(|one| *one.application.name() == promotion.application)?;
    let entries = |carried: Vec<&Carried>| -> State {
        carried.iter().map(|one| Promised::of(&one.target, &one.entry)).collect()
    };
    let from = entries(moving.moves.iter().filter_map(|one| one.from.as_ref()).collect());
    let to = entries(moving.moves.iter().filter_map(|one| one.to.as_ref()).collect());
    let now = leaves(moving.application, &from, &to);
    (now != back.leaves).then_some(now)
}

/// A merged promotion, with what it left: by the commit that it came to, against the one before.
pub(super) fn as_merged(
    facts: &Facts,
    repo: &RepoRef,
    pull: &PullRequest,
    promotion: Promotion,
) -> Result<Promotion, Gap> {
    let Some(back) = promotion.back.clone().filter(|back| !back.leaves_nothing()) else {
        return Ok(promotion);
    };
    let Ok(ground) = Ground::read(facts, repo)? else { return Ok(promotion) };
    let application = ground.policy().and_then(|policy| policy.application(&promotion.application));
    let (Some(application), Some((before, after))) =
        (application, sides(facts, &ground, pull, &promotion)?)
    else {
        return Ok(promotion);
    };
    let leaves = leaves(application, &state(&before), &promised(&promotion, &after));
    Ok(Promotion { back: Some(Back { leaves, ..back }), ..promotion })
}

/// Whether nothing stands any more as the way back left it that a merged promotion undoes: by the commit that that came
/// to. What nobody can tell does not stand.
pub(super) fn is_undone(
    facts: &Facts,
    repo: &RepoRef,
    pull: &PullRequest,
    promotion: &Promotion,
) -> Result<bool, Gap> {
    let Some(undone) = promotion.back.as_ref().and_then(|back| back.undoes) else {
        return Ok(true);
    };
    let (Ok(ground), Some(undone)) = (Ground::read(facts, repo)?, facts.pull(repo, &undone)?)
    else {
        return Ok(true);
    };
    let Some(way) = promotion_of(facts, repo, undone)? else { return Ok(true) };
    let (Some((before, left)), Some((_, now))) =
        (sides(facts, &ground, undone, &way)?, sides(facts, &ground, pull, promotion)?)
    else {
        return Ok(true);
    };
    let (before, now) = (state(&before), state(&now));
    let mut moved = promised(&way, &left).into_iter().filter(|entry| !before.contains(entry));
    Ok(!moved.any(|entry| now.contains(&entry)))
}

/// What an environment had before a promotion was merged, and after.
fn sides(
    facts: &Facts,
    ground: &Ground<'_>,
    pull: &PullRequest,
    promotion: &Promotion,
) -> Result<Option<(Overlays, Overlays)>, Gap> {
    let (Some(policy), Some(landed)) = (ground.policy(), &pull.landed) else { return Ok(None) };
    let (Some(environment), Some(application)) =
        (policy.environment(&promotion.environment), policy.application(&promotion.application))
    else {
        return Ok(None);
    };
    let landed = facts.commit(ground.repo, landed)?;
    let Some(parent) = landed.parents.first() else { return Ok(None) };
    let before = facts.tree(ground.repo, &facts.commit(ground.repo, parent)?.tree)?;
    let after = facts.tree(ground.repo, &landed.tree)?;
    let place = (environment, application);
    let before = overlays_then(facts, ground, before, place)?;
    Ok(before.zip(overlays_then(facts, ground, after, place)?))
}

/// The entries that a promotion is about, as they are there.
fn promised(promotion: &Promotion, there: &Overlays) -> State {
    let meant = |one: &&Carried| {
        within(promotion, one) && promotion.promised(&one.target, &one.entry.name).is_some()
    };
    let carried = there.carried.iter().filter(meant);
    carried.map(|one| Promised::of(&one.target, &one.entry)).collect()
}

/// What is left of a way back that leaves alone what came since it was planned; none where nothing came, or where it
/// goes on over that.
pub(super) fn spared(
    facts: &Facts,
    look: &Look<'_>,
    promotion: &Promotion,
) -> Result<Option<Promotion>, Gap> {
    let Some(back) = promotion.back.as_ref().filter(|_| promotion.leaves_alone()) else {
        return Ok(None);
    };
    let (Some(environment), Some(application)) = (
        look.policy.environment(&promotion.environment),
        look.policy.application(&promotion.application),
    ) else {
        return Ok(None);
    };
    let mut commits = look.change.comparison.commits.iter().rev();
    let last = commits.find(|commit| is_ours(commit, promotion, look.identity, &look.sealer));
    // Of two parents the last one is the base.
    let Some(base) = last.and_then(|commit| commit.parents.last()) else { return Ok(None) };
    let repo = look.ground.repo;
    let base = facts.tree(repo, &facts.commit(repo, base)?.tree)?;
    let Some(planned) = overlays_then(facts, look.ground, base, (environment, application))? else {
        return Ok(None);
    };
    let Ok(now) = overlays(facts, repo, look.ground.tree, environment, application)? else {
        return Ok(None);
    };
    let (planned, present) = (state(&planned), promised(promotion, &now));
    let images: State = present
        .iter()
        .filter_map(|entry| {
            let to = promotion.promised(&entry.target, &entry.name)?;
            (to == *entry || planned.contains(entry)).then_some(to)
        })
        .collect();
    if images.len() == present.len() {
        return Ok(None);
    }
    let leaves = match back.leaves_nothing() {
        true => Vec::new(),
        false => leaves(application, &present, &images),
    };
    let back = Some(Back { leaves, ..back.clone() });
    Ok(Some(Promotion { tag: None, images, back, ..promotion.clone() }))
}
