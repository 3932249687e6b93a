//! What is said to a deployment that waits for us.

use super::{both, by, status};
use crate::domain::evaluate::Assessment;
use crate::domain::inert::{cut, span};
use crate::domain::policy::{self, Environment};
use crate::model::act::Act;
use crate::model::ids::{PrNumber, Sha};

/// GitHub shows a comment beside the job; what is longer is not read there.
const MOST: usize = 4_000;

/// The repository has no rules.
pub fn no_configuration() -> String {
    format!("There is no `{}` on the default branch, so nothing says who may deploy.", policy::PATH)
}

/// The rules cannot be read.
pub fn invalid(mistakes: usize) -> String {
    format!(
        "`{}` has {}; it waits until that is corrected.",
        policy::PATH,
        super::count(mistakes, "mistake")
    )
}

/// Something is not known.
pub fn unknown(why: &str) -> String {
    format!(
        "Something that it rests on is not known, and what is not known is not passed: {}",
        span(&cut(why, 500))
    )
}

/// There is no environment of that name.
pub fn no_environment(name: &str, all: &[Environment]) -> String {
    let names: Vec<String> = all.iter().map(|one| span(one.name().as_str())).collect();
    format!(
        "`{}` has no environment {}; it has {}. Call the environment the same in both places.",
        policy::PATH,
        span(name),
        if names.is_empty() { "none".to_owned() } else { both(&names) }
    )
}

/// How the pull request of its commit stands.
pub fn of_pull(pr: PrNumber, assessment: &Assessment, observed: bool) -> String {
    let shut: String = assessment
        .gates()
        .iter()
        .filter(|gate| !gate.outcome.is_open())
        .map(status::line)
        .collect();
    let text = match (assessment.blocks(), observed) {
        (false, _) => format!("#{pr} may be merged: nothing stands in its way."),
        (true, true) => format!(
            "This repository only observes (`mode: observe`). These gates of #{pr} would stop it:\n\n{shut}"
        ),
        (true, false) if shut.is_empty() => {
            format!("`{}` is invalid, and #{pr} could change an environment.", policy::PATH)
        }
        (true, false) => format!("Gates of #{pr} that have not passed:\n\n{shut}"),
    };
    cut(text.trim_end(), MOST)
}

/// The pull request of its commit has nothing to do with the environment.
pub fn changes_nothing(pr: PrNumber, environment: &Environment) -> String {
    format!(
        "#{pr} changes nothing in {}, so nobody has let it in there. Once it is merged, deploy the default branch.",
        span(environment.name().as_str())
    )
}

/// It came by no pull request.
pub fn no_pull(sha: &Sha) -> String {
    format!(
        "`{}` is not the head of an open pull request, and no merged one brought it: nobody held it against the gates.",
        sha.short()
    )
}

/// It was merged although gates were shut.
pub fn not_let_through(pr: PrNumber) -> String {
    format!("#{pr} brought it, and was merged although its gates had not passed.")
}

/// It was merged without a verdict.
pub fn never_judged(pr: PrNumber) -> String {
    format!("#{pr} brought it, and was never held against the gates at that commit.")
}

/// The environment has been stopped since.
pub fn locked(lock: &Act, environment: &Environment) -> String {
    format!("{} is locked {}.", span(environment.name().as_str()), by(lock))
}

/// It was merged with passed gates.
pub fn let_through(pr: PrNumber) -> String {
    format!("#{pr} brought it, and was merged with its gates passed.")
}
