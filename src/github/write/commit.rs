//! Commits of ours, made from a tree and some files: on branches that are there, and for new ones.
//!
//! It does not know what the files mean.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::github::Repo;
use crate::github::answer;
use crate::github::pace::Cost;
use crate::github::text::is_ref_name;
use crate::github::wire::Pointer;
use crate::model::files::{GitTree, Mode};
use crate::model::ids::Sha;
use crate::model::read::Commit;
use crate::model::write::{FileChange, NewCommit};

impl Repo {
    /// Sees to it that the branch's head is this commit of ours; gives the head.
    ///
    /// A branch that points neither there nor where it has to point now is stale. Where its present head is
    /// not among the parents, commits are thrown away: that the branch has not moved is then looked up once
    /// more just before, because GitHub itself compares nothing.
    pub async fn ensure_commit(&self, new: &NewCommit) -> Result<Sha, Fault> {
        let name = &new.branch;
        if !is_ref_name(name) {
            return Err(Fault::Broken(format!("{name:?} cannot be the name of a branch")));
        }
        let Some(head) = self.head_commit(name).await? else {
            return Err(Fault::Stale(format!("branch {name} is gone")));
        };
        if self.is_wanted(new, &head).await? {
            return Ok(head.sha);
        }
        let moved = |to: &str| Err(Fault::Stale(format!("branch {name} has moved to {to}")));
        if head.sha != new.at {
            return moved(head.sha.as_str());
        }
        let commit =
            self.make_commit(&new.base_tree, &new.files, &new.message, &new.parents).await?;
        let force = !new.parents.contains(&new.at);
        if force {
            match self.head(name).await? {
                Some(head) if head == new.at => {}
                Some(head) => return moved(head.as_str()),
                None => return moved("nowhere"),
            }
        }
        let (asked, raw) = self.move_branch(name, &commit, force).await?;
        if raw.status.is_success() { Ok(commit) } else { Err(answer::fault(&asked, &raw)) }
    }

    /// Author and committer are left out: then GitHub names our bot and signs.
    pub(in crate::github) async fn make_commit(
        &self,
        base_tree: &Sha,
        files: &[FileChange],
        message: &str,
        parents: &[Sha],
    ) -> Result<Sha, Fault> {
        let tree = if files.is_empty() {
            base_tree.clone()
        } else {
            self.make_tree(base_tree, files).await?
        };
        let commit = json!({"message": message, "tree": tree, "parents": parents});
        self.make("/git/commits", &commit).await
    }

    async fn is_wanted(&self, new: &NewCommit, head: &Commit) -> Result<bool, Fault> {
        let us = self.line.github.identity().await?;
        let said = head.message.trim_end() == new.message.trim_end();
        if !us.made(head) || !said || head.parents != new.parents {
            return Ok(false);
        }
        let (base, tree) = (self.tree(&new.base_tree).await?, self.tree(&head.tree).await?);
        let others = |tree: &GitTree| {
            let mut entries = tree.entries.clone();
            entries.retain(|path, _| !new.files.iter().any(|file| file.path == *path));
            entries
        };
        Ok(others(&base) == others(&tree) && self.holds(&tree, &new.files).await?)
    }

    async fn make_tree(&self, base_tree: &Sha, files: &[FileChange]) -> Result<Sha, Fault> {
        let base = self.tree(base_tree).await?;
        let mut entries = Vec::with_capacity(files.len());
        for file in files {
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
        let tree = json!({"base_tree": base_tree, "tree": entries});
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
