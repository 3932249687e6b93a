//! Gates: named conditions on a promotion, each with an outcome and what it rests on.
//!
//! One file a gate; each is a pure function of facts. What is not known is not passed.

pub mod kustomize;
pub mod order;
pub mod scope;
pub mod unjudged;

use super::reply::Said;
use crate::model::ids::EnvName;

/// How a gate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Nothing is missing.
    Passed,
    /// A machine or the calendar has to get there.
    Waiting,
    /// A person has to act.
    Needs,
    /// It cannot pass as it is.
    Failed,
}

/// A gate's outcome, with its evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// Which gate, by the name that commands and configuration use.
    pub name: &'static str,
    /// Where.
    pub environment: EnvName,
    /// How it stands.
    pub outcome: Outcome,
    /// Why, and what would help.
    pub said: Said,
}

impl Gate {
    fn new(name: &'static str, environment: &EnvName, outcome: Outcome, said: Said) -> Self {
        Self { name, environment: environment.clone(), outcome, said }
    }
}
