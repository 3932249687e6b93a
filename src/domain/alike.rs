//! Knows which findings of several overlays are one and the same: a base's mistake is found by all that build on it.
//!
//! It prints nothing.

use std::collections::BTreeMap;

use super::inert;
use crate::model::read::{Finding, Severity};

/// The most overlays and objects that are named with a finding.
const MOST_NAMED: usize = 3;

/// Findings that say the same of the same place.
#[derive(Debug)]
pub struct Alike<'f> {
    /// The first of them.
    pub first: &'f Finding,
    /// The objects that they are about.
    pub objects: Vec<&'f str>,
    /// The overlays in which it was found.
    pub overlays: Vec<&'f str>,
}

/// The findings by file and line, each once.
pub fn merged(findings: &[Finding]) -> Vec<Alike<'_>> {
    let mut all: BTreeMap<_, Alike<'_>> = BTreeMap::new();
    for finding in findings {
        let Finding { code, severity, file, line, column, message, overlay, object } = finding;
        let key = (file, line, column, std::cmp::Reverse(severity), code, message);
        let alike = all.entry(key).or_insert_with(|| Alike {
            first: finding,
            objects: Vec::new(),
            overlays: Vec::new(),
        });
        for (list, name) in [(&mut alike.objects, object), (&mut alike.overlays, overlay)] {
            if !name.is_empty() && list.last() != Some(&name.as_str()) {
                list.push(name);
            }
        }
    }
    let mut all: Vec<Alike<'_>> = all.into_values().collect();
    for alike in &mut all {
        for list in [&mut alike.objects, &mut alike.overlays] {
            list.sort_unstable();
            list.dedup();
        }
    }
    all
}

impl Alike<'_> {
    /// What it is about and where it was found, in a few words; empty where there is nothing to say.
    pub fn about(&self) -> String {
        let objects = named(&self.objects);
        let overlays = match self.overlays.len() {
            0 => String::new(),
            1 => format!("overlay {}", named(&self.overlays)),
            _ => format!("overlays {}", named(&self.overlays)),
        };
        let parts: Vec<String> =
            [objects, overlays].into_iter().filter(|part| !part.is_empty()).collect();
        parts.join("; ")
    }

    /// The message, and what it is about in brackets.
    pub fn message(&self) -> String {
        let message = inert::line(&self.first.message);
        match self.about() {
            about if about.is_empty() => message,
            about => format!("{message} ({about})"),
        }
    }
}

/// Names for a line: the first few.
fn named(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(MOST_NAMED).map(|name| inert::line(name)).collect();
    match names.len().saturating_sub(MOST_NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// What a severity is called.
pub fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// How much was found, in a sentence: what several overlays share counts once.
pub fn summary(findings: &[Finding], overlays: &[String]) -> String {
    let count = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    };
    let looked_at = count(overlays.len(), "overlay");
    let all = merged(findings);
    let of = |severity| all.iter().filter(|alike| alike.first.severity == severity).count();
    let found: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .map(|severity| (of(severity), word(severity)))
        .filter(|(found, _)| *found > 0)
        .map(|(found, word)| count(found, word))
        .collect();
    match found.is_empty() {
        true => format!("{looked_at}, nothing found"),
        false => format!("{looked_at}: {}", found.join(", ")),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A finding in a base, as an overlay has it.
    pub(crate) fn finding(severity: Severity, line: u32, overlay: &str) -> Finding {
        Finding {
            code: "unknown-field".to_owned(),
            severity,
            file: "base/web, 1.yaml".to_owned(),
            line,
            column: 9,
            message: "there is no field replcias:\n100% \u{202e}<x> & \"y\"\u{1}".to_owned(),
            overlay: overlay.to_owned(),
            object: "Deployment web".to_owned(),
        }
    }

    /// A few of them, and the overlays that were looked at.
    pub(crate) fn report() -> (Vec<Finding>, Vec<String>) {
        use Severity::{Error, Note, Warning};
        let mut findings: Vec<Finding> =
            ["a", "b", "c", "d"].map(|overlay| finding(Error, 5, overlay)).into();
        findings.push(finding(Note, 3, "a"));
        findings.push(Finding {
            code: "image-unused".to_owned(),
            file: "a/kustomization.yaml".to_owned(),
            object: String::new(),
            message: "no container uses the image web".to_owned(),
            ..finding(Warning, 4, "a")
        });
        (findings, ["a", "b", "c", "d", "e"].map(str::to_owned).into())
    }

    #[test]
    fn what_overlays_share_is_said_once() {
        let (findings, overlays) = report();
        let lines: Vec<String> = merged(&findings)
            .iter()
            .map(|alike| format!("{} {}", alike.first.line, alike.about()))
            .collect();
        assert_eq!(
            lines,
            [
                "4 overlay a",
                "3 Deployment web; overlay a",
                "5 Deployment web; overlays a, b, c and 1 more"
            ]
        );
        assert_eq!(summary(&findings, &overlays), "5 overlays: 1 error, 1 warning, 1 note");
        assert_eq!(summary(&[], &overlays[..1]), "1 overlay, nothing found");
    }
}
