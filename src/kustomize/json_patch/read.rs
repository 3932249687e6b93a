//! Knows how the text of a JSON patch is read: as JSON if it starts with a bracket, or else as YAML 1.1.
//!
//! `sigs.k8s.io/yaml` turns YAML into JSON with go-yaml v2: there `yes` and `on` are true, dates are texts, keys
//! become strings, and of a key that stands twice the last one counts.

use crate::kustomize::problem::{Place, Problem};
use crate::kustomize::value::{self, Content, Key, Map, Scalar, ScalarKind, Value};
use crate::kustomize::yaml::{self, Kind, Node, Style};

/// The first document, as JSON; none if it has no content.
pub(super) fn document(text: &str, file: u32) -> Result<Option<Value>, Problem> {
    if text.is_empty() {
        let place = Place { file, line: 1, column: 1 };
        return Err(Problem::new("there is nothing in this patch", place));
    }
    let is_json = text.starts_with('[');
    let documents = yaml::parse(text.as_bytes()).map_err(|error| {
        let place = Place { file, line: error.line, column: error.column };
        Problem::new(error.message, place)
    });
    if is_json {
        return json(text, documents.ok().as_deref(), file).map(Some);
    }
    let documents = documents?;
    let Some(document) = documents.first() else { return Ok(None) };
    let value = of_yaml(document.root(), file)?;
    Ok((!value.is_null()).then_some(value))
}

/// The text of a string.
pub(super) fn string(value: &Value) -> Option<&str> {
    value.as_scalar().filter(|scalar| scalar.kind == ScalarKind::String).map(|scalar| &*scalar.text)
}

/// Strict JSON; the places of operations are those in the same text as YAML.
fn json(text: &str, documents: Option<&[yaml::Document]>, file: u32) -> Result<Value, Problem> {
    let start = Place { file, line: 1, column: 1 };
    let json: serde_json::Value = serde_json::from_str(text).map_err(|error| {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let place = Place { file, line: number(error.line()), column: number(error.column()) };
        Problem::new(format!("a patch that starts with [ has to be JSON: {error}"), place)
    })?;
    let mut value = of_json(json, start);
    let items = documents.and_then(<[_]>::first).map(|document| document.root().items());
    for (operation, item) in
        value.as_list_mut().into_iter().flatten().zip(items.into_iter().flatten())
    {
        set_place(operation, Place { file, line: item.line(), column: item.column() });
    }
    Ok(value)
}

fn set_place(value: &mut Value, place: Place) {
    value.place = place;
    match &mut value.content {
        Content::Scalar(_) => {}
        Content::List(list) => list.iter_mut().for_each(|value| set_place(value, place)),
        Content::Map(map) => map.iter_mut().for_each(|(_, value)| set_place(value, place)),
    }
}

fn of_json(json: serde_json::Value, place: Place) -> Value {
    let value = match json {
        serde_json::Value::Null => Value::null(),
        serde_json::Value::Bool(bool) => Value::plain(bool.to_string()),
        // The text stays as it is: `test` compares texts, and for it 1.0 is not 1.
        serde_json::Value::Number(number) => {
            let kind = if number.is_f64() { ScalarKind::Float } else { ScalarKind::Int };
            Scalar { kind, ..Scalar::string(number.to_string()) }.into()
        }
        serde_json::Value::String(text) => Value::string(text),
        serde_json::Value::Array(list) => {
            list.into_iter().map(|item| of_json(item, place)).collect::<Vec<_>>().into()
        }
        serde_json::Value::Object(map) => {
            let entries = map.into_iter();
            Map::from_entries(entries.map(|(key, value)| (Key::new(key), of_json(value, place))))
                .into()
        }
    };
    value.at(place)
}

fn of_yaml(node: Node<'_>, file: u32) -> Result<Value, Problem> {
    let target = node.target();
    let place = Place { file, line: node.line(), column: node.column() };
    let content = match target.kind() {
        Kind::Sequence => {
            Content::List(target.items().map(|item| of_yaml(item, file)).collect::<Result<_, _>>()?)
        }
        Kind::Mapping if target.entries().any(|(key, _)| key.is_merge()) => {
            let mut merged = value::read(target, file)?;
            merged.make_json()?;
            merged.content
        }
        Kind::Mapping => {
            let entries = target
                .entries()
                .map(|(key, value)| Ok((json_key(key, file)?, of_yaml(value, file)?)));
            Content::Map(Map::from_entries(entries.collect::<Result<Vec<_>, Problem>>()?))
        }
        Kind::Scalar | Kind::Alias => return scalar(target, file, place),
    };
    Ok(Value { content, place })
}

fn json_key(node: Node<'_>, file: u32) -> Result<Key, Problem> {
    let place = Place { file, line: node.line(), column: node.column() };
    let key = scalar(node.target(), file, place)?;
    match key.content {
        Content::Scalar(scalar) if scalar.kind != ScalarKind::Null => {
            Ok(Key { text: scalar.text, kind: ScalarKind::String, place })
        }
        _ => Err(Problem::new("a key of a JSON patch has to be a string", place)),
    }
}

fn scalar(node: Node<'_>, file: u32, place: Place) -> Result<Value, Problem> {
    if node.kind() != Kind::Scalar {
        return Err(Problem::new("this has to be a text", place));
    }
    let value = value::read(node, file)?.at(place);
    let old_bool = match node.as_str().unwrap_or_default() {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some("true"),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some("false"),
        _ => None,
    };
    let mut value = match (old_bool, &value.content) {
        (Some(bool), _) if node.style() == Style::Plain && node.tag().is_none() => {
            Value::plain(bool)
        }
        (_, Content::Scalar(scalar)) if scalar.kind == ScalarKind::Timestamp => {
            Value::string(scalar.text.clone())
        }
        _ => value,
    }
    .at(place);
    value.make_json()?;
    Ok(value)
}
