//! What an environment runs of an application: the `images:` entries of its overlays in one tree.
//!
//! It reads kustomizations and compares entries; it decides nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::decision::Reason;
use super::facts::{Facts, Gap};
use super::policy::{Application, Environment};
use super::reply::reason;
use crate::kustomize::images::{ImageEntry, entries};
use crate::model::files::{Entry, FileTree, GitTree};
use crate::model::ids::{RepoRef, TargetName};

/// The names a kustomization may have; exactly one of them may be there.
/// <https://kubectl.docs.kubernetes.io/references/kustomize/glossary/#kustomization>
pub const KUSTOMIZATION_FILES: [&str; 3] =
    ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// One `images:` entry that carries an application's version, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// The target whose overlay it stands in.
    pub target: TargetName,
    /// The kustomization file.
    pub file: String,
    /// The entry.
    pub entry: ImageEntry,
}

/// The overlays of an environment as one tree has them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overlays {
    /// The entries, by target and in the order of the file.
    pub carried: Vec<Carried>,
    /// The kustomization files, by target, and their content.
    pub files: Vec<(TargetName, String, Arc<[u8]>)>,
}

impl Overlays {
    /// The tag that every entry carries; none when they differ or there is none.
    pub fn running(&self) -> Option<&str> {
        let mut tags = self.carried.iter().map(|carried| carried.entry.new_tag.as_deref());
        let first = tags.next()??;
        tags.all(|tag| tag == Some(first)).then_some(first)
    }

    /// The tags in use, each once.
    pub fn tags(&self) -> BTreeSet<&str> {
        self.carried.iter().filter_map(|carried| carried.entry.new_tag.as_deref()).collect()
    }
}

/// The kustomization file of an overlay folder.
pub fn kustomization(files: &dyn FileTree, folder: &str) -> Option<String> {
    let folder = folder.trim_end_matches('/');
    KUSTOMIZATION_FILES
        .iter()
        .map(|name| if folder.is_empty() { (*name).to_owned() } else { format!("{folder}/{name}") })
        .find(|path| !matches!(files.entry(path), Entry::Absent | Entry::Folder))
}

/// Reads what `environment` runs of `application` in `tree`. What is wrong with the overlays comes
/// back as reasons; what has not been read yet is a gap.
pub fn overlays(
    facts: &Facts,
    repo: &RepoRef,
    tree: &GitTree,
    environment: &Environment,
    application: &Application,
) -> Result<Result<Overlays, Vec<Reason>>, Gap> {
    let files = facts.view(tree);
    let (mut found, mut wrong, mut unread) = (Overlays::default(), Vec::new(), Vec::new());
    for (target, folder) in environment.targets_for(application.name()) {
        let Some(file) = kustomization(&files, &folder) else {
            wrong.push(reason::overlay_missing(environment, &folder));
            continue;
        };
        match files.entry(&file) {
            Entry::Unread => unread.push(file),
            Entry::File(content) => match entries(&content) {
                Ok(all) => {
                    let ours = all.into_iter().filter(|entry| application.carries(&entry.name));
                    found.carried.extend(ours.map(|entry| Carried {
                        target: target.clone(),
                        file: file.clone(),
                        entry,
                    }));
                    found.files.push((target, file, content));
                }
                Err(error) => {
                    wrong.push(reason::overlay_unreadable(&file, error.line, &error.message));
                }
            },
            _ => wrong.push(reason::overlay_not_a_file(&file)),
        }
    }
    if !unread.is_empty() {
        return Err(facts.lacks_files(repo, tree, &unread));
    }
    if wrong.is_empty() && found.carried.is_empty() {
        let files = found.files.iter().map(|(_, file, _)| file.as_str());
        wrong.push(reason::overlay_no_entry(environment, application, files));
    }
    Ok(if wrong.is_empty() { Ok(found) } else { Err(wrong) })
}
