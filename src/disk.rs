//! Knows how to show a local folder as a tree of files, for the command line.
//!
//! It knows nothing of Kustomize, and it never shows anything outside of the folder.
#![expect(clippy::disallowed_methods, reason = "this is the door to local files")]

use std::cell::RefCell;
use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::model::files::{Entry, FileTree};

/// The largest file that is read; anything larger is refused by all who parse.
const MAX_FILE: u64 = 32 << 20;

/// A folder and all below it. Symbolic links are shown as links and never followed, so that what lies
/// outside stays there; the one who asks follows them within the tree.
#[derive(Debug, Clone)]
pub struct Disk {
    root: PathBuf,
    /// Paths that were looked at and are folders, with no link on the way: they are asked for again and again.
    folders: RefCell<HashSet<PathBuf>>,
}

impl Disk {
    /// The folder `root`.
    pub fn open(root: &Path) -> io::Result<Self> {
        let root = fs::canonicalize(root)?;
        if root.is_dir() {
            Ok(Self { root, folders: RefCell::default() })
        } else {
            Err(io::Error::new(io::ErrorKind::NotADirectory, "not a folder"))
        }
    }

    /// The whole file system, and the path of `folder` in it: overlays name bases beside and above themselves.
    pub fn around(folder: &Path) -> io::Result<(Self, String)> {
        let folder = Self::open(folder)?.root;
        let root = folder.ancestors().last().unwrap_or(&folder).to_path_buf();
        let path = relative(&folder, &root)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the path is not UTF-8"))?;
        Ok((Self { root, folders: RefCell::default() }, path))
    }

    /// Where the tree begins.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The path on disk; `None` if it is no plain path or if a link stands on the way to it.
    fn locate(&self, path: &str) -> Option<PathBuf> {
        let relative = Path::new(path);
        let plain = relative.components().all(|part| matches!(part, Component::Normal(_)));
        if !plain {
            return None;
        }
        for above in relative.ancestors().skip(1) {
            // What is a folder was reached by folders.
            if above == Path::new("") || self.folders.borrow().contains(above) {
                break;
            }
            let found = fs::symlink_metadata(self.root.join(above));
            if !found.is_ok_and(|found| found.is_dir()) {
                return None;
            }
            self.folders.borrow_mut().insert(above.to_path_buf());
        }
        Some(self.root.join(relative))
    }

    fn collect(&self, folder: &Path, files: &mut Vec<String>) {
        let Ok(entries) = fs::read_dir(folder) else {
            return;
        };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() {
                if entry.file_name() != ".git" {
                    self.collect(&entry.path(), files);
                }
            } else {
                files.extend(relative(&entry.path(), &self.root));
            }
        }
    }
}

impl FileTree for Disk {
    fn entry(&self, path: &str) -> Entry {
        if self.folders.borrow().contains(Path::new(path)) {
            return Entry::Folder;
        }
        let Some(at) = self.locate(path) else {
            return Entry::Absent;
        };
        let Ok(found) = fs::symlink_metadata(&at) else {
            return Entry::Absent;
        };
        if found.is_dir() {
            return Entry::Folder;
        }
        if found.is_symlink() {
            let target = fs::read_link(&at).ok().and_then(|target| self.link(&at, &target));
            return target.map_or(Entry::Absent, Entry::Link);
        }
        // A pipe or a device could be read for ever.
        if !found.is_file() || found.len() > MAX_FILE {
            return Entry::Absent;
        }
        fs::read(&at).map_or(Entry::Absent, |bytes| Entry::File(Arc::from(bytes)))
    }

    fn files_below(&self, folder: &str) -> Vec<String> {
        let mut files = Vec::new();
        let found = |at: &PathBuf| fs::symlink_metadata(at).is_ok_and(|found| found.is_dir());
        if let Some(at) = self.locate(folder).filter(found) {
            self.collect(&at, &mut files);
        }
        files.sort();
        files
    }
}

impl Disk {
    /// Where a link points, as a path relative to its folder: an absolute one is rewritten if it stays in the tree.
    fn link(&self, at: &Path, target: &Path) -> Option<String> {
        if target.is_relative() {
            return Some(target.to_str()?.to_owned());
        }
        let Some(inside) = relative(target, &self.root) else {
            return Some(target.to_str()?.to_owned());
        };
        let depth = at.strip_prefix(&self.root).ok()?.components().count().saturating_sub(1);
        Some("../".repeat(depth) + &inside)
    }
}

/// `path` from `root` on, with `/`.
fn relative(path: &Path, root: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> =
        path.strip_prefix(root).ok()?.components().map(|part| part.as_os_str().to_str()).collect();
    Some(parts?.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        folder
    }

    #[test]
    fn a_folder_is_shown_as_a_tree() {
        let folder = folder(&["a/b.yaml", "c.yaml", ".git/HEAD"]);
        let disk = Disk::open(folder.path()).unwrap();
        assert_eq!(disk.entry("a/b.yaml"), Entry::File(Arc::from(*b"a/b.yaml")));
        assert_eq!(disk.entry("a"), Entry::Folder);
        assert_eq!(disk.entry(""), Entry::Folder);
        assert_eq!(disk.entry("a/b.yaml/c"), Entry::Absent);
        assert_eq!(disk.files_below(""), ["a/b.yaml", "c.yaml"]);
        assert_eq!(disk.files_below("a"), ["a/b.yaml"]);
        assert!(Disk::open(&folder.path().join("c.yaml")).is_err());
    }

    #[test]
    fn an_overlay_is_found_with_all_around_it() {
        let folder = folder(&["deploy/prod/k.yaml"]);
        let (disk, path) = Disk::around(&folder.path().join("deploy/prod")).unwrap();
        let real = fs::canonicalize(folder.path()).unwrap();
        assert_eq!(disk.root().join(&path), real.join("deploy/prod"));
        assert_eq!(disk.root().parent(), None);
    }

    #[cfg(unix)]
    #[test]
    fn nothing_outside_is_shown() {
        use std::os::unix::fs::symlink;
        let outside = folder(&["secret", "more/secret"]);
        let folder = folder(&["a/b.yaml"]);
        let root = fs::canonicalize(folder.path()).unwrap();
        symlink(outside.path().join("secret"), root.join("file")).unwrap();
        symlink(outside.path(), root.join("out")).unwrap();
        symlink("b.yaml", root.join("a/near")).unwrap();
        symlink(root.join("a/b.yaml"), root.join("a/absolute")).unwrap();
        let disk = Disk::open(&root).unwrap();
        assert!(matches!(disk.entry("file"), Entry::Link(target) if target.starts_with('/')));
        assert_eq!(disk.entry("out/secret"), Entry::Absent);
        assert_eq!(disk.files_below("out"), Vec::<String>::new());
        for path in ["../x", "/etc/passwd", "a/../../x", "./a"] {
            assert_eq!(disk.entry(path), Entry::Absent, "{path}");
        }
        assert_eq!(disk.entry("a/near"), Entry::Link("b.yaml".to_owned()));
        assert_eq!(disk.entry("a/absolute"), Entry::Link("../a/b.yaml".to_owned()));
    }
}
