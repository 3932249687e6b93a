//! Knows how a kustomization becomes objects: what is loaded, merged and changed, and in which order.
//!
//! Each kustomization is accumulated by itself, its bases first (`run.rs`); names are settled once, at the end.

mod accumulated;
mod error;
mod run;

pub use error::{FilePlace, RenderError};

use super::emit;
use super::images::ImageEntry;
use super::load::{Loader, Restriction};
use super::object::Object;
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
