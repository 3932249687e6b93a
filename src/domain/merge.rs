//! What a merge would leave: three trees in, one out, by whole files.
//!
//! Lines are never merged here: where both sides changed a file, the pull request has to be brought
//! up to date first, because nobody has seen the file that GitHub would make of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::files::{GitTree, Mode};
use crate::model::ids::Sha;

/// The tree that merging would leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The result; its `sha` is the head's, since nobody has written this tree yet.
    pub tree: GitTree,
    /// Paths that both sides changed, differently: there the result has the base's file.
    pub conflicts: BTreeSet<String>,
    /// Paths that the merge changes on the base.
    pub changed: BTreeSet<String>,
}

type Item = Option<(Mode, Sha)>;

/// Merges `head` into `base`; `ancestor` is their merge base.
pub fn merge(ancestor: &GitTree, base: &GitTree, head: &GitTree) -> Merged {
    let item = |tree: &GitTree, path: &str| -> Item { tree.entries.get(path).cloned() };
    let mut entries: BTreeMap<String, (Mode, Sha)> = base.entries.clone();
    let (mut conflicts, mut changed) = (BTreeSet::new(), BTreeSet::new());
    for path in differences(ancestor, head) {
        let (old, ours, theirs) = (item(ancestor, path), item(base, path), item(head, path));
        if ours == theirs {
            continue;
        }
        changed.insert(path.to_owned());
        if ours != old {
            conflicts.insert(path.to_owned());
        } else if let Some(theirs) = theirs {
            entries.insert(path.to_owned(), theirs);
        } else {
            entries.remove(path);
        }
    }
    // A file where the other side has a folder can not be merged either.
    for path in &changed {
        let parents = path.match_indices('/').map(|(at, _)| &path[..at]);
        if parents.into_iter().any(|parent| entries.contains_key(parent)) {
            conflicts.insert(path.clone());
        }
    }
    Merged { tree: GitTree { sha: head.sha.clone(), entries }, conflicts, changed }
}

/// The paths at which two trees differ.
pub fn differences<'a>(one: &'a GitTree, other: &'a GitTree) -> BTreeSet<&'a str> {
    let missing = |from: &'a GitTree, to: &'a GitTree| {
        from.entries
            .iter()
            .filter(move |(path, item)| to.entries.get(*path) != Some(item))
            .map(|(path, _)| path.as_str())
    };
    missing(one, other).chain(missing(other, one)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, char)]) -> GitTree {
        let sha = |c: char| Sha::new(c.to_string().repeat(40)).unwrap();
        GitTree {
            sha: sha('0'),
            entries: files
                .iter()
                .map(|(path, c)| ((*path).to_owned(), (Mode::File, sha(*c))))
                .collect(),
        }
    }

    #[test]
    fn each_side_keeps_what_only_it_changed() {
        let merged = merge(
            &tree(&[("a", '1'), ("b", '1'), ("gone", '1')]),
            &tree(&[("a", '2'), ("b", '1'), ("gone", '1'), ("base", '1')]),
            &tree(&[("a", '1'), ("b", '2'), ("head", '1')]),
        );
        assert_eq!(
            merged.tree.entries,
            tree(&[("a", '2'), ("b", '2'), ("base", '1'), ("head", '1')]).entries
        );
        assert_eq!(merged.changed, ["b", "gone", "head"].map(String::from).into());
        assert!(merged.conflicts.is_empty());
    }

    #[test]
    fn a_file_changed_by_both_is_a_conflict() {
        let merged = merge(&tree(&[("a", '1')]), &tree(&[("a", '2')]), &tree(&[("a", '3')]));
        assert_eq!(merged.conflicts, ["a".to_owned()].into());
        let same = merge(&tree(&[("a", '1')]), &tree(&[("a", '2')]), &tree(&[("a", '2')]));
        assert!(same.conflicts.is_empty() && same.changed.is_empty());
    }

    #[test]
    fn a_file_in_place_of_a_folder_is_a_conflict() {
        let merged = merge(&tree(&[]), &tree(&[("a", '1')]), &tree(&[("a/b", '1')]));
        assert_eq!(merged.conflicts, ["a/b".to_owned()].into());
    }
}
