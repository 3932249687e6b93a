//! What Usher's own page tells of a pull request at one head: the verdict, its gates, what was found, and the
//! whole difference once rendered.
//!
//! It is what `reply` has worded, kept until somebody looks; how it looks it does not know. Sentences are
//! Markdown in which foreign text is inert; everything else is text as it is to be seen.

use serde::{Deserialize, Serialize};

use super::gates::Outcome;
use crate::model::read::{Conclusion, Severity};

/// A page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The repository, as it was called.
    pub repository: String,
    /// The pull request's title.
    pub title: String,
    /// Where it is on GitHub.
    pub url: String,
    /// Who opened it.
    pub author: String,
    /// The branch that it goes to.
    pub base: String,
    /// How `usher/gates` stands.
    pub conclusion: Option<Conclusion>,
    /// The verdict in a sentence.
    pub headline: String,
    /// What is missing most, in a few words; empty where nothing is.
    pub brief: String,
    /// What there is to say about it as a whole, Markdown.
    pub notes: Vec<String>,
    /// Its gates, in the order in which they are best put right.
    pub gates: Vec<Line>,
    /// The other checks.
    pub checks: Vec<Check>,
    /// What was found wrong, most severe first.
    pub findings: Vec<Remark>,
    /// So many findings more there are.
    pub more_findings: usize,
    /// What it means for the rules, Markdown, a sentence each.
    pub rules: Vec<String>,
    /// How each overlay would render otherwise.
    pub overlays: Vec<Overlay>,
    /// So many objects more differ that there is no room for.
    pub more_objects: usize,
}

/// A gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its name.
    pub name: String,
    /// Where; none where it is about the repository's own rules.
    pub environment: Option<String>,
    /// How it stands.
    pub outcome: Outcome,
    /// Why, Markdown.
    pub why: String,
    /// What would help, Markdown.
    pub help: Option<String>,
}

/// A check in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// How it stands.
    pub conclusion: Option<Conclusion>,
    /// Its headline.
    pub title: String,
}

/// A remark on a line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// How bad it is.
    pub severity: Severity,
    /// The rule's code.
    pub code: String,
    /// `file:line`.
    pub place: String,
    /// Where that is on GitHub.
    pub url: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// An overlay of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overlay {
    /// The environment.
    pub environment: String,
    /// The folder.
    pub folder: String,
    /// How many objects differ, and how.
    pub tally: String,
    /// The objects that differ.
    pub objects: Vec<Object>,
    /// What keeps it from being compared.
    pub trouble: Option<String>,
}

/// An object that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// How.
    pub how: How,
    /// What it is called.
    pub title: String,
    /// Its lines, with `-` and `+` in front.
    pub lines: String,
    /// So many lines more there are.
    pub more_lines: usize,
}

/// How an object differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It has other fields.
    Changed,
}
