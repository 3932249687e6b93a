//! Knows Kubernetes' types, and what is wrong with rendered objects: findings with file, line and a code.
//!
//! It knows nothing of promotion, of GitHub, or of who asks.

pub mod rules;
pub mod scene;
