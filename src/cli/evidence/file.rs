//! The file that an export writes and that is checked by itself.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::chain::{Head, Link};
use crate::model::ids::{RepoId, RepoName};

/// The version of this format.
pub(super) const FORMAT: u32 = 1;

/// Evidence outside its database.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Export {
    /// [`FORMAT`].
    pub(super) usher_evidence: u32,
    /// When it was written.
    pub(super) exported_at: Timestamp,
    /// The public keys that signed.
    pub(super) keys: Vec<Key>,
    /// The chains.
    pub(super) repositories: Vec<Repository>,
}

/// A public key.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Key {
    /// What it is called.
    pub(super) id: String,
    /// Its PEM.
    pub(super) public: String,
}

/// A repository's chain; what was not asked for is left out of its entries, and their hashes are there.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Repository {
    /// The repository's number, which is part of every hash.
    pub(super) id: RepoId,
    /// What it was last called.
    pub(super) name: RepoName,
    /// Its entries, from the first.
    pub(super) entries: Vec<Link>,
    /// Where it had got to, signed; none where the key was not at hand.
    pub(super) head: Option<Head>,
}
