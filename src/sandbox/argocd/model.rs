//! An Application as this Argo CD keeps it: what it follows, what is deployed, how that went.
//! It does not know how any of it changes, or how it is shown.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::sandbox::model::Id;

/// An Application to be added.
#[derive(Clone, Debug)]
pub(crate) struct NewApplication {
    pub(crate) name: String,
    /// The repository of the box that it follows.
    pub(crate) repo: Id,
    /// The folder in it.
    pub(crate) path: String,
    pub(crate) automated: bool,
    /// The ApplicationSet that makes it, where one does.
    pub(crate) owner: Option<String>,
}

/// Whether what is deployed is what Git says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::enum_variant_names, reason = "Argo CD calls them so")]
pub(crate) enum Sync {
    Synced,
    OutOfSync,
    Unknown,
}

/// How the workloads are.
/// <https://argo-cd.readthedocs.io/en/stable/operator-manual/health/>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Health {
    Healthy,
    Progressing,
    Degraded,
    Suspended,
    Missing,
    Unknown,
}

/// How far an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Phase {
    Running,
    Succeeded,
    Failed,
    Error,
}

/// Something that may be deployed: one commit's folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    pub(crate) revision: String,
    /// What tells contents apart, whatever the commit.
    pub(crate) print: String,
    pub(crate) images: Vec<String>,
}

/// Something that was deployed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Deployment {
    pub(crate) id: i64,
    pub(crate) content: Content,
    pub(crate) started_at: Timestamp,
    pub(crate) deployed_at: Timestamp,
    /// `spec.source` as it was.
    pub(crate) source: Value,
    pub(crate) by: Initiator,
}

/// Who began an operation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Initiator {
    pub(crate) username: Option<String>,
    pub(crate) automated: bool,
}

/// A sync, or a rollback, which is one to an older revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Operation {
    /// What it is to bring.
    pub(crate) content: Content,
    pub(crate) source: Value,
    pub(crate) by: Initiator,
    pub(crate) prune: bool,
    pub(crate) dry_run: bool,
    pub(crate) phase: Phase,
    pub(crate) message: String,
    pub(crate) started_at: Timestamp,
    pub(crate) finished_at: Option<Timestamp>,
}

/// An Application.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Application {
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) created_at: Timestamp,
    pub(crate) resource_version: u64,
    pub(crate) generation: u64,
    pub(crate) labels: BTreeMap<String, String>,
    /// The ApplicationSet that makes it, and that undoes what others change of its spec.
    pub(crate) owner: Option<String>,
    /// The spec that the owner wants.
    pub(crate) template: Value,
    pub(crate) spec: Value,
    pub(crate) sync: Sync,
    /// The commit that was compared last.
    pub(crate) compared: String,
    pub(crate) live: Content,
    pub(crate) health: Health,
    pub(crate) health_message: Option<String>,
    pub(crate) health_since: Timestamp,
    pub(crate) operation: Option<Operation>,
    pub(crate) history: Vec<Deployment>,
    pub(crate) next_id: i64,
    pub(crate) reconciled_at: Timestamp,
    /// The seconds from the beginning of a sync until the workloads are what they become.
    pub(crate) takes: i64,
    /// What the workloads become after the next sync.
    pub(crate) becomes: Health,
    /// Why the next sync fails, if it does.
    pub(crate) fails: Option<String>,
    /// Why the next sync breaks off before there is a result, if it does.
    #[serde(default)]
    pub(crate) breaks: Option<String>,
    /// Whether somebody has changed what is deployed by hand.
    pub(crate) touched: bool,
    /// Whether it looks at Git only when it is asked to, and not when something is pushed.
    #[serde(default)]
    pub(crate) asleep: bool,
}

impl Application {
    /// One that has nothing deployed yet.
    pub(crate) fn new(
        new: &NewApplication,
        uid: String,
        spec: Value,
        now: Timestamp,
        takes: i64,
    ) -> Self {
        Self {
            name: new.name.clone(),
            uid,
            created_at: now,
            resource_version: 1,
            generation: 1,
            labels: BTreeMap::new(),
            owner: new.owner.clone(),
            template: spec.clone(),
            spec,
            sync: Sync::Unknown,
            compared: String::new(),
            live: Content::default(),
            health: Health::Missing,
            health_message: None,
            health_since: now,
            operation: None,
            history: Vec::new(),
            next_id: 0,
            reconciled_at: now,
            takes,
            becomes: Health::Healthy,
            fails: None,
            breaks: None,
            touched: false,
            asleep: false,
        }
    }

    /// A text of the source.
    pub(crate) fn source(&self, key: &str) -> &str {
        self.spec["source"][key].as_str().unwrap_or_default()
    }

    /// Whether it syncs by itself: `automated` stands, and is not switched off within.
    /// <https://argo-cd.readthedocs.io/en/stable/user-guide/auto_sync/>
    pub(crate) fn is_automated(&self) -> bool {
        let automated = &self.spec["syncPolicy"]["automated"];
        automated.is_object() && automated["enabled"] != false
    }

    /// Whether it puts back what somebody changes by hand.
    pub(crate) fn heals(&self) -> bool {
        self.spec["syncPolicy"]["automated"]["selfHeal"] == true
    }

    /// Whether a sync goes on.
    pub(crate) fn is_running(&self) -> bool {
        self.operation.as_ref().is_some_and(|operation| operation.phase == Phase::Running)
    }

    /// The workloads are this from now on.
    pub(crate) fn set_health(&mut self, health: Health, now: Timestamp) {
        if self.health != health {
            (self.health, self.health_since) = (health, now);
        }
    }
}
