//! `parity` in words.

use super::Said;
use crate::domain::inert::span;
use crate::domain::policy::{Allowed, Environment};
use crate::domain::reply::{both, count};
use crate::kustomize::diff::{Change, Diff, ObjectDiff};
use crate::model::ids::{EnvName, TargetName};

/// So many differences are named.
const MOST_NAMED: usize = 10;

/// They differ only where they may.
pub fn alike(other: &Environment, allow: &[Allowed], objects: usize) -> Said {
    let place = |allowed: &Allowed| match allowed {
        Allowed::Word(word) => word.clone(),
        Allowed::Field { kind, field } => format!("{} of {}", span(field), span(kind)),
    };
    let allow: Vec<String> = allow.iter().map(place).collect();
    let but = if allow.is_empty() { String::new() } else { format!(" but for {}", both(&allow)) };
    let place = span(other.name().as_str());
    Said::new(format!("as {place}{but}: {} compared", count(objects, "object")))
}

/// They differ elsewhere.
pub fn differs(other: &Environment, found: &[(TargetName, Diff)]) -> Said {
    let mut named = Vec::new();
    let mut all = 0;
    for (target, diff) in found {
        let place =
            if found.len() > 1 { format!(" ({})", span(target.as_str())) } else { String::new() };
        for object in &diff.objects {
            for what in of_object(object) {
                all += 1;
                if named.len() < MOST_NAMED {
                    let object = span(&format!("{} {}", object.kind, object.name));
                    named.push(format!("{object}{place} {what}"));
                }
            }
        }
    }
    let place = span(other.name().as_str());
    let more = all - named.len();
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    let mut shown = String::new();
    for (target, diff) in found {
        shown.push_str(&format!("{}:\n{}", target.as_str(), diff.to_text()));
    }
    Said::new(format!("differs from {place}: {}{more}", named.join("; ")))
        .help(format!(
            "Make it like {place}, or name where they may differ under `parity.allow`. The check shows both sides."
        ))
        .brief(format!("differs from {}", other.name()))
        .shown(shown)
}

/// How an object differs; values are shown elsewhere, where nothing is recorded.
fn of_object(object: &ObjectDiff) -> Vec<String> {
    match &object.change {
        Change::Added(_) => vec!["is only here".to_owned()],
        Change::Removed(_) => vec!["is only there".to_owned()],
        Change::Changed(fields) => {
            fields.iter().map(|field| format!("in {}", span(&field.path))).collect()
        }
    }
}

/// A target has no counterpart.
pub fn alone(target: &TargetName, other: &Environment) -> Said {
    let place = span(other.name().as_str());
    Said::new(format!("{place} has no target {}, and more than one", span(target.as_str())))
        .help("Call the targets alike, or take `parity` away.")
}

/// An overlay cannot be rendered.
pub fn cannot_be_rendered(folder: &str) -> Said {
    Said::new(format!("{} cannot be rendered, so what differs is not known", span(folder)))
        .help("See the check `usher/kustomize`.")
        .brief("an overlay cannot be compared")
}

/// The other environment is not there.
pub fn no_such(name: &EnvName) -> Said {
    Said::new(format!("there is no environment {}", span(name.as_str())))
        .help("Correct `parity.with`.")
}
