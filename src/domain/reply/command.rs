//! Answers to commands: what was done, or exactly why not and what would help.
//!
//! Foreign text comes in as it is and leaves inert.

use jiff::Timestamp;

use super::{both, count, either, instant, people, status};
use crate::domain::classify::Effect as Touch;
use crate::domain::decision::Reason;
use crate::domain::gates::{Gate, Hand};
use crate::domain::ground::Ground;
use crate::domain::inert::{cut, plain, span};
use crate::domain::policy::{self, Application, Environment, Principal, Span};
use crate::domain::promotion::{Promised, Promotion};
use crate::intent::Answer;
use crate::intent::command::{Mistake, Remark};
use crate::model::act::{Act, NewAct};
use crate::model::ids::{CommentId, EnvName, PrNumber, Sha};
use crate::model::read::{Commit, PullRequest};

use super::gate::has;

/// The hidden first line of the one answer to a comment.
pub fn marker(comment: CommentId) -> String {
    format!("<!-- usher:answer {comment} -->")
}

/// The whole answer: it begins with the person, so that the person is told.
///
/// On a thread of a source, numbers are those of the repository acted upon; what that one shows to fewer
/// people than the source does is not told.
pub fn answer(remark: &Remark, ground: &Ground<'_>, answers: &[Answer]) -> String {
    let login = remark.author.login.as_str();
    let mut out = format!("{}\n@{login} ", marker(remark.id));
    let elsewhere = remark.at.id != ground.repo.id;
    let told = |answer: &Answer| match elsewhere {
        true if remark.home.visibility > ground.home.visibility => veiled(answer.done),
        true => abroad(&answer.text, ground.home.name.as_str()),
        false => answer.text.clone(),
    };
    let mut parts: Vec<String> = answers.iter().map(told).collect();
    if remark.dropped > 0 {
        let most = remark.spoken.len();
        parts.push(format!(
            "One comment may hold {most} commands; {} after them {} not read.",
            remark.dropped,
            if remark.dropped == 1 { "was" } else { "were" }
        ));
    }
    if let [only] = parts.as_slice() {
        out.push_str(only);
    } else {
        for (number, part) in (1..).zip(&parts) {
            out.push_str(&format!("\n{number}. {}", part.replace('\n', "\n   ")));
        }
    }
    out.push('\n');
    out
}

/// What may be said where more people read than in the repository acted upon.
fn veiled(done: bool) -> String {
    let what = if done { "Done" } else { "Not done" };
    format!(
        "{what}. The repository that this was about is seen by fewer people than this one, so no more is told here."
    )
}

/// A text whose numbers are those of another repository.
fn abroad(text: &str, name: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    let mut in_code = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '`' {
            in_code = !in_code;
        }
        let number = chars.peek().is_some_and(|next| next.is_ascii_digit() || *next == '{');
        if c == '#' && number && !in_code && !before.is_alphanumeric() {
            out.push_str(name);
        }
        out.push(c);
        before = c;
    }
    out
}

// ── what is wrong with the comment itself ──

/// A line that is no command, though it looks like one.
pub fn mistake(mistake: &Mistake) -> String {
    match mistake {
        Mistake::Unknown { word, near: Some(near) } => {
            format!("{} is no command; did you mean `/{near}`?", command(word))
        }
        Mistake::Unknown { word, near: None } => {
            format!("{} is no command; `/help` lists them.", command(word))
        }
        Mistake::Missing { command: of, what } => {
            format!("`/{of}` needs {what}: {}.", usage(of))
        }
        Mistake::UnknownFlag { command: of, flag, near: Some(near) } => {
            format!("`/{of}` has no {}; did you mean `{near}`?", span(flag))
        }
        Mistake::UnknownFlag { command: of, flag, near: None } => {
            format!("`/{of}` has no {}: {}.", span(flag), usage(of))
        }
        Mistake::BadFlag { command: of, flag, wants } => {
            format!("{} of `/{of}` takes {wants}.", span(flag))
        }
        Mistake::Surplus { command: of, word } => {
            format!("`/{of}` does not take {}: {}.", span(word), usage(of))
        }
    }
}

fn command(word: &str) -> String {
    span(&format!("/{}", cut(word, 40)))
}

/// How a command is written.
fn usage(of: &str) -> String {
    let all = super::overview::commands();
    let begins = format!("/{of}");
    let found = all.iter().find(|(usage, _, _)| usage.split(' ').next() == Some(&begins));
    found.map_or_else(
        || "`/help` lists the commands".to_owned(),
        |(usage, _, _)| format!("`{usage}`"),
    )
}

/// The configuration cannot be acted on.
pub fn config_invalid(mistakes: usize) -> String {
    let mistakes = count(mistakes, "mistake");
    format!(
        "`{}` on the default branch has {mistakes}, so nothing can be decided. Correct it, and say it again.",
        policy::PATH
    )
}

/// More commands than anybody gives.
pub fn too_many(most: u32) -> String {
    format!("That is more than {most} commands within an hour. Say it again later.")
}

/// The comment lay too long.
pub fn too_old(most: Span) -> String {
    format!("I read this more than {most} after it was written. Say it again if it still holds.")
}

/// The comment was edited.
pub fn edited() -> String {
    "The comment was edited after it was written, so it commands nothing. Say it again in a new one."
        .to_owned()
}

/// The pull request is another than the person saw.
pub fn head_moved() -> String {
    "The pull request has got another head since you wrote this. Look at it, and say it again if it still holds."
        .to_owned()
}

// ── who may ──

/// The person may not; `look`: it would take the right to look.
pub fn not_allowed(who: &[Principal], look: bool) -> String {
    if who.is_empty() && look {
        return "You may not do that here: it takes the role `triage` in a public repository, or `read` in a private one."
            .to_owned();
    }
    if who.is_empty() {
        return format!("Nobody may do that here: `{}` names nobody for it.", policy::PATH);
    }
    format!("You may not do that here. It takes {}.", people(who))
}

/// The person may not push.
pub fn needs_write() -> String {
    "You may not do that here. It takes the role `write`.".to_owned()
}

/// The person has a hand in it.
pub fn has_a_hand(hand: Hand, who: &[Principal]) -> String {
    let has = has(hand).replacen("has ", "have ", 1);
    format!("Yours does not count: you {has}. It takes somebody else of {}.", people(who))
}

/// One does not decide on one's own rules.
pub fn own_rules() -> String {
    "You opened this change of the rules; another administrator has to decide on it.".to_owned()
}

// ── what is meant ──

/// No such environment.
pub fn unknown_environment(name: &str, all: &[Environment]) -> String {
    let names: Vec<&str> = all.iter().map(|one| one.name().as_str()).collect();
    unknown("environment", name, &names)
}

/// No such application.
pub fn unknown_application(name: &str, all: &[Application]) -> String {
    let names: Vec<&str> = all.iter().map(|one| one.name().as_str()).collect();
    unknown("application", name, &names)
}

/// No such service.
pub fn unknown_service(name: &str, all: &[&str]) -> String {
    unknown("service", name, all)
}

/// No such target.
pub fn unknown_target(name: &str, all: &[&str]) -> String {
    unknown("target", name, all)
}

fn unknown(what: &str, name: &str, all: &[&str]) -> String {
    let near = all
        .iter()
        .map(|one| (strsim::damerau_levenshtein(&name.to_lowercase(), &one.to_lowercase()), *one))
        .filter(|(distance, one)| *distance <= one.chars().count().max(3) / 3)
        .min();
    let help = match near {
        Some((_, near)) => format!("did you mean {}?", span(near)),
        None => format!("there {}.", there_are(all)),
    };
    format!("There is no {what} {}; {help}", span(&cut(name, 80)))
}

fn there_are(all: &[&str]) -> String {
    const MOST: usize = 30;
    let shown: Vec<String> = all.iter().take(MOST).map(|one| span(one)).collect();
    let more = all.len().saturating_sub(MOST);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    match all {
        [] => "are none".to_owned(),
        [_] => format!("is {}", shown[0]),
        _ => format!("are {}{more}", both(&shown)),
    }
}

/// Several applications could be meant.
pub fn which_application(all: &[Application]) -> String {
    let names: Vec<String> = all.iter().map(|one| span(one.name().as_str())).collect();
    format!("Which application is meant? Add `--app` with {}.", either(&names))
}

/// It has to be said on a pull request.
pub fn needs_a_pull() -> String {
    "That has to be said on the pull request that it is about.".to_owned()
}

/// The pull request is closed.
pub fn not_open(pull: &PullRequest) -> String {
    let state = if pull.merged { "merged" } else { "closed" };
    format!("#{} is {state}.", pull.number)
}

/// The pull request is none of ours.
pub fn not_ours() -> String {
    "Usher did not open this pull request, so it is not Usher's to close.".to_owned()
}

/// The pull request promotes nothing.
pub fn no_promotion() -> String {
    "This pull request promotes nothing, so it is not Usher's to merge.".to_owned()
}

/// Which environment is meant.
pub fn hold_what(all: &[Environment]) -> String {
    format!("Say which environment: {}; or say it on an open promotion.", names(all))
}

/// Which environment is meant.
pub fn rollback_what(all: &[Environment]) -> String {
    format!(
        "Say which environment goes back: {}; or say `/rollback` on the merged promotion.",
        names(all)
    )
}

/// Which environment is meant.
pub fn diff_of_what(all: &[Environment]) -> String {
    format!("Say which environment: {}; or say it on an open pull request.", names(all))
}

fn names(all: &[Environment]) -> String {
    let names: Vec<String> = all.iter().map(|one| span(one.name().as_str())).collect();
    either(&names)
}

/// Something that a later version does.
pub fn not_yet(what: &str) -> String {
    format!("`/{what}` is understood, and this version of Usher cannot do it yet.")
}

// ── promotions ──

/// A reason as an answer.
pub fn reason(reason: &Reason) -> String {
    let mut sentence = reason.sentence.clone();
    if let Some(first) = sentence.get(..1) {
        let first = first.to_uppercase();
        sentence.replace_range(..1, &first);
    }
    let help = reason.help.as_ref().map_or_else(String::new, |help| format!(" {help}"));
    format!("{sentence}.{help}")
}

/// Several of them.
pub fn reasons(reasons: &[Reason]) -> String {
    reasons.iter().map(reason).collect::<Vec<_>>().join(" ")
}

/// It was opened by this very comment.
pub fn opened(pr: PrNumber, promotion: &Promotion) -> String {
    opening(&pr.to_string(), promotion)
}

/// It is being opened.
pub fn opening(pr: &str, promotion: &Promotion) -> String {
    format!(
        "#{pr} is open: {}. What has to pass before it may be merged stands there.",
        span(&promotion.title())
    )
}

/// The way back is being opened.
pub fn going_back(pr: &str, promotion: &Promotion, odd: &[String]) -> String {
    let mut out = opening(pr, promotion);
    if !odd.is_empty() {
        const MOST: usize = 20;
        let names: Vec<String> = odd.iter().take(MOST).map(|name| span(name)).collect();
        out.push_str(&format!(
            " Left as {}: {}, which {} not the same entries any more.",
            if odd.len() == 1 { "it is" } else { "they are" },
            both(&names),
            if odd.len() == 1 { "is" } else { "are" }
        ));
    }
    out
}

/// The same is open already.
pub fn stands(pr: PrNumber, promotion: &Promotion) -> String {
    format!("#{pr} is open already: {}.", span(&promotion.title()))
}

/// A higher version is on its way.
pub fn higher_is_open(pr: PrNumber, version: &str) -> String {
    format!(
        "#{pr} is open and brings {}, which is higher. Close it first, with `/cancel` there.",
        span(version)
    )
}

/// Every branch that would do is taken.
pub fn branches_taken(environment: &Environment) -> String {
    let branches = span(&format!("usher/{}/", environment.name()));
    format!("Every branch that would do is somebody else's. Delete the branches under {branches}.")
}

/// The environment before cannot say which version.
pub fn nothing_before(environment: &Environment) -> String {
    format!("Name the version: nothing comes before {}.", span(environment.name().as_str()))
}

/// Nothing that runs before is higher.
pub fn nothing_higher_before(before: &Environment, environment: &Environment) -> String {
    let (before, place) = (span(before.name().as_str()), span(environment.name().as_str()));
    format!("{before} runs nothing that is higher than what {place} runs.")
}

// ── the way back ──

/// Nothing such ran there.
pub fn never_ran(
    version: Option<&str>,
    application: &Application,
    environment: &Environment,
) -> String {
    let (what, place) = (span(application.name().as_str()), span(environment.name().as_str()));
    match version {
        Some(version) => format!(
            "{} of {what} never ran in {place} as a whole, or runs there now, so it cannot go back to it.",
            span(version)
        ),
        None => format!(
            "Nothing is left to go back to: no earlier version of {what} ran in {place} that is not bad there."
        ),
    }
}

/// A merged pull request that does not say what to undo.
pub fn undo_what(pr: PrNumber, environments: usize) -> String {
    if environments > 1 {
        format!(
            "#{pr} changed {}. Say which goes back: `/rollback ENV`.",
            count(environments, "environment")
        )
    } else {
        format!("#{pr} promoted nothing that could be undone. Say what goes back: `/rollback ENV`.")
    }
}

/// Something else runs there by now.
pub fn moved_on(pr: PrNumber, environment: &Environment, now: &[Promised]) -> String {
    let name = environment.name();
    let mut tags: Vec<&str> = now.iter().filter_map(|entry| entry.new_tag.as_deref()).collect();
    tags.sort_unstable();
    tags.dedup();
    let runs: Vec<String> = tags.iter().take(5).map(|tag| span(tag)).collect();
    let runs = if runs.is_empty() { "something else".to_owned() } else { both(&runs) };
    format!(
        "What #{pr} brought does not run in {} any more: {runs} does. `/rollback {name}` goes back from there.",
        span(name.as_str())
    )
}

// ── approvals ──

/// No environment asks for that label.
pub fn not_asked_for(label: &str, asked: &[&str]) -> String {
    if asked.is_empty() {
        return format!("Nobody asks for {} here.", span(label));
    }
    let asked: Vec<String> = asked.iter().map(|label| span(label)).collect();
    format!("Nobody asks for {} here; asked for {}.", span(label), is_or_are(&asked))
}

fn is_or_are(names: &[String]) -> String {
    if names.len() == 1 { format!("is {}", both(names)) } else { format!("are {}", both(names)) }
}

/// It is recorded.
pub fn approved(label: &str, head: &Sha) -> String {
    format!("{} is recorded as yours, for commit `{}`.", span(label), head.short())
}

/// It is recorded.
pub fn accepted(gate: &str, head: &Sha) -> String {
    format!("The gate `{}` is overridden on your word, for commit `{}`.", plain(gate), head.short())
}

/// Nothing of that name stands in the way.
pub fn nothing_to_override(gate: &str, shut: &[&str]) -> String {
    let gate = span(&cut(gate, 40));
    if shut.is_empty() {
        return format!("No gate {gate} stands in the way: every gate has passed.");
    }
    let shut: Vec<String> = shut.iter().map(|name| span(name)).collect();
    format!("No gate {gate} stands in the way; what does {}.", is_or_are(&shut))
}

/// It cannot be accepted on a pull request of somebody else.
pub fn never_overridden(gate: &str) -> String {
    format!(
        "The gate `{}` cannot be overridden on a pull request that Usher did not make.",
        plain(gate)
    )
}

/// A version was rejected.
pub fn rejected(version: &str, places: &[EnvName], closed: &[PrNumber]) -> String {
    let places: Vec<String> = places.iter().map(|name| span(name.as_str())).collect();
    let mut out = format!("{} is rejected: it may not go into {}.", span(version), either(&places));
    if !closed.is_empty() {
        let closed: Vec<String> = closed.iter().map(|pr| format!("#{pr}")).collect();
        out.push_str(&format!(" Closed: {}.", both(&closed)));
    }
    out
}

// ── stops ──

/// It is held.
pub fn held(hold: &NewAct) -> String {
    match (&hold.environment, &hold.application) {
        (Some(environment), Some(application)) => format!(
            "{} is held in {}: every promotion there is stopped until `/unhold {environment}`.",
            span(application.as_str()),
            span(environment.as_str())
        ),
        _ => "This promotion is held until `/unhold`.".to_owned(),
    }
}

/// Nothing is held.
pub fn nothing_held(environment: &Environment, elsewhere: &[&Act]) -> String {
    if elsewhere.is_empty() {
        return "Nothing is held here.".to_owned();
    }
    let name = environment.name();
    format!("This promotion is not held itself; what holds it is lifted with `/unhold {name}`.")
}

/// It is held no more.
pub fn unheld(holds: &[&Act]) -> String {
    let all: Vec<String> = holds
        .iter()
        .map(|hold| match (&hold.environment, &hold.application) {
            (Some(environment), Some(application)) => {
                format!("{} in {}", span(application.as_str()), span(environment.as_str()))
            }
            _ => "this promotion".to_owned(),
        })
        .collect();
    format!("Held no more: {}.", both(&all))
}

/// It is locked.
pub fn locked(environment: &Environment, until: Option<Timestamp>) -> String {
    let name = environment.name();
    let until = until.map_or_else(
        || format!("until `/unlock {name}`"),
        |until| format!("until {} or `/unlock {name}`", instant(until)),
    );
    format!(
        "{} is locked {until}; every open pull request that would change it is red.",
        span(name.as_str())
    )
}

/// It is not locked.
pub fn not_locked(environment: &Environment) -> String {
    format!("{} is not locked.", span(environment.name().as_str()))
}

/// Somebody else locked it.
pub fn not_yours_to_unlock(environment: &Environment, locks: &[&Act]) -> String {
    let mut who: Vec<String> = locks.iter().map(|lock| span(lock.by.login.as_str())).collect();
    who.extend(environment.overrides().of("lock").iter().map(|one| span(&one.to_string())));
    who.sort();
    who.dedup();
    format!("You may not do that here. It takes {}.", either(&who))
}

/// It is locked no more.
pub fn unlocked(environment: &Environment) -> String {
    format!("{} is not locked any more.", span(environment.name().as_str()))
}

// ── the pull request itself ──

/// It is merged.
pub fn merged(pull: &PullRequest) -> String {
    format!("#{} is merged at `{}`.", pull.number, pull.head.sha.short())
}

/// GitHub would not.
pub fn merge_refused(why: &str) -> String {
    format!("Every gate has passed, and GitHub does not merge it: {}", span(why))
}

/// The title of the merge of a pull request that we did not open.
pub fn merge_title(touches: &[Touch<'_>]) -> String {
    let places: Vec<String> =
        touches.iter().map(|touch| touch.environment.name().to_string()).collect();
    let what: std::collections::BTreeSet<String> = touches
        .iter()
        .flat_map(|touch| &touch.moving)
        .map(|moving| moving.application.name().to_string())
        .collect();
    format!("Promote {} to {}", what.into_iter().collect::<Vec<_>>().join(", "), places.join(", "))
}

/// Nothing is merged here.
pub fn observing() -> String {
    "This repository only observes (`mode: observe`), so Usher merges nothing.".to_owned()
}

/// Gates are shut.
pub fn not_passed(gates: &[Gate]) -> String {
    let shut: String =
        gates.iter().filter(|gate| !gate.outcome.is_open()).map(status::line).collect();
    format!("It is not merged, because not every gate has passed:\n\n{}", shut.trim_end())
}

/// It is a draft.
pub fn is_a_draft() -> String {
    "It is a draft; mark it as ready for review first.".to_owned()
}

/// It is closed.
pub fn cancelled(pr: PrNumber) -> String {
    format!("#{pr} is closed.")
}

/// Its gates are judged again.
pub fn judged_again() -> String {
    "The checks run again.".to_owned()
}

/// All are judged again.
pub fn all_judged_again() -> String {
    "The checks of every open pull request run again.".to_owned()
}

/// The repository is looked at again.
pub fn looked_at_again() -> String {
    "Everything that is open is looked at again.".to_owned()
}

/// Foreign commits were thrown away.
pub fn planned_afresh(foreign: &[&Commit]) -> String {
    const MOST: usize = 20;
    let names: Vec<String> = foreign
        .iter()
        .take(MOST)
        .map(|commit| {
            let author = commit.author.as_ref();
            let by =
                author.map_or_else(String::new, |who| format!(" by {}", span(who.login.as_str())));
            format!("`{}`{by}", commit.sha.short())
        })
        .collect();
    format!(
        "Planned anew on the present base. Thrown away, because {} not Usher's: {}.",
        if foreign.len() == 1 { "it is" } else { "they are" },
        both(&names)
    )
}

/// There is nothing left to promote.
pub fn nothing_left_of_it() -> String {
    "Nothing is left of this promotion: the base has it already, or something higher. `/cancel` closes it.".to_owned()
}
