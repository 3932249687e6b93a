//! What stands of what people did: read from the acts of a repository, as things are now.

use std::collections::BTreeSet;

use super::facts::{Facts, Gap};
use crate::model::act::{Act, ActKind};
use crate::model::ids::{AppName, EnvName, PrNumber, RepoRef, Sha};

/// What marks a hold that stops only promotions that nobody asked for: the one after a rollback.
pub const AUTOMATIC_ONLY: &str = "automatic";

/// The acts of a repository that stand now.
#[derive(Debug, Clone)]
pub struct Acts<'a>(Vec<&'a Act>);

impl<'a> Acts<'a> {
    /// Reads them.
    pub fn read(facts: &'a Facts, repo: &RepoRef) -> Result<Self, Gap> {
        let acts = facts.acts(repo)?.iter();
        Ok(Self(acts.filter(|act| act.until.is_none_or(|until| until > facts.now)).collect()))
    }

    fn of(&self, kind: ActKind) -> impl Iterator<Item = &'a Act> {
        self.0.iter().copied().filter(move |act| act.kind == kind)
    }

    /// The approvals by this label on a pull request, for one of these heads.
    pub fn approvals(&self, pr: PrNumber, label: &str, heads: &BTreeSet<Sha>) -> Vec<&'a Act> {
        let given = self.of(ActKind::Approval).filter(|act| {
            act.pr == Some(pr)
                && same(&act.subject, label)
                && act.head.as_ref().is_some_and(|head| heads.contains(head))
        });
        given.collect()
    }

    /// The overrides of a gate on a pull request, for one of these heads.
    pub fn overrides(&self, pr: PrNumber, gate: &str, heads: &BTreeSet<Sha>) -> Vec<&'a Act> {
        let given = self.of(ActKind::Override).filter(|act| {
            act.pr == Some(pr)
                && act.subject == gate
                && act.head.as_ref().is_some_and(|head| heads.contains(head))
        });
        given.collect()
    }

    /// The change tickets that were named for a pull request, oldest first.
    pub fn tickets(&self, pr: PrNumber) -> Vec<&'a Act> {
        self.of(ActKind::Ticket).filter(|act| act.pr == Some(pr)).collect()
    }

    /// What was given for a pull request and is bound to a head.
    pub fn bound(&self, pr: PrNumber) -> impl Iterator<Item = &'a Act> {
        self.0.iter().copied().filter(move |act| act.pr == Some(pr) && act.head.is_some())
    }

    /// Everything that is about one pull request.
    pub fn about(&self, pr: PrNumber) -> impl Iterator<Item = &'a Act> {
        self.0.iter().copied().filter(move |act| act.pr == Some(pr))
    }

    /// What holds a pull request itself.
    pub fn holds_of_pull(&self, pr: PrNumber) -> Vec<&'a Act> {
        self.of(ActKind::Hold).filter(|act| act.pr == Some(pr)).collect()
    }

    /// What holds an application in an environment.
    pub fn holds(&self, environment: &EnvName, application: &AppName) -> Vec<&'a Act> {
        let held = self.of(ActKind::Hold).filter(|act| {
            act.pr.is_none()
                && act.environment.as_ref() == Some(environment)
                && act.application.as_ref().is_none_or(|held| held == application)
        });
        held.collect()
    }

    /// What holds anything in an environment.
    pub fn holds_in(&self, environment: &EnvName) -> Vec<&'a Act> {
        let held = self.of(ActKind::Hold);
        held.filter(|act| act.pr.is_none() && act.environment.as_ref() == Some(environment))
            .collect()
    }

    /// What locks an environment.
    pub fn locks(&self, environment: &EnvName) -> Vec<&'a Act> {
        self.of(ActKind::Lock).filter(|act| act.environment.as_ref() == Some(environment)).collect()
    }

    /// Why a version may not go into an environment: it was rolled back or rejected there.
    pub fn against(&self, environment: &EnvName, application: &AppName, tag: &str) -> Vec<&'a Act> {
        let is = |act: &&&Act| {
            matches!(act.kind, ActKind::Bad | ActKind::Rejection)
                && act.environment.as_ref() == Some(environment)
                && act.application.as_ref() == Some(application)
                && act.subject == tag
        };
        self.0.iter().filter(is).copied().collect()
    }

    /// The versions that may not go into an environment.
    pub fn all_against(&self, environment: &EnvName) -> Vec<&'a Act> {
        let is = |act: &&&Act| {
            matches!(act.kind, ActKind::Bad | ActKind::Rejection)
                && act.environment.as_ref() == Some(environment)
        };
        self.0.iter().filter(is).copied().collect()
    }

    /// What people verified of a version in an environment, or found to fail, oldest first: each with what it
    /// is called.
    pub fn verifications(
        &self,
        environment: &EnvName,
        application: &AppName,
        tag: &str,
    ) -> Vec<(&'a str, &'a Act)> {
        let said = self.0.iter().copied().filter(|act| {
            matches!(act.kind, ActKind::Verification | ActKind::Refutation)
                && act.environment.as_ref() == Some(environment)
                && act.application.as_ref() == Some(application)
        });
        let of_version = said.filter_map(|act| {
            let (of, name) = act.subject.split_once(' ')?;
            (of == tag).then_some((name, act))
        });
        of_version.collect()
    }

    /// The labels that were taken off a pull request again.
    pub fn refused(&self, pr: PrNumber) -> impl Iterator<Item = &'a Act> {
        self.of(ActKind::Refused).filter(move |act| act.pr == Some(pr))
    }

    /// What the merge of a rollback left behind: versions that are bad, and the hold.
    pub fn left_by(&self, pr: PrNumber) -> impl Iterator<Item = &'a Act> {
        let cause = Self::cause_of_leaving(pr);
        self.0.iter().copied().filter(move |act| act.cause.starts_with(&cause))
    }

    /// How the causes of such acts begin.
    pub fn cause_of_leaving(pr: PrNumber) -> String {
        format!("rollback:{pr}:")
    }
}

/// GitHub takes labels that differ in case for the same.
pub fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
