//! `config`: a change of the rules themselves is approved by one of those who answer for them, under the
//! rules as they are.

use std::collections::BTreeMap;

use super::{Gate, Outcome, overridden};
use crate::domain::facts::{Facts, Gap};
use crate::domain::look::Look;
use crate::domain::people::is_among;
use crate::domain::policy::Problem;
use crate::domain::reply::gate;
use crate::model::ids::UserId;
use crate::model::read::{Review, ReviewState};

/// The gate's name.
pub const CONFIG: &str = "config";

/// Judges from the reviews of this head, each person's last one.
pub(super) fn judge(facts: &Facts, look: &Look<'_>, problems: &[Problem]) -> Result<Gate, Gap> {
    let stands = |outcome, said| {
        let (name, environment) = (CONFIG.to_owned(), None);
        Ok(Gate { name, environment, outcome, said, again: None, valid_until: None })
    };
    if !problems.is_empty() {
        return stands(Outcome::Failed, gate::config_invalid(problems.len()));
    }
    let pull = look.pull();
    let admins = overridden::who(look.policy, None, CONFIG);
    let mut last: BTreeMap<UserId, &Review> = BTreeMap::new();
    for review in facts.reviews(look.ground.repo, &pull.number)? {
        if !matches!(review.state, ReviewState::Commented | ReviewState::Pending) {
            last.insert(review.author.id, review);
        }
    }
    let wrote = |id: UserId| {
        let commits = &look.change.comparison.commits;
        id == pull.author.id
            || commits.iter().any(|commit| commit.author.as_ref().is_some_and(|one| one.id == id))
    };
    let mut approved = None;
    for review in last.into_values() {
        let counts = !review.author.bot && !wrote(review.author.id);
        if !counts || !is_among(facts, look.ground.repo, &admins, &review.author)? {
            continue;
        }
        match review.state {
            ReviewState::ChangesRequested => {
                return stands(Outcome::Needs, gate::config_objected(&review.author.login));
            }
            ReviewState::Approved if review.head.as_ref() == Some(&pull.head.sha) => {
                approved = Some(&review.author.login);
            }
            _ => {}
        }
    }
    match approved {
        Some(admin) => stands(Outcome::Passed, gate::config_approved(admin)),
        None => stands(Outcome::Needs, gate::config_needs(&admins)),
    }
}
