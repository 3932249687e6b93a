//! A pull request is held against its gates, and what they say is posted where people look.
//!
//! It is evaluated whoever made it; ours are known by author, branch and signed commit.

use super::classify::{Effect as Touch, Sides, classify};
use super::configuration::Configuration;
use super::decision::{Decision, Effect, Verdict};
use super::facts::{Facts, Gap};
use super::gates::{Gate, Outcome, kustomize, order, scope, unjudged};
use super::merge::{Merged, merge};
use super::policy::{self, Policy, Problem};
use super::promotion::{BRANCH_PREFIX, Promotion};
use super::reply::{self, reason};
use crate::intent::Intent;
use crate::model::files::GitTree;
use crate::model::ids::{PrNumber, RepoRef, Sha};
use crate::model::read::{Commit, Comparison, Identity, PullRequest, Repository};

/// What there is to say about a pull request.
#[derive(Debug, Clone)]
pub enum Assessment {
    /// It touches no environment.
    NoPromotion(Untouched),
    /// The configuration is invalid, and the pull request could change an environment.
    Unjudgeable(Vec<Problem>),
    /// It changes the configuration itself.
    Configuration(Vec<Problem>),
    /// It touches environments.
    Judged {
        /// Gate by gate.
        gates: Vec<Gate>,
        /// Whether any environment is promoted, or only configured otherwise.
        promotes: bool,
    },
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

/// Decides [`crate::intent::Intent::Evaluate`].
pub fn evaluate(facts: &Facts, repo: &RepoRef, pr: PrNumber) -> Result<Decision, Gap> {
    let Some(home) = facts.live(repo)? else {
        return Ok(Decision::nothing(reason::repository_gone()));
    };
    let Some(pull) = facts.pull(repo, &pr)?.as_ref().filter(|pull| pull.open) else {
        return Ok(Decision::nothing(reason::pull_closed(pr)));
    };
    let branch = home.default_branch.as_str();
    if pull.base.branch != branch {
        return aside(facts, repo, home, pull);
    }
    let Some(base) = facts.head(repo, branch)? else {
        return Ok(Decision::nothing(reason::repository_empty()));
    };
    let before = facts.tree(repo, &base.tree)?;
    let configuration = Configuration::read(facts, repo, &home.name, before)?;
    let comparison = facts.comparison(repo, &base.sha, &pull.head.sha)?;
    let merged = merge_result(facts, repo, before, comparison, pull)?;
    let rules = changed_rules(facts, repo, home, &merged)?;
    let policy = match configuration {
        Configuration::Valid(policy, _) => policy,
        other => {
            return Ok(posted(pull, &without_policy(other, rules, &merged), &[], None));
        }
    };

    let identity = facts.identity()?;
    let sides = Sides { repo, before, merged: &merged };
    let touches = classify(facts, &sides, &policy)?;
    let promotion = ours(pull, &comparison.commits, identity);
    let evidence = scope::Evidence {
        merged: &merged,
        commits: &comparison.commits,
        complete: comparison.total_commits == comparison.commits.len() as u64,
        ours: is_our_pull(pull, identity),
        promotion: promotion.as_ref(),
        identity,
    };
    let assessment = match rules {
        Some(problems) => Assessment::Configuration(problems),
        None => assess(facts, &sides, &policy, &touches, &evidence)?,
    };
    let mut decision = posted(pull, &assessment, &touches, promotion.as_ref());
    if let Some(promotion) = &promotion {
        let rivals = supersede(facts, home, repo, (pull, promotion), identity, &policy)?;
        decision.effects.extend(rivals);
    }
    Ok(decision)
}

/// A pull request that goes to another branch changes no environment. Checks belong to a commit, though:
/// where the same commit is on its way to the default branch as well, that verdict is the one to post.
fn aside(
    facts: &Facts,
    repo: &RepoRef,
    home: &Repository,
    pull: &PullRequest,
) -> Result<Decision, Gap> {
    let branch = home.default_branch.as_str();
    let twin = facts
        .open_pulls(repo)?
        .iter()
        .find(|other| other.head.sha == pull.head.sha && other.base.branch == branch);
    let Some(twin) = twin else {
        let why = Untouched::OtherBranch { followed: branch.to_owned() };
        return Ok(posted(pull, &Assessment::NoPromotion(why), &[], None));
    };
    let intent = Intent::Evaluate { repo: repo.clone(), pr: twin.number };
    Ok(Decision {
        verdict: Verdict::Accepted,
        reasons: vec![reason::pull_same_head(twin.number)],
        effects: vec![Effect::Enqueue(intent)],
    })
}

/// The tree that merging the pull request would leave.
fn merge_result(
    facts: &Facts,
    repo: &RepoRef,
    before: &GitTree,
    comparison: &Comparison,
    pull: &PullRequest,
) -> Result<Merged, Gap> {
    let ancestor = facts.tree(repo, &comparison.merge_base.tree)?;
    let listed = comparison.commits.iter().find(|commit| commit.sha == pull.head.sha);
    let head = match listed {
        Some(commit) => commit,
        None => facts.commit(repo, &pull.head.sha)?,
    };
    Ok(merge(ancestor, before, facts.tree(repo, &head.tree)?))
}

/// What would be wrong with the configuration after the merge; none if the merge leaves it alone.
fn changed_rules(
    facts: &Facts,
    repo: &RepoRef,
    home: &Repository,
    merged: &Merged,
) -> Result<Option<Vec<Problem>>, Gap> {
    if !merged.changed.contains(policy::PATH) {
        return Ok(None);
    }
    Ok(match Configuration::read(facts, repo, &home.name, &merged.tree)? {
        Configuration::Invalid(problems) => Some(problems),
        Configuration::Valid(..) | Configuration::Absent => Some(Vec::new()),
    })
}

/// What can be said where the base has no valid configuration.
fn without_policy(
    configuration: Configuration,
    rules: Option<Vec<Problem>>,
    merged: &Merged,
) -> Assessment {
    if let Some(problems) = rules {
        return Assessment::Configuration(problems);
    }
    match configuration {
        Configuration::Invalid(problems)
            if merged.changed.iter().any(|path| could_render(path)) =>
        {
            Assessment::Unjudgeable(problems)
        }
        Configuration::Absent => Assessment::NoPromotion(Untouched::NoConfiguration),
        _ => Assessment::NoPromotion(Untouched::NoFile),
    }
}

fn assess(
    facts: &Facts,
    sides: &Sides<'_>,
    policy: &Policy,
    touches: &[Touch<'_>],
    evidence: &scope::Evidence<'_>,
) -> Result<Assessment, Gap> {
    if touches.is_empty() && evidence.promotion.is_none() {
        return Ok(Assessment::NoPromotion(Untouched::NoFile));
    }
    let mut gates = Vec::new();
    for touch in touches {
        gates.push(kustomize::judge(touch));
        if touch.is_promotion() || evidence.promotion.is_some() {
            gates.push(order::judge(facts, sides, policy, touch)?);
            gates.push(scope::judge(touch, evidence));
            gates.extend(unjudged::judge(policy, touch));
        }
    }
    let promotes = touches.iter().any(Touch::is_promotion) || evidence.promotion.is_some();
    Ok(Assessment::Judged { gates, promotes })
}

/// The checks, and on promotions the status comment.
fn posted(
    pull: &PullRequest,
    assessment: &Assessment,
    touches: &[Touch<'_>],
    promotion: Option<&Promotion>,
) -> Decision {
    let gates = match assessment {
        Assessment::Judged { gates, .. } => gates.as_slice(),
        _ => &[],
    };
    let mut effects = vec![
        Effect::EnsureCheck(reply::check::kustomize(&pull.head.sha, touches)),
        Effect::EnsureCheck(reply::check::gates(&pull.head.sha, assessment)),
    ];
    if let Some(promotion) = promotion {
        let body = reply::status::promotion(promotion, gates);
        effects.push(Effect::EnsureComment {
            pr: pull.number,
            marker: reply::status::MARKER.to_owned(),
            body,
        });
        let missing = pull.missing_labels(&promotion.labels());
        if !missing.is_empty() {
            effects.push(Effect::EnsureLabels { pr: pull.number, labels: missing });
        }
    }
    let blocked = match assessment {
        Assessment::NoPromotion(_) => false,
        Assessment::Unjudgeable(_) | Assessment::Configuration(_) => true,
        Assessment::Judged { gates, .. } => {
            gates.iter().any(|gate| gate.outcome != Outcome::Passed)
        }
    };
    let reasons = gates.iter().map(reason::gate).collect();
    Decision {
        verdict: if blocked { Verdict::Refused } else { Verdict::Accepted },
        reasons,
        effects,
    }
}

/// Whether rendering could read it; said generously, because without a policy nobody knows.
fn could_render(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    [".yaml", ".yml", ".json", ".env", ".properties"].iter().any(|end| name.ends_with(end))
        || name == "Kustomization"
}

/// The promotion that the pull request is, if our App made it: author, branch and signed commit agree.
pub fn ours(pull: &PullRequest, commits: &[Commit], identity: &Identity) -> Option<Promotion> {
    if !is_our_pull(pull, identity) {
        return None;
    }
    let mut signed = commits.iter().filter(|commit| identity.made(commit));
    let promotion = signed.find_map(|commit| Promotion::from_message(&commit.message))?;
    (promotion.branch() == pull.head.branch).then_some(promotion)
}

/// Whether our App opened it, from a branch of ours in the same repository.
pub fn is_our_pull(pull: &PullRequest, identity: &Identity) -> bool {
    pull.author.id == identity.bot.id
        && pull.same_repository()
        && pull.head.branch.starts_with(BRANCH_PREFIX)
}

/// Closes the open promotions that this one makes superfluous.
fn supersede(
    facts: &Facts,
    home: &Repository,
    repo: &RepoRef,
    (pull, promotion): (&PullRequest, &Promotion),
    identity: &Identity,
    policy: &Policy,
) -> Result<Vec<Effect>, Gap> {
    let Some(application) = policy.application(&promotion.application) else {
        return Ok(Vec::new());
    };
    let mut effects = Vec::new();
    for other in facts.open_pulls(repo)? {
        let rival = other.number != pull.number
            && other.base.branch == home.default_branch
            && is_our_pull(other, identity)
            && Promotion::environment_of_branch(&other.head.branch)
                == Some(promotion.environment.as_str());
        if !rival {
            continue;
        }
        let head: &Sha = &other.head.sha;
        let commit = facts.commit(repo, head)?;
        let Some(older) = ours(other, std::slice::from_ref(commit), identity) else {
            continue;
        };
        let lower = application.version(&older.version) < application.version(&promotion.version);
        let may = older.requested_by.is_none() || promotion.requested_by.is_some();
        if lower
            && may
            && older.application == promotion.application
            && older.direction == promotion.direction
            && promotion.covers(&older)
        {
            let body = reply::status::superseded(&older, pull.number);
            effects.push(Effect::EnsureComment {
                pr: other.number,
                marker: reply::status::MARKER.to_owned(),
                body,
            });
            effects.push(Effect::ClosePull { pr: other.number });
            effects
                .push(Effect::DeleteBranch { branch: other.head.branch.clone(), at: head.clone() });
        }
    }
    Ok(effects)
}
