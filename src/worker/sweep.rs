//! What is done without being asked: on start and every few minutes failed deliveries are asked for again,
//! repositories are looked at again, so that a lost webhook costs minutes and not correctness; and what is old is let go.

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use super::route::new_job;
use crate::fault::Fault;
use crate::intent::{Intent, Reach};
use crate::model::ids::DeliveryId;
use crate::world::World;

/// How often repositories that follow something are looked at.
const EVERY: Duration = Duration::from_secs(5 * 60);

/// So many sweeps apart all repositories of all installations are listed anew.
const SURVEY_EVERY: u64 = 12;

/// After a sweep that GitHub did not let through.
const AGAIN: Duration = Duration::from_secs(20);

/// GitHub keeps deliveries that long for being sent again.
/// <https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks>
const WINDOW: SignedDuration = SignedDuration::from_hours(3 * 24);

/// A delivery that fails so often is not asked for again; something about it has to be looked at.
const MOST_ATTEMPTS: u32 = 10;

/// Sweeps until `stop`.
pub(super) async fn run(world: World, stop: CancellationToken) {
    let mut asked: HashMap<DeliveryId, u32> = HashMap::new();
    let mut done = 0;
    while !stop.is_cancelled() {
        let pause = match sweep(&world, &mut asked, done % SURVEY_EVERY == 0).await {
            Ok(()) => {
                done += 1;
                EVERY
            }
            Err(fault) => {
                tracing::warn!(%fault, "the sweep did not get through; trying again");
                match fault {
                    Fault::Transient { after: Some(after), .. } => after.max(AGAIN),
                    _ => AGAIN,
                }
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.cancelled() => {}
        }
    }
}

async fn sweep(
    world: &World,
    asked: &mut HashMap<DeliveryId, u32>,
    survey: bool,
) -> Result<(), Fault> {
    let now = world.clock.now();
    // Every decision needs it, and it stays known: nobody has to wait for it.
    world.github.identity().await?;
    let mut intents = Vec::new();
    if survey {
        for installation in world.github.installations().await? {
            let installation_id = installation.id;
            intents.push(if installation.suspended {
                Intent::Leave { installation: installation_id }
            } else {
                Intent::Survey { installation: installation_id }
            });
        }
    } else {
        for repo in world.store.repos().await? {
            if world.store.config_sha(repo.id).await?.is_some() {
                intents.push(Intent::Follow { repo, reach: Reach::Promotions });
            }
        }
    }
    let jobs: Vec<_> =
        intents.iter().map(|intent| new_job(intent, None, now)).collect::<Result<_, _>>()?;
    world.store.enqueue(&jobs).await?;
    world.wake.notify_waiters();
    redeliver(world, asked, now).await?;
    if survey {
        prune(world, now).await;
    }
    Ok(())
}

/// Lets go of what is old. What fails is tried again with the next survey: nobody waits for it.
async fn prune(world: &World, now: Timestamp) {
    match world.store.prune(now).await {
        Ok(0) => {}
        Ok(rows) => tracing::info!(rows, "let go of what was done with long ago"),
        Err(fault) => tracing::warn!(%fault, "what is old could not be let go of"),
    }
}

/// Has deliveries sent again that never arrived.
async fn redeliver(
    world: &World,
    asked: &mut HashMap<DeliveryId, u32>,
    now: Timestamp,
) -> Result<(), Fault> {
    let since = now.checked_sub(WINDOW).unwrap_or(Timestamp::MIN);
    for attempt in world.github.failed_attempts(since).await? {
        // Stored, and only the answer was lost: nothing is missing.
        if world.store.delivery(&attempt.delivery).await?.is_some() {
            continue;
        }
        let times = asked.entry(attempt.delivery.clone()).or_default();
        *times += 1;
        match *times {
            1..=MOST_ATTEMPTS => {
                tracing::info!(delivery = %attempt.delivery, times, "asking GitHub to send it again");
                world.github.redeliver(attempt.id).await?;
            }
            _ => tracing::debug!(delivery = %attempt.delivery, "not asked for any more"),
        }
    }
    Ok(())
}
