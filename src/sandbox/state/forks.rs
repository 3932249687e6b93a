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
        names.find(|name| self.repo_named(login, name).is_none()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::git::NewCommit;
    use crate::sandbox::seed::tests::seeded;
    use crate::sandbox::state::{NewPull, Push};

    #[test]
    fn a_forks_commits_are_reachable_where_they_are_offered() {
        let (mut state, _folder) = seeded();
        let ada = state.account_named("ada").unwrap().id;
        let actor = Actor::person(ada);
        let home = state.repo_named("acme", "microservices-demo").unwrap().id;
        let fork = state.fork(actor, home, ada, None, false).unwrap();
        assert_eq!(state.fork(actor, home, ada, None, false).unwrap(), fork);
        let git = state.git(fork).unwrap();
        let main = git.branch("main").unwrap();
        let person = state.person(actor);
        let change = git
            .write_commit(&NewCommit {
                tree: git
                    .edit_tree(
                        None,
                        &[("x".to_owned(), Some((0o100_644, git.write_blob(b"x").unwrap())))]
                            .into(),
                    )
                    .unwrap(),
                parents: &[main],
                message: "change",
                author: &person,
                committer: &person,
            })
            .unwrap();
        let push = Push { reference: "refs/heads/fix", after: Some(change), force: false };
        state.push(actor, fork, &push).unwrap();
        let base = state.git(home).unwrap();
        assert_eq!(base.branch("fix"), None, "refs are the fork's own");
        let new = NewPull {
            title: "From a fork",
            body: None,
            head: "ada:fix",
            base: "main",
            draft: false,
            maintainer_can_modify: true,
        };
        let number = state.create_pull(actor, home, &new).unwrap();
        let base = state.git(home).unwrap();
        assert_eq!(base.reference(&format!("refs/pull/{number}/head")), Some(change));
        assert!(base.commit(change).is_some());
        assert!(
            state.pulls_at(home, &change.to_string()).is_empty(),
            "checks do not name forks' pull requests"
        );
        state.delete_repo(actor, fork).unwrap();
        assert_eq!(state.pull(home, number).unwrap().1.head.repo, None);
        assert!(state.git(home).unwrap().commit(change).is_some());
    }
}
