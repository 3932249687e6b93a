//! Commands: a comment is read, each of its lines in order, and answered once.
//!
//! It decides one line at a time, because a line may rest on what the line before has done.

mod approve;
mod context;
mod halt;
mod ownership;
pub(super) mod press;
pub(super) mod preview;
mod promote;
mod right;
pub(in crate::domain) mod rollback;
mod tell;
mod ticket;
mod verify;

use jiff::{SignedDuration, Timestamp};

use super::configuration::Configuration;
use super::decision::{Decision, Effect, Reason, Verdict};
use super::facts::{Facts, Gap};
use super::ground::Ground;
use super::policy::Policy;
use super::reply::command as say;
use super::reply::reason;
use crate::intent::command::{Command, Remark, Spoken};
use crate::intent::{Answer, Half, Intent};
use crate::model::ids::RepoRef;
use crate::model::read::{CommandPast, PullRequest};
use crate::model::write::Reaction;
use context::Context;

/// So many commands may one person give in an hour.
const MOST_IN_AN_HOUR: u32 = 30;

/// A push may take so long to be told of; a command that came with it waits for that.
const SETTLING: SignedDuration = SignedDuration::from_secs(20);

/// What a line comes to.
enum Step {
    /// It is answered, with what makes it so.
    Answered(Answer, Vec<Effect>),
    /// These come first; then it is decided again.
    First(Vec<Effect>),
    /// It is decided again then.
    Later(Half, Timestamp),
}

impl Step {
    fn done(text: impl Into<String>, effects: Vec<Effect>) -> Self {
        Self::Answered(Answer { done: true, text: text.into() }, effects)
    }

    fn refused(text: impl Into<String>) -> Self {
        Self::Answered(Answer { done: false, text: text.into() }, Vec::new())
    }
}

/// Decides [`Intent::Command`].
pub(super) fn command(
    facts: &Facts,
    repo: &RepoRef,
    remark: &Remark,
    answers: &[Answer],
    half: Option<&Half>,
) -> Result<Decision, Gap> {
    let past = facts.past(&remark.at, &remark.id, &remark.author.id, &remark.thread)?;
    if past.handled {
        return Ok(Decision::nothing(reason::command_handled()));
    }
    if remark.author.id == facts.identity()?.bot.id {
        return Ok(Decision::nothing(reason::command_none()));
    }
    let ground = match Ground::read(facts, repo)? {
        Ok(ground) => ground,
        Err(reason) => return Ok(Decision::nothing(reason)),
    };
    let policy = match &ground.configuration {
        Configuration::Valid(policy, _) => policy.clone(),
        Configuration::Absent => return Ok(Decision::nothing(reason::config_absent())),
        Configuration::Invalid(problems) => {
            if !right::may_look(facts, &ground, &remark.author)? {
                return Ok(Decision::nothing(reason::config_invalid(problems.len())));
            }
            return Ok(ended(
                &ground,
                remark,
                &[refusal(say::config_invalid(problems.len()))],
                false,
            ));
        }
    };
    if let Some(reason) = says_nothing(&policy, remark) {
        return Ok(Decision::nothing(reason));
    }
    let spoken: Vec<&Spoken> =
        remark.spoken.iter().filter(|line| line.prefixed || !policy.prefixed()).collect();
    if answers.is_empty()
        && half.is_none()
        && let Some(end) = turned_down(facts, &ground, &policy, (remark, &spoken), past)?
    {
        return Ok(end);
    }
    let pull = pull_of(facts, repo, remark)?;
    let seen = head_is_as_seen(facts, &ground, remark, pull)?;
    let context = Context::read(facts, &ground, &policy, remark, pull)?;
    let Some(line) = spoken.get(answers.len()) else {
        return Ok(ended(&ground, remark, answers, false));
    };
    if !matches!(seen, Seen::Yes)
        && let Some(step) = ownership::retried(&context, line)?
    {
        return Ok(next(&ground, remark, &spoken, answers, step));
    }
    match seen {
        Seen::Yes => {}
        Seen::NotYet => return Ok(later(facts, repo, remark, answers, half)),
        Seen::Moved => {
            let mut all = answers.to_vec();
            all.push(refusal(say::head_moved()));
            return Ok(ended(&ground, remark, &all, false));
        }
    }
    let step = run(&context, line, half)?;
    Ok(next(&ground, remark, &spoken, answers, step))
}

/// Why nothing in the comment is a command here.
fn says_nothing(policy: &Policy, remark: &Remark) -> Option<Reason> {
    let author = remark.author.login.as_str();
    let listed = policy.bots().iter().any(|bot| bot.as_str().eq_ignore_ascii_case(author));
    if remark.author.bot && !listed {
        return Some(reason::command_bot());
    }
    let heard = remark.spoken.iter().any(|line| line.prefixed || !policy.prefixed());
    (!heard).then(reason::command_none)
}

/// How a comment ends before any of its lines is looked into: its author may not, has said too much, or it is
/// not what it was.
fn turned_down(
    facts: &Facts,
    ground: &Ground<'_>,
    policy: &Policy,
    (remark, spoken): (&Remark, &[&Spoken]),
    past: &CommandPast,
) -> Result<Option<Decision>, Gap> {
    let may = spoken.iter().map(|line| right::might(facts, ground, policy, remark, line));
    let may: Vec<bool> = may.collect::<Result<_, _>>()?;
    if !may.contains(&true) {
        return Ok(Some(turned_away(ground, remark, past.refused_today, policy, spoken)));
    }
    let ends = |why: String| Ok(Some(ended(ground, remark, &[refusal(why)], false)));
    let lines = u32::try_from(spoken.len()).unwrap_or(u32::MAX);
    if past.within_hour.saturating_add(lines) > MOST_IN_AN_HOUR {
        return ends(say::too_many(MOST_IN_AN_HOUR));
    }
    match is_as_written(facts, policy, remark)? {
        Written::Yes => Ok(None),
        Written::No(why) => ends(why),
        Written::Gone => {
            let mut decision = Decision::nothing(reason::command_gone());
            decision.effects.push(remembered(remark, false));
            Ok(Some(decision))
        }
    }
}

/// What follows from a line: the next one, or the answer.
fn next(
    ground: &Ground<'_>,
    remark: &Remark,
    spoken: &[&Spoken],
    answers: &[Answer],
    step: Step,
) -> Decision {
    let intent = |answers: Vec<Answer>, half| Intent::Command {
        repo: ground.repo.clone(),
        remark: Box::new(remark.clone()),
        answers,
        half,
    };
    let again = |answers, half| Effect::Enqueue(intent(answers, half));
    let eyes =
        Effect::React { at: remark.at.clone(), comment: remark.id, reaction: Reaction::Eyes };
    match step {
        Step::Later(half, at) => {
            let intent = intent(answers.to_vec(), Some(half));
            let effects = vec![Effect::EnqueueAt { intent, at }];
            Decision { verdict: Verdict::Accepted, reasons: Vec::new(), effects }
        }
        Step::First(mut effects) => {
            effects.insert(0, eyes);
            effects.push(again(answers.to_vec(), Some(Half::Done)));
            Decision { verdict: Verdict::Accepted, reasons: Vec::new(), effects }
        }
        Step::Answered(answer, mut effects) => {
            let done = answer.done;
            let mut all = answers.to_vec();
            all.push(answer);
            let line = spoken.get(answers.len()).map_or("", |spoken| spoken.line.as_str());
            let reasons = vec![reason::command(line, done)];
            if all.len() < spoken.len() {
                effects.insert(0, eyes);
                effects.push(again(all, None));
                let verdict = if done { Verdict::Accepted } else { Verdict::Refused };
                return Decision { verdict, reasons, effects };
            }
            let end = ended(ground, remark, &all, false);
            if !effects.is_empty() {
                effects.insert(0, eyes);
            }
            effects.extend(end.effects);
            Decision { verdict: end.verdict, reasons, effects }
        }
    }
}

/// The answer, and the mark that the comment had its turn.
fn ended(ground: &Ground<'_>, remark: &Remark, answers: &[Answer], refused: bool) -> Decision {
    let done = answers.iter().all(|answer| answer.done);
    let reaction = if done { Reaction::Rocket } else { Reaction::Confused };
    let effects = vec![
        Effect::Reply {
            at: remark.at.clone(),
            thread: remark.thread,
            marker: say::marker(remark.id),
            body: say::answer(remark, ground, answers),
        },
        Effect::React { at: remark.at.clone(), comment: remark.id, reaction },
        remembered(remark, refused),
    ];
    Decision {
        verdict: if done { Verdict::Accepted } else { Verdict::Refused },
        reasons: Vec::new(),
        effects,
    }
}

fn remembered(remark: &Remark, refused: bool) -> Effect {
    Effect::RememberCommand {
        at: remark.at.clone(),
        comment: remark.id,
        author: remark.author.id,
        thread: remark.thread,
        lines: u32::try_from(remark.spoken.len()).unwrap_or(u32::MAX),
        refused,
    }
}

fn refusal(text: String) -> Answer {
    Answer { done: false, text }
}

/// Somebody without any right to what was said: one reaction and one reply a day.
fn turned_away(
    ground: &Ground<'_>,
    remark: &Remark,
    refused_today: bool,
    policy: &Policy,
    spoken: &[&Spoken],
) -> Decision {
    let reaction = Reaction::Confused;
    let react = Effect::React { at: remark.at.clone(), comment: remark.id, reaction };
    if refused_today {
        let effects = vec![remembered(remark, true)];
        let reasons = vec![reason::command_refused_today()];
        return Decision { verdict: Verdict::Refused, reasons, effects };
    }
    let mut decision = ended(ground, remark, &[refusal(right::not_allowed(policy, spoken))], true);
    if !decision.effects.contains(&react) {
        decision.effects.push(react);
    }
    decision
}

/// Whether a comment still says what it said.
enum Written {
    Yes,
    Gone,
    No(String),
}

fn is_as_written(facts: &Facts, policy: &Policy, remark: &Remark) -> Result<Written, Gap> {
    let age = facts.now.duration_since(remark.written_at);
    let most = policy.commands_max_age();
    if age > SignedDuration::try_from(most.duration()).unwrap_or(SignedDuration::MAX) {
        return Ok(Written::No(say::too_old(most)));
    }
    let Some(comment) = facts.comment(&remark.at, &remark.id)? else {
        return Ok(Written::Gone);
    };
    if comment.edited || digest(&comment.body) != remark.digest {
        return Ok(Written::No(say::edited()));
    }
    Ok(Written::Yes)
}

/// SHA-256 in lower-case hexadecimal, as the intent has it.
fn digest(text: &str) -> String {
    use sha2::{Digest as _, Sha256};
    hex::encode(Sha256::digest(text))
}

/// The pull request that the comment stands on, where that is one of the repository acted upon.
fn pull_of<'a>(
    facts: &'a Facts,
    repo: &RepoRef,
    remark: &Remark,
) -> Result<Option<&'a PullRequest>, Gap> {
    if !remark.on_pull || remark.at.id != repo.id {
        return Ok(None);
    }
    Ok(facts.pull(repo, &remark.thread)?.as_ref())
}

/// Whether the pull request is what the person saw.
enum Seen {
    Yes,
    /// Its head was not told of yet.
    NotYet,
    Moved,
}

fn head_is_as_seen(
    facts: &Facts,
    ground: &Ground<'_>,
    remark: &Remark,
    pull: Option<&PullRequest>,
) -> Result<Seen, Gap> {
    let Some(pull) = pull.filter(|pull| pull.open) else {
        return Ok(Seen::Yes);
    };
    let heads = facts.heads(ground.repo, &pull.number)?;
    // Since when it has this head: the beginning of the last stretch in which it was seen.
    let other = heads.iter().rposition(|(head, _)| *head != pull.head.sha);
    match heads.get(other.map_or(0, |at| at + 1)) {
        // GitHub tells whole seconds: in that of a push, nobody can say which of two heads was looked at.
        Some((_, at)) if *at == remark.written_at && other.is_some() => Ok(Seen::Moved),
        Some((_, at)) => Ok(if *at > remark.written_at { Seen::Moved } else { Seen::Yes }),
        _ if facts.now.duration_since(remark.written_at) < SETTLING => Ok(Seen::NotYet),
        _ => Ok(Seen::Moved),
    }
}

/// The same a little later, when the push has been told of.
fn later(
    facts: &Facts,
    repo: &RepoRef,
    remark: &Remark,
    answers: &[Answer],
    half: Option<&Half>,
) -> Decision {
    let at = facts.now.checked_add(SignedDuration::from_secs(2)).unwrap_or(facts.now);
    let intent = Intent::Command {
        repo: repo.clone(),
        remark: Box::new(remark.clone()),
        answers: answers.to_vec(),
        half: half.cloned(),
    };
    Decision {
        verdict: Verdict::Accepted,
        reasons: vec![reason::pushed(remark.thread)],
        effects: vec![Effect::EnqueueAt { intent, at }],
    }
}

/// Runs one line.
fn run(context: &Context<'_>, line: &Spoken, half: Option<&Half>) -> Result<Step, Gap> {
    let command = match &line.meant {
        Err(mistake) => return Ok(Step::refused(say::mistake(mistake))),
        Ok(command) => command,
    };
    if let Err(why) = right::allowed(context, command)? {
        return Ok(Step::refused(why));
    }
    match command {
        Command::Promote { environment, version, scope, ticket, dry_run } => {
            let wish = promote::Wish {
                environment,
                version: version.as_deref(),
                scope,
                ticket: ticket.as_deref(),
            };
            if *dry_run { tell::plan(context, &wish) } else { promote::promote(context, &wish) }
        }
        Command::Rollback { environment, version, scope, argocd, reason } => {
            let wish = rollback::Wish {
                environment: environment.as_deref(),
                version: version.as_deref(),
                scope,
                argocd: *argocd,
                reason: reason.as_deref(),
            };
            rollback::rollback(context, &wish)
        }
        Command::Status { environment } => tell::status(context, environment.as_deref()),
        Command::Diff { environment } => tell::diff(context, environment.as_deref()),
        Command::Validate => Ok(tell::validate(context)),
        Command::Help => tell::help(context),
        Command::Hold { text, application } => {
            halt::hold(context, text, application.as_deref(), half)
        }
        Command::Unhold { environment, application } => {
            halt::unhold(context, environment.as_deref(), application.as_deref())
        }
        Command::Lock { environment, reason, seconds } => {
            halt::lock(context, environment, reason, *seconds, half)
        }
        Command::Unlock { environment } => halt::unlock(context, environment),
        Command::Merge => ownership::merge(context, half),
        Command::Cancel => ownership::cancel(context),
        Command::Retry => ownership::retry(context),
        Command::Approve { label } => approve::approve(context, label),
        Command::Reject { version, reason, application } => {
            approve::reject(context, version, reason, application.as_deref())
        }
        Command::Override { gate, reason } => approve::accept(context, gate, reason),
        Command::Verified { name, failed } => verify::verify(context, name, *failed),
        Command::Ticket { ticket } => ticket::ticket(context, ticket),
    }
}
