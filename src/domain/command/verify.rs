//! `/verified`: somebody has looked at what was promoted, and says how it is.

use std::collections::BTreeSet;

use super::Step;
use super::context::Context;
use super::right;
use crate::domain::decision::Effect;
use crate::domain::facts::Gap;
use crate::domain::policy::Environment;
use crate::domain::promotion::Promotion;
use crate::domain::reply::command as say;
use crate::domain::supersede::open;
use crate::intent::Intent;
use crate::intent::command::Command;
use crate::model::act::{ActKind, NewAct};

/// Records it for the version and the environment of the merged promotion that it is said on.
pub(super) fn verify(context: &Context<'_>, name: &str, failed: bool) -> Result<Step, Gap> {
    let Some(pull) = context.pull else {
        return Ok(Step::refused(say::needs_a_pull()));
    };
    let Some(promotion) = &context.promotion else {
        return Ok(Step::refused(say::verified_where()));
    };
    let environment = match context.environment(promotion.environment.as_str()) {
        Ok(environment) => environment,
        Err(unknown) => return Ok(Step::refused(unknown)),
    };
    let command = Command::Verified { name: name.to_owned(), failed };
    if let Err(why) = right::of_environment(context, environment, &command)? {
        return Ok(Step::refused(why));
    }
    if !pull.merged {
        return Ok(Step::refused(say::verified_too_early(environment)));
    }
    let later = later(context, environment);
    let asked: Vec<&str> = later
        .iter()
        .flat_map(|later| &later.gates().verified)
        .filter(|one| one.app.is_none() && one.value.is_none())
        .map(|one| one.check.as_str())
        .collect();
    let is_asked = |later: &&Environment| {
        let mut wanted = later.gates().verified.iter();
        wanted.any(|one| one.app.is_none() && one.value.is_none() && one.check.matches(name))
    };
    if !later.iter().any(is_asked) {
        return Ok(Step::refused(say::verified_not_asked(name, environment, &asked)));
    }
    let kind = if failed { ActKind::Refutation } else { ActKind::Verification };
    let mut effects = Vec::new();
    for tag in tags(promotion) {
        effects.push(Effect::RecordAct(NewAct {
            environment: Some(environment.name().clone()),
            application: Some(promotion.application.clone()),
            subject: format!("{tag} {name}"),
            ..context.act(kind, &format!("verified:{tag}:{name}"))
        }));
    }
    for later in later {
        for (pull, _) in open(context.facts, context.ground, later.name().as_str())? {
            let repo = context.ground.repo.clone();
            effects.push(Effect::Enqueue(Intent::Evaluate { repo, pr: pull.number }));
        }
    }
    Ok(Step::done(say::verified(name, &promotion.version, environment, failed), effects))
}

/// The environments right after this one.
fn later<'a>(context: &Context<'a>, environment: &Environment) -> Vec<&'a Environment> {
    let all = context.policy.environments().iter();
    all.filter(|later| later.after().contains(environment.name())).collect()
}

/// The image tags that a promotion brings.
fn tags(promotion: &Promotion) -> BTreeSet<&str> {
    let named = promotion.images.iter().filter_map(|image| image.new_tag.as_deref());
    promotion.tag.as_ref().map(|tag| tag.as_str()).into_iter().chain(named).collect()
}
