//! `kustomize`: every target that the promotion touches renders in the merge result.

use super::{Gate, Outcome};
use crate::domain::classify::Effect;
use crate::domain::reply::gate;
use crate::model::read::Severity;

/// Judges from the findings of the environment's overlays.
pub(super) fn judge(touch: &Effect<'_>) -> Gate {
    let errors =
        touch.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    match errors {
        0 if touch.unclear => {
            Gate::new("kustomize", touch, Outcome::Passed, gate::overlay_unseen())
        }
        0 => Gate::new("kustomize", touch, Outcome::Passed, gate::overlay_sound()),
        many => Gate::new("kustomize", touch, Outcome::Failed, gate::overlay_broken(many)),
    }
}
