//! `kustomize`: every target that the promotion touches renders in the merge result. One that cannot be rendered here is
//! not known, and what is not known is not passed.

use super::{Gate, Outcome};
use crate::domain::classify::Effect;
use crate::domain::reply::gate;

/// Judges from the findings of the environment's overlays.
pub(super) fn judge(touch: &Effect<'_>) -> Gate {
    match touch.errors() {
        0 if touch.is_unseen() => {
            Gate::new("kustomize", touch, Outcome::Needs, gate::overlay_unseen())
        }
        0 => Gate::new("kustomize", touch, Outcome::Passed, gate::overlay_sound()),
        many => Gate::new("kustomize", touch, Outcome::Failed, gate::overlay_broken(many)),
    }
}
