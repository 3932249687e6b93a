//! A group of a merge queue: every pull request that it brings is held against its gates once more, each on top
//! of those before it, and the worst verdict counts for all.
//!
//! Which pull requests are in it is read from GitHub's branches; that the commit is really what they make of the
//! default branch is proved by its tree.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::decision::{Decision, Effect, Verdict};
use super::evaluate::{Assessment, assess, changed_rules, policy_for, without_policy};
use super::facts::{Facts, Gap};
use super::ground::Ground;
use super::look::{Change, Look};
use super::merge::differences;
use super::reply::{self, group as say, reason};
use crate::intent::{Group, Intent};
use crate::model::ids::{PrNumber, RepoRef, Sha};
use crate::model::read::{Conclusion, PullRequest};
use crate::model::write::NewCheck;

/// What GitHub calls the branches of groups.
const BRANCHES: &str = "gh-readonly-queue/";

/// A group is looked at again after so long at the latest, for as long as it is there.
const AGAIN: SignedDuration = SignedDuration::from_mins(5);

/// One that is not on top of the default branch will be built anew by GitHub; that is looked for soon.
const SOON: SignedDuration = SignedDuration::from_secs(15);

/// More pull requests than GitHub puts into a group.
const MOST: usize = 100;

/// A pull request in a group.
struct Entry {
    pr: PrNumber,
    /// What it is put on.
    base: Sha,
    /// What that makes.
    head: Sha,
}

/// What there is to say about one of them.
pub struct Member {
    /// Which pull request.
    pub pr: PrNumber,
    /// Its `usher/gates` in the group.
    pub gates: NewCheck,
    /// Its `usher/kustomize` in the group.
    pub kustomize: NewCheck,
}

/// Decides [`Intent::Group`].
pub(super) fn group(facts: &Facts, repo: &RepoRef, group: &Group) -> Result<Decision, Gap> {
    let ground = match Ground::read(facts, repo)? {
        Ok(ground) => ground,
        Err(reason) => return Ok(Decision::nothing(reason)),
    };
    judge(facts, &ground, group)
}

/// Judges a group and posts what comes of it. What is not known is not passed.
pub(super) fn judge(facts: &Facts, ground: &Ground<'_>, group: &Group) -> Result<Decision, Gap> {
    match try_to_judge(facts, ground, group) {
        Err(Gap::Unknown(why)) => {
            let checks = say::unknown(&group.head, &why);
            Ok(decided(ground, group, checks, facts.now, None))
        }
        judged => judged,
    }
}

fn try_to_judge(facts: &Facts, ground: &Ground<'_>, group: &Group) -> Result<Decision, Gap> {
    if group.branch != ground.home.default_branch {
        let checks = say::elsewhere(&group.head, &ground.home.default_branch);
        return Ok(decided(ground, group, checks, facts.now, None));
    }
    let entries = match entries(facts, ground, group)? {
        Chain::Whole(entries) => entries,
        Chain::Gone => return Ok(Decision::nothing(reason::group_gone(&group.head))),
        // Nothing is said: neither that it may be merged, nor that its pull requests are to blame.
        Chain::Elsewhere => {
            let at = facts.now.checked_add(SOON).unwrap_or(facts.now);
            let reasons = vec![reason::group_elsewhere(&group.head)];
            let effects = vec![look_again(ground, group, at)];
            return Ok(Decision { verdict: Verdict::Accepted, reasons, effects });
        }
    };
    let (mut members, mut again, mut rules_changed) = (Vec::new(), None, None);
    for entry in &entries {
        let judged = member(facts, ground, group, entry, rules_changed)?;
        if judged.changes_rules {
            rules_changed = Some(entry.pr);
        }
        again = [again, judged.again].into_iter().flatten().min();
        members.push(judged.member);
    }
    Ok(decided(ground, group, say::checks(&group.head, &members), facts.now, again))
}

struct Judged {
    member: Member,
    again: Option<Timestamp>,
    changes_rules: bool,
}

/// One pull request, on top of those before it. `after`: the one before it that changes the configuration.
fn member(
    facts: &Facts,
    ground: &Ground<'_>,
    group: &Group,
    entry: &Entry,
    after: Option<PrNumber>,
) -> Result<Judged, Gap> {
    let shut = |why: String| {
        let (gates, kustomize) = say::shut(&group.head, &why);
        let member = Member { pr: entry.pr, gates, kustomize };
        Judged { member, again: None, changes_rules: false }
    };
    let Some(pull) = facts.pull(ground.repo, &entry.pr)?.as_ref().filter(|pull| pull.open) else {
        return Ok(shut(say::not_open(entry.pr)));
    };
    // What stands before it in the queue is its base; what runs is read from the default branch.
    let base = facts.commit(ground.repo, &entry.base)?;
    let below = Ground {
        repo: ground.repo,
        home: ground.home,
        head: ground.head,
        tree: ground.tree,
        onto: (base, facts.tree(ground.repo, &base.tree)?),
        configuration: ground.configuration.clone(),
    };
    let change = Change::read(facts, &below, pull)?;
    let made = facts.commit(ground.repo, &entry.head)?;
    let made = facts.tree(ground.repo, &made.tree)?;
    // What both sides changed is GitHub's to make; where that is rendered, `scope` says so.
    let ours = |path: &&str| !change.merged.conflicts.contains(*path);
    if differences(&change.merged.tree, made).iter().any(ours) {
        return Ok(shut(say::other_tree(entry.pr)));
    }
    let rules = changed_rules(facts, &below, &change.merged)?;
    let link = facts.page(ground.repo, pull);
    let checks = |assessment: &Assessment, look: Option<&Look<'_>>| {
        let gates = reply::check::gates(&group.head, assessment, None, &link);
        let kustomize = reply::check::kustomize(&group.head, look, &link);
        Member { pr: entry.pr, gates, kustomize }
    };
    let changes_rules = rules.is_some();
    let Some(policy) = policy_for(facts, &below, rules.as_ref())? else {
        let assessment = without_policy(&below, &change.merged);
        let member = checks(&assessment, None);
        return Ok(Judged { member, again: None, changes_rules });
    };
    let look = Look::at(facts, &below, &policy, &change)?;
    if let Some(before) = after.filter(|_| !look.touches.is_empty()) {
        return Ok(shut(say::other_rules(before)));
    }
    let assessment = assess(facts, &look, rules.as_ref())?;
    let again = assessment.gates().iter().filter_map(|gate| gate.again).min();
    Ok(Judged { member: checks(&assessment, Some(&look)), again, changes_rules })
}

/// Whether a pull request is in a merge queue: then a group holds it, with those before it.
pub(super) fn is_queued(facts: &Facts, look: &Look<'_>, pull: &PullRequest) -> Result<bool, Gap> {
    let prefix = branches_onto(&pull.base.branch);
    let all = facts.branches(look.ground.repo, &prefix)?.iter();
    let mut entries = all.filter_map(|(name, _)| read_branch(name.strip_prefix(&prefix)?));
    Ok(entries.any(|(pr, _)| pr == pull.number))
}

/// What the branches of the groups onto a branch begin with.
fn branches_onto(branch: &str) -> String {
    format!("{BRANCHES}{branch}/pr-")
}

enum Chain {
    /// From the default branch's head to the group's, in this order.
    Whole(Vec<Entry>),
    /// There is no such group any more.
    Gone,
    /// It does not stand on the default branch's head.
    Elsewhere,
}

/// The pull requests between the default branch's head and the group's.
fn entries(facts: &Facts, ground: &Ground<'_>, group: &Group) -> Result<Chain, Gap> {
    let prefix = branches_onto(&group.branch);
    let mut by_head: BTreeMap<&Sha, (PrNumber, Sha)> = BTreeMap::new();
    for (name, head) in facts.branches(ground.repo, &prefix)? {
        if let Some((pr, base)) = read_branch(name.strip_prefix(&prefix).unwrap_or_default()) {
            by_head.insert(head, (pr, base));
        }
    }
    let mut found = Vec::new();
    let mut head = group.head.clone();
    while head != ground.head.sha {
        let Some((pr, base)) = by_head.remove(&head) else {
            return Ok(if found.is_empty() { Chain::Gone } else { Chain::Elsewhere });
        };
        found.push(Entry { pr, base: base.clone(), head });
        if found.len() > MOST {
            return Ok(Chain::Elsewhere);
        }
        head = base;
    }
    found.reverse();
    Ok(if found.is_empty() { Chain::Gone } else { Chain::Whole(found) })
}

/// `NUMBER-BASE`.
fn read_branch(rest: &str) -> Option<(PrNumber, Sha)> {
    let (number, base) = rest.split_once('-')?;
    Some((PrNumber(number.parse().ok()?), Sha::new(base.to_owned()).ok()?))
}

fn decided(
    ground: &Ground<'_>,
    group: &Group,
    (gates, kustomize): (NewCheck, NewCheck),
    now: Timestamp,
    again: Option<Timestamp>,
) -> Decision {
    let open = |check: &NewCheck| {
        matches!(check.conclusion, Some(Conclusion::Success | Conclusion::Neutral))
    };
    let verdict = if open(&gates) { Verdict::Accepted } else { Verdict::Refused };
    let reasons = vec![reason::group(&group.head, &gates.title)];
    let late = now.checked_add(AGAIN).unwrap_or(now);
    let at = again.map_or(late, |at| at.clamp(now, late));
    let effects = vec![
        Effect::EnsureCheck(kustomize),
        Effect::EnsureCheck(gates),
        look_again(ground, group, at),
    ];
    Decision { verdict, reasons, effects }
}

fn look_again(ground: &Ground<'_>, group: &Group, at: Timestamp) -> Effect {
    Effect::ComeAgain {
        intent: Box::new(Intent::Group { repo: ground.repo.clone(), group: group.clone() }),
        at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_of_a_group_names_its_pull_request_and_what_it_stands_on() {
        let base = "9".repeat(40);
        let (pr, sha) = read_branch(&format!("12-{base}")).unwrap();
        assert_eq!((pr, sha.as_str()), (PrNumber(12), base.as_str()));
        for other in ["", "12", "x-9", "12-", &format!("-{base}"), &format!("12-{base}-7")] {
            assert!(read_branch(other).is_none(), "{other}");
        }
    }
}
