//! Knows which rules there are: each has a code that stays, a severity, one file, one entry in `docs/rules.md`.
//!
//! A rule sees the objects of one overlay and nothing else. Whether it is on, and whether a remark of it is suppressed
//! on its line, is decided elsewhere.

mod autoscaler_bounds;
mod duplicate_entry;
mod duplicate_object;
mod image_invalid;
mod image_unused;
mod label_invalid;
mod latest_tag;
mod missing_key;
mod missing_reference;
mod missing_target;
mod mount_without_volume;
mod name_invalid;
mod near;
mod probe_port;
mod references;
mod replicas_and_autoscaler;
mod scaled;
mod selecting;
mod selector_mismatch;
mod selector_selects_nothing;
mod syntax;
#[cfg(test)]
mod tests;

use super::scene::{Remark, Scene};
use crate::kustomize::problem::Place;
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
pub const RULES: &[Rule] = &[
    autoscaler_bounds::RULE,
    duplicate_entry::RULE,
    duplicate_object::RULE,
    image_invalid::RULE,
    image_unused::RULE,
    label_invalid::RULE,
    latest_tag::RULE,
    missing_key::RULE,
    missing_reference::RULE,
    missing_target::RULE,
    mount_without_volume::RULE,
    name_invalid::RULE,
    probe_port::RULE,
    replicas_and_autoscaler::RULE,
    selector_mismatch::RULE,
    selector_selects_nothing::RULE,
];

/// The most remarks of one rule about one overlay: nobody reads more.
const MOST: usize = 1000;

impl Rule {
    /// What it has to say of an overlay, in the order in which it was found.
    pub fn remarks(&self, scene: &Scene<'_>) -> Vec<Remark> {
        let mut remarks = Vec::new();
        (self.check)(scene, &mut remarks);
        remarks.truncate(MOST);
        remarks
    }
}

/// The first place that somebody wrote something at: what the renderer made by itself has none.
fn known(places: &[Place]) -> Place {
    places.iter().copied().find(|place| place.is_known()).unwrap_or(Place::NOWHERE)
}

/// Whether a text holds what a template engine, or Flux after Kustomize, puts something else in for.
fn is_put_in_later(text: &str) -> bool {
    text.contains("${") || text.contains("{{")
}
