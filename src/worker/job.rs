//! One job from claim to finish: gather, decide, record, apply; and the one answer to each fault.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::ahead::Habits;
use super::apply::apply;
use super::gather::gather_and_decide;
use super::tell;
use crate::domain::decision::{Decision, Verdict};
use crate::domain::memo::Memo;
use crate::fault::Fault;
use crate::intent::Intent;
use crate::store::{Decided, Held, HistoryFilter, Job, Lease, NewJob, back_off};
use crate::world::World;

/// A worker that falls silent for so long has died, and its job is another's.
const LEASE: Duration = Duration::from_secs(15);

/// How long a job under way may go on after the order to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Facts may change under a decision; so often it is made anew at once.
const MOST_ROUNDS: u32 = 3;

/// With the longest back-off this is more than half a day: whatever it is, it is no passing trouble.
const MOST_ATTEMPTS: u32 = 60;

/// Claims a job and works on it; `false` when there is none.
pub(super) async fn next(
    world: &World,
    (memo, habits): (&Memo, &Habits),
    stop: &CancellationToken,
) -> Result<bool, Fault> {
    let Some(claimed) = world.store.claim(LEASE).await?.map(Arc::new) else {
        return Ok(false);
    };
    let job = claimed.job.clone();
    let mut keeper = tokio::spawn(keep_lease(world.clone(), claimed.clone()));
    let mut work = {
        let (world, job) = (world.clone(), job.clone());
        let (memo, habits) = (memo.clone(), habits.clone());
        // A task of its own, so that a panic ends the job and not the worker.
        tokio::spawn(async move { work(&world, (&memo, &habits), &job).await })
    };
    let ended = tokio::select! {
        ended = finish_or_stop(&mut work, stop) => ended,
        _ = &mut keeper => {
            // Whoever has it now begins anew: nothing more is written in its name.
            work.abort();
            let _ended = work.await;
            tracing::warn!(job = %job.id, "stopped in the middle: the lease was lost");
            return Ok(true);
        }
    };
    let held = settle(world, &claimed, ended).await;
    // Only now: telling people may take longer than a lease.
    keeper.abort();
    if held? == Held::Lost {
        tracing::warn!(job = %job.id, "the lease was lost; whoever has it now does the rest");
    }
    world.wake.notify_waiters();
    Ok(true)
}

async fn settle(
    world: &World,
    claimed: &Lease,
    ended: Option<Result<Vec<NewJob>, Fault>>,
) -> Result<Held, Fault> {
    match ended {
        Some(Ok(follow_ups)) => {
            tell::done(world, &claimed.job).await;
            world.store.finish(claimed, &follow_ups).await
        }
        Some(Err(fault)) => answer(world, claimed, fault).await,
        None => {
            tracing::info!(job = %claimed.job.id, "released: Usher is stopping");
            let now = world.clock.now();
            world.store.release(claimed, now, "Usher was stopped").await
        }
    }
}

/// The job's end, or `None` if the order to stop came and the grace ran out.
async fn finish_or_stop(
    work: &mut JoinHandle<Result<Vec<NewJob>, Fault>>,
    stop: &CancellationToken,
) -> Option<Result<Vec<NewJob>, Fault>> {
    let stopped = async {
        stop.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        ended = &mut *work => Some(ended.unwrap_or_else(|panic| Err(Fault::Broken(format!("it panicked: {panic}"))))),
        () = stopped => {
            work.abort();
            None
        }
    }
}

/// Ends when the lease is another's, or has run out because it could not be extended for so long.
async fn keep_lease(world: World, claimed: Arc<Lease>) {
    let mut held = Instant::now();
    loop {
        tokio::time::sleep(LEASE / 3).await;
        let asked = Instant::now();
        let left = LEASE.saturating_sub(held.elapsed());
        match tokio::time::timeout(left, world.store.extend(&claimed, LEASE)).await {
            Ok(Ok(Held::Yes)) => held = asked,
            Ok(Ok(Held::Lost)) | Err(_) => return,
            Ok(Err(fault)) => {
                tracing::warn!(job = %claimed.job.id, %fault, "the lease could not be extended");
                if held.elapsed() >= LEASE {
                    return;
                }
            }
        }
    }
}

async fn work(world: &World, learnt: (&Memo, &Habits), job: &Job) -> Result<Vec<NewJob>, Fault> {
    let intent: Intent = serde_json::from_value(job.intent.clone())
        .map_err(|error| Fault::Broken(format!("the job's intent cannot be read: {error}")))?;
    let mut round = 1;
    loop {
        let wary = round > 1 || job.attempts > 1;
        let gathered = gather_and_decide(world, learnt, job, (&intent, wary)).await?;
        let (decision, posted) = (gathered.decision, gathered.posted);
        record(world, job, &intent, &decision).await?;
        match apply(world, &intent, job, (&decision, wary, posted.as_ref())).await {
            Err(Fault::Stale(reason)) if round < MOST_ROUNDS => {
                tracing::info!(job = %job.id, %reason, round, "the facts have changed; deciding anew");
                round += 1;
            }
            ended => return ended,
        }
    }
}

/// Keeps the decision, unless it is the one that was made the last time.
async fn record(
    world: &World,
    job: &Job,
    intent: &Intent,
    decision: &Decision,
) -> Result<(), Fault> {
    let delivery = job.delivery.as_ref().map(tracing::field::display);
    tracing::info!(job = %job.id, delivery, verdict = ?decision.verdict, effects = decision.effects.len(), "decided");
    for reason in &decision.reasons {
        tracing::info!(job = %job.id, delivery, code = %reason.code, "{}", reason.sentence);
    }
    let (Some(repo), Some(subject)) = (intent.repo(), intent.subject()) else {
        return Ok(());
    };
    // Machines report without end; that nothing rests on it is not worth a place in the record.
    let unasked = job.delivery.is_none() || matches!(intent, Intent::Reconsider { .. });
    if decision.verdict == Verdict::Nothing && decision.effects.is_empty() && unasked {
        return Ok(());
    }
    let json = |error: serde_json::Error| Fault::Broken(error.to_string());
    let decision = serde_json::to_value(decision).map_err(json)?;
    let filter = HistoryFilter {
        repo: Some(repo.id),
        subject: Some(subject.clone()),
        limit: 1,
        ..HistoryFilter::default()
    };
    let last = world.store.history(&filter).await?;
    if last.first().is_some_and(|last| {
        last.decided.decision == decision && last.decided.delivery == job.delivery
    }) {
        return Ok(());
    }
    let intent = serde_json::to_value(intent).map_err(json)?;
    let at = world.clock.now();
    let decided = Decided {
        repo: repo.id,
        subject,
        delivery: job.delivery.clone(),
        job: Some(job.id),
        intent,
        decision,
        at,
    };
    world.store.record(&decided).await
}

/// The one answer to each fault: come back, or say so once and give up.
async fn answer(world: &World, claimed: &Lease, fault: Fault) -> Result<Held, Fault> {
    let job = &claimed.job;
    let delivery = job.delivery.as_ref().map(tracing::field::display);
    let wait = back_off(job.attempts, &world.entropy);
    let again = match &fault {
        Fault::Stale(_) => Some(wait),
        Fault::Transient { after, .. } => Some(after.map_or(wait, |after| after.max(wait))),
        Fault::Denied(_) | Fault::Broken(_) => None,
    };
    let reason = fault.to_string();
    let Some(wait) = again.filter(|_| job.attempts < MOST_ATTEMPTS) else {
        tracing::error!(job = %job.id, delivery, %fault, "buried; `usher deliveries retry` tries it again");
        tell::given_up(world, job, &fault).await;
        return world.store.bury(claimed, &reason).await;
    };
    tracing::warn!(job = %job.id, delivery, %fault, ?wait, "released");
    let now = world.clock.now();
    let due_at = now.checked_add(wait).unwrap_or(now);
    world.store.release(claimed, due_at, &reason).await
}
