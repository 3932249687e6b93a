//! What does not simply go back with a rollback, and what to do about it.

use super::both;
use crate::domain::back::Aside;
use crate::domain::inert::span;
use crate::model::ids::EnvName;

/// So many entries are named of each kind.
const MOST_NAMED: usize = 20;

/// A sentence for each file that was moved, and one for the entries of each kind.
pub fn sentences(asides: &[Aside], environment: &EnvName) -> Vec<String> {
    let mut out: Vec<String> = asides
        .iter()
        .filter_map(|aside| match aside {
            Aside::Moved { from, to } => Some(format!(
                "{} was moved to {} since; the entries go back where they stand now.",
                span(from),
                span(to)
            )),
            _ => None,
        })
        .collect();
    let named = |of: fn(&Aside) -> Option<&str>| -> Vec<String> {
        let names: Vec<&str> = asides.iter().filter_map(of).collect();
        let mut shown: Vec<String> = names.iter().take(MOST_NAMED).map(|name| span(name)).collect();
        if names.len() > MOST_NAMED {
            shown.push(format!("{} more", names.len() - MOST_NAMED));
        }
        shown
    };
    let removed = named(|aside| match aside {
        Aside::Removed(name) => Some(name),
        _ => None,
    });
    let new = named(|aside| match aside {
        Aside::New(name) => Some(name),
        _ => None,
    });
    let replaced = named(|aside| match aside {
        Aside::Replaced(name) => Some(name),
        _ => None,
    });
    if let [_, rest @ ..] = removed.as_slice() {
        let (were, they) = if rest.is_empty() { ("was", "it is") } else { ("were", "they are") };
        out.push(format!(
            "{} {were} removed from `images:` since, so {they} not put back; add what has to run by a pull request of \
             your own.",
            both(&removed)
        ));
    }
    if let [_, rest @ ..] = new.as_slice() {
        let (are, they) = if rest.is_empty() { ("is", "it stays") } else { ("are", "they stay") };
        out.push(format!(
            "{} {are} new since, so {they} as now; see that what comes back runs beside that.",
            both(&new)
        ));
    }
    if let [_, rest @ ..] = replaced.as_slice() {
        let (were, they) =
            if rest.is_empty() { ("was", "it stays") } else { ("were", "they stay") };
        out.push(format!(
            "{} {were} changed again since, so {they} as now; `/rollback {environment} --services …` goes back from there.",
            both(&replaced)
        ));
    }
    out
}

/// Another environment has to go back first.
pub fn goes_first(first: &EnvName) -> String {
    format!("{} goes back first, as `rollback.via` says.", span(first.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_says_what_to_do_and_names_stay_text() {
        let moved =
            Aside::Moved { from: "a/kustomization.yaml".to_owned(), to: "b/x.yaml".to_owned() };
        let all = [
            moved,
            Aside::Removed("@acme/all".to_owned()),
            Aside::New("web".to_owned()),
            Aside::New("mail".to_owned()),
            Aside::Replaced("cart".to_owned()),
        ];
        let told = sentences(&all, &EnvName::new("prod").unwrap());
        assert_eq!(
            told,
            [
                "`a/kustomization.yaml` was moved to `b/x.yaml` since; the entries go back where they stand now.",
                "`@acme/all` was removed from `images:` since, so it is not put back; add what has to run by a pull request of your own.",
                "`web` and `mail` are new since, so they stay as now; see that what comes back runs beside that.",
                "`cart` was changed again since, so it stays as now; `/rollback prod --services …` goes back from there.",
            ]
        );
        assert!(sentences(&[], &EnvName::new("prod").unwrap()).is_empty());
    }
}
