//! The one status comment of a promotion: where it stands, what is needed next, how to go back.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::verdict::holds_until;
use super::{aftermath, by, leaving as told, sign};
use crate::domain::evaluate::Assessment;
use crate::domain::gates::{Gate, Outcome};
use crate::domain::inert::{plain, span};
use crate::domain::leaving;
use crate::domain::look::Look;
use crate::domain::merging;
use crate::domain::policy::Mode;
use crate::domain::promotion::{Direction, Promotion};
use crate::intent::Half;
use crate::model::act::Act;
use crate::model::evidence::{Merged, WentBack};
use crate::model::ids::PrNumber;

/// The hidden first line of the status comment; it counts only together with its author.
pub const MARKER: &str = "<!-- usher:status -->";

/// So many shut gates are named.
const MOST_SHUT: usize = 30;

/// The comment while the promotion is open.
pub fn promotion(look: &Look<'_>, promotion: &Promotion, assessment: &Assessment) -> String {
    let gates = assessment.gates();
    let mut out = format!("{MARKER}\n**{}**\n\n", headline(promotion, gates));
    for gate in gates {
        out.push_str(&line(gate));
    }
    out.push_str(&refused(look));
    if let Some(leaves) = leaving::changed(look) {
        out.push_str(&told::changed(&leaves, &promotion.environment));
    }
    if look.policy.mode() == Mode::Observe {
        let _ = writeln!(
            out,
            "\nThis repository only observes: nothing is stopped, and Usher merges nothing."
        );
    }
    out.push_str(&next(promotion, gates, (look.policy.mode(), merging::is_automatic(look))));
    let _ = writeln!(
        out,
        "\n**Going back:** after the merge, `/rollback` here puts back what ran before; only image entries change."
    );
    out
}

/// What came of merging it by itself.
pub fn tried(came: &Half) -> String {
    match came {
        Half::Refused(why) => format!(
            "\n**GitHub does not merge it:** {}. It is tried again when something changes, and every few minutes.\n",
            span(why.trim_end_matches('.'))
        ),
        Half::Queued => "\n**Merge queue:** it was put into the merge queue at this head. Should the queue put it out again, \
             `/merge` puts it in once more.\n"
            .to_owned(),
        Half::Done | Half::Waiting { .. } => String::new(),
    }
}

/// How it stands, in a sentence.
pub(super) fn headline(promotion: &Promotion, gates: &[Gate]) -> String {
    let (version, place) = (span(&promotion.version), span(promotion.environment.as_str()));
    let go = match promotion.direction {
        Direction::Forward => "go to",
        Direction::Back => "come back to",
    };
    let worst = gates.iter().map(|gate| gate.outcome).max();
    match worst {
        None => format!("Nothing is left to do: {place} has {version} already."),
        Some(Outcome::Passed) => format!("{version} may {go} {place}: every gate has passed."),
        Some(Outcome::Overridden) => {
            format!("{version} may {go} {place}: what has not passed was overridden.")
        }
        Some(Outcome::Failed) => format!("{version} cannot {go} {place} as it is."),
        Some(_) => format!("{version} may not {go} {place} yet."),
    }
}

/// The labels that were taken off again, each once, by whom it was last.
fn refused(look: &Look<'_>) -> String {
    let mut last: BTreeMap<String, &Act> = BTreeMap::new();
    for act in look.acts.refused(look.pull().number) {
        last.insert(act.subject.to_lowercase(), act);
    }
    let mut out = String::new();
    for act in last.into_values() {
        let (label, who) = (span(&act.subject), span(act.by.login.as_str()));
        let _ = writeln!(out, "- {label} by {who} was taken off: {who} may not give it.");
    }
    if out.is_empty() { out } else { format!("\n**Labels that do not count:**\n{out}") }
}

/// A gate as a line of the checklist.
pub fn line(gate: &Gate) -> String {
    let tick = if gate.outcome.is_open() { "x" } else { " " };
    let sentence = &gate.said.sentence;
    format!("- [{tick}] {} **{}** – {sentence}\n", sign(gate.outcome), gate.name)
}

/// What has to be done, and by whom.
fn next(promotion: &Promotion, gates: &[Gate], (mode, by_itself): (Mode, bool)) -> String {
    let then = match mode {
        Mode::Enforce if by_itself => " Once every gate has passed, Usher merges it.",
        Mode::Enforce => " Once every gate has passed, merge it, or have it merged with `/merge`.",
        Mode::Observe => "",
    };
    let shut: Vec<&Gate> = gates.iter().filter(|gate| !gate.outcome.is_open()).collect();
    if gates.is_empty() {
        return "\n**Next:** close this pull request.\n".to_owned();
    }
    if shut.is_empty() {
        let prod = promotion.environment.as_str();
        let how = match mode {
            Mode::Enforce if by_itself => "Usher merges it",
            Mode::Enforce => "merge it, or have it merged with `/merge`",
            Mode::Observe => "merge it",
        };
        let until = holds_until(gates).map_or_else(String::new, |until| format!(" {until}"));
        return format!("\n**Next:** {how}; then {} has it.{until}\n", span(prod));
    }
    let mut helps: Vec<String> = Vec::new();
    for gate in shut {
        let help = gate.said.help.clone();
        let help = help.unwrap_or_else(|| format!("`{}` has to pass.", gate.name));
        if !helps.contains(&help) {
            helps.push(help);
        }
    }
    if let [only] = helps.as_slice() {
        return format!("\n**Next:** {only}{then}\n");
    }
    let mut out = "\n**Next:**\n".to_owned();
    for help in helps {
        let _ = writeln!(out, "- {help}");
    }
    if !then.is_empty() {
        let _ = writeln!(out, "\n{}", then.trim_start());
    }
    out
}

/// The comment on a promotion that was merged. `overrides`: those that stood then; `went`: what it left, where it is a way
/// back.
pub fn merged(promotion: &Promotion, overrides: &[&Act], went: Option<&WentBack>) -> String {
    let (version, place) = (span(&promotion.version), span(promotion.environment.as_str()));
    let done = match promotion.direction {
        Direction::Forward => format!("{place} has {version} now."),
        Direction::Back => format!("{place} is back at {version}."),
    };
    let mut out = format!("{MARKER}\n**Merged: {done}**\n\n");
    for act in overrides {
        let _ = writeln!(
            out,
            "- {} **{}** – overridden {}",
            sign(Outcome::Overridden),
            plain(&act.subject),
            by(act)
        );
    }
    if !overrides.is_empty() {
        out.push('\n');
    }
    let leaves = promotion.back.as_ref().map_or(&[][..], |back| &back.leaves);
    if !leaves.is_empty() {
        let leaves: Vec<String> = leaves.iter().map(|tag| span(tag)).collect();
        let _ = writeln!(
            out,
            "{} {} bad in {place} from now on, and nothing is promoted there by itself. \
             `/unhold {name}` lifts that; `/promote {name}` brings a higher version.\n",
            super::both(&leaves),
            if leaves.len() == 1 { "is" } else { "are" },
            name = promotion.environment
        );
    }
    let first = went.and_then(|went| went.brought.iter().filter_map(|one| one.merged_at).min());
    if let Some(times) = went.and_then(|went| aftermath::times(first, went)) {
        let _ = writeln!(out, "**Time to restore:** {times}.\n");
    }
    let _ = writeln!(
        out,
        "**Going back:** `/rollback` here undoes this one; only image entries change."
    );
    out
}

/// The hidden first line of the comment on a merge without passed gates.
pub const UNPASSED: &str = "<!-- usher:unpassed -->";

/// The comment on a pull request that was merged without passed gates.
pub fn unpassed(merged: &Merged) -> String {
    let who = merged.by.as_ref().map(|by| format!(" by {}", span(by.login.as_str())));
    let mut out =
        format!("{UNPASSED}\n**Merged without passed gates**{}.", who.unwrap_or_default());
    match merged.verdict {
        None => out.push_str(" It was merged before its commit was judged.\n"),
        Some(_) if merged.shut.is_empty() => {
            out.push_str(" Its commit was not let through.\n");
        }
        Some(_) => {
            out.push_str(" When it was merged, these were shut:\n\n");
            for gate in merged.shut.iter().take(MOST_SHUT) {
                let place = gate.environment.as_ref();
                let place = place.map(|name| format!(" ({})", span(name.as_str())));
                let _ = writeln!(
                    out,
                    "- `{}`{}: {}",
                    gate.gate,
                    place.unwrap_or_default(),
                    gate.sentence
                );
            }
        }
    }
    out.push_str("\nThe record says so, for ever: see `usher evidence export`.\n");
    out
}

/// The comment on a promotion that a newer one replaces.
pub fn superseded(older: &Promotion, by: PrNumber) -> String {
    format!(
        "{MARKER}\n**Superseded by #{by}**, which brings a newer version to {}. {} is not promoted any more.\n",
        span(older.environment.as_str()),
        span(&older.version)
    )
}

/// The comment on a promotion that somebody closed by a command.
pub fn cancelled(promotion: &Promotion, who: &str, why: &str) -> String {
    let again = match promotion.direction {
        Direction::Forward => format!("`/promote {}` opens another one.", promotion.environment),
        Direction::Back => format!("`/rollback {}` opens another one.", promotion.environment),
    };
    let why = if why.is_empty() { String::new() } else { format!(": {}", span(why)) };
    format!("{MARKER}\n**Closed by {}**{why}. {again}\n", span(who))
}
