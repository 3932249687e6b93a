//! The object store: one bare repository on disk for a repository and its forks, as GitHub keeps
//! them, with each fork's refs in a namespace of its own. It does not know permissions or events.

mod compare;
mod merge;
mod object;

use std::path::{Path, PathBuf};

use git2::{Oid, Reference, Repository};

pub(crate) use compare::FileChange;
pub(crate) use merge::MergeMethod;
pub(crate) use object::{Commit, NewCommit, Person, Tag, TreeEdit, TreeEntry};

use super::model::Repo;

type Result<T, E = git2::Error> = std::result::Result<T, E>;

/// A repository's view of its object store.
pub(crate) struct Git {
    store: Repository,
    /// In front of each of its refs: empty, or `refs/namespaces/ID/`.
    namespace: String,
}

impl Git {
    /// Makes the store of a repository that is no fork, below `root`.
    pub(crate) fn create(root: &Path, repo: &Repo) -> Result<()> {
        let mut options = git2::RepositoryInitOptions::new();
        options.bare(true).external_template(false).initial_head(&repo.default_branch);
        Repository::init_opts(path(root, repo), &options).map(drop)
    }

    /// Opens the store of a repository below `root`.
    pub(crate) fn open(root: &Path, repo: &Repo) -> Result<Self> {
        let store = Repository::open_bare(path(root, repo))?;
        let namespace = if repo.network == repo.id {
            String::new()
        } else {
            format!("refs/namespaces/{}/", repo.id)
        };
        Ok(Self { store, namespace })
    }

    /// What a full ref name (`refs/heads/main`) points at.
    pub(crate) fn reference(&self, name: &str) -> Option<Oid> {
        self.store.find_reference(&self.full(name)).ok().and_then(|reference| reference.target())
    }

    /// The commit at the tip of a branch.
    pub(crate) fn branch(&self, name: &str) -> Option<Oid> {
        self.reference(&format!("refs/heads/{name}"))
    }

    /// Points a ref somewhere, whether it existed or not.
    pub(crate) fn set_reference(&self, name: &str, target: Oid) -> Result<()> {
        self.store.reference(&self.full(name), target, true, "sandbox").map(drop)
    }

    /// Removes a ref.
    pub(crate) fn remove_reference(&self, name: &str) -> Result<()> {
        self.store.find_reference(&self.full(name))?.delete()
    }

    /// All refs whose full name begins so, in order of name.
    pub(crate) fn references(&self, beginning: &str) -> Result<Vec<(String, Oid)>> {
        let wanted = self.full(beginning);
        let mut found = Vec::new();
        for reference in self.store.references()? {
            let reference = reference?;
            let (Ok(name), Some(target)) = (reference.name(), reference.target()) else {
                continue;
            };
            let other = self.namespace.is_empty() && name.starts_with("refs/namespaces/");
            if name.starts_with(&wanted) && !other {
                found.push((name[self.namespace.len()..].to_owned(), target));
            }
        }
        found.sort();
        Ok(found)
    }

    /// The commit meant by a SHA, an abbreviated SHA, a branch, a tag or a ref.
    pub(crate) fn resolve(&self, text: &str) -> Option<Oid> {
        let named = [
            text.to_owned(),
            format!("refs/{text}"),
            format!("refs/heads/{text}"),
            format!("refs/tags/{text}"),
        ];
        named
            .iter()
            .filter(|name| name.starts_with("refs/"))
            .find_map(|name| self.reference(name))
            .or_else(|| self.object(text))
            .and_then(|oid| self.peel(oid))
    }

    /// The object with this SHA, or with a SHA that begins so.
    pub(crate) fn object(&self, sha: &str) -> Option<Oid> {
        let hexadecimal =
            (7..=40).contains(&sha.len()) && sha.bytes().all(|b| b.is_ascii_hexdigit());
        if !hexadecimal {
            return None;
        }
        let object = self.store.find_object_by_prefix(sha, None).ok()?;
        Some(object.id())
    }

    /// The commit behind an object, through annotated tags.
    pub(crate) fn peel(&self, oid: Oid) -> Option<Oid> {
        let object = self.store.find_object(oid, None).ok()?;
        Some(object.peel_to_commit().ok()?.id())
    }

    /// GitHub's word for what an object is: `commit`, `tag`, `tree` or `blob`.
    pub(crate) fn kind(&self, oid: Oid) -> &'static str {
        let object = self.store.find_object(oid, None).ok();
        object.and_then(|object| object.kind()).map_or("commit", |kind| kind.str())
    }

    fn full(&self, name: &str) -> String {
        format!("{}{name}", self.namespace)
    }
}

fn path(root: &Path, repo: &Repo) -> PathBuf {
    root.join(format!("{}.git", repo.network))
}

/// Whether Git takes this as the full name of a ref.
pub(crate) fn is_ref_name(name: &str) -> bool {
    Reference::is_valid_name(name) && name.starts_with("refs/") && name.matches('/').count() >= 2
}
