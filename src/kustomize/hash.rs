//! Knows the hash that is appended to the names of generated objects.
//!
//! It is Kustomize's own (`api/hasher`): the first characters of a SHA-256 of some JSON, without vowels.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::problem::Problem;
use super::value::{Content, Map, ScalarKind, Value};
use super::yaml::{self, resolve};

/// The hash of a ConfigMap or a Secret, as it stands behind the `-` in a name.
pub fn suffix(value: &Value) -> Result<String, Problem> {
    let kind = value.get("kind").and_then(Value::as_text).unwrap_or_default();
    let (sections, own, extra): (_, &[&str], _) = match kind {
        "ConfigMap" => (["data", "binaryData"], &[], "binaryData"),
        "Secret" => (["data", "stringData"], &["type"], "stringData"),
        _ => {
            let message = format!(
                "Usher cannot make the hash of {kind}: only ConfigMaps and Secrets get one"
            );
            return Err(Problem::new(message, value.place));
        }
    };
    // Kustomize looks for the name where it is not, so it is always empty here.
    let mut parts = vec![("kind", quoted(kind)), ("name", quoted(""))];
    for section in sections.iter().chain(own) {
        let content = value.get(section);
        if *section == extra && content.is_none_or(|content| content.as_scalar().is_some()) {
            continue;
        }
        parts.push((section, section_json(content)?));
    }
    parts.sort_unstable();
    let parts: Vec<_> =
        parts.into_iter().map(|(key, json)| format!("{}:{json}", quoted(key))).collect();
    Ok(encode(&format!("{{{}}}", parts.join(","))))
}

/// Ten hexadecimal digits of the digest, of which some are other letters, so that no words come out.
fn encode(json: &str) -> String {
    let digits = hex::encode(Sha256::digest(json.as_bytes()));
    let other = |digit: char| match digit {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        other => other,
    };
    digits.chars().take(10).map(other).collect()
}

fn section_json(content: Option<&Value>) -> Result<String, Problem> {
    match content.map(|value| (&value.content, value)) {
        None => Ok(quoted("")),
        Some((Content::Scalar(scalar), _)) => Ok(quoted(&scalar.text)),
        // What is not a mapping does not fit into Kustomize's, which then stays empty.
        Some((Content::List(_), _)) => Ok("null".to_owned()),
        Some((Content::Map(_), value)) => {
            let mut out = String::new();
            write_json(value, &mut out)?;
            Ok(out)
        }
    }
}

fn write_json(value: &Value, out: &mut String) -> Result<(), Problem> {
    match &value.content {
        Content::Scalar(_) => out.push_str(&scalar_json(value)?),
        Content::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_json(item, out)?;
            }
            out.push(']');
        }
        Content::Map(map) => write_map(map, out)?,
    }
    Ok(())
}

fn write_map(map: &Map, out: &mut String) -> Result<(), Problem> {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by(|(one, _), (other, _)| one.text.cmp(&other.text));
    out.push('{');
    for (at, (key, value)) in entries.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str(&quoted(&key.text));
        out.push(':');
        write_json(value, out)?;
    }
    out.push('}');
    Ok(())
}

fn scalar_json(value: &Value) -> Result<String, Problem> {
    let Some(scalar) = value.as_scalar() else { return Ok("null".to_owned()) };
    Ok(match (scalar.kind, resolve(&scalar.text, true, None)) {
        (ScalarKind::Null, _) => "null".to_owned(),
        (ScalarKind::Bool, _) => scalar.text.to_ascii_lowercase(),
        (ScalarKind::Int | ScalarKind::Float, yaml::Scalar::Int(int)) => number(int as f64),
        (ScalarKind::Float, yaml::Scalar::Float(float)) if float.is_finite() => number(float),
        (ScalarKind::Float, _) => {
            let message = format!("{} cannot be written as JSON", scalar.text);
            return Err(Problem::new(message, value.place));
        }
        (ScalarKind::Timestamp, _) if scalar.text.len() == 10 => {
            quoted(&format!("{}T00:00:00Z", scalar.text))
        }
        _ => quoted(&scalar.text),
    })
}

/// A number as Go's `encoding/json` writes it.
fn number(float: f64) -> String {
    if float != 0.0 && !(1e-6..1e21).contains(&float.abs()) {
        let text = format!("{float:e}");
        return if text.contains("e-") { text } else { text.replace('e', "e+") };
    }
    float.to_string()
}

/// A text as Go's `encoding/json` writes it, which minds HTML and JavaScript.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..'\u{20}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // Writing to a text does not fail.
                let _ = write!(out, "\\u{:04x}", u32::from(char));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}
