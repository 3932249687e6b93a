//! GitHub's JSON, as far as it is read, and how it becomes the shapes of [`crate::model::read`].
//!
//! It knows no paths. Fields that GitHub's description calls optional are optional here, and unknown
//! values never make a whole answer unreadable.

mod git;
mod people;
mod report;

use jiff::Timestamp;
use serde::Deserialize;

use crate::model::ids::{
    AppId, CheckRunId, CommentId, DeliveryId, HookAttemptId, InstallationId, Login, PrNumber,
    RepoId, RepoName, Sha, UserId,
};
use crate::model::read::{
    Account, CheckRun, Comment, Conclusion, HookAttempt, Installation, PullRequest, Repository,
    Side, Visibility,
};

pub(super) use git::{
    AnnotatedTag, Blob, NamedTag, Pointer, Ref, TreeEntry, WireCommit, WireComparison, WireRelease,
    WireTree, WireWritten,
};
pub(super) use people::{WireMembership, WirePermission, WireReview};
pub(super) use report::{WireCombined, WireDeployment, WireDeploymentStatus, WireStatus, state};

/// The account that GitHub shows where the real one has been deleted.
const GHOST: u64 = 10_137;

#[derive(Deserialize)]
pub(super) struct User {
    id: u64,
    login: String,
    #[serde(default, rename = "type")]
    kind: String,
}

impl User {
    pub(super) fn into_account(self) -> Account {
        Account {
            id: UserId(self.id),
            bot: self.kind == "Bot",
            // a login of a form not known yet must not hide a whole list; the id is what counts
            login: Login::new(self.login).unwrap_or_else(|_| ghost_login()),
        }
    }
}

pub(super) fn account_or_ghost(user: Option<User>) -> Account {
    user.map_or_else(
        || Account { id: UserId(GHOST), login: ghost_login(), bot: false },
        User::into_account,
    )
}

#[expect(clippy::expect_used, reason = "a constant that the tests make")]
fn ghost_login() -> Login {
    Login::new("ghost").expect("a valid login")
}

#[derive(Deserialize)]
pub(super) struct App {
    pub(super) id: AppId,
    pub(super) slug: String,
}

#[derive(Deserialize)]
pub(super) struct WireInstallation {
    id: InstallationId,
    account: Option<InstalledOn>,
    suspended_at: Option<Timestamp>,
}

/// A user, an organisation, or an enterprise, which has a slug for a login.
#[derive(Deserialize)]
struct InstalledOn {
    login: Option<String>,
    slug: Option<String>,
}

impl WireInstallation {
    pub(super) fn into_installation(self) -> Option<Installation> {
        let account = self.account?;
        Some(Installation {
            id: self.id,
            account: Login::new(account.login.or(account.slug)?).ok()?,
            suspended: self.suspended_at.is_some(),
        })
    }
}

#[derive(Deserialize)]
pub(super) struct WireRepository {
    id: RepoId,
    full_name: RepoName,
    default_branch: String,
    private: bool,
    visibility: Option<String>,
    #[serde(default)]
    archived: bool,
}

impl WireRepository {
    pub(super) fn into_repository(self) -> Repository {
        let visibility = match self.visibility.as_deref() {
            Some("internal") => Visibility::Internal,
            _ if self.private => Visibility::Private,
            _ => Visibility::Public,
        };
        Repository {
            id: self.id,
            name: self.full_name,
            default_branch: self.default_branch,
            visibility,
            archived: self.archived,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct WireRepositories {
    pub(super) repositories: Vec<WireRepository>,
}

#[derive(Deserialize)]
pub(super) struct WireAttempt {
    id: HookAttemptId,
    guid: DeliveryId,
    delivered_at: Timestamp,
    #[serde(default)]
    status_code: u16,
}

impl WireAttempt {
    pub(super) fn into_attempt(self) -> HookAttempt {
        HookAttempt {
            id: self.id,
            delivery: self.guid,
            at: self.delivered_at,
            delivered: (200..300).contains(&self.status_code),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct WirePull {
    number: PrNumber,
    state: String,
    merged_at: Option<Timestamp>,
    merge_commit_sha: Option<Sha>,
    merged_by: Option<User>,
    comments: Option<u64>,
    #[serde(default)]
    draft: bool,
    title: String,
    body: Option<String>,
    user: Option<User>,
    head: WireSide,
    base: WireSide,
    #[serde(default)]
    labels: Vec<WireLabel>,
}

#[derive(Deserialize)]
struct WireSide {
    #[serde(rename = "ref")]
    branch: String,
    sha: Sha,
    repo: Option<WireSideRepo>,
}

#[derive(Deserialize)]
struct WireSideRepo {
    id: RepoId,
}

#[derive(Deserialize)]
pub(super) struct WireLabel {
    pub(super) name: String,
    #[serde(default)]
    pub(super) color: String,
    pub(super) description: Option<String>,
}

impl WirePull {
    pub(super) fn into_pull(self) -> PullRequest {
        let side = |side: WireSide| Side {
            branch: side.branch,
            sha: side.sha,
            repo: side.repo.map(|r| r.id),
        };
        PullRequest {
            number: self.number,
            open: self.state == "open",
            merged: self.merged_at.is_some(),
            draft: self.draft,
            title: self.title,
            body: self.body.unwrap_or_default(),
            author: account_or_ghost(self.user),
            head: side(self.head),
            base: side(self.base),
            labels: self.labels.into_iter().map(|l| l.name).collect(),
            comments: self.comments,
            // of one that is open it is what a merge would come to
            landed: self.merge_commit_sha.filter(|_| self.merged_at.is_some()),
            merged_at: self.merged_at,
            merged_by: self.merged_by.map(User::into_account),
        }
    }
}

/// An issue, or what the issues API tells of a pull request.
#[derive(Deserialize)]
pub(super) struct WireIssue {
    pub(super) number: PrNumber,
    pub(super) state: String,
    pub(super) title: String,
    body: Option<String>,
    user: Option<User>,
    pull_request: Option<serde::de::IgnoredAny>,
}

impl WireIssue {
    /// Whether it is an issue that this account opened.
    pub(super) fn is_issue_of(&self, author: UserId) -> bool {
        self.pull_request.is_none() && self.user.as_ref().is_some_and(|user| user.id == author.0)
    }

    pub(super) fn text(&self) -> &str {
        self.body.as_deref().unwrap_or_default()
    }
}

#[derive(Deserialize)]
pub(super) struct WireFile {
    pub(super) filename: String,
    pub(super) previous_filename: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct WireComment {
    pub(super) id: CommentId,
    body: Option<String>,
    user: Option<User>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl WireComment {
    pub(super) fn into_comment(self) -> Comment {
        Comment {
            id: self.id,
            author: account_or_ghost(self.user),
            body: self.body.unwrap_or_default(),
            written_at: self.created_at,
            edited: self.updated_at > self.created_at,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct WireCheckRuns {
    pub(super) check_runs: Vec<WireCheckRun>,
}

#[derive(Deserialize)]
pub(super) struct WireCheckRun {
    pub(super) id: CheckRunId,
    name: String,
    app: Option<AppOfRun>,
    #[serde(default)]
    status: String,
    conclusion: Option<String>,
    external_id: Option<String>,
    started_at: Option<Timestamp>,
    html_url: Option<String>,
    output: Option<Output>,
}

#[derive(Deserialize)]
struct AppOfRun {
    id: AppId,
    slug: Option<String>,
}

#[derive(Deserialize, Default)]
struct Output {
    title: Option<String>,
    summary: Option<String>,
    text: Option<String>,
    #[serde(default)]
    annotations_count: usize,
}

impl WireCheckRun {
    pub(super) fn annotations(&self) -> usize {
        self.output.as_ref().map_or(0, |o| o.annotations_count)
    }

    pub(super) fn into_check_run(self) -> CheckRun {
        let output = self.output.unwrap_or_default();
        let conclusion = self
            .conclusion
            .filter(|_| self.status == "completed")
            // one not known yet is not green, and not absent either
            .map(|text| conclusion(&text).unwrap_or(Conclusion::Neutral));
        let (app, slug) = self.app.map_or((None, None), |app| (Some(app.id), app.slug));
        CheckRun {
            id: self.id,
            name: self.name,
            app,
            slug,
            conclusion,
            external_id: self.external_id.filter(|id| !id.is_empty()),
            title: output.title,
            summary: output.summary,
            text: output.text,
            started: self.started_at,
            url: self.html_url,
        }
    }
}

pub(super) fn conclusion(text: &str) -> Option<Conclusion> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read<T: for<'a> Deserialize<'a>>(json: Value) -> T {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_pull_request_of_a_deleted_fork_by_a_deleted_user_is_read() {
        let side = json!({"ref": "main", "sha": "a".repeat(40), "repo": null});
        let pull: WirePull = read(json!({
            "number": 7, "state": "closed", "merged_at": "2026-01-01T00:00:00Z", "title": "t",
            "body": null, "user": null, "head": side, "base": side, "surprise": {"x": 1},
        }));
        let pull = pull.into_pull();
        assert_eq!(pull.author.login.as_str(), "ghost");
        assert!(pull.merged && !pull.open && pull.head.repo.is_none());
    }

    #[test]
    fn an_unheard_of_conclusion_is_not_success() {
        let run: WireCheckRun = read(json!({
            "id": 1, "name": "ci", "status": "completed", "conclusion": "splendid", "output": null,
        }));
        assert_eq!(run.into_check_run().conclusion, Some(Conclusion::Neutral));
        let run: WireCheckRun =
            read(json!({"id": 1, "name": "ci", "status": "in_progress", "conclusion": null}));
        assert_eq!(run.into_check_run().conclusion, None);
    }
}
