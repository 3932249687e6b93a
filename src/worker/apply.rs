//! Effects become so, in order, each one idempotent. It only writes.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::gather::priority;
use super::route::new_job;
use crate::domain::decision::{Decision, Effect, OPENED};
use crate::domain::drift::issue::Told;
use crate::domain::reply::restore::not_done;
use crate::fault::Fault;
use crate::github::{BranchOutcome, Merged, Posted, Repo};
use crate::intent::{Asked, GROUPS, Half, Intent, deployments_of, sender};
use crate::model::ids::{EnvName, Login, PrNumber, RepoRef};
use crate::model::restoration::{Restoration, Write};
use crate::store::{Job, NewJob, Pen, Run, Source};
use crate::world::World;

/// Makes the decision so; gives back the jobs that follow from it.
/// `wary`: an earlier try at it may have got somewhere. `posted`: what of ours was seen when it was decided.
#[expect(clippy::too_many_lines, reason = "one arm an effect")]
pub(super) async fn apply(
    world: &World,
    intent: &Intent,
    job: &Job,
    (decision, wary, posted): (&Decision, bool, Option<&Arc<Posted>>),
) -> Result<Vec<NewJob>, Fault> {
    let mut done = Done::default();
    let now = world.clock.now();
    for together in decision.effects.chunk_by(of_one_commit) {
        let effect = match together {
            [only] => only,
            checks => {
                rouse(world, intent, checks).await?;
                ensure_checks(world, intent, job, (checks, posted)).await?;
                continue;
            }
        };
        match effect {
            Effect::Enqueue(next) => {
                let next = done.tell(next, now);
                done.jobs.push(follow_up(&next, job, soon(&next, now))?);
            }
            Effect::EnqueueAt { intent, at } => {
                done.jobs.push(follow_up(intent, job, *at)?);
            }
            Effect::LookAgain { pr, at } => {
                let repo = intent.repo().cloned();
                let repo = repo.ok_or_else(|| Fault::Broken("a look nowhere".to_owned()))?;
                done.jobs.push(new_job(&Intent::Evaluate { repo, pr: *pr }, None, *at)?);
            }
            Effect::WriteArgocd { record, write } => {
                let repo = intent
                    .repo()
                    .ok_or_else(|| Fault::Broken("an Application, and no repository".to_owned()))?;
                write_argocd(world, repo, record, write).await?;
            }
            Effect::ComeAgain { intent, at } => done.jobs.push(new_job(intent, None, *at)?),
            Effect::EnsureIssue { .. } | Effect::EndIssue { .. } => {
                let repo = intent
                    .repo()
                    .ok_or_else(|| Fault::Broken("an issue, and no repository".to_owned()))?;
                decorate("issue", tell_of_drift(world, (repo, job), effect).await)?;
            }
            Effect::ForgetRepository(repo) => world.store.forget(repo.id).await?,
            Effect::ForgetInstallation { installation } => {
                world.store.forget_installation(*installation).await?;
            }
            Effect::React { at, comment, reaction } => {
                let repo = world.github.at(at, priority(job));
                decorate("reaction", repo.react(*comment, *reaction).await)?;
            }
            Effect::Reply { at, thread, marker, body } => {
                let repo = world.github.at(at, priority(job));
                let body = done.filled(body);
                // A comment is answered once for ever, so there is an answer only where a try was cut off.
                if wary {
                    repo.ensure_comment(*thread, marker, &body).await?;
                } else {
                    repo.add_comment(*thread, &body).await?;
                }
            }
            Effect::RememberCommand { at, comment, author, thread, lines, refused } => {
                let store = &world.store;
                store.handled_command(at.id, *comment, *author, *thread, *lines, *refused).await?;
            }
            _ => {
                let repo = intent.repo().ok_or_else(|| {
                    Fault::Broken("an effect on a repository, and no repository".to_owned())
                })?;
                let repo = world.github.at(repo, priority(job)).knowing(posted);
                if is_remembered(effect) {
                    let actor = if is_evidence(effect) { actor(world, job).await? } else { None };
                    let pen = Pen {
                        repo: repo.reference(),
                        delivery: job.delivery.as_ref(),
                        actor: actor.as_ref(),
                        notary: &world.notary,
                    };
                    remember(world, &pen, effect, now).await?;
                } else {
                    in_repository(&repo, effect, &mut done).await?;
                    rouse(world, intent, together).await?;
                }
                if let (Effect::Merge { pr, merge }, Intent::Merge { .. }, Some(came)) =
                    (effect, intent, done.came(now))
                {
                    let (repo, head) = (repo.reference().clone(), merge.head.clone());
                    let asked = Some(Asked { head, base: merge.base.sha.clone(), came });
                    let next = Intent::Merge { repo, pr: *pr, asked };
                    done.jobs.push(follow_up(&next, job, soon(&next, now))?);
                }
            }
        }
    }
    let opened = done.opened.map(|pr| -> Result<NewJob, Fault> {
        let repo = intent.repo().cloned();
        let repo = repo.ok_or_else(|| Fault::Broken("a pull request nowhere".to_owned()))?;
        follow_up(&Intent::Evaluate { repo, pr }, job, now)
    });
    done.jobs.extend(opened.transpose()?);
    Ok(done.jobs)
}

/// Who did what led to a job; none where time did, or where the delivery is no more.
async fn actor(world: &World, job: &Job) -> Result<Option<Login>, Fault> {
    let Some(delivery) = &job.delivery else { return Ok(None) };
    let body = world.store.body(delivery).await?;
    Ok(body.and_then(|body| sender(&body)))
}

/// When what follows is due: a merge that GitHub does in the background is asked about a moment later.
fn soon(next: &Intent, now: Timestamp) -> Timestamp {
    let half = match next {
        Intent::Command { half, .. } => half.as_ref(),
        Intent::Merge { asked: Some(asked), .. } => Some(&asked.came),
        _ => None,
    };
    match half {
        Some(Half::Waiting { .. }) => now.checked_add(SignedDuration::from_secs(1)).unwrap_or(now),
        _ => now,
    }
}

/// What waits for the verdict on a commit is looked at again: deployments of it, and the groups of merge queues,
/// which any pull request may be in.
async fn rouse(world: &World, intent: &Intent, effects: &[Effect]) -> Result<(), Fault> {
    let mut heads = BTreeSet::new();
    for effect in effects {
        if let Effect::EnsureCheck(check) = effect {
            heads.insert(&check.head);
        }
    }
    if heads.is_empty() || matches!(intent, Intent::Group { .. }) {
        return Ok(());
    }
    let lane = intent.lane();
    world.store.rouse(&lane, GROUPS).await?;
    for head in heads {
        world.store.rouse(&lane, &deployments_of(head)).await?;
    }
    Ok(())
}

/// The job that follows from one. A person who waits for the one waits for the verdict too.
fn follow_up(next: &Intent, job: &Job, at: Timestamp) -> Result<NewJob, Fault> {
    let new = new_job(next, job.delivery.clone(), at)?;
    let urgent = new.urgent || (job.urgent && matches!(next, Intent::Evaluate { .. }));
    Ok(NewJob { urgent, ..new })
}

/// Whether both are checks on the same commit: what is there already is looked at once.
fn of_one_commit(one: &Effect, other: &Effect) -> bool {
    match (one, other) {
        (Effect::EnsureCheck(one), Effect::EnsureCheck(other)) => one.head == other.head,
        _ => false,
    }
}

async fn ensure_checks(
    world: &World,
    intent: &Intent,
    job: &Job,
    (checks, posted): (&[Effect], Option<&Arc<Posted>>),
) -> Result<(), Fault> {
    let repo =
        intent.repo().ok_or_else(|| Fault::Broken("checks, and no repository".to_owned()))?;
    let checks = checks.iter().filter_map(|effect| match effect {
        Effect::EnsureCheck(check) => Some(check),
        _ => None,
    });
    let repo = world.github.at(repo, priority(job)).knowing(posted);
    repo.ensure_checks(&checks.collect::<Vec<_>>()).await
}

/// What the effects so far have come to.
#[derive(Default)]
struct Done {
    jobs: Vec<NewJob>,
    /// The pull request that was opened.
    opened: Option<PrNumber>,
    /// What came of a merge.
    merged: Option<Merged>,
}

impl Done {
    /// A text with the number of the pull request that was opened.
    fn filled(&self, text: &str) -> String {
        match self.opened {
            Some(pr) => text.replace(OPENED, &pr.to_string()),
            None => text.to_owned(),
        }
    }

    /// What came of the merge, as it is handed on.
    fn came(&self, now: Timestamp) -> Option<Half> {
        Some(match self.merged.as_ref()? {
            Merged::Done => Half::Done,
            Merged::Queued => Half::Queued,
            Merged::Pending(uuid) => Half::Waiting { uuid: uuid.clone(), since: now },
            Merged::Refused(why) => Half::Refused(why.clone()),
        })
    }

    /// What comes next, told what came of a merge and what was opened.
    fn tell(&self, next: &Intent, now: Timestamp) -> Intent {
        let mut next = next.clone();
        if let Intent::Command { answers, half, .. } = &mut next {
            for answer in answers {
                answer.text = self.filled(&answer.text);
            }
            if let (Some(came), Some(Half::Done)) = (self.came(now), &half) {
                *half = Some(came);
            }
        }
        next
    }
}

/// Does something to an Application. What is refused is remembered, so that it is told and tried again.
async fn write_argocd(
    world: &World,
    repo: &RepoRef,
    record: &Restoration,
    write: &Write,
) -> Result<(), Fault> {
    let done = world.argocd.write(&repo.name, &record.server, &record.name, write).await;
    let trouble = done.err().map(|why| not_done(record, &why));
    if trouble == record.trouble {
        return Ok(());
    }
    let record = Restoration { trouble, ..record.clone() };
    world.store.keep_restorations(repo.id, &[record]).await
}

/// Opens, edits or closes the issue about an environment's drift, and remembers what it tells.
async fn tell_of_drift(
    world: &World,
    (repo, job): (&RepoRef, &Job),
    effect: &Effect,
) -> Result<(), Fault> {
    let github = world.github.at(repo, priority(job));
    let (environment, told) = match effect {
        Effect::EnsureIssue { environment, issue, told } => {
            let number = github.ensure_issue(told.issue, issue).await?;
            (environment, Told { issue: Some(number), ..told.clone() })
        }
        Effect::EndIssue { environment, known, end } => {
            github.end_issue(*known, end).await?;
            (environment, Told::default())
        }
        _ => return Ok(()),
    };
    keep_told_drift(world, repo, environment, &told).await
}

async fn keep_told_drift(
    world: &World,
    repo: &RepoRef,
    environment: &EnvName,
    told: &Told,
) -> Result<(), Fault> {
    let told = serde_json::to_value(told).map_err(|error| Fault::Broken(error.to_string()))?;
    world.store.keep_told_drift(repo.id, environment, &told).await
}

/// What decorates is tried; a refusal is logged, and stops nothing.
fn decorate(what: &str, tried: Result<(), Fault>) -> Result<(), Fault> {
    match tried {
        Err(fault @ (Fault::Denied(_) | Fault::Broken(_))) => {
            tracing::warn!(%fault, "a {what} could not be made");
            Ok(())
        }
        passing => passing,
    }
}

async fn in_repository(repo: &Repo, effect: &Effect, done: &mut Done) -> Result<(), Fault> {
    match effect {
        Effect::EnsureBranch(branch) => {
            if let BranchOutcome::Taken(_) = repo.ensure_branch(branch).await? {
                return Err(Fault::Stale(format!("branch {} is somebody else's", branch.branch)));
            }
        }
        Effect::EnsureCommit(commit) => {
            repo.ensure_commit(commit).await?;
        }
        Effect::EnsurePull(new) => done.opened = Some(repo.ensure_pull(new).await?.number),
        Effect::EnsureLabels { pr, labels } => repo.ensure_labels(*pr, labels).await?,
        Effect::RemoveLabel { pr, label } => repo.remove_label(*pr, label).await?,
        Effect::EnsureCheck(check) => {
            repo.ensure_check(check).await?;
        }
        Effect::EnsureComment { pr, body, first: true, .. } => {
            repo.add_comment(*pr, body).await?;
        }
        Effect::EnsureComment { pr, marker, body, first: false } => {
            repo.ensure_comment(*pr, marker, body).await?;
        }
        Effect::ClosePull { pr } => repo.close_pull(*pr).await?,
        Effect::Merge { pr, merge } => {
            done.merged = Some(repo.merge(*pr, merge).await?);
        }
        Effect::ReviewDeployment(review) => repo.review_deployment(review).await?,
        Effect::DeleteBranch { branch, at } => {
            decorate("deletion", repo.delete_branch(branch, at).await.map(drop))?;
        }
        _ => {}
    }
    Ok(())
}

/// Whether the effect is on our own memory.
fn is_remembered(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::RememberFollows { .. }
            | Effect::RememberRunning { .. }
            | Effect::RememberBaseline { .. }
            | Effect::RememberDrift { .. }
            | Effect::RememberDigests { .. }
            | Effect::RememberHead { .. }
            | Effect::RememberPage { .. }
            | Effect::KeepRestorations { .. }
            | Effect::ToldRestorations { .. }
    ) || is_evidence(effect)
}

/// Whether the effect is recorded for ever.
fn is_evidence(effect: &Effect) -> bool {
    matches!(effect, Effect::RecordAct(_) | Effect::RecordEvidence { .. } | Effect::EndActs { .. })
}

async fn remember(
    world: &World,
    pen: &Pen<'_>,
    effect: &Effect,
    now: Timestamp,
) -> Result<(), Fault> {
    let repo = pen.repo;
    match effect {
        Effect::RememberHead { pr, head, at } => {
            world.store.saw_head(repo.id, *pr, head, *at).await
        }
        Effect::RememberPage { pr, head, page } => {
            let page =
                serde_json::to_string(page).map_err(|error| Fault::Broken(error.to_string()))?;
            world.store.keep_page(repo, *pr, head, &page).await
        }
        Effect::RememberBaseline { environment, baseline } => {
            let left =
                serde_json::to_value(baseline).map_err(|error| Fault::Broken(error.to_string()))?;
            world.store.keep_baseline(repo.id, environment, &left).await
        }
        Effect::RememberDrift { environment, told } => {
            keep_told_drift(world, repo, environment, told).await
        }
        Effect::KeepRestorations { all } => world.store.keep_restorations(repo.id, all).await,
        Effect::ToldRestorations { pr, told, reminded } => {
            world.store.told_restorations(repo.id, *pr, told, *reminded).await
        }
        Effect::RecordAct(act) => world.store.record_act(pen, act).await.map(drop),
        Effect::RecordEvidence { new: Some(new), .. } => {
            world.store.record_evidence(pen, new).await.map(drop)
        }
        Effect::EndActs { ids, by, why } => world.store.end_acts(pen, ids, by.as_ref(), why).await,
        Effect::RememberFollows { sources, config } => {
            let known = world.store.repos().await?;
            let sources: Vec<Source> = sources
                .iter()
                .map(|name| {
                    let same =
                        |other: &&RepoRef| other.name.as_str().eq_ignore_ascii_case(name.as_str());
                    Source { name: name.clone(), id: known.iter().find(same).map(|repo| repo.id) }
                })
                .collect();
            world.store.set_follows(repo, &sources, config.as_ref()).await
        }
        Effect::RememberRunning { environment, application, tag, entries, at, since, seen } => {
            let entries = serde_json::to_value(entries).ok();
            let run = Run {
                repo: repo.id,
                env: environment.clone(),
                app: application.clone(),
                version: tag.clone(),
                entries,
                sha: at.clone(),
                pr: None,
                at: since.unwrap_or(now).min(now),
                // The branch was read after the one and before the other.
                last: Some((at.clone(), *seen)),
            };
            world.store.saw_running(&run, *since).await
        }
        Effect::RememberDigests { environment, digests } => {
            world.store.saw_digests(repo.id, environment, digests, now).await
        }
        _ => Ok(()),
    }
}
