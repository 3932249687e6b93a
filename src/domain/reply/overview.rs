//! Longer answers: what would be, what runs where, what the commands are.

use std::fmt::Write as _;

use super::{by, instant, sign, status};
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
    let mut out = format!("What merging #{pr} changes in the files of each environment:\n");
    for (name, text) in parts {
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

fn stop(act: &Act) -> String {
    let until = act.until.map_or_else(String::new, |until| format!(", until {}", instant(until)));
    match act.kind {
        ActKind::Lock => format!("🔒 locked {}{until}", by(act)),
        ActKind::Hold => {
            let what = act.application.as_ref().map_or("everything", AppName::as_str);
            format!("✋ {} held {}", span(what), by(act))
        }
        ActKind::Rejection => format!("⛔ {} was rejected {}", span(&act.subject), by(act)),
        _ => format!("⛔ {} is bad {}", span(&act.subject), by(act)),
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

/// The commands, each as it is written, what it does, and an example that means it.
pub fn commands() -> Vec<(&'static str, &'static str, Command)> {
    let scope = Scope::default;
    let promote = |dry_run| Command::Promote {
        environment: String::new(),
        version: None,
        scope: scope(),
        ticket: None,
        dry_run,
    };
    vec![
        (
            "/promote ENV [VERSION] [--app A] [--services a,b] [--targets eu] [--ticket T] [--dry-run]",
            "opens the promotion's pull request",
            promote(false),
        ),
        ("/plan ENV [VERSION]", "says what a promotion would be", promote(true)),
        (
            "/rollback [ENV] [VERSION] [--services a,b] [--targets eu] [--reason …]",
            "opens the way back; on a merged promotion, undoes that one",
            Command::Rollback {
                environment: None,
                version: None,
                scope: scope(),
                argocd: false,
                reason: None,
            },
        ),
        ("/status [ENV]", "says what runs where", Command::Status { environment: None }),
        ("/diff [ENV]", "shows what changes, line by line", Command::Diff { environment: None }),
        ("/validate", "has the checks run again", Command::Validate),
        (
            "/hold [ENV] [reason]",
            "holds this promotion, or the application in ENV",
            Command::Hold { text: String::new(), application: None },
        ),
        ("/unhold [ENV]", "lifts that", Command::Unhold { environment: None, application: None }),
        (
            "/lock ENV [reason] [--for 2h]",
            "stops every change of ENV",
            Command::Lock { environment: String::new(), reason: String::new(), seconds: None },
        ),
        ("/unlock ENV", "lifts that", Command::Unlock { environment: String::new() }),
        ("/approve LABEL", "gives an approval", Command::Approve { label: String::new() }),
        (
            "/reject VERSION reason",
            "closes the promotions of a version and blocks it from here on",
            Command::Reject { version: String::new(), reason: String::new(), application: None },
        ),
        ("/merge", "merges when every gate has passed", Command::Merge),
        (
            "/override GATE reason",
            "accepts a gate that is not passed, for this commit",
            Command::Override { gate: String::new(), reason: String::new() },
        ),
        ("/cancel", "closes this promotion", Command::Cancel),
        ("/retry", "tries again; throws away what is not Usher's", Command::Retry),
        (
            "/verified NAME [--failed]",
            "reports a verification by hand",
            Command::Verified { name: String::new(), failed: false },
        ),
        ("/ticket ID", "names the change ticket", Command::Ticket { ticket: String::new() }),
        ("/help", "says this", Command::Help),
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
