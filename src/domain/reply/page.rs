//! Usher's own page of a pull request: what the checks say, and all that they have no room for.
//!
//! It is bounded: of very large differences the page says how much it leaves out.

use super::body::encode;
use super::check::{OBSERVED, elsewhere};
use super::findings::all as found;
use super::verdict::holds_until;
use super::{diff, status};
use crate::domain::alike::{Alike, merged};
use crate::domain::evaluate::{Assessment, Rules};
use crate::domain::facts::Facts;
use crate::domain::gates::{Gate, Outcome};
use crate::domain::ground::Ground;
use crate::domain::inert::{cut, lines, lines_within, one_line};
use crate::domain::look::{Look, Validated};
use crate::domain::page::{Check, How, Line, Object, Overlay, Page, Remark};
use crate::domain::policy::{self, Mode, Problem};
use crate::domain::rendered::Rerender;
use crate::kustomize::diff::{Change, ObjectDiff};
use crate::model::read::{PullRequest, Severity};
use crate::model::write::NewCheck;

/// So much of the differences is kept, in bytes.
const MOST_BYTES: usize = 2 << 20;
/// So many findings are.
const MOST_FINDINGS: usize = 1_000;
/// And so many characters of what one says.
const MOST_MESSAGE: usize = 2_000;

/// The page of a judged pull request. `checks`: what is posted, `usher/gates` first.
pub fn judged(
    mut page: Page,
    (look, rules): (Option<&Look<'_>>, Option<&Rules>),
    assessment: &Assessment,
    checks: &[&NewCheck],
) -> Page {
    let [gates, others @ ..] = checks else {
        return page;
    };
    page.conclusion = gates.conclusion;
    match assessment {
        Assessment::NoPromotion(_) | Assessment::Unjudgeable(_) => {
            page.headline.clone_from(&gates.title);
            page.notes.push(gates.summary.clone());
        }
        Assessment::Judged { gates: judged, promotes, mode } => {
            page.headline = headline(look, judged, *promotes);
            page.gates = judged.iter().map(line).collect();
            if assessment.blocks() {
                page.brief = one_line(&gates.title);
            }
            page.notes.extend(holds_until(judged));
            if *mode == Mode::Observe {
                page.notes.push(OBSERVED.to_owned());
            }
            if let Some(look) = look {
                let followed = look.ground.home.default_branch.as_str();
                if page.base != followed {
                    page.notes.push(elsewhere(followed));
                }
            }
        }
    }
    page.checks = others.iter().map(|check| in_short(check)).collect();
    let validated = look.map(Look::validated).unwrap_or_default();
    let mut findings: Vec<Remark> = rules
        .into_iter()
        .flat_map(|rules| &rules.problems)
        .map(|problem| mistake(&page.url, problem))
        .collect();
    let all = found(&validated);
    findings.extend(merged(&all).iter().map(|one| {
        let head = look.map_or("", |look| look.pull().head.sha.as_str());
        remark(&page.url, head, one)
    }));
    findings.sort_by_key(|one| std::cmp::Reverse(one.severity));
    page.more_findings = findings.len().saturating_sub(MOST_FINDINGS);
    findings.truncate(MOST_FINDINGS);
    page.findings = findings;
    page.rules = rules.map(|rules| rules.meaning.clone()).unwrap_or_default();
    let mut room = MOST_BYTES;
    for Validated { environment, overlay: one } in validated {
        let (overlay, left_out) =
            overlay(environment.unwrap_or_default(), &one.rerender, &mut room);
        page.overlays.push(overlay);
        page.more_objects += left_out;
    }
    page
}

/// The page of one that cannot be judged.
pub fn unjudged(mut page: Page, check: &NewCheck) -> Page {
    page.conclusion = check.conclusion;
    page.headline.clone_from(&check.title);
    page.notes.push(check.summary.clone());
    page
}

/// What the page of any pull request tells.
pub fn begun(facts: &Facts, ground: &Ground<'_>, pull: &PullRequest) -> Page {
    let repository = ground.home.name.to_string();
    Page {
        url: format!("{}/{repository}/pull/{}", facts.github_pages, pull.number),
        repository,
        title: one_line(&cut(&pull.title, 300)),
        author: pull.author.login.to_string(),
        base: one_line(&pull.base.branch),
        ..Page::default()
    }
}

fn headline(look: Option<&Look<'_>>, gates: &[Gate], promotes: bool) -> String {
    if let Some(promotion) = look.and_then(|look| look.promotion.as_ref()) {
        return status::headline(promotion, gates);
    }
    let what = if promotes { "This promotion" } else { "This change" };
    match gates.iter().map(|gate| gate.outcome).max() {
        None => "Nothing is left to promote.".to_owned(),
        Some(Outcome::Passed) => format!("{what} may be merged: every gate has passed."),
        Some(Outcome::Overridden) => {
            format!("{what} may be merged: what has not passed was overridden.")
        }
        Some(Outcome::Failed) => format!("{what} cannot be merged as it is."),
        Some(_) => format!("{what} may not be merged yet."),
    }
}

fn line(gate: &Gate) -> Line {
    Line {
        name: gate.name.clone(),
        environment: gate.environment.as_ref().map(ToString::to_string),
        outcome: gate.outcome,
        why: gate.said.sentence.clone(),
        help: gate.said.help.clone().filter(|_| !gate.outcome.is_open()),
    }
}

fn in_short(check: &NewCheck) -> Check {
    let (name, conclusion) = (check.name.clone(), check.conclusion);
    Check { name, conclusion, title: check.title.clone() }
}

fn mistake(pull: &str, problem: &Problem) -> Remark {
    Remark {
        severity: Severity::Error,
        code: "config.invalid".to_owned(),
        place: format!("{}:{}", policy::PATH, problem.line),
        url: format!("{pull}/files"),
        message: one_line(&cut(&problem.to_string(), MOST_MESSAGE)),
    }
}

fn remark(pull: &str, head: &str, alike: &Alike<'_>) -> Remark {
    let finding = alike.first;
    let repository = pull.rsplit_once("/pull/").map_or(pull, |(repository, _)| repository);
    let path: String = finding.file.split('/').map(encode).collect::<Vec<_>>().join("/");
    Remark {
        severity: finding.severity,
        code: one_line(&finding.code),
        place: one_line(&format!("{}:{}", finding.file, finding.line)),
        url: format!("{repository}/blob/{head}/{path}#L{}", finding.line),
        message: lines(&cut(&alike.message(), MOST_MESSAGE)),
    }
}

/// An overlay in so much room, and how many of its objects found none.
fn overlay(environment: &str, rerender: &Rerender, room: &mut usize) -> (Overlay, usize) {
    let (tally, all, trouble) = match &rerender.difference {
        Ok(diff) => (diff::tally(diff), diff.objects.as_slice(), None),
        Err(sentence) => ("cannot be compared".to_owned(), &[][..], Some(lines(sentence.trim()))),
    };
    let mut objects = Vec::new();
    for one in all {
        let Some(object) = object(one, room) else {
            break;
        };
        objects.push(object);
    }
    let left_out = all.len() - objects.len();
    let (environment, folder) = (environment.to_owned(), one_line(&rerender.folder));
    (Overlay { environment, folder, tally, objects, trouble }, left_out)
}

fn object(object: &ObjectDiff, room: &mut usize) -> Option<Object> {
    let title = one_line(&cut(&object.title(), 500));
    *room = room.checked_sub(title.len()).filter(|left| *left > 0)?;
    let body = lines(&object.body());
    let (shown, more_lines) = lines_within(&body, *room);
    *room = if more_lines > 0 { 0 } else { *room - shown.len() };
    let how = match object.change {
        Change::Added(_) => How::Added,
        Change::Removed(_) => How::Removed,
        Change::Changed(_) => How::Changed,
    };
    Some(Object { how, title, lines: shown.to_owned(), more_lines })
}
