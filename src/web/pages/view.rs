//! A page as its template takes it: sorted by what a reader looks for first.
//!
//! What it tells was worded elsewhere; here are only the words of badges.

use askama::Template;
use jiff::Timestamp;

use super::STYLE;
use super::markdown::html;
use crate::domain::gates::Outcome;
use crate::domain::page::{How, Line, Object, Overlay, Page, Remark};
use crate::model::links::PageId;
use crate::model::read::{Conclusion, Severity};

/// With more lines than that, a difference is folded at first.
const MOST_OPEN: usize = 400;

/// What was decided for a pull request.
#[derive(Template)]
#[template(path = "web/pages/templates/pull.html")]
pub(super) struct View<'a> {
    style: &'static str,
    page: &'a Page,
    number: u64,
    head: &'a str,
    at: String,
    badge: Badge,
    headline: String,
    notes: Vec<String>,
    /// Gates that stand in the way.
    shut: Vec<Gate<'a>>,
    /// Those that do not.
    open: Vec<Gate<'a>>,
    checks: Vec<(Badge, &'a str, &'a str)>,
    rules: Vec<String>,
    findings: Vec<(Badge, &'a Remark)>,
    overlays: Vec<Section<'a>>,
}

/// Why nothing is shown.
#[derive(Template)]
#[template(path = "web/pages/templates/lost.html")]
pub(super) struct Lost {
    pub(super) style: &'static str,
    pub(super) title: &'static str,
    pub(super) why: &'static str,
}

/// A word, and the colour and sign that go with it.
#[derive(Clone, Copy)]
struct Badge {
    class: &'static str,
    sign: &'static str,
    word: &'static str,
}

struct Gate<'a> {
    badge: Badge,
    line: &'a Line,
    why: String,
    help: Option<String>,
}

struct Section<'a> {
    overlay: &'a Overlay,
    is_open: bool,
    objects: Vec<Part<'a>>,
}

struct Part<'a> {
    badge: Badge,
    object: &'a Object,
    lines: Vec<(&'static str, &'a str)>,
}

impl<'a> View<'a> {
    pub(super) fn new(page: &'a Page, id: &'a PageId, at: Timestamp) -> Self {
        let gates = page.gates.iter().map(|line| Gate {
            badge: outcome(line.outcome),
            line,
            why: html(&line.why),
            help: line.help.as_deref().map(html),
        });
        let (open, shut) = gates.partition(|gate: &Gate<'_>| gate.line.outcome.is_open());
        let long = page.overlays.iter().flat_map(|overlay| &overlay.objects);
        let is_open = long.map(|object| object.lines.lines().count()).sum::<usize>() <= MOST_OPEN;
        Self {
            style: STYLE,
            page,
            number: id.pr.0,
            head: id.head.as_str(),
            at: at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
            badge: conclusion(page.conclusion),
            headline: html(&page.headline),
            notes: page.notes.iter().map(|note| html(note)).collect(),
            shut,
            open,
            checks: page
                .checks
                .iter()
                .map(|check| (conclusion(check.conclusion), &*check.name, &*check.title))
                .collect(),
            rules: page.rules.iter().map(|rule| html(rule)).collect(),
            findings: page.findings.iter().map(|one| (severity(one.severity), one)).collect(),
            overlays: page.overlays.iter().map(|overlay| section(overlay, is_open)).collect(),
        }
    }

    fn is_overridden(&self) -> bool {
        self.open.iter().any(|gate| gate.line.outcome == Outcome::Overridden)
    }

    fn short(&self) -> &str {
        self.head.get(..7).unwrap_or(self.head)
    }
}

fn section(overlay: &Overlay, is_open: bool) -> Section<'_> {
    let part = |object| Part { badge: how(object), object, lines: lines(object) };
    Section { overlay, is_open, objects: overlay.objects.iter().map(part).collect() }
}

/// The lines of an object, each with its kind. The sign stands first, five spaces follow it; a field's path has
/// four in front.
fn lines(object: &Object) -> Vec<(&'static str, &str)> {
    let kind = |line: &str| match line.as_bytes() {
        [b'+', ..] => "add",
        [b'-', ..] => "del",
        [b' ', b' ', b' ', b' ', b' ', b' ', ..] => "same",
        _ => "path",
    };
    let shown = |line| match kind(line) {
        "path" => ("path", line.trim_start()),
        kind => (kind, line.get(6..).unwrap_or_default()),
    };
    object.lines.lines().map(shown).collect()
}

fn conclusion(conclusion: Option<Conclusion>) -> Badge {
    let (class, sign, word) = match conclusion {
        None => ("wait", "…", "Waiting"),
        Some(Conclusion::Success) => ("good", "✓", "Passed"),
        Some(Conclusion::ActionRequired) => ("need", "!", "Needs somebody"),
        Some(Conclusion::Neutral) => ("note", "i", "Would block"),
        Some(_) => ("bad", "✕", "Blocked"),
    };
    Badge { class, sign, word }
}

fn outcome(outcome: Outcome) -> Badge {
    let (class, sign, word) = match outcome {
        Outcome::Passed => ("good", "✓", "passed"),
        Outcome::Overridden => ("need", "!", "overridden"),
        Outcome::Waiting => ("wait", "…", "waiting"),
        Outcome::Needs => ("need", "!", "needs somebody"),
        Outcome::Failed => ("bad", "✕", "failed"),
    };
    Badge { class, sign, word }
}

fn severity(severity: Severity) -> Badge {
    let (class, sign, word) = match severity {
        Severity::Error => ("bad", "✕", "error"),
        Severity::Warning => ("need", "!", "warning"),
        Severity::Note => ("note", "i", "note"),
    };
    Badge { class, sign, word }
}

fn how(object: &Object) -> Badge {
    let (class, sign, word) = match object.how {
        How::Added => ("good", "+", "new"),
        How::Removed => ("bad", "−", "gone"),
        How::Changed => ("note", "±", "changed"),
    };
    Badge { class, sign, word }
}
