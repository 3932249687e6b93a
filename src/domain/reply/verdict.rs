//! The verdict on a pull request in a headline: how its check concludes, all that is missing, how long it holds, and
//! which buttons help.
//!
//! It reads gates; it judges none.

use jiff::Timestamp;

use super::{count, instant};
use crate::domain::gates::{Gate, Outcome};
use crate::domain::inert::cut;
use crate::intent::AGAIN as AGAIN_ID;
use crate::model::read::Conclusion;
use crate::model::write::Button;

/// GitHub takes 255 characters of a title; what may come before it has its room in what is left.
const MOST_TITLE: usize = 240;

/// Has everything judged once more; it means the same as GitHub's own button.
pub const AGAIN: Button =
    Button { label: "Run again", description: "Judge every gate once more", identifier: AGAIN_ID };
/// Gives the approvals that whoever presses it may give.
pub const APPROVE: Button = Button {
    label: "Approve",
    description: "Give the approvals that you may give",
    identifier: "approve",
};
/// Tells whoever presses it how to accept a gate.
pub const OVERRIDE: Button = Button {
    label: "Override",
    description: "How to accept a gate that is not passed",
    identifier: "override",
};

/// Goes back from what was merged.
pub const ROLLBACK: Button = Button {
    label: "Roll back",
    description: "Once merged: back to what ran before",
    identifier: "rollback",
};

/// How the check concludes, and its headline.
pub fn verdict(gates: &[Gate], promotes: bool) -> (Option<Conclusion>, String) {
    // Of the worst the first, because gates stand in the order in which they are best put right.
    let Some(worst) = gates.iter().rev().max_by_key(|gate| gate.outcome) else {
        return (Some(Conclusion::Success), "Nothing is left to promote".to_owned());
    };
    match worst.outcome {
        Outcome::Passed if promotes => {
            (Some(Conclusion::Success), format!("{} passed", count(gates.len(), "gate")))
        }
        Outcome::Passed if worst.environment.is_none() => {
            (Some(Conclusion::Success), "The change of the rules is approved".to_owned())
        }
        Outcome::Passed => {
            (Some(Conclusion::Success), "Configuration change, no promotion: valid".to_owned())
        }
        Outcome::Overridden => {
            let many = gates.iter().filter(|gate| gate.outcome == Outcome::Overridden).count();
            let title = format!("Passed, with {} overridden", count(many, "gate"));
            (Some(Conclusion::Success), title)
        }
        Outcome::Waiting => (None, missing(gates)),
        Outcome::Needs => (Some(Conclusion::ActionRequired), missing(gates)),
        Outcome::Failed => (Some(Conclusion::Failure), failed(worst, gates)),
    }
}

/// What people have to do and what is waited for, all of it.
fn missing(gates: &[Gate]) -> String {
    let mut parts: Vec<String> = Vec::new();
    for outcome in [Outcome::Needs, Outcome::Waiting] {
        for gate in gates.iter().filter(|gate| gate.outcome == outcome) {
            let part = gate.said.brief.clone().unwrap_or_else(|| {
                let what = if outcome == Outcome::Needs { "needs somebody" } else { "is waiting" };
                format!("{} {what}{}", gate.name, place(gate))
            });
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
    }
    capital(&joined(&parts))
}

/// What failed first, and how much more there is.
fn failed(first: &Gate, gates: &[Gate]) -> String {
    let what = match &first.said.brief {
        Some(brief) => format!("{} failed{}: {brief}", first.name, place(first)),
        None => format!("{} failed{}", first.name, place(first)),
    };
    let more = gates.iter().filter(|gate| !gate.outcome.is_open()).count() - 1;
    let tail = match more {
        0 => String::new(),
        more => format!(" · {more} more not passed"),
    };
    format!("{}{tail}", shortened(&what, MOST_TITLE - tail.chars().count()))
}

fn place(gate: &Gate) -> String {
    gate.environment.as_ref().map_or_else(String::new, |name| format!(" for {name}"))
}

/// The parts in a row, as many as there is room for, and how many more there are.
fn joined(parts: &[String]) -> String {
    let mut out = String::new();
    for (at, part) in parts.iter().enumerate() {
        let (left, dot) = (parts.len() - at, if at == 0 { "" } else { " · " });
        let tail = if left > 1 { format!(" · {} more", left - 1) } else { String::new() };
        let room = MOST_TITLE.saturating_sub(out.chars().count() + dot.len() + tail.len());
        if part.chars().count() > room {
            if at > 0 {
                return format!("{out} · {left} more");
            }
            return format!("{}{tail}", shortened(part, room));
        }
        out.push_str(dot);
        out.push_str(part);
    }
    out
}

/// So many characters at most, whole words.
fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let short = cut(text, most.saturating_sub(1));
    match short.rsplit_once(' ') {
        Some((words, _)) if words.chars().count() > most / 2 => format!("{words} …"),
        _ => short,
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// How long a verdict that lets through holds at most, and by which gate, in a sentence.
pub fn holds_until(gates: &[Gate]) -> Option<String> {
    if gates.iter().any(|gate| !gate.outcome.is_open()) {
        return None;
    }
    let ends = gates.iter().filter_map(|gate| Some((gate.valid_until?, gate)));
    let (at, gate): (Timestamp, &Gate) = ends.min_by_key(|(at, _)| *at)?;
    Some(format!("Valid until {}: then `{}` is judged anew.", instant(at), gate.name))
}

/// What a completed check offers. It stays after the merge as it is, so that the way back is there by then.
pub fn buttons(gates: &[Gate], promotes: bool) -> Vec<Button> {
    let mut buttons = vec![AGAIN];
    if promotes && !gates.is_empty() && gates.iter().all(|gate| gate.outcome.is_open()) {
        buttons.push(ROLLBACK);
    }
    if gates.iter().any(|gate| gate.name == "approvals" && gate.outcome == Outcome::Needs) {
        buttons.push(APPROVE);
    }
    if gates.iter().any(|gate| !gate.outcome.is_open()) {
        buttons.push(OVERRIDE);
    }
    buttons
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::reply::Said;
    use crate::model::ids::EnvName;

    fn gate(name: &str, outcome: Outcome, brief: &str) -> Gate {
        let said = Said::new("why");
        Gate {
            name: name.to_owned(),
            environment: Some(EnvName::new("prod").unwrap()),
            outcome,
            said: if brief.is_empty() { said } else { said.brief(brief) },
            again: None,
            valid_until: None,
        }
    }

    use Outcome::{Failed, Needs, Overridden, Passed, Waiting};

    #[test]
    fn a_title_says_all_that_is_missing() {
        let order = gate("order", Passed, "");
        let approvals = gate("approvals", Needs, "needs qa-approved from @acme/qa");
        let soak = gate("soak", Waiting, "soaking until 14:05 UTC");
        let checks = gate("checks", Waiting, "");
        let reviews = gate("reviews", Needs, "");
        let scope = gate("scope", Failed, "has to be brought up to date");
        let (action, failure) = (Some(Conclusion::ActionRequired), Some(Conclusion::Failure));
        let success = Some(Conclusion::Success);
        let overridden = gate("soak", Overridden, "");
        for (gates, conclusion, title) in [
            (vec![&order], success, "1 gate passed"),
            (vec![&order, &overridden], success, "Passed, with 1 gate overridden"),
            (vec![&order, &soak], None, "Soaking until 14:05 UTC"),
            (vec![&checks, &soak], None, "Checks is waiting for prod · soaking until 14:05 UTC"),
            // People first, also where the calendar's gate stands above theirs.
            (
                vec![&soak, &order, &approvals],
                action,
                "Needs qa-approved from @acme/qa · soaking until 14:05 UTC",
            ),
            (
                vec![&approvals, &soak, &reviews, &approvals],
                action,
                "Needs qa-approved from @acme/qa · reviews needs somebody for prod · soaking until 14:05 UTC",
            ),
            (
                vec![&approvals, &soak, &scope],
                failure,
                "scope failed for prod: has to be brought up to date · 2 more not passed",
            ),
            (vec![&scope], failure, "scope failed for prod: has to be brought up to date"),
        ] {
            let gates: Vec<Gate> = gates.into_iter().cloned().collect();
            assert_eq!(verdict(&gates, true), (conclusion, title.to_owned()));
        }
    }

    #[test]
    fn a_title_that_is_too_long_ends_between_its_parts() {
        let many: Vec<Gate> = (0..40)
            .map(|n| gate("checks", Needs, &format!("needs check number {n} to be looked at")))
            .collect();
        let (_, title) = verdict(&many, true);
        assert!(title.chars().count() <= MOST_TITLE, "{title}");
        assert!(title.ends_with(" to be looked at · 35 more"), "{title}");
        let one = [gate("checks", Needs, &"wörds and ".repeat(60))];
        let (_, title) = verdict(&one, true);
        assert!(
            title.chars().count() <= MOST_TITLE && title.ends_with("s …") || title.ends_with("d …"),
            "{title}"
        );
        let one = [gate("checks", Failed, &"x".repeat(600)), gate("order", Failed, "")];
        let (_, title) = verdict(&one, true);
        assert!(title.chars().count() <= MOST_TITLE, "{title}");
        assert!(title.ends_with("… · 1 more not passed"), "{title}");
    }

    #[test]
    fn what_is_open_says_how_long_at_most() {
        let at = |text: &str| Some(text.parse().unwrap());
        let freeze = Gate { valid_until: at("2026-11-27T15:00:00Z"), ..gate("freeze", Passed, "") };
        let later = Gate { valid_until: at("2026-12-27T15:00:00Z"), ..gate("other", Passed, "") };
        let all = [gate("order", Passed, ""), later, freeze.clone()];
        let said = "Valid until 2026-11-27 15:00 UTC: then `freeze` is judged anew.";
        assert_eq!(holds_until(&all).as_deref(), Some(said));
        assert_eq!(holds_until(&[freeze, gate("soak", Waiting, "")]), None);
        assert_eq!(holds_until(&[gate("order", Passed, "")]), None);
    }

    #[test]
    fn buttons_are_as_short_as_github_wants_and_help() {
        for Button { label, description, identifier } in [AGAIN, APPROVE, OVERRIDE, ROLLBACK] {
            assert!(label.len() <= 20 && description.len() <= 40 && identifier.len() <= 20);
        }
        let open = gate("order", Passed, "");
        let names = |gates: &[Gate]| -> Vec<&str> {
            buttons(gates, true).iter().map(|button| button.identifier).collect()
        };
        assert_eq!(names(&[]), ["again"]);
        assert_eq!(names(std::slice::from_ref(&open)), ["again", "rollback"]);
        assert_eq!(buttons(std::slice::from_ref(&open), false), [AGAIN], "a change of no version");
        let approvals = gate("approvals", Needs, "");
        assert_eq!(names(&[open.clone(), approvals]), ["again", "approve", "override"]);
        assert_eq!(names(&[open, gate("soak", Waiting, "")]), ["again", "override"]);
    }
}
