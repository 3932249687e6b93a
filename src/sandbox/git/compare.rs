//! How two commits stand to each other: ancestry, the commits between, the files changed.
//! It does not know pull requests.

use std::path::Path;

use git2::{Delta, DiffFindOptions, DiffOptions, Oid, Patch, Sort};

use super::{Commit, Git, Result};

/// How a head stands to a base.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) merge_base: Option<Oid>,
    pub(crate) ahead: usize,
    pub(crate) behind: usize,
}

/// A file that differs between two trees.
#[derive(Clone, Debug)]
pub(crate) struct FileChange {
    pub(crate) path: String,
    /// The path before, where it was renamed.
    pub(crate) previous: Option<String>,
    /// GitHub's word: `added`, `removed`, `modified`, `renamed`, `changed`.
    pub(crate) status: &'static str,
    /// The blob after; before, where it was removed.
    pub(crate) blob: Oid,
    pub(crate) additions: usize,
    pub(crate) deletions: usize,
    /// The hunks; `None` for binary files.
    pub(crate) patch: Option<String>,
}

impl Git {
    /// How `head` stands to `base`.
    pub(crate) fn standing(&self, base: Oid, head: Oid) -> Result<Standing> {
        let (ahead, behind) = self.store.graph_ahead_behind(head, base)?;
        Ok(Standing { merge_base: self.store.merge_base(base, head).ok(), ahead, behind })
    }

    /// Whether `ancestor` is `commit` or comes before it.
    pub(crate) fn contains(&self, commit: Oid, ancestor: Oid) -> bool {
        commit == ancestor || self.store.graph_descendant_of(commit, ancestor).unwrap_or(false)
    }

    /// The commits of `head` that `base` has not, oldest first.
    pub(crate) fn between(&self, base: Oid, head: Oid) -> Result<Vec<Commit>> {
        let mut walk = self.store.revwalk()?;
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::REVERSE)?;
        walk.push(head)?;
        walk.hide(base)?;
        walk.map(|oid| oid.map(|oid| self.commit(oid))).filter_map(Result::transpose).collect()
    }

    /// The history from a commit, newest first; with a path, only what changed it.
    pub(crate) fn history(&self, from: Oid, path: Option<&str>) -> Result<Vec<Commit>> {
        let mut walk = self.store.revwalk()?;
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::TIME)?;
        walk.push(from)?;
        let commits: Vec<Commit> = walk
            .map(|oid| oid.map(|oid| self.commit(oid)))
            .filter_map(Result::transpose)
            .collect::<Result<_>>()?;
        let Some(path) = path else {
            return Ok(commits);
        };
        Ok(commits.into_iter().filter(|commit| self.touches(commit, path)).collect())
    }

    fn touches(&self, commit: &Commit, path: &str) -> bool {
        let at = |tree: Oid| {
            let tree = self.store.find_tree(tree).ok()?;
            let entry = tree.get_path(Path::new(path)).ok()?;
            Some((entry.id(), entry.filemode()))
        };
        let parent = commit.parents.first().and_then(|oid| self.tree_of(*oid));
        at(commit.tree) != parent.and_then(at)
    }

    /// The files that differ from tree to tree; `None` is the empty tree.
    pub(crate) fn changes(&self, from: Option<Oid>, to: Oid) -> Result<Vec<FileChange>> {
        let diff = self.diff(from, to)?;
        let mut found = Vec::new();
        for index in 0..diff.deltas().len() {
            let Some(delta) = diff.get_delta(index) else {
                continue;
            };
            let (old, new) = (delta.old_file(), delta.new_file());
            let (status, file) = match delta.status() {
                Delta::Added => ("added", &new),
                Delta::Deleted => ("removed", &old),
                Delta::Renamed => ("renamed", &new),
                Delta::Typechange => ("changed", &new),
                _ => ("modified", &new),
            };
            let mut patch = Patch::from_diff(&diff, index)?;
            let (additions, deletions) = match &patch {
                Some(patch) => patch.line_stats().map(|(_, added, removed)| (added, removed))?,
                None => (0, 0),
            };
            found.push(FileChange {
                path: name(file.path_bytes()),
                previous: (status == "renamed").then(|| name(old.path_bytes())),
                status,
                blob: file.id(),
                additions,
                deletions,
                patch: match &mut patch {
                    Some(patch) => hunks(&String::from_utf8_lossy(&patch.to_buf()?)),
                    None => None,
                },
            });
        }
        Ok(found)
    }

    /// The difference of two trees as one text, as `git diff` writes it.
    pub(crate) fn diff_text(&self, from: Option<Oid>, to: Oid) -> Result<String> {
        let diff = self.diff(from, to)?;
        let mut text = String::new();
        for index in 0..diff.deltas().len() {
            if let Some(mut patch) = Patch::from_diff(&diff, index)? {
                text.push_str(&String::from_utf8_lossy(&patch.to_buf()?));
            }
        }
        Ok(text)
    }

    fn diff(&self, from: Option<Oid>, to: Oid) -> Result<git2::Diff<'_>> {
        let from = from.map(|oid| self.store.find_tree(oid)).transpose()?;
        let to = self.store.find_tree(to)?;
        let mut options = DiffOptions::new();
        options.include_typechange(true);
        let mut diff =
            self.store.diff_tree_to_tree(from.as_ref(), Some(&to), Some(&mut options))?;
        diff.find_similar(Some(DiffFindOptions::new().renames(true)))?;
        Ok(diff)
    }
}

/// The part of a patch from the first hunk on.
fn hunks(patch: &str) -> Option<String> {
    let start = if patch.starts_with("@@") { 0 } else { patch.find("\n@@")? + 1 };
    Some(patch[start..].trim_end_matches('\n').to_owned())
}

fn name(bytes: Option<&[u8]>) -> String {
    String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
}
