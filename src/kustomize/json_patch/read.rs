//! Knows how the text of a JSON patch is read: as JSON if it starts with a bracket, or else as YAML 1.1.
//!
//! `sigs.k8s.io/yaml` turns YAML into JSON with go-yaml v2: there `yes` and `on` are true, dates are texts, keys
//! become strings, and of a key that stands twice the last one counts.

use super::through::scalar_to_json;
use crate::kustomize::problem::{Place, Problem};
use crate::kustomize::value::{self, Content, Key, Map, Scalar, ScalarKind, Value};
use crate::kustomize::yaml;

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
    let value = of_yaml(value::read_config(document.root(), file)?)?;
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
        serde_json::Value::Bool(bool) => Scalar::tagged(bool.to_string()).into(),
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

/// The JSON of a value that was read as configuration: dates are texts, and keys are strings.
fn of_yaml(value: Value) -> Result<Value, Problem> {
    let place = value.place;
    let content = match value.content {
        Content::Scalar(scalar) => Content::Scalar(of_scalar(scalar, place)?),
        Content::List(list) => {
            Content::List(list.into_iter().map(of_yaml).collect::<Result<_, _>>()?)
        }
        Content::Map(map) => {
            let entries = map.into_entries().into_iter();
            let entries = entries.map(|(key, value)| Ok((of_key(key)?, of_yaml(value)?)));
            Content::Map(Map::from_entries(entries.collect::<Result<Vec<_>, Problem>>()?))
        }
    };
    Ok(Value { content, place })
}

fn of_scalar(mut scalar: Scalar, place: Place) -> Result<Scalar, Problem> {
    if scalar.kind == ScalarKind::Timestamp {
        return Ok(Scalar::string(scalar.text));
    }
    scalar.folded = false;
    scalar_to_json(&mut scalar, place)?;
    Ok(scalar)
}

fn of_key(key: Key) -> Result<Key, Problem> {
    if key.kind == ScalarKind::Null {
        return Err(Problem::new("a key of a JSON patch has to be a string", key.place));
    }
    let scalar = Scalar { kind: key.kind, ..Scalar::string(key.text) };
    let text = of_scalar(scalar, key.place)?.text;
    Ok(Key { text, kind: ScalarKind::String, place: key.place })
}
