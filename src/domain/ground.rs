//! Where every decision about a repository starts: its default branch's head, and the configuration there.

use std::sync::Arc;

use super::configuration::Configuration;
use super::decision::Reason;
use super::facts::{Facts, Gap};
use super::policy::Policy;
use super::reply::reason;
use crate::model::files::GitTree;
use crate::model::ids::RepoRef;
use crate::model::read::{Commit, Repository};

/// A repository as its default branch has it.
pub struct Ground<'a> {
    /// The repository, and how to reach it.
    pub repo: &'a RepoRef,
    /// What it is called and who may see it.
    pub home: &'a Repository,
    /// The head of its default branch.
    pub head: &'a Commit,
    /// The head's tree.
    pub tree: &'a GitTree,
    /// What a pull request is put on, and its tree: the head, but in a merge queue, where others stand before it.
    /// What runs, and since when, is never read from here: those have not run anywhere.
    pub onto: (&'a Commit, &'a GitTree),
    /// What the tree says about promotions.
    pub configuration: Configuration,
}

impl<'a> Ground<'a> {
    /// Reads it; or says why there is nothing to stand on.
    pub fn read(facts: &'a Facts, repo: &'a RepoRef) -> Result<Result<Self, Reason>, Gap> {
        let Some(home) = facts.live(repo)? else {
            return Ok(Err(reason::repository_gone()));
        };
        let Some(head) = facts.head(repo, &home.default_branch)? else {
            return Ok(Err(reason::repository_empty()));
        };
        let tree = facts.tree(repo, &head.tree)?;
        let configuration = Configuration::read(facts, repo, &home.name, tree)?;
        Ok(Ok(Self { repo, home, head, tree, onto: (head, tree), configuration }))
    }

    /// The policy, if there is a valid one.
    pub fn policy(&self) -> Option<&Arc<Policy>> {
        match &self.configuration {
            Configuration::Valid(policy, _) => Some(policy),
            Configuration::Absent | Configuration::Invalid(_) => None,
        }
    }
}
