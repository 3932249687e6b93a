//! Branches with one commit of ours on them: claimed, recognised, deleted.
//!
//! It does not know what the files mean, and leaves alone what somebody else put there.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Method, StatusCode};
use serde_json::json;

use crate::fault::Fault;
use crate::github::Repo;
use crate::github::answer::{self, Asked};
use crate::github::pace::Cost;
use crate::github::text::{escape_path, is_ref_name};
use crate::github::transport::Raw;
use crate::github::wire::WireWritten;
use crate::model::files::{GitTree, Mode};
use crate::model::ids::Sha;
use crate::model::read::Commit;
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

/// How the commit gets onto the branch.
enum Way<'a> {
    /// One plain file is written onto the claimed branch by a single request, which makes the commit.
    File { file: &'a FileChange, replaces: Option<Sha> },
    /// The commit is made beforehand, and the branch claimed with it.
    Commit(Sha),
}

impl Repo {
    /// Sees to it that the branch exists with one commit of ours, which GitHub signs.
    ///
    /// The name is claimed first, since making a ref fails where there is one: of several who try, one goes
    /// on, and the others look at what stands there. A branch that was claimed and got no commit, because
    /// somebody's process ended in between, is gone on with. What makes it ours is the commit's author (our
    /// bot, verified), its message and the content of the files; not its id, which differs each time, nor
    /// its parent, which may have moved on.
    pub async fn ensure_branch(&self, new: &NewBranch) -> Result<BranchOutcome, Fault> {
        if !is_ref_name(&new.branch) {
            return Err(Fault::Broken(format!("{:?} cannot be the name of a branch", new.branch)));
        }
        let base = self.tree(&new.base_tree).await?;
        let way = match plain_file(&base, &new.files) {
            Some((file, replaces)) => Way::File { file, replaces },
            None => {
                let parents = std::slice::from_ref(&new.parent);
                Way::Commit(
                    self.make_commit(&new.base_tree, &new.files, &new.message, parents).await?,
                )
            }
        };
        let start = match &way {
            Way::File { .. } => &new.parent,
            Way::Commit(commit) => commit,
        };
        let reference = json!({"ref": format!("refs/heads/{}", new.branch), "sha": start});
        let path = self.path("/git/refs");
        let (asked, raw) =
            self.line.try_write(Method::POST, &path, Some(&reference), Cost::Write).await?;
        if raw.status.is_success() {
            return self.finish(new, &way, start).await;
        }
        let fault = answer::fault(&asked, &raw);
        if !raw.status.is_client_error() {
            return Err(fault);
        }
        let Some(head) = self.head_commit(&new.branch).await? else {
            return Err(fault);
        };
        if self.is_ours(new, &head).await? {
            return Ok(BranchOutcome::Ours(head.sha));
        }
        if !self.has_nothing_beside(&new.parent, &head.sha).await? {
            return Ok(BranchOutcome::Taken(head.sha));
        }
        if head.sha != *start {
            let (asked, raw) = self.move_branch(&new.branch, start, false).await?;
            if !raw.status.is_success() {
                return self.look_again(new, start, &asked, &raw).await;
            }
        }
        self.finish(new, &way, start).await
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

    /// Points a branch elsewhere; without `force` only where no commit is lost by it.
    pub(in crate::github) async fn move_branch(
        &self,
        branch: &str,
        to: &Sha,
        force: bool,
    ) -> Result<(Asked, Raw), Fault> {
        let path = self.path(format_args!("/git/refs/heads/{}", escape_path(branch)));
        let moved = json!({"sha": to, "force": force});
        self.line.try_write(Method::PATCH, &path, Some(&moved), Cost::Write).await
    }

    /// The branch is claimed and points at `start`: what is lacking is put on it.
    async fn finish(
        &self,
        new: &NewBranch,
        way: &Way<'_>,
        start: &Sha,
    ) -> Result<BranchOutcome, Fault> {
        let (file, replaces) = match way {
            Way::Commit(commit) => return Ok(BranchOutcome::Made(commit.clone())),
            Way::File { file, replaces } => (file, replaces),
        };
        // author and committer are left out: then GitHub names our bot and signs
        let mut wanted = json!({
            "branch": new.branch,
            "message": new.message,
            "content": STANDARD.encode(&file.content),
        });
        if let Some(replaces) = replaces {
            wanted["sha"] = json!(replaces);
        }
        let path = self.path(format_args!("/contents/{}", escape_path(&file.path)));
        let mut second = false;
        loop {
            let (asked, raw) =
                self.line.try_write(Method::PUT, &path, Some(&wanted), Cost::Write).await?;
            if raw.status.is_success() {
                let WireWritten { commit } = answer::parse(&asked, &raw)?;
                // only the file is compared by GitHub: a commit that somebody put there meanwhile is built upon
                let only_ours = commit.parents.iter().map(|parent| &parent.sha).eq([start]);
                let outcome = if only_ours { BranchOutcome::Made } else { BranchOutcome::Taken };
                return Ok(outcome(commit.sha));
            }
            match self.look_again(new, start, &asked, &raw).await {
                // a ref that was made a moment ago may not be known everywhere yet
                Err(_) if raw.status == StatusCode::NOT_FOUND && !second => second = true,
                settled => return settled,
            }
        }
    }

    /// What was refused may have been done by somebody quicker, perhaps an earlier self.
    async fn look_again(
        &self,
        new: &NewBranch,
        start: &Sha,
        asked: &Asked,
        raw: &Raw,
    ) -> Result<BranchOutcome, Fault> {
        let fault = answer::fault(asked, raw);
        if !raw.status.is_client_error() {
            return Err(fault);
        }
        match self.head_commit(&new.branch).await? {
            Some(head) if self.is_ours(new, &head).await? => Ok(BranchOutcome::Ours(head.sha)),
            Some(head) if head.sha != *start && head.sha != new.parent => {
                Ok(BranchOutcome::Taken(head.sha))
            }
            _ => Err(fault),
        }
    }

    async fn is_ours(&self, new: &NewBranch, head: &Commit) -> Result<bool, Fault> {
        let us = self.line.github.identity().await?;
        if !us.made(head) || head.message.trim_end() != new.message.trim_end() {
            return Ok(false);
        }
        let tree = self.tree(&head.tree).await?;
        self.holds(&tree, &new.files).await
    }

    /// Whether a tree has these files with this content.
    pub(in crate::github) async fn holds(
        &self,
        tree: &GitTree,
        files: &[FileChange],
    ) -> Result<bool, Fault> {
        for file in files {
            let same = match tree.entries.get(&file.path) {
                Some((Mode::File | Mode::Executable | Mode::Link, blob)) => {
                    *self.blob(blob).await? == *file.content
                }
                _ => false,
            };
            if !same {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether `head` has no commit that `base` has not.
    async fn has_nothing_beside(&self, base: &Sha, head: &Sha) -> Result<bool, Fault> {
        if head == base {
            return Ok(true);
        }
        match self.compare(base, head).await {
            Ok(compared) => Ok(compared.total_commits == 0),
            Err(Fault::Denied(_)) => Ok(false), // they have no history in common
            Err(fault) => Err(fault),
        }
    }
}

/// The one file that is changed, and the blob that it replaces, where a single request can carry it: that
/// request knows plain files only.
fn plain_file<'a>(
    base: &GitTree,
    files: &'a [FileChange],
) -> Option<(&'a FileChange, Option<Sha>)> {
    let [file] = files else {
        return None;
    };
    match base.entries.get(&file.path) {
        None => Some((file, None)),
        Some((Mode::File, blob)) => Some((file, Some(blob.clone()))),
        Some((Mode::Executable | Mode::Link | Mode::Submodule, _)) => None,
    }
}
