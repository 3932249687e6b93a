//! Knows how to tell, from the meaning alone, that an edit did what was asked and nothing else.
//!
//! It knows nothing of how the edit was made: it compares parsed trees, aliases followed.

use std::collections::BTreeMap;

use super::{EditError, ImageEdit};
use crate::kustomize::yaml::{Document, Kind, Node, Scalar, YamlError, parse};

/// What a node means. The order of keys does not count: the bytes around a change are kept as they were.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    /// How it resolves, its own tag, its text.
    Scalar(&'static str, Option<String>, String),
    Sequence(Vec<Value>),
    /// Each key with its values: more than one where it stands twice, of which Kustomize takes the last.
    Mapping(BTreeMap<Value, Vec<Value>>),
}

/// Fails unless `edited` is `before` with exactly these edits.
pub(super) fn only_these_differ(
    before: &[Document],
    edited: &str,
    edits: &[ImageEdit],
) -> Result<(), EditError> {
    let after = parse(edited.as_bytes()).map_err(|error| {
        let message =
            format!("the change would leave a broken file ({}); make it by hand", error.message);
        YamlError::new(message, error.line, error.column)
    })?;
    let meaning = |documents: &[Document]| -> Vec<Value> {
        let roots = documents.iter().map(|document| value(document.root()));
        roots.collect()
    };
    let mut expected = meaning(before);
    if expected.is_empty() {
        expected.push(Value::Mapping(BTreeMap::new()));
    }
    apply(&mut expected[0], edits);
    let actual = meaning(&after);
    let unlike = expected.len() != actual.len() || expected[1..] != actual[1..];
    if unlike {
        let message = "the change would not leave the other documents alone; make it by hand";
        return Err(YamlError::new(message, 1, 1).into());
    }
    let document = before.first();
    match difference(&expected[0], &actual[0]) {
        None => Ok(()),
        Some(path) => {
            let place = document.map(|document| place(document, &path));
            let (line, column) = place.unwrap_or((1, 1));
            let path = path.join(".");
            let message = format!(
                "the change would not stay within what was asked: {path} would differ; make it by hand"
            );
            Err(YamlError::new(message, line, column).into())
        }
    }
}

fn value(node: Node<'_>) -> Value {
    let node = node.target();
    match node.kind() {
        Kind::Sequence => Value::Sequence(node.items().map(value).collect()),
        Kind::Mapping => {
            let mut fields: BTreeMap<Value, Vec<Value>> = BTreeMap::new();
            for (key, field) in node.entries() {
                fields.entry(value(key)).or_default().push(value(field));
            }
            Value::Mapping(fields)
        }
        Kind::Scalar | Kind::Alias => {
            let kind = match node.resolve() {
                Some(Scalar::Null) => "null",
                Some(Scalar::Bool(_)) => "bool",
                Some(Scalar::Int(_)) => "int",
                Some(Scalar::Float(_)) => "float",
                Some(Scalar::Timestamp) => "timestamp",
                Some(Scalar::Merge) => "merge",
                Some(Scalar::String) | None => "string",
            };
            let own_tag = node.tag().filter(|tag| !tag.starts_with("tag:yaml.org,2002:"));
            let text = node.as_str().unwrap_or_default().to_owned();
            Value::Scalar(kind, own_tag.map(str::to_owned), text)
        }
    }
}

fn string(text: &str) -> Value {
    Value::Scalar("string", None, text.to_owned())
}

/// Makes the edits where only meaning counts.
fn apply(root: &mut Value, edits: &[ImageEdit]) {
    if !matches!(root, Value::Mapping(_)) {
        *root = Value::Mapping(BTreeMap::new());
    }
    let Value::Mapping(root) = root else { return };
    let images = root.entry(string("images")).or_default();
    if !matches!(images.as_slice(), [Value::Sequence(_)]) {
        *images = vec![Value::Sequence(Vec::new())];
    }
    let Some(Value::Sequence(images)) = images.first_mut() else {
        return;
    };
    for edit in edits {
        let mut found = false;
        for entry in images.iter_mut() {
            let name = get(entry, "name").cloned();
            let Value::Mapping(fields) = entry else {
                continue;
            };
            if !matches!(name, Some(Value::Scalar(_, _, text)) if text == edit.name) {
                continue;
            }
            found = true;
            for (field, text) in edit.fields() {
                fields.insert(string(field), vec![string(text)]);
            }
            for field in edit.unwanted() {
                fields.remove(&string(field));
            }
        }
        if !found {
            let fields = edit.fields().chain([("name", edit.name.as_str())]);
            images
                .push(Value::Mapping(fields.map(|(k, v)| (string(k), vec![string(v)])).collect()));
        }
    }
}

/// A field's value, merges followed.
fn get<'a>(entry: &'a Value, field: &str) -> Option<&'a Value> {
    let Value::Mapping(fields) = entry else {
        return None;
    };
    let own = fields.get(&string(field)).and_then(|all| all.last());
    own.or_else(|| {
        let merge = Value::Scalar("merge", None, "<<".to_owned());
        match fields.get(&merge)?.last()? {
            Value::Sequence(merged) => merged.iter().find_map(|one| get(one, field)),
            merged => get(merged, field),
        }
    })
}

/// The path to the first place where two values differ.
fn difference(expected: &Value, actual: &Value) -> Option<Vec<String>> {
    let below = |step: String, path: Vec<String>| {
        let mut path = path;
        path.insert(0, step);
        path
    };
    match (expected, actual) {
        (Value::Sequence(a), Value::Sequence(b)) if a.len() == b.len() => {
            let mut pairs = a.iter().zip(b).enumerate();
            pairs.find_map(|(i, (a, b))| Some(below(i.to_string(), difference(a, b)?)))
        }
        (Value::Mapping(a), Value::Mapping(b)) if a.len() == b.len() => {
            let name = |key: &Value| match key {
                Value::Scalar(_, _, text) => text.clone(),
                _ => "?".to_owned(),
            };
            a.iter().find_map(|(key, a)| match b.get(key) {
                Some(b) if a.len() == b.len() => {
                    let path = a.iter().zip(b).find_map(|(a, b)| difference(a, b));
                    Some(below(name(key), path?))
                }
                Some(_) => Some(vec![name(key)]),
                None => Some(vec![name(key)]),
            })
        }
        _ if expected == actual => None,
        _ => Some(Vec::new()),
    }
}

/// The line and column of the innermost node of a path that the document has.
fn place(document: &Document, path: &[String]) -> (u32, u32) {
    let mut node = document.root();
    for step in path {
        let next = match step.parse() {
            Ok(index) if node.is_sequence() => node.items().nth(index),
            _ => node.entry(step).map(|(_, value)| value),
        };
        match next {
            Some(next) => node = next,
            None => break,
        }
    }
    (node.line(), node.column())
}
