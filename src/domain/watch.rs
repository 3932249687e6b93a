//! After a promotion, what it brought is watched for a while: where it turns out ill, the way back opens by itself.
//!
//! It happens once for each promotion, and never to a way back: nothing goes round.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::back::{State, state};
use super::command::rollback::name;
use super::conclude::promotion_of;
use super::decision::{Decision, Effect, Verdict};
use super::evaluate::last_valid;
use super::facts::{Facts, Gap};
use super::gates::{Outcome, Stay, met};
use super::ground::Ground;
use super::leaving::leaves;
use super::live::{self, Stand, live};
use super::overlay::{Overlays, overlays};
use super::plan::{Stop, within};
use super::policy::{Application, Environment, Expectation, Policy};
use super::promote::open_by_itself;
use super::promotion::{Back, Direction, Promised, Promotion};
use super::reply::{Said, reason, watch as say};
use super::supersede::open;
use super::via::{self, Course};
use crate::intent::Intent;
use crate::model::ids::{PrNumber, RepoRef, Sha};
use crate::model::read::PullRequest;

/// How often it is looked at.
const EVERY: SignedDuration = SignedDuration::from_secs(30);

/// What is ill for a moment may only be coming up.
const STEADY: SignedDuration = SignedDuration::from_secs(30);

/// A merged promotion that is watched, and where.
struct Watched<'a> {
    pull: &'a PullRequest,
    promotion: &'a Promotion,
    application: &'a Application,
    environment: &'a Environment,
    /// The commit of the default branch that it came to, and when.
    landed: (&'a Sha, Timestamp),
    /// What is there now.
    now: Overlays,
}

/// Whether a merged promotion is watched at all.
pub(super) fn is_watched(policy: &Policy, promotion: &Promotion) -> bool {
    let environment = policy.environment(&promotion.environment);
    let rollback = environment.and_then(Environment::rollback);
    promotion.direction == Direction::Forward
        && rollback.is_some_and(|rollback| !rollback.on.is_empty())
}

/// Decides [`Intent::Watch`].
pub(super) fn watch(facts: &Facts, repo: &RepoRef, pr: PrNumber) -> Result<Decision, Gap> {
    let ground = match Ground::read(facts, repo)? {
        Ok(ground) => ground,
        Err(reason) => return Ok(Decision::nothing(reason)),
    };
    let over = || Ok(Decision::nothing(reason::watch_over(pr)));
    // A mistake in the configuration ends nothing: it may be put right the next minute.
    let rules = last_valid(facts, &ground)?;
    let (Some(policy), Some(pull)) = (rules.as_deref(), facts.pull(repo, &pr)?) else {
        return over();
    };
    let Some(promotion) = promotion_of(facts, repo, pull)?.filter(|one| is_watched(policy, one))
    else {
        return over();
    };
    let (Some(environment), Some(application), Some(landed), Some(at)) = (
        policy.environment(&promotion.environment),
        policy.application(&promotion.application),
        &pull.landed,
        pull.merged_at,
    ) else {
        return over();
    };
    let watch = environment.rollback().map_or(Duration::ZERO, |back| back.watch.duration());
    let end = at.checked_add(watch).unwrap_or(at);
    if facts.now >= end {
        return over();
    }
    let again = |reason| {
        let next = facts.now.checked_add(EVERY).unwrap_or(end).min(end);
        let again = Intent::Watch { repo: repo.clone(), pr };
        Ok(Decision {
            verdict: Verdict::Accepted,
            reasons: vec![reason],
            effects: vec![Effect::EnqueueAt { intent: again, at: next }],
        })
    };
    let now = overlays(facts, repo, ground.tree, environment, application)?;
    let (Some(policy), Ok(now)) = (ground.policy(), now) else {
        return again(reason::watched_blindly(pr, end));
    };
    let promotion = &promotion;
    let watched = Watched { pull, promotion, application, environment, landed: (landed, at), now };
    if !stands(&watched) {
        return over();
    }
    let ills = ills(facts, (&ground, policy), &watched)?;
    if ills.is_empty() {
        return again(reason::watched(pr, end));
    }
    go_back(facts, (&ground, policy), &watched, &ills)
}

/// Whether all that it brought is still there: what came after it is watched for itself.
fn stands(watched: &Watched<'_>) -> bool {
    let mut carried = watched.now.carried.iter();
    carried.all(|one| {
        let promised = watched.promotion.promised(&one.target, &one.entry.name);
        let meant = within(watched.promotion, one).then_some(promised).flatten();
        meant.is_none_or(|promised| promised.holds(&one.entry))
    })
}

/// What is wrong, in sentences; nothing where nobody can tell.
fn ills(
    facts: &Facts,
    (ground, policy): (&Ground<'_>, &Policy),
    watched: &Watched<'_>,
) -> Result<Vec<Said>, Gap> {
    let on = watched.environment.rollback().map_or(&[][..], |rollback| &rollback.on);
    let asks = |what: &str| on.iter().any(|one| one == what);
    let mut ills = Vec::new();
    if asks("health") {
        ills.extend(of_health(facts, ground, watched)?);
    }
    if asks("verified") {
        ills.extend(of_reports(facts, (ground, policy), watched)?);
    }
    Ok(ills)
}

/// What Argo CD has reported as ill for a while, of what is there now.
fn of_health(facts: &Facts, ground: &Ground<'_>, watched: &Watched<'_>) -> Result<Vec<Said>, Gap> {
    let place = (watched.environment, watched.application);
    let mut ills = Vec::new();
    for one in live(facts, ground, place, &watched.now)? {
        let ill = matches!(one.stand, Stand::Ill(..) | Stand::SyncFailed(_));
        if !ill || !is_meant(watched, &one) {
            continue;
        }
        let Some(since) = live::ill_since(facts, ground, place, (&one, &watched.now))? else {
            continue;
        };
        if since >= watched.landed.1 && facts.now.duration_since(since) >= STEADY {
            ills.push(say::ill(watched.environment, &one));
        }
    }
    Ok(ills)
}

/// Whether the promotion went to that target.
fn is_meant(watched: &Watched<'_>, one: &live::Live<'_>) -> bool {
    let targets = &watched.promotion.targets;
    targets.is_empty() || targets.contains(&one.target.name)
}

/// What was reported as failed of what is expected of the version here: by the gates of the environments that come
/// next, or where none does, by its own.
fn of_reports(
    facts: &Facts,
    (ground, policy): (&Ground<'_>, &Policy),
    watched: &Watched<'_>,
) -> Result<Vec<Said>, Gap> {
    let here = watched.environment;
    let next = policy.environments().iter().filter(|one| one.after().contains(here.name()));
    let mut expected: Vec<&Expectation> = next.flat_map(|one| &one.gates().verified).collect();
    if expected.is_empty() {
        expected = here.gates().verified.iter().collect();
    }
    if expected.is_empty() {
        return Ok(Vec::new());
    }
    let (sha, since) = watched.landed;
    let versions = watched.promotion.tag.iter().map(|tag| tag.as_str()).collect();
    let stay = Stay { place: (here, watched.application), versions, sha, since };
    // What is not known has not failed.
    let Ok(mut told) = met(facts, ground.repo, &stay, &expected)? else {
        return Ok(Vec::new());
    };
    told.retain(|told| told.met.outcome() == Outcome::Failed);
    Ok(if told.is_empty() { Vec::new() } else { vec![say::reported(here, sha, told)] })
}

/// Opens the way back to what was there before, unless it was opened before or somebody is on it.
fn go_back(
    facts: &Facts,
    (ground, policy): (&Ground<'_>, &Policy),
    watched: &Watched<'_>,
    ills: &[Said],
) -> Result<Decision, Gap> {
    let Watched { pull, environment, application, .. } = *watched;
    for (other, way) in open(facts, ground, environment.name().as_str())? {
        if way.direction == Direction::Back && way.application == *application.name() {
            return Ok(Decision::nothing(reason::stands(other.number)));
        }
    }
    let Some((promotion, then)) = way_back(facts, ground, watched, ills)? else {
        return Ok(cannot(watched, ills));
    };
    let now = watched.now.clone();
    let place = (application, environment);
    let (first, now, promotion) =
        match via::course(facts, (ground, policy), place, now, (promotion, &then))? {
            Course::Straight(now, promotion) => (environment, now, *promotion),
            Course::First(first, now, promotion) => (first, now, *promotion),
        };
    let opened = match open_by_itself(facts, ground, (application, first), &now, promotion)? {
        Ok(effects) => effects,
        Err(Stop::Rests(reason)) => return Ok(Decision::nothing(reason)),
        Err(Stop::Refused(_)) => return Ok(cannot(watched, ills)),
    };
    let first = (first.name() != environment.name()).then_some(first);
    let body = say::going_back(watched.promotion, (environment, first), ills);
    // Told before it is opened: whoever comes after a crash in between finds somebody on it, and tells nothing.
    let mut effects = vec![tell(pull.number, body)];
    effects.extend(opened);
    Ok(Decision {
        verdict: Verdict::Accepted,
        reasons: vec![reason::gone_ill(pull.number, &say::in_short(ills))],
        effects,
    })
}

/// What is put back: what the environment had before the merge, where the entries still are.
fn way_back(
    facts: &Facts,
    ground: &Ground<'_>,
    watched: &Watched<'_>,
    ills: &[Said],
) -> Result<Option<(Promotion, State)>, Gap> {
    let Watched { pull, promotion, environment, application, landed: (landed, _), now } = watched;
    let landed = facts.commit(ground.repo, landed)?;
    let Some(parent) = landed.parents.first() else { return Ok(None) };
    let before = facts.tree(ground.repo, &facts.commit(ground.repo, parent)?.tree)?;
    let Ok(before) = overlays(facts, ground.repo, before, environment, application)? else {
        return Ok(None);
    };
    let mut then = Vec::new();
    for entry in state(&before) {
        let mut carried = now.carried.iter();
        let here = carried.find(|one| one.target == entry.target && one.entry.name == entry.name);
        let Some(here) = here.filter(|one| within(promotion, one)) else { continue };
        if Promised::of(&here.target, &here.entry) == entry {
            continue;
        }
        then.push(entry);
    }
    if then.is_empty() {
        return Ok(None);
    }
    let mut back = Promotion {
        direction: Direction::Back,
        commit: None,
        tag: None,
        images: Vec::new(),
        attempt: 1,
        plan: 1,
        request: None,
        ticket: None,
        back: Some(Back {
            leaves: leaves(application, &state(now), &then),
            undoes: Some(pull.number),
            reason: Some(say::in_short(ills)),
            argocd: environment.rollback().is_some_and(|rollback| rollback.argocd)
                && environment.targets().iter().any(|target| target.argocd.is_some()),
            ..Back::default()
        }),
        ..(*promotion).clone()
    };
    name(&mut back, application, now, &then);
    Ok(Some((back, then)))
}

/// Nobody can plan the way back: that is told, once.
fn cannot(watched: &Watched<'_>, ills: &[Said]) -> Decision {
    let pr = watched.pull.number;
    Decision {
        verdict: Verdict::Refused,
        reasons: vec![reason::gone_ill(pr, &say::in_short(ills))],
        effects: vec![tell(pr, say::no_way(watched.promotion, watched.environment, ills))],
    }
}

fn tell(pr: PrNumber, body: String) -> Effect {
    Effect::EnsureComment { pr, marker: say::MARKER.to_owned(), body, first: false }
}
