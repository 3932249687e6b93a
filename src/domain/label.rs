//! Labels and pushes: what gives an approval, and what ends it.

use jiff::Timestamp;

use super::acts::{Acts, same};
use super::decision::{Decision, Effect, Reason, Verdict};
use super::facts::{Facts, Gap};
use super::given::{self, Wanted, in_environment};
use super::ground::Ground;
use super::look::{Change, Look};
use super::people::is_among;
use super::policy::Environment;
use super::reply::reason;
use crate::intent::{Intent, Reach};
use crate::model::act::{ActKind, NewAct};
use crate::model::ids::{PrNumber, RepoRef, Sha};
use crate::model::read::Account;

/// A label by somebody not allowed is taken off so often; then it only does not count.
const MOST_REFUSALS: usize = 3;

/// No promotion is planned anew so often.
const MOST_PLANS: usize = 20;

/// A label as somebody put it on or took it off.
pub(super) struct Given<'a> {
    /// Of which pull request.
    pub pr: PrNumber,
    /// Its name.
    pub label: &'a str,
    /// By whom.
    pub by: &'a Account,
    /// The head at that time.
    pub head: &'a Sha,
    /// When.
    pub at: Timestamp,
}

/// Decides [`Intent::Label`] for a label that was put on.
pub(super) fn on(facts: &Facts, repo: &RepoRef, given: &Given<'_>) -> Result<Decision, Gap> {
    // Labels that bots set are no approval, ours included: `/approve` records the person itself.
    if given.by.bot {
        return Ok(Decision::nothing(reason::label_means_nothing()));
    }
    let ground = match Ground::read(facts, repo)? {
        Ok(ground) => ground,
        Err(reason) => return Ok(Decision::nothing(reason)),
    };
    let Some(policy) = ground.policy().cloned() else {
        return Ok(Decision::nothing(reason::config_absent()));
    };
    let means = |environment: &Environment| {
        in_environment(environment, true).iter().any(|wanted| wanted.label.is(given.label))
    };
    if !policy.environments().iter().any(means) {
        return Ok(Decision::nothing(reason::label_means_nothing()));
    }
    let Some(pull) = facts.pull(repo, &given.pr)?.as_ref().filter(|pull| stands(pull, given))
    else {
        return Ok(judged_again(repo, given.pr, reason::label_means_nothing(), Vec::new()));
    };
    let change = Change::read(facts, &ground, pull)?;
    let look = Look::at(facts, &ground, &policy, &change)?;
    let wanted = wanted(&look, given.label);
    if wanted.is_empty() && !look.promotes() {
        return Ok(Decision::nothing(reason::label_means_nothing()));
    }
    for wanted in &wanted {
        if is_among(facts, repo, &wanted.by, given.by)? {
            let act = record(given, ActKind::Approval);
            return Ok(judged_again(
                repo,
                given.pr,
                reason::label_counts(given.label),
                vec![Effect::RecordAct(act)],
            ));
        }
    }
    let mut effects = Vec::new();
    let refused = look.acts.refused(given.pr).filter(|act| same(&act.subject, given.label));
    let is_wanted = !wanted.is_empty() && look.promotes();
    if is_wanted && refused.count() < MOST_REFUSALS {
        effects.push(Effect::RecordAct(record(given, ActKind::Refused)));
        effects.push(Effect::RemoveLabel { pr: given.pr, label: given.label.to_owned() });
    }
    Ok(judged_again(repo, given.pr, reason::label_refused(given.label), effects))
}

/// The pull request is where it was when the label was given, and the label is still on.
fn stands(pull: &crate::model::read::PullRequest, given: &Given<'_>) -> bool {
    pull.open
        && pull.head.sha == *given.head
        && pull.labels.iter().any(|label| same(label, given.label))
}

/// What that label is given for on the pull request.
fn wanted<'a>(look: &'a Look<'_>, label: &str) -> Vec<Wanted<'a>> {
    let into = look.promotion.as_ref().and_then(|one| look.policy.environment(&one.environment));
    let touched = look.touches.iter().flat_map(|touch| given::wanted(look, touch));
    touched
        .chain(into.into_iter().flat_map(|environment| in_environment(environment, true)))
        .filter(|wanted| wanted.label.is(label))
        .collect()
}

/// The same delivery gives the same cause, whatever id it comes under.
fn record(given: &Given<'_>, kind: ActKind) -> NewAct {
    let Given { pr, label, by, head, at } = given;
    NewAct {
        kind,
        cause: format!("label:{pr}:{}:{}:{head}:{at}", label.to_lowercase(), by.id),
        pr: Some(*pr),
        environment: None,
        application: None,
        subject: (*label).to_owned(),
        head: Some((*head).clone()),
        by: (*by).clone(),
        reason: String::new(),
        at: *at,
        until: None,
    }
}

/// Decides [`Intent::Label`] for a label that was taken off: what it gave ends.
pub(super) fn off(facts: &Facts, repo: &RepoRef, given: &Given<'_>) -> Result<Decision, Gap> {
    let acts = Acts::read(facts, repo)?;
    let ended = acts.about(given.pr).filter(|act| {
        act.kind == ActKind::Approval && same(&act.subject, given.label) && act.at <= given.at
    });
    let ids: Vec<i64> = ended.map(|act| act.id).collect();
    if ids.is_empty() {
        return Ok(Decision::nothing(reason::label_means_nothing()));
    }
    let by = Some(given.by.login.clone());
    let ended = Effect::EndActs { ids, by, why: "label-removed".to_owned() };
    Ok(judged_again(repo, given.pr, reason::label_off(given.label), vec![ended]))
}

fn judged_again(repo: &RepoRef, pr: PrNumber, why: Reason, mut effects: Vec<Effect>) -> Decision {
    effects.push(Effect::Enqueue(Intent::Evaluate { repo: repo.clone(), pr }));
    Decision { verdict: Verdict::Accepted, reasons: vec![why], effects }
}

/// Decides [`Intent::Push`]: what was given for another head ends, and going back to that head does not
/// bring it back. A commit of ours on top of the head keeps it: judging knows whether it was planned alike.
pub(super) fn push(
    facts: &Facts,
    repo: &RepoRef,
    pr: PrNumber,
    head: &Sha,
    at: Timestamp,
) -> Result<Decision, Gap> {
    let mut effects = vec![Effect::RememberHead { pr, head: head.clone(), at }];
    let acts = Acts::read(facts, repo)?;
    let other = acts.bound(pr).filter(|act| act.head.as_ref() != Some(head) && act.at <= at);
    let other: Vec<_> = other.collect();
    if !other.is_empty() {
        let below = below(facts, repo, head)?;
        let ended =
            other.iter().filter(|act| !act.head.as_ref().is_some_and(|at| below.contains(at)));
        let ids: Vec<i64> = ended.map(|act| act.id).collect();
        if !ids.is_empty() {
            effects.push(Effect::EndActs { ids, by: None, why: "new-head".to_owned() });
        }
    }
    Ok(Decision { verdict: Verdict::Accepted, reasons: vec![reason::pushed(pr)], effects })
}

/// Decides [`Intent::Lapse`]: everything that an act bore on is judged again.
pub(super) fn lapsed(repo: &RepoRef) -> Decision {
    let again = Intent::Follow { repo: repo.clone(), reach: Reach::Everything };
    Decision {
        verdict: Verdict::Accepted,
        reasons: vec![reason::lapsed()],
        effects: vec![Effect::Enqueue(again)],
    }
}

/// The heads that commits of ours were put on top of.
pub(super) fn below(facts: &Facts, repo: &RepoRef, head: &Sha) -> Result<Vec<Sha>, Gap> {
    let identity = facts.identity()?;
    let mut below = Vec::new();
    let mut top = facts.commit(repo, head)?;
    while identity.made(top) && below.len() < MOST_PLANS {
        let Some(parent) = top.parents.first() else { break };
        below.push(parent.clone());
        top = facts.commit(repo, parent)?;
    }
    Ok(below)
}
