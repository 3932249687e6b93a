//! A promotion of ours is withdrawn: that is recorded, told in its status comment, and closes it.
//!
//! Why one is, others say.

use super::decision::Effect;
use super::evidence;
use super::facts::Facts;
use super::reply::status::MARKER;
use crate::model::evidence::Withdrawn;
use crate::model::read::PullRequest;

/// Closes a promotion. `status`: what its status comment says from then on. The record comes first, so that what
/// is closed is never without a reason.
pub(super) fn withdraw(
    facts: &Facts,
    pull: &PullRequest,
    why: Withdrawn,
    status: String,
) -> [Effect; 3] {
    let pr = pull.number;
    let comment =
        Effect::EnsureComment { pr, marker: MARKER.to_owned(), body: status, first: false };
    [evidence::withdrawn(facts, pull, why), comment, Effect::ClosePull { pr }]
}

/// Closes a promotion that nobody will open again: its branch goes, if it is still where it was seen.
pub(super) fn withdraw_for_good(
    facts: &Facts,
    pull: &PullRequest,
    why: Withdrawn,
    status: String,
) -> Vec<Effect> {
    let (branch, at) = (pull.head.branch.clone(), pull.head.sha.clone());
    let mut effects = Vec::from(withdraw(facts, pull, why, status));
    effects.push(Effect::DeleteBranch { branch, at });
    effects
}
