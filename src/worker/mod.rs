//! The imperative shell: claim → run → finish. Waking *and* polling, so that a lost signal costs a
//! second and not a promotion.
//!
//! It knows the order of things; what is right is `domain`'s to say, how it is done the doors'.

mod ahead;
mod apply;
mod gather;
mod job;
mod route;
mod sweep;
mod tell;

use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use ahead::Habits;

use crate::domain::memo::Memo;
use crate::fault::Fault;
use crate::world::World;

/// How often everybody looks without having been woken.
const POLL: Duration = Duration::from_secs(1);

/// So many jobs run side by side, each in a lane of its own.
const WORKERS: usize = 8;

/// Routes deliveries, works on jobs and sweeps, until `stop`; then what is under way is finished or
/// released before it returns.
pub async fn run(world: World, stop: CancellationToken) {
    let mut tasks = JoinSet::new();
    tasks.spawn(repeat(world.clone(), stop.clone(), "route", |world, _| async move {
        route::next(&world).await
    }));
    let (memo, habits) = (Memo::default(), Habits::default());
    for _ in 0..WORKERS {
        let (memo, habits) = (memo.clone(), habits.clone());
        tasks.spawn(repeat(world.clone(), stop.clone(), "work", move |world, stop| {
            let (memo, habits) = (memo.clone(), habits.clone());
            async move { job::next(&world, (&memo, &habits), &stop).await }
        }));
    }
    tasks.spawn(sweep::run(world, stop));
    while tasks.join_next().await.is_some() {}
}

/// Calls `step` as long as it finds something to do, and sleeps when it does not.
async fn repeat<F>(
    world: World,
    stop: CancellationToken,
    what: &'static str,
    step: impl Fn(World, CancellationToken) -> F,
) where
    F: Future<Output = Result<bool, Fault>>,
{
    while !stop.is_cancelled() {
        // Interest is registered before looking, so that what comes in between is not slept over.
        let woken = world.wake.notified();
        tokio::pin!(woken);
        woken.as_mut().enable();
        match step(world.clone(), stop.clone()).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(fault) => tracing::warn!(%fault, what, "the store does not answer; trying again"),
        }
        tokio::select! {
            () = woken => {}
            () = tokio::time::sleep(POLL) => {}
            () = stop.cancelled() => {}
        }
    }
}
