//! `reviews`, and `changes` for what is no promotion: so many people who may push approve this head by review,
//! and none of them asks for changes.
//!
//! Each person's last word counts. Bots have none, and who has a hand in it approves nothing.

use std::collections::BTreeMap;

use super::one_more::{Asked, one_more};
use super::{Gate, Outcome};
use crate::domain::classify::Effect;
use crate::domain::facts::{Facts, Gap};
use crate::domain::hands::{Hand, Hands};
use crate::domain::look::Look;
use crate::domain::people::is_among;
use crate::domain::policy::{Principal, Reviews};
use crate::domain::reply::gate;
use crate::model::ids::{Login, UserId};
use crate::model::read::{Access, Account, Review, ReviewState};

/// Why somebody's approving review does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discount {
    /// It was given for an older commit.
    Older,
    /// That person has a hand in it.
    Hand(Hand),
    /// That person is none of those whose reviews count.
    Stranger,
}

/// Judges the reviews that a promotion into the environment needs; no gate where it needs none.
pub(super) fn judge(
    facts: &Facts,
    look: &Look<'_>,
    touch: &Effect<'_>,
) -> Result<Option<Gate>, Gap> {
    let Some(reviews) = touch.environment.reviews().filter(|reviews| reviews.count > 0) else {
        return Ok(None);
    };
    let hands = Hands::read(facts, look, touch)?;
    let asked = Asked { approvals: touch.environment.approvals(), reviews: Some(reviews) };
    judged(facts, look, (touch, "reviews"), &hands, (reviews, &asked)).map(Some)
}

/// Judges the reviews that other changes of the environment need; no gate where they need none.
pub(super) fn of_changes(
    facts: &Facts,
    look: &Look<'_>,
    touch: &Effect<'_>,
) -> Result<Option<Gate>, Gap> {
    let Some(reviews) = touch.environment.changes().filter(|reviews| reviews.count > 0) else {
        return Ok(None);
    };
    let asked = Asked { approvals: &[], reviews: Some(reviews) };
    let hands = Hands::of_pull(look);
    judged(facts, look, (touch, "changes"), &hands, (reviews, &asked)).map(Some)
}

fn judged(
    facts: &Facts,
    look: &Look<'_>,
    (touch, name): (&Effect<'_>, &str),
    hands: &Hands,
    (reviews, asked): (&Reviews, &Asked<'_>),
) -> Result<Gate, Gap> {
    let stands = |outcome, said| Ok(Gate::new(name, touch, outcome, said));
    let (mut approving, mut discounted) = (Vec::new(), Vec::new());
    for review in last_words(facts, look)? {
        let who = &review.author;
        match review.state {
            // It stands whatever commit it was for, until it is taken back.
            ReviewState::ChangesRequested
                if *facts.access(look.ground.repo, &who.login)? >= Access::Write =>
            {
                return stands(Outcome::Needs, gate::changes_asked_for(&who.login));
            }
            ReviewState::Approved => match discount(facts, look, hands, review, &reviews.by)? {
                None => approving.push(&who.login),
                Some(why) => discounted.push((&who.login, why)),
            },
            _ => {}
        }
    }
    let said = gate::reviews(reviews, &approving, &discounted);
    if (approving.len() as u64) < reviews.count {
        let said = gate::reviews_with_unnamed(said, hands.unnamed(), reviews);
        return stands(Outcome::Needs, said);
    }
    if let Some(why) = hands.unknown() {
        return stands(Outcome::Waiting, gate::hands_unknown(why));
    }
    if hands.unnamed().is_empty() {
        return stands(Outcome::Passed, said);
    }
    match one_more(facts, look, hands, asked)? {
        Some(who) => stands(Outcome::Passed, gate::one_more(&said, hands.unnamed(), who)),
        None => {
            let said = gate::reviews_with_unnamed(said, hands.unnamed(), reviews);
            stands(Outcome::Needs, said)
        }
    }
}

/// Who approves this head by a review that counts.
pub(super) fn approving<'a>(
    facts: &'a Facts,
    look: &Look<'_>,
    hands: &Hands,
    by: &[Principal],
) -> Result<Vec<&'a Account>, Gap> {
    let mut found: Vec<&'a Account> = Vec::new();
    for review in last_words(facts, look)? {
        if review.state == ReviewState::Approved
            && discount(facts, look, hands, review, by)?.is_none()
        {
            found.push(&review.author);
        }
    }
    Ok(found)
}

/// Each person's last review that says something, in the order in which they were given.
fn last_words<'a>(facts: &'a Facts, look: &Look<'_>) -> Result<Vec<&'a Review>, Gap> {
    let mut last: BTreeMap<UserId, (usize, &Review)> = BTreeMap::new();
    let all = facts.reviews(look.ground.repo, &look.pull().number)?;
    for (place, review) in all.iter().enumerate() {
        let says = !matches!(review.state, ReviewState::Commented | ReviewState::Pending);
        if says && !review.author.bot {
            last.insert(review.author.id, (place, review));
        }
    }
    let mut last: Vec<(usize, &Review)> = last.into_values().collect();
    last.sort_by_key(|(place, _)| *place);
    Ok(last.into_iter().map(|(_, review)| review).collect())
}

/// Why an approving review does not count, if it does not.
fn discount(
    facts: &Facts,
    look: &Look<'_>,
    hands: &Hands,
    review: &Review,
    by: &[Principal],
) -> Result<Option<Discount>, Gap> {
    let (repo, who) = (look.ground.repo, &review.author);
    let of_this = review.head.as_ref().is_some_and(|head| look.heads.contains(head));
    if !of_this || is_ended(facts, look, review)? {
        return Ok(Some(Discount::Older));
    }
    if let Some(hand) = hands.of(who) {
        return Ok(Some(Discount::Hand(hand)));
    }
    let counts = *facts.access(repo, &who.login)? >= Access::Write
        && (by.is_empty() || is_among(facts, repo, by, who)?);
    Ok((!counts).then_some(Discount::Stranger))
}

/// Whether a push has ended a review: its commit was left, and has come back since.
fn is_ended(facts: &Facts, look: &Look<'_>, review: &Review) -> Result<bool, Gap> {
    let heads = facts.heads(look.ground.repo, &look.pull().number)?;
    let (mut times, mut since, mut before) = (0, None, None);
    for (head, at) in heads {
        if review.head.as_ref() == Some(head) && before != Some(head) {
            times += 1;
            since = Some(at);
        }
        before = Some(head);
    }
    let earlier = |since| review.at.is_none_or(|at| at <= since);
    Ok(times > 1 && since.is_some_and(|since| earlier(*since)))
}

/// Whose reviews do not count, and why.
pub type Discounted<'a> = (&'a Login, Discount);
