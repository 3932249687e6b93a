//! Knows how findings are printed as SARIF 2.1.0, which GitHub's code scanning and editors read.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use std::collections::HashMap;
use std::fmt::Write as _;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::domain::alike::{Alike, merged};
use crate::kubernetes::codes::{self, Code};
use crate::model::read::{Finding, Severity};

/// The project's own page, below which the codes are explained.
const PROJECT: &str = env!("CARGO_PKG_REPOSITORY");

/// The findings, as one run.
pub(super) fn print(findings: &[Finding]) -> String {
    let rules: Vec<Code> = codes::all().collect();
    let mut seen = HashMap::new();
    let results: Vec<Value> = merged(findings)
        .iter()
        .map(|alike| {
            let print = fingerprint(alike);
            let times = seen.entry(print.clone()).or_insert(0);
            *times += 1;
            result(alike, &rules, &format!("{print}:{times}"))
        })
        .collect();
    let report = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "usher",
                "informationUri": PROJECT,
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(rule).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{report:#}\n")
}

fn rule(code: &Code) -> Value {
    json!({
        "id": code.code,
        "shortDescription": { "text": code.finds },
        "helpUri": format!("{PROJECT}/blob/main/docs/rules.md#{}", code.code),
        "defaultConfiguration": {
            "enabled": code.severity.is_some(),
            "level": level(code.severity.unwrap_or(Severity::Warning)),
        },
    })
}

fn result(alike: &Alike<'_>, rules: &[Code], fingerprint: &str) -> Value {
    let Finding { code, severity, file, line, column, .. } = alike.first;
    let mut result = json!({
        "ruleId": code,
        "level": level(*severity),
        "message": { "text": alike.message() },
        "locations": [],
        "partialFingerprints": { "usher/v1": fingerprint },
        "properties": { "overlays": alike.overlays, "objects": alike.objects },
    });
    if let Some(index) = rules.iter().position(|rule| rule.code == *code) {
        result["ruleIndex"] = json!(index);
    }
    if !file.is_empty() {
        result["locations"] = json!([{ "physicalLocation": {
            "artifactLocation": artifact(file),
            "region": { "startLine": line.max(&1), "startColumn": column.max(&1) },
        } }]);
    }
    result
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// Tells a finding from others without its line, so that it stays the same one when lines are added above it.
fn fingerprint(alike: &Alike<'_>) -> String {
    let Finding { code, file, message, object, .. } = alike.first;
    let mut hash = Sha256::new();
    for part in [code, file, object, message] {
        hash.update(part);
        hash.update([0]);
    }
    hex::encode(hash.finalize()).chars().take(32).collect()
}

/// A file, from where the command was called on; what is far away from there has its whole path.
fn artifact(file: &str) -> Value {
    match file.starts_with('/') {
        true => json!({ "uri": format!("file://{}", uri(file)) }),
        false => json!({ "uri": uri(file), "uriBaseId": "%SRCROOT%" }),
    }
}

/// A path as a relative reference: what is no part of a path there is written as `%` and digits.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'~' => out.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alike::tests::{finding, report};

    fn read(findings: &[Finding]) -> Value {
        let mut report: Value = serde_json::from_str(&print(findings)).unwrap();
        assert_eq!(report["version"], "2.1.0");
        report["runs"][0].take()
    }

    #[test]
    fn each_result_has_its_rule_and_its_place() {
        let (findings, _) = report();
        let run = read(&findings);
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        assert_eq!(rules.len(), codes::all().count());
        assert!(rules.iter().all(|rule| rule["shortDescription"]["text"] != ""));
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), 3);
        for result in results {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
        }
        assert_eq!(
            results[2]["locations"][0]["physicalLocation"],
            json!({
                "artifactLocation": { "uri": "base/web%2C%201.yaml", "uriBaseId": "%SRCROOT%" },
                "region": { "startLine": 5, "startColumn": 9 },
            })
        );
        assert_eq!(
            (&results[2]["level"], &results[1]["level"], &results[0]["level"]),
            (&json!("error"), &json!("note"), &json!("warning"))
        );
        assert_eq!(results[2]["properties"]["overlays"], json!(["a", "b", "c", "d"]));
        assert_eq!(artifact("/a b"), json!({ "uri": "file:///a%20b" }));
        assert_eq!(read(&[])["results"], json!([]));
    }

    #[test]
    fn fingerprints_outlive_other_lines_and_are_told_apart() {
        let print = |lines: &[u32]| {
            let findings: Vec<Finding> =
                lines.iter().map(|line| finding(Severity::Error, *line, "a")).collect();
            let results = read(&findings)["results"].take();
            let results = results.as_array().unwrap().clone();
            results
                .iter()
                .map(|one| one["partialFingerprints"]["usher/v1"].clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(print(&[5]), print(&[50]));
        let both = print(&[5, 7]);
        assert_ne!(both[0], both[1]);
        assert_eq!(both, print(&[8, 12]));
    }
}
