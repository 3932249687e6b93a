//! What became of a wish to promote, or to go back.

use crate::domain::back::Aside;
use crate::domain::decision::Reason;
use crate::domain::inert::span;
use crate::domain::policy::{Application, Environment};
use crate::domain::promotion::{Onward, Promised, Promotion};
use crate::domain::reply::aside;
use crate::domain::reply::{both, count};
use crate::model::ids::PrNumber;

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
pub fn going_back(pr: &str, promotion: &Promotion, odd: &[Aside]) -> String {
    let mut out = opening(pr, promotion);
    if promotion.back.as_ref().is_some_and(|back| back.argocd) {
        out.push_str(
            " Once its gates have passed, Argo CD brings the live application back at once; how far it is stands there too.",
        );
    }
    let onward = promotion.back.as_ref().and_then(|back| back.onward.as_ref());
    if let Some(onward) = onward {
        let (first, place) =
            (span(promotion.environment.as_str()), span(onward.environment.as_str()));
        out.push_str(&format!(
            " {first} goes back first, as `rollback.via` says; when that is merged, the pull request for {place} opens by itself."
        ));
    }
    for sentence in
        aside::sentences(odd, onward.map_or(&promotion.environment, |onward| &onward.environment))
    {
        out.push_str(&format!(" {sentence}"));
    }
    out
}

/// All that a merged pull request brought has gone since.
pub fn nothing_left(pr: PrNumber, environment: &Environment, odd: &[Aside]) -> String {
    let name = environment.name();
    let why = aside::sentences(odd, name).join(" ");
    format!(
        "What #{pr} brought to {} cannot be undone. {why} `/rollback {name}` goes to what ran there before.",
        span(name.as_str())
    )
}

/// The same is open already.
pub fn stands(pr: PrNumber, promotion: &Promotion) -> String {
    format!("#{pr} is open already: {}.", span(&promotion.title()))
}

/// The same is open already, but without Argo CD.
pub fn stands_without_argocd(pr: PrNumber) -> String {
    format!(
        "#{pr} is open already, and was asked for without Argo CD. Say `/cancel` there, and this again; or merge it."
    )
}

/// The same is open already, but nothing follows it.
pub fn stands_alone(pr: PrNumber, onward: &Onward) -> String {
    let place = span(onward.environment.as_str());
    format!(
        "#{pr} is open already, and {place} does not follow it. Merge it and say this again; or say `/cancel` there first."
    )
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

/// The button was pressed before the merge.
pub fn not_merged_yet(pr: PrNumber) -> String {
    format!("#{pr} is not merged, so there is nothing to go back from. `/cancel` closes it.")
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
