//! Commands: what people may say in a comment, as data.
//!
//! Names are as they were written; whether there is such an environment, version or person is not known here.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::ids::{CommentId, PrNumber, RepoRef};
use crate::model::read::{Account, Repository};

/// A comment that holds commands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// The repository that it was written in, as the delivery describes it.
    pub at: RepoRef,
    /// The same repository's properties, as the delivery has them.
    pub home: Repository,
    /// The pull request or issue that it stands on.
    pub thread: PrNumber,
    /// Whether that is a pull request.
    pub on_pull: bool,
    /// The key.
    pub id: CommentId,
    /// Who wrote it.
    pub author: Account,
    /// When, by GitHub's clock.
    pub written_at: Timestamp,
    /// SHA-256 of the text, in hexadecimal: an edited comment commands nothing.
    pub digest: String,
    /// What was said, in order; ten lines at most.
    pub spoken: Vec<Spoken>,
    /// How many further commands there were, beyond the ten.
    pub dropped: usize,
}

/// A line that is a command, or was to be one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spoken {
    /// The line as it was written, cut to 200 characters.
    pub line: String,
    /// Whether it began with `/usher`.
    pub prefixed: bool,
    /// What was meant.
    pub meant: Result<Command, Mistake>,
}

/// What somebody wants. The words of the table in the README.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// `/promote ENV [VERSION]`; with `dry_run` also `/plan ENV …`.
    Promote {
        /// Where to.
        environment: String,
        /// Which version; else this pull request's own, else what runs before.
        version: Option<String>,
        /// What of it.
        scope: Scope,
        /// `--ticket`.
        ticket: Option<String>,
        /// Only say what would be.
        dry_run: bool,
    },
    /// `/rollback [ENV] [VERSION]`.
    Rollback {
        /// Where.
        environment: Option<String>,
        /// To which version.
        version: Option<String>,
        /// What of it.
        scope: Scope,
        /// `--argocd`.
        argocd: bool,
        /// `--reason`: the rest of the line, or a quoted text.
        reason: Option<String>,
    },
    /// `/status [ENV]`.
    Status {
        /// Of which environment.
        environment: Option<String>,
    },
    /// `/diff [ENV]`.
    Diff {
        /// Of which environment.
        environment: Option<String>,
    },
    /// `/validate`.
    Validate,
    /// `/help`.
    Help,
    /// `/hold [ENV] [reason]`: whether the first word is an environment is for the policy to say.
    Hold {
        /// All that was said.
        text: String,
        /// `--app`.
        application: Option<String>,
    },
    /// `/unhold [ENV]`.
    Unhold {
        /// Where.
        environment: Option<String>,
        /// `--app`.
        application: Option<String>,
    },
    /// `/lock ENV [reason] [--for 2h]`.
    Lock {
        /// Which environment.
        environment: String,
        /// Why; may be empty.
        reason: String,
        /// `--for`: how many seconds.
        seconds: Option<u64>,
    },
    /// `/unlock ENV`.
    Unlock {
        /// Which environment.
        environment: String,
    },
    /// `/merge`.
    Merge,
    /// `/approve LABEL`.
    Approve {
        /// The label; it may have spaces in it.
        label: String,
    },
    /// `/reject VERSION reason`.
    Reject {
        /// Which version.
        version: String,
        /// Why.
        reason: String,
        /// `--app`.
        application: Option<String>,
    },
    /// `/verified NAME [--failed]`.
    Verified {
        /// The verification.
        name: String,
        /// Whether it failed.
        failed: bool,
    },
    /// `/ticket ID`.
    Ticket {
        /// The change ticket.
        ticket: String,
    },
    /// `/override GATE reason`.
    Override {
        /// Which gate.
        gate: String,
        /// Why.
        reason: String,
    },
    /// `/cancel`.
    Cancel,
    /// `/retry`.
    Retry,
}

/// What part of an application a command is about; empty lists stand for all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// `--app`.
    pub application: Option<String>,
    /// `--services a,b`.
    pub services: Vec<String>,
    /// `--targets eu,us`.
    pub targets: Vec<String>,
}

/// Why a line that looks like a command is none. Texts in it are as they were written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mistake", rename_all = "snake_case")]
pub enum Mistake {
    /// No such command.
    Unknown {
        /// The word, without its slash.
        word: String,
        /// The command that was probably meant.
        near: Option<String>,
    },
    /// Something that the command needs is missing.
    Missing {
        /// The command.
        command: String,
        /// What: `ENV`, `LABEL`.
        what: String,
    },
    /// No such flag.
    UnknownFlag {
        /// The command.
        command: String,
        /// The flag.
        flag: String,
        /// The flag that was probably meant.
        near: Option<String>,
    },
    /// A flag whose value is missing or no such value.
    BadFlag {
        /// The command.
        command: String,
        /// The flag.
        flag: String,
        /// What it takes: `a duration such as 2h`.
        wants: String,
    },
    /// More words than the command takes.
    Surplus {
        /// The command.
        command: String,
        /// The first word too many.
        word: String,
    },
}
