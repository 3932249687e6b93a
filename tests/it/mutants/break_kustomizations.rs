//! Breaks kustomizations, and the files that they generate from.

use usher::kustomize::files::reached;

use super::trees::Tree;
use super::{Mutant, Numbers};

/// Mutants of the kustomizations of a tree, and of what they generate from.
pub fn mutants(tree: &Tree, numbers: &mut Numbers) -> Vec<Mutant> {
    let reached = reached(&tree.files, &tree.folder);
    let mut out = Vec::new();
    for file in reached.files.iter().filter(|file| file.to_lowercase().contains("kustomization")) {
        let Some(text) = tree.text(file).filter(|text| text.is_ascii()) else { continue };
        let lines: Vec<&str> = text.lines().collect();
        let mut section = "";
        let mut inline: Option<usize> = None;
        for (at, line) in lines.iter().enumerate() {
            if line.trim().is_empty() || line.trim_start().starts_with('#') {
                continue;
            }
            let mut put = |kind, lines_at: Vec<usize>, instead: Vec<String>| {
                out.push(changed(kind, file, &lines, at..at + 1, instead, &lines_at));
            };
            if let Some((key, behind)) =
                line.split_once(':').filter(|_| line.starts_with(char::is_alphabetic))
            {
                section = key;
                if !["apiVersion", "kind", "metadata"].contains(&key) {
                    put(
                        "misspelt field",
                        vec![at],
                        vec![format!("{}q:{behind}", &key[..key.len() - 1])],
                    );
                    put(
                        "doubled key",
                        vec![at, at + 1],
                        vec![(*line).to_owned(), (*line).to_owned()],
                    );
                }
                let below = |line: &&&str| !line.starts_with(char::is_alphabetic);
                let many = lines[at + 1..].iter().take_while(below).count();
                if behind.trim().is_empty()
                    && lines[at + 1..].iter().take(many).any(|line| line.contains("- "))
                {
                    out.push(changed(
                        "text for a list",
                        file,
                        &lines,
                        at..at + 1 + many,
                        vec![format!("{key}: nothing")],
                        &[at],
                    ));
                }
                continue;
            }
            let indent = line.len() - line.trim_start().len();
            if inline.is_some_and(|block| indent > block) {
                continue;
            }
            let is_block = ["|", "|-", ">", ">-", "|+"]
                .iter()
                .any(|sign| line.ends_with(&format!(": {sign}")));
            inline = is_block.then_some(indent);
            let item = line.trim_start().strip_prefix("- ").unwrap_or(line).trim();
            match section {
                "resources"
                | "bases"
                | "components"
                | "patchesStrategicMerge"
                | "configurations"
                    if line.trim_start().starts_with("- ") && !item.contains([':', '|', '#']) =>
                {
                    let head = &line[..line.len() - line.trim_start().len()];
                    put(
                        "missing file",
                        vec![at],
                        vec![format!("{head}- no-{}", numbers.below(1000))],
                    );
                }
                "configMapGenerator" | "secretGenerator" | "patches" | "images" | "replicas"
                | "replacements" | "labels" => {
                    if let Some((key, behind)) = item.split_once(':').filter(|(key, _)| {
                        [
                            "name", "files", "literals", "envs", "path", "patch", "newTag",
                            "newName", "count", "target", "source", "targets", "pairs", "behavior",
                            "options",
                        ]
                        .contains(key)
                    }) {
                        let head = &line[..line.len() - line.trim_start().len()];
                        let dash = if line.trim_start().starts_with("- ") { "- " } else { "" };
                        put(
                            "misspelt field",
                            vec![at],
                            vec![format!("{head}{dash}{key}q:{behind}")],
                        );
                        if key == "count" {
                            put(
                                "text for a number",
                                vec![at],
                                vec![format!("{head}{dash}{key}: many")],
                            );
                        }
                        if key == "path" && section == "patches" {
                            put(
                                "missing file",
                                vec![at],
                                vec![format!("{head}{dash}path: no-such.yaml")],
                            );
                        }
                    }
                }
                _ => {}
            }
        }
    }
    out
}

fn changed(
    kind: &'static str,
    file: &str,
    lines: &[&str],
    at: std::ops::Range<usize>,
    instead: Vec<String>,
    right: &[usize],
) -> Mutant {
    let before = lines[..at.start].iter().map(|line| (*line).to_owned());
    let after = lines[at.end..].iter().map(|line| (*line).to_owned());
    let all: Vec<String> = before.chain(instead).chain(after).collect();
    Mutant {
        kind,
        role: "kustomization",
        file: file.to_owned(),
        lines: right.iter().map(|line| *line as u32 + 1).collect(),
        text: all.join("\n") + "\n",
    }
}
