//! The way back where another environment has to go back first (`rollback.via`): by a pull request of its own, and
//! once that is merged, by the one that was asked for.

use super::back::{Goal, Search, State, look_back, state};
use super::command::rollback::name;
use super::conclude::promotion_of;
use super::decision::{Decision, Effect, Verdict};
use super::facts::{Facts, Gap};
use super::ground::Ground;
use super::leaving::leaves;
use super::overlay::{Carried, Overlays, overlays};
use super::plan::Stop;
use super::policy::{Application, Environment, Policy};
use super::promote::open_by_itself;
use super::promotion::{Back, Onward, Promised, Promotion};
use super::reply::via as say;
use crate::model::ids::{PrNumber, RepoRef};

/// How a way back begins.
pub(super) enum Course<'a> {
    /// With the environment that was asked for, and what it has now.
    Straight(Overlays, Box<Promotion>),
    /// With another one, and what that has now.
    First(&'a Environment, Overlays, Box<Promotion>),
}

/// The environment that goes back before this one.
pub(super) fn before<'a>(policy: &'a Policy, environment: &Environment) -> Option<&'a Environment> {
    policy.environment(environment.rollback()?.via.as_ref()?)
}

/// How a way back begins: with the environment that has to go back first, unless that has what is gone back to
/// already, or has nothing that could.
pub(super) fn course<'a>(
    facts: &Facts,
    (ground, policy): (&Ground<'_>, &'a Policy),
    (application, environment): (&Application, &Environment),
    now: Overlays,
    (promotion, then): (Promotion, &State),
) -> Result<Course<'a>, Gap> {
    let own = promotion.back.clone().unwrap_or_default();
    // What takes a rollback back goes up, and waits for the other one to do so, too.
    let Some(first) = before(policy, environment).filter(|_| !own.leaves.is_empty()) else {
        return Ok(Course::Straight(now, Box::new(promotion)));
    };
    let Ok(there) = overlays(facts, ground.repo, ground.tree, first, application)? else {
        return Ok(Course::Straight(now, Box::new(promotion)));
    };
    let goal = carried_over(&there, then);
    let present = state(&there);
    if goal.iter().all(|entry| present.contains(entry)) {
        return Ok(Course::Straight(now, Box::new(promotion)));
    }
    let beyond = !is_within(facts, ground, (application, first), (&there, &goal))?;
    let onward = Onward {
        environment: environment.name().clone(),
        images: then.clone(),
        from: state(&now)
            .into_iter()
            .filter(|one| then.iter().any(|to| is_same(one, to)))
            .collect(),
        services: promotion.services.clone(),
        targets: promotion.targets.clone(),
        undoes: own.undoes,
        beyond: own.beyond,
        argocd: own.argocd,
    };
    let by_rule = first.rollback().is_some_and(|rollback| rollback.argocd);
    let back = Back {
        leaves: leaves(application, &present, &goal),
        beyond,
        reason: own.reason,
        argocd: by_rule && first.targets().iter().any(|target| target.argocd.is_some()),
        onward: Some(Box::new(onward)),
        ..Back::default()
    };
    let anew = Promotion { targets: Vec::new(), ..promotion };
    let promotion = planned(anew, (application, first), &there, (back, &goal));
    Ok(Course::First(first, there, Box::new(promotion)))
}

/// Whether both are the same entry, whatever it says.
fn is_same(one: &Promised, other: &Promised) -> bool {
    one.target == other.target && one.name == other.name
}

/// The same promotion, by its request, of other entries in another place.
fn planned(
    promotion: Promotion,
    (application, environment): (&Application, &Environment),
    now: &Overlays,
    (back, then): (Back, &State),
) -> Promotion {
    let mut promotion = Promotion {
        environment: environment.name().clone(),
        tag: None,
        images: Vec::new(),
        commit: None,
        attempt: 1,
        plan: 1,
        back: Some(back),
        ..promotion
    };
    name(&mut promotion, application, now, then);
    promotion
}

/// The same in another environment: tags and digests, by the names of the entries. From where images are pulled is
/// that environment's own. What is meant to differ from target to target can be nowhere else the same.
fn carried_over(there: &Overlays, then: &State) -> State {
    let same = |carried: &Carried| {
        let mut named = then.iter().filter(|entry| entry.name == carried.entry.name);
        let first = named.next()?;
        let what = |entry: &Promised| (entry.new_tag.clone(), entry.digest.clone());
        let (new_tag, digest) = what(first);
        let here = Promised::of(&carried.target, &carried.entry);
        let alike = named.all(|other| what(other) == what(first));
        alike.then_some(Promised { new_tag, digest, ..here })
    };
    there.carried.iter().filter_map(same).collect()
}

/// Whether the environment's own rules let a rollback go back to that: it ran there, not too long ago, and nothing is
/// known against it.
fn is_within(
    facts: &Facts,
    ground: &Ground<'_>,
    (application, environment): (&Application, &Environment),
    (now, goal): (&Overlays, &State),
) -> Result<bool, Gap> {
    let services: Vec<String> = goal.iter().map(|entry| entry.name.clone()).collect();
    let search = Search {
        application,
        environment,
        services: &services,
        targets: &[],
        goal: Goal::Entries(goal),
    };
    let within = environment.rollback().and_then(|rollback| rollback.within);
    let found = look_back(facts, ground, &search, now)?;
    Ok(found.is_some_and(|found| found.is_safe && within.is_none_or(|within| found.ago <= within)))
}

/// Decides [`crate::intent::Intent::Onward`]: what had to go back first did, and the environment that was asked for
/// follows.
pub(super) fn onward(facts: &Facts, repo: &RepoRef, pr: PrNumber) -> Result<Decision, Gap> {
    let ground = match Ground::read(facts, repo)? {
        Ok(ground) => ground,
        Err(reason) => return Ok(Decision::nothing(reason)),
    };
    let Some((first, onward)) = waits_for(facts, repo, pr)? else {
        return Ok(Decision::nothing(say::nothing_follows(pr)));
    };
    let policy = ground.policy();
    let (Some(environment), Some(application)) = (
        policy.and_then(|policy| policy.environment(&onward.environment)),
        policy.and_then(|policy| policy.application(&first.application)),
    ) else {
        return Ok(cannot(pr, &onward, &say::not_configured(&onward)));
    };
    let now = match overlays(facts, repo, ground.tree, environment, application)? {
        Ok(now) => now,
        Err(reasons) => return Ok(cannot(pr, &onward, &say::reasons(&reasons))),
    };
    let (present, mut then) = (state(&now), onward.images.clone());
    then.retain(|entry| present.iter().any(|one| is_same(one, entry)));
    if then.is_empty() {
        return Ok(cannot(pr, &onward, &say::entries_gone()));
    }
    if first.request.is_none() || onward.undoes.is_some() {
        let stands = |one: &Promised, to: &Promised| one == to || onward.from.contains(one);
        then.retain(|to| present.iter().any(|one| is_same(one, to) && stands(one, to)));
    }
    if then.is_empty() {
        return Ok(cannot(pr, &onward, &say::moved_on()));
    }
    let back = Back {
        leaves: leaves(application, &present, &then),
        undoes: onward.undoes,
        beyond: onward.beyond,
        reason: first.back.as_ref().and_then(|back| back.reason.clone()),
        argocd: onward.argocd,
        follows: Some(pr),
        onward: None,
    };
    let (services, targets) = (onward.services.clone(), onward.targets.clone());
    let anew = Promotion { services, targets, ..first };
    let promotion = planned(anew, (application, environment), &now, (back, &then));
    Ok(match open_by_itself(facts, &ground, (application, environment), &now, promotion)? {
        Ok(effects) => Decision {
            verdict: Verdict::Accepted,
            reasons: vec![say::follows(environment.name(), pr)],
            effects,
        },
        Err(Stop::Rests(reason)) => Decision::nothing(reason),
        Err(Stop::Refused(reason)) => cannot(pr, &onward, &say::reasons(&[reason])),
    })
}

/// A merged promotion of ours, and what waited for its merge.
fn waits_for(
    facts: &Facts,
    repo: &RepoRef,
    pr: PrNumber,
) -> Result<Option<(Promotion, Onward)>, Gap> {
    let Some(pull) = facts.pull(repo, &pr)?.as_ref().filter(|pull| pull.merged) else {
        return Ok(None);
    };
    let Some(promotion) = promotion_of(facts, repo, pull)? else { return Ok(None) };
    let onward = promotion.back.as_ref().and_then(|back| back.onward.clone());
    Ok(onward.map(|onward| (promotion, *onward)))
}

/// It cannot follow: that is told where it was waited for.
fn cannot(pr: PrNumber, onward: &Onward, why: &str) -> Decision {
    let body = say::cannot_follow(onward, why);
    Decision {
        verdict: Verdict::Refused,
        reasons: vec![say::is_stuck(onward, pr)],
        effects: vec![Effect::EnsureComment {
            pr,
            marker: say::MARKER.to_owned(),
            body,
            first: false,
        }],
    }
}
