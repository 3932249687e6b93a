//! Real repositories and Kustomize's own cases: every `images:` section can be edited and nothing else moves; what
//! Kustomize builds is rendered, byte for byte. The corpus lies beside the checkout, or where `USHER_SHARED` says.

use std::path::{Path, PathBuf};
use std::process::Command;

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

/// Has one of the corpus' own scripts score what `usher` does: all figures of its last line have to be full.
fn scored(script: &str, usher: &str) {
    let Some(shared) = shared() else { return };
    let Some(python) = ["python3", "/usr/bin/python3"].into_iter().find(|name| knows_yaml(name))
    else {
        println!("skipped: no python3 with yaml (Debian: python3-yaml)");
        return;
    };
    let scored = Command::new(python)
        .arg(shared.join("tools").join(script))
        .arg(format!("{} {usher}", env!("CARGO_BIN_EXE_usher")))
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
fn every_images_section_is_edited_and_nothing_else() {
    scored("score_images.py", "set-image {file} {edit}");
}

#[test]
fn every_case_is_rendered_as_kustomize_renders_it() {
    scored("score.py", "render {dir} {flags}");
}
