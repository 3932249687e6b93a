//! Knows what JSON makes of a scalar, and how go-yaml v2 prints that again: numbers, booleans, dates.
//!
//! The formats of numbers are those of Go: `encoding/json` on the way out, `strconv` with `g` on the way back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::folded;
use super::scalar::fits_block;
use crate::kustomize::value::{Scalar, ScalarKind};
use crate::kustomize::yaml;

const NEXT_LINE: char = '\u{85}';

/// A scalar on its way through JSON.
pub(super) enum Json {
    /// What stands without quotes: a number, a boolean, a null.
    Bare(String),
    /// A text.
    Text(String),
}

pub(super) fn as_json(scalar: &Scalar) -> Result<Json, String> {
    let text = &*scalar.text;
    let tag = match scalar.kind {
        // Kustomize reads again what go-yaml v3 writes, which says nothing of the indentation of such a block.
        ScalarKind::String
            if (scalar.folded || !scalar.quoted)
                && text.starts_with('\t')
                && text.contains('\n')
                && fits_block(text) =>
        {
            return Err("a text of several lines must not begin with a tab".to_owned());
        }
        ScalarKind::String if scalar.folded && text.contains('\n') => {
            return through_json(&folded::again(text)).map(Json::Text);
        }
        ScalarKind::String => return through_json(text).map(Json::Text),
        ScalarKind::Null if scalar.folded => return Ok(Json::Text(String::new())),
        ScalarKind::Null => return Ok(Json::Bare("null".to_owned())),
        ScalarKind::Bool => {
            return Ok(Json::Bare(text.eq_ignore_ascii_case("true").to_string()));
        }
        ScalarKind::Timestamp => return Ok(Json::Text(timestamp(text))),
        ScalarKind::Binary => {
            let packed: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
            let bytes = STANDARD.decode(packed).map_err(|_error| "!!binary wants base64")?;
            return through_json(&String::from_utf8_lossy(&bytes)).map(Json::Text);
        }
        ScalarKind::Int => None,
        ScalarKind::Float => Some("tag:yaml.org,2002:float"),
    };
    match yaml::resolve(text, true, tag) {
        yaml::Scalar::Int(int) => Ok(Json::Bare(int.to_string())),
        yaml::Scalar::Float(float) if float.is_finite() => Ok(Json::Bare(float_text(float))),
        _ => Err(format!("{text} is no number that JSON has a word for")),
    }
}

/// A text as YAML reads it in JSON's quotes. JSON leaves the next line (U+0085) as it is, which YAML folds into a blank.
pub(super) fn through_json(text: &str) -> Result<String, String> {
    let forbidden =
        |c: char| matches!(c, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}') && c != NEXT_LINE;
    if let Some(c) = text.chars().find(|c| forbidden(*c)) {
        return Err(format!("YAML has no place for the character U+{:04X}", u32::from(c)));
    }
    let mut lines = text.split(NEXT_LINE);
    let mut out = lines.next().unwrap_or_default().to_owned();
    let mut empty = 0;
    let mut lines = lines.peekable();
    while let Some(line) = lines.next() {
        let line = line.trim_start_matches([' ', '\t']);
        if line.is_empty() && lines.peek().is_some() {
            empty += 1;
            continue;
        }
        out.truncate(out.trim_end_matches([' ', '\t']).len());
        match empty {
            0 => out.push(' '),
            _ => out.extend(std::iter::repeat_n('\n', empty)),
        }
        empty = 0;
        out.push_str(line);
    }
    Ok(out)
}

/// As JSON has it, read again: a whole number that fits becomes one, anything else is printed in short.
fn float_text(float: f64) -> String {
    let size = float.abs();
    if float.fract() == 0.0 && size < 1e21 {
        // JSON has no exponent here, and zeros behind the digits that count; read again it is a whole number, if it fits.
        if let Ok(whole) = float.to_string().parse::<i128>()
            && (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&whole)
        {
            return whole.to_string();
        }
    }
    shortest(float)
}

/// Go's `%g` with the fewest digits that read back the same.
pub(in crate::kustomize) fn shortest(float: f64) -> String {
    let scientific = format!("{float:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    match exponent.parse::<i32>() {
        Ok(-4..6) | Err(_) => float.to_string(),
        Ok(exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{mantissa}e{sign}{:02}", exponent.abs())
        }
    }
}

/// As Go writes a time into JSON: a date alone is midnight in UTC.
pub(in crate::kustomize) fn timestamp(text: &str) -> String {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], text[at + 1..].trim_start()),
        None => (text, ""),
    };
    let two = |part: &str| format!("{part:0>2}");
    let date: Vec<String> = date.split('-').map(two).collect();
    if time.is_empty() {
        return format!("{}T00:00:00Z", date.join("-"));
    }
    let (clock, zone) = match time.find(['Z', '+', '-']) {
        Some(at) => time.split_at(at),
        None => (time, "Z"),
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let clock: Vec<String> = clock.split(':').map(two).collect();
    // Nine digits are kept, and no zeros at the end.
    let fraction = fraction.get(..9).unwrap_or(fraction).trim_end_matches('0');
    let dot = if fraction.is_empty() { "" } else { "." };
    let zone = if zone == "+00:00" || zone == "-00:00" { "Z" } else { zone };
    format!("{}T{}{dot}{fraction}{zone}", date.join("-"), clock.join(":"))
}
