//! The issue that tells of an environment's drift, and the comment that ends it.
//!
//! What is foreign in it is inert; of Secrets it is only said that they differ.

use std::fmt::Write as _;

use super::body::encode;
use super::diff::section;
use super::gate::drift::value;
use super::gate::live;
use super::{count, instant};
use crate::domain::drift::issue::{Over, Tale, TargetDrift};
use crate::domain::drift::{Became, EntryDrift, FileDrift};
use crate::domain::ground::Ground;
use crate::domain::inert::{plain, span};
use crate::domain::policy::{Environment, Policy};
use crate::domain::promotion::Promised;
use crate::model::ids::{EnvName, Sha};
use crate::model::read::Commit;

/// So many rows of what differs are shown.
const MOST_ROWS: usize = 30;
/// And so many bytes of what is rendered; GitHub takes 65,536 characters in all.
const MOST_RENDERED: usize = 40_000;

/// How the hidden first line of an environment's issue begins.
pub fn marker(environment: &EnvName) -> String {
    format!("<!-- usher:drift {environment}")
}

/// The hidden first line of the comment that ends it.
pub fn end_marker(says: &str) -> String {
    format!("<!-- usher:drift-over {says} -->")
}

/// The title.
pub fn title(environment: &EnvName) -> String {
    format!("Drift in {environment}")
}

/// What ends it.
pub fn end(environment: &EnvName, branch: &str, over: Over) -> String {
    let place = span(environment.as_str());
    match over {
        Over::Right => format!(
            "{place} is right again: {} has what accepted merges left there, and nothing else is deployed.\n",
            span(branch)
        ),
        Over::Unwatched => {
            format!("Nobody asks for drift of {place} any more: the configuration has changed.\n")
        }
    }
}

/// The text of the issue.
pub fn body(pages: &str, ground: &Ground<'_>, tale: &Tale<'_>) -> String {
    let branch = &ground.home.default_branch;
    let links = Links { home: format!("{pages}/{}", ground.home.name), branch };
    let (policy, environment) = tale.place;
    let place = span(environment.name().as_str());
    let branch = span(branch);
    let owner = environment.owners().fallback.as_ref();
    let owner = owner.map_or_else(String::new, |owner| format!("{owner}: "));
    let mut out = format!("{owner}**{}**\n\n", headline(tale, &place, &branch));
    if !tale.drift.is_clean() {
        rows(&mut out, &links, tale, (&place, &branch));
        differences(&mut out, &links, tale);
    }
    for target in &tale.targets {
        deployed(&mut out, &links, environment, (target, &branch));
    }
    helps(&mut out, policy, tale, (&place, &branch));
    out
}

fn headline(tale: &Tale<'_>, place: &str, branch: &str) -> String {
    match (tale.drift.is_clean(), tale.targets.is_empty()) {
        (false, true) => format!("Something reached {place} on {branch} around its gates."),
        (true, _) => format!("What is deployed in {place} is not what {branch} has."),
        (false, false) => format!(
            "Something reached {place} on {branch} around its gates, and what is deployed is not what {branch} has."
        ),
    }
}

/// Where things are to be seen. None leads to the present head: the text is the same while what differs is.
struct Links<'a> {
    home: String,
    branch: &'a str,
}

impl Links<'_> {
    fn commit(&self, sha: &Sha) -> String {
        format!("[`{}`]({}/commit/{sha})", plain(sha.short()), self.home)
    }

    fn file(&self, path: &str) -> String {
        format!("[{}]({}/{})", span(path), self.at("blob"), encoded(path))
    }

    fn at(&self, what: &str) -> String {
        format!("{}/{what}/{}", self.home, encoded(self.branch))
    }

    fn by(&self, commit: Option<&Commit>) -> String {
        let Some(commit) = commit else { return "–".to_owned() };
        let who = commit.author.as_ref();
        let who = who.map_or_else(String::new, |who| format!(" by {}", span(who.login.as_str())));
        format!("{}{who}", self.commit(&commit.sha))
    }
}

fn encoded(path: &str) -> String {
    path.split('/').map(encode).collect::<Vec<_>>().join("/")
}

fn rows(out: &mut String, links: &Links<'_>, tale: &Tale<'_>, (place, branch): (&str, &str)) {
    let _ = writeln!(
        out,
        "What accepted merges left in {place}, and what {branch} has there:\n\n\
         | what | as it was left | as it is | last touched |\n| --- | --- | --- | --- |"
    );
    let many = tale.place.1.targets().len() > 1;
    let entries = tale.drift.entries.iter().map(|one| entry(links, one, many));
    let files = tale.drift.files.iter().map(|one| file(links, one));
    let rows: Vec<String> = entries.chain(files).collect();
    out.extend(rows.iter().take(MOST_ROWS).map(String::as_str));
    match rows.len().saturating_sub(MOST_ROWS) {
        0 => out.push('\n'),
        more => drop(writeln!(out, "\n… and {more} more.\n")),
    }
}

fn entry(links: &Links<'_>, one: &EntryDrift, many: bool) -> String {
    let shown = one.to.as_ref().or(one.from.as_ref());
    let name = shown.map_or("", |entry| &entry.name);
    let target = shown.filter(|_| many);
    let target = target.map_or_else(String::new, |one| format!(" ({})", span(one.target.as_str())));
    let ((from, to), by) = (sides(one), links.by(one.by.as_ref()));
    format!("| image {}{target} | {from} | {to} | {by} |\n", span(name))
}

/// An entry before and after; what it is called otherwise is shown where that differs.
fn sides(one: &EntryDrift) -> (String, String) {
    let called = |entry: &Option<Promised>| entry.as_ref().and_then(|one| one.new_name.clone());
    let same = one.from.is_some() && one.to.is_some() && called(&one.from) == called(&one.to);
    let side = |entry: &Option<Promised>| match entry.clone() {
        None => "not there".to_owned(),
        Some(entry) if same => value(&Promised { new_name: None, ..entry }),
        Some(entry) => value(&entry),
    };
    (side(&one.from), side(&one.to))
}

fn file(links: &Links<'_>, one: &FileDrift) -> String {
    let (from, to) = match one.became {
        Became::Added => ("not there", "new"),
        Became::Removed => ("there", "gone"),
        Became::Changed => ("–", "changed"),
    };
    let what = match one.became {
        Became::Removed => span(&one.path),
        Became::Added | Became::Changed => links.file(&one.path),
    };
    format!("| {what} | {from} | {to} | {} |\n", links.by(one.by.as_ref()))
}

fn deployed(
    out: &mut String,
    links: &Links<'_>,
    environment: &Environment,
    (target, branch): (&TargetDrift<'_>, &str),
) {
    let said = live::target(environment, &target.live, true);
    let _ = write!(out, "{}.", said.sentence);
    if let Some((sha, at)) = &target.deployed {
        let at = at.map_or_else(String::new, |at| format!(" at {}", instant(at)));
        let _ = write!(out, " {} was deployed last{at}.", links.commit(sha));
    }
    if target.entries.is_empty() {
        let _ = writeln!(
            out,
            " That commit has the images that {branch} has: what differs was changed where it is deployed, and Argo CD shows it.\n"
        );
        return;
    }
    let _ = writeln!(out, "\n\n| image | deployed | on {branch} |\n| --- | --- | --- |");
    for one in target.entries.iter().take(MOST_ROWS) {
        let name = one.to.as_ref().map_or("", |entry| &entry.name);
        let (from, to) = sides(one);
        let _ = writeln!(out, "| {} | {from} | {to} |", span(name));
    }
    match target.entries.len().saturating_sub(MOST_ROWS) {
        0 => out.push('\n'),
        more => drop(writeln!(out, "\n… and {more} more.\n")),
    }
}

fn helps(out: &mut String, policy: &Policy, tale: &Tale<'_>, (place, branch): (&str, &str)) {
    let environment = tale.place.1;
    out.push_str("### What helps\n\n");
    if !tale.drift.is_clean() {
        let _ = writeln!(
            out,
            "- **Put it back**: revert the commits above by a pull request. As soon as {branch} has what was left, this issue closes."
        );
        let _ = writeln!(
            out,
            "- **Keep it**: put it back, and bring it by a pull request that passes the gates of {place}. Image tags come by \
             `/promote {} VERSION`, which also replaces what was set by hand.",
            environment.name()
        );
    }
    for target in &tale.targets {
        if let Some(help) = live::target(environment, &target.live, true).help {
            let _ = writeln!(out, "- **Deploy what {branch} has**: {help}");
        }
    }
    if !tale.targets.is_empty() {
        let _ = writeln!(
            out,
            "- **Keep what is deployed**: bring it to {branch} by a pull request that passes the gates of {place}; \
             `/rollback {} VERSION` opens one that goes back.",
            environment.name()
        );
    }
    let asks = policy.environments().iter().filter(|one| {
        let later = one.name() == environment.name() || one.after().contains(environment.name());
        one.gates().drift && later
    });
    let asks: Vec<String> = asks.map(|one| span(one.name().as_str())).collect();
    let mut until = String::new();
    if !asks.is_empty() {
        until = format!("Until then the gate `drift` of {} is shut. ", super::both(&asks));
    }
    let _ = writeln!(
        out,
        "\n{until}Usher looks after every push and every few minutes, keeps this issue up to date and closes it by itself. \
         Closed by somebody else it stays closed until something else differs. `/status` in a comment shows what runs where.\n"
    );
}

fn differences(out: &mut String, links: &Links<'_>, tale: &Tale<'_>) {
    let all = &tale.rendered;
    if all.is_empty() {
        out.push_str("Once rendered, nothing is otherwise.\n\n");
        return;
    }
    out.push_str("### What that changes once rendered\n\n");
    let (mut room, mut left_out) = (MOST_RENDERED, 0);
    let whole = links.at("tree");
    for (at, one) in all.iter().enumerate() {
        // What one leaves of its share, the next ones have.
        let share = room / (all.len() - at);
        match section(None, one, share, ("all files", &whole)) {
            Some(section) => {
                room = room.saturating_sub(section.len());
                out.push_str(&section);
            }
            None => left_out += 1,
        }
    }
    if left_out > 0 {
        let _ = writeln!(out, "… and {} more.\n", count(left_out, "overlay"));
    }
}
