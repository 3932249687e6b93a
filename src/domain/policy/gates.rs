//! The gates of an environment as they are configured: checks, soak, ticket, parity and the others.
//!
//! It knows what is asked for; whether it is there is judged elsewhere.

use super::value::{Glob, Label, Pattern, Principal, Span};
use crate::model::ids::EnvName;

/// What has to be true before a promotion.
#[derive(Debug, Clone, PartialEq)]
pub struct Gates {
    /// Checks and statuses that must be green on the promotion's pull request.
    pub checks: Vec<Glob>,
    /// What must be green on the release's own commit.
    pub release: Vec<Expectation>,
    /// Whether every commit since the running version came by an approved pull request.
    pub reviewed: bool,
    /// What must be green in the environment before, after the version ran there.
    pub verified: Vec<Expectation>,
    /// How long the version has to run whole in the environment before.
    pub soak: Option<Span>,
    /// Whether what runs has to be healthy.
    pub health: bool,
    /// Whether nothing but promotions may have changed what runs.
    pub drift: bool,
    /// What images need.
    pub artifacts: Artifacts,
    /// What a change ticket needs, where there has to be one.
    pub ticket: Option<Ticket>,
    /// What the environment may differ from, and where.
    pub parity: Option<Parity>,
    /// What may move all the same while nothing moves.
    pub exempt: Option<Exempt>,
}

/// A check, status or manual verification that is expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// Its name.
    pub check: Glob,
    /// The App that has to report it; any if not said.
    pub app: Option<String>,
    /// What catches a number in the check's output.
    pub value: Option<Pattern>,
    /// The least that the number may be.
    pub at_least: Option<f64>,
    /// The most that the number may be.
    pub at_most: Option<f64>,
    /// An approval that does instead.
    pub or: Option<Label>,
}

impl Expectation {
    /// That what goes by this name is green, whoever reports it.
    pub fn green(check: Glob) -> Self {
        Self { check, app: None, value: None, at_least: None, at_most: None, or: None }
    }
}

/// What images need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Artifacts {
    /// Whether they have to be in the registries that the operator configured.
    pub present: bool,
    /// Whether the digest has to be the one that ran in the environment before.
    pub same_digest: bool,
}

/// A change ticket.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticket {
    /// What its name looks like.
    pub pattern: Pattern,
    /// Where to ask whether it is approved; not asked if not said.
    pub status: Option<TicketStatus>,
}

/// Where to ask for a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketStatus {
    /// The address, with `{ticket}`.
    pub url: String,
    /// Where the answer says it, as a JSON pointer.
    pub json: String,
    /// What it says there when the ticket is approved.
    pub equals: String,
}

/// What an environment may differ from, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parity {
    /// The other environment.
    pub with: EnvName,
    /// Where they may differ.
    pub allow: Vec<Allowed>,
}

/// Where two environments may differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    /// In `images`, `replicas` or `resources`, wherever they are.
    Word(String),
    /// In a field of one kind of object.
    Field {
        /// The kind.
        kind: String,
        /// The field.
        field: String,
    },
}

/// What may move while nothing moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exempt {
    /// The label that exempts.
    pub label: Label,
    /// Who may give it.
    pub by: Vec<Principal>,
}
