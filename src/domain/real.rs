//! Overlays that the operator lets a real Kustomize render, where something would be run that is not run here.
//!
//! It says which files that Kustomize gets and takes what it prints; how it is run is not known here.

use std::collections::BTreeSet;

use super::facts::{Facts, Gap};
use super::rendered::Overlay;
use super::reply::overlay;
use crate::kustomize::images::{ImageEntry, split};
use crate::kustomize::render::{RenderError, Rendered, printed};
use crate::kustomize::transform::images::each;
use crate::model::bundle::{Bundle, NotPrinted};
use crate::model::files::{Entry, FileTree, GitTree, Mode};
use crate::model::ids::RepoRef;
use crate::model::read::PullRequest;

/// The most files that it gets: a chart has some dozens, and each is fetched by itself.
pub const MOST_FILES: usize = 500;
/// The most bytes that they have together.
pub const MOST_BYTES: usize = 16 << 20;
/// So many are fetched before it is looked again at how large they are.
const AT_ONCE: usize = 100;

/// Whose files a tree holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Those of the repository, by somebody who may push there.
    Repository,
    /// Those of a fork, by anybody: no program is run on them.
    Fork,
}

impl Origin {
    /// Whose files a pull request brings.
    pub fn of(pull: &PullRequest) -> Self {
        if pull.same_repository() { Self::Repository } else { Self::Fork }
    }
}

/// What is to be rendered.
pub(super) struct Wanted<'a> {
    pub(super) repo: &'a RepoRef,
    pub(super) tree: &'a GitTree,
    pub(super) origin: Origin,
    pub(super) folder: &'a str,
    /// The folders of the kustomizations, and of the charts, that it builds on.
    pub(super) folders: &'a BTreeSet<String>,
}

/// The overlay as a real Kustomize renders it, where that is allowed; else as it was, with the reason.
pub(super) fn instead(
    facts: &Facts,
    wanted: &Wanted<'_>,
    mut overlay: Overlay,
) -> Result<Overlay, Gap> {
    let (Err(error), Some(file)) = (&overlay.result, &overlay.kustomization) else {
        return Ok(overlay);
    };
    if !error.refused || !*facts.may_run_kustomize(wanted.repo)? {
        return Ok(overlay);
    }
    let because = |why: String| {
        let message = format!("{}; {why}", error.message);
        Err(RenderError { message, ..error.clone() })
    };
    if wanted.origin == Origin::Fork {
        overlay.result = because(overlay::not_on_forks());
        return Ok(overlay);
    }
    let mut files = overlay.files.clone();
    let view = facts.view(wanted.tree);
    files.extend(wanted.folders.iter().flat_map(|folder| view.files_below(folder)));
    let result = match bundle(facts, wanted, &files)? {
        Err(why) => because(why),
        Ok(bundle) => match facts.kustomized(wanted.repo, &bundle)? {
            Ok(text) => printed(text, file).map(|rendered| with_unused(rendered, &overlay.entries)),
            Err(NotPrinted::Failed(_)) if holds_secrets(&bundle) => {
                because(overlay::failed_with_secrets())
            }
            Err(refusal) => because(overlay::not_printed(refusal)),
        },
    };
    (overlay.files, overlay.result) = (files, result);
    Ok(overlay)
}

/// What it is given; or why that would be too much.
fn bundle(
    facts: &Facts,
    wanted: &Wanted<'_>,
    paths: &BTreeSet<String>,
) -> Result<Result<Bundle, String>, Gap> {
    let view = facts.view(wanted.tree);
    let mut files = Vec::new();
    for path in paths {
        if let Some((mode, sha)) = wanted.tree.entries.get(path)
            && *mode != Mode::Submodule
        {
            files.push((path.clone(), *mode, sha.clone(), view.entry(path)));
        }
    }
    if files.len() > MOST_FILES {
        return Ok(Err(overlay::too_many_files(files.len(), MOST_FILES)));
    }
    let size = |entry: &Entry| match entry {
        Entry::File(bytes) => bytes.len(),
        Entry::Link(target) => target.len(),
        _ => 0,
    };
    if files.iter().map(|(_, _, _, entry)| size(entry)).sum::<usize>() > MOST_BYTES {
        return Ok(Err(overlay::too_many_bytes(MOST_BYTES)));
    }
    let unread = files.iter().filter(|(_, _, _, entry)| *entry == Entry::Unread);
    let unread: Vec<String> = unread.take(AT_ONCE).map(|(path, ..)| path.clone()).collect();
    if !unread.is_empty() {
        return Err(facts.lacks_files(wanted.repo, wanted.tree, &unread));
    }
    files.retain(|(path, _, _, entry)| stays_inside(path, entry));
    Ok(Ok(Bundle::new(wanted.folder, files)))
}

/// Whether it is no link, or one that cannot lead out of the tree, whatever links there are besides: it goes up first,
/// from where it really is, and only down from there.
fn stays_inside(path: &str, entry: &Entry) -> bool {
    let Entry::Link(target) = entry else {
        return true;
    };
    let mut parts = target.split('/').filter(|part| !part.is_empty() && *part != ".").peekable();
    let mut up = 0;
    while parts.next_if_eq(&"..").is_some() {
        up += 1;
    }
    !target.starts_with('/') && up <= path.matches('/').count() && parts.all(|part| part != "..")
}

/// Whether there may be Secrets among the files: then nobody knows what an error quotes.
fn holds_secrets(bundle: &Bundle) -> bool {
    let says = |bytes: &[u8], word: &str| bytes.windows(word.len()).any(|at| at == word.as_bytes());
    bundle.files().iter().any(|(_, entry)| match entry {
        Entry::File(bytes) => says(bytes, "Secret") || says(bytes, "secretGenerator"),
        _ => false,
    })
}

/// The same, with the entries of `images` whose image no container has. Said carefully: another version of it would do.
fn with_unused(mut rendered: Rendered, entries: &[ImageEntry]) -> Rendered {
    let mut names = BTreeSet::new();
    for object in &rendered.objects {
        each(&object.value, &mut |image| {
            names.insert(split(image).0.to_owned());
        });
    }
    let unused = |entry: &&ImageEntry| match &entry.new_name {
        Some(name) => !names.contains(name),
        None => !names.iter().any(|name| entry.matches(name)),
    };
    rendered.unused_images = entries.iter().filter(unused).cloned().collect();
    rendered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_could_lead_out_are_left_out() {
        let stays = |path: &str, target: &str| stays_inside(path, &Entry::Link(target.to_owned()));
        for (path, target) in
            [("a", "b"), ("a/b", "../c"), ("a/b/c", "../../d/e"), ("a", "./b/./c"), ("a", "")]
        {
            assert!(stays(path, target), "{path} to {target}");
        }
        for (path, target) in [
            ("a", "/etc/passwd"),
            ("a", "../b"),
            ("a/b", "../../c"),
            ("a/b", "c/../../../d"),
            ("a", "p/q/l/../../x"),
        ] {
            assert!(!stays(path, target), "{path} to {target}");
        }
    }
}
