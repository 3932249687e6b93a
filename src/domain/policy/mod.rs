//! The policy: `.github/usher.yml`, read, checked as a whole and made into values that cannot be invalid.
//!
//! It knows every key of the configuration; it does not know whether what the policy asks for is fulfilled.

mod application;
mod check;
mod difference;
mod environment;
mod format;
mod gates;
mod keys;
mod problem;
mod read;
mod refer;
mod schema;
mod shape;
mod time;
mod value;
mod version;

use std::collections::BTreeMap;

pub use crate::intent::RULES as PATH;
pub use application::{Application, HoldMarker, NoImageTag, Trigger};
pub use difference::{differences, vanished};
pub use environment::{
    Approval, Approve, ArgoApplication, Environment, Mover, Overrides, Owners, Reviews, Rollback,
    Target, Wave,
};
pub use gates::{Allowed, Artifacts, Exempt, Expectation, Gates, Parity, Ticket, TicketStatus};
pub use problem::{Note, Problem};
pub use schema::{Row, markdown, reference, schema};
pub use time::{Schedule, Weekly, Window};
pub use value::{Complaint, Glob, Label, Overlay, Pattern, Principal, Role, Span};
pub use version::{Scheme, Version};

use crate::model::ids::{AppName, EnvName, Login, RepoName};
use crate::model::read::Severity;

/// Whether verdicts bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// They do.
    Enforce,
    /// They are said, nothing is stopped, nothing is merged.
    Observe,
}

/// What a configuration makes of rules, by their codes; none turns one off.
pub type Severities = BTreeMap<String, Option<Severity>>;

/// A repository's configuration.
#[derive(Debug, Clone)]
pub struct Policy {
    mode: Mode,
    admins: Vec<Principal>,
    bots: Vec<Login>,
    prefixed: bool,
    kubernetes: Option<String>,
    schemas: Vec<Glob>,
    rules: Severities,
    followers: Vec<RepoName>,
    commands_max_age: Span,
    applications: Vec<Application>,
    environments: Vec<Environment>,
    notes: Vec<Note>,
}

impl Policy {
    /// Reads a configuration of the repository `home`, or says everything that is wrong with it,
    /// from top to bottom.
    pub fn parse(bytes: &[u8], home: &RepoName) -> Result<Self, Vec<Problem>> {
        read::policy(bytes, home)
    }

    /// The policy of a repository whose configuration never was valid: administrators decide.
    pub fn none() -> Self {
        Self {
            mode: Mode::Enforce,
            admins: Vec::new(),
            bots: Vec::new(),
            prefixed: false,
            kubernetes: None,
            schemas: Vec::new(),
            rules: BTreeMap::new(),
            followers: Vec::new(),
            commands_max_age: Span::HALF_AN_HOUR,
            applications: Vec::new(),
            environments: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Whether verdicts bind.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Who approves changes of the configuration; the repository's administrators if nobody is named.
    pub fn admins(&self) -> &[Principal] {
        &self.admins
    }

    /// Bots whose comments may command.
    pub fn bots(&self) -> &[Login] {
        &self.bots
    }

    /// Whether only `/usher …` is a command.
    pub fn prefixed(&self) -> bool {
        self.prefixed
    }

    /// The Kubernetes version to validate against; the newest known if none is named.
    pub fn kubernetes(&self) -> Option<&str> {
        self.kubernetes.as_deref()
    }

    /// The files with schemas of custom resources.
    pub fn schemas(&self) -> &[Glob] {
        &self.schemas
    }

    /// The severity of each validation rule that is named; `None` turns it off.
    pub fn rules(&self) -> &Severities {
        &self.rules
    }

    /// Repositories of other owners that may follow releases of this one.
    pub fn followers(&self) -> &[RepoName] {
        &self.followers
    }

    /// How old a command may be when it is read.
    pub fn commands_max_age(&self) -> Span {
        self.commands_max_age
    }

    /// The applications, in the order of the file; none in a source that only lists followers.
    pub fn applications(&self) -> &[Application] {
        &self.applications
    }

    /// The environments, in the order of the file; none where there are no applications.
    pub fn environments(&self) -> &[Environment] {
        &self.environments
    }

    /// The application of that name.
    pub fn application(&self, name: &AppName) -> Option<&Application> {
        self.applications.iter().find(|application| application.name() == name)
    }

    /// The environment of that name.
    pub fn environment(&self, name: &EnvName) -> Option<&Environment> {
        self.environments.iter().find(|environment| environment.name() == name)
    }

    /// The environments into which promotions open by themselves, in the order of the file.
    pub fn automatic(&self) -> impl Iterator<Item = &Environment> {
        self.environments.iter().filter(|environment| environment.promote() == Mover::Automatic)
    }

    /// What is asked for but not acted upon by this version.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }
}

#[cfg(test)]
mod tests;
