//! Effects become so, in order, each one idempotent. It only writes.

use jiff::Timestamp;

use super::route::new_job;
use crate::domain::decision::{Decision, Effect};
use crate::fault::Fault;
use crate::github::{BranchOutcome, Priority, Repo};
use crate::intent::Intent;
use crate::store::{Job, NewJob, Run, Source};
use crate::world::World;

/// Makes the decision so; gives back the jobs that follow from it.
pub(super) async fn apply(
    world: &World,
    intent: &Intent,
    job: &Job,
    decision: &Decision,
) -> Result<Vec<NewJob>, Fault> {
    let mut follow_ups = Vec::new();
    for effect in &decision.effects {
        if let Some(next) = one(world, intent, effect).await? {
            follow_ups.push(new_job(&next, job.delivery.clone(), world.clock.now())?);
        }
    }
    Ok(follow_ups)
}

async fn one(world: &World, intent: &Intent, effect: &Effect) -> Result<Option<Intent>, Fault> {
    match effect {
        Effect::Enqueue(next) => return Ok(Some(next.clone())),
        Effect::ForgetRepository(repo) => world.store.forget(repo.id).await?,
        Effect::ForgetInstallation { installation } => {
            world.store.forget_installation(*installation).await?;
        }
        _ => {
            let Some(repo) = intent.repo() else {
                return Err(Fault::Broken(
                    "an effect on a repository, and no repository".to_owned(),
                ));
            };
            return in_repository(world, &world.github.at(repo, Priority::Background), effect)
                .await;
        }
    }
    Ok(None)
}

async fn in_repository(
    world: &World,
    repo: &Repo,
    effect: &Effect,
) -> Result<Option<Intent>, Fault> {
    match effect {
        Effect::EnsureBranch(branch) => {
            if let BranchOutcome::Taken(_) = repo.ensure_branch(branch).await? {
                return Err(Fault::Stale(format!("branch {} is somebody else's", branch.branch)));
            }
        }
        Effect::EnsurePull(new) => {
            let pull = repo.ensure_pull(new).await?;
            return Ok(Some(Intent::Evaluate { repo: repo.reference().clone(), pr: pull.number }));
        }
        Effect::EnsureLabels { pr, labels } => repo.ensure_labels(*pr, labels).await?,
        Effect::EnsureCheck(check) => {
            repo.ensure_check(check, None).await?;
        }
        Effect::EnsureComment { pr, marker, body } => {
            repo.ensure_comment(*pr, marker, body).await?;
        }
        Effect::ClosePull { pr } => repo.close_pull(*pr).await?,
        Effect::DeleteBranch { branch, at } => {
            repo.delete_branch(branch, at).await?;
        }
        Effect::RememberFollows { .. } | Effect::RememberRunning { .. } => {
            remember(world, repo, effect, world.clock.now()).await?;
        }
        Effect::Enqueue(_) | Effect::ForgetRepository(_) | Effect::ForgetInstallation { .. } => {}
    }
    Ok(None)
}

async fn remember(
    world: &World,
    repo: &Repo,
    effect: &Effect,
    now: Timestamp,
) -> Result<(), Fault> {
    let repo = repo.reference();
    match effect {
        Effect::RememberFollows { sources, config } => {
            let known = world.store.repos().await?;
            let sources: Vec<Source> = sources
                .iter()
                .map(|name| {
                    let same = |other: &&crate::model::ids::RepoRef| {
                        other.name.as_str().eq_ignore_ascii_case(name.as_str())
                    };
                    Source { name: name.clone(), id: known.iter().find(same).map(|repo| repo.id) }
                })
                .collect();
            world.store.set_follows(repo, &sources, config.as_ref()).await
        }
        Effect::RememberRunning { environment, application, tag, at } => {
            let run = Run {
                repo: repo.id,
                env: environment.clone(),
                app: application.clone(),
                version: tag.clone(),
                entries: None,
                sha: at.clone(),
                pr: None,
                at: now,
            };
            world.store.saw_running(&run).await
        }
        _ => Ok(()),
    }
}
