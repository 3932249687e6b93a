//! README and code say the same: keys, settings, commands, permissions, events.
//!
//! `USHER_UPDATE_README=1` writes the reference of the configuration anew.

use std::collections::BTreeSet;
use std::process::Command;

use usher::domain::policy;

const BEGIN: &str = "<!-- configuration -->\n";
const END: &str = "<!-- /configuration -->";

fn read(path: &str) -> String {
    std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn the_reference_of_the_configuration_is_the_codes() {
    let readme = read("README.md");
    let (before, rest) = readme.split_once(BEGIN).unwrap();
    let (reference, after) = rest.split_once(END).unwrap();
    let wanted = format!("\n{}\n", policy::markdown().trim_end());
    if std::env::var("USHER_UPDATE_README").is_ok() {
        let path = format!("{}/README.md", env!("CARGO_MANIFEST_DIR"));
        std::fs::write(path, format!("{before}{BEGIN}{wanted}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(reference, wanted, "run with USHER_UPDATE_README=1");
}

/// The `USHER_…` names in a text.
fn settings(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices("USHER_") {
        let name: String =
            text[at..].chars().take_while(|c| c.is_ascii_uppercase() || *c == '_').collect();
        if name.len() > "USHER_".len() {
            found.insert(name);
        }
    }
    found
}

#[test]
fn every_setting_is_in_the_readme_and_none_besides() {
    let table: String = read("README.md").lines().filter(|line| line.starts_with('|')).collect();
    assert_eq!(settings(&table), settings(&read("src/settings.rs")));
    let readme = read("README.md");
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `USHER_")?.split_once('`'));
    let names: Vec<_> = rows.map(|(name, _)| name).collect();
    let each: BTreeSet<_> = names.iter().collect();
    assert_eq!(names.len(), each.len(), "one row each: {names:?}");
}

#[test]
fn every_gate_is_in_the_docs() {
    let docs = read("docs/gates.md");
    let folder = format!("{}/src/domain/gates", env!("CARGO_MANIFEST_DIR"));
    let mut gates = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        // The file of a gate begins with its name.
        if let Some((name, _)) = text.strip_prefix("//! `").and_then(|rest| rest.split_once('`')) {
            assert!(docs.contains(&format!("\n## {name}\n")), "{name}");
            gates.insert(name.to_owned());
        }
    }
    assert!(gates.len() >= 20, "{gates:?}");
}

#[test]
fn the_versions_of_kubernetes_are_those_that_are_built_in() {
    let all: Vec<_> = usher::kubernetes::version::Version::all().collect();
    let told = format!("Versions {} to {} are built in", all[0], all[all.len() - 1]);
    assert!(read("README.md").contains(&told), "{told}");
}

#[test]
fn every_command_is_in_the_readme_and_none_besides() {
    let help = Command::new(env!("CARGO_BIN_EXE_usher")).arg("--help").output().unwrap().stdout;
    let help = String::from_utf8(help).unwrap();
    let section = help.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let commands: BTreeSet<_> = section
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help")
        .map(|command| format!("usher {command}"))
        .collect();
    let readme = read("README.md");
    let told: BTreeSet<_> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| `usher ")?.split('`').next())
        .filter(|rest| !rest.contains('/'))
        .map(|command| format!("usher {command}"))
        .collect();
    assert_eq!(told, commands);
}

#[test]
fn the_commands_of_comments_are_the_codes() {
    let readme = read("README.md");
    let told: Vec<&str> = readme.lines().filter(|line| line.starts_with("| `/")).collect();
    let wanted: Vec<String> = usher::domain::reply::overview::commands()
        .iter()
        .map(|usage| format!("| `{}` | {} | {} |", usage.line, usage.who, usage.what))
        .collect();
    assert_eq!(told, wanted);
}

#[test]
fn permissions_and_events_are_the_codes() {
    let readme = read("README.md");
    let told: BTreeSet<_> = readme
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("| `")?.split_once('`'))
        .filter_map(|(permission, _)| permission.split_once(": "))
        .filter(|(_, level)| matches!(*level, "read" | "write" | "admin"))
        .map(|(name, level)| (name.to_owned(), level.to_owned()))
        .collect();
    let code: BTreeSet<_> = usher::github::PERMISSIONS
        .iter()
        .map(|(name, level)| ((*name).to_owned(), (*level).to_owned()))
        .collect();
    assert_eq!(told, code);
    let events: Vec<_> = usher::intent::EVENTS.iter().map(|event| format!("`{event}`")).collect();
    assert!(readme.contains(&format!("Events: {}.", events.join(", "))), "{events:?}");
}

#[test]
fn the_two_commands_are_there() {
    let readme = read("README.md");
    assert!(readme.contains("cargo run --release -- sandbox\n"));
    assert!(readme.contains("./scripts/test\n"));
}
