//! The fixtures of configurations against what is expected of them, and hostile files.

#![expect(clippy::disallowed_methods, reason = "fixtures are files")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::*;

fn home() -> RepoName {
    RepoName::new("acme/microservices-demo").unwrap()
}

fn fixtures(kind: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/policies")
        .join(kind);
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yml"));
    files.sort();
    assert!(!files.is_empty());
    files
}

fn said(result: &Result<Policy, Vec<Problem>>) -> String {
    let mut text = String::new();
    match result {
        Ok(policy) => {
            for note in policy.notes() {
                writeln!(
                    text,
                    "{}:{} {}: {}",
                    note.line, note.column, note.path, note.message
                )
                .unwrap();
            }
        }
        Err(problems) => {
            for problem in problems {
                let Problem {
                    line,
                    column,
                    path,
                    message,
                    help,
                } = problem;
                let help = help.as_deref().unwrap_or("-");
                writeln!(text, "{line}:{column} {path}: {message}\n    {help}").unwrap();
            }
        }
    }
    text
}

#[test]
fn fixtures_get_what_stands_beside_them() {
    let mut wrong = Vec::new();
    for kind in ["ok", "bad"] {
        for file in fixtures(kind) {
            let result = Policy::parse(&std::fs::read(&file).unwrap(), &home());
            assert_eq!(
                result.is_ok(),
                kind == "ok",
                "{}:\n{}",
                file.display(),
                said(&result)
            );
            let beside = file.with_extension("expected");
            let expected = std::fs::read_to_string(&beside).unwrap_or_default();
            if said(&result) != expected {
                wrong.push(format!(
                    "{} should be:\n{}",
                    beside.display(),
                    said(&result)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
