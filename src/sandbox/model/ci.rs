//! What is said about commits: releases, checks, statuses and deployments.
//! It does not know what a branch requires of them: see `state::protection`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Id, Reaction};

/// A release, published or a draft.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Release {
    pub(crate) id: Id,
    pub(crate) tag: String,
    /// Branch or SHA from which the tag is made when the release is published.
    pub(crate) target: String,
    pub(crate) name: Option<String>,
    pub(crate) body: Option<String>,
    pub(crate) draft: bool,
    pub(crate) prerelease: bool,
    pub(crate) author: Id,
    pub(crate) created_at: Timestamp,
    pub(crate) published_at: Option<Timestamp>,
    pub(crate) updated_at: Timestamp,
    /// Chosen as the repository's latest; at most one is.
    #[serde(default)]
    pub(crate) latest: bool,
    pub(crate) reactions: Vec<Reaction>,
}

/// The check runs of one App on one commit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CheckSuite {
    pub(crate) id: Id,
    pub(crate) app: Id,
    pub(crate) head_sha: String,
    pub(crate) head_branch: Option<String>,
    pub(crate) before: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// Asked for again and not reported since.
    pub(crate) rerequested: bool,
}

/// A check run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CheckRun {
    pub(crate) id: Id,
    pub(crate) suite: Id,
    pub(crate) app: Id,
    pub(crate) name: String,
    pub(crate) head_sha: String,
    pub(crate) external_id: String,
    pub(crate) details_url: Option<String>,
    /// `queued`, `in_progress`, `completed`, `waiting`, `requested` or `pending`.
    pub(crate) status: String,
    pub(crate) conclusion: Option<String>,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) completed_at: Option<Timestamp>,
    pub(crate) title: Option<String>,
    pub(crate) summary: Option<String>,
    pub(crate) text: Option<String>,
    /// As they were sent, checked against GitHub's shape.
    pub(crate) annotations: Vec<Value>,
    /// `{label, description, identifier}`.
    pub(crate) actions: Vec<Value>,
}

/// A commit status: the newest of its context counts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CommitStatus {
    pub(crate) id: Id,
    pub(crate) sha: String,
    pub(crate) context: String,
    /// `error`, `failure`, `pending` or `success`.
    pub(crate) state: String,
    pub(crate) description: Option<String>,
    pub(crate) target_url: Option<String>,
    pub(crate) creator: Id,
    /// The App that set it, where it was one.
    pub(crate) app: Option<Id>,
    pub(crate) created_at: Timestamp,
}

/// A deployment of a commit into an environment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Deployment {
    pub(crate) id: Id,
    pub(crate) sha: String,
    pub(crate) git_ref: String,
    pub(crate) task: String,
    pub(crate) environment: String,
    /// As it was when the deployment was made: a status may name another.
    pub(crate) original_environment: String,
    pub(crate) description: Option<String>,
    pub(crate) payload: Value,
    pub(crate) transient: bool,
    pub(crate) production: bool,
    pub(crate) creator: Id,
    pub(crate) app: Option<Id>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) statuses: Vec<DeploymentStatus>,
}

/// How a deployment goes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DeploymentStatus {
    pub(crate) id: Id,
    pub(crate) state: String,
    pub(crate) description: Option<String>,
    pub(crate) environment: String,
    pub(crate) environment_url: Option<String>,
    pub(crate) log_url: Option<String>,
    pub(crate) creator: Id,
    pub(crate) app: Option<Id>,
    pub(crate) created_at: Timestamp,
}
