//! Branches with one commit of ours on them: made, recognised, deleted.
//!
//! It does not know what the files mean, and never moves a branch.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::github::Repo;
use crate::github::answer;
use crate::github::pace::Cost;
use crate::github::text::{escape_path, is_ref_name};
use crate::github::wire::Pointer;
use crate::model::files::Mode;
use crate::model::ids::Sha;
use crate::model::write::{FileChange, NewBranch};

/// What became of a wanted branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BranchOutcome {
    /// It was made now; this is its head.
    Made(Sha),
    /// It was there already, by us, with these files and this message.
    Ours(Sha),
    /// Something else stands there: another name has to be used.
    Taken(Sha),
}

impl Repo {
    /// Sees to it that the branch exists with one commit of ours, which GitHub signs.
    ///
    /// What makes it ours is the commit's author (our bot, verified), its message and the content of
    /// the files; not its id, which differs each time, nor its parent, which may have moved on.
    pub async fn ensure_branch(&self, new: &NewBranch) -> Result<BranchOutcome, Fault> {
        if !is_ref_name(&new.branch) {
            return Err(Fault::Broken(format!("{:?} cannot be the name of a branch", new.branch)));
        }
        if let Some(head) = self.head(&new.branch).await? {
            return self.judge_branch(new, head).await;
        }
        let commit = self.make_commit(new).await?;
        let reference = json!({"ref": format!("refs/heads/{}", new.branch), "sha": commit});
        let path = self.path("/git/refs");
        let (asked, raw) =
            self.line.try_write(Method::POST, &path, Some(&reference), Cost::Write).await?;
        if raw.status.is_success() {
            return Ok(BranchOutcome::Made(commit));
        }
        // making a ref fails if it exists: somebody was quicker, perhaps an earlier self
        let fault = answer::fault(&asked, &raw);
        match self.head(&new.branch).await? {
            Some(head) if raw.status.is_client_error() => self.judge_branch(new, head).await,
            _ => Err(fault),
        }
    }

    /// Deletes a branch if it still points to `at`; tells whether it is gone. Whether it is ours to
    /// delete is the caller's to know.
    pub async fn delete_branch(&self, branch: &str, at: &Sha) -> Result<bool, Fault> {
        match self.head(branch).await? {
            None => return Ok(true),
            Some(head) if head != *at => return Ok(false),
            Some(_) => {}
        }
        let path = self.path(format_args!("/git/refs/heads/{}", escape_path(branch)));
        let (asked, raw) = self.line.try_write(Method::DELETE, &path, None, Cost::Write).await?;
        if raw.status.is_success() {
            return Ok(true);
        }
        match answer::fault(&asked, &raw) {
            Fault::Stale(_) | Fault::Denied(_) if self.head(branch).await?.is_none() => Ok(true),
            fault => Err(fault),
        }
    }

    async fn judge_branch(&self, new: &NewBranch, head: Sha) -> Result<BranchOutcome, Fault> {
        let us = self.line.github.identity().await?;
        let commit = self.commit(&head).await?;
        let by_us = us.made(&commit);
        if !by_us || commit.message.trim_end() != new.message.trim_end() {
            return Ok(BranchOutcome::Taken(head));
        }
        let tree = self.tree(&commit.tree).await?;
        for file in &new.files {
            let same = match tree.entries.get(&file.path) {
                Some((Mode::File | Mode::Executable | Mode::Link, blob)) => {
                    *self.blob(blob).await? == *file.content
                }
                _ => false,
            };
            if !same {
                return Ok(BranchOutcome::Taken(head));
            }
        }
        Ok(BranchOutcome::Ours(head))
    }

    /// Author and committer are left out: then GitHub names our bot and signs.
    async fn make_commit(&self, new: &NewBranch) -> Result<Sha, Fault> {
        let tree = self.make_tree(new).await?;
        let commit = json!({"message": new.message, "tree": tree, "parents": [new.parent]});
        self.make("/git/commits", &commit).await
    }

    async fn make_tree(&self, new: &NewBranch) -> Result<Sha, Fault> {
        let base = self.tree(&new.base_tree).await?;
        let mut entries = Vec::with_capacity(new.files.len());
        for file in &new.files {
            let mode = match base.entries.get(&file.path) {
                Some((Mode::Executable, _)) => "100755",
                Some((Mode::Link, _)) => "120000",
                Some((Mode::Submodule, _)) => {
                    return Err(Fault::Broken(format!("{} is a submodule", file.path)));
                }
                Some((Mode::File, _)) | None => "100644",
            };
            entries.push(self.tree_entry(file, mode).await?);
        }
        let tree = json!({"base_tree": new.base_tree, "tree": entries});
        self.make("/git/trees", &tree).await
    }

    /// Text travels within the tree; anything else needs a blob of its own.
    async fn tree_entry(&self, file: &FileChange, mode: &str) -> Result<Value, Fault> {
        let (path, kind) = (&file.path, "blob");
        if let Ok(text) = std::str::from_utf8(&file.content) {
            return Ok(json!({"path": path, "mode": mode, "type": kind, "content": text}));
        }
        let content = STANDARD.encode(&file.content);
        let blob = json!({"content": content, "encoding": "base64"});
        let sha = self.make("/git/blobs", &blob).await?;
        Ok(json!({"path": path, "mode": mode, "type": kind, "sha": sha}))
    }

    async fn make(&self, route: &str, body: &Value) -> Result<Sha, Fault> {
        let path = self.path(route);
        let made: Pointer = self.line.write_for(Method::POST, &path, body, Cost::Write).await?;
        Ok(made.sha)
    }
}
