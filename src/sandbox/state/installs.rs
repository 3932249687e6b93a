//! On which repositories an App is installed, and how that changes.
//! It does not know tokens: see `tokens`.
//! <https://docs.github.com/en/webhooks/webhook-events-and-payloads#installation_repositories>

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::tokens::covers;
use super::{Actor, Outgoing, State};
use crate::sandbox::model::{Id, Installation};
use crate::sandbox::refusal::Refusal;

impl State {
    /// Installs an App on an account, on some or (`None`) all of its repositories.
    pub(crate) fn install(
        &mut self,
        app: Id,
        account: Id,
        selected: Option<BTreeSet<Id>>,
    ) -> Result<Id, Refusal> {
        let known = |one: &Installation| one.app == app && one.account == account;
        if self.installations.values().any(known) {
            return Err(Refusal::unprocessable("The App is installed there already"));
        }
        let registered = self.apps.get(&app).ok_or_else(Refusal::not_found)?;
        let (permissions, events) = (registered.permissions.clone(), registered.events.clone());
        let (id, now) = (self.new_id(), self.now());
        let installation = Installation {
            id,
            app,
            account,
            selected,
            permissions,
            events,
            suspended_at: None,
            created_at: now,
            updated_at: now,
        };
        self.installations.insert(id, installation);
        self.tell_installation(id, "created")?;
        Ok(id)
    }

    /// Chooses the repositories of an installation; `None` is all, also those to come.
    pub(crate) fn select_repositories(
        &mut self,
        actor: Actor,
        id: Id,
        selected: Option<BTreeSet<Id>>,
    ) -> Result<(), Refusal> {
        let before = self.covered(id)?;
        let now = self.now();
        let installation = self.installations.get_mut(&id).ok_or_else(Refusal::not_found)?;
        installation.selected = selected;
        installation.updated_at = now;
        let after = self.covered(id)?;
        let (added, removed) = (&after - &before, &before - &after);
        if !added.is_empty() {
            self.tell_repositories(actor, id, "added", &added)?;
        }
        if !removed.is_empty() {
            self.tell_repositories(actor, id, "removed", &removed)?;
        }
        Ok(())
    }

    /// Tells the Apps that are installed on all repositories of a new one.
    pub(crate) fn cover_new_repo(&mut self, actor: Actor, repo: Id) -> Result<(), Refusal> {
        let owner = self.repo(repo)?.owner;
        let everywhere = |one: &&Installation| one.account == owner && one.selected.is_none();
        let ids = self.installations.values().filter(everywhere);
        for id in ids.map(|one| one.id).collect::<Vec<Id>>() {
            self.tell_repositories(actor, id, "added", &BTreeSet::from([repo]))?;
        }
        Ok(())
    }

    fn covered(&self, id: Id) -> Result<BTreeSet<Id>, Refusal> {
        let installed = self.installation(id)?;
        let repos = self.repos.values().filter(|repo| covers(installed, repo));
        Ok(repos.map(|repo| repo.id).collect())
    }

    /// An installation by id.
    pub(crate) fn installation(&self, id: Id) -> Result<&Installation, Refusal> {
        self.installations.get(&id).ok_or_else(Refusal::not_found)
    }

    /// An App hears of its installations whether it subscribes to that or not.
    fn tell_repositories(
        &mut self,
        actor: Actor,
        id: Id,
        action: &str,
        repos: &BTreeSet<Id>,
    ) -> Result<(), Refusal> {
        let installed = self.installation(id)?;
        let stubs: Vec<Value> = repos.iter().map(|repo| self.repository_stub(*repo)).collect();
        let shown = self.installation_json(installed);
        let (added, removed) = match action {
            "added" => (stubs, Vec::new()),
            _ => (Vec::new(), stubs),
        };
        let outgoing = Outgoing {
            app: installed.app,
            guid: String::new(),
            event: "installation_repositories".to_owned(),
            action: Some(action.to_owned()),
            installation: Some(id),
            repository: None,
            redelivery: false,
            payload: json!({
                "action": action,
                "repository_selection": shown["repository_selection"],
                "installation": shown,
                "repositories_added": added,
                "repositories_removed": removed,
                "requester": null,
                "sender": self.account_json(actor.account),
            }),
        };
        self.send(outgoing);
        Ok(())
    }
}
