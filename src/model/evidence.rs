//! What evidence is: entries of a record that only grows, each about one thing that happened.
//!
//! It holds the record's shape; what is recorded when is `domain`'s to say, how entries hang together
//! `chain`'s.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::act::{ActKind, NewAct};
use crate::model::ids::{
    AppName, CommentId, DeliveryId, EnvName, Login, PrNumber, RepoName, Sha, TargetName,
};
use crate::model::read::Account;

/// The version of this format.
pub const FORMAT: u32 = 1;

/// Something that happened, to be recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewEvidence {
    /// The pull request that it is about, if it is about one.
    pub pr: Option<PrNumber>,
    /// What goes on from one entry to the next: the verdict on a pull request, its life, an act.
    pub subject: String,
    /// What it came from, unique within its subject.
    pub cause: String,
    /// How often the same is recorded.
    pub once: Once,
    /// When it was seen.
    pub at: Timestamp,
    /// What happened.
    pub what: What,
}

/// How often the same cause is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Once {
    /// Once for ever.
    Ever,
    /// Again only after its subject had another one: what comes back has changed twice.
    InARow,
}

/// An entry as it is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// [`FORMAT`].
    pub format: u32,
    /// The repository, as it was called.
    pub repository: RepoName,
    /// The pull request that it is about, if it is about one.
    pub pr: Option<PrNumber>,
    /// What goes on from one entry to the next.
    pub subject: String,
    /// What it came from.
    pub cause: String,
    /// The delivery that led to it, if one did.
    pub delivery: Option<DeliveryId>,
    /// Who did what that tells of; none where time led to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Login>,
    /// When it was seen.
    pub at: Timestamp,
    /// What happened.
    pub what: What,
    /// The key that signs it.
    pub key: String,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum What {
    /// A pull request that promotes stands open.
    Opened(Box<Opened>),
    /// A pull request was judged, and the verdict is another one than before.
    Judged(Box<Judged>),
    /// Somebody did something that binds.
    Act(Box<NewAct>),
    /// That binds no more.
    ActEnded(Box<ActEnded>),
    /// Usher is about to close it.
    Withdrawn(Withdrawn),
    /// Usher is about to merge it.
    Merging(Merging),
    /// It was merged.
    Merged(Box<Merged>),
    /// A way back was merged: what it left, and how long that took.
    WentBack(Box<WentBack>),
    /// Something is done to a live Application of Argo CD that is brought back, or was seen of it.
    Live(Box<Live>),
    /// It was closed without being merged.
    Closed {
        /// At which head.
        head: Sha,
    },
}

/// A pull request that promotes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// Who opened it.
    pub by: Account,
    /// The promotion, where Usher made it.
    pub promotion: Option<Promoted>,
    /// The environments that it reaches.
    pub environments: Vec<EnvName>,
}

/// A promotion as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promoted {
    /// What.
    pub application: AppName,
    /// The version's name.
    pub version: String,
    /// Its commit in the source repository, where that is known.
    pub commit: Option<Sha>,
    /// The source repository.
    pub source: RepoName,
    /// Where to.
    pub environment: EnvName,
    /// Whether it goes back.
    pub back: bool,
    /// The pull request that it undoes, where it undoes one.
    pub undoes: Option<PrNumber>,
    /// The image entries that it is limited to; empty for all.
    pub services: Vec<String>,
    /// The targets that it is limited to; empty for all.
    pub targets: Vec<TargetName>,
    /// The change ticket that was named.
    pub ticket: Option<String>,
    /// Who asked for it; none where it came by itself.
    pub asked_by: Option<Login>,
    /// The comment in which that was asked.
    pub comment: Option<CommentId>,
    /// Why it goes back, in the words of who asked.
    pub reason: Option<String>,
    /// Which attempt it is.
    pub attempt: u32,
}

/// A verdict, and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// The head that was judged.
    pub head: Sha,
    /// The branch that it goes to.
    pub branch: String,
    /// That branch's head when this verdict first came out.
    pub base: Option<Sha>,
    /// The blob of the configuration by which it was judged.
    pub policy: Option<Sha>,
    /// Whether it may be merged.
    pub verdict: Verdict,
    /// Whether verdicts bind there.
    pub binds: bool,
    /// Its gates.
    pub gates: Vec<GateSaid>,
    /// The image entries that it changes.
    pub changes: Vec<EntryChange>,
    /// So many more it changes.
    pub more_changes: u64,
    /// SHA-256 of everything that was read for it.
    pub facts: String,
}

/// A verdict in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing stands in the way.
    Passed,
    /// A gate is shut.
    Blocked,
    /// It touches no environment and no rule.
    NoPromotion,
    /// It could not be judged, and so is not let through.
    Unknown,
}

impl Verdict {
    /// Whether it may be merged.
    pub fn lets_through(self) -> bool {
        matches!(self, Self::Passed | Self::NoPromotion)
    }
}

/// How a gate stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateSaid {
    /// Which gate.
    pub gate: String,
    /// Where; none where it is about the repository's own rules.
    pub environment: Option<EnvName>,
    /// How it stood: passed, overridden, waiting, needs or failed.
    pub outcome: String,
    /// The evidence for it, Markdown in which foreign text is inert.
    pub sentence: String,
}

/// An image entry that becomes another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryChange {
    /// Where.
    pub environment: EnvName,
    /// The target whose overlay it stands in.
    pub target: TargetName,
    /// The entry's name.
    pub image: String,
    /// What it said; none where it is new.
    pub from: Option<String>,
    /// What it says; none where it goes.
    pub to: Option<String>,
}

/// An act that binds no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActEnded {
    /// What kind of act.
    pub act: ActKind,
    /// What it came from.
    pub of: String,
    /// The environment that it was about, if it was about one.
    pub environment: Option<EnvName>,
    /// What else it was about.
    pub about: String,
    /// Who had it ended; none where something that happened did.
    pub by: Option<Login>,
    /// Why, in a word.
    pub why: String,
}

/// Why Usher closes a promotion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    /// At which head.
    pub head: Sha,
    /// `superseded`, `cancelled`, `rejected`, `not needed` or `moved on`.
    pub why: String,
    /// Who said so, where somebody did.
    pub by: Option<Login>,
    /// The pull request that takes its place, where one does.
    pub in_favour_of: Option<PrNumber>,
    /// The reason that was given.
    pub reason: String,
}

/// A merge by Usher, about to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merging {
    /// The head that was judged just now, and that alone is merged.
    pub head: Sha,
    /// The head of the base on which it was judged.
    pub base: Sha,
    /// The blob of the configuration by which it was judged.
    pub policy: Option<Sha>,
    /// Who asked for it; none where it is automatic.
    pub by: Option<Login>,
    /// Its gates, each passed or overridden.
    pub gates: Vec<GateSaid>,
}

/// A way back that was merged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WentBack {
    /// What.
    pub application: AppName,
    /// Where.
    pub environment: EnvName,
    /// What is there again.
    pub version: String,
    /// The tags and digests that it left and that are bad there from then on; none where a rollback was undone.
    pub leaves: Vec<String>,
    /// By what that had come, as far as it is known.
    pub brought: Vec<Brought>,
    /// Who asked for it; none where it came by itself.
    pub asked_by: Option<Login>,
    /// When, where it was asked for by a comment in the same repository.
    pub asked_at: Option<Timestamp>,
    /// Why, in the words of who asked.
    pub reason: Option<String>,
    /// Who merged it.
    pub merged_by: Option<Login>,
    /// When, by GitHub's clock.
    pub merged_at: Option<Timestamp>,
}

/// A merged pull request that brought what was left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brought {
    /// Which.
    pub pr: PrNumber,
    /// When it was merged, by GitHub's clock.
    pub merged_at: Option<Timestamp>,
}

/// A step on the way back of a live Application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    /// Where.
    pub environment: EnvName,
    /// The target that it deploys.
    pub target: TargetName,
    /// The server's name in the operator's settings.
    pub server: String,
    /// The Application's name there.
    pub application: String,
    /// Who asked for it; none where the configuration does.
    pub by: Option<Login>,
    /// What.
    pub step: LiveStep,
}

/// What is done to a live Application, or was seen of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum LiveStep {
    /// Automatic sync is about to be turned off.
    SyncOff,
    /// It is about to be told to go back.
    Rollback {
        /// To which entry of its history.
        id: i64,
        /// The commit of that entry.
        revision: Option<Sha>,
    },
    /// It has gone back.
    Back,
    /// It has gone back, and is healthy.
    Healthy,
    /// It could not go back.
    Failed {
        /// The server's words.
        why: String,
    },
    /// Automatic sync is about to be put back as it was.
    SyncBack,
    /// Nothing more is done to it.
    Over {
        /// How it ended, in a word or two.
        how: String,
    },
}

/// A merge that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged {
    /// The head that was merged.
    pub head: Sha,
    /// The commit that it came to.
    pub commit: Option<Sha>,
    /// Who merged it, as GitHub says.
    pub by: Option<Account>,
    /// Whether its gates had passed at that head.
    pub passed: bool,
    /// The last verdict on that head; none where it was merged before it was judged.
    pub verdict: Option<Verdict>,
    /// Whether verdicts bound there.
    pub binds: bool,
    /// The gates that were shut.
    pub shut: Vec<GateSaid>,
}
