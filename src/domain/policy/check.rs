//! Holds a YAML tree against the table of keys: what fits becomes a [`Value`], what does not a problem.
//!
//! It judges each place by itself; how places bear on each other is checked in [`super::refer`].

mod checked;
mod words;

use std::collections::{HashMap, HashSet};

pub(super) use checked::{Content, Named, Place, Value};

use words::{found, remedy, unknown};

use super::problem::{Note, Problem, nearest};
use super::shape::{Enforced, Format, Key, List, Map, Names, Shape, alternatives, shown};
use super::value::{Complaint, quoted};
use crate::kustomize::yaml::{Node, Scalar};
use crate::model::ids::RepoName;

/// More values than any configuration has; aliases count each time, and what is dear to check counts more.
const MOST_WEIGHT: usize = 100_000;
/// Longer texts are no names, globs or expressions that a person writes.
const LONGEST_TEXT: usize = 2_000;
/// After so many problems nobody reads on.
const MOST_PROBLEMS: usize = 200;

/// What has been found so far.
#[derive(Debug)]
pub(super) struct Findings<'h> {
    home: &'h RepoName,
    problems: Vec<Problem>,
    notes: Vec<Note>,
    weight: usize,
    overweight: bool,
    /// Keys that are absent only because they are misspelt.
    meant: HashSet<String>,
}

impl<'h> Findings<'h> {
    pub(super) fn new(home: &'h RepoName) -> Self {
        Self {
            home,
            problems: Vec::new(),
            notes: Vec::new(),
            weight: 0,
            overweight: false,
            meant: HashSet::new(),
        }
    }

    pub(super) fn problem(&mut self, place: &Place, complaint: Complaint) {
        if !self.is_full() {
            self.problems.push(Problem {
                line: place.line,
                column: place.column,
                path: place.path.clone(),
                message: complaint.message,
                help: complaint.help,
            });
        }
    }

    fn is_full(&self) -> bool {
        self.problems.len() >= MOST_PROBLEMS
    }

    /// Whether nothing has been said about a path and what is below it.
    pub(super) fn is_silent_about(&self, path: &str) -> bool {
        let below = |problem: &Problem| {
            let rest = problem.path.strip_prefix(path);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        !self.meant.contains(path) && !self.problems.iter().any(below)
    }

    /// All problems from top to bottom; the notes if there is none.
    pub(super) fn finish(mut self) -> Result<Vec<Note>, Vec<Problem>> {
        if self.problems.is_empty() {
            return Ok(self.notes);
        }
        self.problems.sort();
        self.problems.dedup();
        Err(self.problems)
    }

    fn expected(&mut self, node: Node<'_>, shape: &Shape, place: &Place) {
        let message = format!("expected {}, found {}", shape.one(), found(node));
        let help = remedy(node, shape, self.home);
        self.problem(place, Complaint { message, help });
    }

    /// Holds a node against a shape. `None` where it does not fit, which has been said then.
    pub(super) fn check<'a>(
        &mut self,
        node: Node<'a>,
        shape: &Shape,
        place: Place,
    ) -> Option<Value<'a>> {
        if self.is_full() {
            return None;
        }
        self.weight += match shape {
            Shape::Text(format) => format.weight,
            Shape::Either(_) => 0,
            _ => 1,
        };
        if self.weight > MOST_WEIGHT {
            if !std::mem::replace(&mut self.overweight, true) {
                let message = "the configuration is too large to go on from here";
                let help = "there are more values, or more expressions, than any real one has";
                self.problem(&place, Complaint::new(message, help));
            }
            return None;
        }
        let content = match shape {
            Shape::Text(format) => self.text(node, format, &place).map(Content::Text),
            Shape::Choice(words) => self.choice(node, words, &place).map(Content::Text),
            Shape::List(list) if node.is_sequence() => Some(self.list(node, list, &place)),
            Shape::Map(map) if node.is_mapping() => Some(self.map(node, map, &place)),
            Shape::Names(names) if node.is_mapping() => Some(self.names(node, names, &place)),
            Shape::Either(shapes) => {
                // what cannot be any of them is told all of them
                let fitting = shapes.iter().find(|shape| same_kind(node, shape));
                let Some(fitting) = fitting else {
                    self.expected(node, shape, &place);
                    return None;
                };
                return self.check(node, fitting, place);
            }
            _ => {
                let plain = plain(node, shape);
                if plain.is_none() {
                    self.expected(node, shape, &place);
                }
                plain
            }
        };
        content.map(|content| Value { place, content })
    }

    fn text<'a>(
        &mut self,
        node: Node<'a>,
        format: &'static Format,
        place: &Place,
    ) -> Option<&'a str> {
        let shape = Shape::Text(format);
        let Some(text) = node.as_str().filter(|_| !node.is_null()) else {
            self.expected(node, &shape, place);
            return None;
        };
        if text.len() > LONGEST_TEXT {
            let message = format!("the text is longer than {LONGEST_TEXT} characters");
            self.problem(place, Complaint::bare(message));
            return None;
        }
        if let Err(complaint) = (format.check)(text, self.home) {
            self.problem(place, complaint);
            return None;
        }
        if !is_text(node) {
            self.expected(node, &shape, place);
            return None;
        }
        Some(text)
    }

    fn choice<'a>(
        &mut self,
        node: Node<'a>,
        words: &'static [&'static str],
        place: &Place,
    ) -> Option<&'a str> {
        let text = node.as_str().filter(|_| is_text(node));
        let Some(text) = text else {
            self.expected(node, &Shape::Choice(words), place);
            return None;
        };
        if words.contains(&text) {
            return Some(text);
        }
        let help = match nearest(text, words.iter().copied()) {
            Some(word) => format!("did you mean `{}`?", shown(word)),
            None => {
                let words = words.iter().map(|word| format!("`{}`", shown(word)));
                format!("write {}", alternatives(words))
            }
        };
        self.problem(place, Complaint::new(format!("{} is not known here", quoted(text)), help));
        None
    }

    fn list<'a>(&mut self, node: Node<'a>, list: &'static List, place: &Place) -> Content<'a> {
        let count = node.items().len();
        if count < list.least {
            let help = format!("write at least one, such as {}", Shape::List(list).example());
            self.problem(place, Complaint::new("the list is empty", help));
        }
        self.most(count, list.most, place);
        let items = node.items().take(list.most).enumerate();
        Content::List(
            items
                .filter_map(|(index, item)| {
                    let path = format!("{}[{index}]", place.path);
                    self.check(item, &list.of, at(item, path))
                })
                .collect(),
        )
    }

    fn names<'a>(&mut self, node: Node<'a>, names: &'static Names, place: &Place) -> Content<'a> {
        if node.entries().len() == 0 {
            let help = format!("leave the key out, or write {}", Shape::Names(names).example());
            self.problem(place, Complaint::new("the map is empty", help));
        }
        self.most(node.entries().len(), names.most, place);
        let mut entries = Vec::new();
        for (key, value) in self.distinct(node, place).into_iter().take(names.most) {
            let path = join(&place.path, key.as_str().unwrap_or_default());
            let name = self.text(key, names.name, &at(key, path.clone()));
            let value = self.check(value, &names.of, at_or(value, key, path.clone()));
            if let (Some(name), Some(value)) = (name, value) {
                entries.push(Named { name, place: at(key, path), value });
            }
        }
        Content::Names(entries)
    }

    fn map<'a>(&mut self, node: Node<'a>, map: &'static Map, place: &Place) -> Content<'a> {
        let mut entries = Vec::new();
        let mut seen = Vec::new();
        for (name, value) in self.distinct(node, place) {
            if self.is_full() {
                break;
            }
            let text = name.as_str().unwrap_or_default();
            let path = join(&place.path, text);
            let Some(key) = map.key(text) else {
                let near = nearest(text, map.keys.iter().map(|key| key.name));
                self.problem(&at(name, path), unknown(text, near, map));
                self.meant.extend(near.map(|near| join(&place.path, near)));
                continue;
            };
            seen.push(key.name);
            let before = self.problems.len();
            if let Some(value) = self.check(value, &key.shape, at_or(value, name, path.clone())) {
                if self.problems.len() == before && !is_enforced(key, &value) {
                    let message =
                        format!("{} is checked but not enforced by this version", of_note(&path));
                    let (line, column) = (name.line(), name.column());
                    self.notes.push(Note { line, column, path, message });
                }
                entries.push((key.name, value));
            }
        }
        for key in map.keys.iter().filter(|key| key.required && !seen.contains(&key.name)) {
            if self.meant.contains(&join(&place.path, key.name)) {
                continue;
            }
            let help = format!("add `{}: {}`", key.name, key.shape.example());
            let message = format!("{} needs the key `{}`", map.one, key.name);
            self.problem(place, Complaint::new(message, help));
        }
        Content::Map(map, entries)
    }

    /// The entries of a mapping; what stands twice, is no text, or merges is said and left out.
    fn distinct<'a>(&mut self, node: Node<'a>, place: &Place) -> Vec<(Node<'a>, Node<'a>)> {
        let mut first = HashMap::new();
        let mut entries = Vec::new();
        for (key, value) in node.entries() {
            let Some(name) = key.as_str() else {
                let message = format!("expected a key, found {}", found(key));
                self.problem(&at(key, place.path.clone()), Complaint::bare(message));
                continue;
            };
            let here = at(key, join(&place.path, name));
            if key.is_merge() {
                let help = "write the keys out, or use an alias (`*name`) for the whole value";
                self.problem(&here, Complaint::new("merge keys (`<<`) are not read", help));
            } else if let Some(line) = first.insert(name, key.line()) {
                let message =
                    format!("the key {} stands twice, first on line {line}", quoted(name));
                self.problem(&here, Complaint::new(message, "keep one of them"));
            } else {
                entries.push((key, value));
            }
        }
        entries
    }

    fn most(&mut self, count: usize, most: usize, place: &Place) {
        if count > most {
            let message = format!("{count} are too many: at most {most} can stand here");
            self.problem(place, Complaint::bare(message));
        }
    }
}

/// Where a node stands.
pub(super) fn at(node: Node<'_>, path: String) -> Place {
    Place { line: node.line(), column: node.column(), path }
}

/// Where a node stands; where nothing is written, its key.
fn at_or(node: Node<'_>, key: Node<'_>, path: String) -> Place {
    at(if node.span().is_empty() { key } else { node }, path)
}

fn join(path: &str, name: &str) -> String {
    let shown: String = name.chars().take(60).collect();
    match path {
        "" => shown,
        path => format!("{path}.{shown}"),
    }
}

/// Environments are told apart by line; within one its own keys say enough.
fn of_note(path: &str) -> &str {
    path.rsplit_once("].").map_or(path, |(_, rest)| rest)
}

fn is_enforced(key: &Key, value: &Value<'_>) -> bool {
    let written = match &value.content {
        Content::Text(text) => (*text).to_owned(),
        Content::Bool(truth) => truth.to_string(),
        Content::Count(count) => count.to_string(),
        Content::List(items) if items.is_empty() => "[]".to_owned(),
        _ => return key.enforced == Enforced::Now,
    };
    match key.enforced {
        Enforced::Now => true,
        Enforced::For(values) => values.contains(&written.as_str()),
        Enforced::Later => key.default == Some(shown(&written)),
    }
}

/// Whether a plain scalar, or one in quotes, is a text to every reader; dates are, as they are written.
fn is_text(node: Node<'_>) -> bool {
    matches!(node.resolve(), Some(Scalar::String | Scalar::Timestamp | Scalar::Merge))
}

fn plain<'a>(node: Node<'a>, shape: &Shape) -> Option<Content<'a>> {
    match (shape, node.resolve()?) {
        (Shape::Bool, Scalar::Bool(truth)) => Some(Content::Bool(truth)),
        (Shape::Count(least, most), Scalar::Int(int)) => {
            let count = u64::try_from(int).ok()?;
            (*least..=*most).contains(&count).then_some(Content::Count(count))
        }
        (Shape::Number, Scalar::Int(int)) => Some(Content::Number(int as f64)),
        (Shape::Number, Scalar::Float(number)) if number.is_finite() => {
            Some(Content::Number(number))
        }
        _ => None,
    }
}

/// Whether the way a node is written says that this shape is meant.
fn same_kind(node: Node<'_>, shape: &Shape) -> bool {
    match shape {
        Shape::List(_) => node.is_sequence(),
        Shape::Map(_) | Shape::Names(_) => node.is_mapping(),
        _ => !node.is_sequence() && !node.is_mapping() && !node.is_null(),
    }
}
