//! Longer answers: what would be, what runs where, what the commands are.

use std::fmt::Write as _;

use super::{by, instant, sign, status};
use crate::domain::acts::AUTOMATIC_ONLY;
use crate::domain::gates::Gate;
use crate::domain::inert::{fence, span};
use crate::domain::promotion::Promotion;
use crate::intent::command::{Command, Scope};
use crate::model::act::{Act, ActKind};
use crate::model::ids::{AppName, EnvName, PrNumber};
use crate::model::write::NewPull;

/// A diff longer than that is cut; the pull request has it whole.
const MOST_DIFF: usize = 20_000;

/// What stands of an environment.
pub struct Place<'a> {
    /// Its name.
    pub name: EnvName,
    /// The image tags of each application.
    pub runs: Vec<(AppName, Vec<String>)>,
    /// The open promotions into it.
    pub open: Vec<(PrNumber, Promotion)>,
    /// Locks and holds.
    pub stops: Vec<&'a Act>,
    /// Versions that may not go there.
    pub against: Vec<&'a Act>,
}

/// What a promotion would be.
pub fn plan(promotion: &Promotion, gates: &[Gate], diff: &str, pull: &NewPull) -> String {
    let mut out =
        format!("Nothing is done; this is what {} would be.\n\n", span(&promotion.title()));
    for gate in gates {
        out.push_str(&status::line(gate));
    }
    let _ = writeln!(
        out,
        "\n<details><summary>What changes</summary>\n\n{}\n\n</details>",
        cut_diff(diff)
    );
    let _ = writeln!(
        out,
        "\n<details><summary>The pull request's text</summary>\n\n{}\n</details>",
        pull.body
    );
    out
}

fn cut_diff(diff: &str) -> String {
    let shown: String = diff.chars().take(MOST_DIFF).collect();
    let rest = if shown.len() < diff.len() { "\n\n… and more." } else { "" };
    format!("{}{rest}", fence(&shown, "diff"))
}

/// What a pull request changes, environment by environment.
pub fn diff(parts: &[(EnvName, String)], pr: PrNumber) -> String {
    if parts.is_empty() {
        return format!("#{pr} changes no environment.");
    }
    let mut out = format!("What merging #{pr} changes in each environment, once rendered:\n");
    for (name, text) in parts {
        if text.is_empty() {
            let _ = writeln!(out, "\n{name}: files change, and nothing that they render to.");
            continue;
        }
        let _ = writeln!(
            out,
            "\n<details open><summary>{name}</summary>\n\n{}\n\n</details>",
            cut_diff(text)
        );
    }
    out
}

/// What runs where, what is open, what stands in the way.
pub fn status(places: &[Place<'_>]) -> String {
    let mut out = "this is how things stand.\n\n| environment | runs | open | stops |\n| --- | --- | --- | --- |\n".to_owned();
    for place in places {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} |",
            span(place.name.as_str()),
            runs(place),
            list(
                place
                    .open
                    .iter()
                    .map(|(pr, promotion)| format!("#{pr} {}", span(&promotion.version)))
            ),
            list(place.stops.iter().chain(&place.against).map(|act| stop(act)))
        );
    }
    out
}

fn runs(place: &Place<'_>) -> String {
    let many = place.runs.len() > 1;
    list(place.runs.iter().map(|(application, tags)| {
        let tags = match tags.as_slice() {
            [] => "no tag".to_owned(),
            [one] => span(one),
            several => {
                let shown: Vec<String> = several.iter().take(6).map(|tag| span(tag)).collect();
                format!("mixed: {}", shown.join(", "))
            }
        };
        if many { format!("{} {tags}", span(application.as_str())) } else { tags }
    }))
}

/// What stands in the way, and what lifts it.
fn stop(act: &Act) -> String {
    let place = act.environment.as_ref().map_or("", EnvName::as_str);
    match act.kind {
        ActKind::Lock => {
            let until =
                act.until.map_or_else(String::new, |until| format!("{} or ", instant(until)));
            format!("🔒 locked {}, until {until}`/unlock {place}`", by(act))
        }
        ActKind::Hold => {
            let what = act.application.as_ref().map_or("everything", AppName::as_str);
            let only =
                if act.subject == AUTOMATIC_ONLY { " against automatic promotions" } else { "" };
            format!("✋ {} held{only} {}, until `/unhold {place}`", span(what), by(act))
        }
        ActKind::Rejection => format!("⛔ {} was rejected {}", span(&act.subject), by(act)),
        _ => format!("⛔ {} is bad here, {}", span(&act.subject), by(act)),
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    const MOST: usize = 20;
    let all: Vec<String> = items.collect();
    let more = all.len().saturating_sub(MOST);
    let mut shown: Vec<String> = all.into_iter().take(MOST).collect();
    if more > 0 {
        shown.push(format!("… and {more} more"));
    }
    if shown.is_empty() { "–".to_owned() } else { shown.join("<br>") }
}

/// A command as people learn of it.
pub struct Usage {
    /// How it is written.
    pub line: &'static str,
    /// Who may give it.
    pub who: &'static str,
    /// What it does.
    pub what: &'static str,
    /// An example that means it.
    pub means: Command,
}

fn usage(line: &'static str, who: &'static str, what: &'static str, means: Command) -> Usage {
    Usage { line, who, what, means }
}

const LOOKERS: &str = "`triage`; `read` where private";
const WRITERS: &str = "`write`";

/// Every command, in the order in which they are shown.
pub fn commands() -> Vec<Usage> {
    let mut all = moves();
    all.extend(tells());
    all.extend(stops());
    all.extend(decisions());
    all
}

fn moves() -> Vec<Usage> {
    let scope = Scope::default;
    let promote = |dry_run| Command::Promote {
        environment: String::new(),
        version: None,
        scope: scope(),
        ticket: None,
        dry_run,
    };
    let rollback = Command::Rollback {
        environment: None,
        version: None,
        scope: scope(),
        argocd: false,
        reason: None,
    };
    vec![
        usage(
            "/promote ENV [VERSION] [--app A] [--services a,b] [--targets eu] [--ticket T] [--dry-run]",
            "`promoters`",
            "opens the promotion's pull request; without VERSION: this one's own, else what runs before",
            promote(false),
        ),
        usage(
            "/plan ENV [VERSION] …",
            LOOKERS,
            "says what a promotion would be: images, diff, gates, text",
            promote(true),
        ),
        usage(
            "/rollback [ENV] [VERSION] [--app A] [--services a,b] [--targets eu] [--argocd] [--reason …]",
            "`promoters`, `rollback.by`; with `--argocd` `rollback.by`, `overrides`",
            "opens the way back; on a merged promotion without ENV: undoes that one; with `--argocd` the live application goes back at once",
            rollback,
        ),
        usage("/merge", "`promoters`", "merges when every gate has passed", Command::Merge),
        usage("/cancel", WRITERS, "closes this promotion", Command::Cancel),
        usage(
            "/retry",
            WRITERS,
            "tries again, on the newest base; throws away what is not Usher's",
            Command::Retry,
        ),
    ]
}

fn tells() -> Vec<Usage> {
    vec![
        usage(
            "/status [ENV]",
            LOOKERS,
            "says what runs where, what is open, what is stopped",
            Command::Status { environment: None },
        ),
        usage(
            "/diff [ENV]",
            LOOKERS,
            "shows what changes, line by line",
            Command::Diff { environment: None },
        ),
        usage("/validate", LOOKERS, "has the checks run again", Command::Validate),
        usage("/help", LOOKERS, "says this, and what you may do", Command::Help),
    ]
}

fn stops() -> Vec<Usage> {
    vec![
        usage(
            "/hold [ENV] [reason] [--app A]",
            WRITERS,
            "holds this promotion, or the application in ENV",
            Command::Hold { text: String::new(), application: None },
        ),
        usage(
            "/unhold [ENV] [--app A]",
            "`promoters`",
            "lifts that",
            Command::Unhold { environment: None, application: None },
        ),
        usage(
            "/lock ENV [reason] [--for 2h]",
            WRITERS,
            "stops every change of ENV; answered when all its pull requests are red",
            Command::Lock { environment: String::new(), reason: String::new(), seconds: None },
        ),
        usage(
            "/unlock ENV",
            "who locked it, `overrides`",
            "lifts that",
            Command::Unlock { environment: String::new() },
        ),
    ]
}

fn decisions() -> Vec<Usage> {
    vec![
        usage(
            "/approve LABEL",
            "that approval's `by`",
            "gives an approval, for this commit",
            Command::Approve { label: String::new() },
        ),
        usage(
            "/reject VERSION reason [--app A]",
            "any approver of ENV",
            "closes the promotions of a version and blocks it from here on",
            Command::Reject { version: String::new(), reason: String::new(), application: None },
        ),
        usage(
            "/override GATE reason",
            "`overrides`",
            "accepts a gate that is not passed, for this commit; shown for ever",
            Command::Override { gate: String::new(), reason: String::new() },
        ),
        usage(
            "/verified NAME [--failed]",
            "`owners.verification`",
            "on a merged promotion: says that you verified it by hand, or that it failed",
            Command::Verified { name: String::new(), failed: false },
        ),
        usage(
            "/ticket ID",
            WRITERS,
            "names the change ticket of this pull request; the newest counts",
            Command::Ticket { ticket: String::new() },
        ),
    ]
}

/// The commands, and which of them the person may give somewhere here.
pub fn help(rows: &[(&str, &str, bool)], prefixed: bool) -> String {
    let mut out = "these are the commands, each at the start of a line.".to_owned();
    if prefixed {
        out.push_str(" Here they begin with `/usher `, as in `/usher promote prod`.");
    }
    out.push_str("\n\n| | command | what it does |\n| --- | --- | --- |\n");
    for (usage, what, may) in rows {
        let sign = if *may { sign(crate::domain::gates::Outcome::Passed) } else { "–" };
        let _ = writeln!(out, "| {sign} | {} | {what} |", span(usage));
    }
    out.push_str("\n✅ are those that you may give; some depend on the environment.\n");
    out
}
