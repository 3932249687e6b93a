//! Files of a tree that are handed to a program as they are, and what came of it.
//!
//! It knows neither the program nor how it is run.

use std::cmp::Ordering;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::model::files::{Entry, Mode};
use crate::model::ids::Sha;

/// Files, and the folder among them that is meant. Two are equal if all of their files are.
#[derive(Debug, Clone)]
pub struct Bundle {
    id: Arc<str>,
    folder: Arc<str>,
    files: Arc<[(String, Entry)]>,
}

impl Bundle {
    /// Files with their kinds and ids, in the order of their paths.
    pub fn new(folder: &str, files: Vec<(String, Mode, Sha, Entry)>) -> Self {
        let mut id = Sha256::new();
        id.update(folder);
        for (path, mode, sha, _) in &files {
            id.update(format!("\0{path}\0{mode:?} {sha}"));
        }
        let files = files.into_iter().map(|(path, _, _, entry)| (path, entry)).collect();
        Self { id: hex::encode(id.finalize()).into(), folder: folder.into(), files }
    }

    /// What it is known by.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The folder that is meant, from the root of the tree.
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// Files and links by path; nothing else.
    pub fn files(&self) -> &[(String, Entry)] {
        &self.files
    }
}

impl PartialEq for Bundle {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Bundle {}

impl PartialOrd for Bundle {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Bundle {
    fn cmp(&self, other: &Self) -> Ordering {
        self.id.cmp(&other.id)
    }
}

/// What a program printed, or why there is nothing that can be used.
pub type Printed = Result<Arc<str>, NotPrinted>;

/// Why a program printed nothing that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotPrinted {
    /// It ended with an error, and said this.
    Failed(String),
    /// It was ended after so many seconds.
    TookTooLong(u64),
    /// It printed more than so many megabytes.
    PrintedTooMuch(u64),
    /// It could not be run.
    NotRun(String),
}
