//! Knows which files a kustomization reaches, what is wrong with the way there, and which images its containers name.
//!
//! It does not render: patches, names and generators are looked at only as far as images need it.

mod containers;
mod kustomization;
mod named;
mod read;
mod walk;

use std::collections::BTreeSet;

use super::images::{ImageEntry, split};
use crate::model::files::FileTree;
use crate::model::read::{Finding, Severity};

pub use containers::ContainerImage;

/// What a kustomization reaches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// The kustomization file itself; `None` if there is none (then a finding says so).
    pub kustomization: Option<String>,
    /// Files that are there but have not been read: fetch them and call again, until there are none.
    pub needs: Vec<String>,
    /// All files that rendering would read.
    pub files: BTreeSet<String>,
    /// The images of all containers, as they are when the kustomization's own `images:` meet them.
    pub containers: Vec<ContainerImage>,
    /// What is wrong or worth knowing.
    pub findings: Vec<Finding>,
    /// Whether something that may bring or change containers could not be seen: remote bases, charts, functions.
    pub partial: bool,
}

/// Walks the kustomization in `folder`, its bases, components and files.
pub fn reach(tree: &dyn FileTree, folder: &str) -> Reach {
    let first = walk::walk(tree, folder, Vec::new());
    let (reach, specs) = first;
    if specs.is_empty() {
        return reach;
    }
    // Configurations name further places of images, also for what was read before them: look again.
    walk::walk(tree, folder, specs).0
}

/// A finding for each entry that changes no container. Entries work one after the other, each on what the one before left.
pub fn unresolved(reach: &Reach, entries: &[ImageEntry]) -> Vec<Finding> {
    let mut images: BTreeSet<String> = reach.containers.iter().map(|c| c.image.clone()).collect();
    let mut findings = Vec::new();
    for entry in entries {
        let (matching, others): (BTreeSet<String>, BTreeSet<String>) =
            images.into_iter().partition(|image| entry.matches(image));
        if matching.is_empty() {
            findings.push(no_container(reach, entry, &others));
        }
        images = others;
        images.extend(matching.iter().map(|image| entry.apply(image)));
    }
    findings
}

fn no_container(reach: &Reach, entry: &ImageEntry, images: &BTreeSet<String>) -> Finding {
    let name = &entry.name;
    let known: BTreeSet<&str> = images.iter().map(|image| split(image).0).collect();
    let near = known
        .iter()
        .map(|known| (strsim::jaro_winkler(known, name), known))
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let help = match near {
        Some((_, near)) => format!("did you mean {near}?"),
        None if known.is_empty() => "there are no containers here".to_owned(),
        None => {
            let some: Vec<&str> = known.iter().take(5).copied().collect();
            let more = if known.len() > some.len() { ", …" } else { "" };
            format!("containers here use {}{more}", some.join(", "))
        }
    };
    let (severity, message) = if reach.partial {
        let message = format!(
            "no container that can be seen here uses the image {name}; parts of this overlay cannot be seen"
        );
        (Severity::Note, message)
    } else {
        let message =
            format!("no container uses the image {name}, so this entry changes nothing: {help}");
        (Severity::Error, message)
    };
    Finding {
        code: "kustomize.image-unused".to_owned(),
        severity,
        file: reach.kustomization.clone().unwrap_or_default(),
        line: entry.line,
        column: entry.column,
        message,
    }
}

#[cfg(test)]
mod tests;
