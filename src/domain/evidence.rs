//! What is recorded as evidence: verdicts that change, promotions that open and end, merges, and by what.
//!
//! It says what an entry tells; how entries are kept and signed it does not know. Acts are recorded where they
//! are, by the store, together with their evidence.

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::configuration::Configuration;
use super::decision::Effect;
use super::evaluate::{Assessment, Untouched};
use super::facts::{Facts, Gap};
use super::gates::{Gate, Outcome};
use super::ground::Ground;
use super::inert::{cut, span};
use super::look::Look;
use super::overlay::Carried;
use super::policy::Mode;
use super::promotion::{Direction, Promotion};
use crate::model::evidence::{
    EntryChange, GateSaid, Judged, Live, LiveStep, Merged, Merging, NewEvidence, Once, Opened,
    Promoted, Verdict, WentBack, What, Withdrawn,
};
use crate::model::ids::{EnvName, Login, PrNumber, RepoRef, Sha};
use crate::model::read::PullRequest;
use crate::model::restoration::Restoration;

/// So many image entries are named in a verdict.
const MOST_CHANGES: usize = 200;
/// And so many characters of a gate's sentence.
const MOST_SENTENCE: usize = 1_000;

/// What the verdicts on a pull request have as their subject.
pub fn verdict_of(pr: PrNumber) -> String {
    format!("verdict:{pr}")
}

/// That a pull request stands open and promotes; nothing where it does not.
pub(super) fn opened(facts: &Facts, look: &Look<'_>) -> Option<Effect> {
    if !look.promotes() {
        return None;
    }
    let pull = look.pull();
    let touched = look.touches.iter().filter(|touch| touch.is_promotion());
    let mut environments: Vec<EnvName> =
        touched.map(|one| one.environment.name().clone()).collect();
    if let Some(promotion) = &look.promotion
        && !environments.contains(&promotion.environment)
    {
        environments.push(promotion.environment.clone());
    }
    let opened = Opened {
        by: pull.author.clone(),
        promotion: look.promotion.as_ref().map(promoted),
        environments,
    };
    Some(life(facts, pull.number, "open", What::Opened(Box::new(opened))))
}

/// The verdict on a pull request, recorded whenever it is another one than before. Of what no rules are about
/// nothing is recorded.
pub(super) fn judged(
    facts: &Facts,
    ground: &Ground<'_>,
    (pull, look): (&PullRequest, Option<&Look<'_>>),
    assessment: &Assessment,
) -> Result<Option<Effect>, Gap> {
    let verdict = match assessment {
        Assessment::NoPromotion(Untouched::NoFile) => Verdict::NoPromotion,
        Assessment::NoPromotion(_) => return Ok(None),
        Assessment::Judged { .. } if !assessment.blocks() => Verdict::Passed,
        Assessment::Judged { .. } => Verdict::Blocked,
        Assessment::Unjudgeable(_) => Verdict::Unknown,
    };
    let (changes, more_changes) = look.map(changes).unwrap_or_default();
    let judged = Judged {
        head: pull.head.sha.clone(),
        branch: pull.base.branch.clone(),
        base: Some(ground.head.sha.clone()),
        policy: policy(facts, ground)?,
        verdict,
        binds: look.is_none_or(|look| look.policy.mode() == Mode::Enforce),
        gates: assessment.gates().iter().map(said).collect(),
        changes,
        more_changes,
        facts: facts.digest(),
    };
    Ok(Some(verdict_on(facts, pull.number, judged)))
}

/// That a pull request could not be judged, and why.
pub(super) fn unknown(
    facts: &Facts,
    ground: &Ground<'_>,
    pull: &PullRequest,
    why: &str,
) -> Result<Effect, Gap> {
    let gate = GateSaid {
        gate: "unknown".to_owned(),
        environment: None,
        outcome: word(Outcome::Failed).to_owned(),
        sentence: shortened(&span(why)),
    };
    let judged = Judged {
        head: pull.head.sha.clone(),
        branch: pull.base.branch.clone(),
        base: Some(ground.head.sha.clone()),
        policy: policy(facts, ground)?,
        verdict: Verdict::Unknown,
        binds: true,
        gates: vec![gate],
        changes: Vec::new(),
        more_changes: 0,
        facts: facts.digest(),
    };
    Ok(verdict_on(facts, pull.number, judged))
}

/// That Usher is about to merge a pull request, and by what; `by`: who asked for it. A try that differs in anything
/// from the one before is another.
pub(super) fn merging(
    facts: &Facts,
    look: &Look<'_>,
    assessment: &Assessment,
    by: Option<&Login>,
) -> Result<Effect, Gap> {
    let (pull, ground) = (look.pull(), look.ground);
    let what = Merging {
        head: pull.head.sha.clone(),
        base: ground.head.sha.clone(),
        policy: policy(facts, ground)?,
        by: by.cloned(),
        gates: assessment.gates().iter().map(said).collect(),
    };
    let subject = format!("merging:{}", pull.number);
    let cause = format!("{subject}:{}", digest(&what));
    let (pr, once, at) = (Some(pull.number), Once::InARow, facts.now);
    Ok(effect(NewEvidence { pr, subject, cause, once, at, what: What::Merging(what) }))
}

/// That Usher is about to close a promotion, and why.
pub(super) fn withdrawn(facts: &Facts, pull: &PullRequest, what: Withdrawn) -> Effect {
    let other = what.in_favour_of.map_or_else(String::new, |pr| format!(":{pr}"));
    let cause = format!("withdrawn:{}:{}:{}{other}", pull.number, what.head, what.why);
    once(facts, pull.number, cause, What::Withdrawn(what))
}

/// That a way back was merged, and what it left.
pub(super) fn went_back(facts: &Facts, pull: &PullRequest, went: &WentBack) -> Effect {
    let cause = format!("back:{}:{}", pull.number, pull.head.sha);
    let reason = went.reason.as_ref().map(|reason| cut(reason, MOST_SENTENCE));
    let what = What::WentBack(Box::new(WentBack { reason, ..went.clone() }));
    once(facts, pull.number, cause, what)
}

/// A step of a live Application that is brought back. Each is recorded once, however often it has to be tried.
pub(super) fn live(facts: &Facts, record: &Restoration, word: &str, step: LiveStep) -> Effect {
    let cause = format!("live:{}:{}:{word}", record.pr, record.target);
    let what = What::Live(Box::new(Live {
        environment: record.environment.clone(),
        target: record.target.clone(),
        server: record.server.clone(),
        application: record.name.clone(),
        by: record.by.clone(),
        step,
    }));
    once(facts, record.pr, cause, what)
}

/// Why a promotion is withdrawn that somebody closed by a command.
pub(super) fn by_command(pull: &PullRequest, why: &str, by: &Login, reason: &str) -> Withdrawn {
    Withdrawn {
        head: pull.head.sha.clone(),
        why: why.to_owned(),
        by: Some(by.clone()),
        in_favour_of: None,
        reason: cut(reason, MOST_SENTENCE),
    }
}

/// The last verdict on a pull request; none where that was on another head.
pub(super) fn last_verdict<'a>(
    facts: &'a Facts,
    repo: &RepoRef,
    pull: &PullRequest,
) -> Result<Option<&'a Judged>, Gap> {
    let last = facts.judged(repo, &pull.number)?.as_ref();
    Ok(last.filter(|last| last.head == pull.head.sha))
}

/// How a pull request ended, where the record knows it; whether it was merged without passed gates.
///
/// `reaches`: whether it changed an environment, asked only where it was merged before it was judged.
pub(super) fn ended(
    facts: &Facts,
    repo: &RepoRef,
    pull: &PullRequest,
    reaches: impl FnOnce() -> Result<bool, Gap>,
) -> Result<Option<(Effect, Option<Merged>)>, Gap> {
    let head = &pull.head.sha;
    let last = facts.judged(repo, &pull.number)?.as_ref();
    let verdict = last_verdict(facts, repo, pull)?;
    if !pull.merged {
        let what = What::Closed { head: head.clone() };
        let closed = life(facts, pull.number, &format!("closed:{head}"), what);
        return Ok(last.map(|_| (closed, None)));
    }
    if verdict.is_none() && !reaches()? {
        return Ok(None);
    }
    let passed = verdict.is_some_and(|verdict| verdict.verdict.lets_through());
    let shut = verdict.filter(|_| !passed).into_iter().flat_map(|verdict| &verdict.gates);
    let open = [word(Outcome::Passed), word(Outcome::Overridden)];
    let merged = Merged {
        head: head.clone(),
        commit: pull.landed.clone(),
        by: pull.merged_by.clone(),
        passed,
        verdict: verdict.map(|verdict| verdict.verdict),
        binds: last.is_none_or(|last| last.binds),
        shut: shut.filter(|gate| !open.contains(&gate.outcome.as_str())).cloned().collect(),
    };
    let cause = format!("merged:{head}");
    let effect = life(facts, pull.number, &cause, What::Merged(Box::new(merged.clone())));
    Ok(Some((effect, (!passed && merged.binds).then_some(merged))))
}

fn verdict_on(facts: &Facts, pr: PrNumber, judged: Judged) -> Effect {
    // Neither the base nor what was read makes it another verdict: both change with every push elsewhere.
    let same = Judged { base: None, facts: String::new(), ..judged.clone() };
    effect(NewEvidence {
        pr: Some(pr),
        subject: verdict_of(pr),
        cause: format!("verdict:{pr}:{}", digest(&same)),
        once: Once::InARow,
        at: facts.now,
        what: What::Judged(Box::new(judged)),
    })
}

/// Short for all that an entry tells.
fn digest(told: &impl Serialize) -> String {
    let told = serde_json::to_string(told).unwrap_or_default();
    hex::encode(&Sha256::digest(told)[..16])
}

/// Something in the life of a pull request: opened, closed, opened again, merged.
fn life(facts: &Facts, pr: PrNumber, what: &str, told: What) -> Effect {
    let subject = format!("life:{pr}");
    let cause = format!("{subject}:{what}");
    let (pr, once, at) = (Some(pr), Once::InARow, facts.now);
    effect(NewEvidence { pr, subject, cause, once, at, what: told })
}

/// Recorded once, however often it is decided.
fn once(facts: &Facts, pr: PrNumber, cause: String, what: What) -> Effect {
    let (pr, subject, once, at) = (Some(pr), cause.clone(), Once::Ever, facts.now);
    effect(NewEvidence { pr, subject, cause, once, at, what })
}

fn effect(new: NewEvidence) -> Effect {
    Effect::RecordEvidence { cause: new.cause.clone(), new: Some(Box::new(new)) }
}

/// The blob of the configuration that pull requests are judged by.
fn policy(facts: &Facts, ground: &Ground<'_>) -> Result<Option<Sha>, Gap> {
    Ok(match &ground.configuration {
        Configuration::Valid(_, sha) => Some(sha.clone()),
        Configuration::Absent => None,
        Configuration::Invalid(_) => facts.last_config(ground.repo)?.clone(),
    })
}

fn said(gate: &Gate) -> GateSaid {
    GateSaid {
        gate: gate.name.clone(),
        environment: gate.environment.clone(),
        outcome: word(gate.outcome).to_owned(),
        sentence: shortened(&gate.said.sentence),
    }
}

/// A sentence; one that is too long is shown as it is written, since what is cut could leave its code.
fn shortened(sentence: &str) -> String {
    match sentence.chars().nth(MOST_SENTENCE) {
        Some(_) => span(&cut(sentence, MOST_SENTENCE)),
        None => sentence.to_owned(),
    }
}

/// An outcome as the record has it.
fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Overridden => "overridden",
        Outcome::Waiting => "waiting",
        Outcome::Needs => "needs",
        Outcome::Failed => "failed",
    }
}

/// The image entries that become others, and how many there was no room for.
fn changes(look: &Look<'_>) -> (Vec<EntryChange>, u64) {
    let mut changes = Vec::new();
    let mut more = 0;
    for touch in &look.touches {
        for one in touch.moving.iter().flat_map(|moving| &moving.moves) {
            let Some(carried) = one.to.as_ref().or(one.from.as_ref()) else { continue };
            if changes.len() == MOST_CHANGES {
                more += 1;
                continue;
            }
            changes.push(EntryChange {
                environment: touch.environment.name().clone(),
                target: carried.target.clone(),
                image: cut(&carried.entry.name, MOST_SENTENCE),
                from: one.from.as_ref().map(image),
                to: one.to.as_ref().map(image),
            });
        }
    }
    (changes, more)
}

/// What an entry makes of its image.
fn image(carried: &Carried) -> String {
    let entry = &carried.entry;
    let name = entry.new_name.as_deref().unwrap_or(&entry.name);
    let tag = entry.new_tag.as_ref().map(|tag| format!(":{tag}")).unwrap_or_default();
    let digest = entry.digest.as_ref().map(|digest| format!("@{digest}")).unwrap_or_default();
    cut(&format!("{name}{tag}{digest}"), MOST_SENTENCE)
}

fn promoted(promotion: &Promotion) -> Promoted {
    let request = promotion.request.as_ref();
    let back = promotion.back.as_ref();
    Promoted {
        application: promotion.application.clone(),
        version: promotion.version.clone(),
        commit: promotion.commit.clone(),
        source: promotion.source.clone(),
        environment: promotion.environment.clone(),
        back: promotion.direction == Direction::Back,
        undoes: back.and_then(|back| back.undoes),
        services: promotion.services.clone(),
        targets: promotion.targets.clone(),
        ticket: promotion.ticket.clone(),
        asked_by: request.map(|request| request.by.clone()),
        comment: request.map(|request| request.comment),
        reason: back.and_then(|back| back.reason.clone()),
        attempt: promotion.attempt,
    }
}
