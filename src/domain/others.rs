//! Overlays that belong to no environment, and that a pull request may change: they are validated, too.

use std::collections::BTreeSet;

use super::classify::{Sides, folders};
use super::facts::{Facts, Gap};
use super::policy::Policy;
use super::rendered::{ChangedOverlay, rendered, rerender};
use crate::kustomize::roots::Graph;
use crate::kustomize::written::is_kustomization;

/// The most kustomizations that are read to see how they hang together.
const MOST_KUSTOMIZATIONS: usize = 1_000;
/// The most of these overlays that are rendered.
const MOST_RENDERED: usize = 100;

/// What a pull request does to overlays of no environment.
#[derive(Debug, Clone, Default)]
pub struct Others {
    /// Those that render otherwise.
    pub overlays: Vec<ChangedOverlay>,
    /// How many more may render otherwise and were not looked at.
    pub left_out: usize,
}

/// Looks at every kustomization that no other one includes and that belongs to no environment.
pub(super) fn others(facts: &Facts, sides: &Sides<'_>, policy: &Policy) -> Result<Others, Gap> {
    let tree = &sides.merged.tree;
    let names = tree.entries.keys().map(String::as_str).filter(|file| is_kustomization(file));
    let names: Vec<&str> = names.collect();
    let view = facts.view(tree);
    let changed = &sides.merged.changed;
    if !changed.iter().any(|file| is_kustomization(file)) {
        // Files are read from below a kustomization only, so that most changes concern none.
        let is_near = |name: &&str| changed.iter().any(|file| is_below(file, folder_of(name)));
        let near: Vec<&str> = names.iter().copied().filter(is_near).collect();
        let graph = Graph::read(&view, near.iter().copied());
        if !graph.needs.is_empty() {
            return Err(facts.lacks_files(sides.repo, tree, &graph.needs));
        }
        if !near.iter().any(|name| graph.depends(folder_of(name), changed)) {
            return Ok(Others::default());
        }
    }
    let graph = Graph::read(&view, names.iter().copied().take(MOST_KUSTOMIZATIONS));
    if !graph.needs.is_empty() {
        return Err(facts.lacks_files(sides.repo, tree, &graph.needs));
    }
    let environments: BTreeSet<String> =
        policy.environments().iter().flat_map(|environment| folders(policy, environment)).collect();
    let affected = graph
        .roots()
        .into_iter()
        .filter(|root| !environments.contains(root) && graph.depends(root, changed));
    let affected: Vec<String> = affected.collect();
    let left_out = affected.len().saturating_sub(MOST_RENDERED)
        + names.len().saturating_sub(MOST_KUSTOMIZATIONS);
    let mut others = Others { overlays: Vec::new(), left_out };
    for folder in affected.iter().take(MOST_RENDERED) {
        let before = rendered(facts, sides.repo, (sides.before, sides.origin), folder)?;
        let after = rendered(facts, sides.repo, (tree, sides.origin), folder)?;
        let rerender = rerender(folder, &before, &after);
        if rerender.changes_nothing() {
            continue;
        }
        others.overlays.push(ChangedOverlay {
            moved: Vec::new(),
            rerender,
            report: after.report(facts, (sides.repo, tree), policy, folder)?,
            unseen: after.result.as_ref().is_err_and(|error| error.refused),
        });
    }
    Ok(others)
}

fn folder_of(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn is_below(file: &str, folder: &str) -> bool {
    folder.is_empty() || file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}
