//! What is read of a repository's Git data: refs, commits, trees, blobs, and how commits relate.
//!
//! It does not know of pull requests. What has an id is remembered by it.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::fault::Fault;
use crate::github::Repo;
use crate::github::text::{escape_path, escape_query, is_ref_name};
use crate::github::wire::{
    AnnotatedTag, Blob, NamedTag, Ref, TreeEntry, WireCommit, WireComparison, WireRelease,
    WireRepository, WireTree,
};
use crate::model::files::{GitTree, Mode};
use crate::model::ids::{RepoId, Sha};
use crate::model::read::{Commit, Comparison, Release, Repository};

/// So many commits of a comparison are listed where they are judged one by one.
const COMPARED: usize = 250;
/// And so many where it is only about who wrote them.
const BROUGHT: usize = 1_000;
/// How many calls a tree too large for one answer may take.
const SUBTREES: usize = 500;
/// How many tags may point to each other.
const TAG_DEPTH: usize = 5;

impl Repo {
    /// The repository itself.
    pub async fn repository(&self) -> Result<Option<Repository>, Fault> {
        let found: Option<WireRepository> = self.line.find(&self.path("")).await?;
        Ok(found.map(WireRepository::into_repository))
    }

    /// The commit that a branch points to.
    pub async fn head(&self, branch: &str) -> Result<Option<Sha>, Fault> {
        Ok(self.find_ref("heads", branch).await?.map(|r| r.object.sha))
    }

    /// The commit at the head of a branch, with all that is told of it: one request.
    pub async fn head_commit(&self, branch: &str) -> Result<Option<Commit>, Fault> {
        if !is_ref_name(branch) {
            return Ok(None);
        }
        let path = self.path(format_args!("/commits/heads/{}?per_page=1", escape_path(branch)));
        let found: Option<WireCommit> = self.line.find(&path).await?;
        Ok(found.map(|found| self.keep(found)))
    }

    /// The newest hundred commits that touch a path, newest first, looking back from a commit or a branch.
    pub async fn commits_of(&self, path: &str, from: &str) -> Result<Vec<Commit>, Fault> {
        let (path, from) = (escape_query(path), escape_query(from));
        let path = self.path(format_args!("/commits?path={path}&sha={from}&per_page=100"));
        let found: Vec<WireCommit> = self.line.read(&path).await?;
        Ok(found.into_iter().map(|found| self.keep(found)).collect())
    }

    /// The same looking back from a commit: what led to it never changes.
    pub async fn history(&self, path: &str, from: &Sha) -> Result<Vec<Commit>, Fault> {
        let histories = &self.line.github.0.memory.histories;
        let key = (self.repo.id, from.clone(), path.to_owned());
        if let Some(known) = histories.get(&key) {
            return Ok(known);
        }
        let found = self.commits_of(path, from.as_str()).await?;
        let size = found.iter().map(|commit| commit.message.len() + 500).sum();
        histories.put(key, found.clone(), size);
        Ok(found)
    }

    /// The commit that a tag points to, through annotated tags.
    pub async fn tag(&self, name: &str) -> Result<Option<Sha>, Fault> {
        let Some(found) = self.find_ref("tags", name).await? else {
            return Ok(None);
        };
        let mut object = found.object;
        for _ in 0..TAG_DEPTH {
            match object.kind.as_str() {
                "commit" => return Ok(Some(object.sha)),
                "tag" => {
                    let path = self.path(format_args!("/git/tags/{}", object.sha));
                    let tag: AnnotatedTag = self.line.read_fixed(&path).await?;
                    object = tag.object;
                }
                _ => break,
            }
        }
        Ok(None)
    }

    /// All tags with their commits, in GitHub's order.
    pub async fn tags(&self) -> Result<Vec<(String, Sha)>, Fault> {
        let read = |page: Vec<NamedTag>| {
            let tags = page.into_iter();
            tags.map(|t| (t.name, t.commit.sha)).collect()
        };
        let path = self.path("/tags?per_page=100");
        self.line.pages(&path, read, |_| false).await
    }

    /// The branches whose names begin with `prefix`, and what they point to.
    pub async fn branches_below(&self, prefix: &str) -> Result<Vec<(String, Sha)>, Fault> {
        let read = |page: Vec<Ref>| {
            let refs = page.into_iter();
            refs.filter_map(|r| {
                let name = r.name.strip_prefix("refs/heads/")?.to_owned();
                Some((name, r.object.sha))
            })
            .collect()
        };
        let prefix = escape_path(prefix);
        let path = self.path(format_args!("/git/matching-refs/heads/{prefix}"));
        self.line.pages(&path, read, |_| false).await
    }

    /// A commit, with the account that GitHub found for its author.
    pub async fn commit(&self, sha: &Sha) -> Result<Commit, Fault> {
        let commits = &self.line.github.0.memory.commits;
        let key = (self.repo.id, sha.clone());
        if let Some(known) = commits.get(&key) {
            return Ok(known);
        }
        // this route tells the author's account, the one under `git` does not; its files are not wanted
        let path = self.path(format_args!("/commits/{sha}?per_page=1"));
        let found: WireCommit = self.line.read_fixed(&path).await?;
        Ok(self.keep(found))
    }

    /// The whole tree with that id, however large.
    pub async fn tree(&self, sha: &Sha) -> Result<Arc<GitTree>, Fault> {
        let trees = &self.line.github.0.memory.trees;
        let key = (self.repo.id, sha.clone());
        if let Some(known) = trees.get(&key) {
            return Ok(known);
        }
        let entries = self.walk(sha).await?;
        let size = entries.keys().map(|path| path.len() + 120).sum();
        let tree = Arc::new(GitTree { sha: sha.clone(), entries });
        trees.put(key, tree.clone(), size);
        Ok(tree)
    }

    /// A file's content by its id.
    pub async fn blob(&self, sha: &Sha) -> Result<Arc<[u8]>, Fault> {
        let blobs = &self.line.github.0.memory.blobs;
        let key: (RepoId, Sha) = (self.repo.id, sha.clone());
        if let Some(known) = blobs.get(&key) {
            return Ok(known);
        }
        let path = self.path(format_args!("/git/blobs/{sha}"));
        let found: Blob = self.line.read_fixed(&path).await?;
        let bytes: Arc<[u8]> = content(found)
            .ok_or_else(|| Fault::Broken(format!("GET {path}: the content cannot be decoded")))?
            .into();
        blobs.put(key, bytes.clone(), bytes.len());
        Ok(bytes)
    }

    /// How `head` differs from `base`: where they parted, and what `head` has more. Between two commits that
    /// never changes.
    pub async fn compare(&self, base: &Sha, head: &Sha) -> Result<Comparison, Fault> {
        self.compare_up_to(base, head, COMPARED).await
    }

    /// The same, with more of the commits that `head` has and `base` has not.
    pub async fn brought(&self, base: &Sha, head: &Sha) -> Result<Comparison, Fault> {
        self.compare_up_to(base, head, BROUGHT).await
    }

    /// The same, if it is remembered.
    pub(in crate::github) fn compared(&self, base: &Sha, head: &Sha) -> Option<Comparison> {
        let key = (self.repo.id, base.clone(), head.clone(), COMPARED);
        self.line.github.0.memory.comparisons.get(&key)
    }

    async fn compare_up_to(
        &self,
        base: &Sha,
        head: &Sha,
        most: usize,
    ) -> Result<Comparison, Fault> {
        let comparisons = &self.line.github.0.memory.comparisons;
        let key = (self.repo.id, base.clone(), head.clone(), most);
        if let Some(known) = comparisons.get(&key) {
            return Ok(known);
        }
        let path = self.path(format_args!("/compare/{base}...{head}?per_page=100"));
        let mut first: Option<(Commit, u64)> = None;
        let read = |page: WireComparison| {
            first.get_or_insert((page.merge_base_commit.into_commit(), page.total_commits));
            let commits = page.commits.into_iter();
            commits.map(WireCommit::into_commit).collect()
        };
        let mut commits = self.line.pages(&path, read, |all: &[Commit]| all.len() >= most).await?;
        commits.truncate(most);
        let (merge_base, total_commits) =
            first.ok_or_else(|| Fault::Broken(format!("GET {path}: no page at all")))?;
        let size = commits.iter().map(|commit| commit.message.len() + 500).sum();
        let comparison = Comparison { merge_base, commits, total_commits };
        comparisons.put(key, comparison.clone(), size);
        Ok(comparison)
    }

    /// The published release of a tag.
    pub async fn release_by_tag(&self, tag: &str) -> Result<Option<Release>, Fault> {
        if !is_ref_name(tag) {
            return Ok(None);
        }
        let path = self.path(format_args!("/releases/tags/{}", escape_path(tag)));
        let found: Option<WireRelease> = self.line.find(&path).await?;
        Ok(found.map(WireRelease::into_release))
    }

    /// The newest hundred releases.
    pub async fn releases(&self) -> Result<Vec<Release>, Fault> {
        let path = self.path("/releases?per_page=100");
        let found: Vec<WireRelease> = self.line.read(&path).await?;
        let found = found.into_iter();
        Ok(found.map(WireRelease::into_release).collect())
    }

    fn keep(&self, found: WireCommit) -> Commit {
        let commit = found.into_commit();
        let key = (self.repo.id, commit.sha.clone());
        self.line.github.0.memory.commits.put(key, commit.clone(), commit.message.len());
        commit
    }

    async fn find_ref(&self, kind: &str, name: &str) -> Result<Option<Ref>, Fault> {
        if !is_ref_name(name) {
            return Ok(None); // Git would not have it either
        }
        let path = self.path(format_args!("/git/ref/{kind}/{}", escape_path(name)));
        self.line.find(&path).await
    }

    /// A tree too large for one answer is read folder by folder.
    async fn walk(&self, root: &Sha) -> Result<BTreeMap<String, (Mode, Sha)>, Fault> {
        let mut entries = BTreeMap::new();
        let mut open = vec![(String::new(), root.clone())];
        let mut calls = 0;
        while let Some((folder, sha)) = open.pop() {
            calls += 1;
            if calls > SUBTREES {
                return Err(Fault::Denied(format!(
                    "the tree {root} of {} is too large to read",
                    self.repo.name
                )));
            }
            let path = self.path(format_args!("/git/trees/{sha}"));
            let whole: WireTree = self.line.read_fixed(&format!("{path}?recursive=1")).await?;
            if !whole.truncated {
                insert(&mut entries, &folder, whole.tree, &mut None);
                continue;
            }
            let level: WireTree = self.line.read_fixed(&path).await?;
            if level.truncated {
                let name = &self.repo.name;
                return Err(Fault::Denied(format!(
                    "{name}: the folder {folder:?} has too many entries for GitHub to list"
                )));
            }
            insert(&mut entries, &folder, level.tree, &mut Some(&mut open));
        }
        Ok(entries)
    }
}

/// Adds what stands in a folder; folders themselves are noted in `open` where somebody will go there.
fn insert(
    entries: &mut BTreeMap<String, (Mode, Sha)>,
    folder: &str,
    tree: Vec<TreeEntry>,
    open: &mut Option<&mut Vec<(String, Sha)>>,
) {
    for entry in tree {
        let path = if folder.is_empty() { entry.path } else { format!("{folder}/{}", entry.path) };
        let mode = match entry.mode.as_str() {
            "040000" => {
                if let Some(open) = open {
                    open.push((path, entry.sha));
                }
                continue;
            }
            "100755" => Mode::Executable,
            "120000" => Mode::Link,
            "160000" => Mode::Submodule,
            _ => Mode::File, // old tools also wrote 100664
        };
        entries.insert(path, (mode, entry.sha));
    }
}

fn content(blob: Blob) -> Option<Vec<u8>> {
    match blob.encoding.as_str() {
        "utf-8" => Some(blob.content.into_bytes()),
        "base64" => {
            let packed: Vec<u8> = blob
                .content
                .into_bytes()
                .into_iter()
                .filter(|b| !b.is_ascii_whitespace())
                .collect();
            STANDARD.decode(packed).ok()
        }
        _ => None,
    }
}
