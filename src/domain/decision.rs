//! What has been decided, as data: a verdict, its reasons, and the effects that make it so.
//!
//! Recorded before the first effect; it holds ids, names and outcomes, never file contents.

use serde::{Deserialize, Serialize};

use jiff::Timestamp;

use super::drift::Baseline;
use super::drift::issue::Told;
use super::page::Page;
use super::promotion::Promised;
use crate::intent::Intent;
use crate::model::act::NewAct;
use crate::model::artifact::Noted;
use crate::model::evidence::NewEvidence;
use crate::model::ids::{
    AppName, CommentId, EnvName, InstallationId, Login, PrNumber, RepoName, RepoRef, Sha, UserId,
};
use crate::model::restoration::{Restoration, Write};
use crate::model::write::{
    DeploymentReview, IssueEnd, NewBranch, NewCheck, NewCommit, NewIssue, NewMerge, NewPull,
    Reaction,
};

/// An answer to an intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The answer in one word.
    pub verdict: Verdict,
    /// Why, most important first.
    pub reasons: Vec<Reason>,
    /// What has to be made so, in order; each one idempotent.
    pub effects: Vec<Effect>,
}

impl Decision {
    /// Nothing to do, and why.
    pub fn nothing(reason: Reason) -> Self {
        Self { verdict: Verdict::Nothing, reasons: vec![reason], effects: Vec::new() }
    }
}

/// The answer in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// All is as it should be, or will be once the effects are done.
    Accepted,
    /// Something asked for is not done, for the reasons given.
    Refused,
    /// It does not concern Usher, or nothing is left to do.
    Nothing,
}

/// Why something was decided: a code that stays, a sentence for people, and what would help.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable and dotted, such as `promote.not-higher`.
    pub code: String,
    /// What is the matter. Foreign text in it is inert already.
    pub sentence: String,
    /// What to do about it, where somebody has to.
    pub help: Option<String>,
}

impl Reason {
    /// A reason that asks nothing of anybody.
    pub fn new(code: &str, sentence: impl Into<String>) -> Self {
        Self { code: code.to_owned(), sentence: sentence.into(), help: None }
    }

    /// The same reason with what to do about it.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// One thing to be made so. Each is a fixed point: applied to a world where it is so, it does nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// The branch stands, with our commit on it.
    EnsureBranch(NewBranch),
    /// The pull request stands; it is evaluated next.
    EnsurePull(NewPull),
    /// The labels are on the pull request. They decorate: a failure stops nothing.
    EnsureLabels {
        /// Which pull request.
        pr: PrNumber,
        /// Those that it lacks.
        labels: Vec<String>,
    },
    /// The check run stands as given.
    EnsureCheck(NewCheck),
    /// Our one comment with this marker reads as given.
    EnsureComment {
        /// Where.
        pr: PrNumber,
        /// The hidden first line that it is known by (together with its author).
        marker: String,
        /// The whole text, marker included.
        body: String,
        /// Whether nobody has commented there yet, so that there is none to be looked for.
        #[serde(default)]
        first: bool,
    },
    /// The pull request is closed.
    ClosePull {
        /// Which one.
        pr: PrNumber,
    },
    /// The branch is gone, if it still points to `at`. It decorates: a refusal stops nothing.
    DeleteBranch {
        /// Its name, without `refs/heads/`.
        branch: String,
        /// Where it was seen.
        at: Sha,
    },
    /// The store knows which sources the repository follows.
    RememberFollows {
        /// The sources, by name.
        sources: Vec<RepoName>,
        /// The blob of the configuration that says so; `None` when there is none.
        config: Option<Sha>,
    },
    /// The store knows that this version was seen to run there.
    RememberRunning {
        /// The environment.
        environment: EnvName,
        /// The application.
        application: AppName,
        /// The image tag that every entry carries; empty where they differ.
        tag: String,
        /// The entries themselves.
        entries: Vec<Promised>,
        /// The commit of the default branch at which it was seen.
        at: Sha,
        /// Since when, where that is known otherwise than by seeing it now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Timestamp>,
        /// When it was looked for: it ran then. Not part of a recorded decision: it is another time at each look.
        #[serde(skip)]
        seen: Timestamp,
    },
    /// The store knows what accepted merges left of an environment.
    RememberBaseline {
        /// Which environment.
        environment: EnvName,
        /// What they left.
        baseline: Baseline,
    },
    /// The environment's issue about its drift stands as given, and the store knows which it is. It is told besides: a
    /// refusal is logged, and stops nothing.
    EnsureIssue {
        /// Which environment.
        environment: EnvName,
        /// The issue.
        issue: NewIssue,
        /// What is told by then; its number is the one that is known.
        told: Told,
    },
    /// No issue about the environment's drift is open, and the store knows that. Refused as above.
    EndIssue {
        /// Which environment.
        environment: EnvName,
        /// The number of the issue, where it is known.
        known: Option<PrNumber>,
        /// How it ends.
        end: IssueEnd,
    },
    /// The store knows what was told of an environment's drift.
    RememberDrift {
        /// Which environment.
        environment: EnvName,
        /// What.
        told: Told,
    },
    /// The store knows which manifests these tags were when they were first seen to run there.
    RememberDigests {
        /// The environment.
        environment: EnvName,
        /// The tags.
        digests: Vec<Noted>,
    },
    /// The store forgets whom this repository follows.
    ForgetRepository(RepoRef),
    /// The store forgets every repository of this installation.
    ForgetInstallation {
        /// Which installation.
        installation: InstallationId,
    },
    /// The store knows how far these Applications are brought back, all or none.
    KeepRestorations {
        /// The Applications of a pull request.
        all: Vec<Restoration>,
    },
    /// The store knows what was told of the Applications of a pull request.
    ToldRestorations {
        /// Which pull request.
        pr: PrNumber,
        /// What was told, as a digest.
        told: String,
        /// How many hours people were reminded of.
        reminded: u32,
    },
    /// This was done to an Application of Argo CD. What is refused there is remembered with it, and fails nothing.
    WriteArgocd {
        /// What is remembered of the Application.
        record: Box<Restoration>,
        /// What is done to it.
        write: Write,
    },
    /// Further intents are queued.
    Enqueue(Intent),
    /// A further intent is queued for later.
    EnqueueAt {
        /// What.
        intent: Intent,
        /// When.
        at: Timestamp,
    },
    /// The pull request is judged anew at that time, unless something else has it judged before.
    LookAgain {
        /// Which pull request.
        pr: PrNumber,
        /// When. Not part of a recorded decision: it is another time whenever nothing else has changed.
        #[serde(skip)]
        at: Timestamp,
    },
    /// An intent is queued for later, to be decided anew whatever has changed.
    ComeAgain {
        /// What.
        intent: Box<Intent>,
        /// When. Not part of a recorded decision: it is another time whenever nothing else has changed.
        #[serde(skip)]
        at: Timestamp,
    },
    /// A deployment that waits for us has been told.
    ReviewDeployment(DeploymentReview),
    /// The branch has one more commit of ours.
    EnsureCommit(NewCommit),
    /// The label is not on the pull request.
    RemoveLabel {
        /// Which pull request.
        pr: PrNumber,
        /// Which label.
        label: String,
    },
    /// The pull request is merged; what came of it is told to what asked for it.
    Merge {
        /// Which pull request.
        pr: PrNumber,
        /// At which head, and how.
        merge: NewMerge,
    },
    /// We have reacted to a comment. It decorates: a failure stops nothing.
    React {
        /// Where the comment stands.
        at: RepoRef,
        /// Which comment.
        comment: CommentId,
        /// How.
        reaction: Reaction,
    },
    /// Our one answer to a comment reads as given. [`OPENED`] in it stands for the pull request that an
    /// effect before it opened.
    Reply {
        /// Where the comment stands.
        at: RepoRef,
        /// On which pull request or issue.
        thread: PrNumber,
        /// The hidden first line that it is known by (together with its author).
        marker: String,
        /// The whole text, marker included.
        body: String,
    },
    /// What somebody did is recorded; the same cause is recorded once for ever.
    RecordAct(NewAct),
    /// Evidence is recorded, so often as it says itself.
    RecordEvidence {
        /// What it came from.
        cause: String,
        /// What is recorded. Not part of a recorded decision: it tells the time, and what was read.
        #[serde(skip)]
        new: Option<Box<NewEvidence>>,
    },
    /// Acts stand no more.
    EndActs {
        /// Which.
        ids: Vec<i64>,
        /// Who ended them; none where they ended by themselves.
        by: Option<Login>,
        /// Why, in a word.
        why: String,
    },
    /// The store knows that a pull request was seen to get this head.
    RememberHead {
        /// Which pull request.
        pr: PrNumber,
        /// The head.
        head: Sha,
        /// When.
        at: Timestamp,
    },
    /// The page of a pull request at this head tells this.
    RememberPage {
        /// Which pull request.
        pr: PrNumber,
        /// The head.
        head: Sha,
        /// The page. Not part of a recorded decision: it shows what is rendered.
        #[serde(skip)]
        page: Box<Page>,
    },
    /// The store knows that a comment has been acted upon.
    RememberCommand {
        /// Where it stands.
        at: RepoRef,
        /// Which comment.
        comment: CommentId,
        /// Who wrote it.
        author: UserId,
        /// On which pull request or issue.
        thread: PrNumber,
        /// How many commands it holds.
        lines: u32,
        /// Whether its author was refused all of them for want of the right.
        refused: bool,
    },
}

/// What stands in a text for the number of the pull request that is about to be opened.
pub const OPENED: &str = "{opened}";
