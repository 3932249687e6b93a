//! A pull request as every judgement of it sees it: what merging changes, whose it is, what was given for it.

use std::collections::BTreeSet;

use super::acts::Acts;
use super::classify::{Effect as Touch, Sides, classify};
use super::facts::{Facts, Gap};
use super::ground::Ground;
use super::merge::{Merged, merge};
use super::others::{Others, others};
use super::policy::Policy;
use super::promotion::{BRANCH_PREFIX, Promotion, Sealer};
use super::real::Origin;
use super::rendered::ChangedOverlay;
use crate::model::ids::Sha;
use crate::model::read::{Commit, Comparison, Identity, PullRequest};

/// What a pull request would bring.
pub struct Change<'a> {
    /// The pull request.
    pub pull: &'a PullRequest,
    /// Its commits, and where they part from the base.
    pub comparison: Comparison,
    /// Its head.
    pub head: Commit,
    /// What merging would leave.
    pub merged: Merged,
}

impl<'a> Change<'a> {
    /// Reads it.
    pub fn read(facts: &'a Facts, ground: &Ground<'_>, pull: &'a PullRequest) -> Result<Self, Gap> {
        let comparison = facts.comparison(ground.repo, &ground.onto.0.sha, &pull.head.sha)?;
        let ancestor = facts.tree(ground.repo, &comparison.merge_base.tree)?;
        let listed = comparison.commits.iter().find(|commit| commit.sha == pull.head.sha);
        let head = match listed {
            Some(commit) => commit,
            None => facts.commit(ground.repo, &pull.head.sha)?,
        };
        let merged = merge(ancestor, ground.onto.1, facts.tree(ground.repo, &head.tree)?);
        Ok(Self { pull, comparison: comparison.clone(), head: head.clone(), merged })
    }

    /// Whether GitHub listed every commit.
    pub fn is_complete(&self) -> bool {
        self.comparison.total_commits == self.comparison.commits.len() as u64
    }
}

/// A pull request in the light of a policy.
pub struct Look<'a> {
    /// The base.
    pub ground: &'a Ground<'a>,
    /// The rules.
    pub policy: &'a Policy,
    /// What it would bring.
    pub change: &'a Change<'a>,
    /// The environments that it touches, in the order of the policy.
    pub touches: Vec<Touch<'a>>,
    /// What it does to overlays of no environment.
    pub others: Others,
    /// Whether our App opened it, from a branch of ours.
    pub ours: bool,
    /// The promotion that our commits on it tell of.
    pub promotion: Option<Promotion>,
    /// The heads whose approvals and overrides count: the present one, and earlier ones of ours that were
    /// planned alike.
    pub heads: BTreeSet<Sha>,
    /// What stands of what people did.
    pub acts: Acts<'a>,
    /// Who we are.
    pub identity: &'a Identity,
    /// What our commits are sealed with.
    pub sealer: Sealer,
}

impl<'a> Look<'a> {
    /// Looks.
    pub fn at(
        facts: &'a Facts,
        ground: &'a Ground<'a>,
        policy: &'a Policy,
        change: &'a Change<'a>,
    ) -> Result<Self, Gap> {
        let identity = facts.identity()?;
        let sides = Sides {
            repo: ground.repo,
            before: ground.onto.1,
            merged: &change.merged,
            origin: Origin::of(change.pull),
        };
        let touches = classify(facts, &sides, policy)?;
        let others = others(facts, &sides, policy)?;
        let sealer = facts.sealer(ground.repo);
        let promotion = ours(change.pull, &change.comparison.commits, identity, &sealer);
        let heads = heads(change, promotion.as_ref(), identity, &sealer);
        Ok(Self {
            ground,
            policy,
            change,
            touches,
            others,
            ours: is_our_pull(change.pull, identity),
            promotion,
            heads,
            acts: Acts::read(facts, ground.repo)?,
            identity,
            sealer,
        })
    }

    /// The overlays that render otherwise, those of environments first.
    pub fn validated(&self) -> Vec<Validated<'_>> {
        let of_environments = self.touches.iter().flat_map(|touch| {
            let environment = Some(touch.environment.name().as_str());
            touch.overlays.iter().map(move |overlay| Validated { environment, overlay })
        });
        let others = self.others.overlays.iter();
        let others = others.map(|overlay| Validated { environment: None, overlay });
        of_environments.chain(others).collect()
    }

    /// The pull request.
    pub fn pull(&self) -> &'a PullRequest {
        self.change.pull
    }

    /// Whether any environment is promoted by it.
    pub fn promotes(&self) -> bool {
        self.promotion.is_some() || self.touches.iter().any(Touch::is_promotion)
    }

    /// Whether it goes back by the rules of rollbacks.
    pub fn is_rollback(&self) -> bool {
        self.promotion.as_ref().is_some_and(Promotion::is_rollback)
    }
}

/// An overlay that a pull request changes, and the environment that it belongs to, if it does to one.
#[derive(Debug, Clone, Copy)]
pub struct Validated<'a> {
    /// The environment's name.
    pub environment: Option<&'a str>,
    /// The overlay.
    pub overlay: &'a ChangedOverlay,
}

fn heads(
    change: &Change<'_>,
    promotion: Option<&Promotion>,
    identity: &Identity,
    sealer: &Sealer,
) -> BTreeSet<Sha> {
    let mut heads: BTreeSet<Sha> = [change.pull.head.sha.clone()].into();
    let Some(promotion) = promotion.filter(|_| identity.made(&change.head)) else {
        return heads;
    };
    let alike = |commit: &&Commit| {
        identity.made(commit)
            && Promotion::from_message(&commit.message, sealer).as_ref() == Some(promotion)
    };
    heads.extend(change.comparison.commits.iter().filter(alike).map(|commit| commit.sha.clone()));
    heads
}

/// The promotion that the pull request is, if our App made it: author, branch and signed commit agree.
/// Of several plans the last one counts.
pub fn ours(
    pull: &PullRequest,
    commits: &[Commit],
    identity: &Identity,
    sealer: &Sealer,
) -> Option<Promotion> {
    if !is_our_pull(pull, identity) {
        return None;
    }
    let mut signed = commits.iter().rev().filter(|commit| identity.made(commit));
    let promotion = signed.find_map(|commit| Promotion::from_message(&commit.message, sealer))?;
    (promotion.branch() == pull.head.branch).then_some(promotion)
}

/// Whether our App opened it, from a branch of ours in the same repository.
pub fn is_our_pull(pull: &PullRequest, identity: &Identity) -> bool {
    pull.author.id == identity.bot.id
        && pull.same_repository()
        && pull.head.branch.starts_with(BRANCH_PREFIX)
}
