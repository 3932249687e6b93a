//! What people do on GitHub's pages and cannot do over REST: sign up, install an App, press a check's button.
//! It does not know the pages.

use std::collections::BTreeSet;

use super::model::{AccountKind, Id, OrgRole, Role};
use super::refusal::Refusal;
use super::state::{Actor, State};
use super::{Error, Running};

impl Running {
    /// Adds a person, who belongs to no organisation; their login is their token.
    pub fn add_person(&self, login: &str, name: &str) -> Result<u64, Error> {
        self.add_account(login, name, AccountKind::User)
    }

    /// Adds the bot of another App, which may write in every repository; `login` ends with `[bot]`.
    pub fn add_bot(&self, login: &str) -> Result<u64, Error> {
        let bot = self.add_account(login, login, AccountKind::Bot)?;
        self.by_hand(|state| {
            let repos: Vec<_> = state.repos.keys().copied().collect();
            for repo in repos {
                state.add_collaborator(repo, bot, Role::Write)?;
            }
            Ok(bot)
        })
    }

    fn add_account(&self, login: &str, name: &str, kind: AccountKind) -> Result<u64, Error> {
        self.by_hand(|state| {
            if state.account_named(login).is_some() {
                return Err(Refusal::unprocessable(format!("{login} is taken")));
            }
            Ok(state.add_account(login, name, kind))
        })
    }

    /// Installs the App on `acme` again after it was taken off.
    pub fn install(&self, repositories: Option<&[&str]>) -> Result<u64, Error> {
        self.by_hand(|state| {
            let (org, _) = owner(state)?;
            let app = *state.apps.keys().next().ok_or_else(Refusal::not_found)?;
            let selected = chosen(state, repositories)?;
            state.install(app, org, selected)
        })
    }

    /// Chooses the repositories of `acme` on which the App is installed; `None` is all.
    pub fn select_repositories(&self, repositories: Option<&[&str]>) -> Result<(), Error> {
        self.by_hand(|state| {
            let (org, actor) = owner(state)?;
            let mut installed = state.installations.values();
            let installation =
                installed.find(|one| one.account == org).ok_or_else(Refusal::not_found)?.id;
            let selected = chosen(state, repositories)?;
            state.select_repositories(actor, installation, selected)
        })
    }

    /// Presses one of the buttons of a check run of a repository of `acme`.
    pub fn press(&self, login: &str, repo: &str, run: u64, button: &str) -> Result<(), Error> {
        self.by_hand(|state| {
            let person = state.account_named(login).ok_or_else(Refusal::not_found)?;
            let actor = Actor::person(person.id);
            let (org, _) = owner(state)?;
            let repo = state.repo_named(state.login(org), repo);
            let repo = repo.ok_or_else(Refusal::not_found)?.id;
            if state.role(actor.account, repo) < Role::Write {
                return Err(Refusal::new(403, "Must have push access to repository"));
            }
            state.request_action(actor, repo, run, button)
        })
    }

    fn by_hand<T>(
        &self,
        change: impl FnOnce(&mut State) -> Result<T, Refusal>,
    ) -> Result<T, Error> {
        self.hub.write(change).map_err(|refusal| Error::Refused(refusal.message))
    }
}

/// The organisation, and the first of those who own it.
fn owner(state: &State) -> Result<(Id, Actor), Refusal> {
    let org = state.orgs.values().next().ok_or_else(Refusal::not_found)?;
    let mut members = org.members.iter();
    let owner = members.find(|(_, role)| **role == OrgRole::Admin).map(|(person, _)| *person);
    Ok((org.account, Actor::person(owner.unwrap_or(org.account))))
}

fn chosen(state: &State, names: Option<&[&str]>) -> Result<Option<BTreeSet<Id>>, Refusal> {
    let (org, _) = owner(state)?;
    let found = |name: &&str| {
        let repo = state.repo_named(state.login(org), name);
        repo.map(|repo| repo.id).ok_or_else(Refusal::not_found)
    };
    names.map(|names| names.iter().map(found).collect()).transpose()
}
