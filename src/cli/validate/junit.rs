//! Knows how findings are printed as JUnit's XML, which every CI reads: an overlay is a suite, a finding a case.

use std::collections::BTreeMap;

use crate::domain::alike::word;
use crate::domain::inert;
use crate::model::read::{Finding, Severity};

/// The findings of the overlays that were looked at. Errors are failures; an overlay without findings passes.
pub(super) fn print(findings: &[Finding], overlays: &[String]) -> String {
    let mut suites: BTreeMap<&str, Vec<&Finding>> =
        overlays.iter().map(|overlay| (overlay.as_str(), Vec::new())).collect();
    for finding in findings {
        suites.entry(&finding.overlay).or_default().push(finding);
    }
    let tests: usize = suites.values().map(|suite| suite.len().max(1)).sum();
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"usher validate\" tests=\"{tests}\" \
         failures=\"{}\" errors=\"0\">\n",
        failures(findings.iter())
    );
    for (overlay, findings) in &suites {
        let overlay = escaped(overlay);
        out.push_str(&format!(
            "  <testsuite name=\"{overlay}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"0\">\n",
            findings.len().max(1),
            failures(findings.iter().copied())
        ));
        if findings.is_empty() {
            out.push_str(&format!("    <testcase name=\"valid\" classname=\"{overlay}\"/>\n"));
        }
        findings.iter().for_each(|finding| out.push_str(&case(finding, &overlay)));
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn failures<'f>(findings: impl Iterator<Item = &'f Finding>) -> usize {
    findings.filter(|finding| finding.severity == Severity::Error).count()
}

fn case(finding: &Finding, overlay: &str) -> String {
    let Finding { line, column, severity, .. } = finding;
    let [code, file, message, object] =
        [&finding.code, &finding.file, &finding.message, &finding.object].map(|text| escaped(text));
    let about = if object.is_empty() { object } else { format!(" ({object})") };
    let said = format!("{file}:{line}:{column}: {}: {message}{about}", word(*severity));
    let inner = match severity {
        Severity::Error => {
            format!("<failure type=\"{code}\" message=\"{message}\">{said}</failure>")
        }
        Severity::Warning | Severity::Note => format!("<system-out>{said}</system-out>"),
    };
    format!(
        "    <testcase name=\"{code} {file}:{line}:{column}\" classname=\"{overlay}\" file=\"{file}\" \
         line=\"{line}\">\n      {inner}\n    </testcase>\n"
    )
}

/// Text for an element or an attribute. Some characters may not stand in XML, however they are written.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in inert::line(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => out.push(char::REPLACEMENT_CHARACTER),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alike::tests::{finding, report};

    #[test]
    fn an_overlay_is_a_suite_and_a_finding_a_case() {
        let (findings, overlays) = report();
        let printed = print(&findings, &overlays);
        let document = roxmltree::Document::parse(&printed).unwrap();
        let root = document.root_element();
        let number =
            |node: &roxmltree::Node<'_, '_>, name| node.attribute(name).unwrap().to_owned();
        assert_eq!((number(&root, "tests"), number(&root, "failures")), ("7".into(), "4".into()));
        let suites: Vec<_> = root.children().filter(roxmltree::Node::is_element).collect();
        let told: Vec<_> = suites
            .iter()
            .map(|suite| ["name", "tests", "failures"].map(|name| number(suite, name)).join(" "))
            .collect();
        assert_eq!(told, ["a 3 1", "b 1 1", "c 1 1", "d 1 1", "e 1 0"]);
        let failure = document.descendants().find(|node| node.has_tag_name("failure")).unwrap();
        assert_eq!(
            failure.attribute("message"),
            Some("there is no field replcias: 100% ⟨U+202E⟩<x> & \"y\"⟨U+0001⟩")
        );
        let outputs = document.descendants().filter(|node| node.has_tag_name("system-out"));
        assert_eq!(outputs.count(), 2);
    }

    #[test]
    fn whatever_stands_in_a_text_it_is_xml() {
        let all: String = (0..0x11_0000).step_by(0x7f).filter_map(char::from_u32).collect();
        let low: String = (0..0x100).filter_map(char::from_u32).collect();
        for text in [all, low, "\u{fffe}\u{ffff}]]>".to_owned()] {
            let mut hostile = finding(Severity::Error, 1, &text);
            (hostile.message, hostile.file, hostile.object) = (text.clone(), text.clone(), text);
            let printed = print(&[hostile], &[]);
            assert!(roxmltree::Document::parse(&printed).is_ok(), "{printed}");
        }
    }
}
