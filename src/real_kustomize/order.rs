//! What the child is told: which program it becomes, what that may touch, and how much of everything it may have.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// An order to the child that confines itself, as its one argument.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Order {
    /// What it becomes.
    pub(super) program: PathBuf,
    /// What that is given.
    pub(super) arguments: Vec<String>,
    /// What it may run besides.
    pub(super) helm: Option<PathBuf>,
    /// The folder that it may read.
    pub(super) tree: PathBuf,
    /// The folder that it may write.
    pub(super) scratch: PathBuf,
    /// How long it may take.
    pub(super) seconds: u64,
    /// How much memory each of its processes may have.
    pub(super) memory_mb: u64,
    /// How large the files may be that it writes.
    pub(super) output_mb: u64,
    /// What it is kept apart from already, for the child of the child.
    pub(super) apart: Option<Vec<String>>,
}

/// What the child says in its first line, before it becomes the program: in which ways it is confined.
pub(super) const CONFINED: &str = "usher-confined:";
