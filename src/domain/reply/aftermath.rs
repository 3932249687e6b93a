//! What is told after the merge of a way back: on the pull request that brought what was left, and on the version's commit.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::{both, instant, took};
use crate::domain::inert::{cut, plain, span};
use crate::model::evidence::{Brought, WentBack};
use crate::model::ids::{PrNumber, Sha};
use crate::model::read::Conclusion;
use crate::model::write::NewCheck;

/// The hidden first line of the comment that one way back leaves on what it took back.
pub fn marker(by: PrNumber) -> String {
    format!("<!-- usher:back {by} -->")
}

/// The comment on the pull request that brought what was left. `whole`: whether nothing stands of that any more.
pub fn comment(by: PrNumber, brought: &Brought, (went, whole): (&WentBack, bool)) -> String {
    let place = span(went.environment.as_str());
    let version = span(&went.version);
    let mut out = format!("{}\n", marker(by));
    if went.leaves.is_empty() {
        let part = if whole { "" } else { " in part" };
        let _ =
            writeln!(out, "↩️ **Undone{part} in {place} by #{by}**: {version} is there again.\n");
    } else {
        let _ = writeln!(
            out,
            "⏪ **Rolled back in {place} by #{by}**: {} went, {version} is there again.\n",
            versions(went)
        );
    }
    let asked = match &went.asked_by {
        Some(who) => format!("asked for by {}", span(who.as_str())),
        None => "by itself".to_owned(),
    };
    let merged = went.merged_by.as_ref().map(|who| format!(", merged by {}", span(who.as_str())));
    let at = went.merged_at.map(|at| format!(" on {}", instant(at)));
    let _ = writeln!(out, "- Who: {asked}{}{}", merged.unwrap_or_default(), at.unwrap_or_default());
    let reason = went.reason.as_ref().map(|reason| span(&cut(reason, 500)));
    let _ = writeln!(out, "- Why: {}", reason.unwrap_or_else(|| "no reason was given".to_owned()));
    if let Some(times) = times(brought.merged_at, went) {
        let _ = writeln!(out, "- Time to restore: {times}");
    }
    if !went.leaves.is_empty() {
        let _ = writeln!(
            out,
            "\n{} may come to {place} again only with `/override bad-version REASON`; `/rollback` on #{by} undoes it.",
            versions(went)
        );
    }
    out
}

/// How long it took to restore what ran before: from the merge of what was left, and from the command. None where
/// neither is known.
pub fn times(brought_at: Option<Timestamp>, went: &WentBack) -> Option<String> {
    let merged = went.merged_at.filter(|_| !went.leaves.is_empty())?;
    let since = |from: Option<Timestamp>, what: &str| {
        from.map(|from| format!("{} from {what}", took(merged.duration_since(from))))
    };
    let parts =
        [since(brought_at, "the merge of what was left"), since(went.asked_at, "`/rollback`")];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| both(&parts))
}

fn versions(went: &WentBack) -> String {
    both(&went.leaves.iter().map(|version| span(version)).collect::<Vec<_>>())
}

/// On the commit of a version that was rolled back. It is no verdict on the commit, so it is neither green nor red.
pub fn left(head: Sha, by: PrNumber, version: &str, went: &WentBack) -> NewCheck {
    let place = &went.environment;
    let reason = went.reason.as_ref().map(|reason| format!(": {}", span(&cut(reason, 500))));
    let summary = format!(
        "#{by} put {} back to {}{}. It may come there again only with `/override bad-version REASON`.",
        span(place.as_str()),
        span(&went.version),
        reason.unwrap_or_default()
    );
    let title = format!("{} was rolled back in {place} by #{by}", cut(&plain(version), 100));
    check(head, (version, went), (Conclusion::Neutral, title, summary))
}

/// On the commit of a version that is there again, because its rollback was undone.
pub fn is_back(head: Sha, by: PrNumber, version: &str, went: &WentBack) -> NewCheck {
    let place = &went.environment;
    let title = format!("{} is back in {place} by #{by}", cut(&plain(version), 100));
    let summary = format!("#{by} undid the rollback in {}.", span(place.as_str()));
    check(head, (version, went), (Conclusion::Success, title, summary))
}

fn check(
    head: Sha,
    (version, went): (&str, &WentBack),
    (conclusion, title, summary): (Conclusion, String, String),
) -> NewCheck {
    let version = cut(&plain(version), 100);
    let name = format!("usher/rollback {} {version} {}", went.application, went.environment);
    NewCheck::plain(name, head, conclusion, (title, summary))
}
