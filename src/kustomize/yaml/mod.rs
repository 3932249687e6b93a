//! Knows YAML as Kubernetes' tools read it: source text in, a tree with positions out.
//!
//! It accepts what libyaml accepts (as go-yaml does), resolves scalars as go-yaml does, and refuses what
//! would cost too much. It knows nothing of Kustomize, and it never writes.

mod compose;
mod events;
mod resolve;
mod tree;

pub use compose::{MAX_DEPTH, MAX_NODES, MAX_SOURCE, documents, parse, parse_one};
pub use resolve::{Scalar, is_plain_string, means_string, resolve};
pub use tree::{Document, Kind, Node};

use serde::{Deserialize, Serialize};

/// How a node is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A scalar without quotes.
    Plain,
    /// `'…'`
    SingleQuoted,
    /// `"…"`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
    /// A collection by indentation.
    Block,
    /// A collection in brackets.
    Flow,
}

/// Why a text is not the YAML that was wanted, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct YamlError {
    /// What is wrong.
    pub message: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
}

impl YamlError {
    /// An error at a place that is known.
    pub fn new(message: impl Into<String>, line: u32, column: u32) -> Self {
        Self { message: message.into(), line, column }
    }

    /// An error at a byte offset of `source`.
    pub fn at(source: &str, offset: usize, message: impl Into<String>) -> Self {
        let (line, column) = position(source, offset);
        Self::new(message, line, column)
    }
}

/// The line and the column, from 1, of a byte offset of `source`.
pub fn position(source: &str, offset: usize) -> (u32, u32) {
    let before = source.as_bytes().get(..offset).unwrap_or(source.as_bytes());
    let start = before.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
    let line = before.iter().filter(|b| **b == b'\n').count() + 1;
    let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
    let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    (small(line), small(column))
}

#[cfg(test)]
mod tests;
