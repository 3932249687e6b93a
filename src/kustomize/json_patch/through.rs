//! Knows what becomes of values that Kustomize takes through JSON: numbers, dates, bytes and quotes change.
//!
//! There, `0777` is 511, `1.0` is 1, and a date is a text. On the way back every number is a 64-bit float.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::kustomize::emit::folded;
use crate::kustomize::emit::number::{shortest, timestamp};
use crate::kustomize::problem::{Place, Problem};
use crate::kustomize::value::{Content, Scalar, ScalarKind, Value};
use crate::kustomize::yaml;

/// Makes a value what JSON can hold, as `RNode.MarshalJSON` in kyaml does: numbers get the texts of JSON.
pub(super) fn to_json(value: &mut Value) -> Result<(), Problem> {
    let place = value.place;
    match &mut value.content {
        Content::Scalar(scalar) => scalar_to_json(scalar, place),
        Content::List(list) => list.iter_mut().try_for_each(to_json),
        Content::Map(map) => map.iter_mut().try_for_each(|(key, value)| {
            if key.kind == ScalarKind::String {
                return to_json(value);
            }
            let message = format!("the key {:?} has to be a string: put it in quotes", key.text);
            Err(Problem::new(message, key.place))
        }),
    }
}

/// Makes a value what kyaml reads from JSON (`RNode.UnmarshalJSON`), after [`to_json`].
pub(super) fn from_json(value: &mut Value) {
    match &mut value.content {
        Content::Scalar(scalar) => scalar_from_json(scalar),
        Content::List(list) => list.iter_mut().for_each(from_json),
        Content::Map(map) => map.iter_mut().for_each(|(_, value)| from_json(value)),
    }
}

/// The same for a scalar.
pub(super) fn scalar_to_json(scalar: &mut Scalar, place: Place) -> Result<(), Problem> {
    match scalar.kind {
        ScalarKind::String if scalar.folded => {
            *scalar = Scalar::string(folded::again(&scalar.text));
        }
        ScalarKind::String => {}
        ScalarKind::Null if scalar.folded => *scalar = Scalar::string(""),
        ScalarKind::Null => *scalar = Scalar::null(),
        ScalarKind::Bool => scalar.text = scalar.text.to_ascii_lowercase().into(),
        ScalarKind::Int | ScalarKind::Float => {
            scalar.text = number(scalar, place)?.into();
        }
        ScalarKind::Timestamp => *scalar = Scalar::string(timestamp(&scalar.text)),
        ScalarKind::Binary => {
            let text: String = scalar.text.chars().filter(|c| !"\r\n".contains(*c)).collect();
            let bytes = STANDARD.decode(text).map_err(|error| {
                Problem::new(format!("!!binary has to be base64: {error}"), place)
            })?;
            *scalar = Scalar::string(String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    Ok(())
}

/// A number as Go's `encoding/json` writes it.
fn number(scalar: &Scalar, place: Place) -> Result<String, Problem> {
    let number = match yaml::resolve(&scalar.text, true, None) {
        yaml::Scalar::Int(int) if scalar.kind == ScalarKind::Int => return Ok(int.to_string()),
        yaml::Scalar::Int(int) => int as f64,
        yaml::Scalar::Float(float) => float,
        _ => f64::NAN,
    };
    if !number.is_finite() {
        let message = format!("{} is no number that JSON can hold", scalar.text);
        return Err(Problem::new(message, place));
    }
    let size = number.abs();
    Ok(if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{number:e}");
        match text.split_once('e') {
            Some((digits, exponent)) if !exponent.starts_with('-') => {
                format!("{digits}e+{exponent}")
            }
            _ => text,
        }
    } else {
        number.to_string()
    })
}

fn scalar_from_json(scalar: &mut Scalar) {
    (scalar.untagged, scalar.node) = (false, 0);
    match scalar.kind {
        ScalarKind::Int | ScalarKind::Float => {
            if let Ok(number) = scalar.text.parse() {
                *scalar = Scalar::tagged(shortest(number));
            }
        }
        ScalarKind::String => {
            scalar.quoted = needs_quotes(&scalar.text);
        }
        _ => {}
    }
}

/// Whether go-yaml writes a string in quotes or as a block.
fn needs_quotes(text: &str) -> bool {
    let words = ["y", "n", "yes", "no", "on", "off"];
    Scalar::plain(text).kind != ScalarKind::String
        || text == "<<"
        || words.iter().any(|word| text.eq_ignore_ascii_case(word))
        || text.starts_with(|c: char| "-?:,[]{}#&*!|>'\"%@` ".contains(c))
        || text.ends_with([' ', ':'])
        || text.contains(": ")
        || text.contains(" #")
        || text.contains(|c: char| c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected texts are what Kustomize 5.5.0 printed, or put elsewhere by a replacement.
    #[test]
    fn scalars_change_on_their_way_through_json() {
        for (text, json, yaml) in [
            ("1000000", "1000000", "1e+06"),
            ("999999", "999999", "999999"),
            ("123456789012345678", "123456789012345678", "1.2345678901234568e+17"),
            ("0777", "511", "511"),
            ("1_000", "1000", "1000"),
            ("1.0", "1", "1"),
            ("1.10", "1.1", "1.1"),
            ("-0.0", "-0", "-0"),
            ("1e20", "100000000000000000000", "1e+20"),
            ("1e21", "1e+21", "1e+21"),
            ("0.00001", "0.00001", "1e-05"),
            ("1e-7", "1e-7", "1e-07"),
            ("1234567.5", "1234567.5", "1.2345675e+06"),
            ("2001-1-2", "2001-01-02T00:00:00Z", "2001-01-02T00:00:00Z"),
            ("2001-01-02 03:04:05", "2001-01-02T03:04:05Z", "2001-01-02T03:04:05Z"),
            (
                "2001-01-02T3:04:05.120+02:00",
                "2001-01-02T03:04:05.12+02:00",
                "2001-01-02T03:04:05.12+02:00",
            ),
            ("~", "null", "null"),
            ("True", "true", "true"),
            ("text", "text", "text"),
        ] {
            let mut value = Value::plain(text);
            to_json(&mut value).unwrap();
            assert_eq!(value.as_text(), Some(json));
            from_json(&mut value);
            assert_eq!(value.as_text(), Some(yaml));
        }
    }

    #[test]
    fn what_json_cannot_hold_is_refused() {
        for text in [".inf", ".nan"] {
            assert!(to_json(&mut Value::plain(text)).is_err(), "{text}");
        }
        let scalar = |text: &str| Scalar { kind: ScalarKind::Binary, ..Scalar::string(text) };
        assert!(to_json(&mut Value::from(scalar("%"))).is_err());
        let mut bytes = Value::from(scalar("aGk="));
        to_json(&mut bytes).unwrap();
        assert_eq!(bytes.as_text(), Some("hi"));
    }
}
