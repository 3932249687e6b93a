//! A repository and what is set up in it: who may enter, labels, protected branches.
//! It does not know Git objects and refs: these are in the object store.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::rules::{AsyncMerge, QueueEntry, Ruleset, WaitingDeployment};
use super::{CheckRun, CheckSuite, CommitStatus, Deployment, Id, Issue, Release, Role};

/// A repository with everything that belongs to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Repo {
    pub(crate) id: Id,
    pub(crate) owner: Id,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) private: bool,
    pub(crate) archived: bool,
    pub(crate) default_branch: String,
    /// The repository that this one was forked from.
    pub(crate) parent: Option<Id>,
    /// The repository whose object store is used: its own id, or that of the first of its forks' line.
    pub(crate) network: Id,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) pushed_at: Timestamp,
    pub(crate) delete_branch_on_merge: bool,
    /// `owner/name` pairs under which it was known before, lower-case.
    pub(crate) former_names: BTreeSet<String>,
    pub(crate) collaborators: BTreeMap<Id, Role>,
    pub(crate) teams: BTreeMap<Id, Role>,
    pub(crate) labels: Vec<Label>,
    pub(crate) protections: BTreeMap<String, Protection>,
    /// Commits that GitHub signed.
    pub(crate) verified: BTreeSet<String>,
    /// The number of the newest issue or pull request.
    pub(crate) last_number: u64,
    pub(crate) issues: BTreeMap<u64, Issue>,
    pub(crate) releases: BTreeMap<Id, Release>,
    pub(crate) check_suites: BTreeMap<Id, CheckSuite>,
    pub(crate) check_runs: BTreeMap<Id, CheckRun>,
    pub(crate) statuses: Vec<CommitStatus>,
    pub(crate) deployments: BTreeMap<Id, Deployment>,
    #[serde(default)]
    pub(crate) rulesets: BTreeMap<Id, Ruleset>,
    /// The merge queue of each branch that has one, first in first.
    #[serde(default)]
    pub(crate) queues: BTreeMap<String, Vec<QueueEntry>>,
    /// Merges that were asked for, oldest first.
    #[serde(default)]
    pub(crate) async_merges: Vec<AsyncMerge>,
    /// Deployments that wait for a protection rule, or waited.
    #[serde(default)]
    pub(crate) waiting: Vec<WaitingDeployment>,
}

/// A label that can be put on issues and pull requests.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Label {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) color: String,
    pub(crate) description: Option<String>,
    pub(crate) default: bool,
}

/// The rules of a protected branch.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own on GitHub's page of branch protection"
)]
pub(crate) struct Protection {
    pub(crate) checks: Option<RequiredChecks>,
    pub(crate) reviews: Option<RequiredReviews>,
    pub(crate) restrictions: Option<Restrictions>,
    pub(crate) enforce_admins: bool,
    pub(crate) linear_history: bool,
    pub(crate) force_pushes: bool,
    pub(crate) deletions: bool,
    pub(crate) block_creations: bool,
    pub(crate) conversation_resolution: bool,
    pub(crate) lock_branch: bool,
    pub(crate) fork_syncing: bool,
}

/// Checks that have to be green before a merge.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct RequiredChecks {
    /// The branch has to be up to date with its base.
    pub(crate) strict: bool,
    pub(crate) checks: Vec<RequiredCheck>,
}

/// One required check or status, of any reporter or of one App.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RequiredCheck {
    pub(crate) context: String,
    pub(crate) app: Option<Id>,
}

/// Reviews that have to be there before a merge.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct RequiredReviews {
    pub(crate) count: u64,
    pub(crate) dismiss_stale: bool,
    pub(crate) code_owners: bool,
    pub(crate) last_push: bool,
}

/// The only ones who may push, beside administrators.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Restrictions {
    pub(crate) users: BTreeSet<Id>,
    pub(crate) teams: BTreeSet<Id>,
    pub(crate) apps: BTreeSet<Id>,
}
