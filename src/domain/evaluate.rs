//! A pull request is held against its gates, and what they say is posted where people look.
//!
//! It is evaluated whoever made it; ours are known by author, branch and signed commit.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::acts::Acts;
use super::configuration::Configuration;
use super::decision::{Decision, Effect, Verdict};
use super::evidence;
use super::facts::{Facts, Gap};
use super::gates::{self, Gate};
use super::ground::Ground;
use super::look::{Change, Look};
use super::merge::Merged;
use super::page::Page;
use super::policy::{self, Mode, Policy, Problem};
use super::reply::{self, reason};
use super::{merging, replan, restore, supersede};
use crate::intent::{Asked, Intent};
use crate::model::ids::{PrNumber, RepoRef};
use crate::model::read::PullRequest;
use crate::model::write::NewCheck;

/// So long a green verdict goes unread: health, tags and memberships do not tell when they change.
const GREEN_FOR: SignedDuration = SignedDuration::from_mins(5);

/// What there is to say about a pull request.
#[derive(Debug, Clone)]
pub enum Assessment {
    /// It touches no environment and no rule.
    NoPromotion(Untouched),
    /// The configuration is invalid, and the pull request could change an environment.
    Unjudgeable(Vec<Problem>),
    /// It touches environments, or the rules.
    Judged {
        /// Gate by gate.
        gates: Vec<Gate>,
        /// Whether any environment is promoted, or only configured otherwise.
        promotes: bool,
        /// Whether verdicts bind.
        mode: Mode,
    },
}

impl Assessment {
    /// Whether it may not be merged.
    pub fn blocks(&self) -> bool {
        match self {
            Self::NoPromotion(_) => false,
            Self::Unjudgeable(_) => true,
            Self::Judged { .. } => self.gates().iter().any(|gate| !gate.outcome.is_open()),
        }
    }

    /// The gates, where there are some.
    pub fn gates(&self) -> &[Gate] {
        match self {
            Self::Judged { gates, .. } => gates,
            Self::NoPromotion(_) | Self::Unjudgeable(_) => &[],
        }
    }

    /// Whether an environment is promoted.
    pub fn promotes(&self) -> bool {
        matches!(self, Self::Judged { promotes: true, .. })
    }
}

/// Why a pull request touches no environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Untouched {
    /// It goes to a branch that no environment follows.
    OtherBranch {
        /// The branch that they follow.
        followed: String,
    },
    /// The repository has no configuration.
    NoConfiguration,
    /// No file that it changes is used by one.
    NoFile,
}

/// What a pull request does to the configuration.
#[derive(Debug, Clone)]
pub struct Rules {
    /// What would be wrong with it after the merge.
    pub problems: Vec<Problem>,
    /// What the change means, a sentence each.
    pub meaning: Vec<String>,
}

/// Decides [`crate::intent::Intent::Evaluate`].
pub fn evaluate(facts: &Facts, repo: &RepoRef, pr: PrNumber) -> Result<Decision, Gap> {
    let ground = match Ground::read(facts, repo)? {
        Ok(ground) => ground,
        Err(reason) => return Ok(Decision::nothing(reason)),
    };
    let Some(pull) = facts.pull(repo, &pr)?.as_ref().filter(|pull| pull.open) else {
        return Ok(Decision::nothing(reason::pull_closed(pr)));
    };
    judge(facts, &ground, pull, Outdated::PlanAnew)
}

/// What becomes of a promotion whose files have moved on the base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outdated {
    /// It is planned anew, and judged once that is pushed.
    PlanAnew,
    /// It is judged as it stands.
    Judge,
}

/// Judges an open pull request and posts what comes of it.
///
/// Checks belong to a commit, and a pull request can be pointed at another branch after they were posted. So
/// one that goes elsewhere is judged as if it went to the default branch, or left to the one that takes the
/// same commit there: it turns no red commit green.
///
/// What another repository does not tell leaves it unjudged, and that is red too.
pub fn judge(
    facts: &Facts,
    ground: &Ground<'_>,
    pull: &PullRequest,
    outdated: Outdated,
) -> Result<Decision, Gap> {
    match try_to_judge(facts, ground, pull, outdated) {
        Err(Gap::Unknown(why)) => {
            let link = facts.page(ground.repo, pull);
            let check = reply::check::unknown(&pull.head.sha, &why, &link);
            let page = reply::page::unjudged(reply::page::begun(facts, ground, pull), &check);
            Ok(Decision {
                verdict: Verdict::Refused,
                reasons: vec![reason::unknown(&why)],
                effects: vec![
                    remember(pull, page),
                    evidence::unknown(facts, ground, pull, &why)?,
                    Effect::EnsureCheck(check),
                ],
            })
        }
        judged => judged,
    }
}

fn remember(pull: &PullRequest, page: Page) -> Effect {
    let (pr, head) = (pull.number, pull.head.sha.clone());
    Effect::RememberPage { pr, head, page: Box::new(page) }
}

fn try_to_judge(
    facts: &Facts,
    ground: &Ground<'_>,
    pull: &PullRequest,
    outdated: Outdated,
) -> Result<Decision, Gap> {
    let followed = ground.home.default_branch.as_str();
    let elsewhere = pull.base.branch != followed;
    if elsewhere && let Some(twin) = twin(facts, ground, pull)? {
        return Ok(twin);
    }
    let change = Change::read(facts, ground, pull)?;
    let rules = changed_rules(facts, ground, &change.merged)?;
    let Some(policy) = policy_for(facts, ground, rules.as_ref())? else {
        let assessment = without_policy(ground, &change.merged);
        return posted(facts, ground, (pull, None), &assessment, rules.as_ref());
    };
    let look = Look::at(facts, ground, &policy, &change)?;
    if !elsewhere
        && outdated == Outdated::PlanAnew
        && let Some((reason, effects)) = replan::replan(facts, &look)?
    {
        return Ok(Decision { verdict: Verdict::Accepted, reasons: vec![reason], effects });
    }
    let mut assessment = assess(facts, &look, rules.as_ref())?;
    let again = look_again(facts, &assessment);
    if elsewhere && !assessment.blocks() {
        let why = Untouched::OtherBranch { followed: followed.to_owned() };
        assessment = Assessment::NoPromotion(why);
    }
    let mut decision = posted(facts, ground, (pull, Some(&look)), &assessment, rules.as_ref())?;
    if let Some((Asked { came, .. }, _)) = last_try(facts, &look, &assessment)? {
        let note = reply::status::tried(came);
        for effect in &mut decision.effects {
            if let Effect::EnsureComment { body, .. } = effect {
                body.push_str(&note);
            }
        }
    }
    let stale = look
        .acts
        .bound(pull.number)
        .filter(|act| act.head.as_ref().is_some_and(|head| !look.heads.contains(head)));
    let stale: Vec<i64> = stale.map(|act| act.id).collect();
    if !stale.is_empty() {
        decision.effects.push(Effect::EndActs { ids: stale, by: None, why: "new-head".to_owned() });
    }
    // The push may not have been told of; what is said from now on is said of this head.
    let seen = facts.heads(ground.repo, &pull.number)?.last().map(|(head, _)| head);
    if seen != Some(&pull.head.sha) {
        let (pr, head, at) = (pull.number, pull.head.sha.clone(), facts.now);
        decision.effects.push(Effect::RememberHead { pr, head, at });
    }
    if !elsewhere {
        decision.effects.extend(supersede::supersede(facts, &look)?);
        decision.effects.extend(restore::follows(facts, &look, &assessment)?);
        decision.effects.extend(merging::follows(facts, &look, &assessment)?);
    }
    if let Some(at) = again {
        decision.effects.push(Effect::LookAgain { pr: pull.number, at });
    }
    Ok(decision)
}

/// What came of the last try at merging it by itself, where that is worth telling.
fn last_try<'a>(
    facts: &'a Facts,
    look: &Look<'_>,
    assessment: &Assessment,
) -> Result<Option<&'a (Asked, Timestamp)>, Gap> {
    if merging::by_itself(look, assessment) { merging::tried(facts, look) } else { Ok(None) }
}

/// When it has to be looked at again, should nothing happen before: when a gate says so, and where everything
/// has passed soon, because what that rests on may change without telling.
fn look_again(facts: &Facts, assessment: &Assessment) -> Option<Timestamp> {
    let first = assessment.gates().iter().filter_map(|gate| gate.again).min();
    let promotes = matches!(assessment, Assessment::Judged { promotes: true, .. });
    let soon = facts.now.checked_add(GREEN_FOR).ok();
    let soon = soon.filter(|_| promotes && !assessment.blocks());
    let at = [first, soon].into_iter().flatten().min()?;
    // What is due already was looked at just now.
    Some(at.max(facts.now.checked_add(SignedDuration::from_secs(1)).ok()?))
}

/// How a pull request stands in the light of a policy.
pub fn assess(facts: &Facts, look: &Look<'_>, rules: Option<&Rules>) -> Result<Assessment, Gap> {
    if rules.is_none() && look.touches.is_empty() && look.promotion.is_none() {
        return Ok(Assessment::NoPromotion(Untouched::NoFile));
    }
    let gates = gates::judge(facts, look, rules.map(|rules| rules.problems.as_slice()))?;
    Ok(Assessment::Judged { gates, promotes: look.promotes(), mode: look.policy.mode() })
}

/// The pull request that takes the same commit to the default branch: its verdict is the one to post.
fn twin(facts: &Facts, ground: &Ground<'_>, pull: &PullRequest) -> Result<Option<Decision>, Gap> {
    let followed = &ground.home.default_branch;
    let mut open = facts.open_pulls(ground.repo)?.iter();
    let twin = open.find(|one| one.head.sha == pull.head.sha && one.base.branch == *followed);
    Ok(twin.map(|twin| {
        let intent = Intent::Evaluate { repo: ground.repo.clone(), pr: twin.number };
        Decision {
            verdict: Verdict::Accepted,
            reasons: vec![reason::pull_same_head(twin.number)],
            effects: vec![Effect::Enqueue(intent)],
        }
    }))
}

/// What the merge would do to the configuration; none if it leaves it alone, or if there is none yet.
pub fn changed_rules(
    facts: &Facts,
    ground: &Ground<'_>,
    merged: &Merged,
) -> Result<Option<Rules>, Gap> {
    if !merged.changed.contains(policy::PATH) {
        return Ok(None);
    }
    let after = Configuration::read(facts, ground.repo, &ground.home.name, &merged.tree)?;
    let before = last_valid(facts, ground)?;
    Ok(Some(match after {
        Configuration::Invalid(problems) => Rules { problems, meaning: Vec::new() },
        Configuration::Valid(after, _) => Rules {
            problems: Vec::new(),
            meaning: match before {
                Some(before) => meaning(facts, ground, &before, &after)?,
                None => vec![reply::check::first_rules(&after)],
            },
        },
        Configuration::Absent => {
            Rules { problems: Vec::new(), meaning: vec![reply::check::rules_gone()] }
        }
    }))
}

/// What it means that the rules change, what stands in the way of nobody any more first.
fn meaning(
    facts: &Facts,
    ground: &Ground<'_>,
    before: &Policy,
    after: &Policy,
) -> Result<Vec<String>, Gap> {
    let acts = Acts::read(facts, ground.repo)?;
    let gone = policy::vanished(before, after).into_iter();
    let mut sentences: Vec<String> = gone
        .filter(|name| !acts.locks(name).is_empty())
        .map(reply::check::lifts_the_lock)
        .collect();
    sentences.extend(policy::differences(before, after));
    Ok(sentences)
}

/// The policy that a pull request is judged by: the one of the base; for one that changes an invalid
/// configuration, the last one that was valid.
pub fn policy_for(
    facts: &Facts,
    ground: &Ground<'_>,
    rules: Option<&Rules>,
) -> Result<Option<Arc<Policy>>, Gap> {
    match (&ground.configuration, rules) {
        (Configuration::Valid(policy, _), _) => Ok(Some(policy.clone())),
        (Configuration::Invalid(_), Some(_)) => {
            Ok(Some(last_valid(facts, ground)?.unwrap_or_else(|| Arc::new(Policy::none()))))
        }
        _ => Ok(None),
    }
}

/// The base's policy, or the last one that was valid.
pub(super) fn last_valid(facts: &Facts, ground: &Ground<'_>) -> Result<Option<Arc<Policy>>, Gap> {
    if let Configuration::Valid(policy, _) = &ground.configuration {
        return Ok(Some(policy.clone()));
    }
    let Some(sha) = facts.last_config(ground.repo)? else {
        return Ok(None);
    };
    let mut tree = ground.tree.clone();
    let mode = crate::model::files::Mode::File;
    tree.entries.insert(policy::PATH.to_owned(), (mode, sha.clone()));
    Ok(match Configuration::read(facts, ground.repo, &ground.home.name, &tree)? {
        Configuration::Valid(policy, _) => Some(policy),
        Configuration::Absent | Configuration::Invalid(_) => None,
    })
}

/// What can be said where the base has no valid configuration and the pull request leaves it alone.
pub(super) fn without_policy(ground: &Ground<'_>, merged: &Merged) -> Assessment {
    match &ground.configuration {
        Configuration::Invalid(problems)
            if merged.changed.iter().any(|path| could_render(path)) =>
        {
            Assessment::Unjudgeable(problems.clone())
        }
        Configuration::Absent => Assessment::NoPromotion(Untouched::NoConfiguration),
        _ => Assessment::NoPromotion(Untouched::NoFile),
    }
}

/// The page and the checks, and on promotions the status comment.
fn posted(
    facts: &Facts,
    ground: &Ground<'_>,
    (pull, look): (&PullRequest, Option<&Look<'_>>),
    assessment: &Assessment,
    rules: Option<&Rules>,
) -> Result<Decision, Gap> {
    let head = &pull.head.sha;
    let mode = look.map_or(Mode::Enforce, |look| look.policy.mode());
    let followed = look.map(|look| look.ground.home.default_branch.clone());
    let elsewhere = followed.filter(|followed| pull.base.branch != *followed);
    let link = facts.page(ground.repo, pull);
    let gates = reply::check::gates(head, assessment, elsewhere.as_deref(), &link);
    let kustomize = reply::check::kustomize(head, look, &link);
    let config = rules.map(|rules| reply::check::config(head, rules, mode));
    let checks: Vec<&NewCheck> = [&gates, &kustomize].into_iter().chain(&config).collect();
    let page = reply::page::begun(facts, ground, pull);
    let page = reply::page::judged(page, (look, rules), assessment, &checks);
    // The page first, so that the checks never lead to nothing; and no verdict is told that is not recorded.
    let mut effects = vec![remember(pull, page)];
    effects.extend(look.and_then(|look| evidence::opened(facts, look)));
    effects.extend(evidence::judged(facts, ground, (pull, look), assessment)?);
    effects.extend([Effect::EnsureCheck(kustomize), Effect::EnsureCheck(gates)]);
    effects.extend(config.map(Effect::EnsureCheck));
    if let Some((look, promotion)) = look.and_then(|look| Some((look, look.promotion.as_ref()?))) {
        effects.push(Effect::EnsureComment {
            pr: pull.number,
            marker: reply::status::MARKER.to_owned(),
            body: reply::status::promotion(look, promotion, assessment),
            first: pull.comments == Some(0),
        });
        let missing = pull.missing_labels(&promotion.labels());
        if !missing.is_empty() {
            effects.push(Effect::EnsureLabels { pr: pull.number, labels: missing });
        }
    }
    Ok(Decision {
        verdict: if assessment.blocks() { Verdict::Refused } else { Verdict::Accepted },
        reasons: assessment.gates().iter().map(reason::gate).collect(),
        effects,
    })
}

/// Whether rendering could read it; said generously, because without a policy nobody knows.
fn could_render(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    [".yaml", ".yml", ".json", ".env", ".properties"].iter().any(|end| name.ends_with(end))
        || name == "Kustomization"
}
