//! Knows the text around nodes: lines, line ends, indentation, the quotes a file prefers; and how to splice.
//!
//! It knows nothing of images.

use std::ops::Range;

use super::EditError;
use crate::kustomize::yaml::{Document, Node, Style, YamlError, is_plain_string, position};

/// A source text and its habits.
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    quote: Style,
}

impl<'a> Source<'a> {
    pub(super) fn new(text: &'a str, document: Option<&Document>) -> Self {
        let count = |style| {
            let nodes = document.into_iter().flat_map(Document::nodes);
            nodes.filter(|node| node.style() == style).count()
        };
        let single = count(Style::SingleQuoted) > count(Style::DoubleQuoted);
        let quote = if single { Style::SingleQuoted } else { Style::DoubleQuoted };
        Self { text, quote }
    }

    /// Where the line of `at` starts; a byte order mark is no part of it.
    pub(super) fn line_start(&self, at: usize) -> usize {
        let mark = if self.text.starts_with('\u{feff}') { 3 } else { 0 };
        self.text[..at].rfind('\n').map_or(mark, |i| i + 1)
    }

    /// Where the line of `at` ends, in front of its line break.
    pub(super) fn line_end(&self, at: usize) -> usize {
        match self.text[at..].find('\n') {
            Some(i) if self.text[at..at + i].ends_with('\r') => at + i - 1,
            Some(i) => at + i,
            None => self.text.len(),
        }
    }

    /// Where the line after that of `at` starts.
    pub(super) fn next_line(&self, at: usize) -> usize {
        self.text[at..].find('\n').map_or(self.text.len(), |i| at + i + 1)
    }

    /// The line break to use near `at`: that of its line, else of the file.
    pub(super) fn line_break(&self, at: usize) -> &'static str {
        let end = self.text[at..].find('\n').map(|i| at + i).or_else(|| self.text.find('\n'));
        match end {
            Some(end) if self.text[..end].ends_with('\r') => "\r\n",
            _ => "\n",
        }
    }

    /// How many characters stand in front of `at` on its line.
    pub(super) fn column(&self, at: usize) -> usize {
        self.text[self.line_start(at)..at].chars().count()
    }

    /// As many spaces as stand in front of `at`.
    pub(super) fn indent(&self, at: usize) -> String {
        " ".repeat(self.column(at))
    }

    /// Whether nothing but spaces stands in front of `at` on its line.
    pub(super) fn starts_line(&self, at: usize) -> bool {
        self.text[self.line_start(at)..at].trim().is_empty()
    }

    /// Where what is written of a node ends: without the line breaks that belong to a block scalar.
    pub(super) fn end(&self, node: Node<'_>) -> usize {
        let start = node.outer_span().start;
        let written = &self.text[node.outer_span()];
        start + written.trim_end_matches([' ', '\t', '\r', '\n']).len()
    }

    /// Where what is written of a pair ends; a value that was left out ends at its colon or key.
    pub(super) fn pair_end(&self, (key, value): (Node<'_>, Node<'_>)) -> usize {
        if !value.outer_span().is_empty() {
            return self.end(value);
        }
        let key_end = key.span().end;
        let between = &self.text[key_end..value.span().start.max(key_end)];
        key_end + between.find(':').map_or(0, |i| i + 1)
    }

    /// `text` as it would be written in `style`; with other quotes where that would not be this string.
    pub(super) fn write(&self, text: &str, style: Style, flow: bool) -> String {
        let style = match style {
            Style::SingleQuoted | Style::DoubleQuoted => style,
            _ if is_plain_string(text, flow) => Style::Plain,
            _ => self.quote,
        };
        match style {
            Style::Plain => text.to_owned(),
            Style::SingleQuoted => format!("'{}'", text.replace('\'', "''")),
            _ => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        }
    }

    pub(super) fn refuse(&self, at: usize, message: impl Into<String>) -> EditError {
        let (line, column) = position(self.text, at);
        YamlError::new(message, line, column).into()
    }
}

/// Replacements of ranges of a text, to be made all at once.
#[derive(Default)]
pub(super) struct Splices(Vec<(Range<usize>, String)>);

impl Splices {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn replace(&mut self, range: Range<usize>, text: impl Into<String>) {
        self.0.push((range, text.into()));
    }

    pub(super) fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.replace(at..at, text);
    }

    pub(super) fn remove(&mut self, range: Range<usize>) {
        self.replace(range, "");
    }

    /// Whether some splice takes away or replaces all of `range`.
    pub(super) fn covers(&self, range: &Range<usize>) -> bool {
        let covers = |old: &Range<usize>| old.start <= range.start && range.end <= old.end;
        self.0.iter().any(|(old, _)| !old.is_empty() && covers(old))
    }

    /// What replaces exactly `range`.
    pub(super) fn replacement(&self, range: &Range<usize>) -> Option<&str> {
        let mut exact = self.0.iter().filter(|(old, _)| old == range && !old.is_empty());
        exact.next().map(|(_, new)| new.as_str())
    }

    /// Takes back what was to replace exactly `range`.
    pub(super) fn take_back(&mut self, range: &Range<usize>) {
        self.0.retain(|(old, _)| old != range);
    }

    /// The text with all replacements made. Those at one place keep their order.
    pub(super) fn apply(mut self, text: &str) -> Result<String, EditError> {
        self.0.sort_by_key(|(range, _)| (range.start, range.end));
        let mut out = String::with_capacity(text.len() + 64);
        let mut done = 0;
        for (range, new) in &self.0 {
            let (Some(kept), Some(_)) = (text.get(done..range.start), text.get(range.clone()))
            else {
                let message = "two of the changes meet in one place; make them one by one";
                return Err(YamlError::at(text, range.start, message).into());
            };
            out.push_str(kept);
            out.push_str(new);
            done = range.end;
        }
        out.push_str(&text[done..]);
        Ok(out)
    }
}
