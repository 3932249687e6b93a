//! Deliveries become jobs: in order of arrival, one job for each repository written to, in one transaction.

use jiff::Timestamp;

use crate::fault::Fault;
use crate::intent::{Basis, Intent, Reach, Trigger, parse};
use crate::model::ids::{DeliveryId, RepoRef};
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

/// A release concerns its own repository and all that follow it, a team all repositories of its account, a
/// comment in a source the one that follows it; everything else concerns one.
async fn fan_out(world: &World, intent: Intent) -> Result<Vec<Intent>, Fault> {
    match intent {
        Intent::Release { source, tag } => released(world, source, tag).await,
        Intent::Reconsider { source, what, .. } => reconsidered(world, source, what).await,
        Intent::People { installation } => {
            let repos = world.store.repos_of_installation(installation).await?.into_iter();
            Ok(repos.map(|repo| Intent::Follow { repo, reach: Reach::Everything }).collect())
        }
        Intent::Command { repo, remark, answers, half } => {
            let repo = acted_upon(world, repo).await?;
            Ok(vec![Intent::Command { repo, remark, answers, half }])
        }
        other => Ok(vec![other]),
    }
}

async fn released(world: &World, source: RepoRef, tag: String) -> Result<Vec<Intent>, Fault> {
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

/// What is reported on a commit, or what became of a version, concerns whoever follows the repository, and the
/// repository itself where it has rules. What we report ourselves is no news to us.
async fn reconsidered(world: &World, source: RepoRef, what: Basis) -> Result<Vec<Intent>, Fault> {
    if matches!(&what, Basis::Reports { by: Some(by), .. } if *by == world.github.app()) {
        return Ok(Vec::new());
    }
    let mut concerned = world.store.follows(source.id, &source.name).await?;
    let apart = !concerned.iter().any(|follower| follower.id == source.id);
    if apart && world.store.config_sha(source.id).await?.is_some() {
        concerned.push(source.clone());
    }
    let reconsider = |repo| Intent::Reconsider { repo, source: source.clone(), what: what.clone() };
    Ok(concerned.into_iter().map(reconsider).collect())
}

/// A comment in a source that has no configuration of its own acts on the one repository that follows it.
async fn acted_upon(world: &World, repo: RepoRef) -> Result<RepoRef, Fault> {
    if world.store.config_sha(repo.id).await?.is_some() {
        return Ok(repo);
    }
    let mut followers = world.store.follows(repo.id, &repo.name).await?;
    followers.retain(|follower| follower.id != repo.id);
    Ok(match followers.as_slice() {
        [only] => only.clone(),
        _ => repo,
    })
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
        urgent: matches!(
            intent,
            Intent::Command { .. }
                | Intent::Label { .. }
                | Intent::Press { .. }
                | Intent::Push { .. }
                | Intent::Restore { .. }
        ),
    })
}
