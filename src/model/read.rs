//! The read shapes: what doors return and domain judges. Only fields that something looks at.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::ids::{
    AppId, CheckRunId, CommentId, DeliveryId, HookAttemptId, InstallationId, Login, PrNumber,
    RepoId, RepoName, Sha, UserId,
};

/// Who somebody is on GitHub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The key; logins can change hands.
    pub id: UserId,
    /// The present name.
    pub login: Login,
    /// Whether GitHub calls it a bot.
    pub bot: bool,
}

/// The App as GitHub knows it, and the account in whose name it writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The App's number: pins check runs.
    pub app: AppId,
    /// The App's short name.
    pub slug: String,
    /// `slug[bot]`: pins pull requests, comments and commits.
    pub bot: Account,
}

impl Identity {
    /// Whether the commit is ours: made through the API in our name, so that GitHub signed it. GitHub
    /// verifies the committer's signature; the author alone proves nothing, because a person may sign a
    /// commit of theirs that names us as its author.
    /// <https://docs.github.com/en/authentication/managing-commit-signature-verification/about-commit-signature-verification#signature-verification-for-bots>
    pub fn made(&self, commit: &Commit) -> bool {
        let ours = |account: &Account| account.id == self.bot.id;
        let signs_for_us = |account: &Account| ours(account) || account.login.as_str() == WEB_FLOW;
        commit.verified
            && commit.author.as_ref().is_some_and(ours)
            && commit.committer.as_ref().is_some_and(signs_for_us)
    }
}

/// The account in whose name GitHub itself commits.
const WEB_FLOW: &str = "web-flow";

/// An installation of the App on an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installation {
    /// The key.
    pub id: InstallationId,
    /// The account it is installed on.
    pub account: Login,
    /// Whether GitHub has it suspended: then nothing may be done there.
    pub suspended: bool,
}

/// How many may see a repository, from few to all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Only those it was given to.
    Private,
    /// Everybody in the enterprise.
    Internal,
    /// Everybody.
    Public,
}

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repository {
    /// The key.
    pub id: RepoId,
    /// Its present name.
    pub name: RepoName,
    /// The branch whose head is the truth.
    pub default_branch: String,
    /// Who may see it.
    pub visibility: Visibility,
    /// Archived repositories cannot be written to.
    pub archived: bool,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Its id.
    pub sha: Sha,
    /// Its root tree.
    pub tree: Sha,
    /// Its parents, first parent first.
    pub parents: Vec<Sha>,
    /// The whole message.
    pub message: String,
    /// The account that GitHub found for the author's address; anybody may write any address.
    pub author: Option<Account>,
    /// The account that GitHub found for the committer's address: the one whose signature is verified.
    pub committer: Option<Account>,
    /// Whether GitHub verified the signature.
    pub verified: bool,
}

/// One side of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// The branch, without `refs/heads/`.
    pub branch: String,
    /// The commit it points to.
    pub sha: Sha,
    /// The repository; `None` when a fork has been deleted.
    pub repo: Option<RepoId>,
}

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequest {
    /// Its number.
    pub number: PrNumber,
    /// Whether it is open.
    pub open: bool,
    /// Whether it has been merged.
    pub merged: bool,
    /// Whether it is a draft.
    pub draft: bool,
    /// The title.
    pub title: String,
    /// The text.
    pub body: String,
    /// Who opened it.
    pub author: Account,
    /// What it brings.
    pub head: Side,
    /// Where it goes.
    pub base: Side,
    /// The names of its labels.
    pub labels: Vec<String>,
    /// How many comments it has; `None` where GitHub was not asked for this one alone.
    pub comments: Option<u64>,
    /// The commit of the base branch that its merge came to; `None` where it has not been merged.
    pub landed: Option<Sha>,
    /// When it was merged, by GitHub's clock.
    pub merged_at: Option<Timestamp>,
    /// Who merged it; `None` where it has not been merged, or GitHub was not asked for this one alone.
    pub merged_by: Option<Account>,
}

impl PullRequest {
    /// Those of the wanted labels that it does not have; GitHub does not tell their cases apart.
    pub fn missing_labels(&self, wanted: &[String]) -> Vec<String> {
        let has = |wanted: &str| self.labels.iter().any(|label| label.eq_ignore_ascii_case(wanted));
        wanted.iter().filter(|label| !has(label)).cloned().collect()
    }

    /// Whether the head branch is in the same repository as the base.
    pub fn same_repository(&self) -> bool {
        self.head.repo.is_some() && self.head.repo == self.base.repo
    }
}

/// A file that a pull request changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedFile {
    /// Where it stands now, or stood before it was removed.
    pub path: String,
    /// Where it stood before it was moved.
    pub previous: Option<String>,
}

/// How two commits relate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// The best common ancestor.
    pub merge_base: Commit,
    /// The commits that the second has and the first has not, oldest first.
    pub commits: Vec<Commit>,
    /// How many there are; more than `commits` holds when GitHub cut the list.
    pub total_commits: u64,
}

/// A published release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// The tag it is for.
    pub tag: String,
    /// Its title; may be empty.
    pub name: String,
    /// Its notes, Markdown; may be empty.
    pub notes: String,
    /// Not visible to others yet.
    pub draft: bool,
    /// Marked as not ready for production.
    pub prerelease: bool,
    /// The page.
    pub url: String,
    /// Who published it.
    pub author: Option<Account>,
    /// The branch that its tag was made of, as it says; it may be a commit as well.
    pub branch: Option<String>,
}

/// A comment on a pull request or an issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// The key.
    pub id: CommentId,
    /// Who wrote it.
    pub author: Account,
    /// The text.
    pub body: String,
    /// When it was written.
    pub written_at: Timestamp,
    /// Whether it has been edited since it was written.
    pub edited: bool,
}

/// What somebody may do in a repository, by GitHub's role; a role of an organisation's own counts as the
/// role that it is built on.
/// <https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user>
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Nothing.
    None,
    /// Look.
    Read,
    /// Sort issues and pull requests, set labels.
    Triage,
    /// Push.
    Write,
    /// Manage the repository without what is dangerous.
    Maintain,
    /// Everything.
    Admin,
}

/// What a review says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewState {
    /// It approves.
    Approved,
    /// It asks for changes.
    ChangesRequested,
    /// It only comments.
    Commented,
    /// It was dismissed.
    Dismissed,
    /// It has not been sent yet.
    Pending,
}

/// A review of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Who wrote it.
    pub author: Account,
    /// What it says.
    pub state: ReviewState,
    /// The head commit that it was given for; `None` where GitHub no longer knows it.
    pub head: Option<Sha>,
    /// When it was given.
    pub at: Option<Timestamp>,
}

/// How the commits of a span were reviewed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reviewed {
    /// The commits, oldest first; none of them where there are more than GitHub lists.
    pub commits: Vec<ReviewedCommit>,
    /// How many there are.
    pub total: u64,
    /// The merged pull requests that they came by.
    pub pulls: Vec<ReviewedPull>,
}

/// A commit, and the merged pull requests that it came by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewedCommit {
    /// The commit.
    pub commit: Commit,
    /// The pull requests, by number.
    pub pulls: Vec<PrNumber>,
}

/// A merged pull request and its reviews.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewedPull {
    /// Its number.
    pub number: PrNumber,
    /// Who opened it.
    pub author: Account,
    /// The branch that it was merged into.
    pub base: String,
    /// The commit that its merge came to.
    pub landed: Option<Sha>,
    /// Its reviews, oldest first.
    pub reviews: Vec<Review>,
}

/// How a check run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// All is well.
    Success,
    /// It found something.
    Failure,
    /// It has something to say and does not stop anybody.
    Neutral,
    /// A person has to act.
    ActionRequired,
    /// It was given up.
    Cancelled,
    /// It did not apply.
    Skipped,
    /// It took too long.
    TimedOut,
    /// GitHub lost track of it.
    Stale,
    /// The suite could not start.
    StartupFailure,
}

/// A check run as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRun {
    /// The key.
    pub id: CheckRunId,
    /// Its name.
    pub name: String,
    /// The App that made it.
    pub app: Option<AppId>,
    /// That App's short name.
    pub slug: Option<String>,
    /// How it ended; `None` while it is queued or runs.
    pub conclusion: Option<Conclusion>,
    /// What the App noted to recognise it by.
    pub external_id: Option<String>,
    /// The headline of its output.
    pub title: Option<String>,
    /// The summary of its output.
    pub summary: Option<String>,
    /// The rest of its output.
    pub text: Option<String>,
    /// When it began, as the App has it.
    pub started: Option<Timestamp>,
    /// GitHub's page of it.
    pub url: Option<String>,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Probably wrong.
    Warning,
    /// Wrong: it blocks.
    Error,
}

/// Something found at a place in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// The rule that found it, for looking it up.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// The file, relative to the root of the tree.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
    /// What is wrong and what to do.
    pub message: String,
    /// The folder of the overlay in which it was found.
    pub overlay: String,
    /// The object that it is about, as `Kind name`; empty where it is about none.
    pub object: String,
}

/// One attempt of GitHub to deliver a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookAttempt {
    /// The key for asking again.
    pub id: HookAttemptId,
    /// The delivery it carried: the same for each attempt.
    pub delivery: DeliveryId,
    /// When it was made.
    pub at: Timestamp,
    /// Whether the receiver answered with success.
    pub delivered: bool,
}

/// What is known of a comment with commands, and of its author besides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandPast {
    /// The comment was answered before.
    pub handled: bool,
    /// How many commands the author's other comments of the last hour held, in all repositories.
    pub within_hour: u32,
    /// Another comment of the author on this thread was refused today.
    pub refused_today: bool,
}
