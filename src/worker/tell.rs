//! People are told where they look when a job was given up, and told again when that is over. That it cannot
//! be told is logged, and stops nothing.

use crate::domain::reply::trouble;
use crate::fault::Fault;
use crate::github::{Priority, Repo};
use crate::intent::command::Remark;
use crate::intent::{Intent, Trigger};
use crate::model::ids::{PrNumber, RepoRef, Sha};
use crate::model::write::Reaction;
use crate::store::Job;
use crate::world::World;

const TOLD: &str = "told";
const OVER: &str = "over";

/// Tells that the job was given up: on its pull request, or on the commit of its release.
pub(super) async fn given_up(world: &World, job: &Job, fault: &Fault) {
    if let Err(second) = try_to_tell(world, job, fault).await {
        tracing::warn!(job = %job.id, %second, "nobody could be told of it but the log");
    }
}

/// Tells that the trouble is over, where a job about the same had been given up.
pub(super) async fn done(world: &World, job: &Job) {
    if let Err(fault) = try_to_withdraw(world, job).await {
        tracing::warn!(job = %job.id, %fault, "it could not be told that the trouble is over");
    }
}

async fn try_to_tell(world: &World, job: &Job, fault: &Fault) -> Result<(), Fault> {
    let Some(intent) = read(job) else {
        return Ok(());
    };
    let Some(repo) = intent.repo() else {
        return Ok(());
    };
    let at = world.github.at(repo, Priority::Background);
    let origin = job
        .delivery
        .as_ref()
        .map_or_else(|| format!("job {}", job.id), |id| format!("delivery `{id}`"));
    let fault = fault.to_string();
    if let (Some(pr), Some(comment)) =
        (pull_of(&intent), trouble::comment(&intent, &fault, &origin))
    {
        at.ensure_comment(pr, &comment.marker, &comment.text).await?;
        return world.store.set_mark(&mark(job, &intent), TOLD).await;
    }
    // A repository that never followed anything is not to be troubled with the checks of a stranger.
    if world.store.config_sha(repo.id).await?.is_none() {
        return Ok(());
    }
    if let Intent::Command { remark, .. } = &intent {
        return answer(world, remark, repo, &fault, &origin).await;
    }
    if let Intent::Promote { trigger: Trigger::Release { source, tag }, .. } = &intent {
        let commit = if source.id == repo.id { at.tag(tag).await? } else { None };
        let head = match commit {
            Some(commit) => Some(commit),
            None => default_head(&at).await?,
        };
        if let Some(check) = head.and_then(|head| trouble::check(&intent, &fault, &origin, head)) {
            at.ensure_check(&check).await?;
        }
    }
    Ok(())
}

/// Answers a command where it was given.
async fn answer(
    world: &World,
    remark: &Remark,
    repo: &RepoRef,
    fault: &str,
    origin: &str,
) -> Result<(), Fault> {
    let Some(answer) = trouble::answer(remark, fault, origin, remark.at.id != repo.id) else {
        return Ok(());
    };
    let there = world.github.at(&remark.at, Priority::Person);
    let reacted = there.react(remark.id, Reaction::Confused).await;
    there.ensure_comment(remark.thread, &answer.marker, &answer.text).await?;
    reacted
}

async fn try_to_withdraw(world: &World, job: &Job) -> Result<(), Fault> {
    let Some(intent) = read(job) else {
        return Ok(());
    };
    let (Some(repo), Some(pr)) = (intent.repo(), pull_of(&intent)) else {
        return Ok(());
    };
    if world.store.mark(&mark(job, &intent)).await?.as_deref() != Some(TOLD) {
        return Ok(());
    }
    let comment = trouble::over(&intent);
    let at = world.github.at(repo, Priority::Background);
    at.ensure_comment(pr, &comment.marker, &comment.text).await?;
    world.store.set_mark(&mark(job, &intent), OVER).await
}

fn read(job: &Job) -> Option<Intent> {
    serde_json::from_value(job.intent.clone()).ok()
}

fn pull_of(intent: &Intent) -> Option<PrNumber> {
    match intent {
        Intent::Evaluate { pr, .. }
        | Intent::Conclude { pr, .. }
        | Intent::Restore { pr, .. }
        | Intent::Watch { pr, .. }
        | Intent::Label { pr, .. }
        | Intent::Push { pr, .. } => Some(*pr),
        _ => None,
    }
}

async fn default_head(at: &Repo) -> Result<Option<Sha>, Fault> {
    match at.repository().await? {
        Some(home) => at.head(&home.default_branch).await,
        None => Ok(None),
    }
}

/// What is remembered of it. Each label and each push is a job of its own; what is told of them is one.
fn mark(job: &Job, intent: &Intent) -> String {
    let subject = match intent {
        Intent::Label { pr, .. } => format!("label:{pr}"),
        Intent::Push { pr, .. } => format!("push:{pr}"),
        _ => job.subject.clone().unwrap_or_default(),
    };
    format!("trouble:{}:{subject}", job.lane)
}
