//! How the gates stand that rest on what machines and people report: `checks`, `release`, `verified`.
//!
//! Foreign text comes in as it is and leaves inert.

use crate::domain::decision::Reason;
use crate::domain::gates::{Met, Named, Outcome, Told};
use crate::domain::inert::{cut, one_line, span};
use crate::domain::policy::Environment;
use crate::domain::reply::{Said, both};
use crate::model::ids::{RepoName, Sha};

/// So many reports are told one by one.
const MOST: usize = 12;

/// What is expected of a head.
pub fn on_head(head: &Sha, all: &[Told<'_>]) -> Said {
    let place = format!("at `{}`", head.short());
    let all: Vec<&Told<'_>> = all.iter().collect();
    with_help(format!("{place}: {}", phrases(&all)), &all)
}

/// What is expected of several commits, each with what it is called.
pub fn told(places: &[(String, Vec<Told<'_>>)]) -> Said {
    let place = |(place, all): &(String, Vec<Told<'_>>)| {
        format!("{place}: {}", phrases(&all.iter().collect::<Vec<_>>()))
    };
    let sentence = places.iter().map(place).collect::<Vec<_>>().join("; ");
    with_help(sentence, &places.iter().flat_map(|(_, all)| all).collect::<Vec<_>>())
}

/// A version at its commit.
pub fn at_commit(version: &str, commit: &Sha) -> String {
    format!("{} at `{}`", span(version), commit.short())
}

/// An environment, and what brought the version there.
pub fn since(environment: &Environment, commit: &Sha) -> String {
    format!("in {} since `{}`", span(environment.name().as_str()), commit.short())
}

/// What is not green first, then what is.
fn phrases(all: &[&Told<'_>]) -> String {
    let mut sorted = all.to_vec();
    sorted.sort_by_key(|told| std::cmp::Reverse(told.met.outcome()));
    let mut shown: Vec<String> = sorted.iter().take(MOST).map(|told| phrase(told)).collect();
    let rest = sorted.get(MOST..).unwrap_or_default();
    if !rest.is_empty() {
        let green = rest.iter().all(|told| told.met.outcome() == Outcome::Passed);
        shown.push(format!("{} more{}", rest.len(), if green { " are green" } else { "" }));
    }
    shown.join(" · ")
}

fn phrase(told: &Told<'_>) -> String {
    let check = span(&cut(told.wanted.check.as_str(), 100));
    let bound = |bound: Option<f64>| bound.map_or_else(String::new, |bound| bound.to_string());
    match &told.met {
        Met::Yes(None) => format!("{check} is green"),
        Met::Yes(Some(value)) => format!("{check} is green with {}", span(&cut(value, 40))),
        Met::Label(label, by) => {
            format!("{} by {} does instead of {check}", span(label.as_str()), span(by.as_str()))
        }
        Met::Missing => format!("{check} has not been reported"),
        Met::Stranger => match &told.wanted.app {
            Some(app) => format!(
                "{check} has not been reported by the App {}; from others it does not count",
                span(app)
            ),
            None => format!("{check} has not been reported with a number"),
        },
        Met::Early => format!("{check} was reported before it ran there, which does not count"),
        Met::Pending(named) => format!("{} has not ended", link(named)),
        Met::Red(named, how) => format!("{} {how}", link(named)),
        Met::NoNumber(named) => {
            format!("{} is green and shows no number that `value` finds", link(named))
        }
        Met::NotANumber(named, text) => {
            format!("{} shows {}, which is not read as a number", link(named), span(&cut(text, 40)))
        }
        Met::Low(named, value) => format!(
            "{} shows {}, and {} is the least",
            link(named),
            span(&cut(value, 40)),
            bound(told.wanted.at_least)
        ),
        Met::High(named, value) => format!(
            "{} shows {}, and {} is the most",
            link(named),
            span(&cut(value, 40)),
            bound(told.wanted.at_most)
        ),
    }
}

fn with_help(sentence: String, all: &[&Told<'_>]) -> Said {
    let said = Said::new(sentence);
    let worst = all.iter().map(|told| told.met.outcome()).max().unwrap_or(Outcome::Passed);
    let shut: Vec<_> = all.iter().filter(|told| told.met.outcome() != Outcome::Passed).collect();
    let mut helps: Vec<String> = Vec::new();
    match worst {
        Outcome::Passed | Outcome::Overridden => return said,
        Outcome::Failed => {
            helps.push("Put it right and run it again; it is judged when it reports.".to_owned());
        }
        Outcome::Waiting | Outcome::Needs => {
            helps.push("It is judged again when it is reported.".to_owned());
        }
    }
    if shut.iter().any(|told| matches!(told.met, Met::NotANumber(..))) {
        helps.push(
            "A number is written as `1234.5`: no separator of thousands, and the group of `value` holds nothing else."
                .to_owned(),
        );
    }
    let mut instead: Vec<String> =
        shut.iter().filter_map(|told| Some(span(told.wanted.or.as_ref()?.as_str()))).collect();
    instead.dedup();
    if !instead.is_empty() {
        helps.push(format!(
            "The label {} by somebody who may give it does instead.",
            super::super::either(&instead)
        ));
    }
    let worst: Vec<_> = shut.iter().filter(|told| told.met.outcome() == worst).collect();
    let names: Vec<String> = worst.iter().take(3).map(|told| headline(told)).collect();
    let more = worst.len().saturating_sub(names.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let brief = match worst.first().map(|told| told.met.outcome()) {
        Some(Outcome::Failed) => format!("{}{more}", names.join(", ")),
        _ => format!("waiting for {}{more}", both(&names)),
    };
    said.help(helps.join(" ")).brief(brief)
}

/// What it is about, where no Markdown is read.
fn headline(told: &Told<'_>) -> String {
    let of = |name: &str| one_line(&cut(name, 60));
    match &told.met {
        Met::Red(named, how) => format!("{} {how}", of(&named.name)),
        Met::Low(named, value) | Met::High(named, value) | Met::NotANumber(named, value) => {
            format!("{} shows {}", of(&named.name), one_line(&cut(value, 20)))
        }
        Met::NoNumber(named) => format!("{} shows no number", of(&named.name)),
        Met::Pending(named) => of(&named.name),
        _ => of(told.wanted.check.as_str()),
    }
}

/// Its name, leading to GitHub's page of it where that is known.
fn link(named: &Named) -> String {
    let name = span(&cut(&named.name, 100));
    let plain = |url: &&String| {
        let safe = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#@!$&+,;=%".contains(c);
        (url.starts_with("https://") || url.starts_with("http://")) && url.chars().all(safe)
    };
    match named.url.as_ref().filter(plain) {
        Some(url) => format!("[{name}]({url})"),
        None => name,
    }
}

/// More than can be read.
pub fn too_many() -> String {
    "GitHub lists more check runs there than are read".to_owned()
}

/// Something could not be asked.
pub fn unreadable(what: &str, why: &str) -> Said {
    Said::new(format!("what is reported on {} cannot be read: {}", span(what), span(why)))
        .help("See that the App may read it; it is looked at again every few minutes.")
        .brief("what is reported cannot be read")
}

/// The source belongs to somebody else.
pub fn foreign_source(source: &RepoName) -> Said {
    Said::new(format!("{} belongs to another account and is not read", span(source.as_str())))
        .help("Somebody who may override it here accepts that with `/override release REASON`.")
        .brief("the source is not read")
}

/// The App is not installed on the source.
pub fn source_not_installed(source: &RepoName) -> Said {
    let source = span(source.as_str());
    Said::new(format!(
        "what is reported in {source} cannot be read: the App is not installed there"
    ))
    .help(format!("Install it on {source}."))
    .brief("the source cannot be read")
}

/// An image tag stands for no version.
pub fn no_version(why: &Reason) -> Said {
    let said = Said::new(why.sentence.clone());
    match &why.help {
        Some(help) => said.help(help.clone()),
        None => said,
    }
}

/// The tag is gone.
pub fn tag_gone(version: &str) -> Said {
    Said::new(format!("the tag {} is gone from the source", span(version)))
        .help(AGAIN)
        .brief("the tag is gone")
}

/// The tag points elsewhere.
pub fn tag_moved(version: &str, planned: &Sha, now: &Sha) -> Said {
    Said::new(format!(
        "the tag {} was moved: this was planned for `{}`, and it is at `{}` now",
        span(version),
        planned.short(),
        now.short()
    ))
    .help(AGAIN)
    .brief("the tag was moved")
}

/// The release is gone, or a draft again.
pub fn release_gone(version: &str) -> Said {
    Said::new(format!("there is no published release of {} any more", span(version)))
        .help(AGAIN)
        .brief("the release is gone")
}

const AGAIN: &str = "`/cancel` closes this promotion; once the release is right, ask for it again and it is planned anew.";

/// The version is not in the environment before, and was not.
pub fn never_came(before: &Environment) -> Said {
    let place = span(before.name().as_str());
    Said::new(format!("it does not run in {place}, so nothing was verified there"))
        .help(format!("Promote it to {place} first."))
        .brief(format!("waiting for {}", before.name()))
}

/// Nobody knows since when it runs.
pub fn since_unknown(before: &Environment, commit: &Sha) -> Said {
    let place = span(before.name().as_str());
    Said::new(format!(
        "it came to {place} by a push, `{}`, and when is not known, so nobody can say what was made later",
        commit.short()
    ))
    .help("Somebody who may override it here accepts that with `/override verified REASON`.")
    .brief(format!("not known since when it runs in {}", before.name()))
}
