//! `approvals`: each label was given by somebody allowed, for this head, who has no hand in it; and by one more,
//! where somebody with a hand in it has no name.

use super::one_more::{Asked, one_more};
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
    let stands = |outcome, said| Ok(Some(Gate::new("approvals", touch, outcome, said)));
    let said = gate::approvals(&acts, &lacking);
    if !lacking.is_empty() {
        return stands(Outcome::Needs, gate::with_unnamed(said, hands.unnamed(), wanted));
    }
    if let Some(why) = hands.unknown() {
        return stands(Outcome::Waiting, gate::hands_unknown(why));
    }
    if hands.unnamed().is_empty() {
        return stands(Outcome::Passed, said);
    }
    let asked = Asked { approvals: wanted, reviews: touch.environment.reviews() };
    match one_more(facts, look, &hands, &asked)? {
        Some(who) => stands(Outcome::Passed, gate::one_more(&said, hands.unnamed(), who)),
        None => stands(Outcome::Needs, gate::with_unnamed(said, hands.unnamed(), wanted)),
    }
}
