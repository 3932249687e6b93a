//! What people read: decisions as Markdown. It words things; it decides nothing.

pub mod body;
pub mod check;
pub mod release;
pub mod status;
pub mod trouble;

use super::gates::Outcome;

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
