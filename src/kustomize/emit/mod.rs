//! Knows how Kustomize prints an object: sorted keys, block style, the quotes and folds of go-yaml v2.
//!
//! Kustomize writes each object as JSON and that as YAML, so numbers and dates come out as JSON has them.

pub(super) mod folded;
mod json;
pub(super) mod number;
mod order;
mod scalar;

use super::problem::Problem;
use super::value::{Content, Map, ScalarKind, Value};
pub use json::to_json;
use scalar::Spot;

/// Keys longer than this, in bytes, are announced by `?`.
const LONGEST_SIMPLE_KEY: usize = 128;
const STEP: usize = 2;

/// An object as Kustomize prints it.
///
/// # Errors
/// When JSON has no word for something in it: an infinite number, or a key that is not a text.
pub fn print(value: &Value) -> Result<String, Problem> {
    let mut printer = Printer { out: String::new() };
    match &value.content {
        Content::Map(map) if !map.is_empty() => printer.map(map, 0, false)?,
        Content::List(list) if !list.is_empty() => printer.list(list, 0, false)?,
        _ => printer.leaf(value, STEP, false)?,
    }
    if !printer.out.ends_with('\n') {
        printer.out.push('\n');
    }
    Ok(printer.out)
}

struct Printer {
    out: String,
}

impl Printer {
    /// `inline`: the first key stands on the line that is begun, behind a dash or the like.
    fn map(&mut self, map: &Map, indent: usize, inline: bool) -> Result<(), Problem> {
        let mut entries: Vec<_> = map.iter().collect();
        order::sort(&mut entries);
        for (at, (key, value)) in entries.into_iter().enumerate() {
            if key.kind != ScalarKind::String {
                let message = format!("the key {} is not a text; put quotes around it", key.text);
                return Err(Problem::new(message, key.place));
            }
            let text =
                number::through_json(&key.text).map_err(|why| Problem::new(why, key.place))?;
            self.begin(indent, inline && at == 0);
            if text.len() > LONGEST_SIMPLE_KEY || scalar::has_line_break(&text) {
                self.out.push_str("? ");
                let spot = Spot { indent: indent + STEP, column: indent + 2, key: false };
                scalar::write(&mut self.out, &text, spot);
                self.begin(indent, false);
                self.out.push(':');
                self.inside(value, indent)?;
                continue;
            }
            scalar::write(&mut self.out, &text, Spot { indent, column: indent, key: true });
            self.out.push(':');
            match &value.content {
                Content::Map(map) if !map.is_empty() => self.map(map, indent + STEP, false)?,
                Content::List(list) if !list.is_empty() => self.list(list, indent, false)?,
                _ => self.leaf(value, indent + STEP, true)?,
            }
        }
        Ok(())
    }

    fn list(&mut self, list: &[Value], indent: usize, inline: bool) -> Result<(), Problem> {
        for (at, value) in list.iter().enumerate() {
            self.begin(indent, inline && at == 0);
            self.out.push('-');
            self.inside(value, indent)?;
        }
        Ok(())
    }

    /// What follows a dash, or the colon of a key that was announced.
    fn inside(&mut self, value: &Value, indent: usize) -> Result<(), Problem> {
        match &value.content {
            Content::Map(map) if !map.is_empty() => self.map(map, indent + STEP, true),
            Content::List(list) if !list.is_empty() => self.list(list, indent + STEP, true),
            _ => self.leaf(value, indent + STEP, true),
        }
    }

    /// What stands on one line, or is folded; `behind` something on its line.
    fn leaf(&mut self, value: &Value, indent: usize, behind: bool) -> Result<(), Problem> {
        if behind {
            self.out.push(' ');
        }
        match &value.content {
            Content::Map(_) => self.out.push_str("{}"),
            Content::List(_) => self.out.push_str("[]"),
            Content::Scalar(scalar) => {
                let place = |message: String| Problem::new(message, value.place);
                match number::as_json(scalar).map_err(place)? {
                    number::Json::Bare(text) => self.out.push_str(&text),
                    number::Json::Text(text) => {
                        let column = scalar::column(&self.out);
                        scalar::write(&mut self.out, &text, Spot { indent, column, key: false });
                    }
                }
            }
        }
        Ok(())
    }

    /// Begins a line, or goes on behind a dash.
    fn begin(&mut self, indent: usize, inline: bool) {
        if inline {
            self.out.push(' ');
            return;
        }
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
        self.out.extend(std::iter::repeat_n(' ', indent));
    }
}

#[cfg(test)]
mod tests;
