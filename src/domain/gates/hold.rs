//! `hold`: nobody holds this promotion, or the application in this environment.

use super::{Gate, Outcome};
use crate::domain::acts::AUTOMATIC_ONLY;
use crate::domain::classify::Effect;
use crate::domain::look::Look;
use crate::domain::reply::gate;

/// Judges from the holds that stand. The one after a rollback lets through what a promoter asked for.
pub(super) fn judge(look: &Look<'_>, touch: &Effect<'_>) -> Gate {
    let asked = look.promotion.as_ref().is_some_and(|promotion| promotion.request.is_some());
    let of_pull = look.acts.holds_of_pull(look.pull().number).into_iter();
    let promoted = look.promotion.as_ref().map(|promotion| &promotion.application);
    let applications = touch.moving.iter().map(|moving| moving.application.name()).chain(promoted);
    let of_place = applications
        .flat_map(|application| look.acts.holds(touch.environment.name(), application))
        .filter(|hold| !(asked && hold.subject == AUTOMATIC_ONLY));
    match of_pull.chain(of_place).next() {
        Some(hold) => Gate::new("hold", touch, Outcome::Needs, gate::held(hold, touch.environment)),
        None => Gate::new("hold", touch, Outcome::Passed, gate::not_held()),
    }
}
