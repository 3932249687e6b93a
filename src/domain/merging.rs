//! Merging: what is asked of GitHub, by a person's command or by itself, and what came of it.
//!
//! A merge is decided on facts of its own, read after the verdict was posted, and bound to the head and to the
//! base that they speak of.

use jiff::{SignedDuration, Timestamp};

use super::decision::{Decision, Effect, Verdict};
use super::evaluate::{Assessment, assess, changed_rules, policy_for};
use super::evidence;
use super::facts::{Facts, Gap};
use super::ground::Ground;
use super::leaving;
use super::look::{Change, Look};
use super::policy::{Mode, Mover};
use super::promotion::Promotion;
use super::replan;
use super::reply::command as say;
use super::reply::reason;
use crate::intent::{Asked, Half, Intent};
use crate::model::ids::{PrNumber, RepoRef};
use crate::model::write::{Merged, NewMerge, Tip};

/// A merge in the background that is not done after so long is not waited for any more.
const PATIENCE: SignedDuration = SignedDuration::from_mins(30);

/// So long after a refusal nothing is asked again: the verdict that tells of it is judged anew, too.
const PAUSE: SignedDuration = SignedDuration::from_secs(15);

/// The merge of a pull request as it was looked at; none where it touches nothing.
pub(super) fn wanted(look: &Look<'_>) -> Option<NewMerge> {
    let pull = look.pull();
    let method = look.touches.first()?.environment.method();
    let title = match &look.promotion {
        Some(promotion) => promotion.title(),
        None => say::merge_title(&look.touches),
    };
    let message = look.promotion.as_ref().map_or_else(String::new, |one| one.message(&look.sealer));
    let message = message.split_once("\n\n").map_or("", |(_, rest)| rest).to_owned();
    Some(NewMerge {
        head: pull.head.sha.clone(),
        base: Tip { branch: pull.base.branch.clone(), sha: look.ground.head.sha.clone() },
        method,
        title: format!("{title} (#{})", pull.number),
        message,
    })
}

/// Whether it is merged by itself: a promotion of ours, everything that it touches is merged into by itself, and
/// nothing stands against it.
pub(super) fn by_itself(look: &Look<'_>, assessment: &Assessment) -> bool {
    let pull = look.pull();
    let judged = matches!(assessment, Assessment::Judged { mode: Mode::Enforce, .. });
    judged
        && !assessment.blocks()
        && is_automatic(look)
        && !pull.draft
        && pull.base.branch == look.ground.home.default_branch
}

/// Whether it is a promotion of ours into environments that are merged into by themselves, or goes back by itself.
pub(super) fn is_automatic(look: &Look<'_>) -> bool {
    if look.promotion.as_ref().is_some_and(Promotion::goes_back_by_itself) {
        return !look.touches.is_empty();
    }
    let automatic =
        |touch: &super::classify::Effect<'_>| touch.environment.merge() == Mover::Automatic;
    // What somebody meant to go back from is not there any more: that is for people.
    let as_meant = leaving::changed(look).is_none();
    look.promotion.is_some()
        && !look.touches.is_empty()
        && look.touches.iter().all(automatic)
        && as_meant
}

/// What came of the last try at this head onto this base, if it was tried.
pub(super) fn tried<'a>(
    facts: &'a Facts,
    look: &Look<'_>,
) -> Result<Option<&'a (Asked, Timestamp)>, Gap> {
    let (pull, base) = (look.pull(), &look.ground.head.sha);
    let last = facts.tried(look.ground.repo, &pull.number)?.as_ref();
    Ok(last.filter(|(asked, _)| asked.head == pull.head.sha && asked.base == *base))
}

/// Whether GitHub has just refused the merge at this head onto this base. An older refusal tells nothing of now: it is
/// tried again first.
pub(super) fn just_refused(facts: &Facts, look: &Look<'_>) -> Result<bool, Gap> {
    Ok(match tried(facts, look)? {
        Some((Asked { came: Half::Refused(_), .. }, at)) => facts.now.duration_since(*at) < PAUSE,
        _ => false,
    })
}

/// The merge that follows from a verdict by itself. What is in a merge queue, or was put out of one, is not put
/// in again at the same head onto the same base: it would go round for ever.
pub(super) fn follows(
    facts: &Facts,
    look: &Look<'_>,
    assessment: &Assessment,
) -> Result<Option<Effect>, Gap> {
    if !by_itself(look, assessment) {
        return Ok(None);
    }
    let again = match tried(facts, look)? {
        Some((Asked { came: Half::Queued, .. }, _)) => false,
        // After so long nobody asks any more what became of it.
        Some((Asked { came: Half::Waiting { since, .. }, .. }, _)) => {
            facts.now.duration_since(*since) > PATIENCE
        }
        Some((_, at)) => facts.now.duration_since(*at) >= PAUSE,
        None => true,
    };
    let (repo, pr) = (look.ground.repo.clone(), look.pull().number);
    Ok(again.then_some(Effect::Enqueue(Intent::Merge { repo, pr, asked: None })))
}

/// Decides [`Intent::Merge`].
pub(super) fn merge(
    facts: &Facts,
    repo: &RepoRef,
    pr: PrNumber,
    asked: Option<&Asked>,
) -> Result<Decision, Gap> {
    match asked {
        Some(asked) => came(facts, repo, pr, asked),
        None => ask(facts, repo, pr),
    }
}

/// Judges once more, and asks for the merge.
fn ask(facts: &Facts, repo: &RepoRef, pr: PrNumber) -> Result<Decision, Gap> {
    let ground = match Ground::read(facts, repo)? {
        Ok(ground) => ground,
        Err(reason) => return Ok(Decision::nothing(reason)),
    };
    let Some(pull) = facts.pull(repo, &pr)?.as_ref().filter(|pull| pull.open) else {
        return Ok(Decision::nothing(reason::pull_closed(pr)));
    };
    let change = Change::read(facts, &ground, pull)?;
    let rules = changed_rules(facts, &ground, &change.merged)?;
    let Some(policy) = policy_for(facts, &ground, rules.as_ref())? else {
        return Ok(not_now(repo, pr));
    };
    let look = Look::at(facts, &ground, &policy, &change)?;
    let assessment = assess(facts, &look, rules.as_ref())?;
    if replan::replan(facts, &look)?.is_some() || follows(facts, &look, &assessment)?.is_none() {
        return Ok(not_now(repo, pr));
    }
    let Some(merge) = wanted(&look) else {
        return Ok(not_now(repo, pr));
    };
    Ok(Decision {
        verdict: Verdict::Accepted,
        reasons: vec![reason::merging(&merge)],
        effects: vec![
            evidence::merging(facts, &look, &assessment, None)?,
            Effect::Merge { pr, merge },
        ],
    })
}

/// It has changed since it was judged: that is said first.
fn not_now(repo: &RepoRef, pr: PrNumber) -> Decision {
    Decision {
        verdict: Verdict::Refused,
        reasons: vec![reason::merge_not_now(pr)],
        effects: vec![Effect::Enqueue(Intent::Evaluate { repo: repo.clone(), pr })],
    }
}

/// What became of a merge that was asked for.
fn came(facts: &Facts, repo: &RepoRef, pr: PrNumber, asked: &Asked) -> Result<Decision, Gap> {
    let again = |asked: Asked| Intent::Merge { repo: repo.clone(), pr, asked: Some(asked) };
    let evaluate = Effect::Enqueue(Intent::Evaluate { repo: repo.clone(), pr });
    let (reason, effects) = match &asked.came {
        Half::Done => (reason::merge_done(pr), Vec::new()),
        Half::Queued => (reason::merge_queued(pr), vec![evaluate]),
        Half::Refused(why) => (reason::merge_refused(pr, why), vec![evaluate]),
        Half::Waiting { uuid, since } => match waited(facts, repo, pr, uuid, *since)? {
            Wait::Until(at) => {
                let effects = vec![Effect::EnqueueAt { intent: again(asked.clone()), at }];
                (reason::merge_pending(pr), effects)
            }
            Wait::Over(came) => {
                let intent = again(Asked { came, ..asked.clone() });
                (reason::merge_pending(pr), vec![Effect::Enqueue(intent)])
            }
        },
    };
    let verdict =
        if matches!(asked.came, Half::Refused(_)) { Verdict::Refused } else { Verdict::Accepted };
    Ok(Decision { verdict, reasons: vec![reason], effects })
}

/// How it stands with a merge in the background.
pub(super) enum Wait {
    /// It is asked about again then.
    Until(Timestamp),
    /// This came of it.
    Over(Half),
}

/// Asks what has become of a merge in the background: soon at first, then less and less often.
pub(super) fn waited(
    facts: &Facts,
    repo: &RepoRef,
    pr: PrNumber,
    uuid: &str,
    since: Timestamp,
) -> Result<Wait, Gap> {
    let so_far = facts.now.duration_since(since);
    Ok(match facts.merging(repo, &pr, uuid)? {
        Merged::Done => Wait::Over(Half::Done),
        Merged::Queued => Wait::Over(Half::Queued),
        Merged::Refused(why) => Wait::Over(Half::Refused(why.clone())),
        Merged::Pending(_) if so_far > PATIENCE => {
            Wait::Over(Half::Refused(say::merge_takes_too_long().to_owned()))
        }
        Merged::Pending(_) => {
            let pause =
                (so_far / 2).clamp(SignedDuration::from_secs(1), SignedDuration::from_secs(30));
            Wait::Until(facts.now.checked_add(pause).unwrap_or(facts.now))
        }
    })
}
