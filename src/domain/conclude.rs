//! A pull request was closed: our branch goes, and what was merged may bring the next environment forward.

use super::acts::{AUTOMATIC_ONLY, Acts};
use super::decision::{Decision, Effect, Verdict};
use super::facts::{Facts, Gap};
use super::look::{is_our_pull, ours};
use super::promotion::{Back, Promotion};
use super::reply::{check, reason, status};
use crate::intent::{Intent, Reach};
use crate::model::act::{ActKind, NewAct};
use crate::model::ids::{PrNumber, RepoRef};
use crate::model::read::{Account, PullRequest};

/// Decides [`Intent::Conclude`].
pub(super) fn conclude(facts: &Facts, repo: &RepoRef, pr: PrNumber) -> Result<Decision, Gap> {
    let Some(pull) = facts.pull(repo, &pr)?.as_ref().filter(|pull| !pull.open) else {
        return Ok(Decision::nothing(reason::pull_open(pr)));
    };
    let mut effects = Vec::new();
    if is_our_pull(pull, facts.identity()?)
        && facts
            .head(repo, &pull.head.branch)?
            .as_ref()
            .is_some_and(|head| head.sha == pull.head.sha)
    {
        effects.push(Effect::DeleteBranch {
            branch: pull.head.branch.clone(),
            at: pull.head.sha.clone(),
        });
    }
    let acts = Acts::read(facts, repo)?;
    let over: Vec<i64> = acts.about(pr).map(|act| act.id).collect();
    if !over.is_empty() {
        let why = if pull.merged { "merged" } else { "closed" };
        effects.push(Effect::EndActs { ids: over, by: None, why: why.to_owned() });
    }
    if pull.merged {
        if let Some(promotion) = promotion_of(facts, repo, pull)? {
            effects.push(Effect::EnsureComment {
                pr,
                marker: status::MARKER.to_owned(),
                body: status::merged(&promotion),
                first: false,
            });
            effects.extend(after_the_way_back(facts, pull, &promotion, &acts));
        }
        let follow = Intent::Follow { repo: repo.clone(), reach: Reach::Promotions };
        effects.push(Effect::Enqueue(follow));
    }
    if !pull.merged {
        effects.push(closed(facts, repo, pull)?);
    }
    Ok(Decision {
        verdict: Verdict::Accepted,
        reasons: vec![reason::pull_concluded(pull)],
        effects,
    })
}

/// What was given for a pull request ends with it, and so does the verdict on its commit: the same commit
/// may come again by another one.
fn closed(facts: &Facts, repo: &RepoRef, pull: &PullRequest) -> Result<Effect, Gap> {
    let mut open = facts.open_pulls(repo)?.iter();
    Ok(match open.find(|other| other.head.sha == pull.head.sha) {
        Some(twin) => Effect::Enqueue(Intent::Evaluate { repo: repo.clone(), pr: twin.number }),
        None => Effect::EnsureCheck(check::closed(&pull.head.sha)),
    })
}

/// After a rollback what it left is bad there, and nothing comes by itself; undoing a rollback takes back
/// what it left behind.
fn after_the_way_back(
    facts: &Facts,
    pull: &PullRequest,
    promotion: &Promotion,
    acts: &Acts<'_>,
) -> Vec<Effect> {
    let Some(back) = &promotion.back else {
        return Vec::new();
    };
    let mut effects = Vec::new();
    for tag in &back.leaves {
        let kind = ActKind::Bad;
        effects.push(Effect::RecordAct(left(facts, pull, promotion, back, kind, tag)));
    }
    if !back.leaves.is_empty() {
        let hold = left(facts, pull, promotion, back, ActKind::Hold, AUTOMATIC_ONLY);
        effects.push(Effect::RecordAct(hold));
    }
    if let Some(undone) = back.undoes {
        let ids: Vec<i64> = acts.left_by(undone).map(|act| act.id).collect();
        if !ids.is_empty() {
            let by = promotion.request.as_ref().map(|request| request.by.clone());
            effects.push(Effect::EndActs { ids, by, why: format!("undone by #{}", pull.number) });
        }
    }
    effects
}

/// The promotion that a pull request of ours was.
fn promotion_of(
    facts: &Facts,
    repo: &RepoRef,
    pull: &PullRequest,
) -> Result<Option<Promotion>, Gap> {
    let identity = facts.identity()?;
    if !is_our_pull(pull, identity) {
        return Ok(None);
    }
    let head = facts.commit(repo, &pull.head.sha)?;
    Ok(ours(pull, std::slice::from_ref(head), identity, &facts.sealer(repo)))
}

fn left(
    facts: &Facts,
    pull: &PullRequest,
    promotion: &Promotion,
    back: &Back,
    kind: ActKind,
    subject: &str,
) -> NewAct {
    let by = match &promotion.request {
        Some(request) => Account { id: request.id, login: request.by.clone(), bot: false },
        None => pull.author.clone(),
    };
    let said = back.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
    NewAct {
        kind,
        cause: format!("{}{subject}", Acts::cause_of_leaving(pull.number)),
        pr: None,
        environment: Some(promotion.environment.clone()),
        application: Some(promotion.application.clone()),
        subject: subject.to_owned(),
        head: None,
        by,
        reason: format!("rolled back by #{}{said}", pull.number),
        at: facts.now,
        until: None,
    }
}
