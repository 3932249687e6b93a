//! What people did that binds: approvals, overrides, holds, locks, versions that may not come back.
//!
//! It holds the record's shape; what follows from an act is `domain`'s to say.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::ids::{AppName, EnvName, Login, PrNumber, Sha};
use crate::model::read::Account;

/// What kind of act it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActKind {
    /// A label was given by somebody allowed; `subject` is the label.
    Approval,
    /// A gate that is not passed was accepted; `subject` is the gate.
    Override,
    /// A promotion, or an application in an environment, is held; `subject` is empty.
    Hold,
    /// An environment is stopped; `subject` is empty.
    Lock,
    /// A version was rolled back; `subject` is the image tag.
    Bad,
    /// A version was rejected; `subject` is the image tag.
    Rejection,
    /// A label by somebody not allowed was taken off; `subject` is the label.
    Refused,
    /// A version was verified in an environment by hand; `subject` is its image tag, a space, and what was
    /// verified.
    Verification,
    /// The same, and it was found to fail.
    Refutation,
    /// A change ticket was named for a pull request; `subject` is its name.
    Ticket,
}

impl ActKind {
    /// The word in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approval => "approval",
            Self::Override => "override",
            Self::Hold => "hold",
            Self::Lock => "lock",
            Self::Bad => "bad",
            Self::Rejection => "rejection",
            Self::Refused => "refused",
            Self::Verification => "verification",
            Self::Refutation => "refutation",
            Self::Ticket => "ticket",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Approval,
            Self::Override,
            Self::Hold,
            Self::Lock,
            Self::Bad,
            Self::Rejection,
            Self::Refused,
            Self::Verification,
            Self::Refutation,
            Self::Ticket,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == word)
    }
}

/// An act to be recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewAct {
    /// What kind.
    pub kind: ActKind,
    /// What it came from, unique within its repository: the same cause is recorded once for ever, also
    /// after the act has ended. A replayed delivery revives nothing.
    pub cause: String,
    /// The pull request that it is about, if it is about one.
    pub pr: Option<PrNumber>,
    /// The environment that it is about, if it is about one.
    pub environment: Option<EnvName>,
    /// The application that it is about, if it is about one.
    pub application: Option<AppName>,
    /// What else it is about: a label, a gate, an image tag.
    pub subject: String,
    /// The head commit that it was given for, if it is bound to one.
    pub head: Option<Sha>,
    /// Who did it.
    pub by: Account,
    /// Why, in that person's words; may be empty.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
}

/// An act that stands: it has not been ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// Its place in the record.
    pub id: i64,
    /// What it says.
    #[serde(flatten)]
    pub said: NewAct,
}

impl std::ops::Deref for Act {
    type Target = NewAct;
    fn deref(&self) -> &NewAct {
        &self.said
    }
}

/// How an act ended before its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// Who had it ended; `None` when nobody did, but something that happened.
    pub by: Option<Login>,
    /// Why.
    pub why: String,
}
