//! `bad-version`: what moves was neither rolled back nor rejected in this environment.

use super::{Gate, Outcome};
use crate::domain::classify::Effect;
use crate::domain::look::Look;
use crate::domain::reply::gate;

/// Judges each image tag that moves in; no gate where nothing is known against it.
pub(super) fn judge(look: &Look<'_>, touch: &Effect<'_>) -> Option<Gate> {
    let against = touch.moving.iter().find_map(|moving| {
        let tags = moving.moves.iter().filter_map(|one| one.to.as_ref()?.entry.new_tag.as_deref());
        tags.flat_map(|tag| {
            look.acts.against(touch.environment.name(), moving.application.name(), tag)
        })
        .next()
    })?;
    Some(Gate::new("bad-version", touch, Outcome::Failed, gate::bad_version(against)))
}
