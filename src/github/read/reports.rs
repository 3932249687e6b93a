//! What is reported on a commit: check runs, statuses, deployments; whole, or known not to be whole.
//!
//! It does not judge who reports.

use std::collections::BTreeMap;

use crate::fault::Fault;
use crate::github::Repo;
use crate::github::wire::{
    WireCheckRun, WireCheckRuns, WireCombined, WireDeployment, WireDeploymentStatus, WireStatus,
};
use crate::model::ids::Sha;
use crate::model::report::{CommitStatus, Deployed, Reports};

/// So many check runs of one commit are read; with more it is not known which are the newest.
const MOST_RUNS: usize = 3_000;
/// So many statuses are read with who set them; of others only what they say is.
const MOST_STATUSES: usize = 1_000;
/// So many deployments of one commit are looked at.
const MOST_DEPLOYMENTS: usize = 300;
/// So many tasks of one commit in one environment are looked into.
const MOST_TASKS: usize = 20;

impl Repo {
    /// What stands on a commit.
    ///
    /// All runs are asked for: which of them is the latest, GitHub tells by when they were completed, and so
    /// leaves open what becomes of one that has only just begun.
    /// <https://docs.github.com/en/rest/checks/runs#list-check-runs-for-a-git-reference>
    pub async fn reports(&self, sha: &Sha) -> Result<Reports, Fault> {
        let path = self.path(format_args!("/commits/{sha}/check-runs?filter=all&per_page=100"));
        let read = |page: WireCheckRuns| page.check_runs;
        let runs = self.line.pages(&path, read, |all: &[_]| all.len() >= MOST_RUNS).await?;
        let complete = runs.len() < MOST_RUNS;
        let runs = runs.into_iter().map(WireCheckRun::into_check_run).collect();
        Ok(Reports::new(runs, self.statuses(sha).await?, complete))
    }

    /// Every status, newest first, with who set it. The combined status, which has each context once, does
    /// not tell that; it is asked only where there are so many that a context could be missing.
    async fn statuses(&self, sha: &Sha) -> Result<Vec<(u64, CommitStatus)>, Fault> {
        fn read(page: Vec<WireStatus>) -> Vec<(u64, CommitStatus)> {
            page.into_iter().map(WireStatus::into_status).collect()
        }
        let path = self.path(format_args!("/commits/{sha}/statuses?per_page=100"));
        let enough = |all: &[(u64, CommitStatus)]| all.len() >= MOST_STATUSES;
        let mut all = self.line.pages(&path, read, enough).await?;
        if enough(&all) {
            let path = self.path(format_args!("/commits/{sha}/status?per_page=100"));
            let each = self.line.pages(&path, |page: WireCombined| read(page.statuses), |_| false);
            all.extend(each.await?);
        }
        Ok(all)
    }

    /// How deployments of a commit into an environment went: of each task the newest.
    pub async fn deployed(&self, sha: &Sha, environment: &str) -> Result<Vec<Deployed>, Fault> {
        let path = self.path(format_args!("/deployments?sha={sha}&per_page=100"));
        let read = |page: Vec<WireDeployment>| page;
        let enough = |all: &[WireDeployment]| all.len() >= MOST_DEPLOYMENTS;
        let found = self.line.pages(&path, read, enough).await?;
        let mut newest: BTreeMap<String, WireDeployment> = BTreeMap::new();
        for one in found {
            // a filter that GitHub does not understand is one that it leaves out
            let meant = one.sha == sha.as_str() && same(&one.environment, environment);
            let later = |known: &WireDeployment| known.id < one.id;
            if meant && newest.get(&one.task).is_none_or(later) {
                newest.insert(one.task.clone(), one);
            }
        }
        let mut deployed = Vec::new();
        for one in newest.into_values().take(MOST_TASKS) {
            let path = self.path(format_args!("/deployments/{}/statuses?per_page=100", one.id));
            let read = |page: Vec<WireDeploymentStatus>| page;
            let said = self.line.pages(&path, read, |_| false).await?;
            deployed.push(one.into_deployed(said));
        }
        Ok(deployed)
    }
}

/// GitHub takes environments that differ in case for the same.
fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
