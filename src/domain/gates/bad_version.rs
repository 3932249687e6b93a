//! `bad-version`: what moves was neither rolled back nor rejected in this environment.

use super::{Gate, Outcome};
use crate::domain::classify::Effect;
use crate::domain::look::Look;
use crate::domain::reply::gate;

/// Judges each image tag and digest that moves in; no gate where nothing is known against it.
pub(super) fn judge(look: &Look<'_>, touch: &Effect<'_>) -> Option<Gate> {
    let against = touch.moving.iter().find_map(|moving| {
        let entries = moving.moves.iter().filter_map(|one| Some(&one.to.as_ref()?.entry));
        let versions = entries.flat_map(|entry| [&entry.new_tag, &entry.digest]).flatten();
        versions
            .flat_map(|version| {
                look.acts.against(touch.environment.name(), moving.application.name(), version)
            })
            .next()
    })?;
    Some(Gate::new("bad-version", touch, Outcome::Failed, gate::bad_version(against)))
}
