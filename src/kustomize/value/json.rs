//! Knows what becomes of values that Kustomize takes through JSON: numbers, dates, bytes and quotes change.
//!
//! There, `0777` is 511, `1.0` is 1, and a date is a text. On the way back every number is a 64-bit float.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Content, Scalar, ScalarKind, Value};
use crate::kustomize::problem::{Place, Problem};
use crate::kustomize::yaml;

impl Value {
    /// Makes it what JSON can hold, as `RNode.MarshalJSON` in kyaml does: numbers get the texts of JSON.
    pub fn make_json(&mut self) -> Result<(), Problem> {
        let place = self.place;
        match &mut self.content {
            Content::Scalar(scalar) => make_json(scalar, place),
            Content::List(list) => list.iter_mut().try_for_each(Self::make_json),
            Content::Map(map) => map.iter_mut().try_for_each(|(key, value)| {
                if key.kind == ScalarKind::String {
                    return value.make_json();
                }
                let message =
                    format!("the key {:?} has to be a string: put it in quotes", key.text);
                Err(Problem::new(message, key.place))
            }),
        }
    }

    /// Makes it what kyaml reads from JSON (`RNode.UnmarshalJSON`), after [`make_json`](Self::make_json).
    pub fn make_yaml(&mut self) {
        match &mut self.content {
            Content::Scalar(scalar) => make_yaml(scalar),
            Content::List(list) => list.iter_mut().for_each(Self::make_yaml),
            Content::Map(map) => map.iter_mut().for_each(|(_, value)| value.make_yaml()),
        }
    }
}

fn make_json(scalar: &mut Scalar, place: Place) -> Result<(), Problem> {
    scalar.quoted = false;
    match scalar.kind {
        ScalarKind::String => {}
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

fn make_yaml(scalar: &mut Scalar) {
    match scalar.kind {
        ScalarKind::Int | ScalarKind::Float => {
            if let Ok(number) = scalar.text.parse() {
                *scalar = Scalar::plain(general(number));
            }
        }
        ScalarKind::String => scalar.quoted = needs_quotes(&scalar.text),
        _ => {}
    }
}

/// The shortest text of a float, as `strconv.FormatFloat(…, 'g', -1, 64)` in Go has it: `1e+06`.
fn general(number: f64) -> String {
    let text = format!("{number:e}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
        }
        _ => number.to_string(),
    }
}

/// A date and a time as Go writes them (`time.RFC3339Nano`); the forms are those that go-yaml takes for dates.
fn timestamp(text: &str) -> String {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], text.get(at + 1..).unwrap_or_default()),
        None => (text, "0:0:0"),
    };
    let (clock, zone) = match time.find(['Z', '+', '-']) {
        Some(at) => time.split_at(at),
        None => (time, "Z"),
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let padded = |text: &str, between: &str| {
        let parts: Vec<String> = text.split(between).map(|part| format!("{part:0>2}")).collect();
        parts.join(between)
    };
    let fraction = fraction.get(..9).unwrap_or(fraction).trim_end_matches('0');
    let dot = if fraction.is_empty() { "" } else { "." };
    let zone = if zone.get(1..) == Some("00:00") { "Z" } else { zone };
    format!("{}T{}{dot}{fraction}{zone}", padded(date, "-"), padded(clock, ":"))
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
            value.make_json().unwrap();
            assert_eq!(value.as_text(), Some(json));
            value.make_yaml();
            assert_eq!(value.as_text(), Some(yaml));
        }
    }

    #[test]
    fn what_json_cannot_hold_is_refused() {
        for text in [".inf", ".nan"] {
            assert!(Value::plain(text).make_json().is_err(), "{text}");
        }
        let scalar = |text: &str| Scalar { kind: ScalarKind::Binary, ..Scalar::string(text) };
        assert!(Value::from(scalar("%")).make_json().is_err());
        let mut bytes = Value::from(scalar("aGk="));
        bytes.make_json().unwrap();
        assert_eq!(bytes.as_text(), Some("hi"));
    }
}
