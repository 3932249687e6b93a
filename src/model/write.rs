//! The write shapes: what domain asks for and the GitHub door makes so, each by meaning and not by id.

use serde::{Deserialize, Serialize};

use crate::model::ids::Sha;
use crate::model::read::{Conclusion, Severity};

/// A branch with one commit of ours on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewBranch {
    /// Its name, without `refs/heads/`.
    pub branch: String,
    /// The commit to build on.
    pub parent: Sha,
    /// The root tree of `parent`.
    pub base_tree: Sha,
    /// The files that the commit changes, whole.
    pub files: Vec<FileChange>,
    /// The commit's message; by it (and by author) the commit is known again.
    pub message: String,
}

/// A commit of ours on top of a branch that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewCommit {
    /// The branch, without `refs/heads/`.
    pub branch: String,
    /// Where it has to point now: if it has moved, nothing is done.
    pub at: Sha,
    /// The parents, first parent first. Where `at` is not among them the branch is moved away from it.
    pub parents: Vec<Sha>,
    /// The root tree that the files are put into.
    pub base_tree: Sha,
    /// The files that the commit changes on `base_tree`, whole.
    pub files: Vec<FileChange>,
    /// The commit's message.
    pub message: String,
}

/// A small answer below a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reaction {
    /// Seen.
    Eyes,
    /// Done.
    Rocket,
    /// Not done.
    Confused,
}

/// How a pull request is merged, where the branch has no merge queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MergeMethod {
    /// All its commits as one.
    Squash,
    /// By a merge commit.
    Merge,
    /// Its commits on top of the base.
    Rebase,
}

/// A merge that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewMerge {
    /// The head that was judged: any other is not merged.
    pub head: Sha,
    /// Where it goes, and what that pointed to when it was judged: onto anything else it is not merged.
    pub base: Tip,
    /// How.
    pub method: MergeMethod,
    /// The merge commit's title.
    pub title: String,
    /// The merge commit's message.
    pub message: String,
}

/// A branch, and the commit that it points to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tip {
    /// The branch, without `refs/heads/`.
    pub branch: String,
    /// The commit.
    pub sha: Sha,
}

/// What became of a wanted merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merged {
    /// It is merged, now or before, at the head that was wanted.
    Done,
    /// It is in the branch's merge queue, which merges it or puts it out again.
    Queued,
    /// GitHub has taken it on and does it in the background; it is asked about by this name.
    Pending(String),
    /// GitHub refused, in its own words: a conflict, the branch's protection, a head that has moved.
    Refused(String),
}

/// What is said to a deployment that waits for a protection rule of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentReview {
    /// The workflow run that waits.
    pub run: u64,
    /// The environment that it waits for.
    pub environment: String,
    /// Whether it may go on; `None` leaves it waiting.
    pub approved: Option<bool>,
    /// Why, Markdown.
    pub comment: String,
}

/// One file as a commit leaves it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// Its path.
    pub path: String,
    /// Its whole content. Not part of a recorded decision, which holds no file contents.
    #[serde(skip)]
    pub content: Vec<u8>,
}

impl std::fmt::Debug for FileChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({} bytes)", self.path, self.content.len())
    }
}

/// A pull request of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewPull {
    /// The head branch, in the same repository.
    pub branch: String,
    /// The base branch.
    pub base: String,
    /// The title.
    pub title: String,
    /// The text, Markdown.
    pub body: String,
    /// The labels it carries from the start.
    pub labels: Vec<String>,
}

/// An issue of ours, one for each marker: what it tells about stands, and has stood for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewIssue {
    /// How the hidden first line begins that it is known by (together with its author).
    pub marker: String,
    /// What it tells about, as a digest: the hidden first line ends with it. One that somebody has closed stays closed
    /// while it is the same.
    pub digest: String,
    /// The title.
    pub title: String,
    /// The text below the hidden line, Markdown. Not part of a recorded decision: it shows what is rendered.
    #[serde(skip)]
    pub body: String,
}

impl NewIssue {
    /// The hidden first line.
    pub fn first_line(&self) -> String {
        first_line(&self.marker, &self.digest)
    }
}

/// The end of an issue of ours: what it told about stands no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueEnd {
    /// How its hidden first line begins.
    pub marker: String,
    /// The hidden first line of the comment that says so.
    pub comment_marker: String,
    /// That comment, Markdown.
    pub comment: String,
}

impl IssueEnd {
    /// The hidden first line of an issue from then on: the same may come about once more, and is told anew.
    pub fn first_line(&self) -> String {
        first_line(&self.marker, "over")
    }
}

fn first_line(marker: &str, digest: &str) -> String {
    format!("{marker} {digest} -->")
}

/// A check run of ours, one for each name and head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewCheck {
    /// Its name, by which branch protection requires it.
    pub name: String,
    /// The commit it is about.
    pub head: Sha,
    /// How it ended; `None` while it runs.
    pub conclusion: Option<Conclusion>,
    /// The headline, at most 255 characters.
    pub title: String,
    /// The answer in short, Markdown.
    pub summary: String,
    /// The details, Markdown; may be empty.
    pub text: String,
    /// Remarks on lines of files.
    pub annotations: Vec<Annotation>,
    /// What more is posted. Not part of a recorded decision: it shows what is rendered, and opens pages.
    #[serde(skip)]
    pub details: Details,
}

impl NewCheck {
    /// One that is completed, with a headline and a summary alone.
    pub fn plain(
        name: String,
        head: Sha,
        conclusion: Conclusion,
        (title, summary): (String, String),
    ) -> Self {
        Self {
            name,
            head,
            conclusion: Some(conclusion),
            title,
            summary,
            text: String::new(),
            annotations: Vec::new(),
            details: Details::default(),
        }
    }
}

/// What is posted with a check and not recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// Where all of it can be read.
    pub url: Option<String>,
    /// What follows the check's text, Markdown; may be empty.
    pub text: String,
    /// Its buttons, once it is completed; GitHub shows three at most.
    pub buttons: Vec<Button>,
}

/// A button of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// What stands on it, at most 20 characters.
    pub label: &'static str,
    /// What it does, at most 40 characters.
    pub description: &'static str,
    /// What we are told when somebody presses it, at most 20 characters.
    pub identifier: &'static str,
}

/// A remark on a line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annotation {
    /// The file, relative to the root of the repository.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// How bad it is.
    pub severity: Severity,
    /// A few words: the rule's code.
    pub title: String,
    /// What is wrong and what to do.
    pub message: String,
}
