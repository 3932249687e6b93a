//! What a decision asked for the last time is fetched at once before it is made anew; and what is asked for
//! together is fetched together.
//!
//! It is a shorter way to the same answers: what it does not bring is fetched one by one.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::gather::priority;
use crate::domain::facts::{Answer, Need};
use crate::fault::Fault;
use crate::github::{Posted, Question, Told};
use crate::intent::Intent;
use crate::intent::command::{Command, Remark};
use crate::model::ids::{PrNumber, RepoId, RepoRef, Sha};
use crate::store::Job;
use crate::world::World;

/// The habits of so many pull requests are remembered.
const MOST: usize = 2_000;

type Key = (RepoId, PrNumber);

/// What the last evaluation of each pull request asked for. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Habits(Arc<Mutex<HashMap<Key, BTreeSet<Need>>>>);

/// What was fetched ahead.
#[derive(Default)]
pub(super) struct Ahead {
    pub(super) answers: Vec<(Need, Answer)>,
    /// What of ours is posted on the pull request.
    pub(super) posted: Option<Posted>,
    /// Commits of which there is no deployment.
    pub(super) undeployed: BTreeSet<(RepoId, Sha)>,
}

impl Habits {
    /// What an evaluation will ask for, as far as can be foreseen.
    fn foresee(&self, repo: &RepoRef, pr: PrNumber) -> BTreeSet<Need> {
        let known = self.kept().get(&(repo.id, pr)).cloned();
        let mut needs = known.unwrap_or_else(|| {
            let repo = repo.clone();
            BTreeSet::from([
                Need::OpenPulls { repo: repo.clone() },
                Need::Releases { repo: repo.clone() },
                Need::Reviews { repo, pr },
            ])
        });
        needs.insert(Need::Repository { repo: repo.clone() });
        needs.insert(Need::Pull { repo: repo.clone(), pr });
        needs
    }

    /// Remembers what an evaluation asked for.
    pub(super) fn learn(&self, intent: &Intent, mut asked: BTreeSet<Need>) {
        let Intent::Evaluate { repo, pr } = intent else { return };
        asked.retain(|need| question(need).is_some());
        let mut kept = self.kept();
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert((repo.id, *pr), asked);
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<Key, BTreeSet<Need>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Fetches what an evaluation will ask for, or a way back, for which somebody waits; for other intents nothing can
/// be foreseen.
pub(super) async fn foreseen(
    world: &World,
    job: &Job,
    intent: &Intent,
    habits: &Habits,
) -> Result<Ahead, Fault> {
    let needs = match intent {
        Intent::Evaluate { repo, pr } => habits.foresee(repo, *pr),
        Intent::Command { repo, remark, .. } if goes_back(remark) => {
            before_going_back(repo, remark)
        }
        _ => return Ok(Ahead::default()),
    };
    together(world, job, needs.iter().collect()).await
}

fn goes_back(remark: &Remark) -> bool {
    remark.spoken.iter().any(|line| matches!(line.meant, Ok(Command::Rollback { .. })))
}

fn before_going_back(repo: &RepoRef, remark: &Remark) -> BTreeSet<Need> {
    let login = remark.author.login.clone();
    let pull = Need::Pull { repo: repo.clone(), pr: remark.thread };
    let mut needs = BTreeSet::from([
        Need::Repository { repo: repo.clone() },
        Need::OpenPulls { repo: repo.clone() },
        Need::Access { repo: repo.clone(), login },
    ]);
    needs.extend((remark.on_pull && remark.at.id == repo.id).then_some(pull));
    needs
}

/// Fetches at once what can be, repository by repository.
pub(super) async fn together(world: &World, job: &Job, needs: Vec<&Need>) -> Result<Ahead, Fault> {
    let mut by_repo: BTreeMap<&RepoRef, BTreeSet<Question>> = BTreeMap::new();
    for need in needs {
        if let Some((repo, question)) = question(need) {
            by_repo.entry(repo).or_default().insert(question);
        }
    }
    let mut ahead = Ahead::default();
    for (repo, questions) in by_repo {
        let snapshot = match world.github.at(repo, priority(job)).snapshot(&questions).await {
            Ok(snapshot) => snapshot,
            Err(fault @ Fault::Transient { .. }) => return Err(fault),
            // One by one it comes out what is refused.
            Err(fault) => {
                tracing::debug!(%fault, "nothing was fetched ahead");
                continue;
            }
        };
        let told = snapshot.told.into_iter();
        ahead.answers.extend(told.filter_map(|(question, told)| answer(repo, question, told)));
        ahead.posted = snapshot.posted.or(ahead.posted);
        ahead.undeployed.extend(snapshot.undeployed.into_iter().map(|sha| (repo.id, sha)));
    }
    Ok(ahead)
}

fn question(need: &Need) -> Option<(&RepoRef, Question)> {
    Some(match need {
        Need::Repository { repo } => (repo, Question::Repository),
        Need::Head { repo, branch } => (repo, Question::Head(branch.clone())),
        Need::Pull { repo, pr } => (repo, Question::Pull(*pr)),
        Need::OpenPulls { repo } => (repo, Question::OpenPulls),
        Need::Reviews { repo, pr } => (repo, Question::Reviews(*pr)),
        Need::PullsOfCommit { repo, sha } => (repo, Question::PullsOfCommit(sha.clone())),
        Need::Reviewed { repo, base, head } => {
            (repo, Question::Reviewed(base.clone(), head.clone()))
        }
        Need::Reports { repo, sha } => (repo, Question::Reports(sha.clone())),
        // Whether it was deployed at all stands beside what is reported on it.
        Need::Deployed { repo, sha, .. } => (repo, Question::Reports(sha.clone())),
        Need::Tag { repo, tag } => (repo, Question::Tag(tag.clone())),
        Need::Releases { repo } => (repo, Question::Releases),
        Need::Blob { repo, sha } => (repo, Question::Blob(sha.clone())),
        Need::Access { repo, login } => (repo, Question::Access(login.clone())),
        Need::Member { repo, organisation, team, login } => {
            let (organisation, team) = (organisation.clone(), team.clone());
            (repo, Question::Member(organisation, team, login.clone()))
        }
        _ => return None,
    })
}

fn answer(repo: &RepoRef, question: Question, told: Told) -> Option<(Need, Answer)> {
    let repo = repo.clone();
    Some(match (question, told) {
        (Question::Repository, Told::Repository(known)) => {
            (Need::Repository { repo }, Answer::Repository(Some(known)))
        }
        (Question::Head(branch), Told::Head(commit)) => {
            (Need::Head { repo, branch }, Answer::Head(Some(commit)))
        }
        (Question::Pull(pr), Told::Pull(pull)) => {
            (Need::Pull { repo, pr }, Answer::Pull(Some(pull)))
        }
        (Question::OpenPulls, Told::OpenPulls(pulls)) => {
            (Need::OpenPulls { repo }, Answer::OpenPulls(pulls))
        }
        (Question::Reviews(pr), Told::Reviews(reviews)) => {
            (Need::Reviews { repo, pr }, Answer::Reviews(reviews))
        }
        (Question::PullsOfCommit(sha), Told::PullsOfCommit(pulls)) => {
            (Need::PullsOfCommit { repo, sha }, Answer::PullsOfCommit(pulls))
        }
        (Question::Reviewed(base, head), Told::Reviewed(reviewed)) => {
            (Need::Reviewed { repo, base, head }, Answer::Reviewed(reviewed))
        }
        (Question::Reports(sha), Told::Reports(reports)) => {
            (Need::Reports { repo, sha }, Answer::Reports(reports))
        }
        (Question::Tag(tag), Told::Tag(commit)) => {
            (Need::Tag { repo, tag }, Answer::Tag(Some(commit)))
        }
        (Question::Releases, Told::Releases(releases)) => {
            (Need::Releases { repo }, Answer::Releases(releases))
        }
        (Question::Blob(sha), Told::Blob(bytes)) => (Need::Blob { repo, sha }, Answer::Blob(bytes)),
        (Question::Access(login), Told::Access(access)) => {
            (Need::Access { repo, login }, Answer::Access(access))
        }
        (Question::Member(organisation, team, login), Told::Member(is)) => {
            (Need::Member { repo, organisation, team, login }, Answer::Member(is))
        }
        _ => return None,
    })
}
