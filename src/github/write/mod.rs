//! What is made true on GitHub. Each `ensure_` verb looks first, compares meaning, and done twice equals
//! done once; what our own App did not make is not ours, and is never changed.
//!
//! It does not decide anything. Nothing is ever resent blindly.

mod branch;
mod check;
mod comment;
mod commit;
mod deployment;
mod enqueue;
mod issue;
mod label;
mod merge;
mod pull;

pub use branch::BranchOutcome;
pub use merge::Merged;
