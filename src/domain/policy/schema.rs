//! The table of keys for others: as a JSON Schema for editors, as rows of a reference for people.
//!
//! It adds nothing to the table; what JSON Schema cannot say (names that must exist, circles) is checked on reading.

use serde_json::{Value, json};

use super::keys;
use super::shape::{Enforced, Format, Key, Map, Shape};

/// The JSON Schema (draft 2020-12) of the configuration.
pub fn schema() -> Value {
    let mut schema = of_shape(&keys::ROOT);
    if let Value::Object(fields) = &mut schema {
        fields.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
        fields.insert("title".into(), "Usher's configuration".into());
        fields.insert(
            "description".into(),
            "How releases walk from environment to environment: .github/usher.yml of a GitOps repository.".into(),
        );
    }
    schema
}

/// A row of the reference: a key with all there is to know about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Where it stands: `environments[].gates.soak`; `*` for a name that the writer chooses.
    pub path: String,
    /// What stands there: "a duration".
    pub kind: String,
    /// What stands there where nothing is written; "required" where something must be.
    pub default: String,
    /// What it does.
    pub meaning: &'static str,
    /// What is to be known where this version does not act upon each of its values.
    pub yet: Option<String>,
}

/// All keys, in reading order.
pub fn reference() -> Vec<Row> {
    let mut rows = Vec::new();
    keys::walk(&mut |path, key| {
        rows.push(Row {
            path: path.to_owned(),
            kind: key.shape.one(),
            default: default(key),
            meaning: key.meaning,
            yet: yet(key),
        });
    });
    rows
}

/// The reference as a Markdown table, for the README.
pub fn markdown() -> String {
    let mut text = String::from(
        "| key | what stands there | default | what it does |\n| --- | --- | --- | --- |\n",
    );
    for row in reference() {
        let meaning = match row.yet {
            Some(yet) => format!("{} _{yet}_", row.meaning),
            None => row.meaning.to_owned(),
        };
        // a bar in a cell would end it
        let cells = [format!("`{}`", row.path), row.kind, row.default, meaning];
        let cells = cells.map(|cell| cell.replace('|', "\\|"));
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    text
}

fn yet(key: &Key) -> Option<String> {
    let only = |words: &[&str]| {
        let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
        Some(format!("Only {} yet.", words.join(" and ")))
    };
    match (key.enforced, &key.shape, key.default) {
        (Enforced::Now, ..) => None,
        (Enforced::For(words), ..) => only(words),
        (Enforced::Later, Shape::Choice(_) | Shape::Bool, Some(default)) => only(&[default]),
        (Enforced::Later, ..) => Some("Checked, but not enforced yet.".to_owned()),
    }
}

fn default(key: &Key) -> String {
    match key.default {
        _ if key.required => "required".to_owned(),
        None => "none".to_owned(),
        Some(words) if words.starts_with('(') => words.trim_matches(['(', ')']).to_owned(),
        Some(yaml) => format!("`{yaml}`"),
    }
}

fn of_shape(shape: &Shape) -> Value {
    match shape {
        Shape::Text(format) => of_format(format),
        Shape::Choice(words) => json!({"enum": words}),
        Shape::Bool => json!({"type": "boolean"}),
        Shape::Count(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
        Shape::Number => json!({"type": "number"}),
        Shape::List(list) => json!({
            "type": "array",
            "items": of_shape(&list.of),
            "minItems": list.least,
            "maxItems": list.most,
        }),
        Shape::Map(map) => of_map(map),
        Shape::Names(names) => json!({
            "type": "object",
            "propertyNames": of_format(names.name),
            "additionalProperties": of_shape(&names.of),
            "minProperties": 1,
            "maxProperties": names.most,
        }),
        Shape::Either(shapes) => {
            json!({"anyOf": shapes.iter().map(of_shape).collect::<Vec<_>>()})
        }
    }
}

fn of_format(format: &Format) -> Value {
    let mut schema = json!({
        "type": "string",
        "title": format.one,
        "examples": [format.example.trim_matches('"')],
        "minLength": 1,
    });
    if let Some(pattern) = format.pattern {
        schema["pattern"] = pattern.into();
    }
    schema
}

fn of_map(map: &Map) -> Value {
    let properties = map.keys.iter().map(|key| (key.name.to_owned(), of_key(key)));
    let required: Vec<_> = map.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    json!({
        "type": "object",
        "title": map.one,
        "properties": Value::Object(properties.collect()),
        "required": required,
        "additionalProperties": false,
    })
}

fn of_key(key: &Key) -> Value {
    let mut schema = of_shape(&key.shape);
    schema["description"] = match key.default {
        Some(words) if words.starts_with('(') => {
            format!("{} Default: {}.", key.meaning, words.trim_matches(['(', ')']))
        }
        _ => key.meaning.to_owned(),
    }
    .into();
    // defaults in words are no values; the others are YAML that is also what JSON would be, or a plain text
    if let Some(yaml) = key.default.filter(|words| !words.starts_with('(')) {
        schema["default"] = serde_yaml::from_str(yaml).unwrap_or_else(|_| yaml.into());
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_described_once_and_has_one_place() {
        let rows = reference();
        for row in &rows {
            assert!(row.meaning.ends_with('.') && row.meaning.len() > 8, "{}", row.path);
            assert!(!row.kind.is_empty(), "{}", row.path);
            // a place can be written in two ways at most: as a map among the alternatives
            assert_eq!(
                rows.iter().filter(|other| other.path == row.path).count(),
                1,
                "{}",
                row.path
            );
        }
    }

    #[test]
    fn defaults_are_values_of_their_schema() {
        keys::walk(&mut |path, key| {
            let schema = of_key(key);
            let (Some(default), Some(kind)) = (schema.get("default"), schema.get("type")) else {
                return;
            };
            let fits = match kind.as_str().unwrap() {
                "string" => default.is_string(),
                "boolean" => default.is_boolean(),
                "array" => default.is_array(),
                "object" => default.is_object(),
                _ => default.is_number(),
            };
            assert!(fits, "{path}: {default} is no {kind}");
        });
    }

    #[test]
    fn the_schema_says_what_editors_need() {
        let schema = schema();
        assert_eq!(schema["properties"]["version"]["minimum"], 1);
        let soak = &schema["properties"]["environments"]["items"]["properties"]["gates"]["properties"]
            ["soak"];
        insta::assert_snapshot!(soak, @r#"{"description":"How long the version has to run whole in the environment before.","examples":["24h"],"minLength":1,"pattern":"^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$","title":"a duration","type":"string"}"#);
        let merge = &schema["properties"]["environments"]["items"]["properties"]["merge"];
        insta::assert_snapshot!(merge, @r#"{"default":"manual","description":"Whether people merge promotions, or Usher does once all gates are passed.","enum":["manual","automatic"]}"#);
    }
}
