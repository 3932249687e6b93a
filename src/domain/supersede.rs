//! An open promotion makes lower ones superfluous, unless somebody holds them or asked for them, or they are in a merge
//! queue.

use super::decision::Effect;
use super::facts::{Facts, Gap};
use super::group;
use super::look::{Look, is_our_pull, ours};
use super::promotion::{Direction, Promotion};
use super::reply;
use super::withdraw::withdraw_for_good;
use crate::model::evidence::Withdrawn;
use crate::model::read::PullRequest;

/// Closes the open promotions that this one makes superfluous.
pub(super) fn supersede(facts: &Facts, look: &Look<'_>) -> Result<Vec<Effect>, Gap> {
    let Some(promotion) = &look.promotion else {
        return Ok(Vec::new());
    };
    let mut effects = Vec::new();
    for (pull, older) in rivals(facts, look, promotion)? {
        if is_superfluous(look, promotion, (pull, &older)) && !group::is_queued(facts, look, pull)?
        {
            let withdrawn = Withdrawn {
                head: pull.head.sha.clone(),
                why: "superseded".to_owned(),
                by: None,
                in_favour_of: Some(look.pull().number),
                reason: String::new(),
            };
            let status = reply::status::superseded(&older, look.pull().number);
            effects.extend(withdraw_for_good(facts, pull, withdrawn, status));
        }
    }
    Ok(effects)
}

fn is_superfluous(
    look: &Look<'_>,
    promotion: &Promotion,
    (pull, older): (&PullRequest, &Promotion),
) -> bool {
    let Some(application) = look.policy.application(&promotion.application) else {
        return false;
    };
    let lower = application.version(&older.version) < application.version(&promotion.version);
    let may = older.request.is_none() || promotion.request.is_some();
    let forward =
        older.direction == Direction::Forward && promotion.direction == Direction::Forward;
    let held = !look.acts.holds_of_pull(pull.number).is_empty();
    lower && may && forward && !held && promotion.covers(older)
}

/// The other open promotions of ours for the same application and environment.
fn rivals<'a>(
    facts: &'a Facts,
    look: &Look<'_>,
    promotion: &Promotion,
) -> Result<Vec<(&'a PullRequest, Promotion)>, Gap> {
    let others = open(facts, look.ground, promotion.environment.as_str())?;
    Ok(others
        .into_iter()
        .filter(|(pull, other)| {
            pull.number != look.pull().number && other.application == promotion.application
        })
        .collect())
}

/// The open promotions of ours into an environment.
pub(super) fn open<'a>(
    facts: &'a Facts,
    ground: &super::ground::Ground<'_>,
    environment: &str,
) -> Result<Vec<(&'a PullRequest, Promotion)>, Gap> {
    let identity = facts.identity()?;
    let mut found = Vec::new();
    for pull in facts.open_pulls(ground.repo)? {
        let into = Promotion::environment_of_branch(&pull.head.branch);
        let ours_there = pull.base.branch == ground.home.default_branch
            && is_our_pull(pull, identity)
            && into == Some(environment);
        if !ours_there {
            continue;
        }
        let commit = facts.commit(ground.repo, &pull.head.sha)?;
        if let Some(promotion) =
            ours(pull, std::slice::from_ref(commit), identity, &facts.sealer(ground.repo))
        {
            found.push((pull, promotion));
        }
    }
    Ok(found)
}
