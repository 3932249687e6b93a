//! Knows how findings are printed for people: a line each, by file, and how many there are at the end.

use crate::domain::alike::{merged, summary, word};
use crate::domain::inert;
use crate::model::read::{Finding, Severity};

const BOLD: &str = "1";
const DIM: &str = "2";

/// The findings of the overlays that were looked at, for people.
pub(super) fn print(findings: &[Finding], overlays: &[String], colour: bool) -> String {
    let paint = |how: &str, text: &str| match colour {
        true => format!("\u{1b}[{how}m{text}\u{1b}[0m"),
        false => text.to_owned(),
    };
    let mut out = String::new();
    let mut file = None;
    for alike in merged(findings) {
        let finding = alike.first;
        if file.is_some_and(|file| file != &finding.file) {
            out.push('\n');
        }
        file = Some(&finding.file);
        let Finding { line, column, severity, .. } = finding;
        let place = format!("{}:{line}:{column}", inert::line(&finding.file));
        let about = match alike.about() {
            about if about.is_empty() => about,
            about => paint(DIM, &format!(" ({about})")),
        };
        out.push_str(&format!(
            "{}: {}: {} {}{about}\n",
            paint(BOLD, &place),
            paint(hue(*severity), word(*severity)),
            inert::line(&finding.message),
            paint(DIM, &format!("[{}]", finding.code)),
        ));
    }
    if !out.is_empty() {
        out.push('\n');
    }
    let worst = findings.iter().map(|finding| finding.severity).max();
    out.push_str(&paint(worst.map_or("32", hue), &summary(findings, overlays)));
    out.push('\n');
    out
}

/// Bold red, yellow, blue.
fn hue(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "1;31",
        Severity::Warning => "1;33",
        Severity::Note => "1;34",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alike::tests::report;

    #[test]
    fn findings_are_read_by_file() {
        let (findings, overlays) = report();
        insta::assert_snapshot!(print(&findings, &overlays, false), @r#"
        a/kustomization.yaml:4:9: warning: no container uses the image web [image-unused] (overlay a)

        base/web, 1.yaml:3:9: note: there is no field replcias: 100% ⟨U+202E⟩<x> & "y"⟨U+0001⟩ [unknown-field] (Deployment web; overlay a)
        base/web, 1.yaml:5:9: error: there is no field replcias: 100% ⟨U+202E⟩<x> & "y"⟨U+0001⟩ [unknown-field] (Deployment web; overlays a, b, c and 1 more)

        5 overlays: 1 error, 1 warning, 1 note
        "#);
        assert_eq!(print(&[], &overlays, false), "5 overlays, nothing found\n");
    }

    #[test]
    fn colours_are_ours_and_nobody_elses() {
        let (mut findings, overlays) = report();
        findings[0].message = "\u{1b}[31mred\u{1b}[0m".to_owned();
        let coloured = print(&findings[..1], &overlays, true);
        assert!(coloured.contains("⟨U+001B⟩[31mred"), "{coloured}");
        assert!(coloured.contains("\u{1b}[1;31merror\u{1b}[0m"), "{coloured}");
        assert!(!print(&findings, &overlays, false).contains('\u{1b}'));
    }
}
