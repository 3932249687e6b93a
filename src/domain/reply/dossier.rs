//! A promotion's dossier as people read it: Markdown, one page a promotion, in which foreign text is inert.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::Timestamp;

use crate::domain::dossier::{Dossier, End, Given, Placed};
use crate::domain::inert::{plain, span};
use crate::domain::reply::{aftermath, both, took};
use crate::model::act::ActKind;
use crate::model::chain::Hash;
use crate::model::evidence::{
    EntryChange, GateSaid, Live, LiveStep, Merged, Verdict, WentBack, What,
};
use crate::model::ids::{EnvName, Sha};

/// What follows if there is nothing.
pub const NOTHING: &str = "The record has nothing of that.\n";

/// What an export begins with: where a chain had got to.
pub fn head(repository: &str, sequence: u64, hash: &Hash) -> String {
    let entries = if sequence == 1 { "1 entry".to_owned() } else { format!("{sequence} entries") };
    format!(
        "Evidence of {}: {entries} so far, the last one with the hash `{hash}`. `usher evidence verify` says whether \
         they are all there, and as they were written.\n",
        span(repository)
    )
}

/// A page.
pub fn page(dossier: &Dossier) -> String {
    let mut out = format!("# {}\n\n", title(dossier));
    table(&mut out, dossier);
    if let Some((judged, ..)) = &dossier.judged {
        changes(&mut out, &judged.changes, judged.more_changes);
    }
    if let Some((gates, at, when)) = dossier.gates() {
        let _ = writeln!(out, "\n## Gates\n\nAs they stood at {}, in entry {at}:\n", instant(when));
        out.push_str(&gate_table(gates));
    }
    acts(&mut out, "Who decided", &dossier.given);
    acts(&mut out, "What stopped its environments meanwhile", &dossier.stops);
    let _ = writeln!(
        out,
        "\n## Everything on record\n\n| entry | when | what | hash |\n| --- | --- | --- | --- |"
    );
    for placed in &dossier.entries {
        let Placed { sequence, hash, entry } = placed;
        let _ = writeln!(
            out,
            "| {sequence} | {} | {} | `{hash}` |",
            instant(entry.at),
            told(&entry.what)
        );
    }
    out
}

fn title(dossier: &Dossier) -> String {
    let promotion = dossier.opened.as_ref().and_then(|(opened, _)| opened.promotion.as_ref());
    let place = format!("{} {}", span(dossier.repository.as_str()), number(dossier.pr.0));
    match promotion {
        Some(one) if one.back => format!(
            "Roll back {} to {} in {}: {place}",
            span(one.application.as_str()),
            span(&one.version),
            span(one.environment.as_str())
        ),
        Some(one) => format!(
            "Promote {} {} to {}: {place}",
            span(one.application.as_str()),
            span(&one.version),
            span(one.environment.as_str())
        ),
        None if dossier.environments.is_empty() => place,
        None => format!("A promotion by hand to {}: {place}", names(&dossier.environments)),
    }
}

fn table(out: &mut String, dossier: &Dossier) {
    out.push_str("| | |\n| --- | --- |\n");
    let mut row = |what: &str, told: String| {
        let _ = writeln!(out, "| {what} | {told} |");
    };
    if let Some((opened, at)) = &dossier.opened {
        match &opened.promotion {
            Some(promotion) => {
                row(
                    "Asked for by",
                    match &promotion.asked_by {
                        Some(login) => {
                            let comment = promotion.comment.map(|id| format!(", in comment {id}"));
                            format!("{}{}", span(login.as_str()), comment.unwrap_or_default())
                        }
                        None => "nobody: it came by itself".to_owned(),
                    },
                );
                let commit = promotion.commit.as_ref().map(|sha| format!(" at {}", commit(sha)));
                let source = span(promotion.source.as_str());
                row(
                    "Version",
                    format!(
                        "{} of {source}{}",
                        span(&promotion.version),
                        commit.unwrap_or_default()
                    ),
                );
                if let Some(reason) = &promotion.reason {
                    row("Reason", span(reason));
                }
                row(
                    "Ticket",
                    promotion.ticket.as_deref().map_or_else(|| "none named".to_owned(), span),
                );
                if !promotion.services.is_empty() {
                    let services: Vec<String> =
                        promotion.services.iter().map(|one| span(one)).collect();
                    row("Services", services.join(", "));
                }
                if !promotion.targets.is_empty() {
                    let targets: Vec<String> =
                        promotion.targets.iter().map(|one| span(one.as_str())).collect();
                    row("Targets", targets.join(", "));
                }
            }
            None => row("Made by", format!("hand: {}", span(opened.by.login.as_str()))),
        }
        row("Opened", format!("{} by {}", instant(*at), span(opened.by.login.as_str())));
        row("Environments", names(&dossier.environments));
    }
    if let Some((judged, ..)) = &dossier.judged {
        row("Head", commit(&judged.head));
        row(
            "Policy",
            judged.policy.as_ref().map_or_else(
                || "none".to_owned(),
                |blob| format!("`.github/usher.yml`, blob {}", commit(blob)),
            ),
        );
        row("Last verdict", verdict(judged.verdict).to_owned());
    }
    for (what, told) in way_back(dossier) {
        row(what, told);
    }
    row("Ended", ended(dossier));
    if let Some((merging, at, _)) = &dossier.merging {
        let by = merging.by.as_ref().map_or_else(|| "itself".to_owned(), |by| span(by.as_str()));
        row("Merge asked for by", format!("{by}, onto {} (entry {at})", commit(&merging.base)));
    }
    if let End::Merged(merged, _) = &dossier.end {
        row("Gates at the merge", passed(merged));
    }
}

/// What it left as a way back, and by which ways back it was left.
fn way_back(dossier: &Dossier) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    if let Some(went) = &dossier.went_back {
        let brought = went.brought.iter().filter_map(|one| one.merged_at).min();
        let times = aftermath::times(brought, went).unwrap_or_else(|| "not known".to_owned());
        rows.extend([("Went back from", left(went)), ("Time to restore", times)]);
        if let (Some(healthy), Some(asked)) = (dossier.healthy_at(), went.asked_at) {
            let long = took(healthy.duration_since(asked));
            let told = format!("{long} from `/rollback`, at {}", instant(healthy));
            rows.push(("Healthy by Argo CD", told));
        }
    }
    for (by, went) in &dossier.left_by {
        let at = went.merged_at.map(|at| format!(", merged {}", instant(at))).unwrap_or_default();
        rows.push(("Left by", format!("{}{at}", number(by.0))));
    }
    rows
}

/// What a way back left, and what had brought that.
fn left(went: &WentBack) -> String {
    let brought: Vec<String> = went.brought.iter().map(|one| number(one.pr.0)).collect();
    let by = match brought.as_slice() {
        [] => String::new(),
        some => format!("brought by {}", both(some)),
    };
    let left: Vec<String> = went.leaves.iter().map(|version| span(version)).collect();
    match (left.as_slice(), by.as_str()) {
        ([], "") => "nothing that is bad from then on".to_owned(),
        ([], by) => format!("what was {by}"),
        (left, "") => both(left),
        (left, by) => format!("{}, {by}", both(left)),
    }
}

/// A step of a live Application.
fn live(live: &Live) -> String {
    let step = match &live.step {
        LiveStep::SyncOff => "automatic sync to be turned off".to_owned(),
        LiveStep::Rollback { id, revision } => {
            let revision = revision.as_ref().map(|sha| format!(", {}", commit(sha)));
            format!("to go back to entry {id} of its history{}", revision.unwrap_or_default())
        }
        LiveStep::Back => "has gone back".to_owned(),
        LiveStep::Healthy => "is healthy again".to_owned(),
        LiveStep::Failed { why } => format!("could not go back: {}", span(why)),
        LiveStep::SyncBack => "automatic sync to be put back as it was".to_owned(),
        LiveStep::Over { how } => span(how),
    };
    let place = format!("{} in {}", span(live.target.as_str()), span(live.environment.as_str()));
    if live.application.is_empty() {
        return format!("Argo CD, {place}: {step}");
    }
    format!("Argo CD, {} on {} for {place}: {step}", span(&live.application), span(&live.server))
}

fn ended(dossier: &Dossier) -> String {
    match &dossier.end {
        End::Open => "not yet".to_owned(),
        End::Merged(merged, at) => {
            let by = merged.by.as_ref().map(|by| format!(" by {}", span(by.login.as_str())));
            let as_commit = merged.commit.as_ref().map(|sha| format!(" as {}", commit(sha)));
            format!(
                "merged{}{}, seen {}",
                by.unwrap_or_default(),
                as_commit.unwrap_or_default(),
                instant(*at)
            )
        }
        End::Closed(_, at) => {
            let why = dossier.withdrawn.as_ref().map(|withdrawn| {
                let by = withdrawn.by.as_ref().map(|by| format!(" by {}", span(by.as_str())));
                let other = withdrawn.in_favour_of.map(|pr| format!(" by {}", number(pr.0)));
                let reason = match withdrawn.reason.trim() {
                    "" => String::new(),
                    reason => format!(" ({})", span(reason)),
                };
                let by = by.or(other).unwrap_or_default();
                format!(": {}{by}{reason}", plain(&withdrawn.why))
            });
            format!("closed without being merged, seen {}{}", instant(*at), why.unwrap_or_default())
        }
    }
}

fn passed(merged: &Merged) -> String {
    if merged.passed {
        return "passed".to_owned();
    }
    let why = match merged.verdict {
        None => "it had not been judged".to_owned(),
        Some(_) => {
            let shut: Vec<String> = merged.shut.iter().map(|gate| span(&gate.gate)).collect();
            format!("shut: {}", shut.join(", "))
        }
    };
    let binds = if merged.binds { "" } else { "; the repository only observed" };
    format!("**not passed** ({why}{binds})")
}

fn changes(out: &mut String, changes: &[EntryChange], more: u64) {
    if changes.is_empty() {
        return;
    }
    let head = "| environment | target | image | from | to |\n| --- | --- | --- | --- | --- |";
    let _ = writeln!(out, "\n## What changed\n\n{head}");
    let shown = |image: &Option<String>| image.as_deref().map_or_else(|| "–".to_owned(), span);
    for change in changes {
        let (environment, target) =
            (span(change.environment.as_str()), span(change.target.as_str()));
        let (from, to) = (shown(&change.from), shown(&change.to));
        let _ =
            writeln!(out, "| {environment} | {target} | {} | {from} | {to} |", span(&change.image));
    }
    if more > 0 {
        let _ = writeln!(out, "\n… and {more} more");
    }
}

fn gate_table(gates: &[GateSaid]) -> String {
    let mut out =
        "| gate | environment | outcome | evidence |\n| --- | --- | --- | --- |\n".to_owned();
    for gate in gates {
        let place =
            gate.environment.as_ref().map_or_else(|| "–".to_owned(), |one| span(one.as_str()));
        let outcome = plain(&gate.outcome);
        let _ = writeln!(out, "| {} | {place} | {outcome} | {} |", span(&gate.gate), gate.sentence);
    }
    out
}

fn acts(out: &mut String, title: &str, given: &[Given]) {
    if given.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n## {title}\n");
    for one in given {
        let _ = writeln!(out, "- {}", act(one));
    }
}

fn act(Given { act, sequence, ended }: &Given) -> String {
    let subject = span(&act.subject);
    let what = match act.kind {
        ActKind::Hold | ActKind::Lock => act.kind.as_str().to_owned(),
        ActKind::Override => format!("override of {subject}"),
        ActKind::Bad => format!("{subject} is bad"),
        ActKind::Refused => format!("label {subject} taken off again"),
        kind => format!("{} {subject}", kind.as_str()),
    };
    let place = act.environment.as_ref().map(|one| format!(" in {}", span(one.as_str())));
    let head = act.head.as_ref().map(|head| format!(" for {}", commit(head)));
    let reason = match act.reason.trim() {
        "" => String::new(),
        reason => format!(" ({})", span(reason)),
    };
    let until = act.until.map(|until| format!(", until {}", instant(until)));
    let ended = ended.as_ref().map(|(ended, at, _)| {
        let by = ended.by.as_ref().map(|by| format!(" by {}", span(by.as_str())));
        format!("; ended {}{} ({})", instant(*at), by.unwrap_or_default(), span(&ended.why))
    });
    format!(
        "{}: {what}{} by {}{}{reason}{}{} (entry {sequence})",
        instant(act.at),
        place.unwrap_or_default(),
        span(act.by.login.as_str()),
        head.unwrap_or_default(),
        until.unwrap_or_default(),
        ended.unwrap_or_default()
    )
}

/// An entry in a few words.
fn told(what: &What) -> String {
    match what {
        What::Opened(opened) => format!("opened by {}", span(opened.by.login.as_str())),
        What::Judged(judged) => {
            let base = judged.base.as_ref().map(|base| format!(" on {}", commit(base)));
            let facts = span(&judged.facts);
            format!(
                "judged at {}{}: {}; facts {facts}",
                commit(&judged.head),
                base.unwrap_or_default(),
                verdict(judged.verdict)
            )
        }
        What::Act(act) => format!("{} by {}", act.kind.as_str(), span(act.by.login.as_str())),
        What::ActEnded(ended) => format!("{} ended: {}", ended.act.as_str(), span(&ended.why)),
        What::Withdrawn(withdrawn) => plain(&withdrawn.why),
        What::Merging(merging) => format!("to be merged at {}", commit(&merging.head)),
        What::Merged(merged) if merged.passed => "merged".to_owned(),
        What::Merged(_) => "merged **without passed gates**".to_owned(),
        What::WentBack(went) => {
            format!("went back to {} from {}", span(&went.version), left(went))
        }
        What::Live(one) => live(one),
        What::Closed { .. } => "closed".to_owned(),
    }
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Blocked => "blocked",
        Verdict::NoPromotion => "not a promotion",
        Verdict::Unknown => "could not be judged",
    }
}

fn names(environments: &BTreeSet<EnvName>) -> String {
    environments.iter().map(|one| span(one.as_str())).collect::<Vec<_>>().join(", ")
}

/// A number that refers to nothing where this is read.
fn number(pr: u64) -> String {
    format!("`#{pr}`")
}

fn commit(sha: &Sha) -> String {
    format!("`{sha}`")
}

fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
