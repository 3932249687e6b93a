//! Knows how to make values of a parsed document: aliases written out, `<<` merged, meanings settled.
//!
//! It knows nothing of objects. The parser has bounded how much aliases can multiply.

use std::collections::HashSet;

use super::{Content, Key, Map, Scalar, ScalarKind, Value};
use crate::kustomize::problem::{Place, Problem};
use crate::kustomize::yaml::{self, Kind, Node};

/// The value of a node of file number `file`.
pub fn read(node: Node<'_>, file: u32) -> Result<Value, Problem> {
    let place = Place { file, line: node.line(), column: node.column() };
    let target = node.target();
    let content = match target.kind() {
        Kind::Scalar | Kind::Alias => Content::Scalar(scalar(target)),
        Kind::Sequence => {
            Content::List(target.items().map(|item| read(item, file)).collect::<Result<_, _>>()?)
        }
        Kind::Mapping => Content::Map(map(target, file)?),
    };
    Ok(Value { content, place })
}

fn scalar(node: Node<'_>) -> Scalar {
    let text = node.as_str().unwrap_or_default();
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
    Scalar { text: text.into(), kind, quoted: node.style() != yaml::Style::Plain }
}

fn map(node: Node<'_>, file: u32) -> Result<Map, Problem> {
    let place = |node: Node<'_>| Place { file, line: node.line(), column: node.column() };
    let mut own = Vec::new();
    let mut seen = HashSet::new();
    let mut merged = Vec::new();
    for (key, value) in node.entries() {
        if key.is_merge() {
            merged.push((key, value));
            continue;
        }
        if key.target().kind() != Kind::Scalar {
            return Err(Problem::new("a key has to be a text", place(key)));
        }
        let Scalar { text, kind, .. } = scalar(key.target());
        if !seen.insert(text.clone()) {
            return Err(Problem::new(format!("the key {text:?} stands twice"), place(key)));
        }
        own.push((Key { text, kind, place: place(key) }, read(value, file)?));
    }
    match merged.as_slice() {
        [] => {
            let mut map = Map::default();
            own.into_iter().for_each(|(key, value)| map.push(key, value));
            Ok(map)
        }
        [(_, from)] => {
            let mut sources = Vec::new();
            merge_sources(from.target(), file, &mut sources)?;
            // The first of several wins, and what is written here wins over all.
            let merged = sources.into_iter().rev().flat_map(Map::into_entries);
            Ok(Map::from_entries(merged.chain(own)))
        }
        [_, (again, _), ..] => Err(Problem::new("the key << stands twice", place(*again))),
    }
}

fn merge_sources(from: Node<'_>, file: u32, out: &mut Vec<Map>) -> Result<(), Problem> {
    match from.kind() {
        Kind::Mapping => out.push(map(from, file)?),
        Kind::Sequence => {
            for item in from.items() {
                if item.target().kind() != Kind::Mapping {
                    return Err(not_mergeable(item, file));
                }
                merge_sources(item.target(), file, out)?;
            }
        }
        Kind::Scalar | Kind::Alias => return Err(not_mergeable(from, file)),
    }
    Ok(())
}

fn not_mergeable(node: Node<'_>, file: u32) -> Problem {
    let place = Place { file, line: node.line(), column: node.column() };
    Problem::new("<< wants a mapping, or a list of mappings", place)
}
