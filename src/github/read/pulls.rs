//! What is read around pull requests: themselves, their files, comments, reviews and checks.
//!
//! It does not judge whose they are.

use crate::fault::Fault;
use crate::github::Repo;
use crate::github::text::escape_query;
use crate::github::wire::{
    WireCheckRun, WireCheckRuns, WireComment, WireFile, WirePull, WireReview,
};
use crate::model::ids::{AppId, CommentId, PrNumber, Sha};
use crate::model::read::{ChangedFile, CheckRun, Comment, PullRequest, Review};

/// Which check runs are wanted; the default is all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckFilter {
    /// Only those of this name.
    pub name: Option<String>,
    /// Only those of this App.
    pub app: Option<AppId>,
}

impl Repo {
    /// A pull request.
    pub async fn pull(&self, number: PrNumber) -> Result<Option<PullRequest>, Fault> {
        let path = self.path(format_args!("/pulls/{number}"));
        let found: Option<WirePull> = self.line.find(&path).await?;
        Ok(found.map(WirePull::into_pull))
    }

    /// All open pull requests, newest first.
    pub async fn open_pulls(&self) -> Result<Vec<PullRequest>, Fault> {
        self.pulls("/pulls?state=open&per_page=100").await
    }

    /// All pull requests, open or not, that a branch of this repository was or is the head of.
    pub async fn pulls_of_branch(&self, branch: &str) -> Result<Vec<PullRequest>, Fault> {
        let head = escape_query(&format!("{}:{branch}", self.repo.name.owner()));
        let path = format!("/pulls?state=all&head={head}&per_page=100");
        let mut pulls = self.pulls(&path).await?;
        // a filter that GitHub does not understand is one that it leaves out
        pulls.retain(|pull| pull.head.branch == branch);
        Ok(pulls)
    }

    /// The pull requests that a commit belongs to or came by.
    pub async fn pulls_of_commit(&self, sha: &Sha) -> Result<Vec<PullRequest>, Fault> {
        self.pulls(&format!("/commits/{sha}/pulls?per_page=100")).await
    }

    /// The files that a pull request changes; GitHub lists 3,000 at most.
    pub async fn pull_files(&self, number: PrNumber) -> Result<Vec<ChangedFile>, Fault> {
        let read = |page: Vec<WireFile>| {
            let files = page.into_iter();
            files.map(|f| ChangedFile { path: f.filename, previous: f.previous_filename }).collect()
        };
        let path = self.path(format_args!("/pulls/{number}/files?per_page=100"));
        self.line.pages(&path, read, |_| false).await
    }

    /// The comments of a pull request or issue, oldest first.
    pub async fn comments(&self, number: PrNumber) -> Result<Vec<Comment>, Fault> {
        let read = |page: Vec<WireComment>| {
            let comments = page.into_iter();
            comments.map(WireComment::into_comment).collect()
        };
        let path = self.path(format_args!("/issues/{number}/comments?per_page=100"));
        self.line.pages(&path, read, |_| false).await
    }

    /// One comment, where it has not been deleted.
    pub async fn comment(&self, id: CommentId) -> Result<Option<Comment>, Fault> {
        let path = self.path(format_args!("/issues/comments/{id}"));
        let found: Option<WireComment> = self.line.find(&path).await?;
        Ok(found.map(WireComment::into_comment))
    }

    /// The reviews of a pull request, oldest first; later ones of the same person come on top.
    pub async fn reviews(&self, number: PrNumber) -> Result<Vec<Review>, Fault> {
        let read = |page: Vec<WireReview>| {
            let reviews = page.into_iter();
            reviews.map(WireReview::into_review).collect()
        };
        let path = self.path(format_args!("/pulls/{number}/reviews?per_page=100"));
        self.line.pages(&path, read, |_| false).await
    }

    /// The latest check runs on a commit.
    pub async fn check_runs(
        &self,
        head: &Sha,
        filter: &CheckFilter,
    ) -> Result<Vec<CheckRun>, Fault> {
        let runs = self.wire_check_runs(head, filter).await?.into_iter();
        Ok(runs.map(WireCheckRun::into_check_run).collect())
    }

    pub(in crate::github) async fn wire_check_runs(
        &self,
        head: &Sha,
        filter: &CheckFilter,
    ) -> Result<Vec<WireCheckRun>, Fault> {
        let mut path = self.path(format_args!("/commits/{head}/check-runs?per_page=100"));
        if let Some(name) = &filter.name {
            path = format!("{path}&check_name={}", escape_query(name));
        }
        if let Some(app) = filter.app {
            path = format!("{path}&app_id={app}");
        }
        let read = |page: WireCheckRuns| page.check_runs;
        self.line.pages(&path, read, |_| false).await
    }

    pub(in crate::github) async fn pulls(&self, path: &str) -> Result<Vec<PullRequest>, Fault> {
        let read = |page: Vec<WirePull>| {
            let pulls = page.into_iter();
            pulls.map(WirePull::into_pull).collect()
        };
        self.line.pages(&self.path(path), read, |_| false).await
    }
}
