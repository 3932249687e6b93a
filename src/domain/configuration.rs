//! The repository's configuration as a tree has it: absent, invalid or a policy.

use std::sync::Arc;

use super::facts::{Facts, Gap};
use super::policy::{self, Policy, Problem};
use crate::model::files::{Entry, FileTree, GitTree};
use crate::model::ids::{RepoName, RepoRef, Sha};

/// What stands at [`policy::PATH`].
#[derive(Debug, Clone)]
pub enum Configuration {
    /// Nothing: the repository is none of ours to judge.
    Absent,
    /// A file that is wrong, and all that is wrong with it.
    Invalid(Vec<Problem>),
    /// A policy, and the blob that says so.
    Valid(Arc<Policy>, Sha),
}

impl Configuration {
    /// Reads it from a tree. `home` is the repository's present name.
    pub fn read(
        facts: &Facts,
        repo: &RepoRef,
        home: &RepoName,
        tree: &GitTree,
    ) -> Result<Self, Gap> {
        let Some((_, sha)) = tree.entries.get(policy::PATH) else {
            return Ok(Self::Absent);
        };
        match facts.view(tree).entry(policy::PATH) {
            Entry::File(bytes) => Ok(match facts.memo.policy((home, sha), &bytes) {
                Ok(policy) => Self::Valid(policy, sha.clone()),
                Err(problems) => Self::Invalid(problems),
            }),
            Entry::Unread => Err(facts.lacks_files(repo, tree, &[policy::PATH.to_owned()])),
            Entry::Folder | Entry::Link(_) | Entry::Absent => Ok(Self::Invalid(vec![Problem {
                line: 1,
                column: 1,
                path: String::new(),
                message: "it is not a regular file".to_owned(),
                help: Some("put the configuration itself there".to_owned()),
            }])),
        }
    }
}
