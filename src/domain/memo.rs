//! Overlays that were rendered and configurations that were read before: what does not change between two looks is
//! not worked out again.
//!
//! They are known again by the content of the files that they came from. It is a memory, and never an opinion.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use super::policy::{Policy, Problem};
use super::rendered::Overlay;
use crate::kustomize::written::{KUSTOMIZATIONS, is_kustomization};
use crate::model::files::GitTree;
use crate::model::ids::{RepoId, RepoName, Sha};

/// The most overlays that are remembered.
const MOST: usize = 256;
/// The most values that they have together: some hundred megabytes.
const MOST_VALUES: usize = 2_000_000;
/// One that has more is not remembered.
const LARGEST: usize = 200_000;

/// The most configurations that are remembered.
const MOST_POLICIES: usize = 64;

/// What was worked out before, shared by all who look.
#[derive(Debug, Clone, Default)]
pub struct Memo(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    /// The oldest first.
    overlays: VecDeque<Known>,
    values: usize,
    policies: VecDeque<(RepoName, Sha, Parsed)>,
}

/// A policy, or all that is wrong with it.
type Parsed = Result<Arc<Policy>, Vec<Problem>>;

#[derive(Debug)]
struct Known {
    repo: RepoId,
    folder: String,
    /// The files that it read, and what was in them.
    files: Vec<(String, Sha)>,
    /// Names that would make another kustomization of one of its folders.
    rivals: Vec<String>,
    values: usize,
    overlay: Arc<Overlay>,
}

impl Memo {
    /// The overlay, if a tree has it as it was rendered before.
    pub(super) fn find(&self, repo: RepoId, tree: &GitTree, folder: &str) -> Option<Arc<Overlay>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known =
            kept.overlays.iter().rev().find(|known| {
                known.repo == repo && known.folder == folder && known.is_as_in(tree)
            })?;
        Some(known.overlay.clone())
    }

    /// The policy that a blob says, in the repository of that name: parsed once, and not again each time that somebody
    /// has to know it.
    pub(super) fn policy(&self, (home, blob): (&RepoName, &Sha), text: &[u8]) -> Parsed {
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is = |one: &&(RepoName, Sha, Parsed)| (&one.0, &one.1) == (home, blob);
        if let Some((_, _, known)) = kept().policies.iter().rev().find(is) {
            return known.clone();
        }
        let parsed = Policy::parse(text, home).map(Arc::new);
        let mut kept = kept();
        kept.policies.push_back((home.clone(), blob.clone(), parsed.clone()));
        if kept.policies.len() > MOST_POLICIES {
            kept.policies.pop_front();
        }
        parsed
    }

    /// Remembers an overlay that was rendered from a tree without anything being amiss.
    pub(super) fn keep(&self, repo: RepoId, tree: &GitTree, folder: &str, overlay: &Arc<Overlay>) {
        let Ok(rendered) = &overlay.result else { return };
        let values = rendered.objects.iter().map(|object| object.value.size().values).sum();
        if values > LARGEST {
            return;
        }
        let shas = overlay.files.iter().map(|path| {
            let (_, sha) = tree.entries.get(path)?;
            Some((path.clone(), sha.clone()))
        });
        // What it may read and is not there could come to be there.
        let Some(files) = shas.collect::<Option<Vec<_>>>() else { return };
        let folders: BTreeSet<&str> = overlay
            .files
            .iter()
            .filter(|file| is_kustomization(file))
            .map(|file| above(file))
            .collect();
        let names = folders.iter().flat_map(|folder| {
            KUSTOMIZATIONS.iter().map(move |name| match *folder {
                "" => (*name).to_owned(),
                folder => format!("{folder}/{name}"),
            })
        });
        let rivals = names.filter(|name| !overlay.files.contains(name)).collect();
        let (folder, overlay) = (folder.to_owned(), overlay.clone());
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.values += values;
        kept.overlays.push_back(Known { repo, folder, files, rivals, values, overlay });
        while kept.overlays.len() > MOST || kept.values > MOST_VALUES {
            let Some(oldest) = kept.overlays.pop_front() else { break };
            kept.values -= oldest.values;
        }
    }
}

impl Known {
    fn is_as_in(&self, tree: &GitTree) -> bool {
        let same = |(path, known): &(String, Sha)| {
            tree.entries.get(path).is_some_and(|(_, sha)| sha == known)
        };
        self.files.iter().all(same)
            && !self.rivals.iter().any(|rival| tree.entries.contains_key(rival))
    }
}

fn above(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}
