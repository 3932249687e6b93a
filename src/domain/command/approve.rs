//! `/approve`, `/reject`, `/override`: what people take on themselves.

use super::Step;
use super::context::Context;
use super::right;
use crate::domain::decision::Effect;
use crate::domain::evaluate::{assess, changed_rules};
use crate::domain::evidence;
use crate::domain::facts::Gap;
use crate::domain::gates;
use crate::domain::given::wanted;
use crate::domain::hands::Hands;
use crate::domain::people::is_among;
use crate::domain::policy::{Environment, Policy};
use crate::domain::reply::command as say;
use crate::domain::reply::status;
use crate::domain::supersede::open;
use crate::domain::withdraw::withdraw;
use crate::intent::Intent;
use crate::intent::command::Command;
use crate::model::act::{ActKind, NewAct};
use crate::model::ids::EnvName;

/// Gives an approval; it is the commenter's, whoever sets the label.
pub(super) fn approve(context: &Context<'_>, label: &str) -> Result<Step, Gap> {
    let pull = match context.open_pull() {
        Ok(pull) => pull,
        Err(why) => return Ok(Step::refused(why)),
    };
    let (facts, ground) = (context.facts, context.ground);
    let change = context.change(pull)?;
    let look = context.look(&change)?;
    let all = look.touches.iter();
    let all = all.flat_map(|touch| wanted(&look, touch).into_iter().map(move |one| (touch, one)));
    let (wanted, others): (Vec<_>, Vec<_>) = all.partition(|(_, one)| one.label.is(label));
    if wanted.is_empty() {
        let mut asked: Vec<&str> = Vec::new();
        for (_, other) in &others {
            if !asked.contains(&other.label.as_str()) {
                asked.push(other.label.as_str());
            }
        }
        return Ok(Step::refused(say::not_asked_for(label, &asked)));
    }
    let mut why = None;
    for (touch, approval) in &wanted {
        // What a bot may say is for the rules to say; a person's word it never is.
        let author = context.author();
        if author.bot || !is_among(facts, ground.repo, &approval.by, author)? {
            why = why.or(Some(say::not_allowed(&approval.by, false)));
            continue;
        }
        let hand = Hands::read(facts, &look, touch)?.of(context.author());
        if let Some(hand) = hand.filter(|_| !approval.own) {
            why = Some(say::has_a_hand(hand, &approval.by));
            continue;
        }
        let name = approval.label.as_str().to_owned();
        let act = NewAct {
            pr: Some(pull.number),
            subject: name.clone(),
            head: Some(pull.head.sha.clone()),
            ..context.act(ActKind::Approval, &format!("approve:{}", name.to_lowercase()))
        };
        let effects = vec![
            Effect::RecordAct(act),
            Effect::EnsureLabels { pr: pull.number, labels: vec![name.clone()] },
            evaluate(context, pull.number),
        ];
        return Ok(Step::done(say::approved(&name, &pull.head.sha), effects));
    }
    Ok(Step::refused(why.unwrap_or_else(|| say::not_allowed(&[], false))))
}

fn evaluate(context: &Context<'_>, pr: crate::model::ids::PrNumber) -> Effect {
    Effect::Enqueue(Intent::Evaluate { repo: context.ground.repo.clone(), pr })
}

/// Closes the promotions of a version, and blocks it in this environment and those after it.
pub(super) fn reject(
    context: &Context<'_>,
    version: &str,
    why: &str,
    named: Option<&str>,
) -> Result<Step, Gap> {
    let application = match context.application(named) {
        Ok(application) => application,
        Err(why) => return Ok(Step::refused(why)),
    };
    let command =
        Command::Reject { version: version.to_owned(), reason: why.to_owned(), application: None };
    let from = match rejecting_in(context, &command)? {
        Ok(from) => from,
        Err(why) => return Ok(Step::refused(why)),
    };
    let own = context.promotion.as_ref().filter(|own| own.version == version);
    let tag = match own.and_then(|own| own.tag.clone()) {
        Some(tag) => tag.to_string(),
        None => crate::domain::candidate::image_tag_of(application, version),
    };
    let mut effects = Vec::new();
    let mut blocked = Vec::new();
    for environment in later(context.policy, from) {
        let name = environment.name().clone();
        effects.push(Effect::RecordAct(NewAct {
            environment: Some(name.clone()),
            application: Some(application.name().clone()),
            subject: tag.clone(),
            reason: why.to_owned(),
            ..context.act(ActKind::Rejection, &format!("reject:{tag}:{name}"))
        }));
        blocked.push(name);
    }
    // An earlier try at it may have closed the one that it was said on.
    let mut closed: Vec<_> = context
        .pull
        .filter(|pull| context.facts.wary && own.is_some() && !pull.open && !pull.merged)
        .map(|pull| pull.number)
        .into_iter()
        .collect();
    for place in &blocked {
        for (pull, promotion) in open(context.facts, context.ground, place.as_str())? {
            let same = promotion.application == *application.name()
                && promotion.tag.as_ref().is_some_and(|carried| carried.as_str() == tag);
            if same {
                let by = &context.author().login;
                let withdrawn = evidence::by_command(pull, "rejected", by, why);
                let told = status::cancelled(&promotion, by.as_str(), why);
                effects.extend(withdraw(context.facts, pull, withdrawn, told));
                closed.push(pull.number);
            }
        }
    }
    Ok(Step::done(say::rejected(version, &blocked, &closed), effects))
}

/// The first environment in which the author may say no.
fn rejecting_in<'a>(
    context: &'a Context<'_>,
    command: &Command,
) -> Result<Result<&'a Environment, String>, Gap> {
    let own = context.promotion.as_ref().map(|promotion| &promotion.environment);
    if let Some(environment) = own.and_then(|name| context.policy.environment(name)) {
        let may = right::of_environment(context, environment, command)?;
        if may.is_ok() {
            return Ok(Ok(environment));
        }
    }
    let mut why = say::not_allowed(&[], false);
    for environment in context.policy.environments() {
        match right::of_environment(context, environment, command)? {
            Ok(()) => return Ok(Ok(environment)),
            Err(not) if !environment.approvals().is_empty() => why = not,
            Err(_) => {}
        }
    }
    Ok(Err(why))
}

/// An environment and all that come after it.
fn later<'a>(policy: &'a Policy, from: &'a Environment) -> Vec<&'a Environment> {
    let mut found: Vec<&Environment> = vec![from];
    let mut names: Vec<EnvName> = vec![from.name().clone()];
    // Environments come before those that are after them, so one walk finds all; `after` may also point
    // forwards, so it is walked until nothing is new.
    loop {
        let next = policy.environments().iter().find(|environment| {
            !names.contains(environment.name())
                && environment.after().iter().any(|before| names.contains(before))
        });
        match next {
            Some(environment) => {
                names.push(environment.name().clone());
                found.push(environment);
            }
            None => return found,
        }
    }
}

/// Accepts a gate that is not passed, for this head.
pub(super) fn accept(context: &Context<'_>, gate: &str, why: &str) -> Result<Step, Gap> {
    let pull = match context.open_pull() {
        Ok(pull) => pull,
        Err(why) => return Ok(Step::refused(why)),
    };
    let (facts, ground) = (context.facts, context.ground);
    let change = context.change(pull)?;
    let look = context.look(&change)?;
    let rules = changed_rules(facts, ground, &change.merged)?;
    let assessment = assess(facts, &look, rules.as_ref())?;
    let gate = gate.to_lowercase();
    let Some(shut) =
        assessment.gates().iter().find(|one| one.name == gate && !one.outcome.is_open())
    else {
        let names: Vec<&str> = assessment
            .gates()
            .iter()
            .filter(|one| !one.outcome.is_open())
            .map(|one| one.name.as_str())
            .collect();
        return Ok(Step::refused(say::nothing_to_override(&gate, &names)));
    };
    if !gates::is_possible(&gate, look.promotion.is_some()) {
        return Ok(Step::refused(say::never_overridden(&gate)));
    }
    let who = gates::who(context.policy, shut.environment.as_ref(), &gate);
    if !is_among(facts, ground.repo, &who, context.author())? {
        return Ok(Step::refused(say::not_allowed(&who, false)));
    }
    if gate == gates::CONFIG && context.author().id == pull.author.id {
        return Ok(Step::refused(say::own_rules()));
    }
    let act = NewAct {
        pr: Some(pull.number),
        environment: shut.environment.clone(),
        subject: gate.clone(),
        head: Some(pull.head.sha.clone()),
        reason: why.to_owned(),
        ..context.act(ActKind::Override, &format!("override:{gate}"))
    };
    let effects = vec![Effect::RecordAct(act), evaluate(context, pull.number)];
    Ok(Step::done(say::accepted(&gate, &pull.head.sha), effects))
}
