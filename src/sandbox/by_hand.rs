//! What people do on GitHub's pages and cannot do over REST: sign up, install an App, press a check's button.
//! It does not know the pages.

use std::collections::BTreeSet;

use super::model::{AccountKind, App, Id, Installation, Level, OrgRole, Permissions, Role};
use super::refusal::Refusal;
use super::state::{Actor, State, TokenRequest};
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

    /// A token of another App that is installed on `acme` and may report on commits: checks, statuses and
    /// deployments. The App comes about when it is first asked for; it is told of nothing.
    pub fn token_of(&self, slug: &str) -> Result<String, Error> {
        self.by_hand(|state| {
            let known = state.apps.values().find(|app| app.slug == slug).map(|app| app.id);
            let app = match known {
                Some(app) => app,
                None => register(state, slug)?,
            };
            let mut installed = state.installations.values();
            let installation =
                installed.find(|one| one.app == app).ok_or_else(Refusal::not_found)?.id;
            let token = state.mint_token(installation, &TokenRequest::default())?;
            Ok(token.token)
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

    /// A workflow run of somebody's in a repository of `acme` wants to deploy a branch or commit into an environment
    /// that the App guards; gives the run's id.
    pub fn deploy(
        &self,
        login: &str,
        repository: &str,
        git_ref: &str,
        environment: &str,
    ) -> Result<u64, Error> {
        self.by_hand(|state| {
            let actor = state.account_named(login).ok_or_else(Refusal::not_found)?.id;
            let repo = state.repo_named("acme", repository).ok_or_else(Refusal::not_found)?.id;
            state.await_deployment(Actor::person(actor), repo, git_ref, environment)
        })
    }

    /// What was said to a deployment that waits: `approved`, `rejected` or nothing, and a comment.
    pub fn said_to_deployment(&self, run: u64) -> Vec<(Option<String>, String)> {
        self.hub.read(|state| {
            let mut all = state.repos.values().flat_map(|repo| &repo.waiting);
            all.find(|one| one.run == run).map(|one| one.reviews.clone()).unwrap_or_default()
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
            state.press_button(actor, repo, run, button)
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

/// Registers another App and installs it on all of `acme`.
fn register(state: &mut State, slug: &str) -> Result<Id, Refusal> {
    let (org, _) = owner(state)?;
    let first = state.apps.values().next().ok_or_else(Refusal::not_found)?.clone();
    let bot = state.add_account(&format!("{slug}[bot]"), slug, AccountKind::Bot);
    let (id, hook_id, installation) = (state.new_id(), state.new_id(), state.new_id());
    let now = state.now();
    let may = ["checks", "statuses", "deployments"].map(|name| (name.to_owned(), Level::Write));
    let mut permissions = Permissions::from(may);
    permissions.insert("metadata".to_owned(), Level::Read);
    permissions.insert("contents".to_owned(), Level::Read);
    state.apps.insert(
        id,
        App {
            id,
            slug: slug.to_owned(),
            name: slug.to_owned(),
            description: String::new(),
            client_id: format!("Iv23li{id:014}"),
            bot,
            permissions: permissions.clone(),
            events: BTreeSet::new(),
            hook_id,
            ..first
        },
    );
    // Nobody is told: the box has one address for webhooks, and that is another App's.
    state.installations.insert(
        installation,
        Installation {
            id: installation,
            app: id,
            account: org,
            selected: None,
            permissions,
            events: BTreeSet::new(),
            suspended_at: None,
            created_at: now,
            updated_at: now,
        },
    );
    Ok(id)
}
