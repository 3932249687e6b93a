//! Knows how to make values of a parsed document: aliases written out, `<<` merged, meanings settled.
//!
//! It knows nothing of objects. The parser has bounded how much aliases can multiply.

use std::collections::HashSet;

use super::{Content, Key, Map, Scalar, ScalarKind, Value};
use crate::kustomize::problem::{Place, Problem};
use crate::kustomize::yaml::{self, Kind, Node, Style};

/// As many keys are compared one by one.
const FEW: usize = 16;

/// The value of a node of an object, in file number `file`.
pub fn read(node: Node<'_>, file: u32) -> Result<Value, Problem> {
    Reader { file, config: false, flow: false }.value(node)
}

/// The value of a node of a configuration: to Kustomize `yes` and `off` are booleans there, as in YAML 1.1, and of the
/// same key twice the last one counts.
pub fn read_config(node: Node<'_>, file: u32) -> Result<Value, Problem> {
    Reader { file, config: true, flow: false }.value(node)
}

#[derive(Clone, Copy)]
struct Reader {
    file: u32,
    config: bool,
    /// Whether it stands in brackets.
    flow: bool,
}

impl Reader {
    fn place(self, node: Node<'_>) -> Place {
        Place { file: self.file, line: node.line(), column: node.column() }
    }

    fn value(self, node: Node<'_>) -> Result<Value, Problem> {
        let target = node.target();
        let within = Self { flow: self.flow || target.style() == Style::Flow, ..self };
        let content = match target.kind() {
            Kind::Scalar | Kind::Alias => Content::Scalar(self.scalar(target)),
            Kind::Sequence => Content::List(
                target.items().map(|item| within.value(item)).collect::<Result<_, _>>()?,
            ),
            Kind::Mapping => Content::Map(within.map(target)?),
        };
        Ok(Value { content, place: self.place(node) })
    }

    fn scalar(self, node: Node<'_>) -> Scalar {
        let text = node.as_str().unwrap_or_default();
        if self.config && node.style() == Style::Plain && node.tag().is_none() {
            match text {
                "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => {
                    return Scalar { kind: ScalarKind::Bool, ..Scalar::tagged("true") };
                }
                "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
                    return Scalar { kind: ScalarKind::Bool, ..Scalar::tagged("false") };
                }
                _ => {}
            }
        }
        let kind = match node.resolve().unwrap_or(yaml::Scalar::String) {
            yaml::Scalar::Null => ScalarKind::Null,
            yaml::Scalar::Bool(_) => ScalarKind::Bool,
            yaml::Scalar::Int(_) => ScalarKind::Int,
            yaml::Scalar::Float(_) => ScalarKind::Float,
            yaml::Scalar::Timestamp => ScalarKind::Timestamp,
            yaml::Scalar::Merge | yaml::Scalar::String => match node.tag() {
                Some("tag:yaml.org,2002:binary") => ScalarKind::Binary,
                _ => ScalarKind::String,
            },
        };
        Scalar {
            text: node.as_text().unwrap_or_default(),
            kind,
            // A block that begins with a tab is as those that Kustomize makes itself: it cannot be printed.
            quoted: node.style() != Style::Plain
                && !(node.style() == Style::Literal && text.starts_with('\t')),
            folded: match kind {
                // go-yaml v3 puts quotes around the empty text there, and Kustomize reads that again.
                ScalarKind::Null => self.flow && text.is_empty(),
                _ => node.style() == Style::Folded,
            },
            untagged: false,
            node: 0,
        }
    }

    fn map(self, node: Node<'_>) -> Result<Map, Problem> {
        let mut seen = HashSet::new();
        let mut merged = Vec::new();
        let entries = node.entries();
        let mut own = Vec::with_capacity(entries.len());
        for (key, value) in node.entries() {
            if key.is_merge() {
                merged.push((key, value));
                continue;
            }
            if key.target().kind() != Kind::Scalar {
                return Err(Problem::new("a key has to be a text", self.place(key)));
            }
            let Scalar { text, kind, .. } = self.scalar(key.target());
            if &*text == "<<" && !self.config {
                // Kustomize drops it, in quotes too.
                continue;
            }
            // Most mappings have so few keys that looking at all is faster.
            let again = if entries.len() <= FEW {
                own.iter().any(|(known, _): &(Key, Value)| known.text == text)
            } else {
                !seen.insert(text.clone())
            };
            if again && !self.config {
                return Err(Problem::new(
                    format!("the key {text:?} stands twice"),
                    self.place(key),
                ));
            }
            own.push((Key { text, kind, place: self.place(key) }, self.value(value)?));
        }
        match merged.as_slice() {
            [] if self.config => Ok(Map::from_entries(own)),
            [] => {
                let mut map = Map::default();
                own.into_iter().for_each(|(key, value)| map.push(key, value));
                Ok(map)
            }
            [(_, from)] => {
                let mut sources = Vec::new();
                self.merge_sources(from.target(), &mut sources)?;
                // The first of several wins, and what is written here wins over all.
                let merged = sources.into_iter().rev().flat_map(Map::into_entries);
                Ok(Map::from_entries(merged.chain(own)))
            }
            [_, (again, _), ..] => Err(Problem::new("the key << stands twice", self.place(*again))),
        }
    }

    fn merge_sources(self, from: Node<'_>, out: &mut Vec<Map>) -> Result<(), Problem> {
        match from.kind() {
            Kind::Mapping => out.push(self.map(from)?),
            Kind::Sequence => {
                for item in from.items() {
                    if item.target().kind() != Kind::Mapping {
                        return Err(self.not_mergeable(item));
                    }
                    self.merge_sources(item.target(), out)?;
                }
            }
            Kind::Scalar | Kind::Alias => return Err(self.not_mergeable(from)),
        }
        Ok(())
    }

    fn not_mergeable(self, node: Node<'_>) -> Problem {
        Problem::new("<< wants a mapping, or a list of mappings", self.place(node))
    }
}
