//! Knows which rules there are: each has a code that stays, a severity, one file, one entry in `docs/rules.md`.
//!
//! A rule sees the objects of one overlay and nothing else. Whether it is on, and whether a remark of it is suppressed
//! on its line, is decided elsewhere.

mod image_unused;

use super::scene::{Remark, Scene};
use crate::model::read::Severity;

/// A rule about the objects of an overlay.
#[derive(Debug)]
pub struct Rule {
    /// What configuration, comments and findings call it.
    pub code: &'static str,
    /// How bad what it finds is; none if it is off until a configuration turns it on.
    pub severity: Option<Severity>,
    /// What it finds, in a sentence.
    pub finds: &'static str,
    /// What it has to say.
    pub check: fn(&Scene<'_>, &mut Vec<Remark>),
}

/// All rules, in the order of their codes.
pub const RULES: &[Rule] = &[image_unused::RULE];
