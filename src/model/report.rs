//! What machines report on a commit: check runs, statuses, and how deployments of it went.
//!
//! It knows which report supersedes which; what a report means is `domain`'s to say.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::ids::AppId;
use crate::model::read::{Account, CheckRun};

/// What stands on a commit: of each reporter and name the newest.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reports {
    /// Check runs, oldest first.
    pub runs: Vec<CheckRun>,
    /// Commit statuses, by context.
    pub statuses: Vec<CommitStatus>,
    /// Whether this is all: where GitHub has more than is read, nobody can say what is the newest.
    pub complete: bool,
}

impl Reports {
    /// Leaves out what is superseded: a check run by a later one of the same App and name, in whichever
    /// suite and however far it has got; a status by a later one of the same context, which GitHub takes
    /// regardless of case. Later is what GitHub numbered higher: times are the reporter's to choose. Statuses come
    /// with that number.
    pub fn new(runs: Vec<CheckRun>, statuses: Vec<(u64, CommitStatus)>, complete: bool) -> Self {
        let mut newest: BTreeMap<(Option<AppId>, u64, String), CheckRun> = BTreeMap::new();
        for run in runs {
            // Of an App that is not known nobody can say that it is the same.
            let apart = if run.app.is_some() { 0 } else { run.id.0 };
            let key = (run.app, apart, run.name.clone());
            if newest.get(&key).is_none_or(|known| known.id < run.id) {
                newest.insert(key, run);
            }
        }
        let mut runs: Vec<CheckRun> = newest.into_values().collect();
        runs.sort_by_key(|run| run.id);
        let mut newest: BTreeMap<String, (u64, CommitStatus)> = BTreeMap::new();
        for (id, status) in statuses {
            let key = status.context.to_lowercase();
            // Where the same one is told twice, the telling that knows who set it counts.
            let older = |(known, of): &(u64, CommitStatus)| {
                (*known, of.creator.is_some()) < (id, status.creator.is_some())
            };
            if newest.get(&key).is_none_or(older) {
                newest.insert(key, (id, status));
            }
        }
        let statuses = newest.into_values().map(|(_, status)| status).collect();
        Self { runs, statuses, complete }
    }
}

/// A commit status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitStatus {
    /// What it is called.
    pub context: String,
    /// What it says.
    pub state: StatusState,
    /// The same in a sentence.
    pub description: Option<String>,
    /// Who set it; `None` where GitHub does not tell. An App sets it as `slug[bot]`.
    pub creator: Option<Account>,
    /// When it was set, by GitHub's clock.
    pub at: Timestamp,
}

/// What a commit status says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusState {
    /// All is well.
    Success,
    /// It is not known yet.
    Pending,
    /// It found something.
    Failure,
    /// It broke.
    Error,
}

/// How the deployment of a commit into an environment went: of each task the newest deployment, and what was
/// said of it last. That a later one took its place says nothing of how it went, and is passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployed {
    /// The deployment's number.
    pub id: u64,
    /// What was to be done: `deploy` where nothing else was said.
    pub task: String,
    /// The environment, as the deployment calls it.
    pub environment: String,
    /// What was said last; `None` where nothing was.
    pub state: Option<DeployState>,
    /// The same in a sentence.
    pub description: Option<String>,
    /// Who said it; of a deployment of which nothing was said, who made it.
    pub creator: Option<Account>,
    /// When, by GitHub's clock.
    pub at: Timestamp,
}

/// How a deployment goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeployState {
    /// It has been done.
    Success,
    /// It waits or is being done.
    Pending,
    /// It was not done.
    Failure,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::CheckRunId;
    use crate::model::read::Conclusion;

    fn run(id: u64, app: Option<u64>, conclusion: Option<Conclusion>) -> CheckRun {
        CheckRun {
            id: CheckRunId(id),
            name: "build".to_owned(),
            app: app.map(AppId),
            conclusion,
            slug: None,
            external_id: None,
            title: None,
            summary: None,
            text: None,
            started: None,
            url: None,
        }
    }

    fn status(id: u64, context: &str, state: StatusState) -> (u64, CommitStatus) {
        let at = Timestamp::from_second(0).unwrap();
        let context = context.to_owned();
        (id, CommitStatus { context, state, description: None, creator: None, at })
    }

    #[test]
    fn the_later_run_of_an_app_counts_whatever_has_become_of_it() {
        let green = Some(Conclusion::Success);
        // In whatever order GitHub lists them.
        let runs = vec![run(7, Some(1), None), run(5, Some(1), green), run(6, Some(2), green)];
        let reports = Reports::new(runs, Vec::new(), true);
        let left: Vec<_> = reports.runs.iter().map(|run| (run.id.0, run.conclusion)).collect();
        assert_eq!(left, [(6, green), (7, None)]);
    }

    #[test]
    fn runs_of_apps_that_are_not_known_do_not_supersede_each_other() {
        let green = Some(Conclusion::Success);
        let red = Some(Conclusion::Failure);
        let reports = Reports::new(vec![run(1, None, red), run(2, None, green)], Vec::new(), true);
        assert_eq!(reports.runs.len(), 2);
    }

    #[test]
    fn the_later_status_of_a_context_counts() {
        use StatusState::{Failure, Success};
        let all = vec![status(2, "CI", Failure), status(1, "ci", Success), status(3, "x", Success)];
        let reports = Reports::new(Vec::new(), all, true);
        let left: Vec<_> =
            reports.statuses.iter().map(|one| (one.context.as_str(), one.state)).collect();
        assert_eq!(left, [("CI", Failure), ("x", Success)]);
    }
}
