//! Issues and pull requests: their text, state, conversation, labels' history and reviews.
//! It does not know what a pull request changes: that is read from Git.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Id;

/// An issue; with `pull`, a pull request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Issue {
    pub(crate) id: Id,
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) body: Option<String>,
    pub(crate) author: Id,
    /// The App through which it was opened.
    pub(crate) app: Option<Id>,
    pub(crate) open: bool,
    /// `completed`, `not_planned` or `reopened`.
    pub(crate) state_reason: Option<String>,
    pub(crate) locked: bool,
    pub(crate) labels: Vec<Id>,
    pub(crate) assignees: BTreeSet<Id>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) closed_at: Option<Timestamp>,
    pub(crate) closed_by: Option<Id>,
    pub(crate) comments: Vec<Comment>,
    pub(crate) events: Vec<Event>,
    pub(crate) reactions: Vec<Reaction>,
    pub(crate) pull: Option<Pull>,
}

/// What makes an issue a pull request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Pull {
    pub(crate) id: Id,
    pub(crate) head: PullSide,
    pub(crate) base: PullSide,
    pub(crate) draft: bool,
    pub(crate) maintainer_can_modify: bool,
    pub(crate) merged_at: Option<Timestamp>,
    pub(crate) merged_by: Option<Id>,
    pub(crate) merge_commit: Option<String>,
    /// The tip of the base just before the merge.
    #[serde(default)]
    pub(crate) merged_onto: Option<String>,
    pub(crate) reviews: Vec<Review>,
    pub(crate) requested_reviewers: BTreeSet<Id>,
    pub(crate) requested_teams: BTreeSet<Id>,
}

/// One end of a pull request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PullSide {
    /// The fork may be gone.
    pub(crate) repo: Option<Id>,
    pub(crate) owner: Id,
    /// The branch, without `refs/heads/`.
    pub(crate) branch: String,
    pub(crate) sha: String,
}

/// A comment in the conversation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Comment {
    pub(crate) id: Id,
    pub(crate) author: Id,
    pub(crate) app: Option<Id>,
    pub(crate) body: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) reactions: Vec<Reaction>,
}

/// An emoji of somebody on a comment or an issue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Reaction {
    pub(crate) id: Id,
    pub(crate) author: Id,
    /// GitHub's word: `+1`, `eyes`, `rocket`, …
    pub(crate) content: String,
    pub(crate) created_at: Timestamp,
}

/// A review of a pull request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Review {
    pub(crate) id: Id,
    pub(crate) author: Id,
    pub(crate) body: String,
    pub(crate) state: ReviewState,
    pub(crate) commit: String,
    pub(crate) submitted_at: Option<Timestamp>,
    pub(crate) comments: Vec<ReviewComment>,
}

/// What a review says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ReviewState {
    Pending,
    Commented,
    Approved,
    ChangesRequested,
    Dismissed,
}

/// A remark of a review on a line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ReviewComment {
    pub(crate) id: Id,
    pub(crate) path: String,
    pub(crate) line: Option<u64>,
    pub(crate) body: String,
    pub(crate) created_at: Timestamp,
}

/// An entry of an issue's history.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Event {
    pub(crate) id: Id,
    pub(crate) actor: Id,
    pub(crate) app: Option<Id>,
    pub(crate) created_at: Timestamp,
    pub(crate) what: Happening,
}

/// What happened to an issue or pull request.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Happening {
    /// The label's name and colour, as they were.
    Labeled(String, String),
    Unlabeled(String, String),
    Assigned(Id),
    Unassigned(Id),
    Closed,
    Reopened,
    /// With the commit that brought it.
    Merged(String),
    /// From, to.
    Renamed(String, String),
    /// From, to.
    BaseRefChanged(String, String),
    /// Before, after.
    HeadRefForcePushed(String, String),
    HeadRefDeleted,
    HeadRefRestored,
    ReviewRequested(Option<Id>, Option<Id>),
    ReviewRequestRemoved(Option<Id>, Option<Id>),
    /// Which, what it had said, and why.
    ReviewDismissed(Id, ReviewState, String),
    Locked,
    Unlocked,
}
