//! The next thing that is done to an Application, from what is remembered of it and how it looks now.
//!
//! It is level-triggered: nothing is concluded from having asked for something, only from seeing it. So every step may
//! fail, be repeated, or be cut off between the call and its record.

use jiff::{SignedDuration, Timestamp};

use crate::domain::inert::span;
use crate::domain::reply::gate::live::unseen;
use crate::model::argocd::{Application, Deployed, Health, Operation, Phase, Seen, Unseen};
use crate::model::ids::Sha;
use crate::model::restoration::{End, Left, Looks, Restoration, Stage, Write};

/// What goes on is looked at again after so long.
const SOON: SignedDuration = SignedDuration::from_secs(2);
/// What comes up slowly is looked at again after so long at most.
const LATER: SignedDuration = SignedDuration::from_secs(30);
/// What stands is looked at again after so long: somebody may have done something else.
const SELDOM: SignedDuration = SignedDuration::from_mins(5);
/// What was tried in vain is tried again after so long at most.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(5);
/// What comes up for longer is called slow.
const SLOW: SignedDuration = SignedDuration::from_mins(30);
/// What is put on again so often as soon as it was turned off, is somebody else's to decide.
const MOST_FIGHTS: u32 = 3;
/// A server that has not looked at the merge for so long follows something else.
const PATIENCE: SignedDuration = SignedDuration::from_mins(5);
/// What cannot be put back for so long after the pull request has ended, is left to people.
const LAST: SignedDuration = SignedDuration::from_hours(24);

/// How it looks around an Application.
pub(super) struct Sight<'a> {
    /// What its server tells.
    pub(super) seen: &'a Seen,
    /// Whether the configuration says that it deploys the target.
    pub(super) named: bool,
    /// Whether it deploys the target's overlay.
    pub(super) deploys: bool,
    /// The newest entry of its history that has the images; looked for only before anything is written.
    pub(super) found: Option<&'a Deployed>,
    /// The pull request.
    pub(super) pull: Pull,
    /// Whether that was merged, and its server has not looked at the default branch since.
    pub(super) behind: bool,
    /// What another pull request has begun with it, and not ended.
    pub(super) other: Option<&'a Restoration>,
    /// The present instant.
    pub(super) now: Timestamp,
}

/// How the pull request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pull {
    /// Open, and kept shut by its gates.
    Shut,
    /// Open, and its gates have passed.
    Passed,
    /// Merged or closed.
    Ended,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Next {
    /// What is remembered, before anything is done.
    pub(super) record: Restoration,
    /// What is done.
    pub(super) write: Option<Write>,
    /// After how long it is looked at again; never, where something else leads on.
    pub(super) again: Option<SignedDuration>,
}

impl Next {
    fn rest(record: Restoration, again: SignedDuration) -> Self {
        Self { record, write: None, again: Some(again) }
    }

    fn over(record: Restoration, end: End, now: Timestamp) -> Self {
        let record = Restoration { off_since: None, ..record.moved(Stage::Over(end), now) };
        Self { record, write: None, again: None }
    }

    /// Does something, and looks soon what came of it; later each time.
    fn write(record: Restoration, write: Write) -> Self {
        let again = pause(record.tries);
        let record = Restoration { tries: record.tries.saturating_add(1), ..record };
        Self { record, write: Some(write), again: Some(again) }
    }
}

/// Decides the next step.
pub(super) fn next(record: &Restoration, sight: &Sight<'_>) -> Next {
    let record = Restoration { off_since: off_since(record, sight), ..record.clone() };
    match (&record.stage, sight.pull) {
        (Stage::Over(_), _) => Next { record, write: None, again: None },
        (Stage::PuttingBack, _) | (_, Pull::Ended) => put_back(record, sight),
        (Stage::Asked, Pull::Shut) => Next { record, write: None, again: None },
        (Stage::Asked, Pull::Passed) => begin(record, sight),
        (stage, _) => match sight.seen {
            Err(why) => in_vain(record, why),
            Ok(one) => match stage {
                Stage::TurningOff => turn_off(record, one, sight),
                Stage::GoingBack => go_back(record, one, sight),
                _ => stand(record, one, sight),
            },
        },
    }
}

/// Since when we keep it off. It counts from when it is seen off; where it cannot be seen, from when the server took it.
fn off_since(record: &Restoration, sight: &Sight<'_>) -> Option<Timestamp> {
    if record.was.is_none() || record.is_over() {
        return None;
    }
    match sight.seen {
        Ok(one) if one.automated.is_some() => None,
        Err(_) if record.trouble.is_some() => record.off_since,
        _ => record.off_since.or(Some(sight.now)),
    }
}

/// Nothing has been written yet; whether anything may be is decided here.
fn begin(record: Restoration, sight: &Sight<'_>) -> Next {
    let left = |record, left| Next::over(record, End::Left(left), sight.now);
    if record.name.is_empty() {
        return left(record, Left::NotConfigured);
    }
    if let Some(other) = sight.other {
        let elapsed = sight.now.duration_since(other.since);
        let again = match other.stage {
            Stage::PuttingBack => (elapsed / 4).clamp(SOON, LATER),
            _ => SELDOM,
        };
        let looks = Looks::After(other.pr);
        return Next::rest(Restoration { looks, trouble: None, tries: 0, ..record }, again);
    }
    let record = Restoration { looks: Looks::Plain, ..record };
    let one = match sight.seen {
        Err(Unseen::NoServer) => return left(record, Left::NoServer),
        Err(Unseen::NotAllowed) => return left(record, Left::NotAllowed),
        Err(why) => return in_vain(record, why),
        Ok(one) => one,
    };
    if let Some(owner) = &one.owner {
        return left(record, Left::Owned(owner.clone()));
    }
    if one.sources.len() > 1 {
        return left(record, Left::Several);
    }
    if !sight.named || !sight.deploys {
        return left(record, Left::Elsewhere);
    }
    let to = sight.found.and_then(|found| Some((found.id, revision(found)?)));
    let Some((id, revision)) = to else {
        return left(record, Left::NoSuchVersion);
    };
    let record = Restoration { id: Some(id), revision: Some(revision), ..record };
    let now = sight.now;
    if one.automated.is_none() {
        return go_back(record.moved(Stage::GoingBack, now), one, sight);
    }
    let was = one.policy.clone();
    let record = Restoration { was, ..record.moved(Stage::TurningOff, now) };
    Next::write(record, Write::TurnOff)
}

fn turn_off(record: Restoration, one: &Application, sight: &Sight<'_>) -> Next {
    if one.automated.is_none() {
        return go_back(record.moved(Stage::GoingBack, sight.now), one, sight);
    }
    // What was refused is no fight.
    if record.tries >= MOST_FIGHTS && record.trouble.is_none() {
        return Next::over(record, End::Taken, sight.now);
    }
    Next::write(record, Write::TurnOff)
}

fn go_back(record: Restoration, one: &Application, sight: &Sight<'_>) -> Next {
    if one.automated.is_some() {
        return Next::over(record, End::Taken, sight.now);
    }
    let last = one.operation.as_ref();
    let ours = |last: &Operation| last.revision.is_some() && last.revision == record.revision;
    if let Some(last) = last.filter(|last| last.phase.is_under_way()) {
        let looks = if ours(last) { Looks::Plain } else { Looks::Busy };
        return Next::rest(Restoration { looks, trouble: None, ..record }, SOON);
    }
    if has_gone_back(&record, one) {
        return stand(record.moved(Stage::Back, sight.now), one, sight);
    }
    // Only what was begun after we called tells of our call; what broke off early may not say what it was to bring.
    let failed = last.filter(|last| {
        let since = record.tries > 0 && last.started_at != record.before;
        let ours = last.revision.is_none() || ours(last);
        since && ours && matches!(last.phase, Phase::Failed | Phase::Error)
    });
    if let Some(failed) = failed {
        let stage = Stage::Failed(failed.message.clone());
        return Next::rest(record.moved(stage, sight.now), SELDOM);
    }
    if !sight.named {
        return Next::rest(Restoration { looks: Looks::Unnamed, ..record }, SELDOM);
    }
    let there = one.history.iter().find(|past| Some(past.id) == record.id);
    let Some(there) = there.filter(|past| revision(past) == record.revision) else {
        let stage = Stage::Failed("it is not in the history any more".to_owned());
        return Next::rest(record.moved(stage, sight.now), SELDOM);
    };
    // What syncs by itself removes what is gone, if it was told to; so does what goes back.
    let prune = record.was.as_ref().is_some_and(|was| was.get("prune") == Some(&true.into()));
    let before = last.and_then(|last| last.started_at);
    let write = Write::Rollback { id: there.id, prune };
    Next::write(Restoration { before, looks: Looks::Plain, ..record }, write)
}

/// It has gone back, or could not; nothing more is done until the pull request ends.
fn stand(record: Restoration, one: &Application, sight: &Sight<'_>) -> Next {
    if one.automated.is_some() {
        return Next::over(record, End::Taken, sight.now);
    }
    if one.operation.as_ref().is_some_and(|last| last.phase.is_under_way()) {
        let record = Restoration { looks: Looks::Busy, trouble: None, ..record };
        return Next::rest(record, SOON);
    }
    let back = has_gone_back(&record, one);
    let record = match &record.stage {
        Stage::Failed(_) if back => record.moved(Stage::Back, sight.now),
        _ => Restoration { trouble: None, tries: 0, ..record },
    };
    let elapsed = sight.now.duration_since(record.since);
    let (looks, again) = match one.health {
        _ if matches!(record.stage, Stage::Failed(_)) => (Looks::Plain, SELDOM),
        _ if !back => (Looks::Otherwise, SELDOM),
        _ if !sight.named => (Looks::Unnamed, SELDOM),
        Health::Healthy => (Looks::Is(Health::Healthy), SELDOM),
        Health::Progressing if elapsed > SLOW => (Looks::Slow, LATER),
        Health::Progressing => (Looks::Is(Health::Progressing), (elapsed / 4).clamp(SOON, LATER)),
        other => (Looks::Is(other), LATER),
    };
    Next::rest(Restoration { looks, ..record }, again)
}

/// The pull request has ended: automatic sync is as it was, or somebody else has decided about it.
fn put_back(record: Restoration, sight: &Sight<'_>) -> Next {
    let now = sight.now;
    if record.stage == Stage::Asked {
        return Next::over(record, End::NotNeeded, now);
    }
    let Some(was) = record.was.clone() else {
        return Next::over(record, End::WasOff, now);
    };
    let record = match record.stage {
        Stage::PuttingBack => record,
        _ => record.moved(Stage::PuttingBack, now),
    };
    let lost = now.duration_since(record.since) > LAST;
    let one = match sight.seen {
        Err(_) if lost => return Next::over(record, End::Lost, now),
        Err(why) => return in_vain(record, why),
        Ok(one) => one,
    };
    match &one.policy {
        Some(policy) if *policy == was => Next::over(record, End::PutBack, now),
        Some(_) if one.automated.is_some() => Next::over(record, End::Taken, now),
        Some(_) => Next::over(record, End::Changed, now),
        None if lost => Next::over(record, End::Lost, now),
        // What it has not seen yet it would not deploy: for a moment the bad version would come again.
        None if sight.behind && now.duration_since(record.since) < PATIENCE => {
            Next::write(Restoration { looks: Looks::Behind, ..record }, Write::Refresh)
        }
        None => Next::write(Restoration { looks: Looks::Plain, ..record }, Write::PutBack(was)),
    }
}

/// Whether what is deployed is what it was to go back to.
fn has_gone_back(record: &Restoration, one: &Application) -> bool {
    let done = one.operation.as_ref().is_some_and(|last| {
        last.phase == Phase::Succeeded
            && last.revision.is_some()
            && last.revision == record.revision
    });
    done && one.history.last().is_some_and(|last| revision(last) == record.revision)
}

/// It cannot be seen; it is looked at again, later each time.
fn in_vain(record: Restoration, why: &Unseen) -> Next {
    let again = pause(record.tries);
    let tries = record.tries.saturating_add(1);
    let trouble = Some(unseen(why, &span(&record.name)));
    Next::rest(Restoration { tries, trouble, ..record }, again)
}

/// A second, then twice as long each time.
fn pause(tries: u32) -> SignedDuration {
    SignedDuration::from_secs(1_i64 << tries.min(9)).min(LONGEST_PAUSE)
}

fn revision(past: &Deployed) -> Option<Sha> {
    match past.revisions.as_slice() {
        [only] => Sha::new(only.clone()).ok(),
        _ => None,
    }
}
