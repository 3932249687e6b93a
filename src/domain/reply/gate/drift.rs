//! Drift, in words: what differs, and who did it as far as that is known.

use super::live;
use crate::domain::drift::{Became, Drift, EntryDrift, FileDrift};
use crate::domain::gates::is_drifting;
use crate::domain::inert::{plain, span};
use crate::domain::policy::Environment;
use crate::domain::promotion::Promised;
use crate::domain::reply::Said;
use crate::model::read::Commit;

/// So many differences are named.
const MOST: usize = 10;

/// Nothing is remembered of what was left there.
pub fn nothing_remembered(environment: &Environment) -> Said {
    let place = span(environment.name().as_str());
    Said::new(format!("what {place} should be is not on record yet"))
        .brief(format!("{}: nothing on record yet", environment.name()))
}

/// How an environment differs.
pub fn environment(environment: &Environment, drift: &Drift<'_>) -> Said {
    let place = span(environment.name().as_str());
    let mut parts: Vec<String> = drift.entries.iter().map(entry).collect();
    parts.extend(drift.files.iter().map(file));
    let more = parts.len().saturating_sub(MOST);
    parts.truncate(MOST);
    if more > 0 {
        parts.push(format!("and {more} more"));
    }
    let targets = drift.targets.iter().filter(|one| is_drifting(&one.stand));
    let targets: Vec<Said> = targets.map(|one| live::target(environment, one, true)).collect();
    if parts.is_empty() && targets.is_empty() {
        return Said::new(format!("{place} is as the last accepted merge left it"));
    }
    let mut sentences = Vec::new();
    let mut helps = Vec::new();
    if !parts.is_empty() {
        let what = parts.join(", ");
        sentences.push(format!("{place} differs from what the last accepted merge left: {what}"));
        helps.push(
            "Put it back by a pull request that passes its gates, or accept it with `/override drift REASON`."
                .to_owned(),
        );
    }
    sentences.extend(targets.iter().map(|said| said.sentence.clone()));
    helps.extend(targets.iter().filter_map(|said| said.help.clone()));
    Said::new(sentences.join("; "))
        .help(helps.join(" "))
        .brief(format!("{} has drifted", environment.name()))
}

/// All environments together.
pub fn all(said: &[Said]) -> Said {
    live::all(said, &[])
}

fn entry(drift: &EntryDrift) -> String {
    let name = drift.to.as_ref().or(drift.from.as_ref()).map_or("", |entry| &entry.name);
    let (name, by) = (span(name), by(drift.by.as_ref()));
    match (&drift.from, &drift.to) {
        (Some(from), Some(to)) => format!("{name} from {} to {}{by}", value(from), value(to)),
        (None, Some(to)) => format!("{name} came with {}{by}", value(to)),
        _ => format!("{name} is gone{by}"),
    }
}

/// An entry as it reads: its tag or digest, with another name where it has one.
pub fn value(entry: &Promised) -> String {
    let tag = entry.new_tag.as_deref().map(|tag| format!(":{tag}"));
    let digest = entry.digest.as_deref().map(|digest| format!("@{digest}"));
    let name = entry.new_name.clone().unwrap_or_default();
    let text = format!("{name}{}", digest.or(tag).unwrap_or_default());
    span(text.trim_start_matches(':'))
}

fn file(drift: &FileDrift) -> String {
    let (path, by) = (span(&drift.path), by(drift.by.as_ref()));
    match drift.became {
        Became::Added => format!("{path} came{by}"),
        Became::Removed => format!("{path} is gone{by}"),
        Became::Changed => format!("{path} changed{by}"),
    }
}

fn by(commit: Option<&Commit>) -> String {
    let Some(commit) = commit else { return String::new() };
    let who = commit.author.as_ref();
    let who = who.map_or_else(String::new, |who| format!(" by {}", span(who.login.as_str())));
    format!(" (`{}`{who})", plain(commit.sha.short()))
}
