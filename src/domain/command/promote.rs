//! `/promote ENV [VERSION]`: the production pull request, on somebody's word.

use super::Step;
use super::context::Context;
use crate::domain::candidate::{self, Candidate};
use crate::domain::decision::{Effect, OPENED};
use crate::domain::facts::Gap;
use crate::domain::overlay::{Overlays, overlays};
use crate::domain::plan::{Plan, Stop, opening, plan};
use crate::domain::policy::{Application, Environment};
use crate::domain::promote::{is_free, is_of_this_account, whole};
use crate::domain::promotion::{Promised, Promotion};
use crate::domain::reply::command as say;
use crate::domain::supersede::open;
use crate::intent::command::Scope;
use crate::model::ids::PrNumber;

/// What was asked for.
pub(super) struct Wish<'a> {
    pub(super) environment: &'a str,
    pub(super) version: Option<&'a str>,
    pub(super) scope: &'a Scope,
    pub(super) ticket: Option<&'a str>,
}

/// A wish that can be granted.
pub(super) struct Granted<'a> {
    pub(super) application: &'a Application,
    pub(super) environment: &'a Environment,
    pub(super) plan: Plan,
}

/// Opens the promotion; gates that are not passed block it there.
pub(super) fn promote(context: &Context<'_>, wish: &Wish<'_>) -> Result<Step, Gap> {
    let granted = match grant(context, wish)? {
        Ok(granted) => granted,
        Err(why) => return Ok(Step::refused(why)),
    };
    let Granted { application, environment, plan } = &granted;
    match standing(context, application, environment, &plan.promotion)? {
        Standing::None => {}
        Standing::This(pr) => return Ok(Step::done(say::opened(pr, &plan.promotion), Vec::new())),
        Standing::Same(pr) => return Ok(Step::done(say::stands(pr, &plan.promotion), Vec::new())),
        Standing::Higher(pr, version) => {
            return Ok(Step::refused(say::higher_is_open(pr, &version)));
        }
    }
    open_now(context, granted, |promotion| say::opening(OPENED, promotion))
}

/// Opens what was granted, unless an earlier try at this command did; `text` says so.
pub(super) fn open_now(
    context: &Context<'_>,
    granted: Granted<'_>,
    text: impl FnOnce(&Promotion) -> String,
) -> Result<Step, Gap> {
    let Granted { application, environment, mut plan } = granted;
    match had_its_turn(context, &mut plan.promotion)? {
        Turn::Free => {}
        Turn::Taken => return Ok(Step::refused(say::branches_taken(environment))),
        Turn::Closed(pr) => return Ok(Step::done(say::opened(pr, &plan.promotion), Vec::new())),
    }
    let (branch, pull) = opening(context.facts, context.ground, (application, environment), &plan)?;
    let effects = vec![Effect::EnsureBranch(branch), Effect::EnsurePull(pull)];
    Ok(Step::done(text(&plan.promotion), effects))
}

/// What can be promoted, or why nothing can.
pub(super) fn grant<'a>(
    context: &'a Context<'_>,
    wish: &Wish<'_>,
) -> Result<Result<Granted<'a>, String>, Gap> {
    let environment = match context.environment(wish.environment) {
        Ok(environment) => environment,
        Err(why) => return Ok(Err(why)),
    };
    let application = match context.application(wish.scope.application.as_deref()) {
        Ok(application) => application,
        Err(why) => return Ok(Err(why)),
    };
    if let Err(reason) = is_of_this_account(context.ground, application) {
        return Ok(Err(say::reason(&reason)));
    }
    let (facts, ground) = (context.facts, context.ground);
    let found = match overlays(facts, ground.repo, ground.tree, environment, application)? {
        Ok(found) => found,
        Err(reasons) => return Ok(Err(say::reasons(&reasons))),
    };
    let promotion = match goal(context, (application, environment), wish, &found)? {
        Ok(promotion) => promotion,
        Err(why) => return Ok(Err(why)),
    };
    let promotion = match scoped(promotion, environment, wish.scope, &found) {
        Ok(promotion) => promotion,
        Err(why) => return Ok(Err(why)),
    };
    let promotion = Promotion {
        request: Some(context.request()),
        ticket: wish.ticket.map(str::to_owned),
        ..promotion
    };
    Ok(match plan(application, environment, &found, promotion) {
        Ok(plan) => Ok(Granted { application, environment, plan }),
        Err(Stop::Rests(reason) | Stop::Refused(reason)) => Err(say::reason(&reason)),
    })
}

/// The version that is meant: the one that is named, else the pull request's own, else what runs before.
fn goal(
    context: &Context<'_>,
    (application, environment): (&Application, &Environment),
    wish: &Wish<'_>,
    found: &Overlays,
) -> Result<Result<Promotion, String>, Gap> {
    let facts = context.facts;
    let whole = |candidate: &Candidate| whole(application, environment, candidate);
    if let Some(version) = wish.version {
        let chosen = told(candidate::named(facts, application, version))?;
        return Ok(chosen
            .map(|candidate| whole(&candidate))
            .map_err(|reason| say::reason(&reason)));
    }
    if let Some(own) = &context.promotion
        && own.application == *application.name()
        && own.tag.is_some()
    {
        return Ok(Ok(Promotion {
            environment: environment.name().clone(),
            version: own.version.clone(),
            commit: own.commit.clone(),
            tag: own.tag.clone(),
            ..blank(application, environment)
        }));
    }
    if environment.after().is_empty() {
        let chosen = told(candidate::newest_named(facts, application, environment))?;
        return Ok(chosen
            .map(|candidate| whole(&candidate))
            .map_err(|reason| say::reason(&reason)));
    }
    before(context, (application, environment), found)
}

/// What a source does not tell is said, not waited for.
fn told<T>(
    chosen: Result<Result<T, crate::domain::decision::Reason>, Gap>,
) -> Result<Result<T, crate::domain::decision::Reason>, Gap> {
    match chosen {
        Err(Gap::Unknown(why)) => Ok(Err(crate::domain::reply::reason::source_unreadable(&why))),
        other => other,
    }
}

/// What runs in the environment before, entry by entry.
fn before(
    context: &Context<'_>,
    (application, environment): (&Application, &Environment),
    found: &Overlays,
) -> Result<Result<Promotion, String>, Gap> {
    let Some(before) = environment.after().last().and_then(|name| context.policy.environment(name))
    else {
        return Ok(Err(say::nothing_before(environment)));
    };
    let (facts, ground) = (context.facts, context.ground);
    let runs = match overlays(facts, ground.repo, ground.tree, before, application)? {
        Ok(runs) => runs,
        Err(reasons) => return Ok(Err(say::reasons(&reasons))),
    };
    if let Some(tag) = runs.running() {
        let chosen = told(candidate::of_tag(facts, application, tag))?;
        return Ok(match chosen {
            Ok(candidate) => Ok(whole(application, environment, &candidate)),
            Err(reason) => Err(say::reason(&reason)),
        });
    }
    let mut images = Vec::new();
    for carried in &found.carried {
        let name = &carried.entry.name;
        let Some(there) = runs.carried.iter().find(|other| other.entry.name == *name) else {
            continue;
        };
        let (Some(tag), None) = (&there.entry.new_tag, &there.entry.digest) else {
            continue;
        };
        let (now, then) = (
            carried.entry.new_tag.as_deref().and_then(|tag| application.version_of_image(tag)),
            application.version_of_image(tag),
        );
        // What is higher here already stays: nothing goes back by going forward.
        if now.is_none() || then > now {
            images.push(Promised::tag(&carried.target, name, tag));
        }
    }
    let highest = images
        .iter()
        .filter_map(|image| application.version_of_image(image.new_tag.as_deref()?))
        .max();
    let Some(highest) = highest else {
        return Ok(Err(say::nothing_higher_before(before, environment)));
    };
    Ok(Ok(Promotion {
        version: highest.tag().to_owned(),
        images,
        ..blank(application, environment)
    }))
}

/// A promotion that promises nothing yet.
pub(super) fn blank(application: &Application, environment: &Environment) -> Promotion {
    Promotion {
        environment: environment.name().clone(),
        application: application.name().clone(),
        version: String::new(),
        commit: None,
        source: application.source().clone(),
        tag: None,
        images: Vec::new(),
        services: Vec::new(),
        targets: Vec::new(),
        direction: crate::domain::promotion::Direction::Forward,
        attempt: 1,
        plan: 1,
        request: None,
        ticket: None,
        back: None,
    }
}

/// Limits a promotion to the services and targets that are named.
pub(super) fn scoped(
    mut promotion: Promotion,
    environment: &Environment,
    scope: &Scope,
    found: &Overlays,
) -> Result<Promotion, String> {
    for wanted in &scope.services {
        let short = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
        let mut names: Vec<&str> =
            found.carried.iter().map(|carried| carried.entry.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let exact = names.iter().find(|name| *name == wanted);
        let by_end: Vec<_> = names.iter().filter(|name| short(name) == *wanted).collect();
        match (exact, by_end.as_slice()) {
            (Some(name), _) => promotion.services.push((*name).to_owned()),
            (None, [name]) => promotion.services.push((**name).to_owned()),
            _ => return Err(say::unknown_service(wanted, &names)),
        }
    }
    for wanted in &scope.targets {
        let targets = environment.targets().iter();
        let mut known = targets.clone();
        match known.find(|target| target.name.as_str().eq_ignore_ascii_case(wanted)) {
            Some(target) => promotion.targets.push(target.name.clone()),
            None => {
                let names: Vec<_> = targets.map(|target| target.name.as_str()).collect();
                return Err(say::unknown_target(wanted, &names));
            }
        }
    }
    promotion.services.sort();
    promotion.services.dedup();
    promotion.targets.sort();
    promotion.targets.dedup();
    Ok(promotion)
}

/// What is open already of the same kind.
enum Standing {
    None,
    /// By this very comment.
    This(PrNumber),
    /// The same version and scope.
    Same(PrNumber),
    /// A higher version, of this scope or more.
    Higher(PrNumber, String),
}

fn standing(
    context: &Context<'_>,
    application: &Application,
    environment: &Environment,
    promotion: &Promotion,
) -> Result<Standing, Gap> {
    let place = environment.name().as_str();
    let mut standing = Standing::None;
    for (pull, other) in open(context.facts, context.ground, place)? {
        let comment = other.request.as_ref().map(|request| request.comment);
        if other.application != promotion.application || other.direction != promotion.direction {
            continue;
        }
        if comment == Some(context.remark.id) {
            return Ok(Standing::This(pull.number));
        }
        let alike = other.services == promotion.services && other.targets == promotion.targets;
        if alike && (&other.tag, &other.images) == (&promotion.tag, &promotion.images) {
            standing = Standing::Same(pull.number);
        } else if other.covers(promotion)
            && application.version(&other.version) > application.version(&promotion.version)
            && matches!(standing, Standing::None)
        {
            standing = Standing::Higher(pull.number, other.version);
        }
    }
    Ok(standing)
}

/// Whether the branch of this command can be had.
enum Turn {
    Free,
    /// Every name is somebody else's.
    Taken,
    /// The pull request of this command came and went.
    Closed(PrNumber),
}

/// Looks only where an earlier try may have got somewhere: the name is this comment's own.
fn had_its_turn(context: &Context<'_>, promotion: &mut Promotion) -> Result<Turn, Gap> {
    const MOST_ATTEMPTS: u32 = 9;
    if !context.facts.wary {
        return Ok(Turn::Free);
    }
    let identity = context.facts.identity()?;
    while promotion.attempt <= MOST_ATTEMPTS {
        let pulls = context.facts.pulls_of_branch(context.ground.repo, &promotion.branch())?;
        if let Some(pull) = pulls.iter().find(|pull| pull.author.id == identity.bot.id) {
            return Ok(Turn::Closed(pull.number));
        }
        if pulls.is_empty() && is_free(context.facts, context.ground, promotion)? {
            return Ok(Turn::Free);
        }
        promotion.attempt += 1;
    }
    Ok(Turn::Taken)
}
