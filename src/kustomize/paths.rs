//! Knows paths within a tree of files: joining them, and following symbolic links without leaving the tree.
//!
//! It knows nothing of what the files hold.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::model::files::{Entry, FileTree};

/// How many symbolic links one path may lead through; Linux has the same limit.
const MAX_LINKS: usize = 40;

/// What a path leads to, links followed; `path` is where it really is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    File {
        path: String,
        bytes: Arc<[u8]>,
    },
    Folder {
        path: String,
    },
    /// It, or a link on the way, has to be fetched first.
    Unread {
        path: String,
    },
    Absent,
    /// It cannot be followed, and why.
    Astray(&'static str),
}

/// `path` as written in `folder`, without `.` and `..`; `None` if it leaves the tree or is absolute.
pub(super) fn join(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Whether `path` is `folder` or below it.
pub(super) fn is_within(path: &str, folder: &str) -> bool {
    folder.is_empty()
        || path == folder
        || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Follows `path`, which must come from [`join`], to what it leads to.
pub(super) fn follow(tree: &dyn FileTree, path: &str) -> Place {
    let mut left: VecDeque<String> = split(path).collect();
    let mut here = String::new();
    let mut links = 0;
    while let Some(part) = left.pop_front() {
        let Some(next) = join(&here, &part) else {
            return Place::Astray("it leads out of the repository");
        };
        match tree.entry(&next) {
            Entry::Folder => here = next,
            Entry::File(bytes) if left.is_empty() => return Place::File { path: next, bytes },
            Entry::File(_) | Entry::Absent => return Place::Absent,
            Entry::Unread => return Place::Unread { path: next },
            Entry::Link(target) => {
                links += 1;
                if links > MAX_LINKS {
                    return Place::Astray("its symbolic links go round in circles");
                }
                if target.starts_with('/') {
                    return Place::Astray("a symbolic link on the way is absolute");
                }
                for part in split(&target).rev() {
                    left.push_front(part);
                }
            }
        }
    }
    Place::Folder { path: here }
}

fn split(path: &str) -> impl DoubleEndedIterator<Item = String> + '_ {
    path.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    struct Links(BTreeMap<String, Arc<[u8]>>, BTreeMap<&'static str, &'static str>);

    impl FileTree for Links {
        fn entry(&self, path: &str) -> Entry {
            match self.1.get(path) {
                Some(target) => Entry::Link((*target).to_owned()),
                None => self.0.entry(path),
            }
        }

        fn files_below(&self, folder: &str) -> Vec<String> {
            self.0.files_below(folder)
        }
    }

    #[test]
    fn paths_stay_in_the_tree() {
        assert_eq!(join("a/b", "../c/./d").as_deref(), Some("a/c/d"));
        assert_eq!(join("a", "..").as_deref(), Some(""));
        assert_eq!(join("a", "../.."), None);
        assert_eq!(join("a", "/etc"), None);
        assert!(is_within("a/b", "a") && is_within("a", "a") && is_within("a", ""));
        assert!(!is_within("ab", "a"));
    }

    #[test]
    fn links_are_followed_and_never_out() {
        let files = [("real/deep/f".to_owned(), Arc::from(*b"x"))].into();
        let links = [
            ("folder", "real/deep"),
            ("up", "folder/../deep/f"),
            ("round", "round2"),
            ("round2", "round"),
            ("out", "../x"),
            ("absolute", "/etc/passwd"),
        ];
        let tree = Links(files, links.into());
        let file = Place::File { path: "real/deep/f".to_owned(), bytes: Arc::from(*b"x") };
        assert_eq!(follow(&tree, "folder/f"), file);
        assert_eq!(follow(&tree, "up"), file);
        assert_eq!(follow(&tree, "folder"), Place::Folder { path: "real/deep".to_owned() });
        assert_eq!(follow(&tree, "real/deep/f/g"), Place::Absent);
        for astray in ["round", "out", "absolute"] {
            assert!(matches!(follow(&tree, astray), Place::Astray(_)), "{astray}");
        }
    }
}
