//! `/merge`, `/cancel`, `/retry`: what becomes of the pull request itself.

use jiff::Timestamp;

use super::Step;
use super::context::Context;
use super::right;
use crate::domain::decision::Effect;
use crate::domain::evaluate::{Assessment, assess, changed_rules};
use crate::domain::evidence;
use crate::domain::facts::Gap;
use crate::domain::merging::{self, Wait};
use crate::domain::policy::Mode;
use crate::domain::replan;
use crate::domain::reply::command as say;
use crate::domain::reply::status;
use crate::domain::withdraw::withdraw;
use crate::intent::command::{Command, Spoken};
use crate::intent::{Half, Intent, Reach};
use crate::model::ids::EnvName;
use crate::model::read::PullRequest;

/// Merges the promotion, if every gate has passed.
pub(super) fn merge(context: &Context<'_>, half: Option<&Half>) -> Result<Step, Gap> {
    // An earlier try at it may have got so far.
    let tried = half.is_some() || context.facts.wary;
    if let Some(pull) = context.pull.filter(|pull| pull.merged && tried) {
        return Ok(Step::done(say::merged(pull), Vec::new()));
    }
    if let Some(Half::Refused(why)) = half {
        return refused(context, why);
    }
    let pull = match context.open_pull() {
        Ok(pull) => pull,
        Err(why) => return Ok(Step::refused(why)),
    };
    match half {
        Some(Half::Queued) => return Ok(Step::done(say::merge_queued(pull), Vec::new())),
        Some(Half::Waiting { uuid, since }) => return waiting(context, pull, uuid, *since),
        _ => {}
    }
    let (facts, ground) = (context.facts, context.ground);
    if pull.base.branch != ground.home.default_branch {
        return Ok(Step::refused(say::no_promotion()));
    }
    let change = context.change(pull)?;
    let look = context.look(&change)?;
    if !look.promotes() {
        return Ok(Step::refused(say::no_promotion()));
    }
    for touch in &look.touches {
        if let Err(why) = right::of_environment(context, touch.environment, &Command::Merge)? {
            return Ok(Step::refused(why));
        }
    }
    if context.policy.mode() == Mode::Observe {
        return Ok(Step::refused(say::observing()));
    }
    let rules = changed_rules(facts, ground, &change.merged)?;
    let assessment = assess(facts, &look, rules.as_ref())?;
    if assessment.blocks() || !matches!(assessment, Assessment::Judged { .. }) {
        return Ok(Step::refused(say::not_passed(assessment.gates())));
    }
    if pull.draft {
        return Ok(Step::refused(say::is_a_draft()));
    }
    let Some(merge) = merging::wanted(&look) else {
        return Ok(Step::refused(say::no_promotion()));
    };
    let by = Some(&context.author().login);
    let told = evidence::merging(facts, &look, &assessment, by)?;
    Ok(Step::First(vec![told, Effect::Merge { pr: pull.number, merge }]))
}

/// A merge that GitHub does in the background is waited for, without holding anybody up.
fn waiting(
    context: &Context<'_>,
    pull: &PullRequest,
    uuid: &str,
    since: Timestamp,
) -> Result<Step, Gap> {
    let waited = merging::waited(context.facts, context.ground.repo, pull.number, uuid, since)?;
    Ok(match waited {
        Wait::Until(at) => Step::Later(Half::Waiting { uuid: uuid.to_owned(), since }, at),
        Wait::Over(Half::Refused(why)) => return refused(context, &why),
        Wait::Over(Half::Queued) => Step::done(say::merge_queued(pull), Vec::new()),
        Wait::Over(_) => Step::done(say::merged(pull), Vec::new()),
    })
}

/// GitHub's refusal; where the base has moved under a promotion of ours, with what may help.
fn refused(context: &Context<'_>, why: &str) -> Result<Step, Gap> {
    let behind = match context.open_pull() {
        Ok(pull) if context.promotion.is_some() => {
            replan::is_behind(context.ground, &context.change(pull)?)
        }
        _ => false,
    };
    Ok(Step::refused(say::merge_refused(why, behind)))
}

/// The environments that the thread's pull request touches.
pub(super) fn touched(context: &Context<'_>) -> Result<Vec<EnvName>, Gap> {
    let Some(pull) = context.pull else {
        return Ok(Vec::new());
    };
    let change = context.change(pull)?;
    let look = context.look(&change)?;
    Ok(look.touches.iter().map(|touch| touch.environment.name().clone()).collect())
}

/// Closes the promotion.
pub(super) fn cancel(context: &Context<'_>) -> Result<Step, Gap> {
    let (pull, promotion) = match (context.open_pull(), &context.promotion) {
        (Ok(pull), Some(promotion)) => (pull, promotion),
        (Ok(_), None) => return Ok(Step::refused(say::not_ours())),
        (Err(why), promotion) => {
            // An earlier try at it may have got so far.
            let closed = context.pull.filter(|pull| context.facts.wary && !pull.merged);
            return Ok(match closed.filter(|_| promotion.is_some()) {
                Some(pull) => Step::done(say::cancelled(pull.number), Vec::new()),
                None => Step::refused(why),
            });
        }
    };
    let withdrawn = evidence::by_command(pull, "cancelled", &context.author().login, "");
    let told = status::cancelled(promotion, context.author().login.as_str(), "");
    let effects = withdraw(context.facts, pull, withdrawn, told);
    Ok(Step::done(say::cancelled(pull.number), effects.into()))
}

/// Tries again: a promotion of ours is planned anew where somebody else's commits are on its branch, or where its
/// base has moved; everything else is looked at again.
pub(super) fn retry(context: &Context<'_>) -> Result<Step, Gap> {
    let repo = context.ground.repo.clone();
    let follow = Effect::Enqueue(Intent::Follow { repo: repo.clone(), reach: Reach::Promotions });
    let Ok(pull) = context.open_pull() else {
        return Ok(Step::done(say::looked_at_again(), vec![follow]));
    };
    let evaluate = Effect::Enqueue(Intent::Evaluate { repo, pr: pull.number });
    let Some(promotion) = &context.promotion else {
        return Ok(Step::done(say::judged_again(), vec![evaluate]));
    };
    let change = context.change(pull)?;
    let look = context.look(&change)?;
    let foreign = replan::foreign(&look, promotion);
    if foreign.is_empty() {
        let behind = replan::is_behind(context.ground, &change) && change.is_complete();
        let joined = if behind { replan::joined(context.facts, &look, promotion)? } else { None };
        return Ok(match joined {
            Some(effects) => Step::done(say::planned_on_the_base(), effects),
            None => Step::done(say::judged_again(), vec![evaluate, follow]),
        });
    }
    Ok(match replan::afresh(context.facts, &look, promotion)? {
        Some(effects) => Step::done(say::planned_afresh(&foreign), effects),
        None => Step::refused(say::nothing_left_of_it()),
    })
}

/// A `/retry` whose branch was put in order since it was said, by an earlier try at it or by another one: what
/// it says then. The head that the person saw is gone because that was asked for.
pub(super) fn retried(context: &Context<'_>, line: &Spoken) -> Result<Option<Step>, Gap> {
    let (facts, repo) = (context.facts, context.ground.repo);
    let (Ok(Command::Retry), Ok(pull), Some(promotion)) =
        (&line.meant, context.open_pull(), &context.promotion)
    else {
        return Ok(None);
    };
    let identity = facts.identity()?;
    let head = &pull.head.sha;
    if right::allowed(context, &Command::Retry)?.is_err()
        || !identity.made(facts.commit(repo, head)?)
    {
        return Ok(None);
    }
    let heads = facts.heads(repo, &pull.number)?;
    let Some((before, _)) = heads.iter().rev().find(|(other, _)| other != head) else {
        return Ok(None);
    };
    let had = facts.comparison(repo, &context.ground.head.sha, before)?;
    let gone = replan::strange(&had.commits, promotion, identity, &facts.sealer(repo));
    let told = match gone.is_empty() {
        true if had.merge_base.sha == context.ground.head.sha => return Ok(None),
        true => say::planned_on_the_base(),
        false => say::planned_afresh(&gone),
    };
    let evaluate = Effect::Enqueue(Intent::Evaluate { repo: repo.clone(), pr: pull.number });
    Ok(Some(Step::done(told, vec![evaluate])))
}
