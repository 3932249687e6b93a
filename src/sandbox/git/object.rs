//! Blobs, trees, commits and tags, read and written as plain values.
//! It does not know refs, nor how two commits differ.

use std::collections::BTreeMap;

use git2::{ObjectType, Oid, Signature, Time};
use jiff::Timestamp;

use super::{Git, Result};

/// Who wrote or committed something, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) at: Timestamp,
}

/// A commit as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Commit {
    pub(crate) sha: Oid,
    pub(crate) tree: Oid,
    pub(crate) parents: Vec<Oid>,
    pub(crate) message: String,
    pub(crate) author: Person,
    pub(crate) committer: Person,
}

/// A commit that is to be.
#[derive(Clone, Debug)]
pub(crate) struct NewCommit<'a> {
    pub(crate) tree: Oid,
    pub(crate) parents: &'a [Oid],
    pub(crate) message: &'a str,
    pub(crate) author: &'a Person,
    pub(crate) committer: &'a Person,
}

/// An annotated tag.
#[derive(Clone, Debug)]
pub(crate) struct Tag {
    pub(crate) sha: Oid,
    pub(crate) name: String,
    pub(crate) message: String,
    pub(crate) tagger: Option<Person>,
    pub(crate) target: Oid,
}

/// An entry of a tree; in a recursive listing `path` has folders.
#[derive(Clone, Debug)]
pub(crate) struct TreeEntry {
    pub(crate) path: String,
    pub(crate) mode: i32,
    pub(crate) oid: Oid,
}

impl TreeEntry {
    /// GitHub's word for what it is.
    pub(crate) fn kind(&self) -> &'static str {
        match self.mode {
            0o040_000 => "tree",
            0o160_000 => "commit",
            _ => "blob",
        }
    }
}

/// What becomes of a path: an object with a mode, or nothing.
pub(crate) type TreeEdit = Option<(i32, Oid)>;

impl Git {
    /// The bytes of a blob.
    pub(crate) fn blob(&self, oid: Oid) -> Option<Vec<u8>> {
        let blob = self.store.find_blob(oid).ok()?;
        Some(blob.content().to_vec())
    }

    /// The size of a blob, without reading it.
    pub(crate) fn size(&self, oid: Oid) -> usize {
        let odb = self.store.odb();
        odb.and_then(|odb| odb.read_header(oid)).map_or(0, |(size, _)| size)
    }

    /// Stores a blob.
    pub(crate) fn write_blob(&self, bytes: &[u8]) -> Result<Oid> {
        self.store.blob(bytes)
    }

    /// The tree of a tree's or commit's SHA.
    pub(crate) fn tree_of(&self, oid: Oid) -> Option<Oid> {
        let object = self.store.find_object(oid, None).ok()?;
        Some(object.peel_to_tree().ok()?.id())
    }

    /// The entries of a tree, with those of its folders where `recursive`.
    pub(crate) fn tree(&self, oid: Oid, recursive: bool) -> Result<Vec<TreeEntry>> {
        let mut found = Vec::new();
        self.collect(oid, "", recursive, &mut found)?;
        Ok(found)
    }

    fn collect(
        &self,
        oid: Oid,
        below: &str,
        recursive: bool,
        found: &mut Vec<TreeEntry>,
    ) -> Result<()> {
        for entry in &self.store.find_tree(oid)? {
            let name = String::from_utf8_lossy(entry.name_bytes());
            let path = format!("{below}{name}");
            let (mode, oid) = (entry.filemode(), entry.id());
            let folder = entry.kind() == Some(ObjectType::Tree);
            let inside = format!("{path}/");
            found.push(TreeEntry { path, mode, oid });
            if folder && recursive {
                self.collect(oid, &inside, true, found)?;
            }
        }
        Ok(())
    }

    /// What stands at a path of a tree. The empty path is the tree itself.
    pub(crate) fn entry(&self, tree: Oid, path: &str) -> Option<TreeEntry> {
        if path.is_empty() {
            return Some(TreeEntry { path: String::new(), mode: 0o040_000, oid: tree });
        }
        let tree = self.store.find_tree(tree).ok()?;
        let entry = tree.get_path(std::path::Path::new(path)).ok()?;
        Some(TreeEntry { path: path.to_owned(), mode: entry.filemode(), oid: entry.id() })
    }

    /// A tree like `base` with the edits made. Folders that become empty are gone.
    pub(crate) fn edit_tree(
        &self,
        base: Option<Oid>,
        edits: &BTreeMap<String, TreeEdit>,
    ) -> Result<Oid> {
        let base = base.map(|oid| self.store.find_tree(oid)).transpose()?;
        let mut builder = self.store.treebuilder(base.as_ref())?;
        let mut folders: BTreeMap<&str, BTreeMap<String, TreeEdit>> = BTreeMap::new();
        for (path, edit) in edits {
            match path.split_once('/') {
                Some((folder, rest)) => {
                    folders.entry(folder).or_default().insert(rest.to_owned(), *edit);
                }
                None => match edit {
                    Some((mode, oid)) => drop(builder.insert(path, *oid, *mode)?),
                    None if builder.get(path)?.is_some() => builder.remove(path)?,
                    None => {}
                },
            }
        }
        for (folder, edits) in folders {
            let inside = builder
                .get(folder)?
                .filter(|entry| entry.kind() == Some(ObjectType::Tree))
                .map(|entry| entry.id());
            let tree = self.edit_tree(inside, &edits)?;
            if !self.store.find_tree(tree)?.is_empty() {
                builder.insert(folder, tree, 0o040_000)?;
            } else if inside.is_some() {
                builder.remove(folder)?;
            }
        }
        builder.write()
    }

    /// A commit by its SHA.
    pub(crate) fn commit(&self, oid: Oid) -> Option<Commit> {
        let commit = self.store.find_commit(oid).ok()?;
        Some(Commit {
            sha: oid,
            tree: commit.tree_id(),
            parents: commit.parent_ids().collect(),
            message: String::from_utf8_lossy(commit.message_bytes()).into_owned(),
            author: person(&commit.author()),
            committer: person(&commit.committer()),
        })
    }

    /// Stores a commit; no ref moves.
    pub(crate) fn write_commit(&self, new: &NewCommit<'_>) -> Result<Oid> {
        let parents = new
            .parents
            .iter()
            .map(|oid| self.store.find_commit(*oid))
            .collect::<Result<Vec<_>>>()?;
        self.store.commit(
            None,
            &signature(new.author)?,
            &signature(new.committer)?,
            new.message,
            &self.store.find_tree(new.tree)?,
            &parents.iter().collect::<Vec<_>>(),
        )
    }

    /// An annotated tag by its SHA.
    pub(crate) fn tag(&self, oid: Oid) -> Option<Tag> {
        let tag = self.store.find_tag(oid).ok()?;
        Some(Tag {
            sha: oid,
            name: String::from_utf8_lossy(tag.name_bytes()).into_owned(),
            message: String::from_utf8_lossy(tag.message_bytes().unwrap_or_default()).into_owned(),
            tagger: tag.tagger().as_ref().map(person),
            target: tag.target_id(),
        })
    }

    /// Stores an annotated tag; no ref is made.
    pub(crate) fn write_tag(
        &self,
        name: &str,
        target: Oid,
        tagger: &Person,
        message: &str,
    ) -> Result<Oid> {
        let target = self.store.find_object(target, None)?;
        self.store.tag_annotation_create(name, &target, &signature(tagger)?, message)
    }
}

fn person(signature: &Signature<'_>) -> Person {
    Person {
        name: String::from_utf8_lossy(signature.name_bytes()).into_owned(),
        email: String::from_utf8_lossy(signature.email_bytes()).into_owned(),
        at: Timestamp::from_second(signature.when().seconds()).unwrap_or_default(),
    }
}

fn signature(person: &Person) -> Result<Signature<'static>> {
    Signature::new(&person.name, &person.email, &Time::new(person.at.as_second(), 0))
}
