//! What GraphQL tells, and how it becomes the shapes of [`crate::model::read`].
//!
//! Where it tells less than REST, there is no shape: nothing is guessed.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::Posted;
use super::reported::{Reported, Standing};
use crate::github::wire::account_or_ghost;
use crate::model::ids::{CommentId, Login, PrNumber, RepoId, RepoName, Sha, UserId};
use crate::model::read::{
    self, Access, Account, CheckRun, Identity, PullRequest, ReviewState, Side, Visibility,
};

/// A list in pages, of which the first was asked for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct List<T> {
    #[serde(default)]
    total_count: u64,
    nodes: Vec<Option<T>>,
    page_info: Option<PageInfo>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
}

impl<T> List<T> {
    /// Whether there is nothing on the page.
    pub(super) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    fn is_whole(&self) -> bool {
        self.page_info.as_ref().is_some_and(|page| !page.has_next_page)
    }

    /// Everything, if this is everything and each can be told.
    pub(super) fn all<U>(self, each: impl Fn(T) -> Option<U>) -> Option<Vec<U>> {
        if !self.is_whole() {
            return None;
        }
        self.nodes.into_iter().map(|node| each(node?)).collect()
    }
}

/// A number that may be written as a text, since it may be larger than GraphQL's numbers.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Large {
    Number(u64),
    Text(String),
}

impl Large {
    fn number(&self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Actor {
    #[serde(rename = "__typename")]
    kind: String,
    login: String,
    database_id: Option<u64>,
}

impl Actor {
    /// REST calls an App's bot by its slug and `[bot]`.
    pub(super) fn into_account(self) -> Option<Account> {
        let bot = match self.kind.as_str() {
            "Bot" => true,
            "User" => false,
            _ => return None,
        };
        let login = if bot { format!("{}[bot]", self.login) } else { self.login };
        Some(Account { id: UserId(self.database_id?), login: Login::new(login).ok()?, bot })
    }
}

/// Nobody is whom GitHub has deleted.
fn account(actor: Option<Actor>) -> Option<Account> {
    match actor {
        Some(actor) => actor.into_account(),
        None => Some(account_or_ghost(None)),
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Repository {
    name_with_owner: RepoName,
    visibility: String,
    is_archived: bool,
    default_branch_ref: Option<Ref>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Ref {
    #[serde(default)]
    name: String,
    pub(super) target: Pointer,
}

#[derive(Debug, Deserialize)]
pub(super) struct Pointer {
    pub(super) oid: Sha,
}

impl Repository {
    /// The default branch, and the commit that it points to.
    pub(super) fn head(&self) -> Option<(String, Sha)> {
        let branch = self.default_branch_ref.as_ref()?;
        Some((branch.name.clone(), branch.target.oid.clone()))
    }

    /// Of one without commits GraphQL does not tell the default branch.
    pub(super) fn into_repository(self, id: RepoId) -> Option<read::Repository> {
        Some(read::Repository {
            id,
            name: self.name_with_owner,
            default_branch: self.default_branch_ref?.name,
            visibility: match self.visibility.as_str() {
                "PUBLIC" => Visibility::Public,
                "INTERNAL" => Visibility::Internal,
                _ => Visibility::Private,
            },
            archived: self.is_archived,
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pull {
    number: PrNumber,
    state: String,
    is_draft: bool,
    merged: bool,
    merged_at: Option<Timestamp>,
    title: String,
    body: String,
    author: Option<Actor>,
    head_ref_name: String,
    head_ref_oid: Sha,
    head_repository: Option<Numbered>,
    base_ref_name: String,
    base_ref_oid: Sha,
    base_repository: Option<Numbered>,
    labels: Option<List<Named>>,
    merge_commit: Option<Pointer>,
    #[serde(default)]
    merged_by: Option<Actor>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Numbered {
    database_id: u64,
}

#[derive(Debug, Deserialize)]
struct Named {
    name: String,
}

impl Pull {
    pub(super) fn into_pull(self) -> Option<PullRequest> {
        // A fork that is gone and one that may not be seen look alike here: then REST is asked.
        let head_repo = self.head_repository?.database_id;
        Some(PullRequest {
            number: self.number,
            open: self.state == "OPEN",
            merged: self.merged,
            draft: self.is_draft,
            title: self.title,
            body: self.body,
            author: account(self.author)?,
            head: Side {
                branch: self.head_ref_name,
                sha: self.head_ref_oid,
                repo: Some(RepoId(head_repo)),
            },
            base: Side {
                branch: self.base_ref_name,
                sha: self.base_ref_oid,
                repo: Some(RepoId(self.base_repository?.database_id)),
            },
            labels: self.labels?.all(|label| Some(label.name))?,
            comments: None,
            landed: self.merge_commit.map(|commit| commit.oid).filter(|_| self.merged),
            merged_at: self.merged_at,
            // REST tells it only of one that is asked for alone.
            merged_by: None,
        })
    }
}

/// A pull request that was asked for alone, with what is posted on it.
#[derive(Debug, Deserialize)]
pub(super) struct WholePull {
    #[serde(flatten)]
    pull: Pull,
    comments: List<Comment>,
    commits: List<InPull>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Comment {
    full_database_id: Option<Large>,
    author: Option<Actor>,
    body: String,
}

#[derive(Debug, Deserialize)]
struct InPull {
    commit: Option<Reported>,
}

impl WholePull {
    /// The pull request, what of ours is posted on it, and what stands on its head.
    pub(super) fn apart(
        self,
        number: PrNumber,
        us: &Identity,
    ) -> Option<(PullRequest, Posted, Option<Standing>)> {
        let count = self.comments.total_count;
        let complete = self.comments.is_whole();
        let ours = |comment: Comment| {
            let is_ours = comment.author.and_then(Actor::into_account)?.id == us.bot.id;
            let id = CommentId(comment.full_database_id?.number()?);
            is_ours.then_some((id, comment.body))
        };
        let comments = self.comments.nodes.into_iter().flatten().filter_map(ours).collect();
        let head = self.pull.head_ref_oid.clone();
        let last = self.commits.nodes.into_iter().flatten().next();
        let last = last.and_then(|last| last.commit).filter(|last| last.oid == head);
        let standing = last.and_then(Reported::into_standing);
        let ours = |runs: &[(CheckRun, usize)]| {
            runs.iter().filter(|(run, _)| run.app == Some(us.app)).cloned().collect()
        };
        let runs = standing.as_ref().map(|standing| ours(&standing.runs));
        let mut by = self.pull;
        let merged_by = by.merged_by.take().and_then(Actor::into_account);
        let pull = by.into_pull().filter(|pull| pull.number == number)?;
        let pull = PullRequest { comments: Some(count), merged_by, ..pull };
        Some((pull, Posted { pr: number, head, runs, comments, complete }, standing))
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Reviews {
    pub(super) reviews: Option<List<Review>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Review {
    author: Option<Actor>,
    state: String,
    commit: Option<Pointer>,
    #[serde(rename = "submittedAt")]
    submitted_at: Option<Timestamp>,
}

impl Review {
    pub(super) fn into_review(self) -> Option<read::Review> {
        let state = serde_json::from_value::<ReviewState>(Value::from(self.state.to_lowercase()));
        Some(read::Review {
            author: account(self.author)?,
            state: state.ok()?,
            head: self.commit.map(|commit| commit.oid),
            at: self.submitted_at,
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Came {
    #[serde(rename = "associatedPullRequests")]
    pub(super) pulls: Option<List<Pull>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Release {
    database_id: Option<u64>,
    updated_at: Timestamp,
    url: String,
    tag_name: String,
    tag_commit: Option<Pointer>,
}

impl List<Release> {
    /// What differs as soon as anything about any of them does; none where these are not all.
    pub(super) fn mark(&self) -> Option<String> {
        let each = self.nodes.iter().map(|release| {
            let release = release.as_ref()?;
            Some(format!("{} {} {}", release.database_id?, release.updated_at, release.url))
        });
        let each: Option<Vec<String>> = each.collect();
        each.filter(|_| self.is_whole()).map(|each| each.join("\n"))
    }

    /// The tags of those that have one, and the commits that they lead to.
    pub(super) fn tags(&self) -> impl Iterator<Item = (String, Sha)> {
        let releases = self.nodes.iter().flatten();
        releases
            .filter_map(|one| Some((one.tag_name.clone(), one.tag_commit.as_ref()?.oid.clone())))
    }

    /// When the last of them was changed.
    pub(super) fn newest(&self) -> Option<Timestamp> {
        self.nodes.iter().flatten().map(|release| release.updated_at).max()
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Blob {
    byte_size: usize,
    is_binary: Option<bool>,
    is_truncated: bool,
    text: Option<String>,
}

impl Blob {
    /// The content, if that is all of it.
    pub(super) fn into_text(self) -> Option<String> {
        let whole = !self.is_truncated && self.is_binary == Some(false);
        self.text.filter(|text| whole && text.len() == self.byte_size)
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Collaborators {
    edges: Option<Vec<Option<Collaborator>>>,
}

#[derive(Debug, Deserialize)]
struct Collaborator {
    permission: String,
    node: Person,
}

#[derive(Debug, Deserialize)]
struct Person {
    login: String,
}

impl Collaborators {
    /// What somebody may do, if they are among them; of others REST knows.
    pub(super) fn access(self, login: &Login) -> Option<Access> {
        let mut edges = self.edges?.into_iter().flatten();
        let found = edges.find(|edge| edge.node.login.eq_ignore_ascii_case(login.as_str()))?;
        match found.permission.as_str() {
            "ADMIN" => Some(Access::Admin),
            "MAINTAIN" => Some(Access::Maintain),
            "WRITE" => Some(Access::Write),
            "TRIAGE" => Some(Access::Triage),
            "READ" => Some(Access::Read),
            _ => None,
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Team {
    pub(super) members: List<Member>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Member {
    login: String,
}

impl List<Member> {
    /// Whether somebody is among the members, where that can be said.
    pub(super) fn has(&self, login: &Login) -> Option<bool> {
        let same = |member: &Member| member.login.eq_ignore_ascii_case(login.as_str());
        let found = self.nodes.iter().flatten().any(same);
        (found || self.is_whole()).then_some(found)
    }
}

/// A tag, or what it leads to.
#[derive(Debug, Deserialize)]
pub(super) struct Tag {
    target: Target,
}

#[derive(Debug, Deserialize)]
struct Target {
    #[serde(rename = "__typename")]
    kind: String,
    oid: Sha,
    target: Option<Box<Target>>,
}

impl Tag {
    /// The commit, where the way there is short.
    pub(super) fn into_commit(self) -> Option<Sha> {
        let mut target = self.target;
        while target.kind == "Tag" {
            target = *target.target?;
        }
        (target.kind == "Commit").then_some(target.oid)
    }
}
