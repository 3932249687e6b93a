//! What is wrong with a configuration, and where; and the nearest known word to one that is not known.
//!
//! It does not know how problems are shown.

use std::fmt;

/// Something wrong at a place in the file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
    /// Where in the document: `environments[1].after[0]`; empty for the document itself.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

/// A key that is right but that this version does not act upon yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The line of the key, from 1.
    pub line: u32,
    /// The column of the key, from 1, in characters.
    pub column: u32,
    /// Where in the document: `environments[1].gates.soak`.
    pub path: String,
    /// What to know.
    pub message: String,
}

/// The known word that the writer may have meant.
pub(super) fn nearest<T: AsRef<str>>(word: &str, known: impl IntoIterator<Item = T>) -> Option<T> {
    // long words are no slip of the pen, and comparing them costs
    if word.is_empty() || word.len() > 60 {
        return None;
    }
    let word = word.to_lowercase();
    let score = |known: &T| strsim::damerau_levenshtein(&word, &known.as_ref().to_lowercase());
    // of two letters, one is half of the word
    let most = match word.chars().count() {
        0..=2 => 0,
        length => (length / 3).min(4),
    };
    known
        .into_iter()
        .map(|candidate| (score(&candidate), candidate))
        .filter(|(score, _)| *score <= most)
        .min_by_key(|(score, _)| *score)
        .map(|(_, candidate)| candidate)
}
