//! `lock`: nobody has locked the environment.

use super::{Gate, Outcome};
use crate::domain::classify::Effect;
use crate::domain::look::Look;
use crate::domain::reply::gate;

/// Judges from the locks that stand. A rollback shows them and goes through, unless its gates name `lock`.
pub(super) fn judge(look: &Look<'_>, touch: &Effect<'_>) -> Gate {
    let environment = touch.environment;
    let Some(lock) = look.acts.locks(environment.name()).into_iter().next() else {
        return Gate::new("lock", touch, Outcome::Passed, gate::not_locked());
    };
    let named = environment
        .rollback()
        .is_some_and(|rollback| rollback.gates.iter().any(|gate| gate == "lock"));
    if look.is_rollback() && !named {
        return Gate::new("lock", touch, Outcome::Passed, gate::locked_but_back(lock));
    }
    let locked = Gate::new("lock", touch, Outcome::Needs, gate::locked(lock, environment));
    match lock.until {
        Some(until) => locked.again(until),
        None => locked,
    }
}
