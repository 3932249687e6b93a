//! What the box remembers: accounts, teams, the App and its installations, and everything they own.
//! It does not know how any of it is changed, shown over HTTP or kept on disk.

pub(crate) mod ci;
pub(crate) mod issue;
pub(crate) mod repo;
pub(crate) mod rules;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use ci::{CheckRun, CheckSuite, CommitStatus, Deployment, DeploymentStatus, Release};
pub(crate) use issue::{Comment, Happening, Issue, Pull, PullSide, Reaction, Review};
pub(crate) use repo::{Label, Protection, Repo, RequiredCheck, RequiredChecks, RequiredReviews};

/// Ids are one sequence for all kinds, so that no id fits two things.
pub(crate) type Id = u64;

/// A person, a bot or an organisation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) id: Id,
    pub(crate) login: String,
    pub(crate) name: String,
    pub(crate) kind: AccountKind,
    pub(crate) created_at: Timestamp,
}

/// GitHub's `type` of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum AccountKind {
    User,
    Bot,
    Organization,
}

/// Who belongs to an organisation, and its teams.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Organization {
    pub(crate) account: Id,
    pub(crate) members: BTreeMap<Id, OrgRole>,
    /// What every member may do in every repository.
    pub(crate) base_role: Role,
    pub(crate) teams: Vec<Team>,
}

/// A member's standing in an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OrgRole {
    Member,
    Admin,
}

/// A team of an organisation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Team {
    pub(crate) id: Id,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) parent: Option<Id>,
    /// `true`: may manage the team (a maintainer).
    pub(crate) members: BTreeMap<Id, bool>,
}

/// What a person may do in a repository, GitHub's `role_name`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    #[default]
    None,
    Read,
    Triage,
    Write,
    Maintain,
    Admin,
}

impl Role {
    /// The word that GitHub uses for it in `role_name`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read => "read",
            Self::Triage => "triage",
            Self::Write => "write",
            Self::Maintain => "maintain",
            Self::Admin => "admin",
        }
    }

    /// Reads GitHub's word, old (`pull`, `push`) or new.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "none" => Self::None,
            "read" | "pull" => Self::Read,
            "triage" => Self::Triage,
            "write" | "push" => Self::Write,
            "maintain" => Self::Maintain,
            "admin" => Self::Admin,
            _ => return None,
        })
    }
}

/// How much a permission of an App grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    Read,
    Write,
    Admin,
}

impl Level {
    /// GitHub's word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

/// Permission name → level, as in an App's registration and in a token.
pub(crate) type Permissions = BTreeMap<String, Level>;

/// A registered GitHub App.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct App {
    pub(crate) id: Id,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) client_id: String,
    pub(crate) owner: Id,
    /// The account `slug[bot]` in whose name the App acts.
    pub(crate) bot: Id,
    pub(crate) permissions: Permissions,
    pub(crate) events: BTreeSet<String>,
    pub(crate) webhook_secret: String,
    pub(crate) hook_id: Id,
    /// PKCS#1 PEM; the public half verifies JWTs.
    pub(crate) private_key: String,
    pub(crate) created_at: Timestamp,
}

/// An App on an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Installation {
    pub(crate) id: Id,
    pub(crate) app: Id,
    pub(crate) account: Id,
    /// `None`: all repositories of the account.
    pub(crate) selected: Option<BTreeSet<Id>>,
    pub(crate) permissions: Permissions,
    pub(crate) events: BTreeSet<String>,
    pub(crate) suspended_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// An installation access token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) token: String,
    pub(crate) installation: Id,
    pub(crate) permissions: Permissions,
    /// `None`: everything that the installation sees.
    pub(crate) repositories: Option<BTreeSet<Id>>,
    pub(crate) expires_at: Timestamp,
}

/// One attempt to hand an event to the App's webhook.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) id: Id,
    pub(crate) guid: String,
    pub(crate) app: Id,
    pub(crate) event: String,
    pub(crate) action: Option<String>,
    pub(crate) installation: Option<Id>,
    pub(crate) repository: Option<Id>,
    pub(crate) redelivery: bool,
    pub(crate) delivered_at: Timestamp,
    pub(crate) duration: f64,
    /// 0 where nothing answered.
    pub(crate) status_code: u16,
    /// "OK", or why not, as GitHub says it.
    pub(crate) status: String,
    pub(crate) url: String,
    pub(crate) request_headers: BTreeMap<String, String>,
    pub(crate) payload: Value,
    pub(crate) response_headers: BTreeMap<String, String>,
    pub(crate) response_body: String,
}
