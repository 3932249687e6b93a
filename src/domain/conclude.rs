//! A pull request was closed: our branch goes, and what was merged may bring the next environment forward.

use super::acts::{AUTOMATIC_ONLY, Acts};
use super::aftermath;
use super::classify::{Sides, classify};
use super::decision::{Decision, Effect, Verdict};
use super::drift;
use super::evaluate::last_valid;
use super::evidence;
use super::facts::{Facts, Gap};
use super::ground::Ground;
use super::label::below;
use super::leaving;
use super::look::{is_our_pull, ours};
use super::merge::{Merged, differences};
use super::promotion::{Back, Onward, Promotion};
use super::real::Origin;
use super::reply::{check, reason, status, unneeded as say_unneeded, via as say_via};
use super::restore;
use super::unneeded;
use super::watch;
use crate::intent::{Intent, Reach};
use crate::model::act::{Act, ActKind, NewAct};
use crate::model::ids::{EnvName, PrNumber, RepoRef};
use crate::model::read::{Account, PullRequest};

/// Why what was given for a pull request ends when it is merged.
const MERGED: &str = "merged";

/// Decides [`Intent::Conclude`].
pub(super) fn conclude(facts: &Facts, repo: &RepoRef, pr: PrNumber) -> Result<Decision, Gap> {
    let Some(pull) = facts.pull(repo, &pr)?.as_ref().filter(|pull| !pull.open) else {
        return Ok(Decision::nothing(reason::pull_open(pr)));
    };
    let mut effects = Vec::new();
    if let Some((ended, unpassed)) =
        evidence::ended(facts, repo, pull, || reaches(facts, repo, pull))?
    {
        effects.push(ended);
        // Who merged it is told at once; whoever reads the record later finds it there.
        effects.extend(unpassed.map(|merged| Effect::EnsureComment {
            pr,
            marker: status::UNPASSED.to_owned(),
            body: status::unpassed(&merged),
            first: false,
        }));
    }
    effects.extend(restore::go_on(facts, repo, Some(pr))?);
    let acts = Acts::read(facts, repo)?;
    let over: Vec<i64> = acts.about(pr).map(|act| act.id).collect();
    if !over.is_empty() {
        let why = if pull.merged { MERGED } else { "closed" };
        effects.push(Effect::EndActs { ids: over, by: None, why: why.to_owned() });
    }
    let mut promotion = promotion_of(facts, repo, pull)?;
    if pull.merged {
        if let Some(planned) = promotion {
            promotion = Some(leaving::as_merged(facts, repo, pull, planned)?);
        }
        if let Some(promotion) = &promotion {
            let went = aftermath::went_back(facts, repo, pull, promotion)?;
            effects.push(Effect::EnsureComment {
                pr,
                marker: status::MARKER.to_owned(),
                body: status::merged(promotion, &accepted(facts, repo, pull)?, went.as_ref()),
                first: false,
            });
            let whole = leaving::is_undone(facts, repo, pull, promotion)?;
            effects.extend(after_the_way_back(facts, pull, (promotion, whole), &acts));
            if let Some(went) = &went {
                effects.extend(aftermath::follows(facts, repo, pull, (promotion, went, whole))?);
            }
            if onward(promotion).is_some() {
                effects.push(Effect::Enqueue(Intent::Onward { repo: repo.clone(), pr }));
            }
        }
        if let Ok(ground) = Ground::read(facts, repo)?
            && let Some(policy) = ground.policy()
        {
            effects.extend(drift::accept(facts, &ground, policy, pull)?);
        }
        if let Ok(ground) = Ground::read(facts, repo)?
            && let (Some(policy), Some(promotion)) = (last_valid(facts, &ground)?, &promotion)
            && watch::is_watched(&policy, promotion)
        {
            effects.push(Effect::Enqueue(Intent::Watch { repo: repo.clone(), pr }));
        }
        let follow = Intent::Follow { repo: repo.clone(), reach: Reach::Promotions };
        effects.push(Effect::Enqueue(follow));
    }
    if !pull.merged {
        effects.extend(closed(facts, repo, pull, promotion.as_ref())?);
    }
    // Last: a repository's rules may not let it go, and nothing rests on that.
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
    Ok(Decision {
        verdict: Verdict::Accepted,
        reasons: vec![reason::pull_concluded(pull)],
        effects,
    })
}

/// The overrides that stood when a pull request was merged: they are shown for ever. What its end has ended since
/// is among them.
fn accepted<'a>(facts: &'a Facts, repo: &RepoRef, pull: &PullRequest) -> Result<Vec<&'a Act>, Gap> {
    let mut heads = below(facts, repo, &pull.head.sha)?;
    heads.push(pull.head.sha.clone());
    let all = facts.acts_of_pull(repo, &pull.number)?.iter();
    let stood = all.filter(|(act, ended)| {
        act.kind == ActKind::Override
            && act.head.as_ref().is_some_and(|head| heads.contains(head))
            && ended.as_ref().is_none_or(|ended| ended.why == MERGED)
    });
    Ok(stood.map(|(act, _)| act).collect())
}

/// What was given for a pull request ends with it, and so does the verdict on its commit: the same commit
/// may come again by another one. What was to follow it does not.
fn closed(
    facts: &Facts,
    repo: &RepoRef,
    pull: &PullRequest,
    promotion: Option<&Promotion>,
) -> Result<Vec<Effect>, Gap> {
    let mut effects = Vec::new();
    if let Some(onward) = promotion.and_then(onward) {
        effects.push(Effect::EnsureComment {
            pr: pull.number,
            marker: say_via::MARKER.to_owned(),
            body: say_via::dropped(onward),
            first: false,
        });
    }
    let head = &pull.head.sha;
    let mut open = facts.open_pulls(repo)?.iter();
    if let Some(twin) = open.find(|other| other.head.sha == *head) {
        let evaluate = Intent::Evaluate { repo: repo.clone(), pr: twin.number };
        effects.push(Effect::Enqueue(evaluate));
        return Ok(effects);
    }
    effects.push(Effect::EnsureCheck(match promotion {
        Some(way) => match beside(facts, repo, way)? {
            Some(later) => say_unneeded::check(head, way, &later),
            None => check::closed(head),
        },
        None => check::closed(head),
    }));
    Ok(effects)
}

/// The later environment because of which a way back is not needed.
fn beside(facts: &Facts, repo: &RepoRef, way: &Promotion) -> Result<Option<EnvName>, Gap> {
    let Ok(ground) = Ground::read(facts, repo)? else { return Ok(None) };
    let Some(policy) = ground.policy() else { return Ok(None) };
    let later = unneeded::beside(facts, (&ground, policy), way)?;
    Ok(later.map(|later| later.name().clone()))
}

/// What waits for a promotion's merge.
fn onward(promotion: &Promotion) -> Option<&Onward> {
    promotion.back.as_ref()?.onward.as_deref()
}

/// After a rollback what it left is bad there, and nothing comes by itself; undoing a rollback takes back
/// what it left behind, once nothing of it stands.
fn after_the_way_back(
    facts: &Facts,
    pull: &PullRequest,
    (promotion, whole): (&Promotion, bool),
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
    if let Some(undone) = back.undoes.filter(|_| whole) {
        let ids: Vec<i64> = acts.left_by(undone).map(|act| act.id).collect();
        if !ids.is_empty() {
            let by = promotion.request.as_ref().map(|request| request.by.clone());
            effects.push(Effect::EndActs { ids, by, why: format!("undone by #{}", pull.number) });
        }
    }
    effects
}

/// Whether a merge that nobody judged before changed an environment: by the commit that it came to, against the
/// one before.
fn reaches(facts: &Facts, repo: &RepoRef, pull: &PullRequest) -> Result<bool, Gap> {
    let ground = match Ground::read(facts, repo)? {
        Ok(ground) if pull.base.branch == ground.home.default_branch => ground,
        _ => return Ok(false),
    };
    let (Some(policy), Some(landed)) = (ground.policy(), &pull.landed) else {
        return Ok(false);
    };
    let landed = facts.commit(repo, landed)?;
    let Some(parent) = landed.parents.first() else {
        return Ok(false);
    };
    let before = facts.tree(repo, &facts.commit(repo, parent)?.tree)?;
    let after = facts.tree(repo, &landed.tree)?;
    let changed = differences(before, after).into_iter().map(str::to_owned).collect();
    let merged = Merged { tree: (**after).clone(), conflicts: Default::default(), changed };
    let sides = Sides { repo, before, merged: &merged, origin: Origin::of(pull) };
    Ok(!classify(facts, &sides, policy)?.is_empty())
}

/// The promotion that a pull request of ours was.
pub(super) fn promotion_of(
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
