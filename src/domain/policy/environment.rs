//! An environment of the policy: where it stands in the promotion graph, its folders, who decides there.
//!
//! It knows what is wanted; whether it is fulfilled is judged elsewhere.

use super::Severities;
use super::gates::Gates;
use super::time::{Schedule, Window};
use super::value::{Label, Overlay, Principal, Span};
use crate::model::ids::{AppName, EnvName, TargetName};
use crate::model::write::MergeMethod;

/// How something comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mover {
    /// When a person says so.
    Manual,
    /// By itself, as soon as it may.
    Automatic,
}

/// An Application of Argo CD, on a server that the operator has given a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArgoApplication {
    /// The server's name in the operator's settings.
    pub server: String,
    /// The Application's name there.
    pub application: String,
}

/// One Kustomize overlay folder of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its name; the environment's own where it has but one.
    pub name: TargetName,
    /// Its folder.
    pub overlay: Overlay,
    /// What deploys it.
    pub argocd: Option<ArgoApplication>,
}

/// Targets that are promoted together, by one pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wave {
    /// Which.
    pub targets: Vec<TargetName>,
    /// How long it runs before the next one.
    pub soak: Option<Span>,
    /// Whether it has to be healthy before the next one.
    pub health: bool,
}

/// A label that somebody has to give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The label.
    pub label: Label,
    /// Who may give it.
    pub by: Vec<Principal>,
    /// Whether those with a hand in the promotion may, too.
    pub own: bool,
}

/// Which waves of a plan need approvals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approve {
    /// The first; they cover the later ones.
    Once,
    /// Each for itself.
    Each,
}

/// Approving reviews that are needed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reviews {
    /// How many.
    pub count: u64,
    /// Whose count; everybody's with write access if nobody is named.
    pub by: Vec<Principal>,
}

/// Who answers for an environment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Owners {
    /// Who verifies what was promoted.
    pub verification: Option<Principal>,
    /// Who decides on the way back.
    pub fallback: Option<Principal>,
}

/// Who may override gates with a reason.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overrides {
    /// For every gate that is not named.
    pub all: Vec<Principal>,
    /// Gate by gate.
    pub by_gate: Vec<(String, Vec<Principal>)>,
}

impl Overrides {
    /// Who may override that gate.
    pub fn of(&self, gate: &str) -> &[Principal] {
        let named = self.by_gate.iter().find(|(name, _)| name == gate);
        named.map_or(&self.all, |(_, people)| people)
    }
}

/// How an environment goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollback {
    /// Who may, besides promoters.
    pub by: Vec<Principal>,
    /// The gates that it has to pass.
    pub gates: Vec<String>,
    /// How many of the last versions it may go back to; any if not said.
    pub within: Option<u64>,
    /// The environment that goes back first.
    pub via: Option<EnvName>,
    /// Whether Argo CD brings the live application back at once, also where nobody says so.
    pub argocd: bool,
    /// What opens a rollback by itself when it fails after a promotion: `health`, `verified`.
    pub on: Vec<String>,
    /// How long after a promotion.
    pub watch: Span,
}

impl Default for Rollback {
    fn default() -> Self {
        Self {
            by: Vec::new(),
            gates: vec!["kustomize".to_owned()],
            within: None,
            via: None,
            argocd: false,
            on: Vec::new(),
            watch: Span::HALF_AN_HOUR,
        }
    }
}

/// A named place in the promotion graph.
#[derive(Debug, Clone)]
pub struct Environment {
    pub(super) name: EnvName,
    pub(super) targets: Vec<Target>,
    pub(super) waves: Vec<Wave>,
    pub(super) approve: Approve,
    pub(super) promote: Mover,
    pub(super) schedule: Option<Schedule>,
    pub(super) merge: Mover,
    pub(super) method: MergeMethod,
    pub(super) after: Vec<EnvName>,
    pub(super) promoters: Vec<Principal>,
    pub(super) approvals: Vec<Approval>,
    pub(super) reviews: Option<Reviews>,
    pub(super) changes: Option<Reviews>,
    pub(super) gates: Gates,
    pub(super) windows: Vec<Window>,
    pub(super) overrides: Overrides,
    pub(super) owners: Owners,
    pub(super) rollback: Option<Rollback>,
    pub(super) rules: Severities,
    pub(super) renamed_from: Option<EnvName>,
}

impl Environment {
    /// The severity of each validation rule that is another one here; `None` turns it off.
    pub fn rules(&self) -> &Severities {
        &self.rules
    }

    /// Its name.
    pub fn name(&self) -> &EnvName {
        &self.name
    }

    /// Its targets, in the order of the file; at least one.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// The folder of each target for one application.
    pub fn targets_for(&self, application: &AppName) -> Vec<(TargetName, String)> {
        let folder = |target: &Target| (target.name.clone(), target.overlay.of(application));
        self.targets.iter().map(folder).collect()
    }

    /// In which order its targets are promoted; one wave of all where nothing is said.
    pub fn waves(&self) -> &[Wave] {
        &self.waves
    }

    /// Which of these waves need approvals.
    pub fn approve(&self) -> Approve {
        self.approve
    }

    /// Whether promotions into it open by themselves.
    pub fn promote(&self) -> Mover {
        self.promote
    }

    /// When a promotion may open by itself; at once if not said.
    pub fn schedule(&self) -> Option<&Schedule> {
        self.schedule.as_ref()
    }

    /// Whether promotions into it are merged by themselves.
    pub fn merge(&self) -> Mover {
        self.merge
    }

    /// How they are merged.
    pub fn method(&self) -> MergeMethod {
        self.method
    }

    /// Where a version has to run first; empty at the beginning of the graph.
    pub fn after(&self) -> &[EnvName] {
        &self.after
    }

    /// Who may ask for a promotion.
    pub fn promoters(&self) -> &[Principal] {
        &self.promoters
    }

    /// The labels that have to be given.
    pub fn approvals(&self) -> &[Approval] {
        &self.approvals
    }

    /// The reviews that are needed.
    pub fn reviews(&self) -> Option<&Reviews> {
        self.reviews.as_ref()
    }

    /// The reviews that pull requests need which change its objects but not its promoted images.
    pub fn changes(&self) -> Option<&Reviews> {
        self.changes.as_ref()
    }

    /// What has to be true before a promotion, besides approvals, reviews and [`Self::windows`].
    pub fn gates(&self) -> &Gates {
        &self.gates
    }

    /// When nothing may move.
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// Who may override gates.
    pub fn overrides(&self) -> &Overrides {
        &self.overrides
    }

    /// Who answers for it.
    pub fn owners(&self) -> &Owners {
        &self.owners
    }

    /// How it goes back; `None` where nothing is said.
    pub fn rollback(&self) -> Option<&Rollback> {
        self.rollback.as_ref()
    }

    /// What it was called before.
    pub fn renamed_from(&self) -> Option<&EnvName> {
        self.renamed_from.as_ref()
    }
}
