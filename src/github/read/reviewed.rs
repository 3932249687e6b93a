//! How the commits between two were reviewed: the merged pull requests that they came by, and their reviews.
//!
//! It does not judge whose review is worth what.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use crate::fault::Fault;
use crate::github::Repo;
use crate::model::ids::{PrNumber, Sha};
use crate::model::read::{Commit, PullRequest, Review, Reviewed, ReviewedCommit, ReviewedPull};

/// So many answers are fetched at once.
const AT_ONCE: usize = 4;

impl Repo {
    /// How the commits were reviewed that `head` has and `base` has not. Where GitHub lists not all of them,
    /// only their number is told.
    pub async fn reviewed(&self, base: &Sha, head: &Sha) -> Result<Reviewed, Fault> {
        let comparison = self.compare(base, head).await?;
        let (commits, total) = (comparison.commits, comparison.total_commits);
        if total > commits.len() as u64 {
            return Ok(Reviewed { commits: Vec::new(), total, pulls: Vec::new() });
        }
        let (came_by, pulls) = self.merged_pulls(&commits, head).await?;
        let reviews = stream::iter(pulls.into_values().map(|pull| async move {
            let reviews = self.reviews(pull.number).await?;
            Ok::<_, Fault>(reviewed_pull(pull, reviews))
        }));
        let pulls = reviews.buffered(AT_ONCE).try_collect().await?;
        let commits = commits.into_iter().map(|commit| {
            let pulls = came_by.get(&commit.sha).cloned().unwrap_or_default();
            ReviewedCommit { commit, pulls: pulls.into_iter().collect() }
        });
        Ok(Reviewed { commits: commits.collect(), total, pulls })
    }

    /// The merged pull requests that commits came by. Those that a merge joined are known by it, so that
    /// GitHub is asked for little more than the commits on the branch itself.
    async fn merged_pulls(
        &self,
        commits: &[Commit],
        head: &Sha,
    ) -> Result<(HashMap<Sha, BTreeSet<PrNumber>>, BTreeMap<PrNumber, PullRequest>), Fault> {
        let graph: HashMap<&Sha, &Commit> = commits.iter().map(|one| (&one.sha, one)).collect();
        let mut came_by: HashMap<Sha, BTreeSet<PrNumber>> = HashMap::new();
        let mut pulls = BTreeMap::new();
        let mut trunk = Vec::new();
        let mut next = graph.get(head);
        while let Some(commit) = next {
            trunk.push(*commit);
            next = commit.parents.first().and_then(|parent| graph.get(parent));
        }
        self.ask_for(&trunk, &mut came_by, &mut pulls).await?;
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
        self.ask_for(&rest, &mut came_by, &mut pulls).await?;
        Ok((came_by, pulls))
    }

    async fn ask_for(
        &self,
        commits: &[&Commit],
        came_by: &mut HashMap<Sha, BTreeSet<PrNumber>>,
        pulls: &mut BTreeMap<PrNumber, PullRequest>,
    ) -> Result<(), Fault> {
        let shas: Vec<Sha> = commits.iter().map(|commit| commit.sha.clone()).collect();
        let asked = stream::iter(shas.into_iter().map(|sha| async move {
            let merged = self.merged_pulls_of(&sha).await?;
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
    async fn merged_pulls_of(&self, sha: &Sha) -> Result<Vec<PullRequest>, Fault> {
        let memory = &self.line.github.0.memory.merged;
        let key = (self.repo.id, sha.clone());
        if let Some(known) = memory.get(&key) {
            return Ok(known);
        }
        let mut merged = self.pulls_of_commit(sha).await?;
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
