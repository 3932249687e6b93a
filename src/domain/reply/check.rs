//! The checks `usher/gates` and `usher/kustomize`: posted on every pull request, green where they do not apply.

use std::fmt::Write as _;

use super::verdict::{buttons, holds_until, verdict};
use super::{both, count, diff, findings, overlay, sign};
use crate::domain::alike;
use crate::domain::classify::Effect as Touch;
use crate::domain::evaluate::{Assessment, Rules, Untouched};
use crate::domain::gates::Gate;
use crate::domain::inert::{cut, fence_within, span};
use crate::domain::look::Look;
use crate::domain::policy::{self, Mode, Policy, Problem};
use crate::model::ids::{EnvName, Sha};
use crate::model::links::Link;
use crate::model::read::{Conclusion, Severity};
use crate::model::write::{Annotation, Details, NewCheck};

/// The check that branch protection requires for promotion.
pub const GATES: &str = "usher/gates";
/// So many containers are listed for an environment.
const MOST_IMAGES: usize = 100;
/// And in so many bytes, all in all: what changes beside them needs room too.
const MOST_TABLE: usize = 16_000;
/// What one gate shows of what is rendered, in bytes.
const MOST_SHOWN: usize = 15_000;
/// The check on what becomes of the rules.
pub const CONFIG: &str = "usher/config";
/// So many changes of the rules are named.
const MOST_RULES: usize = 200;
/// The check that validates what is rendered.
pub const KUSTOMIZE: &str = "usher/kustomize";

/// `usher/gates` for a head. `followed`: the branch that environments follow, where the pull request goes to
/// another one. `page`: where all of it stands.
pub fn gates(head: &Sha, assessment: &Assessment, followed: Option<&str>, page: &Link) -> NewCheck {
    let check = |conclusion, title: String, summary: String| NewCheck {
        name: GATES.to_owned(),
        head: head.clone(),
        conclusion,
        title,
        summary,
        text: String::new(),
        annotations: Vec::new(),
        details: with_both_sides(
            assessment.gates(),
            Details {
                buttons: buttons(assessment.gates(), assessment.promotes()),
                ..diff::page_alone(page)
            },
        ),
    };
    match assessment {
        Assessment::NoPromotion(why) => {
            let sentence = untouched(why);
            let summary = format!("Nothing is promoted by this pull request: {sentence}.");
            check(Some(Conclusion::Success), "Not a promotion".to_owned(), summary)
        }
        Assessment::Unjudgeable(problems) => {
            let summary = format!(
                "This pull request could change an environment, and `{}` on the default branch has {}. \
                 Nothing is let through until it is corrected.\n\n{}",
                policy::PATH,
                count(problems.len(), "mistake"),
                list(problems)
            );
            check(Some(Conclusion::Failure), "The configuration is invalid".to_owned(), summary)
        }
        Assessment::Judged { gates, promotes, mode } => {
            let (conclusion, title) = verdict(gates, *promotes);
            let mut parts: Vec<String> = followed.map(elsewhere).into_iter().collect();
            parts.extend(holds_until(gates));
            parts.push(table(gates));
            if *mode == Mode::Observe && conclusion != Some(Conclusion::Success) {
                parts.insert(0, OBSERVED.to_owned());
                let title = format!("Would block: {title}");
                return check(Some(Conclusion::Neutral), title, parts.join("\n\n"));
            }
            check(conclusion, title, parts.join("\n\n"))
        }
    }
}

/// What gates show of what is rendered; it is not part of what is recorded.
fn with_both_sides(gates: &[Gate], details: Details) -> Details {
    let mut text = String::new();
    for gate in gates {
        let fenced =
            gate.said.shown.as_deref().and_then(|shown| fence_within(shown, "diff", MOST_SHOWN));
        let Some((fenced, left_out)) = fenced else { continue };
        let place = gate.environment.as_ref().map(|name| format!(" in {}", span(name.as_str())));
        let place = place.unwrap_or_default();
        let _ = writeln!(text, "### `{}`{place}: `-` there, `+` here\n\n{fenced}\n", gate.name);
        if left_out > 0 {
            let _ = writeln!(text, "… and {} more\n", count(left_out, "line"));
        }
    }
    Details { text: text + &details.text, ..details }
}

/// `usher/gates` for a head that cannot be judged. `page`: where all of it stands.
pub fn unknown(head: &Sha, why: &str, page: &Link) -> NewCheck {
    NewCheck {
        name: GATES.to_owned(),
        head: head.clone(),
        conclusion: Some(Conclusion::Failure),
        title: "It cannot be judged".to_owned(),
        summary: format!(
            "Something that it rests on is not known, and what is not known is not passed: {}\n\n\
             It is looked at again every few minutes; `/validate` looks at once.",
            span(why)
        ),
        text: String::new(),
        annotations: Vec::new(),
        details: Details { buttons: buttons(&[], false), ..diff::page_alone(page) },
    }
}

/// What is said where nothing is enforced.
pub(super) const OBSERVED: &str =
    "This repository only observes (`mode: observe`): what follows would block, and stops nobody.";

/// What is said of a pull request that goes to another branch than the one that environments follow.
pub(super) fn elsewhere(followed: &str) -> String {
    format!(
        "This pull request goes elsewhere; what follows holds for its commit on the way to {}.",
        span(followed)
    )
}

/// `usher/gates` for the head of a pull request that was closed without being merged.
pub fn closed(head: &Sha) -> NewCheck {
    let title = "Closed without being merged".to_owned();
    let summary =
        "What was given for it has ended with it. It is judged anew when it is opened again."
            .to_owned();
    NewCheck::plain(GATES.to_owned(), head.clone(), Conclusion::Cancelled, (title, summary))
}

/// `usher/config` for a head that changes the configuration.
pub fn config(head: &Sha, rules: &Rules, mode: Mode) -> NewCheck {
    let (mut conclusion, title, summary) = if rules.problems.is_empty() {
        let title = match rules.meaning.len() {
            0 => "Valid, and nothing changes in what is enforced".to_owned(),
            many => format!("Valid: {}", count(many, "rule") + " changed"),
        };
        let summary = match rules.meaning.as_slice() {
            [] => "Comments, order or spelling change; the rules stay what they are.".to_owned(),
            meaning => {
                let lines: Vec<_> =
                    meaning.iter().take(MOST_RULES).map(|one| format!("- {one}")).collect();
                let more = meaning.len().saturating_sub(MOST_RULES);
                let more =
                    if more > 0 { format!("\n- … and {more} more") } else { String::new() };
                format!("What merging this changes:\n\n{}{more}", lines.join("\n"))
            }
        };
        (Conclusion::Success, title, summary)
    } else {
        let title = format!("The configuration has {}", count(rules.problems.len(), "mistake"));
        let summary = format!(
            "After the merge `{}` would be invalid, and nothing would be promoted.\n\n{}",
            policy::PATH,
            list(&rules.problems)
        );
        (Conclusion::Failure, title, summary)
    };
    if mode == Mode::Observe && conclusion == Conclusion::Failure {
        conclusion = Conclusion::Neutral;
    }
    NewCheck {
        name: CONFIG.to_owned(),
        head: head.clone(),
        conclusion: Some(conclusion),
        title,
        summary,
        text: String::new(),
        annotations: rules.problems.iter().map(annotate_problem).collect(),
        details: Details::default(),
    }
}

/// What it means that there are rules for the first time.
pub fn first_rules(policy: &Policy) -> String {
    let names: Vec<String> =
        policy.environments().iter().map(|one| span(one.name().as_str())).collect();
    match names.as_slice() {
        [] => "these are the first rules; they name no environment".to_owned(),
        _ => {
            format!("these are the first rules: promotions to {} are judged by them", both(&names))
        }
    }
}

/// What it means that a locked environment goes away.
pub fn lifts_the_lock(environment: &EnvName) -> String {
    format!("lifts the lock of environment {}", span(environment.as_str()))
}

/// What it means that the configuration goes away.
pub fn rules_gone() -> String {
    format!("`{}` is gone: nothing is promoted or judged any more", policy::PATH)
}

fn untouched(why: &Untouched) -> String {
    match why {
        Untouched::OtherBranch { followed } => {
            format!("it does not go to {}, which the environments follow", span(followed))
        }
        Untouched::NoConfiguration => {
            format!("there is no `{}` on the default branch", policy::PATH)
        }
        Untouched::NoFile => "it changes nothing that is rendered for an environment".to_owned(),
    }
}

/// `usher/kustomize` for a head. `page`: where all of it stands.
pub fn kustomize(head: &Sha, look: Option<&Look<'_>>, page: &Link) -> NewCheck {
    let validated = look.map(Look::validated).unwrap_or_default();
    let left_out = look.map_or(0, |look| look.others.left_out);
    let mode = look.map_or(Mode::Enforce, |look| look.policy.mode());
    let touches = look.map_or(&[][..], |look| &look.touches);
    let found = findings::all(&validated);
    let many = alike::merged(&found);
    let errors = many.iter().filter(|one| one.first.severity == Severity::Error).count();
    let unseen = validated.iter().any(|one| one.overlay.unseen);
    let (title, summary) = match validated.as_slice() {
        [_, ..] => {
            let title = match (errors, many.len()) {
                (0, 0) => "Everything that changes renders and is valid".to_owned(),
                (0, _) if unseen => {
                    "An overlay cannot be rendered here: somebody has to choose".to_owned()
                }
                (0, notes) => format!("No errors, {}", count(notes, "remark")),
                (errors, _) => count(errors, "error"),
            };
            let choices = if unseen { format!("\n{}", overlay::choices()) } else { String::new() };
            let summary = format!(
                "What renders otherwise was looked at as merging would leave it.\n\n{}{choices}",
                findings::summary(&validated, left_out)
            );
            (title, summary)
        }
        [] => (
            "Nothing renders otherwise".to_owned(),
            "This pull request changes nothing that a kustomization renders to.".to_owned(),
        ),
    };
    let text = images(touches);
    NewCheck {
        name: KUSTOMIZE.to_owned(),
        head: head.clone(),
        conclusion: Some(match (errors, mode) {
            (0, _) if !unseen => Conclusion::Success,
            (_, Mode::Observe) => Conclusion::Neutral,
            (0, Mode::Enforce) => Conclusion::ActionRequired,
            (_, Mode::Enforce) => Conclusion::Failure,
        }),
        title,
        summary,
        details: diff::details(&validated, text.len(), page),
        text,
        annotations: findings::annotations(&found),
    }
}

fn table(gates: &[Gate]) -> String {
    if gates.is_empty() {
        return "The base branch has every change of this pull request already.".to_owned();
    }
    let mut out =
        "| | gate | environment | why | what helps |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for gate in gates {
        let _ = writeln!(
            out,
            "| {} | `{}` | {} | {} | {} |",
            sign(gate.outcome),
            gate.name,
            gate.environment.as_ref().map_or_else(|| "–".to_owned(), |name| span(name.as_str())),
            gate.said.sentence,
            gate.said.help.as_deref().unwrap_or("–")
        );
    }
    out
}

/// The containers that get another image, environment by environment.
fn images(touches: &[Touch<'_>]) -> String {
    let mut out = String::new();
    for touch in touches.iter().filter(|touch| !touch.images.is_empty()) {
        let number = count(touch.images.len(), "container");
        let place = span(touch.environment.name().as_str());
        let _ = writeln!(out, "### {number} in {place} with another image\n");
        let _ = writeln!(out, "| object | from | to |\n| --- | --- | --- |");
        let mut left_out = touch.images.len();
        for image in touch.images.iter().take(MOST_IMAGES) {
            if out.len() > MOST_TABLE {
                break;
            }
            let short = |text: &str| span(&cut(text, 300));
            let shown =
                |image: &Option<String>| image.as_deref().map_or_else(|| "–".to_owned(), short);
            let (from, to) = (shown(&image.from), shown(&image.to));
            let _ = writeln!(out, "| {} | {from} | {to} |", short(&image.object));
            left_out -= 1;
        }
        if left_out > 0 {
            let _ = writeln!(out, "\n… and {left_out} more");
        }
        out.push('\n');
    }
    out
}

/// The mistakes of a configuration as a list.
pub(super) fn list(problems: &[Problem]) -> String {
    problems
        .iter()
        .take(100)
        .map(|problem| format!("- line {}", span(&problem.to_string())))
        .collect::<Vec<_>>()
        .join("\n")
}

/// A mistake at its line.
pub(super) fn annotate_problem(problem: &Problem) -> Annotation {
    Annotation {
        path: policy::PATH.to_owned(),
        line: problem.line,
        severity: Severity::Error,
        title: "config.invalid".to_owned(),
        message: problem.help.as_ref().map_or_else(
            || problem.message.clone(),
            |help| format!("{} ({help})", problem.message),
        ),
    }
}
