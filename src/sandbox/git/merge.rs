//! Merging for real: the tree that two commits make together, and the three ways to bring it in.
//! It does not know who may.

use git2::{MergeOptions, Oid};

use super::{Git, NewCommit, Person, Result};

/// GitHub's `merge_method`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MergeMethod {
    Merge,
    Squash,
    Rebase,
}

impl MergeMethod {
    /// Reads GitHub's word.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "merge" => Some(Self::Merge),
            "squash" => Some(Self::Squash),
            "rebase" => Some(Self::Rebase),
            _ => None,
        }
    }
}

impl Git {
    /// The tree of `base` and `head` merged; `None` where they conflict.
    pub(crate) fn merged_tree(&self, base: Oid, head: Oid) -> Result<Option<Oid>> {
        let base = self.store.find_commit(base)?;
        let head = self.store.find_commit(head)?;
        let mut options = MergeOptions::new();
        options.find_renames(true);
        let mut index = self.store.merge_commits(&base, &head, Some(&options))?;
        if index.has_conflicts() {
            return Ok(None);
        }
        index.write_tree_to(&self.store).map(Some)
    }

    /// Puts the commits of `head` that `base` has not onto `base`, one by one; `None` where one conflicts.
    pub(crate) fn rebase(&self, base: Oid, head: Oid, committer: &Person) -> Result<Option<Oid>> {
        let mut tip = base;
        for commit in self.between(base, head)? {
            if commit.parents.len() != 1 {
                return Ok(None);
            }
            let onto = self.store.find_commit(tip)?;
            let picked = self.store.find_commit(commit.sha)?;
            let mut index = self.store.cherrypick_commit(&picked, &onto, 0, None)?;
            if index.has_conflicts() {
                return Ok(None);
            }
            let tree = index.write_tree_to(&self.store)?;
            tip = self.write_commit(&NewCommit {
                tree,
                parents: &[tip],
                message: &commit.message,
                author: &commit.author,
                committer,
            })?;
        }
        Ok(Some(tip))
    }
}
