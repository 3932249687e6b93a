//! Forks: a repository of somebody else's in the same object store, with refs of its own.
//! It does not know pull requests.
//! <https://docs.github.com/en/rest/repos/forks>, <https://docs.github.com/en/webhooks/webhook-events-and-payloads#fork>

use serde_json::json;

use super::{Actor, NewRepo, State};
use crate::sandbox::model::Id;
use crate::sandbox::refusal::Refusal;

impl State {
    /// Forks a repository to an account; where it has one already, that one is meant.
    pub(crate) fn fork(
        &mut self,
        actor: Actor,
        parent: Id,
        owner: Id,
        name: Option<&str>,
        default_branch_only: bool,
    ) -> Result<Id, Refusal> {
        let source = self.repo(parent)?.clone();
        if source.owner == owner {
            return Err(Refusal::new(
                403,
                "A single user account cannot own both a parent and fork.",
            ));
        }
        let git = self.git(parent)?;
        let heads = git.references("refs/heads/")?;
        if heads.is_empty() {
            return Err(Refusal::new(
                403,
                "The repository exists, but it contains no Git content. Empty repositories cannot be forked.",
            ));
        }
        let same = |repo: &&crate::sandbox::model::Repo| {
            repo.owner == owner && repo.network == source.network
        };
        if let Some(known) = self.repos.values().find(same) {
            return Ok(known.id);
        }
        let name = self.free_name(owner, name.unwrap_or(&source.name));
        let fork = self.create_repo(
            actor,
            &NewRepo {
                owner,
                name: &name,
                description: source.description.as_deref(),
                private: source.private,
                default_branch: &source.default_branch,
                parent: Some(parent),
            },
        )?;
        let own = self.git(fork)?;
        let main = format!("refs/heads/{}", source.default_branch);
        for (reference, target) in heads {
            if !default_branch_only || reference == main {
                own.set_reference(&reference, target)?;
            }
        }
        if !default_branch_only {
            for (reference, target) in git.references("refs/tags/")? {
                own.set_reference(&reference, target)?;
            }
        }
        let mut forkee = self.repository_json(self.repo(fork)?);
        forkee["public"] = (!source.private).into();
        self.emit(parent, actor, "fork", None, json!({"forkee": forkee}));
        Ok(fork)
    }

    /// The name, with a number where the account has a repository of that name.
    fn free_name(&self, owner: Id, name: &str) -> String {
        let numbered = (1..).map(|number| format!("{name}-{number}"));
        let mut names = std::iter::once(name.to_owned()).chain(numbered);
        let login = self.login(owner);
        names
            .find(|name| self.repo_named(login, name).is_none())
            .unwrap_or_default()
    }
}
