//! What is said to somebody who verified a version by hand.

use crate::domain::inert::{cut, span};
use crate::domain::policy::Environment;
use crate::domain::reply::either;

/// It is recorded.
pub fn verified(name: &str, version: &str, environment: &Environment, failed: bool) -> String {
    let (name, version) = (span(name), span(version));
    let place = span(environment.name().as_str());
    if failed {
        return format!(
            "It is recorded that {name} fails with {version} in {place}: what waits for it is shut until \
             somebody says `/verified` again."
        );
    }
    format!("It is recorded that {name} is well with {version} in {place}.")
}

/// It was said on what is no promotion of ours.
pub fn verified_where() -> String {
    "Say it on the merged promotion of the version that you looked at, so that it is clear which one that is."
        .to_owned()
}

/// The promotion is open.
pub fn verified_too_early(environment: &Environment) -> String {
    format!(
        "It does not run in {} yet: say it when this is merged and you have looked.",
        span(environment.name().as_str())
    )
}

/// Nothing waits for it.
pub fn verified_not_asked(name: &str, environment: &Environment, asked: &[&str]) -> String {
    const MOST: usize = 20;
    let place = span(environment.name().as_str());
    let name = span(&cut(name, 80));
    let asked: Vec<String> = asked.iter().take(MOST).map(|one| span(one)).collect();
    if asked.is_empty() {
        return format!("Nothing after {place} asks for something to be verified by hand.");
    }
    format!("Nothing after {place} asks for {name}; what is asked for is {}.", either(&asked))
}
