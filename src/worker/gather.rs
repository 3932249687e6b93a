//! Facts are fetched for as long as the decision names some that it lacks. It only reads.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _};
use jiff::{SignedDuration, Timestamp};

use super::ahead::{self, Ahead, Habits};
use crate::domain::decide;
use crate::domain::decision::Decision;
use crate::domain::evidence::verdict_of;
use crate::domain::facts::{Answer, Facts, Gap, Known, Need, Ran};
use crate::domain::memo::Memo;
use crate::fault::Fault;
use crate::github::{Posted, Priority};
use crate::intent::{Asked, GROUPS, Group, Intent};
use crate::model::evidence::What;
use crate::model::ids::{EnvName, PrNumber, RepoId, RepoRef, Sha};
use crate::store::{HistoryFilter, Job, Run};
use crate::world::World;

/// So many answers are fetched at once.
const AT_ONCE: usize = 8;

/// So far back what was decided of a subject is looked for.
const LAST: u32 = 20;

/// A decision that is not there after so many rounds never will be.
const MOST_ROUNDS: usize = 1_000;

/// What gathering has come to.
pub(super) struct Gathered {
    pub(super) decision: Decision,
    /// What of ours was seen on the pull request on the way.
    pub(super) posted: Option<Arc<Posted>>,
}

/// Reads what the intent needs and decides it.
/// `wary`: an earlier try at it may have got somewhere.
pub(super) async fn gather_and_decide(
    world: &World,
    (memo, habits): (&Memo, &Habits),
    job: &Job,
    (intent, wary): (&Intent, bool),
) -> Result<Gathered, Fault> {
    let (pages, seal, links) =
        (world.github_pages.clone(), world.seal.clone(), world.links.clone());
    let mut facts = Facts::new(world.clock.now(), pages, seal, links);
    (facts.memo, facts.wary) = (memo.clone(), wary);
    if let Intent::Command { remark, .. } = intent {
        // The delivery tells it, and is minutes old at most.
        let need = Need::Repository { repo: remark.at.clone() };
        facts.learn(need, Ok(Answer::Repository(Some(remark.home.clone()))));
    }
    let Ahead { answers, posted, mut undeployed } =
        ahead::foreseen(world, job, intent, habits).await?;
    let posted = posted.map(Arc::new);
    for (need, answer) in answers {
        facts.learn(need, Ok(answer));
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
            Ok(decision) => {
                habits.learn(intent, facts.asked());
                return Ok(Gathered { decision, posted });
            }
            Err(Gap::Unknown(reason)) => return Err(Fault::Denied(reason)),
            Err(Gap::Lacks(needs)) => needs,
        };
        let needs = at_once(world, job, needs, (&mut facts, &mut undeployed)).await?;
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

/// Learns what can be fetched together; gives back what is left.
async fn at_once(
    world: &World,
    job: &Job,
    needs: Vec<Need>,
    (facts, undeployed): (&mut Facts, &mut BTreeSet<(RepoId, Sha)>),
) -> Result<Vec<Need>, Fault> {
    let mut left: BTreeSet<Need> = needs.into_iter().collect();
    let is_undeployed = |need: &Need, undeployed: &BTreeSet<(RepoId, Sha)>| match need {
        Need::Deployed { repo, sha, .. } => undeployed.contains(&(repo.id, sha.clone())),
        _ => false,
    };
    let asked = left.iter().filter(|need| !is_undeployed(need, undeployed));
    let found = ahead::together(world, job, asked.collect()).await?;
    undeployed.extend(found.undeployed);
    for (need, answer) in found.answers {
        if left.remove(&need) {
            facts.learn(need, Ok(answer));
        }
    }
    let none = left.extract_if(.., |need| is_undeployed(need, undeployed));
    for need in none.collect::<Vec<_>>() {
        facts.learn(need, Ok(Answer::Deployed(Vec::new())));
    }
    Ok(left.into_iter().collect())
}

/// What another repository refuses to tell is unknown; what the job's own refuses is a fault, unless it is asked
/// as the source of a release: commits of a tag may be gone, or have nothing to do with each other.
async fn known(
    world: &World,
    job: &Job,
    intent: &Intent,
    need: &Need,
) -> Result<Known<Answer>, Fault> {
    let home = intent.repo().map(|repo| repo.id);
    match fetch(world, job, need).await {
        Ok(answer) => Ok(Ok(answer)),
        Err(Fault::Denied(reason))
            if matches!(need, Need::Brought { .. } | Need::Reviewed { .. })
                || repo_of(need).is_some_and(|repo| Some(repo.id) != home) =>
        {
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
        | Need::CommitIfAny { repo, .. }
        | Need::Tree { repo, .. }
        | Need::Blob { repo, .. }
        | Need::Pull { repo, .. }
        | Need::OpenPulls { repo }
        | Need::PullsOfBranch { repo, .. }
        | Need::PullsOfCommit { repo, .. }
        | Need::Comparison { repo, .. }
        | Need::Brought { repo, .. }
        | Need::Reviewed { repo, .. }
        | Need::Releases { repo }
        | Need::Release { repo, .. }
        | Need::Tags { repo }
        | Need::Tag { repo, .. }
        | Need::Ran { repo, .. }
        | Need::Between { repo, .. }
        | Need::CommitsOf { repo, .. }
        | Need::Access { repo, .. }
        | Need::Member { repo, .. }
        | Need::Comment { repo, .. }
        | Need::Reports { repo, .. }
        | Need::Deployed { repo, .. }
        | Need::Reviews { repo, .. }
        | Need::Acts { repo }
        | Need::ActsOfPull { repo, .. }
        | Need::Heads { repo, .. }
        | Need::Judged { repo, .. }
        | Need::LastConfig { repo }
        | Need::Unended { repo }
        | Need::Merging { repo, .. }
        | Need::Tried { repo, .. }
        | Need::Branches { repo, .. }
        | Need::Groups { repo }
        | Need::Baseline { repo, .. }
        | Need::ToldDrift { repo }
        | Need::Application { repo, .. }
        | Need::MayRunKustomize { repo }
        | Need::Restorations { repo, .. }
        | Need::OpenRestorations { repo }
        | Need::Artifact { repo, .. }
        | Need::Digests { repo, .. }
        | Need::Ticket { repo, .. }
        | Need::Kustomized { repo, .. } => Some(repo),
    }
}

/// What is remembered is asked of the store, a real Kustomize, registries and ticket servers by their doors, everything else of GitHub.
async fn fetch(world: &World, job: &Job, need: &Need) -> Result<Answer, Fault> {
    match need {
        Need::MayRunKustomize { repo } => {
            return Ok(Answer::MayRunKustomize(world.kustomize.is_allowed(&repo.name)));
        }
        Need::Kustomized { repo, bundle } => {
            return Ok(Answer::Kustomized(world.kustomize.print(&repo.name, bundle).await));
        }
        Need::Application { repo, server, application } => {
            let seen = world.argocd.application(&repo.name, server, application).await;
            return Ok(Answer::Application(seen));
        }
        Need::Artifact { repo, image, reference } => {
            let found = world.registries.find(&repo.name, image, reference).await;
            return Ok(Answer::Artifact(found));
        }
        Need::Ticket { repo, url, json } => {
            return Ok(Answer::Ticket(world.tickets.ask(&repo.name, url, json).await));
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
        Need::ActsOfPull { repo, pr } => Answer::ActsOfPull(store.acts_of(repo.id, *pr).await?),
        Need::Heads { repo, pr } => Answer::Heads(store.heads(repo.id, *pr).await?),
        Need::Baseline { repo, environment } => {
            let left = store.baseline(repo.id, environment).await?;
            // What another version wrote and this one cannot read is begun anew.
            Answer::Baseline(left.and_then(|left| serde_json::from_value(left).ok()))
        }
        Need::ToldDrift { repo } => {
            let told = store.told_drift(repo.id).await?.into_iter();
            let read =
                |(name, told)| Some((EnvName::new(name).ok()?, serde_json::from_value(told).ok()?));
            Answer::ToldDrift(told.filter_map(read).collect())
        }
        Need::Restorations { repo, pr } => {
            Answer::Restorations(store.restorations(repo.id, *pr).await?)
        }
        Need::OpenRestorations { repo } => {
            Answer::OpenRestorations(store.open_restorations(repo.id).await?)
        }
        Need::Digests { repo, environment } => {
            Answer::Digests(store.digests(repo.id, environment).await?)
        }
        Need::Judged { repo, pr } => {
            let last = store.last_evidence(repo.id, &verdict_of(*pr)).await?;
            Answer::Judged(last.and_then(|entry| match entry.what {
                What::Judged(judged) => Some(*judged),
                _ => None,
            }))
        }
        Need::LastConfig { repo } => Answer::LastConfig(store.config_sha(repo.id).await?),
        Need::Unended { repo } => Answer::Unended(store.unended(repo.id).await?),
        Need::Tried { repo, pr } => Answer::Tried(tried(world, repo, *pr).await?),
        Need::Groups { repo } => {
            let lane = Intent::Forget { repo: repo.clone() }.lane();
            let waiting = store.waiting(&lane, GROUPS).await?.into_iter();
            Answer::Groups(waiting.filter_map(group).collect())
        }
        Need::Past { at, comment, author, thread } => {
            let now = world.clock.now();
            let ago = |hours| now.checked_sub(SignedDuration::from_hours(hours)).unwrap_or(now);
            let past = store.command_past(at.id, *comment, *author, *thread, ago(1), ago(24));
            Answer::Past(past.await?)
        }
        _ => return Ok(None),
    }))
}

/// What came of the last merge that was asked for by itself.
async fn tried(
    world: &World,
    repo: &RepoRef,
    pr: PrNumber,
) -> Result<Option<(Asked, Timestamp)>, Fault> {
    let subject = Intent::Merge { repo: repo.clone(), pr, asked: None }.subject();
    let past = world.store.history(&about(repo, subject)).await?;
    Ok(past.into_iter().find_map(|past| {
        match serde_json::from_value(past.decided.intent).ok()? {
            Intent::Merge { asked: Some(asked), .. } => Some((asked, past.decided.at)),
            _ => None,
        }
    }))
}

fn about(repo: &RepoRef, subject: Option<String>) -> HistoryFilter {
    HistoryFilter { repo: Some(repo.id), subject, limit: LAST, ..HistoryFilter::default() }
}

fn group(intent: serde_json::Value) -> Option<Group> {
    match serde_json::from_value(intent).ok()? {
        Intent::Group { group, .. } => Some(group),
        _ => None,
    }
}

/// What was noted before entries were is known by its tag alone.
fn ran(run: Run) -> Ran {
    let entries = run.entries.and_then(|entries| serde_json::from_value(entries).ok());
    let (last, until) = run.last.unwrap_or((run.sha.clone(), run.at));
    Ran { tag: run.version, entries, sha: run.sha, since: run.at, last, until }
}

#[expect(clippy::too_many_lines, reason = "one arm a need")]
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
        // GitHub answers 422 for what is no commit of it.
        Need::CommitIfAny { repo, sha } => match at(repo).commit(sha).await {
            Err(Fault::Denied(_) | Fault::Broken(_)) => Answer::CommitIfAny(None),
            found => Answer::CommitIfAny(Some(found?)),
        },
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
        Need::Brought { repo, base, head } => Answer::Brought(at(repo).brought(base, head).await?),
        Need::Reviewed { repo, base, head } => {
            Answer::Reviewed(at(repo).reviewed(base, head).await?)
        }
        // After a push by force the old head may be gone.
        Need::Between { repo, from, to } => match at(repo).compare(from, to).await {
            Err(Fault::Denied(_)) => Answer::Between(None),
            compared => Answer::Between(Some(compared?)),
        },
        Need::Releases { repo } => Answer::Releases(at(repo).releases().await?),
        Need::Release { repo, tag } => Answer::Release(at(repo).release_by_tag(tag).await?),
        Need::Tags { repo } => {
            Answer::Tags(at(repo).tags().await?.into_iter().map(|(name, _)| name).collect())
        }
        Need::Tag { repo, tag } => Answer::Tag(at(repo).tag(tag).await?),
        Need::CommitsOf { repo, from, path } => {
            Answer::CommitsOf(at(repo).history(path, from).await?)
        }
        Need::Access { repo, login } => Answer::Access(at(repo).access(login).await?),
        Need::Member { repo, organisation, team, login } => {
            Answer::Member(at(repo).member(organisation.as_str(), team, login).await?)
        }
        Need::Comment { repo, comment } => Answer::Comment(at(repo).comment(*comment).await?),
        Need::Reports { repo, sha } => Answer::Reports(at(repo).reports(sha).await?),
        Need::Deployed { repo, sha, environment } => {
            Answer::Deployed(at(repo).deployed(sha, environment).await?)
        }
        Need::Merging { repo, pr, uuid } => Answer::Merging(at(repo).asked_merge(*pr, uuid).await?),
        Need::Branches { repo, prefix } => Answer::Branches(at(repo).branches_below(prefix).await?),
        Need::Reviews { repo, pr } => Answer::Reviews(at(repo).reviews(*pr).await?),
        Need::Source { .. }
        | Need::Ran { .. }
        | Need::Acts { .. }
        | Need::ActsOfPull { .. }
        | Need::Heads { .. }
        | Need::Judged { .. }
        | Need::LastConfig { .. }
        | Need::Unended { .. }
        | Need::Tried { .. }
        | Need::Groups { .. }
        | Need::Baseline { .. }
        | Need::ToldDrift { .. }
        | Need::Application { .. }
        | Need::Restorations { .. }
        | Need::OpenRestorations { .. }
        | Need::Past { .. }
        | Need::MayRunKustomize { .. }
        | Need::Artifact { .. }
        | Need::Digests { .. }
        | Need::Ticket { .. }
        | Need::Kustomized { .. } => {
            return Err(Fault::Broken("GitHub is not asked for what is known here".to_owned()));
        }
    })
}

/// Who gave a command waits for the answer.
pub(super) fn priority(job: &Job) -> Priority {
    if job.urgent { Priority::Person } else { Priority::Background }
}
