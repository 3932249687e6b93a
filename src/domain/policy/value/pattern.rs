//! Globs and regular expressions, both searched for in time linear to the text.
//!
//! It does not know what they are held against.

use globset::{GlobBuilder, GlobMatcher};
use regex::{Regex, RegexBuilder};

use super::{Complaint, quoted};

/// A shell-like pattern; `*` and `?` match any character.
#[derive(Debug, Clone)]
pub struct Glob {
    text: String,
    matcher: GlobMatcher,
}

impl Glob {
    pub(in crate::domain::policy) fn parse(text: &str) -> Result<Self, Complaint> {
        Ok(Self { matcher: Self::build(text)?.compile_matcher(), text: text.to_owned() })
    }

    /// Checks it, which costs much less than making it ready.
    pub(in crate::domain::policy) fn build(text: &str) -> Result<globset::Glob, Complaint> {
        if text.is_empty() || text.len() > 200 {
            return Err(Complaint::bare("a glob has at least one character and at most 200"));
        }
        // a slash is a character like any other in tags and image names, and `*` is to mean all
        let glob = GlobBuilder::new(text).literal_separator(false).build();
        glob.map_err(|error| {
            Complaint::new(
                format!("{} is not a glob: {}", quoted(text), error.kind()),
                "`*` stands for any text, `?` for one character, `[ab]` for one of some, `{x,y}` for either",
            )
        })
    }

    /// Whether the whole of `text` matches.
    pub fn matches(&self, text: &str) -> bool {
        self.matcher.is_match(text)
    }

    /// The pattern as it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Equal where they are written alike.
impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Glob {}

/// A regular expression that is searched for in time linear to the text.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

impl Pattern {
    pub(in crate::domain::policy) fn parse(text: &str) -> Result<Self, Complaint> {
        let built = RegexBuilder::new(text).size_limit(1 << 17).build();
        built.map(Self).map_err(|error| {
            // the last line says what; the ones before it draw the expression
            let text = error.to_string();
            let what = text.lines().last().unwrap_or_default();
            let what = what.strip_prefix("error: ").unwrap_or(what);
            Complaint::new(
                format!("this is not a regular expression: {what}"),
                "look-around and back-references are not known here; try it with https://docs.rs/regex",
            )
        })
    }

    /// As [`Pattern::parse`], with exactly one group, which catches the value.
    pub(in crate::domain::policy) fn parse_value(text: &str) -> Result<Self, Complaint> {
        let pattern = Self::parse(text)?;
        match pattern.0.captures_len() {
            2 => Ok(pattern),
            1 => Err(Complaint::new(
                "the expression has no group, so it catches no value",
                "put parentheses around the number, such as `([0-9.]+)%`",
            )),
            more => Err(Complaint::new(
                format!("the expression has {} groups; which one is the value?", more - 1),
                "keep one group and write the others as `(?:…)`",
            )),
        }
    }

    /// The expression.
    pub fn regex(&self) -> &Regex {
        &self.0
    }

    /// The expression as it is written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Equal where they are written alike.
impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}
