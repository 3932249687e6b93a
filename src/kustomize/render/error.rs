//! Knows how a render that fails is told: what is wrong, at which line, and by which way it was come to.

use crate::kustomize::problem::{Place, Problem};

/// The most bytes of a message.
const LONGEST_MESSAGE: usize = 1000;
/// The most places that are shown between a problem and the outermost kustomization.
const LONGEST_CHAIN: usize = 10;

/// Why a kustomization cannot be rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderError {
    /// What is wrong and what to do about it.
    pub message: String,
    /// The file and the line, as far as there is one.
    pub place: Option<FilePlace>,
    /// Whether Kustomize itself might render it: it is refused since it would be fetched or run.
    pub refused: bool,
    /// The places that led there: where each kustomization names the next, outermost first.
    pub chain: Vec<FilePlace>,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePlace {
    /// The path from the root of the tree.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

impl std::fmt::Display for FilePlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl std::fmt::Display for RenderError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.message)?;
        let shown = self.chain.iter().rev().take(LONGEST_CHAIN);
        for place in shown {
            write!(f, "\n  by way of {place}")?;
        }
        match self.chain.len().checked_sub(LONGEST_CHAIN) {
            None | Some(0) => Ok(()),
            Some(more) => write!(f, "\n  and {more} more"),
        }
    }
}

impl std::error::Error for RenderError {}

/// A problem and the places that led there, innermost first.
pub(super) struct Failure {
    problem: Problem,
    chain: Vec<Place>,
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { problem, chain: Vec::new() }
    }
}

impl Failure {
    /// The same, by way of a place.
    pub(super) fn through(mut self, place: Place) -> Self {
        self.chain.push(place);
        self
    }

    /// The same with the names of files.
    pub(super) fn named(self, files: &[String]) -> RenderError {
        let named = |place: Place| {
            let file = files.get(usize::try_from(place.file).ok()?)?.clone();
            Some(FilePlace { file, line: place.line, column: place.column })
        };
        RenderError {
            message: shortened(self.problem.message),
            refused: self.problem.refused,
            place: named(self.problem.place),
            chain: self.chain.into_iter().rev().filter_map(named).collect(),
        }
    }
}

/// A message that can be read, whatever was quoted in it.
fn shortened(mut message: String) -> String {
    if message.len() > LONGEST_MESSAGE {
        message.truncate(message.floor_char_boundary(LONGEST_MESSAGE));
        message.push('…');
    }
    message
}
