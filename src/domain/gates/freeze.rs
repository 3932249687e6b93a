//! `freeze`: the calendar does not forbid it. Windows of the week hang on a wall clock, days of the calendar on
//! UTC; windows that meet are one.

use super::{Gate, Outcome};
use crate::domain::calendar::{self, Calendar};
use crate::domain::classify::Effect;
use crate::domain::facts::{Facts, Gap};
use crate::domain::given::{Lack, Wanted, is_given};
use crate::domain::look::Look;
use crate::domain::reply::gate;

/// Judges the present instant against the windows; no gate where the environment has none.
pub(super) fn judge(
    facts: &Facts,
    look: &Look<'_>,
    touch: &Effect<'_>,
) -> Result<Option<Gate>, Gap> {
    let environment = touch.environment;
    if environment.windows().is_empty() {
        return Ok(None);
    }
    let (by, until) = match calendar::at(environment.windows(), facts.now) {
        Calendar::Open { until } => {
            let said = gate::not_frozen(until.as_ref(), facts.now);
            let open = Gate::new("freeze", touch, Outcome::Passed, said);
            return Ok(Some(match until {
                Some(edge) => open.until(edge.at),
                None => open,
            }));
        }
        Calendar::Frozen { by, until } => (by, until),
    };
    let mut lack = None;
    if let Some(exempt) = &environment.gates().exempt {
        match is_given(facts, look, touch, &Wanted::exemption(exempt))? {
            Ok(act) => {
                let said = gate::exempted(exempt, act, &by);
                return Ok(Some(Gate::new("freeze", touch, Outcome::Passed, said)));
            }
            Err(Lack::Label) => {}
            Err(other) => lack = Some(other),
        }
    }
    let said = gate::frozen((&by, until.as_ref()), environment, lack.as_ref(), facts.now);
    let frozen = Gate::new("freeze", touch, Outcome::Waiting, said);
    Ok(Some(match until {
        Some(edge) => frozen.again(edge.at),
        None => frozen,
    }))
}
