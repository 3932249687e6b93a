//! The check `usher/promotion` on a release's commit: what becomes of the release, environment by environment.

use std::fmt::Write as _;

use super::check::{annotate_problem, list};
use super::count;
use crate::domain::inert::{cut, plain, span};
use crate::domain::policy::{self, Problem};
use crate::domain::promote::{Course, End};
use crate::model::ids::Sha;
use crate::model::read::Conclusion;
use crate::model::write::NewCheck;

/// Its name.
pub const PROMOTION: &str = "usher/promotion";

/// What becomes of a release.
pub fn report(tag: &str, courses: &[Course], head: Sha) -> NewCheck {
    let opens = courses
        .iter()
        .filter(|course| matches!(course.end, End::Opens(_)))
        .count();
    let refused = courses
        .iter()
        .filter(|course| course.end == End::Refused)
        .count();
    let version = cut(&plain(tag), 60);
    let (conclusion, title) = match (opens, refused) {
        (0, 0) => (
            Conclusion::Neutral,
            format!("{version}: nothing to promote"),
        ),
        (opens, 0) => (
            Conclusion::Success,
            format!("{version}: {} opened", count(opens, "promotion")),
        ),
        (_, refused) => (
            Conclusion::Failure,
            format!("{version}: {} refused", count(refused, "promotion")),
        ),
    };
    let mut summary = String::new();
    for course in courses {
        let what = match &course.end {
            End::Opens(opening) => format!("opens as {}", span(&opening.1.title)),
            End::Rests if course.reasons.is_empty() => "nothing to do".to_owned(),
            End::Rests => "not promoted".to_owned(),
            End::Refused => "**refused**".to_owned(),
        };
        let _ = writeln!(summary, "- {}: {what}", course.heading);
        for reason in &course.reasons {
            let help = reason
                .help
                .as_ref()
                .map_or_else(String::new, |help| format!(". {help}"));
            let _ = writeln!(summary, "  - {}{help}", reason.sentence);
        }
    }
    NewCheck {
        name: PROMOTION.to_owned(),
        head,
        conclusion: Some(conclusion),
        title,
        summary,
        text: String::new(),
        annotations: Vec::new(),
    }
}

/// A release that nobody can act on, because the configuration is invalid.
pub fn invalid(problems: &[Problem], head: Sha) -> NewCheck {
    NewCheck {
        name: PROMOTION.to_owned(),
        head,
        conclusion: Some(Conclusion::Failure),
        title: "Nothing is promoted: the configuration is invalid".to_owned(),
        summary: format!(
            "`{}` has {}. Correct it on the default branch; the release is looked at again then.\n\n{}",
            policy::PATH,
            count(problems.len(), "mistake"),
            list(problems)
        ),
        text: String::new(),
        annotations: problems.iter().map(annotate_problem).collect(),
    }
}
