//! How far a live Application of Argo CD is brought back: what is remembered of it, before and after each thing that is
//! done to it.
//!
//! It holds the record's shape; what follows from it is `domain`'s to say.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::argocd::Health;
use crate::model::ids::{AppName, EnvName, Login, PrNumber, Sha, TargetName};

/// An Application that is brought back, or was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restoration {
    /// The pull request that goes back with it.
    pub pr: PrNumber,
    /// Where.
    pub environment: EnvName,
    /// What.
    pub application: AppName,
    /// The target that it deploys.
    pub target: TargetName,
    /// The server's name in the operator's settings; empty where nothing deploys the target.
    pub server: String,
    /// The Application's name there.
    pub name: String,
    /// Who asked for it.
    pub by: Option<Login>,
    /// How far it is.
    pub stage: Stage,
    /// Since when it is that far.
    pub since: Timestamp,
    /// What its sync policy has for `automated`, whole and as it was, where it was on.
    pub was: Option<Value>,
    /// Since when we keep automatic sync off, as far as it was seen; `None` when we do not.
    pub off_since: Option<Timestamp>,
    /// The entry of its history that it goes back to.
    pub id: Option<i64>,
    /// The commit of that entry.
    pub revision: Option<Sha>,
    /// When the operation had begun that was the last one before we called.
    pub before: Option<Timestamp>,
    /// How often something was tried in vain since it is that far.
    pub tries: u32,
    /// Why the last try was in vain, in words for people.
    pub trouble: Option<String>,
    /// How it looked the last time.
    pub looks: Looks,
}

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It is asked for, and nothing has been written.
    Asked,
    /// Automatic sync is being turned off.
    TurningOff,
    /// It is told to go back, and goes.
    GoingBack,
    /// It has gone back; the pull request is open.
    Back,
    /// It could not go back, in the server's words; the pull request is open.
    Failed(String),
    /// The pull request has ended; automatic sync is being put back as it was.
    PuttingBack,
    /// Nothing is left to do.
    Over(End),
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Nothing was ever written, for a reason.
    Left(Left),
    /// Nothing was ever written: the pull request had ended before.
    NotNeeded,
    /// Automatic sync is as it was.
    PutBack,
    /// Automatic sync was off before, and is left so.
    WasOff,
    /// Somebody else has turned automatic sync on.
    Taken,
    /// Somebody else has changed what the sync policy says of it.
    Changed,
    /// It could not be put back for a whole day.
    Lost,
}

/// Why an Application is left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Left {
    /// No Application is configured for the target.
    NotConfigured,
    /// The operator has named no such server.
    NoServer,
    /// The operator does not let this repository name it.
    NotAllowed,
    /// It does not deploy the target's overlay.
    Elsewhere,
    /// That one made it, and would undo what others change of it.
    Owned(String),
    /// It is put together of several sources.
    Several,
    /// Nothing in its history has these images.
    NoSuchVersion,
}

/// How an Application looked the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Looks {
    /// There is nothing to say of it.
    #[default]
    Plain,
    /// That pull request brings it back already, and comes first.
    After(PrNumber),
    /// Another sync goes on.
    Busy,
    /// The configuration does not say any more that it deploys the target.
    Unnamed,
    /// Somebody has deployed something else since.
    Otherwise,
    /// It is long in coming up.
    Slow,
    /// Its server has not looked at the merge yet.
    Behind,
    /// Argo CD judges it so.
    Is(Health),
}

/// What is remembered for a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Restorations {
    /// The Applications.
    pub all: Vec<Restoration>,
    /// What was told last of all of them, as a digest.
    pub told: String,
    /// How many hours people were reminded of.
    pub reminded: u32,
}

/// One thing that is done to an Application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Write {
    /// Automatic sync is turned off.
    TurnOff,
    /// It goes back to an entry of its history.
    Rollback {
        /// Which.
        id: i64,
        /// Whether what is gone from the sources is removed.
        prune: bool,
    },
    /// Its server looks at the sources now, and not when it is time for that.
    Refresh,
    /// Its sync policy has this for `automated`.
    PutBack(Value),
}

impl Restoration {
    /// Whether nothing is left to do.
    pub fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over(_))
    }

    /// The same, at another stage.
    #[must_use]
    pub fn moved(self, stage: Stage, now: Timestamp) -> Self {
        let since = if self.stage == stage { self.since } else { now };
        Self { stage, since, tries: 0, trouble: None, looks: Looks::Plain, ..self }
    }
}
