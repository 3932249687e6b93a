//! Knows how findings are printed for GitHub Actions: workflow commands that become annotations.
//!
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>

use crate::domain::alike::{Alike, merged, summary};
use crate::domain::inert;
use crate::model::read::{Finding, Severity};

/// The findings of the overlays that were looked at, most severe first: GitHub shows only so many of a step.
pub(super) fn print(findings: &[Finding], overlays: &[String]) -> String {
    let mut all = merged(findings);
    all.sort_by_key(|alike| std::cmp::Reverse(alike.first.severity));
    let mut out: String = all.iter().map(command).collect();
    out.push_str(&summary(findings, overlays));
    out.push('\n');
    out
}

fn command(alike: &Alike<'_>) -> String {
    let Finding { code, severity, file, line, column, .. } = alike.first;
    let name = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let place = match file.is_empty() {
        true => String::new(),
        false => format!("file={},line={line},col={column},", property(file)),
    };
    format!("::{name} {place}title={}::{}\n", property(code), data(&alike.message()))
}

/// What stands behind the `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What stands behind a `=`.
fn property(text: &str) -> String {
    data(&inert::line(text)).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alike::tests::{finding, report};

    #[test]
    fn each_finding_is_one_command() {
        let (findings, overlays) = report();
        insta::assert_snapshot!(print(&findings, &overlays), @r#"
        ::error file=base/web%2C 1.yaml,line=5,col=9,title=unknown-field::there is no field replcias: 100%25 ⟨U+202E⟩<x> & "y"⟨U+0001⟩ (Deployment web; overlays a, b, c and 1 more)
        ::warning file=a/kustomization.yaml,line=4,col=9,title=image-unused::no container uses the image web (overlay a)
        ::notice file=base/web%2C 1.yaml,line=3,col=9,title=unknown-field::there is no field replcias: 100%25 ⟨U+202E⟩<x> & "y"⟨U+0001⟩ (Deployment web; overlay a)
        5 overlays: 1 error, 1 warning, 1 note
        "#);
    }

    #[test]
    fn no_text_becomes_a_command_of_its_own() {
        let mut hostile = finding(Severity::Error, 1, "a");
        hostile.message = "x\n::stop-commands::y\r\n##[error]z".to_owned();
        hostile.file = "a,line=9::b\n::c".to_owned();
        let printed = print(&[hostile], &["a".to_owned()]);
        let lines: Vec<&str> = printed.lines().collect();
        assert_eq!(lines.len(), 2, "{printed}");
        assert!(
            lines[0].starts_with("::error file=a%2Cline=9%3A%3Ab %3A%3Ac,line=1,"),
            "{printed}"
        );
    }
}
