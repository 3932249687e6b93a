//! A folder of files as a value: what a Git tree, a local folder and a test fixture have in common.
//!
//! Paths are relative, `/`-separated, without `.` or `..`; the root is the empty path.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::ids::Sha;

/// What stands at a path of a [`FileTree`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A file and its bytes.
    File(Arc<[u8]>),
    /// A file that is there but has not been read yet: fetch it and ask again.
    Unread,
    /// A folder.
    Folder,
    /// A symbolic link and where it points, as written.
    Link(String),
    /// Nothing.
    Absent,
}

/// Read access to a folder of files; the renderer and the rules see nothing else of the world.
pub trait FileTree {
    /// What stands at `path`.
    fn entry(&self, path: &str) -> Entry;

    /// The paths of all files below `folder` (the empty path for all), sorted.
    fn files_below(&self, folder: &str) -> Vec<String>;
}

/// The kind of a Git tree entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// `100644`
    File,
    /// `100755`
    Executable,
    /// `120000`: the blob holds the target.
    Link,
    /// `160000`: a commit of another repository.
    Submodule,
}

/// A Git tree, flattened: each blob's path, mode and id, without folders of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitTree {
    /// The root tree's id.
    pub sha: Sha,
    /// By path.
    pub entries: BTreeMap<String, (Mode, Sha)>,
}

/// Blobs that have been read, by id.
pub type Blobs = BTreeMap<Sha, Arc<[u8]>>;

/// A [`GitTree`] together with the blobs read so far; what has not been read is [`Entry::Unread`].
#[derive(Debug, Clone, Copy)]
pub struct TreeView<'a> {
    /// The names.
    pub tree: &'a GitTree,
    /// The contents.
    pub blobs: &'a Blobs,
}

impl FileTree for TreeView<'_> {
    fn entry(&self, path: &str) -> Entry {
        match self.tree.entries.get(path) {
            Some((Mode::Submodule, _)) => Entry::Folder,
            Some((mode, sha)) => match (self.blobs.get(sha), mode) {
                (None, _) => Entry::Unread,
                (Some(bytes), Mode::Link) => {
                    Entry::Link(String::from_utf8_lossy(bytes).into_owned())
                }
                (Some(bytes), _) => Entry::File(bytes.clone()),
            },
            None if path.is_empty() || below(&self.tree.entries, path).next().is_some() => {
                Entry::Folder
            }
            None => Entry::Absent,
        }
    }

    fn files_below(&self, folder: &str) -> Vec<String> {
        below(&self.tree.entries, folder).cloned().collect()
    }
}

/// Files held in memory, for tests and for edits that are not committed yet.
impl FileTree for BTreeMap<String, Arc<[u8]>> {
    fn entry(&self, path: &str) -> Entry {
        match self.get(path) {
            Some(bytes) => Entry::File(bytes.clone()),
            None if path.is_empty() || below(self, path).next().is_some() => Entry::Folder,
            None => Entry::Absent,
        }
    }

    fn files_below(&self, folder: &str) -> Vec<String> {
        below(self, folder).cloned().collect()
    }
}

/// The paths below a folder, of a map that is sorted by path.
fn below<'m, V>(
    map: &'m BTreeMap<String, V>,
    folder: &str,
) -> impl Iterator<Item = &'m String> + use<'m, V> {
    let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    map.range(prefix.clone()..)
        .map(|(path, _)| path)
        .take_while(move |path| path.starts_with(&prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_tells_unread_from_absent() {
        let sha = Sha::new("a".repeat(40)).unwrap();
        let tree = GitTree {
            sha: sha.clone(),
            entries: [("a/b.yaml".to_owned(), (Mode::File, sha.clone()))].into(),
        };
        let mut blobs = Blobs::new();
        assert_eq!(TreeView { tree: &tree, blobs: &blobs }.entry("a/b.yaml"), Entry::Unread);
        blobs.insert(sha, Arc::from(*b"x"));
        let view = TreeView { tree: &tree, blobs: &blobs };
        assert_eq!(view.entry("a/b.yaml"), Entry::File(Arc::from(*b"x")));
        assert_eq!(view.entry("a"), Entry::Folder);
        assert_eq!(view.entry("a/b"), Entry::Absent);
        assert_eq!(view.files_below("a"), ["a/b.yaml"]);
    }
}
