//! `approvals`: each label was given by somebody allowed, for this head, who has no hand in it.

use super::{Gate, Outcome};
use crate::domain::classify::Effect;
use crate::domain::facts::{Facts, Gap};
use crate::domain::given::{Wanted, given};
use crate::domain::hands::Hands;
use crate::domain::look::Look;
use crate::domain::reply::gate;

/// Judges the approvals that the environment asks for; no gate where it asks for none.
pub(super) fn judge(
    facts: &Facts,
    look: &Look<'_>,
    touch: &Effect<'_>,
) -> Result<Option<Gate>, Gap> {
    let wanted = touch.environment.approvals();
    if wanted.is_empty() {
        return Ok(None);
    }
    let hands = Hands::read(facts, look, touch)?;
    let (mut acts, mut lacking) = (Vec::new(), Vec::new());
    for approval in wanted {
        match given(facts, look, &hands, &Wanted::approval(approval))? {
            Ok(act) => acts.push((approval, act)),
            Err(lack) => lacking.push((approval, lack)),
        }
    }
    let said = gate::approvals(&acts, &lacking);
    let outcome = if lacking.is_empty() { Outcome::Passed } else { Outcome::Needs };
    if let Some(why) = hands.unknown().filter(|_| lacking.is_empty()) {
        let said = gate::hands_unknown(why);
        return Ok(Some(Gate::new("approvals", touch, Outcome::Waiting, said)));
    }
    Ok(Some(Gate::new("approvals", touch, outcome, said)))
}
