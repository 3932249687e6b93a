//! Knows how Go's regular expressions differ from those of the `regex` crate.
//!
//! It knows nothing of what is matched.

use regex::{Regex, RegexBuilder};

/// The most that a repetition may count to in Go.
const MAX_REPEAT: u32 = 1000;
/// The most memory that a compiled pattern may take.
pub(in crate::kustomize) const MAX_SIZE: usize = 1 << 20;
/// The length of the texts that are matched as a rule.
const USUAL: usize = 32;

/// About how many steps it takes to match a text.
pub(in crate::kustomize) fn steps(pattern: &str, text: &str) -> usize {
    weight(pattern) * (1 + text.len() / USUAL)
}

/// About how many steps it takes to match a usual text: what counts repetitions has many states.
pub(super) fn weight(pattern: &str) -> usize {
    let length = 4 + pattern.len() / 8;
    if pattern.contains('{') { length * 32 } else { length }
}

/// The pattern for a whole text; none if it is empty, which is for all.
pub(super) fn whole(pattern: &str) -> Result<Option<Regex>, String> {
    if pattern.is_empty() {
        return Ok(None);
    }
    compile(&format!("^(?:{pattern})$")).map(Some)
}

/// A pattern as Go means it.
pub(in crate::kustomize) fn compile(pattern: &str) -> Result<Regex, String> {
    let mut builder = RegexBuilder::new(&translated(pattern)?);
    builder.size_limit(MAX_SIZE).build().map_err(|error| match error {
        regex::Error::Syntax(text) => {
            let last = text.lines().last().unwrap_or_default();
            last.strip_prefix("error: ").unwrap_or(last).to_owned()
        }
        regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
        other => other.to_string(),
    })
}

/// Writes out what the crate would understand otherwise, and refuses what only the crate understands.
fn translated(pattern: &str) -> Result<String, String> {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    // Whether the last thing was a repetition, which cannot be repeated.
    let mut repeated = false;
    while let Some(char) = rest.chars().next() {
        let was_repeated = std::mem::take(&mut repeated);
        let length = match char {
            '\\' => escape(rest, &mut out)?,
            '[' => class(rest, &mut out)?,
            '(' if rest.starts_with("(?") => flags(rest, &mut out)?,
            '*' | '+' | '?' | '{' => match repetition(rest)? {
                None => {
                    out.push_str("\\{");
                    1
                }
                Some(_) if was_repeated => return Err("a repetition cannot be repeated".into()),
                Some(length) => {
                    let lazy = rest.get(length..).is_some_and(|after| after.starts_with('?'));
                    let length = length + usize::from(lazy);
                    out.push_str(rest.get(..length).unwrap_or_default());
                    repeated = true;
                    length
                }
            },
            other => {
                out.push_str(if other == '}' { "\\" } else { "" });
                out.push(other);
                other.len_utf8()
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(out)
}

/// How long the repetition is that `rest` begins with; a brace that does not count is only a brace.
fn repetition(rest: &str) -> Result<Option<usize>, String> {
    let Some(inner) = rest.strip_prefix('{') else { return Ok(Some(1)) };
    let Some((inner, _)) = inner.split_once('}') else { return Ok(None) };
    let (low, high) = inner.split_once(',').unwrap_or((inner, inner));
    let is_number = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && (text == "0" || !text.starts_with('0'))
    };
    if !is_number(low) || !(is_number(high) || high.is_empty()) {
        return Ok(None);
    }
    let number = |text: &str| text.parse().unwrap_or(u32::MAX);
    if number(low) > MAX_REPEAT || (!high.is_empty() && number(high) > MAX_REPEAT) {
        return Err(format!("a repetition counts to {MAX_REPEAT} at most"));
    }
    Ok(Some(inner.len() + 2))
}

fn escape(rest: &str, out: &mut String) -> Result<usize, String> {
    let Some(char) = rest.chars().nth(1) else { return Err("it ends in a backslash".into()) };
    match char {
        'Q' => {
            let quoted = rest.get(2..).unwrap_or_default();
            let (text, length) = match quoted.split_once("\\E") {
                Some((text, _)) => (text, text.len() + 4),
                None => (quoted, rest.len()),
            };
            out.push_str(&regex::escape(text));
            return Ok(length);
        }
        // What is a letter to Go's classes is in ASCII.
        'd' => out.push_str("[0-9]"),
        'w' => out.push_str("[0-9A-Za-z_]"),
        's' => out.push_str("[\\t\\n\\x0C\\r ]"),
        'D' => out.push_str("[^0-9]"),
        'W' => out.push_str("[^0-9A-Za-z_]"),
        'S' => out.push_str("[^\\t\\n\\x0C\\r ]"),
        'b' | 'B' => {
            out.push_str("(?-u:\\");
            out.push(char);
            out.push(')');
        }
        _ => write_escaped(char, out)?,
    }
    Ok(1 + char.len_utf8())
}

fn write_escaped(char: char, out: &mut String) -> Result<(), String> {
    match char {
        'A' | 'z' | 'a' | 'f' | 'n' | 'r' | 't' | 'v' | 'x' | 'p' | 'P' => {
            out.push('\\');
            out.push(char);
        }
        other if other.is_ascii() && !other.is_ascii_alphanumeric() => {
            out.push_str(&regex::escape(&other.to_string()));
        }
        other => return Err(format!("\\{other} means nothing")),
    }
    Ok(())
}

/// A class of characters; to Go, brackets and double signs within it are only signs.
fn class(rest: &str, out: &mut String) -> Result<usize, String> {
    out.push('[');
    let mut at = 1;
    if rest.get(at..).is_some_and(|rest| rest.starts_with('^')) {
        out.push('^');
        at += 1;
    }
    let first = at;
    loop {
        let inner = rest.get(at..).unwrap_or_default();
        let Some(char) = inner.chars().next() else { return Err("a [ is not closed".into()) };
        at += match char {
            ']' if at > first => {
                out.push(']');
                return Ok(at + 1);
            }
            '[' if inner.starts_with("[:") && inner.contains(":]") => {
                let length = inner.find(":]").map_or(1, |end| end + 2);
                out.push_str(inner.get(..length).unwrap_or_default());
                length
            }
            '\\' => {
                let Some(next) = inner.chars().nth(1) else {
                    return Err("a [ is not closed".into());
                };
                match next {
                    'd' => out.push_str("0-9"),
                    'w' => out.push_str("0-9A-Za-z_"),
                    's' => out.push_str("\\t\\n\\x0C\\r "),
                    'D' | 'W' | 'S' => {
                        escape(inner, out)?;
                    }
                    'A' | 'z' | 'b' | 'B' => return Err(format!("\\{next} cannot be in a class")),
                    _ => write_escaped(next, out)?,
                }
                1 + next.len_utf8()
            }
            '[' | ']' | '&' | '~' => {
                out.push('\\');
                out.push(char);
                1
            }
            other => {
                out.push(other);
                other.len_utf8()
            }
        };
    }
}

/// What follows `(?`: flags and names that Go knows.
fn flags(rest: &str, out: &mut String) -> Result<usize, String> {
    let inner = rest.get(2..).unwrap_or_default();
    let flags = inner.find(|c: char| !"imsU-".contains(c)).unwrap_or(inner.len());
    let is_known = match inner.get(flags..).and_then(|after| after.chars().next()) {
        Some(':' | ')') => true,
        Some('P' | '<') => flags == 0 && !inner.starts_with("<=") && !inner.starts_with("<!"),
        _ => false,
    };
    if !is_known {
        return Err("only the flags i, m, s and U, and names of groups, may follow (?".into());
    }
    out.push_str("(?");
    Ok(2)
}
