//! Deliveries become jobs: in order of arrival, one job for each repository written to, in one transaction.

use jiff::Timestamp;

use crate::fault::Fault;
use crate::intent::{Intent, Trigger, parse};
use crate::model::ids::DeliveryId;
use crate::store::NewJob;
use crate::world::World;

/// Routes the oldest delivery that has not been routed; `false` when there is none.
pub(super) async fn next(world: &World) -> Result<bool, Fault> {
    let Some((delivery, body)) = world.store.oldest_unrouted().await? else {
        return Ok(false);
    };
    match parse(&delivery.event, &body) {
        Ok(intents) => {
            let mut jobs = Vec::new();
            for intent in intents {
                for intent in fan_out(world, intent).await? {
                    jobs.push(new_job(&intent, Some(delivery.id.clone()), world.clock.now())?);
                }
            }
            if world.store.route(&delivery.id, &jobs).await? {
                tracing::info!(delivery = %delivery.id, event = %delivery.event, jobs = jobs.len(), "routed");
            }
            world.wake.notify_waiters();
        }
        Err(unreadable) => {
            tracing::error!(delivery = %delivery.id, event = %delivery.event, %unreadable, "buried");
            world.store.bury_delivery(&delivery.id, &unreadable.to_string()).await?;
        }
    }
    Ok(true)
}

/// A release concerns its own repository and all that follow it; everything else concerns one.
async fn fan_out(world: &World, intent: Intent) -> Result<Vec<Intent>, Fault> {
    let Intent::Release { source, tag } = intent else {
        return Ok(vec![intent]);
    };
    let mut followers = world.store.follows(source.id, &source.name).await?;
    if !followers.iter().any(|follower| follower.id == source.id) {
        // Its configuration may be newer than what is remembered of it.
        followers.push(source.clone());
    }
    let promote = |repo| {
        let trigger = Trigger::Release { source: source.clone(), tag: tag.clone() };
        Intent::Promote { repo, trigger }
    };
    Ok(followers.into_iter().map(promote).collect())
}

/// The job that an intent is.
pub(super) fn new_job(
    intent: &Intent,
    delivery: Option<DeliveryId>,
    due_at: Timestamp,
) -> Result<NewJob, Fault> {
    let json = serde_json::to_value(intent).map_err(|error| Fault::Broken(error.to_string()))?;
    Ok(NewJob {
        lane: intent.lane(),
        subject: intent.subject(),
        intent: json,
        due_at,
        delivery,
        urgent: false,
    })
}
