//! Knows YAML and Kustomize, in memory: what a kustomization reaches, and how to edit it without a scratch.
//!
//! It knows nothing of promotion, of GitHub, or of where the files come from.

pub mod add_value;
pub mod crds;
pub mod edit;
pub mod emit;
pub mod field_specs;
pub mod fields;
pub mod generate;
pub mod hash;
pub mod iam_policy;
pub mod id;
pub mod images;
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
pub mod reach;
pub mod render;
pub mod replace;
pub mod resources;
pub mod schema;
pub mod select;
pub mod transform;
pub mod value;
pub mod vars;
pub mod yaml;
