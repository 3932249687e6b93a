//! Each state of an Application, and what is done next.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::step::{Next, Pull, Sight, next};
use crate::model::argocd::{
    Application, Automated, Deployed, Health, Operation, Phase, Seen, Source, Sync, Unseen,
};
use crate::model::ids::{AppName, EnvName, Login, PrNumber, Sha, TargetName};
use crate::model::restoration::{End, Left, Looks, Restoration, Stage, Write};

fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn sha(c: char) -> Sha {
    Sha::new(c.to_string().repeat(40)).unwrap()
}

fn past(id: i64, c: char) -> Deployed {
    Deployed { id, revisions: vec![sha(c).into()], at: None }
}

/// Deploys `b`, synced by itself; `a` was there before.
fn application() -> Application {
    Application {
        sources: vec![Source {
            url: "https://github.test/acme/shop.git".to_owned(),
            path: "prod".to_owned(),
            follows: "HEAD".to_owned(),
            revision: Some(sha('b')),
        }],
        automated: Some(Automated { prune: true, self_heal: true }),
        policy: Some(json!({"prune": true, "selfHeal": true, "allowEmpty": false})),
        owner: None,
        sync: Sync::Synced,
        health: Health::Healthy,
        health_message: None,
        health_since: None,
        operation: Some(operation(Phase::Succeeded, 'b', 1)),
        history: vec![past(3, 'a'), past(4, 'b')],
        images: Vec::new(),
        compared_at: None,
    }
}

fn operation(phase: Phase, c: char, at: i64) -> Operation {
    Operation {
        phase,
        message: "because".to_owned(),
        revision: Some(sha(c)),
        started_at: Timestamp::from_second(at).ok(),
        finished_at: None,
    }
}

fn off() -> Application {
    Application { automated: None, policy: None, ..application() }
}

/// Off, and gone back to `a`.
fn back() -> Application {
    let mut one = off();
    one.operation = Some(operation(Phase::Succeeded, 'a', 2));
    one.history.push(past(5, 'a'));
    one.sync = Sync::OutOfSync;
    one
}

fn record(stage: Stage) -> Restoration {
    let begun = stage != Stage::Asked;
    Restoration {
        pr: PrNumber(7),
        environment: EnvName::new("prod").unwrap(),
        application: AppName::new("shop").unwrap(),
        target: TargetName::new("prod").unwrap(),
        server: "main".to_owned(),
        name: "shop-prod".to_owned(),
        by: Some(Login::new("sam").unwrap()),
        stage,
        since: now(),
        was: begun.then(|| application().policy.unwrap()),
        off_since: begun.then(now),
        id: begun.then_some(3),
        revision: begun.then(|| sha('a')),
        before: None,
        tries: 0,
        trouble: None,
        looks: Looks::Plain,
    }
}

struct Case {
    record: Restoration,
    seen: Seen,
    pull: Pull,
    named: bool,
    deploys: bool,
    found: Option<Deployed>,
    behind: bool,
    other: Option<Restoration>,
    now: Timestamp,
}

impl Case {
    fn new(stage: Stage, seen: impl Into<Option<Application>>) -> Self {
        let seen = seen.into().ok_or_else(|| Unseen::Unreachable("503".to_owned()));
        Self {
            record: record(stage),
            seen,
            pull: Pull::Passed,
            named: true,
            deploys: true,
            found: Some(past(3, 'a')),
            behind: false,
            other: None,
            now: now(),
        }
    }

    fn ended(stage: Stage, seen: impl Into<Option<Application>>) -> Self {
        Self { pull: Pull::Ended, ..Self::new(stage, seen) }
    }

    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn next(&self) -> Next {
        let sight = Sight {
            seen: &self.seen,
            named: self.named,
            deploys: self.deploys,
            found: self.found.as_ref(),
            pull: self.pull,
            behind: self.behind,
            other: self.other.as_ref(),
            now: self.now,
        };
        next(&self.record, &sight)
    }

    /// It comes to that stage, and this is done.
    fn leads_to(&self, stage: &Stage, write: Option<&Write>) -> Next {
        let next = self.next();
        assert_eq!((&next.record.stage, next.write.as_ref()), (stage, write), "{:?}", self.record);
        let over = matches!(stage, Stage::Over(_));
        assert_eq!(over, next.again.is_none(), "what is not over is looked at again");
        assert!(!over || next.record.off_since.is_none(), "nothing off is forgotten");
        next
    }

    fn ends(&self, end: End) {
        self.leads_to(&Stage::Over(end), None);
    }
}

const ROLLBACK: Write = Write::Rollback { id: 3, prune: true };

#[test]
fn automatic_sync_is_remembered_whole_before_it_is_turned_off() {
    let next =
        Case::new(Stage::Asked, application()).leads_to(&Stage::TurningOff, Some(&Write::TurnOff));
    assert_eq!(next.record.was, application().policy);
    assert_eq!((next.record.off_since, next.record.id), (None, Some(3)), "it is not off yet");
    assert_eq!(next.record.revision, Some(sha('a')));
    // Off already: nothing is turned off, and nothing will be put back.
    let next = Case::new(Stage::Asked, off())
        .leads_to(&Stage::GoingBack, Some(&Write::Rollback { id: 3, prune: false }));
    assert_eq!((next.record.was, next.record.off_since), (None, None));
    // Switched off within is off.
    let within = Application { policy: Some(json!({"enabled": false})), ..off() };
    let next = Case::new(Stage::Asked, within).next();
    assert_eq!((next.record.was, next.record.stage), (None, Stage::GoingBack));
}

#[test]
fn nothing_is_written_where_it_could_not_be_kept_or_would_be_the_wrong_one() {
    let left = |change: fn(&mut Case)| {
        let next = Case::new(Stage::Asked, application()).with(change).next();
        assert_eq!((next.write, next.again), (None, None));
        let Stage::Over(End::Left(left)) = next.record.stage else { panic!("{:?}", next.record) };
        left
    };
    let one = |change: fn(&mut Application)| {
        let mut one = application();
        change(&mut one);
        let next = Case::new(Stage::Asked, one).next();
        assert_eq!(next.write, None);
        next.record.stage
    };
    assert_eq!(left(|case| case.record.name.clear()), Left::NotConfigured);
    assert_eq!(left(|case| case.seen = Err(Unseen::NoServer)), Left::NoServer);
    assert_eq!(left(|case| case.seen = Err(Unseen::NotAllowed)), Left::NotAllowed);
    assert_eq!(left(|case| case.deploys = false), Left::Elsewhere);
    assert_eq!(left(|case| case.named = false), Left::Elsewhere);
    assert_eq!(left(|case| case.found = None), Left::NoSuchVersion);
    let owned = one(|one| one.owner = Some("ApplicationSet all".to_owned()));
    assert_eq!(owned, Stage::Over(End::Left(Left::Owned("ApplicationSet all".to_owned()))));
    let several = one(|one| one.sources.push(one.sources[0].clone()));
    assert_eq!(several, Stage::Over(End::Left(Left::Several)));
    // Gates come first.
    let shut = Case::new(Stage::Asked, application()).with(|case| case.pull = Pull::Shut);
    assert_eq!((shut.next().record, shut.next().write), (shut.record, None));
}

#[test]
fn what_another_pull_request_brings_back_is_waited_for() {
    let other = |stage| Some(Restoration { pr: PrNumber(3), ..record(stage) });
    let waits = |stage: Stage, minutes: i64| {
        let case = Case::new(Stage::Asked, application()).with(|case| {
            (case.other, case.now) = (other(stage), now() + SignedDuration::from_mins(minutes));
        });
        let next = case.leads_to(&Stage::Asked, None);
        assert_eq!(next.record.looks, Looks::After(PrNumber(3)));
        assert_eq!((&next.record.was, next.record.off_since), (&None, None));
        next.again.unwrap().as_secs()
    };
    assert_eq!(waits(Stage::Back, 0), 300);
    // One that is about to end, soon; later where that takes long.
    assert_eq!([0, 1, 60].map(|minutes| waits(Stage::PuttingBack, minutes)), [2, 15, 30]);
    // Then its turn has come, and its word is another one.
    let then =
        Case::new(Stage::Asked, None).with(|case| case.record.looks = Looks::After(PrNumber(3)));
    assert_eq!(then.next().record.looks, Looks::Plain);
}

#[test]
fn it_goes_back_once_automatic_sync_is_seen_to_be_off() {
    Case::new(Stage::TurningOff, off()).leads_to(&Stage::GoingBack, Some(&ROLLBACK));
    Case::new(Stage::TurningOff, application()).leads_to(&Stage::TurningOff, Some(&Write::TurnOff));
    // Cut off between the call and its record: what is there is looked at first.
    let running = Application { operation: Some(operation(Phase::Running, 'a', 2)), ..off() };
    Case::new(Stage::TurningOff, running.clone()).leads_to(&Stage::GoingBack, None);
    Case::new(Stage::GoingBack, running).leads_to(&Stage::GoingBack, None);
    Case::new(Stage::TurningOff, back()).leads_to(&Stage::Back, None);
    Case::new(Stage::GoingBack, back()).leads_to(&Stage::Back, None);
    // Another sync goes on: that one first.
    let busy = Application { operation: Some(operation(Phase::Running, 'b', 2)), ..off() };
    let next = Case::new(Stage::GoingBack, busy).leads_to(&Stage::GoingBack, None);
    assert_eq!(next.record.looks, Looks::Busy);
    // A try that nothing came of is made again, later each time.
    let tries = |tries| Case::new(Stage::GoingBack, off()).with(|case| case.record.tries = tries);
    let pauses =
        [0, 3, 30].map(|many| tries(many).leads_to(&Stage::GoingBack, Some(&ROLLBACK)).again);
    let seconds = |seconds| Some(SignedDuration::from_secs(seconds));
    assert_eq!(pauses, [seconds(1), seconds(8), seconds(300)]);
    // The entry is gone, or is another one.
    let gone = Application { history: vec![past(4, 'b')], ..off() };
    assert!(matches!(Case::new(Stage::GoingBack, gone).next().record.stage, Stage::Failed(_)));
    let other = Application { history: vec![past(3, 'c')], ..off() };
    assert!(matches!(Case::new(Stage::GoingBack, other).next().record.stage, Stage::Failed(_)));
}

#[test]
fn what_fails_is_told_and_not_tried_a_second_time() {
    let failed = Application { operation: Some(operation(Phase::Failed, 'a', 2)), ..off() };
    let called = Case::new(Stage::GoingBack, failed.clone()).with(|case| case.record.tries = 1);
    called.leads_to(&Stage::Failed("because".to_owned()), None);
    Case::new(Stage::Failed("because".to_owned()), failed)
        .leads_to(&Stage::Failed("because".to_owned()), None);
    // One that broke off before it knew what it brings is ours, if it began after we called.
    let mut early = operation(Phase::Error, 'a', 2);
    early.revision = None;
    let early = Application { operation: Some(early), ..off() };
    let early = Case::new(Stage::GoingBack, early).with(|case| case.record.tries = 1);
    early.leads_to(&Stage::Failed("because".to_owned()), None);
    // Somebody else's is not.
    let other = Application { operation: Some(operation(Phase::Error, 'b', 2)), ..off() };
    let other = Case::new(Stage::GoingBack, other).with(|case| case.record.tries = 1);
    other.leads_to(&Stage::GoingBack, Some(&ROLLBACK));
    // One that failed before we called tells nothing of our call.
    let earlier = called.with(|case| case.record.before = Timestamp::from_second(2).ok());
    earlier.leads_to(&Stage::GoingBack, Some(&ROLLBACK));
    // Somebody has helped.
    Case::new(Stage::Failed("because".to_owned()), back()).leads_to(&Stage::Back, None);
}

#[test]
fn health_is_followed_and_nothing_more_is_done() {
    let looks = |change: fn(&mut Application), minutes: i64| {
        let mut one = back();
        change(&mut one);
        let case = Case::new(Stage::Back, one)
            .with(|case| case.now = now() + SignedDuration::from_mins(minutes));
        let next = case.leads_to(&Stage::Back, None);
        next.record.looks
    };
    assert_eq!(looks(|_| {}, 0), Looks::Is(Health::Healthy));
    let progressing: fn(&mut Application) = |one| one.health = Health::Progressing;
    assert_eq!(looks(progressing, 5), Looks::Is(Health::Progressing));
    assert_eq!(looks(progressing, 31), Looks::Slow);
    assert_eq!(looks(|one| one.health = Health::Degraded, 0), Looks::Is(Health::Degraded));
    let synced: fn(&mut Application) = |one| one.history.push(past(6, 'b'));
    assert_eq!(looks(synced, 0), Looks::Otherwise);
    let unnamed = Case::new(Stage::Back, back()).with(|case| case.named = false);
    assert_eq!(unnamed.next().record.looks, Looks::Unnamed);
    let unnamed = Case::new(Stage::GoingBack, off()).with(|case| case.named = false);
    let next = unnamed.leads_to(&Stage::GoingBack, None);
    assert_eq!(next.record.looks, Looks::Unnamed);
}

#[test]
fn it_counts_as_off_from_when_it_is() {
    let off_since = |seen: Option<Application>, trouble: Option<&str>| {
        let case = Case::new(Stage::TurningOff, seen).with(|case| {
            (case.record.off_since, case.record.trouble) = (None, trouble.map(str::to_owned));
        });
        case.next().record.off_since
    };
    // It is on, whatever was asked for: the token may not.
    assert_eq!(off_since(Some(application()), Some("403")), None);
    assert_eq!(off_since(Some(application()), None), None);
    // It is off, be it that the answer to that was lost.
    assert_eq!(off_since(Some(off()), Some("timeout")), Some(now()));
    assert_eq!(off_since(Some(off()), None), Some(now()));
    // The server took it, and cannot be seen since; or did not take it.
    assert_eq!(off_since(None, None), Some(now()));
    assert_eq!(off_since(None, Some("403")), None);
    // What counts goes on counting while nothing can be seen, and when the pull request has ended before it was seen off.
    let away = Case::new(Stage::Back, None).with(|case| {
        (case.record.trouble, case.now) =
            (Some("503".to_owned()), now() + SignedDuration::from_hours(1));
    });
    assert_eq!(away.next().record.off_since, Some(now()));
    let ended = Case::ended(Stage::TurningOff, off()).with(|case| case.record.off_since = None);
    assert_eq!(ended.next().record.off_since, Some(now()));
}

#[test]
fn nobody_is_fought_with() {
    for stage in [Stage::GoingBack, Stage::Back, Stage::Failed("because".to_owned())] {
        Case::new(stage, application()).ends(End::Taken);
    }
    let again = Case::new(Stage::TurningOff, application()).with(|case| case.record.tries = 3);
    again.ends(End::Taken);
    // What was refused is no fight: it is tried again.
    let refused = again.with(|case| case.record.trouble = Some("403".to_owned()));
    refused.leads_to(&Stage::TurningOff, Some(&Write::TurnOff));
}

#[test]
fn what_cannot_be_seen_is_looked_at_again_and_said() {
    for stage in [Stage::Asked, Stage::TurningOff, Stage::GoingBack, Stage::Back] {
        let next = Case::new(stage.clone(), None).leads_to(&stage, None);
        assert!(next.record.trouble.unwrap().contains("cannot be reached: `503`"));
        assert_eq!(next.record.tries, 1);
    }
    Case::ended(Stage::Back, None).leads_to(&Stage::PuttingBack, None);
}

#[test]
fn automatic_sync_is_put_back_as_it_was_when_the_pull_request_ends() {
    let was = application().policy.unwrap();
    for stage in [Stage::TurningOff, Stage::GoingBack, Stage::Back, Stage::Failed(String::new())] {
        Case::ended(stage.clone(), back())
            .leads_to(&Stage::PuttingBack, Some(&Write::PutBack(was.clone())));
        // Cut off before it was ever turned off, or after it was put back.
        Case::ended(stage, application()).ends(End::PutBack);
    }
    // A pull request that is opened again changes nothing about it.
    Case::new(Stage::PuttingBack, back()).leads_to(&Stage::PuttingBack, Some(&Write::PutBack(was)));
    Case::ended(Stage::PuttingBack, application()).ends(End::PutBack);
    // It would deploy what it has seen of Git last: the merge first, for a while.
    let behind = Case::ended(Stage::Back, back()).with(|case| case.behind = true);
    let next = behind.leads_to(&Stage::PuttingBack, Some(&Write::Refresh));
    assert_eq!(next.record.looks, Looks::Behind);
    let long = Case::ended(Stage::PuttingBack, back()).with(|case| {
        (case.behind, case.now) = (true, now() + SignedDuration::from_mins(6));
    });
    long.leads_to(&Stage::PuttingBack, Some(&Write::PutBack(application().policy.unwrap())));
    Case::ended(Stage::Asked, application()).ends(End::NotNeeded);
    let was_off = Case::ended(Stage::Back, back());
    was_off.with(|case| (case.record.was, case.record.off_since) = (None, None)).ends(End::WasOff);
    // Somebody else has decided meanwhile.
    let other = Application { policy: Some(json!({"prune": false})), ..application() };
    Case::ended(Stage::Back, other).ends(End::Taken);
    let other = Application { policy: Some(json!({"enabled": false})), ..back() };
    Case::ended(Stage::Back, other).ends(End::Changed);
    // For a day; then people are told to do it.
    let day = |case: &mut Case| case.now = now() + SignedDuration::from_hours(25);
    Case::ended(Stage::PuttingBack, None).with(day).ends(End::Lost);
    Case::ended(Stage::PuttingBack, back()).with(day).ends(End::Lost);
    Case::ended(Stage::PuttingBack, application()).with(day).ends(End::PutBack);
}
