//! Facts are fetched for as long as the decision names some that it lacks. It only reads.

use futures_util::stream::{self, StreamExt as _};
use jiff::SignedDuration;

use crate::domain::decide;
use crate::domain::decision::Decision;
use crate::domain::facts::{Answer, Facts, Gap, Known, Need, Ran};
use crate::domain::memo::Memo;
use crate::fault::Fault;
use crate::github::Priority;
use crate::intent::Intent;
use crate::model::ids::RepoRef;
use crate::store::{Job, Run};
use crate::world::World;

/// So many answers are fetched at once.
const AT_ONCE: usize = 8;

/// A decision that is not there after so many rounds never will be.
const MOST_ROUNDS: usize = 1_000;

/// Reads what the intent needs and decides it.
/// `wary`: an earlier try at it may have got somewhere.
pub(super) async fn gather_and_decide(
    world: &World,
    memo: &Memo,
    job: &Job,
    (intent, wary): (&Intent, bool),
) -> Result<Decision, Fault> {
    let (pages, seal, links) =
        (world.github_pages.clone(), world.seal.clone(), world.links.clone());
    let mut facts = Facts::new(world.clock.now(), pages, seal, links);
    (facts.memo, facts.wary) = (memo.clone(), wary);
    if let Intent::Command { remark, .. } = intent {
        // The delivery tells it, and is minutes old at most.
        let need = Need::Repository { repo: remark.at.clone() };
        facts.learn(need, Ok(Answer::Repository(Some(remark.home.clone()))));
    }
    for _ in 0..MOST_ROUNDS {
        let question = intent.clone();
        // Parsing and comparing trees takes milliseconds, sometimes many: not on the runtime's threads.
        let walked = tokio::task::spawn_blocking(move || {
            let walked = decide(&question, &facts);
            (facts, walked)
        });
        let walked =
            walked.await.map_err(|panic| Fault::Broken(format!("deciding failed: {panic}")))?;
        facts = walked.0;
        let needs = match walked.1 {
            Ok(decision) => return Ok(decision),
            Err(Gap::Unknown(reason)) => return Err(Fault::Denied(reason)),
            Err(Gap::Lacks(needs)) => needs,
        };
        let mut answers = stream::iter(needs.into_iter().map(|need| async {
            let answer = known(world, job, intent, &need).await;
            (need, answer)
        }))
        .buffer_unordered(AT_ONCE);
        while let Some((need, answer)) = answers.next().await {
            facts.learn(need, answer?);
        }
    }
    Err(Fault::Broken("the decision asks for ever more facts".to_owned()))
}

/// What another repository refuses to tell is unknown; what the job's own refuses is a fault.
async fn known(
    world: &World,
    job: &Job,
    intent: &Intent,
    need: &Need,
) -> Result<Known<Answer>, Fault> {
    let home = intent.repo().map(|repo| repo.id);
    match fetch(world, job, need).await {
        Ok(answer) => Ok(Ok(answer)),
        Err(Fault::Denied(reason)) if repo_of(need).is_some_and(|repo| Some(repo.id) != home) => {
            Ok(Err(reason))
        }
        Err(fault) => Err(fault),
    }
}

fn repo_of(need: &Need) -> Option<&RepoRef> {
    match need {
        Need::Identity {} | Need::Source { .. } | Need::Repositories { .. } | Need::Past { .. } => {
            None
        }
        Need::Repository { repo }
        | Need::Head { repo, .. }
        | Need::Commit { repo, .. }
        | Need::Tree { repo, .. }
        | Need::Blob { repo, .. }
        | Need::Pull { repo, .. }
        | Need::OpenPulls { repo }
        | Need::PullsOfBranch { repo, .. }
        | Need::PullsOfCommit { repo, .. }
        | Need::Comparison { repo, .. }
        | Need::Releases { repo }
        | Need::Release { repo, .. }
        | Need::Tags { repo }
        | Need::Tag { repo, .. }
        | Need::Ran { repo, .. }
        | Need::CommitsOf { repo, .. }
        | Need::Access { repo, .. }
        | Need::Member { repo, .. }
        | Need::Comment { repo, .. }
        | Need::Reviews { repo, .. }
        | Need::Acts { repo }
        | Need::Heads { repo, .. }
        | Need::LastConfig { repo }
        | Need::MayRunKustomize { repo }
        | Need::Kustomized { repo, .. } => Some(repo),
    }
}

/// What is remembered is asked of the store, a real Kustomize by its door, everything else of GitHub.
async fn fetch(world: &World, job: &Job, need: &Need) -> Result<Answer, Fault> {
    match need {
        Need::MayRunKustomize { repo } => {
            return Ok(Answer::MayRunKustomize(world.kustomize.is_allowed(&repo.name)));
        }
        Need::Kustomized { repo, bundle } => {
            return Ok(Answer::Kustomized(world.kustomize.print(&repo.name, bundle).await));
        }
        _ => {}
    }
    match recall(world, need).await? {
        Some(answer) => Ok(answer),
        None => ask(world, job, need).await,
    }
}

async fn recall(world: &World, need: &Need) -> Result<Option<Answer>, Fault> {
    let store = &world.store;
    Ok(Some(match need {
        Need::Source { name } => Answer::Source(store.source(name).await?),
        Need::Ran { repo, environment, application } => {
            let runs = store.ran(repo.id, environment, application).await?;
            Answer::Ran(runs.into_iter().map(ran).collect())
        }
        Need::Acts { repo } => Answer::Acts(store.standing_acts(repo.id).await?),
        Need::Heads { repo, pr } => Answer::Heads(store.heads(repo.id, *pr).await?),
        Need::LastConfig { repo } => Answer::LastConfig(store.config_sha(repo.id).await?),
        Need::Past { at, comment, author, thread } => {
            let now = world.clock.now();
            let ago = |hours| now.checked_sub(SignedDuration::from_hours(hours)).unwrap_or(now);
            let past = store.command_past(at.id, *comment, *author, *thread, ago(1), ago(24));
            Answer::Past(past.await?)
        }
        _ => return Ok(None),
    }))
}

/// What was noted before entries were is known by its tag alone.
fn ran(run: Run) -> Ran {
    let entries = run.entries.and_then(|entries| serde_json::from_value(entries).ok());
    Ran { tag: run.version, entries }
}

async fn ask(world: &World, job: &Job, need: &Need) -> Result<Answer, Fault> {
    let at = |repo: &RepoRef| world.github.at(repo, priority(job));
    Ok(match need {
        Need::Identity {} => Answer::Identity(world.github.identity().await?),
        Need::Repositories { installation } => {
            Answer::Repositories(world.github.repositories(*installation).await?)
        }
        Need::Repository { repo } => Answer::Repository(at(repo).repository().await?),
        Need::Head { repo, branch } => Answer::Head(at(repo).head_commit(branch).await?),
        Need::Commit { repo, sha } => Answer::Commit(at(repo).commit(sha).await?),
        Need::Tree { repo, tree } => Answer::Tree(at(repo).tree(tree).await?),
        Need::Blob { repo, sha } => Answer::Blob(at(repo).blob(sha).await?),
        Need::Pull { repo, pr } => Answer::Pull(at(repo).pull(*pr).await?),
        Need::OpenPulls { repo } => Answer::OpenPulls(at(repo).open_pulls().await?),
        Need::PullsOfBranch { repo, branch } => {
            Answer::PullsOfBranch(at(repo).pulls_of_branch(branch).await?)
        }
        Need::PullsOfCommit { repo, sha } => {
            Answer::PullsOfCommit(at(repo).pulls_of_commit(sha).await?)
        }
        Need::Comparison { repo, base, head } => {
            Answer::Comparison(at(repo).compare(base, head).await?)
        }
        Need::Releases { repo } => Answer::Releases(at(repo).releases().await?),
        Need::Release { repo, tag } => Answer::Release(at(repo).release_by_tag(tag).await?),
        Need::Tags { repo } => {
            Answer::Tags(at(repo).tags().await?.into_iter().map(|(name, _)| name).collect())
        }
        Need::Tag { repo, tag } => Answer::Tag(at(repo).tag(tag).await?),
        Need::CommitsOf { repo, from, path } => {
            Answer::CommitsOf(at(repo).commits_of(path, from.as_str()).await?)
        }
        Need::Access { repo, login } => Answer::Access(at(repo).access(login).await?),
        Need::Member { repo, organisation, team, login } => {
            Answer::Member(at(repo).member(organisation.as_str(), team, login).await?)
        }
        Need::Comment { repo, comment } => Answer::Comment(at(repo).comment(*comment).await?),
        Need::Reviews { repo, pr } => Answer::Reviews(at(repo).reviews(*pr).await?),
        Need::Source { .. }
        | Need::Ran { .. }
        | Need::Acts { .. }
        | Need::Heads { .. }
        | Need::LastConfig { .. }
        | Need::Past { .. }
        | Need::MayRunKustomize { .. }
        | Need::Kustomized { .. } => {
            return Err(Fault::Broken("GitHub is not asked for what is known here".to_owned()));
        }
    })
}

/// Who gave a command waits for the answer.
pub(super) fn priority(job: &Job) -> Priority {
    if job.urgent { Priority::Person } else { Priority::Background }
}
