//! What a command is given about: the person, the thread, the promotion that the thread is, the words of
//! the policy that were meant.

use crate::domain::facts::{Facts, Gap};
use crate::domain::ground::Ground;
use crate::domain::look::{Change, Look, is_our_pull, ours};
use crate::domain::policy::{Application, Environment, Policy};
use crate::domain::promotion::{Promotion, Request};
use crate::domain::reply::command as say;
use crate::intent::command::Remark;
use crate::model::act::{ActKind, NewAct};
use crate::model::ids::PrNumber;
use crate::model::read::{Account, PullRequest};

/// Everything around a line.
pub(super) struct Context<'a> {
    pub(super) facts: &'a Facts,
    pub(super) ground: &'a Ground<'a>,
    pub(super) policy: &'a Policy,
    pub(super) remark: &'a Remark,
    /// The pull request that it stands on, in the repository acted upon.
    pub(super) pull: Option<&'a PullRequest>,
    /// The promotion of ours that the pull request is.
    pub(super) promotion: Option<Promotion>,
}

impl<'a> Context<'a> {
    pub(super) fn read(
        facts: &'a Facts,
        ground: &'a Ground<'a>,
        policy: &'a Policy,
        remark: &'a Remark,
        pull: Option<&'a PullRequest>,
    ) -> Result<Self, Gap> {
        let (identity, sealer) = (facts.identity()?, facts.sealer(ground.repo));
        let promotion = match pull.filter(|pull| is_our_pull(pull, identity)) {
            Some(pull) => {
                let all = || facts.comparison(ground.repo, &pull.base.sha, &pull.head.sha);
                // What was merged is compared anyway, to go back from it.
                let merged = match pull.merged {
                    true => ours(pull, &all()?.commits, identity, &sealer),
                    false => None,
                };
                let by_head = |head| ours(pull, std::slice::from_ref(head), identity, &sealer);
                match merged {
                    Some(promotion) => Some(promotion),
                    None => match by_head(facts.commit(ground.repo, &pull.head.sha)?) {
                        Some(promotion) => Some(promotion),
                        // Somebody else's commit may stand on top of ours.
                        None => ours(pull, &all()?.commits, identity, &sealer),
                    },
                }
            }
            None => None,
        };
        Ok(Self { facts, ground, policy, remark, pull, promotion })
    }

    pub(super) fn author(&self) -> &'a Account {
        &self.remark.author
    }

    /// The open pull request that it stands on, or why that is none.
    pub(super) fn open_pull(&self) -> Result<&'a PullRequest, String> {
        match self.pull {
            Some(pull) if pull.open => Ok(pull),
            Some(pull) => Err(say::not_open(pull)),
            None => Err(say::needs_a_pull()),
        }
    }

    /// What a pull request would bring.
    pub(super) fn change(&self, pull: &'a PullRequest) -> Result<Change<'a>, Gap> {
        Change::read(self.facts, self.ground, pull)
    }

    /// The same in the light of the policy.
    pub(super) fn look<'b>(&'b self, change: &'b Change<'_>) -> Result<Look<'b>, Gap> {
        Look::at(self.facts, self.ground, self.policy, change)
    }

    /// The environment of that name, or what to say where there is none.
    pub(super) fn environment(&self, name: &str) -> Result<&'a Environment, String> {
        let environments = self.policy.environments();
        environments
            .iter()
            .find(|environment| environment.name().as_str().eq_ignore_ascii_case(name))
            .ok_or_else(|| say::unknown_environment(name, environments))
    }

    /// The application that is meant: the one that is named, the pull request's own, or the only one.
    pub(super) fn application(&self, named: Option<&str>) -> Result<&'a Application, String> {
        let all = self.policy.applications();
        if let Some(name) = named {
            return all
                .iter()
                .find(|one| one.name().as_str().eq_ignore_ascii_case(name))
                .ok_or_else(|| say::unknown_application(name, all));
        }
        if let Some(promotion) = &self.promotion
            && let Some(own) = self.policy.application(&promotion.application)
        {
            return Ok(own);
        }
        let from_source = |one: &&Application| {
            let source = one.source().as_str();
            source.eq_ignore_ascii_case(self.remark.at.name.as_str())
        };
        match all {
            [only] => Ok(only),
            // In a source repository its own application is meant.
            _ if self.remark.at.id != self.ground.repo.id
                && all.iter().filter(from_source).count() == 1 =>
            {
                all.iter().find(from_source).ok_or_else(|| say::which_application(all))
            }
            _ => Err(say::which_application(all)),
        }
    }

    /// The author as the one who asks.
    pub(super) fn request(&self) -> Request {
        let author = self.author();
        Request { by: author.login.clone(), id: author.id, comment: self.remark.id }
    }

    /// What the `n`th record of this line comes from.
    pub(super) fn cause(&self, what: &str) -> String {
        format!("comment:{}:{what}", self.remark.id)
    }

    /// An act of the author, at the time of the comment.
    pub(super) fn act(&self, kind: ActKind, what: &str) -> NewAct {
        NewAct {
            kind,
            cause: self.cause(what),
            pr: None,
            environment: None,
            application: None,
            subject: String::new(),
            head: None,
            by: self.author().clone(),
            reason: String::new(),
            at: self.remark.written_at,
            until: None,
        }
    }

    /// The number of the thread, where that is a pull request of the repository acted upon.
    pub(super) fn pr(&self) -> Option<PrNumber> {
        self.pull.map(|pull| pull.number)
    }
}
