//! The words every layer shares: identities, the shapes that doors return, files, and time as a value.
//!
//! It holds no behaviour beyond checking that a value may exist.

pub mod act;
pub mod argocd;
pub mod artifact;
pub mod bundle;
pub mod chain;
pub mod clock;
pub mod evidence;
pub mod files;
pub mod ids;
pub mod links;
pub mod notary;
pub mod read;
pub mod report;
pub mod restoration;
pub mod seal;
pub mod write;
