//! What people read: decisions as Markdown. It words things; it decides nothing.

pub mod body;
pub mod check;
pub mod gate;
pub mod reason;
pub mod release;
pub mod status;
pub mod trouble;

use super::gates::Outcome;

/// A sentence, and what would help where something would. Foreign text in it is inert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The sentence.
    pub sentence: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Said {
    fn new(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), help: None }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// How an outcome looks in a list.
fn sign(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "✅",
        Outcome::Waiting => "⏳",
        Outcome::Needs => "🙋",
        Outcome::Failed => "❌",
    }
}

/// `1 file`, `2 files`.
fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}
