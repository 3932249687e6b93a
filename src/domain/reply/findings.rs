//! What validation found, as a check shows it: counts by overlay, each finding once, a remark on each line.

use std::fmt::Write as _;

use super::count;
use crate::domain::alike::{Alike, merged, word};
use crate::domain::inert::{plain, span};
use crate::domain::look::Validated;
use crate::model::read::{Finding, Severity};
use crate::model::write::Annotation;

/// So many findings are listed in the summary; each is a remark on its line besides.
const MOST_LISTED: usize = 50;
/// So many overlays have a line of their own.
const MOST_OVERLAYS: usize = 50;
/// GitHub shows thousands of remarks, and nobody reads them.
const MOST_ANNOTATIONS: usize = 1_000;

/// The findings, each once, the worst first.
fn ordered(findings: &[Finding]) -> Vec<Alike<'_>> {
    let mut all = merged(findings);
    all.sort_by_key(|alike| std::cmp::Reverse(alike.first.severity));
    all
}

/// The summary of what was looked at and what was found.
pub fn summary(validated: &[Validated<'_>], left_out: usize) -> String {
    let mut out =
        "| overlay | environment | errors | warnings | notes |\n| --- | --- | --- | --- | --- |\n"
            .to_owned();
    for one in validated.iter().take(MOST_OVERLAYS) {
        let of = |severity| {
            let findings =
                one.overlay.report.findings.iter().filter(|finding| finding.severity == severity);
            match findings.count() {
                0 => "–".to_owned(),
                some => some.to_string(),
            }
        };
        let environment = one.environment.map_or_else(|| "–".to_owned(), span);
        let folder =
            if one.overlay.rerender.folder.is_empty() { "." } else { &one.overlay.rerender.folder };
        let _ = writeln!(
            out,
            "| {} | {environment} | {} | {} | {} |",
            span(folder),
            of(Severity::Error),
            of(Severity::Warning),
            of(Severity::Note)
        );
    }
    let more = validated.len().saturating_sub(MOST_OVERLAYS);
    if more > 0 {
        let _ = writeln!(out, "\n… and {}.", count(more, "overlay"));
    }
    if left_out > 0 {
        let _ = writeln!(
            out,
            "\n{} more may change and were not looked at: so many are not rendered for one pull request.",
            count(left_out, "kustomization")
        );
    }
    out.push_str(&list(&all(validated)));
    out.push_str(&ignored(validated));
    out
}

/// What was found in all of them.
pub fn all(validated: &[Validated<'_>]) -> Vec<Finding> {
    validated.iter().flat_map(|one| &one.overlay.report.findings).cloned().collect()
}

fn list(findings: &[Finding]) -> String {
    let all = ordered(findings);
    let mut out = String::new();
    for alike in all.iter().take(MOST_LISTED) {
        let Finding { code, severity, file, line, column, .. } = alike.first;
        let _ = write!(
            out,
            "\n- **{}** {} {} `{}`",
            word(*severity),
            span(&format!("{file}:{line}:{column}")),
            span(&alike.message()),
            plain(code)
        );
    }
    match all.len().saturating_sub(MOST_LISTED) {
        0 => {}
        more => {
            let _ = write!(out, "\n- … and {more} more");
        }
    }
    if out.is_empty() { out } else { format!("{out}\n") }
}

/// What comments ask to ignore, with their reasons: whoever approves has to see it.
fn ignored(validated: &[Validated<'_>]) -> String {
    let mut lines: Vec<String> = validated
        .iter()
        .flat_map(|one| &one.overlay.report.ignored)
        .map(|(finding, reason)| {
            let place = span(&format!("{}:{}", finding.file, finding.line));
            format!("- `{}` {place}: {}", plain(&finding.code), span(reason))
        })
        .collect();
    lines.sort();
    lines.dedup();
    if lines.is_empty() {
        return String::new();
    }
    let many = count(lines.len(), "finding");
    let more = lines.len().saturating_sub(MOST_LISTED);
    lines.truncate(MOST_LISTED);
    if more > 0 {
        lines.push(format!("- … and {more} more"));
    }
    format!("\n{many} ignored by comments in the files:\n\n{}\n", lines.join("\n"))
}

/// A remark on the line of each finding, the worst first.
pub fn annotations(findings: &[Finding]) -> Vec<Annotation> {
    let all = ordered(findings).into_iter().take(MOST_ANNOTATIONS);
    let annotation = |alike: Alike<'_>| Annotation {
        path: alike.first.file.clone(),
        line: alike.first.line,
        severity: alike.first.severity,
        title: alike.first.code.clone(),
        message: alike.message(),
    };
    all.map(annotation).collect()
}
