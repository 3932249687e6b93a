//! Knows how to show a local clone as GitHub shows a repository: commits, trees, files, and the history of a folder.
//!
//! It only reads, asks nobody over the network, and runs nothing that the clone configures.

use std::path::Path;
use std::sync::Arc;

use git2::{ObjectType, Oid, Repository, TreeWalkMode, TreeWalkResult};

use crate::model::files::{GitTree, Mode};
use crate::model::ids::Sha;
use crate::model::read::Commit;

/// So many commits are listed of one folder.
const MOST_LISTED: usize = 500;

/// A clone on this machine.
pub struct LocalGit(Repository);

impl LocalGit {
    /// The clone that a folder belongs to.
    ///
    /// # Errors
    /// What Git says, where there is none.
    pub fn open(folder: &Path) -> Result<Self, String> {
        Repository::discover(folder).map(Self).map_err(|error| told(&error))
    }

    /// Whether the history was cut off when it was cloned.
    pub fn is_shallow(&self) -> bool {
        self.0.is_shallow()
    }

    /// The commit that is checked out.
    ///
    /// # Errors
    /// What Git says, where there is none.
    pub fn head(&self) -> Result<Commit, String> {
        let head = self.0.head().and_then(|head| head.peel_to_commit());
        read(&head.map_err(|error| told(&error))?)
    }

    /// A commit.
    ///
    /// # Errors
    /// What Git says, where it is not there.
    pub fn commit(&self, sha: &Sha) -> Result<Commit, String> {
        read(&self.found(sha)?)
    }

    /// A tree, whole.
    ///
    /// # Errors
    /// What Git says, where it is not there.
    pub fn tree(&self, sha: &Sha) -> Result<GitTree, String> {
        let tree = self.0.find_tree(oid(sha)?).map_err(|error| told(&error))?;
        let mut found = GitTree { sha: sha.clone(), entries: Default::default() };
        let walked = tree.walk(TreeWalkMode::PreOrder, |folder, entry| {
            let mode = match entry.filemode() {
                0o100_755 => Mode::Executable,
                0o120_000 => Mode::Link,
                0o160_000 => Mode::Submodule,
                _ => Mode::File,
            };
            // What no path of ours can name is none of ours.
            if entry.kind() != Some(ObjectType::Tree)
                && let (Ok(name), Ok(sha)) = (entry.name(), Sha::new(entry.id().to_string()))
            {
                found.entries.insert(format!("{folder}{name}"), (mode, sha));
            }
            TreeWalkResult::Ok
        });
        walked.map_err(|error| told(&error))?;
        Ok(found)
    }

    /// The content of a blob.
    ///
    /// # Errors
    /// What Git says, where it is not there.
    pub fn blob(&self, sha: &Sha) -> Result<Arc<[u8]>, String> {
        let blob = self.0.find_blob(oid(sha)?).map_err(|error| told(&error))?;
        Ok(Arc::from(blob.content()))
    }

    /// The commits that changed what is below a folder, newest first, each as it came into the branch: what a merged
    /// branch had in between ran nowhere.
    ///
    /// # Errors
    /// What Git says, where something is missing before the history's beginning.
    pub fn history(&self, from: &Sha, folder: &str) -> Result<Vec<Commit>, String> {
        let mut listed = Vec::new();
        let mut next = Some(self.found(from)?);
        while let Some(commit) = next
            && listed.len() < MOST_LISTED
        {
            // Of a shallow clone the last commit names a parent that is not there.
            let parent = commit.parent(0).ok();
            let before = parent.as_ref().map(|parent| below(parent, folder)).transpose()?;
            if below(&commit, folder)? != before.flatten() {
                listed.push(read(&commit)?);
            }
            next = parent;
        }
        Ok(listed)
    }

    fn found(&self, sha: &Sha) -> Result<git2::Commit<'_>, String> {
        self.0.find_commit(oid(sha)?).map_err(|error| told(&error))
    }
}

/// What stands at a path, by its id.
fn below(commit: &git2::Commit<'_>, folder: &str) -> Result<Option<Oid>, String> {
    let tree = commit.tree().map_err(|error| told(&error))?;
    if folder.is_empty() {
        return Ok(Some(tree.id()));
    }
    Ok(tree.get_path(Path::new(folder)).ok().map(|entry| entry.id()))
}

fn read(commit: &git2::Commit<'_>) -> Result<Commit, String> {
    let sha = |oid: Oid| Sha::new(oid.to_string()).map_err(|error| error.to_string());
    Ok(Commit {
        sha: sha(commit.id())?,
        tree: sha(commit.tree_id())?,
        parents: commit.parent_ids().map(sha).collect::<Result<_, _>>()?,
        message: String::from_utf8_lossy(commit.message_bytes()).into_owned(),
        author: None,
        committer: None,
        verified: false,
    })
}

fn oid(sha: &Sha) -> Result<Oid, String> {
    Oid::from_str(sha.as_str()).map_err(|error| told(&error))
}

fn told(error: &git2::Error) -> String {
    error.message().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(repository: &Repository, files: &[(&str, &str)], parents: &[Oid]) -> Oid {
        let mut index = git2::Index::new().unwrap();
        let entry = |path: &str, text: &str| git2::IndexEntry {
            ctime: git2::IndexTime::new(0, 0),
            mtime: git2::IndexTime::new(0, 0),
            dev: 0,
            ino: 0,
            mode: 0o100_644,
            uid: 0,
            gid: 0,
            file_size: 0,
            id: repository.blob(text.as_bytes()).unwrap(),
            flags: 0,
            flags_extended: 0,
            path: path.as_bytes().to_vec(),
        };
        for (path, text) in files {
            index.add(&entry(path, text)).unwrap();
        }
        let tree = repository.find_tree(index.write_tree_to(repository).unwrap()).unwrap();
        let who = git2::Signature::new("Ada", "ada@acme.test", &git2::Time::new(1, 0)).unwrap();
        let parents: Vec<git2::Commit<'_>> =
            parents.iter().map(|parent| repository.find_commit(*parent).unwrap()).collect();
        let parents: Vec<&git2::Commit<'_>> = parents.iter().collect();
        repository.commit(Some("HEAD"), &who, &who, "change", &tree, &parents).unwrap()
    }

    #[test]
    fn a_clone_is_shown_as_github_would() {
        let folder = tempfile::tempdir().unwrap();
        let made = Repository::init(folder.path()).unwrap();
        let first = commit(&made, &[("a/x", "1"), ("b", "1")], &[]);
        let second = commit(&made, &[("a/x", "1"), ("b", "2")], &[first]);
        let third = commit(&made, &[("a/x", "2"), ("b", "2")], &[second]);
        let git = LocalGit::open(folder.path()).unwrap();
        let head = git.head().unwrap();
        assert_eq!(head.sha.as_str(), third.to_string());
        let shas = |folder: &str| -> Vec<String> {
            let all = git.history(&head.sha, folder).unwrap().into_iter();
            all.map(|commit| commit.sha.to_string()).collect()
        };
        assert_eq!(shas("a"), [third.to_string(), first.to_string()]);
        assert_eq!(shas("b"), [second.to_string(), first.to_string()]);
        assert_eq!(shas("").len(), 3);
        let tree = git.tree(&head.tree).unwrap();
        assert_eq!(tree.entries.keys().collect::<Vec<_>>(), ["a/x", "b"]);
        assert_eq!(&*git.blob(&tree.entries["a/x"].1).unwrap(), b"2");
        assert!(git.commit(&Sha::new("0".repeat(40)).unwrap()).is_err());
        assert!(!git.is_shallow());
    }
}
