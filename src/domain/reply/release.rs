//! The check `usher/promotion VERSION` on a release's commit: what becomes of the release, environment by environment.

use std::fmt::Write as _;

use super::check::{annotate_problem, list};
use super::count;
use crate::domain::inert::{cut, plain, span};
use crate::domain::policy::{self, Problem};
use crate::domain::promote::{Course, End};
use crate::intent::Trigger;
use crate::model::ids::Sha;
use crate::model::read::Conclusion;
use crate::model::write::NewCheck;

/// The check's name: one for each release, because several may stand on one commit.
pub(super) fn name(trigger: &Trigger) -> String {
    match trigger {
        Trigger::Release { source, tag } => {
            format!("usher/promotion {} {}", source.name.name(), cut(&plain(tag), 100))
        }
        Trigger::State => "usher/promotion".to_owned(),
    }
}

/// What becomes of a release.
pub fn report(trigger: &Trigger, courses: &[Course], head: Sha) -> NewCheck {
    let open = courses
        .iter()
        .filter(|course| matches!(course.end, End::Opens(_) | End::Stands(..)))
        .count();
    let refused = courses.iter().filter(|course| course.end == End::Refused).count();
    let version = match trigger {
        Trigger::Release { tag, .. } => cut(&plain(tag), 60),
        Trigger::State => "newest".to_owned(),
    };
    let (conclusion, title) = match (open, refused) {
        (0, 0) => (Conclusion::Neutral, format!("{version}: nothing to promote")),
        (open, 0) => (Conclusion::Success, format!("{version}: {} open", count(open, "promotion"))),
        (_, refused) => {
            (Conclusion::Failure, format!("{version}: {} refused", count(refused, "promotion")))
        }
    };
    let mut summary = String::new();
    for course in courses {
        let what = match &course.end {
            End::Opens(opening) => format!("open as {}", span(&opening.1.title)),
            End::Stands(title, _) => format!("open as {}", span(title)),
            End::Rests if course.reasons.is_empty() => "nothing to do".to_owned(),
            End::Rests => "not promoted".to_owned(),
            End::Refused => "**refused**".to_owned(),
        };
        let _ = writeln!(
            summary,
            "- {} → {}: {what}",
            span(course.application.as_str()),
            span(course.environment.as_str())
        );
        // What is open tells its story itself.
        let reasons =
            if matches!(course.end, End::Stands(..)) { &[] } else { course.reasons.as_slice() };
        for reason in reasons {
            let help = reason.help.as_ref().map_or_else(String::new, |help| format!(". {help}"));
            let _ = writeln!(summary, "  - {}{help}", reason.sentence);
        }
    }
    NewCheck::plain(name(trigger), head, conclusion, (title, summary))
}

/// A release that nobody can act on, because the configuration is invalid.
pub fn invalid(trigger: &Trigger, problems: &[Problem], head: Sha) -> NewCheck {
    let title = "Nothing is promoted: the configuration is invalid".to_owned();
    let summary = format!(
        "`{}` has {}. Correct it on the default branch; the release is looked at again then.\n\n{}",
        policy::PATH,
        count(problems.len(), "mistake"),
        list(problems)
    );
    NewCheck {
        annotations: problems.iter().map(annotate_problem).collect(),
        ..NewCheck::plain(name(trigger), head, Conclusion::Failure, (title, summary))
    }
}
