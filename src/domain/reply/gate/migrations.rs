//! `migrations` in words.

use super::Said;
use crate::domain::inert::span;
use crate::domain::policy::Application;
use crate::domain::reply::{both, count};
use crate::model::ids::EnvName;

/// So many files are named.
const MOST_NAMED: usize = 10;

/// Nothing stands in the way.
pub fn passed(new: &[String], before: &[EnvName]) -> Said {
    if new.is_empty() {
        return Said::new("no migration comes, goes or changes");
    }
    let ran = match before {
        [] => String::new(),
        before => format!("; they ran in {}", places(before)),
    };
    Said::new(format!(
        "{} to run: {}; applied ones stay as they are{ran}",
        count(new.len(), "migration"),
        named(new)
    ))
}

/// Migrations come that did not run in the environment before.
pub fn not_run_before(new: &[String], before: &[EnvName]) -> Said {
    Said::new(format!(
        "{} to run: {}; nobody knows that they ran in {}",
        count(new.len(), "migration"),
        named(new),
        places(before)
    ))
    .help(format!("Have this version run in {} first.", places(before)))
    .brief("waits for migrations to run in the environment before")
}

/// Applied migrations do not stay as they are.
pub fn broken(edited: &[&str], removed: &[&str], put_before: &[&str]) -> Said {
    let parts = [("edited", edited), ("removed", removed), ("put before applied ones", put_before)];
    let parts = parts.iter().filter(|(_, files)| !files.is_empty());
    let parts: Vec<String> = parts.map(|(how, files)| format!("{how}: {}", named(files))).collect();
    Said::new(format!("migrations are not as they were applied: {}", parts.join("; ")))
        .help("Leave applied migrations alone, and add new ones after them; or accept it with `/override migrations REASON`.")
        .brief("applied migrations were changed")
}

/// A way back crosses migrations.
pub fn crossed(to: &str, crossed: &[&str], other: &[&str]) -> Said {
    let crossed = if crossed.is_empty() {
        String::new()
    } else {
        format!("{} does not know {}, which ran; ", span(to), named(crossed))
    };
    let other = if other.is_empty() {
        String::new()
    } else {
        format!("not the same there: {}; ", named(other))
    };
    Said::new(format!(
        "{crossed}{other}migrations have to be backward compatible, so that old code runs on them like new; whether these \
         are, nobody can see from here"
    ))
        .help("Check that the earlier version runs on the database as it is, and accept that with `/override migrations REASON`.")
        .brief("the way back crosses a migration")
}

/// The source cannot be reached.
pub fn no_source(application: &Application) -> Said {
    Said::new(format!(
        "the App is not installed on {}, so its migrations are not known",
        span(application.source().as_str())
    ))
    .help("Install it there.")
}

/// An entry has no tag of its own.
pub fn version_unknown(image: &str) -> Said {
    Said::new(format!(
        "{} has no tag of its own, so which migrations ran is not known",
        span(image)
    ))
    .help("Give the entry the version's tag.")
}

/// An image tag stands for no version of the source.
pub fn no_release(tag: &str, application: &Application) -> Said {
    let source = span(application.source().as_str());
    Said::new(format!("{} is no version of {source}, so its migrations are not known", span(tag)))
        .help("Release it there; or accept it with `/override migrations REASON`.")
}

/// Something could not be read.
pub fn unknown(why: &str) -> Said {
    Said::new(format!("the migrations cannot be read: {}", span(why)))
        .help("See that the App may read the source; it is looked at again every few minutes.")
        .brief("migrations cannot be read")
}

fn named<T: AsRef<str>>(files: &[T]) -> String {
    let names: Vec<String> =
        files.iter().take(MOST_NAMED).map(|file| span(file.as_ref())).collect();
    match files.len().saturating_sub(MOST_NAMED) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

fn places(environments: &[EnvName]) -> String {
    both(&environments.iter().map(|one| span(one.as_str())).collect::<Vec<_>>())
}
