//! How the commits between two were reviewed: the merged pull requests that they came by, and their reviews.
//!
//! It does not judge whose review is worth what.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use crate::fault::Fault;
use crate::github::{Question, Repo, Told};
use crate::model::ids::{PrNumber, Sha};
use crate::model::read::{Commit, PullRequest, Review, Reviewed, ReviewedCommit, ReviewedPull};

/// So many answers are fetched at once.
const AT_ONCE: usize = 4;

impl Repo {
    /// How the commits were reviewed that `head` has and `base` has not. Where GitHub lists not all of them,
    /// only their number is told.
    pub async fn reviewed(&self, base: &Sha, head: &Sha) -> Result<Reviewed, Fault> {
        self.reviewed_knowing(base, head, BTreeMap::new()).await
    }

    /// What has to be asked to know how commits were reviewed of which it was asked before; nothing of others.
    pub(in crate::github) fn asked_again(&self, base: &Sha, head: &Sha) -> BTreeSet<Question> {
        let memory = &self.line.github.0.memory;
        let known = self.compared(base, head);
        let known = known.filter(|known| known.total_commits == known.commits.len() as u64);
        let commits = known.map(|known| known.commits).unwrap_or_default();
        let mut questions = BTreeSet::new();
        for commit in trunk(&commits, head) {
            match memory.merged.get(&(self.repo.id, commit.sha.clone())) {
                Some(pulls) => {
                    questions.extend(pulls.iter().map(|pull| Question::Reviews(pull.number)));
                }
                None => {
                    questions.insert(Question::PullsOfCommit(commit.sha.clone()));
                }
            }
        }
        questions
    }

    /// The same as [`reviewed`](Self::reviewed), with what has been told already.
    pub(in crate::github) async fn reviewed_knowing(
        &self,
        base: &Sha,
        head: &Sha,
        mut told: BTreeMap<Question, Told>,
    ) -> Result<Reviewed, Fault> {
        let comparison = self.compare(base, head).await?;
        let (commits, total) = (comparison.commits, comparison.total_commits);
        if total > commits.len() as u64 {
            return Ok(Reviewed { commits: Vec::new(), total, pulls: Vec::new() });
        }
        let (came_by, pulls) = self.merged_pulls(&commits, head, &mut told).await?;
        let questions = pulls.keys().map(|number| Question::Reviews(*number)).collect();
        self.tell_more(questions, &mut told).await?;
        let mut reviewed = Vec::new();
        for (number, pull) in pulls {
            let reviews = match told.remove(&Question::Reviews(number)) {
                Some(Told::Reviews(told)) => told,
                _ => self.reviews(number).await?,
            };
            reviewed.push(reviewed_pull(pull, reviews));
        }
        let commits = commits.into_iter().map(|commit| {
            let pulls = came_by.get(&commit.sha).cloned().unwrap_or_default();
            ReviewedCommit { commit, pulls: pulls.into_iter().collect() }
        });
        Ok(Reviewed { commits: commits.collect(), total, pulls: reviewed })
    }

    /// The merged pull requests that commits came by. Those that a merge joined are known by it, so that
    /// GitHub is asked for little more than the commits on the branch itself.
    async fn merged_pulls(
        &self,
        commits: &[Commit],
        head: &Sha,
        told: &mut BTreeMap<Question, Told>,
    ) -> Result<(HashMap<Sha, BTreeSet<PrNumber>>, BTreeMap<PrNumber, PullRequest>), Fault> {
        let graph: HashMap<&Sha, &Commit> = commits.iter().map(|one| (&one.sha, one)).collect();
        let mut came_by: HashMap<Sha, BTreeSet<PrNumber>> = HashMap::new();
        let mut pulls = BTreeMap::new();
        let trunk = trunk(commits, head);
        self.ask_for(&trunk, told, &mut came_by, &mut pulls).await?;
        // From the oldest on, so that a merge joins what is not there yet.
        let mut there: BTreeSet<Sha> = BTreeSet::new();
        for commit in trunk.iter().rev() {
            let landed = pulls.values().find(|pull| pull.landed.as_ref() == Some(&commit.sha));
            let joined = ancestors(&graph, commit.parents.iter().skip(1), &there);
            if let Some(pull) = landed {
                for sha in &joined {
                    came_by.entry(sha.clone()).or_default().insert(pull.number);
                }
            }
            there.extend(joined);
            there.insert(commit.sha.clone());
        }
        let rest: Vec<&Commit> =
            commits.iter().filter(|commit| !came_by.contains_key(&commit.sha)).collect();
        let rest: Vec<&Commit> = rest
            .into_iter()
            .filter(|commit| trunk.iter().all(|one| one.sha != commit.sha))
            .collect();
        self.ask_for(&rest, told, &mut came_by, &mut pulls).await?;
        Ok((came_by, pulls))
    }

    /// Has those told at once that have not been; what cannot be is asked for one by one.
    async fn tell_more(
        &self,
        mut questions: BTreeSet<Question>,
        told: &mut BTreeMap<Question, Told>,
    ) -> Result<(), Fault> {
        questions.retain(|question| !told.contains_key(question));
        told.extend(self.tell(&questions).await?.told);
        Ok(())
    }

    async fn ask_for(
        &self,
        commits: &[&Commit],
        told: &mut BTreeMap<Question, Told>,
        came_by: &mut HashMap<Sha, BTreeSet<PrNumber>>,
        pulls: &mut BTreeMap<PrNumber, PullRequest>,
    ) -> Result<(), Fault> {
        let memory = &self.line.github.0.memory.merged;
        let is_open = |sha: &Sha| memory.get(&(self.repo.id, sha.clone())).is_none();
        let open = commits.iter().map(|commit| &commit.sha).filter(|sha| is_open(sha));
        let questions = open.cloned().map(Question::PullsOfCommit).collect();
        self.tell_more(questions, told).await?;
        let mut asked = Vec::new();
        for commit in commits {
            let known = match told.remove(&Question::PullsOfCommit(commit.sha.clone())) {
                Some(Told::PullsOfCommit(known)) => Some(known),
                _ => None,
            };
            asked.push((commit.sha.clone(), known));
        }
        let asked = stream::iter(asked.into_iter().map(|(sha, known)| async move {
            let merged = self.merged_pulls_of(&sha, known).await?;
            Ok::<_, Fault>((sha, merged))
        }));
        let found: Vec<(Sha, Vec<PullRequest>)> = asked.buffered(AT_ONCE).try_collect().await?;
        for (sha, merged) in found {
            for pull in merged {
                came_by.entry(sha.clone()).or_default().insert(pull.number);
                pulls.insert(pull.number, pull);
            }
        }
        Ok(())
    }

    /// The merged pull requests that a commit came by: once there are some, they are remembered.
    async fn merged_pulls_of(
        &self,
        sha: &Sha,
        told: Option<Vec<PullRequest>>,
    ) -> Result<Vec<PullRequest>, Fault> {
        let memory = &self.line.github.0.memory.merged;
        let key = (self.repo.id, sha.clone());
        if let Some(known) = memory.get(&key) {
            return Ok(known);
        }
        let mut merged = match told {
            Some(told) => told,
            None => self.pulls_of_commit(sha).await?,
        };
        merged.retain(|pull| pull.merged);
        for pull in &mut merged {
            // What it says is not needed, and may be long.
            (pull.body, pull.title) = (String::new(), String::new());
        }
        if !merged.is_empty() {
            memory.put(key, merged.clone(), merged.len() * 600);
        }
        Ok(merged)
    }
}

/// The commits on the branch itself, newest first.
fn trunk<'a>(commits: &'a [Commit], head: &Sha) -> Vec<&'a Commit> {
    let by_sha: HashMap<&Sha, &Commit> = commits.iter().map(|one| (&one.sha, one)).collect();
    let mut trunk = Vec::new();
    let mut next = by_sha.get(head).copied();
    while let Some(commit) = next {
        trunk.push(commit);
        next = commit.parents.first().and_then(|parent| by_sha.get(parent).copied());
    }
    trunk
}

/// The commits that these and their parents are, without those that are there already.
fn ancestors<'a>(
    graph: &HashMap<&Sha, &'a Commit>,
    from: impl Iterator<Item = &'a Sha>,
    there: &BTreeSet<Sha>,
) -> BTreeSet<Sha> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&Sha> = from.collect();
    while let Some(sha) = open.pop() {
        let Some(commit) = graph.get(sha) else { continue };
        if !there.contains(sha) && found.insert(sha.clone()) {
            open.extend(&commit.parents);
        }
    }
    found
}

fn reviewed_pull(pull: PullRequest, reviews: Vec<Review>) -> ReviewedPull {
    ReviewedPull {
        number: pull.number,
        author: pull.author,
        base: pull.base.branch,
        landed: pull.landed,
        reviews,
    }
}
