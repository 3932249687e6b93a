//! What an Argo CD tells of an Application: only fields that something looks at.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::ids::Sha;

/// An Application as its server tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// Where it gets what it deploys; several where it is put together of several.
    pub sources: Vec<Source>,
    /// How it syncs by itself; `None` where it has to be told.
    pub automated: Option<Automated>,
    /// What its sync policy has for `automated`, whole and as it is, on or off.
    pub policy: Option<Value>,
    /// Who made it and would undo what others change of it, as `Kind name`.
    pub owner: Option<String>,
    /// Whether what is deployed is what the sources say.
    pub sync: Sync,
    /// How what is deployed is.
    pub health: Health,
    /// Why, in the server's words.
    pub health_message: Option<String>,
    /// Since when it is so.
    pub health_since: Option<Timestamp>,
    /// The sync that goes on, or the last one.
    pub operation: Option<Operation>,
    /// What was deployed, oldest first.
    pub history: Vec<Deployed>,
    /// The images that are deployed now.
    pub images: Vec<String>,
    /// When the server last compared it with its sources.
    pub compared_at: Option<Timestamp>,
}

/// Where an Application gets what it deploys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The repository, as the server reaches it.
    pub url: String,
    /// The folder; empty where it is a chart.
    pub path: String,
    /// The branch, tag or commit that it follows.
    pub follows: String,
    /// The commit that was compared last; `None` where that is no commit.
    pub revision: Option<Sha>,
}

/// How an Application syncs by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Automated {
    /// Whether it removes what is gone from the sources.
    pub prune: bool,
    /// Whether it puts back what is changed by hand.
    pub self_heal: bool,
}

/// Whether what is deployed is what the sources say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sync {
    /// It is.
    Synced,
    /// It is not.
    OutOfSync,
    /// The server cannot tell.
    Unknown,
}

/// How what is deployed is, as Argo CD judges it.
/// <https://argo-cd.readthedocs.io/en/stable/operator-manual/health/>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Health {
    /// All is well.
    Healthy,
    /// It is coming up.
    Progressing,
    /// It has failed, or does not come up in time.
    Degraded,
    /// It is paused.
    Suspended,
    /// It is not there.
    Missing,
    /// The server cannot tell.
    Unknown,
}

/// A sync, or a rollback, which is one to an older state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// How far it is.
    pub phase: Phase,
    /// The server's words for it.
    pub message: String,
    /// The commit that it brings, or was to bring; `None` where that is no commit, or of several sources.
    pub revision: Option<Sha>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// How far an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// It goes on.
    Running,
    /// It is being ended.
    Terminating,
    /// It went well.
    Succeeded,
    /// It could not be done.
    Failed,
    /// It broke off.
    Error,
    /// It is in a phase that this version does not know.
    Other,
}

impl Phase {
    /// Whether it goes on.
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Running | Self::Terminating)
    }

    /// Whether it came to nothing.
    pub fn has_failed(self) -> bool {
        matches!(self, Self::Failed | Self::Error)
    }
}

/// Something that was deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployed {
    /// Its number, by which it is gone back to.
    pub id: i64,
    /// The commits, one for each source.
    pub revisions: Vec<String>,
    /// When.
    pub at: Option<Timestamp>,
}

/// Why nothing is known of an Application. The text is for people and holds no secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unseen {
    /// The operator has named no such server.
    NoServer,
    /// The operator does not let this repository name that Application there.
    NotAllowed,
    /// The server does not let us see it, or has none of that name.
    Refused(String),
    /// The server cannot be reached, or has no time.
    Unreachable(String),
    /// What it says makes no sense.
    Unreadable(String),
}

/// What is known of an Application.
pub type Seen = Result<Application, Unseen>;
