//! Knows YAML and Kustomize, in memory: what a kustomization reaches, and how to edit it without a scratch.
//!
//! It knows nothing of promotion, of GitHub, or of where the files come from.

pub mod edit;
pub mod emit;
pub mod field_specs;
pub mod fields;
pub mod generate;
pub mod hash;
pub mod id;
pub mod images;
pub mod json_patch;
pub mod load;
pub mod merge;
pub mod object;
mod paths;
pub mod problem;
pub mod reach;
pub mod replace;
pub mod schema;
pub mod select;
pub mod value;
pub mod vars;
pub mod yaml;
