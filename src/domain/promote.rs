//! A release, or the state itself, brings the automatic environments forward.
//!
//! It decides which promotion pull requests should be open; their checks are another intent's.

use super::acts::Acts;
use super::candidate::{Candidate, choose};
use super::configuration::Configuration;
use super::decision::{Decision, Effect, Reason, Verdict};
use super::facts::{Facts, Gap};
use super::ground::Ground;
use super::overlay::{Overlays, overlays};
use super::plan::{Plan, Stop, opening, plan};
use super::policy::{Application, Environment, Policy};
use super::promotion::{Direction, Promotion};
use super::reply::{self, reason};
use crate::intent::{Intent, Trigger};
use crate::model::ids::{AppName, EnvName, PrNumber, RepoRef, Sha};
use crate::model::write::{NewBranch, NewPull};

/// After so many attempts on branches that others hold, somebody has to look.
const MOST_ATTEMPTS: u32 = 9;

/// What becomes of one application in one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    /// What.
    pub application: AppName,
    /// Where to.
    pub environment: EnvName,
    /// What follows.
    pub end: End,
    /// Why; remarks where a promotion opens.
    pub reasons: Vec<Reason>,
}

/// How a course ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Its pull request opens.
    Opens(Box<(NewBranch, NewPull)>),
    /// Its pull request stands open already; this is its title, and its number.
    Stands(String, PrNumber),
    /// Nothing to do.
    Rests,
    /// It should move, and cannot.
    Refused,
}

/// Decides [`crate::intent::Intent::Promote`].
pub fn promote(facts: &Facts, repo: &RepoRef, trigger: &Trigger) -> Result<Decision, Gap> {
    let ground = match Ground::read(facts, repo)? {
        Ok(ground) => ground,
        Err(reason) => return Ok(Decision::nothing(reason)),
    };
    let policy = match &ground.configuration {
        Configuration::Valid(policy, _) => policy,
        Configuration::Absent => {
            return Ok(Decision::nothing(reason::config_absent()));
        }
        Configuration::Invalid(problems) => {
            let check =
                reply::release::invalid(trigger, problems, report_on(facts, &ground, trigger)?);
            return Ok(Decision {
                verdict: Verdict::Refused,
                reasons: vec![reason::config_invalid(problems.len())],
                effects: vec![Effect::EnsureCheck(check)],
            });
        }
    };
    let mut courses = Vec::new();
    for application in policy.applications() {
        if !concerns(facts, application, trigger)? {
            continue;
        }
        for environment in policy.automatic() {
            courses.push(course(facts, &ground, policy, (application, environment), trigger)?);
        }
    }
    conclude(facts, &ground, trigger, courses)
}

fn conclude(
    facts: &Facts,
    ground: &Ground<'_>,
    trigger: &Trigger,
    courses: Vec<Course>,
) -> Result<Decision, Gap> {
    let mut effects = Vec::new();
    for course in &courses {
        if let End::Opens(opening) = &course.end {
            effects.push(Effect::EnsureBranch(opening.0.clone()));
            effects.push(Effect::EnsurePull(opening.1.clone()));
        }
        // A release that was withdrawn may be out again: what stands for it is judged by that.
        if let (End::Stands(_, pr), Trigger::Release { .. }) = (&course.end, trigger) {
            let evaluate = Intent::Evaluate { repo: ground.repo.clone(), pr: *pr };
            effects.push(Effect::Enqueue(evaluate));
        }
    }
    let refused = courses.iter().any(|course| course.end == End::Refused);
    // A release is answered where the person who published it looks; a sweep has nobody to answer.
    if matches!(trigger, Trigger::Release { .. }) && !courses.is_empty() {
        let check = reply::release::report(trigger, &courses, report_on(facts, ground, trigger)?);
        effects.push(Effect::EnsureCheck(check));
    }
    let verdict = match (refused, effects.is_empty()) {
        (true, _) => Verdict::Refused,
        (false, true) => Verdict::Nothing,
        (false, false) => Verdict::Accepted,
    };
    let reasons = courses.into_iter().flat_map(|course| course.reasons).collect();
    Ok(Decision { verdict, reasons, effects })
}

/// The commit whose checks tell what became of a release: its own where source and GitOps repository are
/// one, else the head of the default branch, because nothing is written outside the job's repository.
fn report_on(facts: &Facts, ground: &Ground<'_>, trigger: &Trigger) -> Result<Sha, Gap> {
    if let Trigger::Release { source, tag } = trigger
        && source.id == ground.repo.id
        && let Some(commit) = facts.tag(source, tag)?
    {
        return Ok(commit.clone());
    }
    Ok(ground.head.sha.clone())
}

/// Whether the trigger is about the application's source, which may have been renamed since the
/// configuration was written.
fn concerns(facts: &Facts, application: &Application, trigger: &Trigger) -> Result<bool, Gap> {
    let Trigger::Release { source, .. } = trigger else {
        return Ok(true);
    };
    let named = application.source();
    if named.as_str().eq_ignore_ascii_case(source.name.as_str()) {
        return Ok(true);
    }
    let known = facts.source(named)?;
    Ok(known.as_ref().is_some_and(|known| known.id == source.id))
}

fn course(
    facts: &Facts,
    ground: &Ground<'_>,
    policy: &Policy,
    (application, environment): (&Application, &Environment),
    trigger: &Trigger,
) -> Result<Course, Gap> {
    let (what, place) = (application.name(), environment.name());
    let ends = |end, reasons| {
        Ok(Course { application: what.clone(), environment: place.clone(), end, reasons })
    };
    if let Err(reason) = is_of_this_account(ground, application) {
        return ends(End::Refused, vec![reason]);
    }
    let chosen =
        choose(facts, ground.repo, ground.tree, policy, (application, environment), trigger);
    let candidate = match chosen {
        Ok(Ok(candidate)) => candidate,
        Ok(Err(None)) => return ends(End::Rests, Vec::new()),
        Ok(Err(Some(reason))) if reason.help.is_none() => return ends(End::Rests, vec![reason]),
        Ok(Err(Some(reason))) => return ends(End::Refused, vec![reason]),
        // What a source does not tell concerns its own applications only.
        Err(Gap::Unknown(why)) => return ends(End::Refused, vec![reason::source_unreadable(&why)]),
        Err(gap) => return Err(gap),
    };
    let found = match overlays(facts, ground.repo, ground.tree, environment, application)? {
        Ok(found) => found,
        Err(reasons) => return ends(End::Refused, reasons),
    };
    let planned =
        match plan(application, environment, &found, whole(application, environment, &candidate)) {
            Ok(plan) => plan,
            Err(Stop::Rests(reason)) => return ends(End::Rests, vec![reason]),
            Err(Stop::Refused(reason)) => return ends(End::Refused, vec![reason]),
        };
    if let Some(reason) = stopped(facts, ground, (application, environment), &candidate)? {
        return ends(End::Rests, vec![reason]);
    }
    let (promotion, remarks) = match attempt(facts, ground, planned.promotion.clone())? {
        Ok(found) => found,
        Err((end, reason)) => return ends(end, vec![reason]),
    };
    let planned = Plan { promotion, ..planned };
    let opening = opening(facts, ground, (application, environment), &planned)?;
    ends(End::Opens(Box::new(opening)), remarks)
}

/// Text and versions come only from a source of the same account.
pub fn is_of_this_account(ground: &Ground<'_>, application: &Application) -> Result<(), Reason> {
    let (source, home) = (application.source().owner(), ground.home.name.owner());
    if source.eq_ignore_ascii_case(home) {
        return Ok(());
    }
    Err(reason::source_foreign(application))
}

/// Why people do not want it there by itself: a hold, or something against the version.
fn stopped(
    facts: &Facts,
    ground: &Ground<'_>,
    (application, environment): (&Application, &Environment),
    candidate: &Candidate,
) -> Result<Option<Reason>, Gap> {
    let acts = Acts::read(facts, ground.repo)?;
    let (what, place) = (application.name(), environment.name());
    if let Some(hold) = acts.holds(place, what).first() {
        return Ok(Some(reason::held(hold, what, place)));
    }
    let against = acts.against(place, what, candidate.tag.as_str());
    Ok(against.first().map(|act| reason::against(act, place)))
}

/// The first attempt at all of an application going forward by itself.
pub fn whole(
    application: &Application,
    environment: &Environment,
    candidate: &Candidate,
) -> Promotion {
    Promotion {
        environment: environment.name().clone(),
        application: application.name().clone(),
        version: candidate.version.tag().to_owned(),
        commit: Some(candidate.commit.clone()),
        source: application.source().clone(),
        tag: Some(candidate.tag.clone()),
        images: Vec::new(),
        services: Vec::new(),
        targets: Vec::new(),
        direction: Direction::Forward,
        attempt: 1,
        plan: 1,
        request: None,
        ticket: None,
        back: None,
    }
}

/// A promotion, with remarks on how its branch was found.
type Tried = (Promotion, Vec<Reason>);

/// The attempt to make; or how it ends without one.
fn attempt(
    facts: &Facts,
    ground: &Ground<'_>,
    mut promotion: Promotion,
) -> Result<Result<Tried, (End, Reason)>, Gap> {
    let identity = facts.identity()?;
    let mut remarks = Vec::new();
    loop {
        let branch = promotion.branch();
        let pulls = facts.pulls_of_branch(ground.repo, &branch)?;
        if let Some(pull) = pulls.iter().find(|pull| pull.author.id == identity.bot.id) {
            let stop = if pull.open {
                (End::Stands(promotion.title(), pull.number), reason::stands(pull.number))
            } else {
                (End::Rests, reason::once(&promotion.environment, pull))
            };
            return Ok(Err(stop));
        }
        if pulls.is_empty() && is_free(facts, ground, &promotion)? {
            return Ok(Ok((promotion, remarks)));
        }
        if promotion.attempt >= MOST_ATTEMPTS {
            return Ok(Err((End::Refused, reason::branches_taken(&promotion.environment))));
        }
        remarks.push(reason::branch_taken(&branch));
        promotion.attempt += 1;
    }
}

/// Opens what nobody has to be asked for, once; or why it does not open.
pub(super) fn open_by_itself(
    facts: &Facts,
    ground: &Ground<'_>,
    place: (&Application, &Environment),
    now: &Overlays,
    promotion: Promotion,
) -> Result<Result<Vec<Effect>, Stop>, Gap> {
    let planned = match plan(place.0, place.1, now, promotion) {
        Ok(planned) => planned,
        Err(stop) => return Ok(Err(stop)),
    };
    let promotion = match attempt(facts, ground, planned.promotion.clone())? {
        Ok((promotion, _)) => promotion,
        Err((End::Refused, reason)) => return Ok(Err(Stop::Refused(reason))),
        Err((_, reason)) => return Ok(Err(Stop::Rests(reason))),
    };
    let (branch, new) = opening(facts, ground, place, &Plan { promotion, ..planned })?;
    Ok(Ok(vec![Effect::EnsureBranch(branch), Effect::EnsurePull(new)]))
}

/// Whether the promotion's branch can be had: nobody has it, or we do, or it holds nothing of anybody's.
pub fn is_free(facts: &Facts, ground: &Ground<'_>, promotion: &Promotion) -> Result<bool, Gap> {
    let Some(commit) = facts.head(ground.repo, &promotion.branch())? else {
        return Ok(true);
    };
    let message = promotion.message(&facts.sealer(ground.repo));
    let same = commit.message.trim_end() == message.trim_end();
    Ok(facts.identity()?.made(commit) && same || is_claim(facts, ground, &commit.sha)?)
}

/// Whether a branch holds nothing that the default branch has not: it was claimed, and nothing came of it.
fn is_claim(facts: &Facts, ground: &Ground<'_>, at: &Sha) -> Result<bool, Gap> {
    let base = &ground.head.sha;
    Ok(at == base || facts.comparison(ground.repo, base, at)?.total_commits == 0)
}
