//! Real repositories: every `images:` section can be edited and nothing else moves; what Kustomize builds is
//! reached without a finding. The corpus lies beside the checkout, or where `USHER_SHARED` says.

use std::path::{Path, PathBuf};
use std::process::Command;

use usher::disk::Disk;
use usher::kustomize::reach::reach;
use usher::model::read::Severity;

fn shared() -> Option<PathBuf> {
    let folder = std::env::var("USHER_SHARED")
        .map_or_else(|_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let there = folder.join("corpus").is_dir();
    if !there {
        println!("skipped: no corpus in {}", folder.display());
    }
    there.then_some(folder)
}

fn knows_yaml(python: &str) -> bool {
    let tried = Command::new(python).args(["-c", "import yaml"]).output();
    tried.is_ok_and(|output| output.status.success())
}

#[test]
fn every_images_section_is_edited_and_nothing_else() {
    let Some(shared) = shared() else { return };
    let Some(python) = ["python3", "/usr/bin/python3"].into_iter().find(|name| knows_yaml(name))
    else {
        println!("skipped: no python3 with yaml (Debian: python3-yaml)");
        return;
    };
    let scored = Command::new(python)
        .arg(shared.join("tools/score_images.py"))
        .arg(format!("{} set-image {{file}} {{edit}}", env!("CARGO_BIN_EXE_usher")))
        .arg(shared.join("corpus"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&scored.stdout);
    let score = text.lines().last().unwrap_or_default();
    let figures: Vec<&str> = score.split([' ', ',']).filter(|word| word.contains('/')).collect();
    assert_eq!(figures.len(), 2, "{text}{}", String::from_utf8_lossy(&scored.stderr));
    for figure in figures {
        let (right, all) = figure.split_once('/').unwrap();
        assert!(right == all && all != "0", "{text}");
    }
}

#[test]
fn what_kustomize_builds_is_reached_without_an_error() {
    let Some(shared) = shared() else { return };
    let (mut looked, mut wrong) = (0, Vec::new());
    for case in std::fs::read_dir(shared.join("corpus/trees")).unwrap() {
        let folder = case.unwrap().path();
        let Ok(case) = std::fs::read(folder.join("case.json")) else { continue };
        let case: serde_json::Value = serde_json::from_slice(&case).unwrap();
        if case["error"] != false || case["load_restrictor_none"] == true {
            continue;
        }
        let disk = Disk::open(&folder.join("input")).unwrap();
        let root = case["dir"].as_str().unwrap().trim_start_matches('.').trim_start_matches('/');
        let found = reach(&disk, root);
        let errors = found.findings.iter().filter(|finding| finding.severity == Severity::Error);
        wrong.extend(errors.map(|finding| format!("{}: {finding:?}", folder.display())));
        looked += 1;
    }
    assert!(looked > 300, "{looked}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
