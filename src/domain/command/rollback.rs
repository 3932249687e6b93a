//! `/rollback`: the way back, by a pull request.

use super::Step;
use super::context::Context;
use super::promote::{Granted, blank, open_now, scoped};
use super::right;
use crate::domain::back::{
    Aside, Goal, Search, State, difference, look_back, moved, overlays_then, state,
};
use crate::domain::candidate::image_tag_of;
use crate::domain::classify::{Move, Sides, classify, moves};
use crate::domain::decision::OPENED;
use crate::domain::facts::{Facts, Gap, Lacking};
use crate::domain::ground::Ground;
use crate::domain::leaving::leaves;
use crate::domain::merge::merge;
use crate::domain::overlay::{Overlays, overlays};
use crate::domain::plan::{Plan, Stop, plan, within};
use crate::domain::policy::{Application, Environment};
use crate::domain::promotion::{Back, Direction, Promised, Promotion, Request};
use crate::domain::real::Origin;
use crate::domain::reply::command as say;
use crate::domain::supersede::open;
use crate::domain::via::{self, Course};
use crate::intent::command::{Command, Scope};
use crate::model::ids::ImageTag;
use crate::model::read::PullRequest;

/// What was asked for.
pub(super) struct Wish<'a> {
    pub(super) environment: Option<&'a str>,
    pub(super) version: Option<&'a str>,
    pub(super) scope: &'a Scope,
    pub(super) argocd: bool,
    pub(super) reason: Option<&'a str>,
}

/// Where it goes, and to what.
pub(super) struct Way<'a> {
    application: &'a Application,
    environment: &'a Environment,
    pub(super) now: Overlays,
    /// The entries as they are to be again.
    then: State,
    /// Whether it takes a way back back, so that nothing is bad after it.
    takes_back: bool,
    pub(super) back: Back,
    scope: Promotion,
    /// What was moved since, and entries that are left alone.
    pub(super) odd: Vec<Aside>,
}

/// Opens the pull request that goes back.
pub(super) fn rollback(context: &Context<'_>, wish: &Wish<'_>) -> Result<Step, Gap> {
    let way = match (context.pull.filter(|pull| pull.merged), wish.environment, wish.version) {
        (Some(pull), None, None) => undo(context, wish, pull)?,
        _ => back(context, wish)?,
    };
    let way = match way {
        Ok(way) => way,
        Err(why) => return Ok(Step::refused(why)),
    };
    let command = Command::Rollback {
        environment: None,
        version: None,
        scope: Scope::default(),
        argocd: wish.argocd,
        reason: None,
    };
    if let Err(why) = right::of_environment(context, way.environment, &command)? {
        return Ok(Step::refused(why));
    }
    let live = names_applications(&way);
    if wish.argocd && !live {
        return Ok(Step::refused(say::no_application(way.environment)));
    }
    let by_rule = way.environment.rollback().is_some_and(|rollback| rollback.argocd);
    let mut way = way;
    way.back.argocd = live && (wish.argocd || by_rule);
    open_it(context, wish, way)
}

fn open_it(context: &Context<'_>, wish: &Wish<'_>, way: Way<'_>) -> Result<Step, Gap> {
    let promotion = promised(&way, Some(context.request()), wish.reason);
    let Way { application, environment, now, then, odd, .. } = way;
    let (rules, place) = ((context.ground, context.policy), (application, environment));
    let (environment, now, promotion) =
        match via::course(context.facts, rules, place, now, (promotion, &then))? {
            Course::Straight(now, promotion) => (environment, now, *promotion),
            Course::First(first, now, promotion) => (first, now, *promotion),
        };
    for (pull, other) in open(context.facts, context.ground, environment.name().as_str())? {
        let same_comment =
            other.request.as_ref().map(|request| request.comment) == Some(context.remark.id);
        if same_comment {
            let answer = say::going_back(&pull.number.to_string(), &other, &odd);
            return Ok(Step::done(answer, Vec::new()));
        }
        let alike = other.direction == Direction::Back
            && other.application == promotion.application
            && (&other.services, &other.targets) == (&promotion.services, &promotion.targets)
            && (&other.tag, &other.images) == (&promotion.tag, &promotion.images);
        let (wanted, has) = (promotion.back.clone(), other.back.clone());
        let (wanted, has) = (wanted.unwrap_or_default(), has.unwrap_or_default());
        if alike && wanted.argocd && !has.argocd {
            return Ok(Step::refused(say::stands_without_argocd(pull.number)));
        }
        if alike && let Some(onward) = wanted.onward.filter(|_| has.onward.is_none()) {
            return Ok(Step::refused(say::stands_alone(pull.number, &onward)));
        }
        if alike {
            return Ok(Step::done(say::stands(pull.number, &other), Vec::new()));
        }
    }
    let plan = match plan(application, environment, &now, promotion) {
        Ok(plan) => plan,
        Err(Stop::Rests(reason) | Stop::Refused(reason)) => {
            return Ok(Step::refused(say::reason(&reason)));
        }
    };
    // What has changed since is about the environment that was asked for.
    let waits = plan.promotion.back.as_ref().is_some_and(|back| back.onward.is_some());
    let asides = if waits { Vec::new() } else { odd.clone() };
    let granted = Granted { application, environment, plan: Plan { asides, ..plan } };
    open_now(context, granted, |promotion| say::going_back(OPENED, promotion, &odd))
}

/// The promotion that goes this way.
pub(super) fn promised(way: &Way<'_>, request: Option<Request>, reason: Option<&str>) -> Promotion {
    let (application, now, then) = (way.application, &way.now, &way.then);
    let leaves = match way.takes_back {
        true => Vec::new(),
        false => leaves(application, &state(now), then),
    };
    let back = Back { leaves, reason: reason.map(str::to_owned), ..way.back.clone() };
    let mut promotion =
        Promotion { request, direction: Direction::Back, back: Some(back), ..way.scope.clone() };
    name(&mut promotion, application, now, then);
    promotion
}

/// Whether anything that Argo CD deploys goes back with it.
fn names_applications(way: &Way<'_>) -> bool {
    let mut targets = way.environment.targets().iter();
    targets.any(|target| {
        target.argocd.is_some() && way.then.iter().any(|entry| entry.target == target.name)
    })
}

/// Calls the promotion by what it brings back: one tag where all that is in its scope gets that, or the highest of
/// several.
pub(in crate::domain) fn name(
    promotion: &mut Promotion,
    application: &Application,
    now: &Overlays,
    then: &State,
) {
    let mut tags: Vec<&str> = then.iter().filter_map(|entry| entry.new_tag.as_deref()).collect();
    tags.sort_by_key(|tag| application.version_of_image(tag));
    let highest = tags.last().copied().unwrap_or("what ran before");
    let version = application.version_of_image(highest);
    promotion.version =
        version.map_or_else(|| highest.to_owned(), |version| version.tag().to_owned());
    let plain = |entry: &Promised| {
        entry.digest.is_none()
            && entry.new_name.is_none()
            && entry.new_tag.as_deref() == Some(highest)
    };
    let mut scope = now.carried.iter().filter(|carried| within(promotion, carried));
    let all = scope.all(|carried| {
        let mut back = then.iter();
        match back.find(|to| to.target == carried.target && to.name == carried.entry.name) {
            Some(to) => plain(to),
            None => plain(&Promised::of(&carried.target, &carried.entry)),
        }
    });
    match ImageTag::new(highest) {
        Ok(tag) if all => promotion.tag = Some(tag),
        _ => promotion.images = then.clone(),
    }
}

/// Back to what was there before a merged pull request.
fn undo<'a>(
    context: &'a Context<'_>,
    wish: &Wish<'_>,
    pull: &PullRequest,
) -> Result<Result<Way<'a>, String>, Gap> {
    let ground = context.ground;
    if pull.base.branch != ground.home.default_branch {
        return Ok(Err(say::undo_what(pull.number, 0)));
    }
    let Brought { application, environment, now, moves, moved } =
        match brought(context, wish, pull)? {
            Ok(brought) => brought,
            Err(why) => return Ok(Err(why)),
        };
    let scope = match scoped(blank(application, environment), environment, wish.scope, &now) {
        Ok(scope) => scope,
        Err(why) => return Ok(Err(why)),
    };
    let present = state(&now);
    let (mut then, mut odd, mut since) = (Vec::new(), moved, Vec::new());
    for one in &moves {
        let (from, to) = match (&one.from, &one.to) {
            (Some(from), Some(to)) => (from, to),
            (Some(gone), None) => {
                odd.push(Aside::Removed(gone.entry.name.clone()));
                continue;
            }
            (None, Some(new)) => {
                odd.push(Aside::New(new.entry.name.clone()));
                continue;
            }
            (None, None) => continue,
        };
        if !within(&scope, from) {
            continue;
        }
        let brought = Promised::of(&to.target, &to.entry);
        let mut all = present.iter();
        match all.find(|one| one.target == brought.target && one.name == brought.name) {
            None => odd.push(Aside::Removed(brought.name)),
            Some(now) if *now != brought => since.push(now.clone()),
            Some(_) => then.push(Promised::of(&from.target, &from.entry)),
        }
    }
    if then.is_empty() && since.is_empty() && !odd.is_empty() {
        return Ok(Err(say::nothing_left(pull.number, environment, &odd)));
    }
    if then.is_empty() {
        return Ok(Err(say::moved_on(pull.number, environment, &since)));
    }
    odd.extend(since.into_iter().map(|entry| Aside::Replaced(entry.name)));
    odd.sort();
    odd.dedup();
    // Which way it goes cannot always be told by the versions.
    let went = context.promotion.as_ref().and_then(|promotion| promotion.back.as_ref());
    let takes_back = went.is_some_and(|went| !went.leaves.is_empty());
    let back = Back { undoes: Some(pull.number), ..Back::default() };
    Ok(Ok(Way { application, environment, now, then, takes_back, back, scope, odd }))
}

/// What a merged pull request changed, and what is there now.
struct Brought<'a> {
    application: &'a Application,
    environment: &'a Environment,
    now: Overlays,
    moves: Vec<Move>,
    /// Files that stood elsewhere then.
    moved: Vec<Aside>,
}

/// Finds it. What is ours changed the entries of its own environment: nothing else has to be read.
fn brought<'a>(
    context: &'a Context<'_>,
    wish: &Wish<'_>,
    pull: &PullRequest,
) -> Result<Result<Brought<'a>, String>, Gap> {
    let (facts, ground) = (context.facts, context.ground);
    // What its branch started from need not have run anywhere; what its base branch had has.
    let comparison = facts.comparison(ground.repo, &pull.base.sha, &pull.head.sha)?;
    let ancestor = facts.tree(ground.repo, &comparison.merge_base.tree)?;
    let before = match comparison.merge_base.sha == pull.base.sha {
        true => ancestor,
        false => facts.tree(ground.repo, &facts.commit(ground.repo, &pull.base.sha)?.tree)?,
    };
    let listed = comparison.commits.iter().find(|commit| commit.sha == pull.head.sha);
    let head = match listed {
        Some(head) => head,
        None => facts.commit(ground.repo, &pull.head.sha)?,
    };
    let merged = merge(ancestor, before, facts.tree(ground.repo, &head.tree)?);
    if let Some(own) = &context.promotion
        && wish.scope.application.is_none()
        && let Some(environment) = context.policy.environment(&own.environment)
        && let Some(application) = context.policy.application(&own.application)
    {
        let mut lacking = Lacking::default();
        let now = overlays(facts, ground.repo, ground.tree, environment, application);
        let now = lacking.take(now)?;
        let mut read =
            |tree| lacking.take(overlays_then(facts, ground, tree, (environment, application)));
        let found = (now, read(before)?, read(&merged.tree)?);
        return Ok(match lacking.done(found)? {
            (Some(Ok(now)), Some(Some(before)), Some(Some(after))) => {
                let (moves, moved) = (moves(&before, &after), moved(&after, &now));
                Ok(Brought { application, environment, now, moves, moved })
            }
            (Some(Err(reasons)), ..) => Err(say::reasons(&reasons)),
            _ => Err(say::undo_what(pull.number, 0)),
        });
    }
    let sides = Sides { repo: ground.repo, before, merged: &merged, origin: Origin::of(pull) };
    let touches = classify(facts, &sides, context.policy)?;
    let mut moved = touches.iter().filter(|touch| !touch.moving.is_empty());
    let (Some(touch), None) = (moved.next(), moved.next()) else {
        return Ok(Err(say::undo_what(pull.number, touches.len())));
    };
    let wanted = wish.scope.application.as_deref();
    let mut applications = touch.moving.iter().filter(|moving| {
        wanted.is_none_or(|wanted| moving.application.name().as_str().eq_ignore_ascii_case(wanted))
    });
    let (Some(moving), None) = (applications.next(), applications.next()) else {
        return Ok(Err(say::which_application(context.policy.applications())));
    };
    let Some(environment) = context.policy.environment(touch.environment.name()) else {
        return Ok(Err(say::undo_what(pull.number, 0)));
    };
    let Some(application) = context.policy.application(moving.application.name()) else {
        return Ok(Err(say::undo_what(pull.number, 0)));
    };
    let now = match overlays(facts, ground.repo, ground.tree, environment, application)? {
        Ok(now) => now,
        Err(reasons) => return Ok(Err(say::reasons(&reasons))),
    };
    let (moves, moved) = (moving.moves.clone(), Vec::new());
    Ok(Ok(Brought { application, environment, now, moves, moved }))
}

/// Back to a version that is named, or to the newest that ran and is not bad.
fn back<'a>(context: &'a Context<'_>, wish: &Wish<'_>) -> Result<Result<Way<'a>, String>, Gap> {
    let named = match (wish.environment, &context.promotion) {
        (Some(name), _) => name,
        (None, Some(promotion)) => promotion.environment.as_str(),
        (None, None) => return Ok(Err(say::rollback_what(context.policy.environments()))),
    };
    let environment = match context.environment(named) {
        Ok(environment) => environment,
        Err(why) => return Ok(Err(why)),
    };
    let application = match context.application(wish.scope.application.as_deref()) {
        Ok(application) => application,
        Err(why) => return Ok(Err(why)),
    };
    way_back(context.facts, context.ground, (application, environment), wish)
}

/// The same, in an environment and for an application.
pub(super) fn way_back<'a>(
    facts: &Facts,
    ground: &Ground<'_>,
    (application, environment): (&'a Application, &'a Environment),
    wish: &Wish<'_>,
) -> Result<Result<Way<'a>, String>, Gap> {
    let now = match overlays(facts, ground.repo, ground.tree, environment, application)? {
        Ok(now) => now,
        Err(reasons) => return Ok(Err(say::reasons(&reasons))),
    };
    let scope = match scoped(blank(application, environment), environment, wish.scope, &now) {
        Ok(scope) => scope,
        Err(why) => return Ok(Err(why)),
    };
    let tags: Vec<String> = match wish.version {
        None => Vec::new(),
        Some(version) => {
            let by_name = image_tag_of(application, version);
            if by_name == version { vec![by_name] } else { vec![by_name, version.to_owned()] }
        }
    };
    let search = Search {
        application,
        environment,
        services: &scope.services,
        targets: &scope.targets,
        goal: if tags.is_empty() { Goal::Newest } else { Goal::Tags(&tags) },
    };
    let found = look_back(facts, ground, &search, &now)?;
    let Some(found) = found else {
        return Ok(Err(say::never_ran(wish.version, application, environment)));
    };
    let within = environment.rollback().and_then(|rollback| rollback.within);
    let (then, asides) = difference(&search.scoped(&state(&now)), &found.state);
    let odd = found.moved.into_iter().chain(asides).collect();
    let beyond = !found.is_safe || within.is_some_and(|within| found.ago > within);
    let back = Back { beyond, ..Back::default() };
    Ok(Ok(Way { application, environment, now, then, takes_back: false, back, scope, odd }))
}
