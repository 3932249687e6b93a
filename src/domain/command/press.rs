//! The buttons of a check: each does what its command does, by the same rules, for the head that it stood on.
//!
//! A press has no text of its own. It is remembered as an answered comment is, under a number that no comment has,
//! so that the same press is answered once and a refusal is told once a day.

use sha2::{Digest as _, Sha256};

use super::context::Context;
use super::{MOST_IN_AN_HOUR, Step, approve, remembered, right, rollback};
use crate::domain::acts::same;
use crate::domain::decision::{Decision, Effect, Reason, Verdict};
use crate::domain::evaluate::{assess, changed_rules};
use crate::domain::facts::{Facts, Gap};
use crate::domain::gates;
use crate::domain::ground::Ground;
use crate::domain::people::is_among;
use crate::domain::policy::{Policy, Principal};
use crate::domain::reply::command as say;
use crate::domain::reply::{reason, verdict};
use crate::intent::command::{Command, Remark, Scope, Spoken};
use crate::intent::{Answer, Intent};
use crate::model::ids::{CommentId, PrNumber, RepoRef, Sha};
use crate::model::read::{Account, PullRequest};

/// A button as somebody pressed it.
pub(in crate::domain) struct Pressed<'a> {
    /// What we called it.
    pub button: &'a str,
    /// The commit that the check is about.
    pub head: &'a Sha,
    /// By whom.
    pub by: &'a Account,
    /// Which state of the check it stood on: the same press gives the same, whatever delivery it comes by.
    pub shown: &'a str,
}

/// Decides [`Intent::Press`]. The pull request is found by the head, as those from forks are named nowhere.
pub(in crate::domain) fn press(
    facts: &Facts,
    repo: &RepoRef,
    pressed: &Pressed<'_>,
) -> Result<Decision, Gap> {
    if pressed.by.bot {
        return Ok(Decision::nothing(reason::pressed_by_a_bot()));
    }
    let ground = match Ground::read(facts, repo)? {
        Ok(ground) => ground,
        Err(reason) => return Ok(Decision::nothing(reason)),
    };
    let open = facts.open_pulls(repo)?.iter().filter(|pull| pull.head.sha == *pressed.head);
    let pulls: Vec<&PullRequest> = open.collect();
    let branch = &ground.home.default_branch;
    let followed = pulls.iter().find(|pull| pull.base.branch == *branch);
    let back = verdict::ROLLBACK.identifier;
    let merged = match pressed.button == back && pulls.is_empty() {
        true => merged_at(facts, &ground, pressed.head)?,
        false => None,
    };
    let Some(pull) = followed.or(pulls.first()).copied().or(merged) else {
        return Ok(Decision::nothing(reason::pressed_too_late(pressed.head)));
    };
    let (approve, accept) = (verdict::APPROVE.identifier, verdict::OVERRIDE.identifier);
    if ![approve, accept, back].contains(&pressed.button) {
        return again(facts, &ground, pressed, &pulls);
    }
    let Some(policy) = ground.policy().cloned() else {
        return Ok(Decision::nothing(reason::config_absent()));
    };
    let remark = remark(facts, &ground, pressed, pull);
    let past = facts.past(repo, &remark.id, &pressed.by.id, &pull.number)?;
    if past.handled {
        return Ok(Decision::nothing(reason::command_handled()));
    }
    if past.within_hour >= MOST_IN_AN_HOUR {
        return Ok(Decision::nothing(reason::pressed_too_often()));
    }
    let context = Context::read(facts, &ground, &policy, &remark, Some(pull))?;
    let outcome = match pressed.button {
        button if button == approve => approvals(&context, pull)?,
        button if button == back => goes_back(&context, pull)?,
        _ => overrides(&context, pull)?,
    };
    Ok(answered(&ground, &remark, pressed, outcome, past.refused_today))
}

/// What a press comes to.
enum Outcome {
    /// It is done, and shows.
    Done(Vec<Effect>),
    /// It is done, and answered with this.
    Opened(Vec<Effect>, String),
    /// It is answered with this.
    Told(String),
    /// The person may not; nothing is recorded.
    Refused(String),
}

fn answered(
    ground: &Ground<'_>,
    remark: &Remark,
    pressed: &Pressed<'_>,
    outcome: Outcome,
    refused_today: bool,
) -> Decision {
    let reply = |done, text: String| {
        let answer = Answer { done, text };
        Effect::Reply {
            at: remark.at.clone(),
            thread: remark.thread,
            marker: say::marker(remark.id),
            body: say::answer(remark, ground, &[answer]),
        }
    };
    let (verdict, mut effects, refused) = match outcome {
        Outcome::Done(effects) => (Verdict::Accepted, effects, false),
        Outcome::Opened(mut effects, text) => {
            effects.push(reply(true, text));
            (Verdict::Accepted, effects, false)
        }
        Outcome::Told(text) => (Verdict::Accepted, vec![reply(false, text)], false),
        Outcome::Refused(_) if refused_today => (Verdict::Refused, Vec::new(), true),
        Outcome::Refused(text) => (Verdict::Refused, vec![reply(false, text)], true),
    };
    effects.push(remembered(remark, refused));
    let reasons = vec![reason::pressed(pressed.button, verdict == Verdict::Accepted)];
    Decision { verdict, reasons, effects }
}

/// Judges every pull request at the head again: what `/validate` does, for who may say it.
fn again(
    facts: &Facts,
    ground: &Ground<'_>,
    pressed: &Pressed<'_>,
    pulls: &[&PullRequest],
) -> Result<Decision, Gap> {
    if !right::may_look(facts, ground, pressed.by)? {
        return Ok(Decision::nothing(reason::pressed(pressed.button, false)));
    }
    let effects = pulls.iter().map(|pull| evaluate(ground.repo, pull.number)).collect();
    let reasons: Vec<Reason> = vec![reason::pressed(pressed.button, true)];
    Ok(Decision { verdict: Verdict::Accepted, reasons, effects })
}

fn evaluate(repo: &RepoRef, pr: PrNumber) -> Effect {
    Effect::Enqueue(Intent::Evaluate { repo: repo.clone(), pr })
}

/// Gives every approval that the person may give: `/approve` with each label.
fn approvals(context: &Context<'_>, pull: &PullRequest) -> Result<Outcome, Gap> {
    let (facts, ground, who) = (context.facts, context.ground, context.author());
    // Whoever may give none at all is turned away before anything costly is read.
    let any = Spoken {
        line: String::new(),
        prefixed: false,
        meant: Ok(Command::Approve { label: String::new() }),
    };
    if !right::might(facts, ground, context.policy, context.remark, &any)? {
        return Ok(Outcome::Refused(right::not_allowed(context.policy, &[&any])));
    }
    let change = context.change(pull)?;
    let look = context.look(&change)?;
    let mut labels: Vec<&str> = Vec::new();
    for touch in &look.touches {
        for approval in touch.environment.approvals() {
            let label = approval.label.as_str();
            if labels.iter().any(|known| same(known, label)) {
                continue;
            }
            // Those that are the person's to give come first: what is said of them says more.
            let own = is_among(facts, ground.repo, &approval.by, who)?;
            labels.insert(if own { 0 } else { labels.len() }, label);
        }
    }
    let (mut done, mut given, mut why) = (Vec::new(), 0, None);
    for label in &labels {
        let on = pull.labels.iter().any(|name| same(name, label));
        let mut acts = look.acts.approvals(pull.number, label, &look.heads).into_iter();
        if on && acts.any(|act| act.by.id == who.id) {
            given += 1;
            continue;
        }
        match approve::approve(context, label)? {
            Step::Answered(answer, effects) if answer.done => done.extend(effects),
            Step::Answered(answer, _) => why = why.or(Some(answer.text)),
            Step::First(_) | Step::Later(..) => {}
        }
    }
    Ok(match why {
        _ if !done.is_empty() => Outcome::Done(done),
        _ if labels.is_empty() => Outcome::Told(say::no_approval_asked_for()),
        _ if given > 0 => Outcome::Told(say::approved_already()),
        Some(why) => Outcome::Refused(why),
        None => Outcome::Refused(say::not_allowed(&[], false)),
    })
}

/// The merged pull request that had this head.
fn merged_at<'a>(
    facts: &'a Facts,
    ground: &Ground<'_>,
    head: &Sha,
) -> Result<Option<&'a PullRequest>, Gap> {
    let branch = &ground.home.default_branch;
    let mut pulls = facts.pulls_of_commit(ground.repo, head)?.iter();
    Ok(pulls.find(|pull| pull.merged && pull.head.sha == *head && pull.base.branch == *branch))
}

/// Goes back from what was merged: `/rollback` on it.
fn goes_back(context: &Context<'_>, pull: &PullRequest) -> Result<Outcome, Gap> {
    let (environment, version, reason) = (None, None, None);
    let scope = Scope::default();
    let command =
        Command::Rollback { environment, version, scope: scope.clone(), argocd: false, reason };
    let any = Spoken { line: String::new(), prefixed: false, meant: Ok(command) };
    if !right::might(context.facts, context.ground, context.policy, context.remark, &any)? {
        return Ok(Outcome::Refused(right::not_allowed(context.policy, &[&any])));
    }
    if !pull.merged {
        return Ok(Outcome::Told(say::not_merged_yet(pull.number)));
    }
    let (environment, version, reason) = (None, None, None);
    let wish = rollback::Wish { environment, version, scope: &scope, argocd: false, reason };
    Ok(match rollback::rollback(context, &wish)? {
        Step::Answered(answer, effects) if answer.done => Outcome::Opened(effects, answer.text),
        Step::Answered(answer, _) => Outcome::Refused(answer.text),
        Step::First(effects) => Outcome::Done(effects),
        Step::Later(..) => Outcome::Done(Vec::new()),
    })
}

/// Tells which gates the person may accept, and how: a reason has to be written, which no button carries.
fn overrides(context: &Context<'_>, pull: &PullRequest) -> Result<Outcome, Gap> {
    let (facts, ground, who) = (context.facts, context.ground, context.author());
    let somebody = somebody(context.policy);
    if !is_among(facts, ground.repo, &somebody, who)? {
        return Ok(Outcome::Refused(say::not_allowed(&somebody, false)));
    }
    let change = context.change(pull)?;
    let look = context.look(&change)?;
    let rules = changed_rules(facts, ground, &change.merged)?;
    let assessment = assess(facts, &look, rules.as_ref())?;
    let (mut may, mut others): (Vec<&str>, Vec<Principal>) = (Vec::new(), Vec::new());
    let mut shut = assessment.gates().iter().filter(|gate| !gate.outcome.is_open()).peekable();
    if shut.peek().is_none() {
        return Ok(Outcome::Told(say::nothing_is_shut()));
    }
    for gate in shut {
        let own_rules = gate.name == gates::CONFIG && who.id == pull.author.id;
        if own_rules || !gates::is_possible(&gate.name, look.promotion.is_some()) {
            continue;
        }
        let principals = gates::who(context.policy, gate.environment.as_ref(), &gate.name);
        if !is_among(facts, ground.repo, &principals, who)? {
            others.extend(
                principals.into_iter().filter(|one| !others.contains(one)).collect::<Vec<_>>(),
            );
        } else if !may.contains(&gate.name.as_str()) {
            may.push(&gate.name);
        }
    }
    Ok(match may.as_slice() {
        [] => Outcome::Refused(say::not_allowed(&others, false)),
        may => Outcome::Told(say::how_to_override(may)),
    })
}

/// Everybody who may override anything anywhere.
fn somebody(policy: &Policy) -> Vec<Principal> {
    let mut all = gates::who(policy, None, gates::CONFIG);
    for environment in policy.environments() {
        let overrides = environment.overrides();
        let named = overrides.by_gate.iter().flat_map(|(_, people)| people);
        for principal in overrides.all.iter().chain(named) {
            if !all.contains(principal) {
                all.push(principal.clone());
            }
        }
    }
    all
}

/// The press as if it had been written on the pull request.
fn remark(facts: &Facts, ground: &Ground<'_>, pressed: &Pressed<'_>, pull: &PullRequest) -> Remark {
    Remark {
        at: ground.repo.clone(),
        home: ground.home.clone(),
        thread: pull.number,
        on_pull: true,
        id: number(pressed, pull),
        author: pressed.by.clone(),
        written_at: facts.now,
        digest: String::new(),
        spoken: vec![Spoken { line: String::new(), prefixed: true, meant: Ok(Command::Help) }],
        dropped: 0,
    }
}

/// A number that no comment has: theirs are far smaller.
fn number(pressed: &Pressed<'_>, pull: &PullRequest) -> CommentId {
    let Pressed { button, head, by, shown } = pressed;
    let (pr, merged) = (pull.number, if pull.merged { ":merged" } else { "" });
    // The merge makes no new check, and what may be done from it is another thing.
    let digest = Sha256::digest(format!("press:{pr}:{button}:{head}:{}:{shown}{merged}", by.id));
    let first = digest.iter().take(8).fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
    CommentId(first | 1 << 63)
}

/// Whether it is such a number.
pub(in crate::domain) fn is_of_a_press(comment: CommentId) -> bool {
    comment.0 >> 63 == 1
}
