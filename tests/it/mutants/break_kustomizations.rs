//! Breaks kustomizations: what they name, how they name it, and what they generate from.

use std::ops::Range;

use usher::kustomize::files::reached;

use super::trees::Tree;
use super::{Mutant, Numbers};

/// Sections that are lists of paths.
const PATHS: [&str; 5] =
    ["resources", "bases", "components", "patchesStrategicMerge", "configurations"];
/// Sections whose entries have fields, and these fields.
const ENTRIES: [&str; 7] = [
    "configMapGenerator",
    "secretGenerator",
    "patches",
    "images",
    "replicas",
    "replacements",
    "labels",
];
const FIELDS: [&str; 15] = [
    "name", "files", "literals", "envs", "path", "patch", "newTag", "newName", "count", "target",
    "source", "targets", "pairs", "behavior", "options",
];

/// Mutants of the kustomizations of a tree.
pub fn mutants(tree: &Tree, numbers: &mut Numbers) -> Vec<Mutant> {
    let reached = reached(&tree.files, &tree.folder);
    let mut out = Vec::new();
    for file in reached.files.iter().filter(|file| file.to_lowercase().contains("kustomization")) {
        if let Some(text) = tree.text(file).filter(|text| text.is_ascii()) {
            let lines = text.lines().collect();
            let mut page =
                Page { file, lines, section: "", field: "", inline: None, out: Vec::new() };
            page.walk(numbers);
            out.append(&mut page.out);
        }
    }
    out
}

/// A kustomization, walked through line by line.
struct Page<'t> {
    file: &'t str,
    lines: Vec<&'t str>,
    /// The field of the kustomization that a line belongs to.
    section: &'t str,
    /// The field of an entry that it belongs to.
    field: &'t str,
    /// How far a text in the kustomization is indented less than its own lines.
    inline: Option<usize>,
    out: Vec<Mutant>,
}

impl<'t> Page<'t> {
    fn walk(&mut self, numbers: &mut Numbers) {
        for at in 0..self.lines.len() {
            let line = self.lines[at];
            let indent = line.len() - line.trim_start().len();
            if line.trim().is_empty() || line.trim_start().starts_with('#') {
                continue;
            }
            if line.starts_with(char::is_alphabetic) {
                if let Some((key, behind)) = line.split_once(':') {
                    (self.section, self.inline) = (key, None);
                    self.key(at, key, behind);
                }
            } else if self.inline.is_none_or(|block| indent <= block) {
                let begins = ["|", "|-", ">", ">-", "|+"].map(|sign| format!(": {sign}"));
                self.inline = begins.iter().any(|sign| line.ends_with(sign)).then_some(indent);
                self.item(at, line, numbers);
            }
        }
    }

    /// A field of the kustomization.
    fn key(&mut self, at: usize, key: &str, behind: &str) {
        let line = self.lines[at];
        if !["apiVersion", "kind", "metadata"].contains(&key) {
            self.put("misspelt field", at, &format!("{}q:{behind}", &key[..key.len() - 1]));
            self.twice("doubled key", at, line);
        }
        let is_below = |line: &&&str| !line.starts_with(char::is_alphabetic);
        let many = self.lines[at + 1..].iter().take_while(is_below).count();
        let below = &self.lines[at + 1..at + 1 + many];
        if behind.trim().is_empty() && below.iter().any(|line| line.contains("- ")) {
            let instead = vec![format!("{key}: nothing")];
            self.change("text for a list", at..at + 1 + many, instead, &[at]);
        }
    }

    /// An entry of a list, or a field of one.
    fn item(&mut self, at: usize, line: &'t str, numbers: &mut Numbers) {
        let (head, rest) = line.split_at(line.len() - line.trim_start().len());
        let (dash, item) = rest.strip_prefix("- ").map_or(("", rest), |item| ("- ", item));
        let item = item.trim();
        if PATHS.contains(&self.section) && !dash.is_empty() && !item.contains([':', '|', '#']) {
            self.put("missing file", at, &format!("{head}- no-{}", numbers.below(1000)));
        }
        if !ENTRIES.contains(&self.section) {
            return;
        }
        let field = item.split_once(':').filter(|(key, _)| FIELDS.contains(key));
        let Some((key, behind)) = field else {
            if self.field == "literals" && !dash.is_empty() && item.contains('=') {
                self.put("literal without value", at, &line.replace('=', " "));
                self.twice("doubled literal", at, line);
            }
            return;
        };
        self.field = key;
        self.put("misspelt field", at, &format!("{head}{dash}{key}q:{behind}"));
        match (self.section, key) {
            (_, "count") => self.put("text for a number", at, &format!("{head}{dash}{key}: many")),
            ("patches", "path") => {
                self.put("missing file", at, &format!("{head}{dash}path: no-such.yaml"));
            }
            _ => {}
        }
    }

    fn put(&mut self, kind: &'static str, at: usize, instead: &str) {
        self.change(kind, at..at + 1, vec![instead.to_owned()], &[at]);
    }

    fn twice(&mut self, kind: &'static str, at: usize, line: &str) {
        self.change(kind, at..at + 1, vec![line.to_owned(), line.to_owned()], &[at, at + 1]);
    }

    fn change(
        &mut self,
        kind: &'static str,
        at: Range<usize>,
        instead: Vec<String>,
        right: &[usize],
    ) {
        let (role, file) = ("kustomization", self.file);
        self.out.push(Mutant::new((kind, role, file), &self.lines, at, instead, right));
    }
}
