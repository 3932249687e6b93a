//! `/hold`, `/unhold`, `/lock`, `/unlock`: stops by hand.
//!
//! A stop is answered only after every open pull request that it concerns is red.

use jiff::SignedDuration;

use super::Step;
use super::context::Context;
use super::right;
use crate::domain::acts::Acts;
use crate::domain::decision::{Effect, Verdict};
use crate::domain::evaluate::{self, Outdated};
use crate::domain::facts::Gap;
use crate::domain::group;
use crate::domain::policy::Environment;
use crate::domain::reply::command as say;
use crate::intent::command::Command;
use crate::intent::{Half, Intent, Reach};
use crate::model::act::{Act, ActKind, NewAct};

/// Holds this promotion, or an application in an environment.
pub(super) fn hold(
    context: &Context<'_>,
    text: &str,
    named: Option<&str>,
    half: Option<&Half>,
) -> Result<Step, Gap> {
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let environment = context.environment(first).ok();
    let new = match environment {
        Some(environment) => {
            let application = match context.application(named) {
                Ok(application) => application,
                Err(why) => return Ok(Step::refused(why)),
            };
            NewAct {
                environment: Some(environment.name().clone()),
                application: Some(application.name().clone()),
                reason: rest.trim().to_owned(),
                ..context.act(ActKind::Hold, &format!("hold:{}", environment.name()))
            }
        }
        None => match context.open_pull() {
            Ok(pull) => NewAct {
                pr: Some(pull.number),
                reason: text.trim().to_owned(),
                ..context.act(ActKind::Hold, "hold")
            },
            Err(_) => return Ok(Step::refused(say::hold_what(context.policy.environments()))),
        },
    };
    if half.is_none() {
        return Ok(Step::First(vec![Effect::RecordAct(new)]));
    }
    let effects = reddened(context)?;
    Ok(Step::done(say::held(&new), effects))
}

/// Lifts the holds of this promotion, or of an application in an environment.
pub(super) fn unhold(
    context: &Context<'_>,
    environment: Option<&str>,
    named: Option<&str>,
) -> Result<Step, Gap> {
    let acts = Acts::read(context.facts, context.ground.repo)?;
    let command = Command::Unhold { environment: None, application: None };
    let (place, holds): (&Environment, Vec<&Act>) = match environment {
        Some(name) => {
            let environment = match context.environment(name) {
                Ok(environment) => environment,
                Err(why) => return Ok(Step::refused(why)),
            };
            let holds = match named {
                None => acts.holds_in(environment.name()),
                Some(_) => match context.application(named) {
                    Ok(application) => acts.holds(environment.name(), application.name()),
                    Err(why) => return Ok(Step::refused(why)),
                },
            };
            (environment, holds)
        }
        None => {
            let pull = match context.open_pull() {
                Ok(pull) => pull,
                Err(why) => return Ok(Step::refused(why)),
            };
            let Some(environment) = place_of(context)? else {
                return Ok(Step::refused(say::hold_what(context.policy.environments())));
            };
            (environment, acts.holds_of_pull(pull.number))
        }
    };
    if let Err(why) = right::of_environment(context, place, &command)? {
        return Ok(Step::refused(why));
    }
    if holds.is_empty() {
        let elsewhere = acts.holds_in(place.name());
        return Ok(Step::refused(say::nothing_held(place, &elsewhere)));
    }
    let effects = vec![ended(context, &holds, "unhold"), look_again(context)];
    Ok(Step::done(say::unheld(&holds), effects))
}

/// The environment that the thread's pull request is about.
fn place_of<'a>(context: &'a Context<'_>) -> Result<Option<&'a Environment>, Gap> {
    if let Some(promotion) = &context.promotion {
        return Ok(context.policy.environment(&promotion.environment));
    }
    let touched = super::ownership::touched(context)?;
    Ok(touched.first().and_then(|name| context.policy.environment(name)))
}

/// Locks an environment.
pub(super) fn lock(
    context: &Context<'_>,
    name: &str,
    why: &str,
    seconds: Option<u64>,
    half: Option<&Half>,
) -> Result<Step, Gap> {
    let environment = match context.environment(name) {
        Ok(environment) => environment,
        Err(why) => return Ok(Step::refused(why)),
    };
    let lasting = seconds.and_then(|seconds| i64::try_from(seconds).ok());
    let until = lasting.and_then(|seconds| {
        context.remark.written_at.checked_add(SignedDuration::from_secs(seconds)).ok()
    });
    let new = NewAct {
        environment: Some(environment.name().clone()),
        reason: why.to_owned(),
        until,
        ..context.act(ActKind::Lock, &format!("lock:{}", environment.name()))
    };
    if half.is_none() {
        let mut first = vec![Effect::RecordAct(new.clone())];
        if let Some(at) = until {
            let repo = context.ground.repo.clone();
            let intent = Intent::Lapse { repo, cause: new.cause };
            first.push(Effect::EnqueueAt { intent, at });
        }
        return Ok(Step::First(first));
    }
    let effects = reddened(context)?;
    Ok(Step::done(say::locked(environment, until), effects))
}

/// Lifts the locks of an environment.
pub(super) fn unlock(context: &Context<'_>, name: &str) -> Result<Step, Gap> {
    let environment = match context.environment(name) {
        Ok(environment) => environment,
        Err(why) => return Ok(Step::refused(why)),
    };
    let acts = Acts::read(context.facts, context.ground.repo)?;
    let locks = acts.locks(environment.name());
    if locks.is_empty() {
        return Ok(Step::refused(say::not_locked(environment)));
    }
    let own = locks.iter().all(|lock| lock.by.id == context.author().id);
    if !own {
        let command = Command::Unlock { environment: name.to_owned() };
        if right::of_environment(context, environment, &command)?.is_err() {
            return Ok(Step::refused(say::not_yours_to_unlock(environment, &locks)));
        }
    }
    let effects = vec![ended(context, &locks, "unlock"), look_again(context)];
    Ok(Step::done(say::unlocked(environment), effects))
}

fn ended(context: &Context<'_>, acts: &[&Act], why: &str) -> Effect {
    Effect::EndActs {
        ids: acts.iter().map(|act| act.id).collect(),
        by: Some(context.author().login.clone()),
        why: why.to_owned(),
    }
}

fn look_again(context: &Context<'_>) -> Effect {
    let repo = context.ground.repo.clone();
    Effect::Enqueue(Intent::Follow { repo, reach: Reach::Everything })
}

/// Judges every open pull request anew, so that all that the stop concerns are red before it is answered: also one that
/// goes to another branch, and could be pointed at this one; and one that is about to be planned anew.
fn reddened(context: &Context<'_>) -> Result<Vec<Effect>, Gap> {
    let mut effects = Vec::new();
    for pull in context.facts.open_pulls(context.ground.repo)? {
        let decision = evaluate::judge(context.facts, context.ground, pull, Outdated::Judge)?;
        if decision.verdict == Verdict::Refused {
            effects.extend(decision.effects);
        }
    }
    // What is on its way in a merge queue is stopped there: the queue asks for its own checks only.
    for queued in context.facts.groups(context.ground.repo)? {
        let decision = group::judge(context.facts, context.ground, queued)?;
        if decision.verdict == Verdict::Refused {
            effects.extend(decision.effects);
        }
    }
    Ok(effects)
}
