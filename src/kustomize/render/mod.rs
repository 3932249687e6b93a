//! Knows how a kustomization becomes objects: what is loaded, merged and changed, and in which order.
//!
//! Each kustomization is accumulated by itself, its bases first (`run.rs`); names are settled once, at the end.

mod accumulated;
mod error;
mod run;

pub use error::{FilePlace, RenderError};

use std::collections::BTreeMap;
use std::sync::Arc;

use super::emit;
use super::images::ImageEntry;
use super::load::{Loader, Restriction, Source};
use super::object::Object;
use super::problem::{Place, Problem};
use super::resources;
use crate::model::files::FileTree;
use error::Failure;
use run::Run;

/// What a kustomization becomes.
#[derive(Debug)]
pub struct Rendered {
    /// The objects, in the order in which they are printed.
    pub objects: Vec<Object>,
    /// The files that were read, by the numbers that places have.
    pub files: Vec<String>,
    /// The entries of the outermost kustomization's own `images` that changed no container.
    pub unused_images: Vec<ImageEntry>,
}

/// Renders the kustomization in a folder of a tree.
///
/// # Errors
/// Wherever Kustomize 5.5 refuses it; for what lies outside of the tree; and beyond the limits.
pub fn render(
    tree: &dyn FileTree,
    folder: &str,
    restriction: Restriction,
) -> Result<Rendered, RenderError> {
    let loader = Loader::new(tree, restriction);
    let run = Run::default();
    let objects = run.whole(&loader, folder);
    let files = loader.files();
    match objects {
        Ok(objects) => Ok(Rendered { objects, files, unused_images: run.unused_images.take() }),
        Err(failure) => Err(failure.named(&files)),
    }
}

/// The objects of what Kustomize itself printed for a kustomization. Where they come from is not known, so the place of
/// each is where the file of that kustomization begins.
///
/// # Errors
/// For what cannot be read as objects; and beyond the limits.
pub fn printed(text: &str, kustomization: &str) -> Result<Rendered, RenderError> {
    let nothing: BTreeMap<String, Arc<[u8]>> = BTreeMap::new();
    let loader = Loader::new(&nothing, Restriction::RootOnly);
    let files = vec![kustomization.to_owned()];
    let start = Place { file: 0, line: 1, column: 1 };
    let read = || {
        let folder = loader.open("")?;
        loader.budget.bytes(text.len())?;
        resources::read(&folder, &Source::inline(text, start))
    };
    let wrong = |problem: Problem| {
        let message = format!("what Kustomize printed cannot be read: {}", problem.message);
        Failure::from(Problem::refused(message, start)).named(&files)
    };
    let mut objects = read().map_err(wrong)?;
    objects.iter_mut().for_each(|object| object.value.move_to(start));
    Ok(Rendered { objects, files, unused_images: Vec::new() })
}

impl Rendered {
    /// The objects as Kustomize prints them.
    pub fn to_yaml(&self) -> Result<String, RenderError> {
        let mut out = String::new();
        for (at, object) in self.objects.iter().enumerate() {
            if at > 0 {
                out.push_str("---\n");
            }
            let printed = emit::print(&object.value).map_err(|problem| {
                Failure::from(problem.or_at(object.place())).named(&self.files)
            })?;
            out.push_str(&printed);
        }
        Ok(out)
    }
}
