//! Words of a command that name nothing, or too much.

use crate::domain::inert::{cut, span};
use crate::domain::policy::{Application, Environment};
use crate::domain::reply::{both, either};
use crate::model::read::PullRequest;

/// No such environment.
pub fn unknown_environment(name: &str, all: &[Environment]) -> String {
    let names: Vec<&str> = all.iter().map(|one| one.name().as_str()).collect();
    unknown("environment", name, &names)
}

/// There is nothing to go by.
pub fn no_policy_here() -> String {
    "There is no valid `.github/usher.yml` in the commit that is checked out; `usher check-config` says what is wrong."
        .to_owned()
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

/// Argo CD is wanted where none of it is configured.
pub fn no_application(environment: &Environment) -> String {
    let place = span(environment.name().as_str());
    format!(
        "Nothing that goes back in {place} is deployed by an Application that the configuration names. Add \
         `argocd: {{server: …, application: …}}` to {place}, or say it without `--argocd`."
    )
}
