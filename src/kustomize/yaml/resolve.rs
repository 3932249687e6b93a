//! Knows what a scalar means: null, boolean, number, timestamp, merge key or string, as go-yaml v3 says.
//!
//! It also knows which texts every reader, of YAML 1.1 or 1.2, takes for a string without quotes.
//! It knows nothing of trees or positions.

/// What a scalar resolves to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scalar {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number that fits in 64 bits, with or without a sign.
    Int(i128),
    /// Any other number.
    Float(f64),
    /// A date, or a date with a time.
    Timestamp,
    /// The key `<<`.
    Merge,
    /// Anything else; the text is the value.
    String,
}

/// What `text` means when it is written `plain` (without quotes, not a block) and with `tag`.
pub fn resolve(text: &str, plain: bool, tag: Option<&str>) -> Scalar {
    match tag.map(|tag| tag.strip_prefix("tag:yaml.org,2002:").unwrap_or("")) {
        None | Some("null" | "bool" | "int" | "timestamp" | "merge") if plain => {
            resolve_plain(text)
        }
        Some("null") if text.is_empty() => Scalar::Null,
        Some("bool" | "int" | "timestamp") => resolve_plain(text),
        Some("float") => match resolve_plain(text) {
            Scalar::Int(int) => Scalar::Float(int as f64),
            other => other,
        },
        _ => Scalar::String,
    }
}

/// Whether every reader, of YAML 1.1 or 1.2, takes `text` without quotes for a string.
///
/// It errs to the safe side: where readers are known to differ, the answer is no.
pub fn means_string(text: &str) -> bool {
    resolve_plain(text) == Scalar::String
        && !is_word_to_some(text)
        && !is_number_to_some(text)
        && split_date(text).is_none()
}

/// Whether `text` may be written without quotes, in brackets (`flow`) or in a block, and be this string.
pub fn is_plain_string(text: &str, flow: bool) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || "_./@+-".contains(c) || (c == ':' && !flow);
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || "_./+-".contains(c))
        && text.chars().all(inner)
        && !text.ends_with(':')
        && !text.starts_with("-:")
        && !["---", "..."].iter().any(|marker| text.starts_with(marker))
        && means_string(text)
}

fn resolve_plain(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "true" | "True" | "TRUE" => Scalar::Bool(true),
        "false" | "False" | "FALSE" => Scalar::Bool(false),
        "<<" => Scalar::Merge,
        ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
        _ if text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) => number(text),
        _ => Scalar::String,
    }
}

fn number(text: &str) -> Scalar {
    if is_timestamp(text) {
        return Scalar::Timestamp;
    }
    let plain = text.replace('_', "");
    if text.starts_with('.') {
        // go-yaml hands these to Go's own reader of floats, which is laxer than its pattern.
        return if is_float(&plain) { float(&plain) } else { Scalar::String };
    }
    match int(&plain) {
        Some(int) => Scalar::Int(int),
        None if is_float(&plain) => float(&plain),
        None => Scalar::String,
    }
}

fn float(text: &str) -> Scalar {
    // What is too large for a float is a text.
    let float = text.parse().ok().filter(|float: &f64| float.is_finite());
    float.map_or(Scalar::String, Scalar::Float)
}

/// Go's integers with base 0: a sign, `0x`, `0o`, `0b`, or a leading 0 for octal.
fn int(text: &str) -> Option<i128> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let value = i128::from(u64::from_str_radix(digits, radix).ok()?);
    let value = if negative { -value } else { value };
    (value >= i128::from(i64::MIN)).then_some(value)
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let exponent_fits = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['-', '+']).unwrap_or(e);
        !e.is_empty() && digits(e)
    });
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    exponent_fits && digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty())
}

/// The forms that go-yaml reads: a date, or a date with a time of day and perhaps a zone.
fn is_timestamp(text: &str) -> bool {
    let Some((date, rest)) = split_date(text) else {
        return false;
    };
    if !(1..=12).contains(&date.1) || !(1..=31).contains(&date.2) {
        return false;
    }
    if rest.is_empty() {
        return true;
    }
    let (zoned, time) = match rest.as_bytes()[0] {
        b'T' | b't' => (true, &rest[1..]),
        b' ' => (false, &rest[1..]),
        _ => return false,
    };
    let (clock, zone) = match time.find(['Z', '+', '-']) {
        Some(at) => time.split_at(at),
        None => (time, ""),
    };
    let zone_fits = match zone {
        "" => !zoned,
        "Z" => zoned,
        _ => {
            let parts: Vec<&str> = zone[1..].split(':').collect();
            zoned && parts.len() == 2 && parts.iter().all(|p| p.len() == 2 && is_small(p))
        }
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let parts: Vec<&str> = clock.split(':').collect();
    zone_fits
        && parts.len() == 3
        && parts.iter().all(|p| is_small(p))
        && !fraction.is_empty()
        && fraction.bytes().all(|b| b.is_ascii_digit())
}

fn is_small(digits: &str) -> bool {
    (1..=2).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}

/// `YYYY-M-D` and what follows.
fn split_date(text: &str) -> Option<((u32, u32, u32), &str)> {
    let (year, rest) = text.split_once('-')?;
    let (month, rest) = rest.split_once('-')?;
    let end = rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let (day, rest) = rest.split_at(end);
    let year_fits = year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit());
    if !year_fits || !is_small(month) || !is_small(day) {
        return None;
    }
    Some(((year.parse().ok()?, month.parse().ok()?, day.parse().ok()?), rest))
}

/// Words that YAML 1.1 or 1.2 gives another meaning, in any case.
fn is_word_to_some(text: &str) -> bool {
    let words = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf"];
    let word = text.trim_start_matches(['.', '+', '-']);
    word.is_empty() || words.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// Numbers of any YAML: underscores, any base, base 60, hexadecimal floats.
fn is_number_to_some(text: &str) -> bool {
    let plain = text.replace('_', "").to_ascii_lowercase();
    let plain = plain.strip_prefix(['-', '+']).unwrap_or(&plain);
    let of = |digits: &str, radix| !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    match plain.as_bytes() {
        [b'0', b'x', ..] => plain[2..].chars().all(|c| c.is_ascii_hexdigit() || ".p+-".contains(c)),
        [b'0', b'o', ..] if of(&plain[2..], 8) => true,
        [b'0', b'b', ..] if of(&plain[2..], 2) => true,
        [] => true,
        _ => is_float(plain) || is_base_60(plain),
    }
}

fn is_base_60(text: &str) -> bool {
    let text = text.split_once('.').map_or(text, |(whole, _)| whole);
    text.contains(':')
        && text.split(':').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Scalar {
        resolve(text, true, None)
    }

    #[test]
    fn scalars_mean_what_go_yaml_says() {
        for (text, meaning) in [
            ("", Scalar::Null),
            ("~", Scalar::Null),
            ("True", Scalar::Bool(true)),
            ("yes", Scalar::String),
            ("0777", Scalar::Int(511)),
            ("0o17", Scalar::Int(15)),
            ("-0b11", Scalar::Int(-3)),
            ("0x_1F", Scalar::Int(31)),
            ("1_000", Scalar::Int(1000)),
            ("18446744073709551615", Scalar::Int(18_446_744_073_709_551_615)),
            ("08", Scalar::Float(8.0)),
            ("1e3", Scalar::Float(1000.0)),
            (".5", Scalar::Float(0.5)),
            ("1.10", Scalar::Float(1.1)),
            ("1.2.3", Scalar::String),
            (".", Scalar::String),
            ("-", Scalar::String),
            ("1:30", Scalar::String),
            ("2001-1-2", Scalar::Timestamp),
            ("2001-01-02T03:04:05.6Z", Scalar::Timestamp),
            ("2001-01-02T03:04:05+01:00", Scalar::Timestamp),
            ("2001-01-02 03:04:05", Scalar::Timestamp),
            ("2001-13-02", Scalar::String),
            ("2001-01-02x", Scalar::String),
            ("<<", Scalar::Merge),
        ] {
            assert_eq!(plain(text), meaning, "{text:?}");
        }
    }

    #[test]
    fn quotes_and_tags_decide() {
        let tag = |name: &str| format!("tag:yaml.org,2002:{name}");
        assert_eq!(resolve("1", false, None), Scalar::String);
        assert_eq!(resolve("1", true, Some(&tag("str"))), Scalar::String);
        assert_eq!(resolve("1", false, Some(&tag("int"))), Scalar::Int(1));
        assert_eq!(resolve("1", true, Some(&tag("float"))), Scalar::Float(1.0));
        assert_eq!(resolve("1", true, Some("!mine")), Scalar::String);
    }

    #[test]
    fn what_any_reader_could_mistake_needs_quotes() {
        for text in [
            "1.0",
            "10",
            "1e5",
            "12e03",
            "0x1f",
            "0o17",
            "0b1",
            "017",
            "1_000",
            "1_0.5_1",
            "1.",
            ".5",
            "+1",
            "-1.5",
            "2024-01-02",
            "2024-1-2foo",
            "yes",
            "No",
            "ON",
            "y",
            "N",
            "null",
            "TRUE",
            "~",
            "",
            ".inf",
            "-.Inf",
            ".nan",
            "<<",
            "=",
            "1:30",
            "a: b",
            "a #b",
            "- a",
            "*a",
            "&a",
            "!a",
            "@a",
            "`a",
            "%a",
            "a,b",
            "{a",
            "[a",
            "a b",
            " a",
            "a ",
            "\"a",
            "'a",
            "--- a",
            "-",
            "---",
            "...",
            "é",
            "a\n",
            "_",
            "_1",
            "a:b",
        ] {
            assert!(!is_plain_string(text, true), "{text:?}");
        }
        for text in [
            "v1.0.1",
            "1.2.3",
            "1.10.0-rc.1",
            "latest",
            "a1b2c3d",
            "2024.01.02",
            "sha-1e5",
            "ghcr.io/a/b",
            "x_1",
            "1.2.3+4",
            "nginx",
            "yes1",
            "1e5a",
            "0xyz",
            "/bin/sh",
        ] {
            assert!(is_plain_string(text, true), "{text:?}");
        }
    }
}
