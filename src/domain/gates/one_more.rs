//! One more approver: where somebody with a hand in it has no name, anybody who approves could be that somebody.
//!
//! It looks for a person without whom all that is asked for would be given just the same.

use crate::domain::facts::{Facts, Gap};
use crate::domain::given::{Wanted, givers};
use crate::domain::hands::Hands;
use crate::domain::look::Look;
use crate::domain::policy::{Approval, Principal, Reviews};
use crate::model::ids::UserId;
use crate::model::read::Account;

use super::reviews::approving;

/// Whose word is asked for.
pub(super) struct Asked<'a> {
    /// The labels that have to be given.
    pub approvals: &'a [Approval],
    /// The reviews that are needed.
    pub reviews: Option<&'a Reviews>,
}

/// The one who approves beyond what is asked for and has no hand in it: by a label of the environment for
/// this head, or by a review of it.
pub(super) fn one_more<'a>(
    facts: &'a Facts,
    look: &Look<'a>,
    hands: &Hands,
    asked: &Asked<'_>,
) -> Result<Option<&'a Account>, Gap> {
    let mut labels: Vec<Vec<&Account>> = Vec::new();
    for approval in asked.approvals {
        let acts = givers(facts, look, hands, &Wanted::approval(approval))?;
        labels.push(acts.into_iter().map(|act| &act.by).collect());
    }
    let (count, reviewers) = match asked.reviews {
        Some(reviews) => (reviews.count, approving(facts, look, hands, &reviews.by)?),
        None => (0, Vec::new()),
    };
    let by: Vec<Principal> = asked.approvals.iter().flat_map(|one| one.by.clone()).collect();
    // Who may give an approval may be the one more by a review, too.
    let others = if by.is_empty() { Vec::new() } else { approving(facts, look, hands, &by)? };
    let needed = |who: UserId| {
        let rest = reviewers.iter().filter(|reviewer| reviewer.id != who).count() as u64;
        let reviews = rest < reviewers.len() as u64 && rest < count;
        let alone = |givers: &Vec<&Account>| givers.iter().all(|giver| giver.id == who);
        reviews || labels.iter().any(|givers| !givers.is_empty() && alone(givers))
    };
    let mut all = labels.iter().flatten().chain(&reviewers).chain(&others).copied();
    Ok(all.rfind(|who| hands.of(who).is_none() && !needed(who.id)))
}
