//! Holds the house rules by reading the tree: who may import whom, and what no file may contain.
//! Knows nothing of what the code does, nor how a rule is judged.
#![expect(clippy::disallowed_methods, reason = "it reads the sources themselves")]

mod manifest;
mod rules;
mod tokens;

use std::path::{Path, PathBuf};

use manifest::check_manifest;
use rules::{check_fixtures, check_layers, check_paths, check_shape, check_words};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder of the project, by its name from the root; without what is built.
fn files_below(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(next) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&next) else {
            continue;
        };
        let mut children: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        children.sort();
        for child in children {
            let name = child.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let built = matches!(name.as_str(), ".git" | "target" | "node_modules")
                || child.join("CACHEDIR.TAG").exists();
            if child.is_dir() && !built {
                open.push(child);
            } else if child.is_file() && name != ".git" {
                let inside = child.strip_prefix(root()).unwrap_or(&child);
                found.push(inside.to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

/// The text of a file, unless it is not text.
fn read(file: &str) -> Option<String> {
    std::fs::read_to_string(root().join(file)).ok()
}

fn rust_files(folders: &[&str]) -> Vec<(String, String)> {
    let files = folders.iter().flat_map(|folder| files_below(folder));
    let sources = files.filter(|file| file.ends_with(".rs"));
    sources.filter_map(|file| read(&file).map(|text| (file, text))).collect()
}

fn hold(offences: &[String]) {
    assert!(offences.is_empty(), "{} offences:\n{}", offences.len(), offences.join("\n"));
}

const SOURCES: &[&str] = &["src", "tests", "benches", "fuzz"];

#[test]
fn arrows_point_down_only() {
    let files = rust_files(&["src"]);
    assert!(files.len() > 20, "the sources were not found");
    hold(&files.iter().flat_map(|(file, text)| check_layers(file, text)).collect::<Vec<_>>());
}

#[test]
fn nothing_is_left_undone_or_hidden() {
    hold(
        &rust_files(SOURCES)
            .iter()
            .flat_map(|(file, text)| check_words(file, text))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn every_file_says_what_it_knows_and_is_short() {
    hold(
        &rust_files(SOURCES)
            .iter()
            .flat_map(|(file, text)| check_shape(file, text))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    let files = files_below(".");
    let texts = files.iter().filter_map(|file| Some((file, read(file)?)));
    hold(&texts.flat_map(|(file, text)| check_paths(file, &text)).collect::<Vec<_>>());
}

#[test]
fn every_folder_of_fixtures_is_used() {
    let folders = files_below("fixtures")
        .iter()
        .filter_map(|file| Some(file.strip_prefix("fixtures/")?.split_once('/')?.0.to_owned()))
        .collect();
    let sources: Vec<String> = rust_files(SOURCES).into_iter().map(|(_, text)| text).collect();
    hold(&check_fixtures(&folders, &sources));
}

#[test]
fn the_manifest_is_what_the_code_calls() {
    let text = read("app-manifest.yml").unwrap();
    hold(&check_manifest(&text, usher::github::PERMISSIONS, usher::intent::EVENTS));
}
