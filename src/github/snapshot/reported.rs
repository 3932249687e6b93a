//! What stands on a commit as GraphQL tells it: check runs of all Apps, statuses, whether it was deployed.
//!
//! What is not all there is not told at all.

use jiff::Timestamp;
use serde::Deserialize;

use super::told::{Actor, List};
use crate::github::wire::{conclusion, state};
use crate::model::ids::{AppId, CheckRunId, Sha};
use crate::model::read::{CheckRun, Conclusion};
use crate::model::report::{CommitStatus, Reports};

/// What stands on a commit.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reported {
    pub(super) oid: Sha,
    check_suites: Option<List<Suite>>,
    status: Option<Status>,
    deployments: Option<Counted>,
}

#[derive(Debug, Deserialize)]
struct Status {
    contexts: Vec<Context>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    context: String,
    state: String,
    description: Option<String>,
    created_at: Timestamp,
    creator: Option<Actor>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Suite {
    app: Option<App>,
    runs: Option<List<Run>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct App {
    database_id: AppId,
    slug: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    database_id: CheckRunId,
    name: String,
    status: String,
    conclusion: Option<String>,
    external_id: Option<String>,
    title: Option<String>,
    summary: Option<String>,
    text: Option<String>,
    started_at: Option<Timestamp>,
    url: Option<String>,
    annotations: Option<Counted>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Counted {
    total_count: usize,
}

impl Run {
    /// With how many annotations it has.
    fn into_check_run(self, app: &App) -> (CheckRun, usize) {
        let conclusion = self
            .conclusion
            .filter(|_| self.status == "COMPLETED")
            .map(|word| conclusion(&word.to_lowercase()).unwrap_or(Conclusion::Neutral));
        let run = CheckRun {
            id: self.database_id,
            name: self.name,
            app: Some(app.database_id),
            slug: Some(app.slug.clone()),
            conclusion,
            external_id: self.external_id.filter(|id| !id.is_empty()),
            title: self.title,
            summary: self.summary,
            text: self.text,
            started: self.started_at,
            url: self.url,
        };
        (run, self.annotations.map_or(0, |annotations| annotations.total_count))
    }
}

/// Everything that stands on a commit.
#[derive(Debug)]
pub(super) struct Standing {
    /// All runs of all Apps, and how many annotations each has.
    pub(super) runs: Vec<(CheckRun, usize)>,
    statuses: Vec<CommitStatus>,
    /// Whether there is a deployment of it.
    pub(super) deployed: bool,
}

impl Reported {
    /// Where that is all.
    pub(super) fn into_standing(self) -> Option<Standing> {
        let runs: Option<Vec<Vec<_>>> = self
            .check_suites?
            .all(Some)?
            .into_iter()
            .map(|suite| {
                let runs = suite.runs?;
                if runs.is_empty() {
                    return Some(Vec::new());
                }
                let app = suite.app?;
                runs.all(|run| Some(run.into_check_run(&app)))
            })
            .collect();
        let contexts = self.status.map_or_else(Vec::new, |status| status.contexts);
        let statuses: Option<Vec<_>> = contexts.into_iter().map(Context::into_status).collect();
        let deployed = self.deployments?.total_count > 0;
        Some(Standing { runs: runs?.concat(), statuses: statuses?, deployed })
    }
}

impl Context {
    fn into_status(self) -> Option<CommitStatus> {
        let creator = match self.creator {
            Some(actor) => Some(actor.into_account()?),
            None => None,
        };
        Some(CommitStatus {
            context: self.context,
            state: state(&self.state.to_lowercase()),
            description: self.description.filter(|text| !text.is_empty()),
            creator,
            at: self.created_at,
        })
    }
}

impl Standing {
    pub(super) fn into_reports(self) -> Reports {
        let runs = self.runs.into_iter().map(|(run, _)| run).collect();
        // GitHub has told of each context the newest, so that no number is needed.
        let statuses = self.statuses.into_iter().map(|status| (0, status)).collect();
        Reports::new(runs, statuses, true)
    }
}
