//! The JSON fields of deliveries that are read, each of them optional wherever GitHub may leave it out.
//!
//! It does not know what an event means. A field that only some events need is checked where it is
//! needed, so that it stops no other.

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::model::ids::{
    AppId, CommentId, InstallationId, Login, PrNumber, RepoId, RepoName, RepoRef, Sha, UserId,
};
use crate::model::read::{Account, Repository, Visibility};

#[derive(Deserialize)]
pub(super) struct Payload {
    pub(super) action: Option<String>,
    #[serde(rename = "ref")]
    pub(super) reference: Option<String>,
    pub(super) ref_type: Option<String>,
    pub(super) deleted: Option<bool>,
    pub(super) before: Option<String>,
    pub(super) repository: Option<RepositoryFields>,
    pub(super) installation: Option<InstallationFields>,
    pub(super) sender: Option<AccountFields>,
    pub(super) release: Option<ReleaseFields>,
    pub(super) issue: Option<IssueFields>,
    pub(super) comment: Option<CommentFields>,
    pub(super) pull_request: Option<PullFields>,
    pub(super) label: Option<LabelFields>,
    pub(super) check_run: Option<CheckFields>,
    pub(super) check_suite: Option<CheckFields>,
    pub(super) workflow_run: Option<CheckFields>,
    pub(super) deployment: Option<DeploymentFields>,
    /// The commit of a status.
    pub(super) sha: Option<String>,
    pub(super) requested_action: Option<ActionFields>,
    pub(super) commits: Option<Vec<CommitFields>>,
    pub(super) merge_group: Option<GroupFields>,
    /// A name, in the events that are about one; other things elsewhere.
    pub(super) environment: Option<serde_json::Value>,
    pub(super) deployment_callback_url: Option<String>,
    #[serde(default)]
    pub(super) repositories_added: Vec<RepositoryFields>,
    #[serde(default)]
    pub(super) repositories_removed: Vec<RepositoryFields>,
}

/// A group of a merge queue.
#[derive(Deserialize)]
pub(super) struct GroupFields {
    pub(super) head_sha: Option<String>,
    pub(super) base_ref: Option<String>,
}

/// A deployment.
#[derive(Deserialize)]
pub(super) struct DeploymentFields {
    pub(super) sha: Option<String>,
}

/// A commit of a push, with the files that it touches.
#[derive(Deserialize)]
pub(super) struct CommitFields {
    #[serde(default)]
    added: Vec<String>,
    #[serde(default)]
    removed: Vec<String>,
    #[serde(default)]
    modified: Vec<String>,
}

impl CommitFields {
    pub(super) fn touches(&self, path: &str) -> bool {
        [&self.added, &self.removed, &self.modified].into_iter().flatten().any(|file| file == path)
    }
}

#[derive(Deserialize)]
pub(super) struct RepositoryFields {
    id: RepoId,
    full_name: String,
    pub(super) default_branch: Option<String>,
    private: Option<bool>,
    visibility: Option<String>,
    archived: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct InstallationFields {
    pub(super) id: InstallationId,
}

#[derive(Deserialize)]
pub(super) struct AccountFields {
    id: Option<UserId>,
    login: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ReleaseFields {
    pub(super) tag_name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct IssueFields {
    pub(super) number: Option<PrNumber>,
    /// There only where the issue is a pull request.
    pub(super) pull_request: Option<IgnoredAny>,
}

#[derive(Deserialize)]
pub(super) struct CommentFields {
    pub(super) id: Option<CommentId>,
    pub(super) user: Option<AccountFields>,
    pub(super) body: Option<String>,
    pub(super) created_at: Option<Timestamp>,
}

#[derive(Deserialize)]
pub(super) struct PullFields {
    pub(super) number: PrNumber,
    head: Option<HeadFields>,
    pub(super) updated_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct HeadFields {
    sha: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct LabelFields {
    pub(super) name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct CheckFields {
    #[serde(default)]
    pub(super) pull_requests: Vec<PullFields>,
    head_sha: Option<String>,
    app: Option<AppFields>,
    completed_at: Option<String>,
    external_id: Option<String>,
}

#[derive(Deserialize)]
struct AppFields {
    id: Option<AppId>,
}

#[derive(Deserialize)]
pub(super) struct ActionFields {
    pub(super) identifier: Option<String>,
}

impl CheckFields {
    /// The commit that it is about.
    pub(super) fn head(&self) -> Option<Sha> {
        Sha::new(self.head_sha.clone()?).ok()
    }

    /// The App that made it.
    pub(super) fn by(&self) -> Option<AppId> {
        self.app.as_ref()?.id
    }

    /// What it said, and since when: another verdict is another state.
    pub(super) fn state(&self) -> String {
        let [at, said] =
            [&self.completed_at, &self.external_id].map(|text| text.as_deref().unwrap_or_default());
        format!("{at} {said}")
    }
}

impl Payload {
    pub(super) fn repo(&self) -> Option<RepoRef> {
        self.repository.as_ref()?.at(self.installation.as_ref()?.id)
    }
}

impl RepositoryFields {
    pub(super) fn at(&self, installation: InstallationId) -> Option<RepoRef> {
        Some(RepoRef {
            id: self.id,
            name: RepoName::new(self.full_name.clone()).ok()?,
            installation,
        })
    }

    /// Its properties; seen by few where it is not said by how many.
    pub(super) fn described(&self, name: RepoName) -> Option<Repository> {
        let visibility = match (self.visibility.as_deref(), self.private) {
            (Some("public"), Some(false) | None) | (None, Some(false)) => Visibility::Public,
            (Some("internal"), _) => Visibility::Internal,
            _ => Visibility::Private,
        };
        Some(Repository {
            id: self.id,
            name,
            default_branch: self.default_branch.clone()?,
            visibility,
            archived: self.archived.unwrap_or(false),
        })
    }
}

impl AccountFields {
    pub(super) fn account(&self) -> Option<Account> {
        Some(Account {
            id: self.id?,
            login: Login::new(self.login.clone()?).ok()?,
            bot: self.kind.as_deref() == Some("Bot"),
        })
    }
}

impl PullFields {
    /// The head commit at the time of the event.
    pub(super) fn head(&self) -> Option<Sha> {
        Sha::new(self.head.as_ref()?.sha.clone()?).ok()
    }
}
