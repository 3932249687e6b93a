//! The one status comment of a promotion: where it stands, what is needed next, how to go back.

use std::fmt::Write as _;

use super::sign;
use crate::domain::gates::{Gate, Outcome};
use crate::domain::inert::span;
use crate::domain::promotion::Promotion;
use crate::model::ids::PrNumber;

/// The hidden first line of the status comment; it counts only together with its author.
pub const MARKER: &str = "<!-- usher:status -->";

/// The comment while the promotion is open.
pub fn promotion(promotion: &Promotion, gates: &[Gate]) -> String {
    let mut out = format!("{MARKER}\n");
    let open: Vec<&Gate> = gates.iter().filter(|gate| gate.outcome != Outcome::Passed).collect();
    let (version, place) = (span(&promotion.version), span(promotion.environment.as_str()));
    let headline = if gates.is_empty() {
        format!("Nothing is left to promote: {place} has {version} already.")
    } else if open.is_empty() {
        format!("{version} may go to {place}: every gate has passed.")
    } else if open.iter().any(|gate| gate.outcome == Outcome::Failed) {
        format!("{version} cannot go to {place} as it is.")
    } else {
        format!("{version} may not go to {place} yet.")
    };
    let _ = writeln!(out, "**{headline}**\n");
    for gate in gates {
        let tick = if gate.outcome == Outcome::Passed { "x" } else { " " };
        let _ = writeln!(
            out,
            "- [{tick}] {} **{}** – {}",
            sign(gate.outcome),
            gate.name,
            gate.said.sentence
        );
    }
    let _ = writeln!(out, "\n**Next:** {}", next(&open, gates.is_empty()));
    let _ = writeln!(
        out,
        "\n**Going back:** after the merge, revert this pull request; it holds one commit that changes image entries only."
    );
    out
}

fn next(open: &[&Gate], done: bool) -> String {
    if done {
        return "close this pull request.".to_owned();
    }
    match open.first() {
        None => "review it as your branch protection asks for, then merge.".to_owned(),
        Some(gate) => {
            gate.said.help.clone().unwrap_or_else(|| format!("`{}` has to pass.", gate.name))
        }
    }
}

/// The comment on a promotion that a newer one replaces.
pub fn superseded(older: &Promotion, by: PrNumber) -> String {
    format!(
        "{MARKER}\n**Superseded by #{by}**, which brings a newer version to {}. {} is not promoted any more.\n",
        span(older.environment.as_str()),
        span(&older.version)
    )
}
