//! Which lines of a comment are commands: those that a reader sees as plain text of the writer's own.
//!
//! It knows Markdown as GitHub shows it, and the HTML that GitHub lets stand in it; the grammar of a
//! line is not known here.

mod markup;

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::command::Spoken;
use super::grammar;
use markup::Markup;

/// So many lines of one comment are acted upon.
const MOST: usize = 10;

/// What is said in a comment, in order, and how many commands were beyond the most that count.
pub(super) fn read(text: &str) -> (Vec<Spoken>, usize) {
    let mut spoken = Vec::new();
    let mut dropped = 0;
    for line in lines(text) {
        if spoken.len() < MOST {
            spoken.extend(grammar::parse(&line));
        } else if grammar::is_command(&line) {
            dropped += 1;
        }
    }
    (spoken, dropped)
}

/// The lines of plain text that begin with a slash.
fn lines(text: &str) -> Vec<String> {
    // GitHub takes off a byte order mark, too.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if !text.contains('/') {
        return Vec::new();
    }
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_GFM;
    let mut reading = Reading { text, ..Reading::default() };
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        reading.read(&event, range);
    }
    reading.found.into_iter().map(|line| shown(text, line)).collect()
}

/// A comment that is being read.
#[derive(Default)]
struct Reading<'a> {
    text: &'a str,
    markup: Markup,
    /// How many blocks and spans are open.
    depth: usize,
    /// Whether the outermost of them is a paragraph.
    paragraph: bool,
    /// How many of them are code.
    code: usize,
    /// Where a line begins, until something has been read of it.
    fresh: Option<usize>,
    /// The lines that were found.
    found: Vec<Line>,
}

/// A line from its slash on.
struct Line {
    start: usize,
    end: usize,
    /// HTML comments in it, which nobody sees.
    hidden: Vec<Range<usize>>,
}

impl Reading<'_> {
    fn read(&mut self, event: &Event<'_>, range: Range<usize>) {
        let fresh = self.fresh.take();
        match event {
            Event::Start(tag) => {
                if self.depth == 0 {
                    self.paragraph = matches!(tag, Tag::Paragraph);
                    self.fresh = self.paragraph.then_some(range.start);
                }
                self.code += usize::from(matches!(tag, Tag::CodeBlock(_)));
                self.depth += 1;
            }
            Event::End(end) => {
                self.depth = self.depth.saturating_sub(1);
                let code = usize::from(matches!(end, TagEnd::CodeBlock));
                self.code = self.code.saturating_sub(code);
            }
            Event::SoftBreak | Event::HardBreak => {
                self.end_line(range.start);
                self.fresh = self.is_plain().then_some(range.end);
            }
            Event::Text(_) if self.code == 0 => {
                if fresh.is_some_and(|from| self.begins(from, range.start)) {
                    self.begin_line(range.start);
                }
                self.markup.read_text(self.text, range);
            }
            Event::Html(_) | Event::InlineHtml(_) => {
                if self.text[range.clone()].starts_with("<!--")
                    && let Some(line) = self.found.last_mut().filter(|line| range.start < line.end)
                {
                    line.hidden.push(range.clone());
                }
                self.markup.read_html(self.text, range);
            }
            _ => {}
        }
    }

    /// Whether text of the outermost paragraph is read, outside of everything that can stand in one.
    fn is_plain(&self) -> bool {
        self.paragraph && self.depth == 1
    }

    /// Whether a slash stands at the beginning of the line: blanks before it are not shown.
    fn begins(&self, from: usize, at: usize) -> bool {
        self.is_plain()
            && self.text[at..].starts_with('/')
            && self.text.get(from..at).is_some_and(|before| before.chars().all(is_blank))
            && self.markup.is_open_at(at)
    }

    fn begin_line(&mut self, start: usize) {
        let length = self.text[start..].find(['\n', '\r']);
        let end = length.map_or(self.text.len(), |length| start + length);
        self.found.push(Line { start, end, hidden: Vec::new() });
    }

    /// A line ends before the sign that breaks it, which may be more than the line's end.
    fn end_line(&mut self, end: usize) {
        if let Some(line) = self.found.last_mut()
            && line.start < end
            && end < line.end
        {
            line.end = end;
        }
    }
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

/// A line as a reader sees it.
fn shown(text: &str, line: Line) -> String {
    let mut shown = String::new();
    let mut at = line.start;
    for hidden in line.hidden {
        let end = hidden.end.min(line.end);
        shown.push_str(text.get(at..hidden.start).unwrap_or_default());
        at = at.max(end);
    }
    shown.push_str(text.get(at..line.end).unwrap_or_default());
    shown.trim_end_matches(is_blank).to_owned()
}

#[cfg(test)]
mod tests;
