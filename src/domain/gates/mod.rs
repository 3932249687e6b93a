//! Gates: named conditions on a promotion, each with an outcome and what it rests on.
//!
//! One file a gate; each is a pure function of facts. What is not known is not passed.

pub mod kustomize;
pub mod order;
pub mod scope;
pub mod unjudged;

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

/// A gate's outcome, with its evidence in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// Which gate, by the name that commands and configuration use.
    pub name: &'static str,
    /// Where.
    pub environment: EnvName,
    /// How it stands.
    pub outcome: Outcome,
    /// Why. Foreign text in it is inert already.
    pub sentence: String,
    /// What would help, where something would.
    pub help: Option<String>,
}

impl Gate {
    fn new(
        name: &'static str,
        environment: &EnvName,
        outcome: Outcome,
        sentence: impl Into<String>,
    ) -> Self {
        Self {
            name,
            environment: environment.clone(),
            outcome,
            sentence: sentence.into(),
            help: None,
        }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
