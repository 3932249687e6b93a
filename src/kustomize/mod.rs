//! Knows YAML and Kustomize, in memory: how a kustomization becomes objects, and how to edit it without a scratch.
//!
//! Read [`render`](mod@render) first: it says what is loaded, merged and changed, and in which order. A pure function of a
//! tree of files; it knows nothing of promotion, of GitHub, or of where the files come from.

pub mod add_value;
pub mod crds;
pub mod diff;
pub mod edit;
pub mod emit;
pub mod field_specs;
pub mod fields;
pub mod files;
pub mod generate;
pub mod hash;
pub mod iam_policy;
pub mod id;
pub mod images;
pub mod index;
pub mod json_patch;
pub mod kustomization;
pub mod load;
pub mod merge;
pub mod object;
pub mod order;
pub mod origin;
mod paths;
pub mod plugins;
pub mod problem;
pub mod render;
pub mod replace;
pub mod resources;
pub mod roots;
pub mod schema;
pub mod select;
pub mod transform;
pub mod value;
pub mod vars;
pub mod written;
pub mod yaml;

pub use render::{RenderError, Rendered, render};
