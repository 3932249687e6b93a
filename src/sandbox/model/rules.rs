//! Rulesets, merge queues, merges that run in the background, and deployments that wait for a protection rule.
//! It does not enforce anything: see `state`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Id, RequiredCheck};

/// A named set of rules for some branches.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Ruleset {
    pub(crate) id: Id,
    pub(crate) name: String,
    /// `active`, `evaluate` or `disabled`.
    pub(crate) enforcement: String,
    pub(crate) bypass: Vec<Bypass>,
    /// Patterns of full ref names, `~DEFAULT_BRANCH` or `~ALL`.
    pub(crate) include: Vec<String>,
    pub(crate) exclude: Vec<String>,
    /// As they were sent: `type`, and `parameters` where it has some.
    pub(crate) rules: Vec<Value>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// Somebody whom a ruleset does not bind.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Bypass {
    /// `Integration`, `OrganizationAdmin`, `RepositoryRole`, `Team` or `User`.
    pub(crate) kind: String,
    pub(crate) id: Option<Id>,
    /// `always`, `pull_request` or `exempt`.
    pub(crate) mode: String,
}

/// What a `merge_queue` rule asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct QueueRule {
    pub(crate) merge_method: String,
    /// `ALLGREEN` or `HEADGREEN`.
    pub(crate) grouping_strategy: String,
    pub(crate) min_entries_to_merge: usize,
    pub(crate) min_entries_to_merge_wait_minutes: i64,
    pub(crate) max_entries_to_merge: usize,
    pub(crate) check_response_timeout_minutes: i64,
}

/// What a `required_status_checks` rule asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct ChecksRule {
    pub(crate) strict: bool,
    pub(crate) checks: Vec<RequiredCheck>,
}

/// A pull request in a merge queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct QueueEntry {
    pub(crate) id: Id,
    pub(crate) pull: u64,
    /// The pull request's head when it was put in.
    pub(crate) pull_head: String,
    /// In whose name it is merged.
    pub(crate) account: Id,
    pub(crate) app: Option<Id>,
    pub(crate) enqueued_at: Timestamp,
    /// The commit that its group is built on.
    pub(crate) base: String,
    /// The commit that merging it and all before it makes.
    pub(crate) head: String,
    /// The temporary branch, without `refs/heads/`.
    pub(crate) branch: String,
    /// When checks were asked for.
    pub(crate) built_at: Timestamp,
}

/// A merge that was asked for and runs in the background.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AsyncMerge {
    pub(crate) uuid: String,
    pub(crate) pull: u64,
    pub(crate) account: Id,
    pub(crate) app: Option<Id>,
    /// `default`, `merge`, `squash` or `rebase`.
    pub(crate) method: String,
    /// `default`, `direct_merge` or `merge_queue`.
    pub(crate) action: String,
    pub(crate) head: String,
    pub(crate) title: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) updated_at: Timestamp,
    pub(crate) result: Option<AsyncResult>,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum AsyncResult {
    /// With the commit that brought it.
    Merged(String),
    Enqueued,
    Failed(String),
}

/// A deployment of a workflow run that waits for a custom protection rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct WaitingDeployment {
    pub(crate) run: Id,
    pub(crate) environment: String,
    pub(crate) deployment: Id,
    /// State (none for a mere comment) and comment, oldest first.
    pub(crate) reviews: Vec<(Option<String>, String)>,
}
