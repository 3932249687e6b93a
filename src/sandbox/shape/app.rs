//! Apps, installations and tokens as GitHub shows them.
//! It does not know what they may do.
//! <https://docs.github.com/en/rest/apps/apps>

use serde_json::{Value, json};

use super::{node, time, time_or_null};
use crate::sandbox::model::{App, Id, Installation, Token};
use crate::sandbox::state::State;

/// Events that Apps can listen to, but that GitHub's description of an App in a payload does not know.
const UNLISTED: [&str; 2] = ["deployment_protection_rule", "merge_group"];

impl State {
    /// An App, as check runs and comments have it.
    pub(crate) fn app_json(&self, app: &App) -> Value {
        let known = |event: &&String| !UNLISTED.contains(&event.as_str());
        let listed: Vec<&String> = app.events.iter().filter(known).collect();
        json!({
            "id": app.id,
            "slug": app.slug,
            "client_id": app.client_id,
            "node_id": node("App", app.id),
            "owner": self.account_json(app.owner),
            "name": app.name,
            "description": app.description,
            "external_url": self.html(),
            "html_url": format!("{}/apps/{}", self.html(), app.slug),
            "created_at": time(app.created_at),
            "updated_at": time(app.created_at),
            "permissions": app.permissions,
            "events": listed,
        })
    }

    /// An App by id, or null.
    pub(crate) fn app_or_null(&self, app: Option<Id>) -> Value {
        app.and_then(|app| self.apps.get(&app)).map_or(Value::Null, |app| self.app_json(app))
    }

    /// An installation.
    pub(crate) fn installation_json(&self, installation: &Installation) -> Value {
        let (id, account) = (installation.id, installation.account);
        let slug = self.apps.get(&installation.app).map(|app| &app.slug);
        let org = self.orgs.contains_key(&account);
        json!({
            "id": id,
            "client_id": self.apps.get(&installation.app).map(|app| &app.client_id),
            "account": self.account_json(account),
            "repository_selection": if installation.selected.is_some() { "selected" } else { "all" },
            "access_tokens_url": format!("{}/app/installations/{id}/access_tokens", self.api()),
            "repositories_url": format!("{}/installation/repositories", self.api()),
            "html_url": format!("{}/organizations/{}/settings/installations/{id}", self.html(), self.login(account)),
            "app_id": installation.app,
            "app_slug": slug,
            "target_id": account,
            "target_type": if org { "Organization" } else { "User" },
            "permissions": installation.permissions,
            "events": installation.events,
            "created_at": time(installation.created_at),
            "updated_at": time(installation.updated_at),
            "single_file_name": null,
            "has_multiple_single_files": false,
            "single_file_paths": [],
            "suspended_by": null,
            "suspended_at": time_or_null(installation.suspended_at),
        })
    }

    /// The two words that webhooks have for an installation.
    pub(crate) fn installation_stub(&self, id: Id) -> Value {
        json!({"id": id, "node_id": node("Integration", id)})
    }

    /// A token that was just minted.
    pub(crate) fn token_json(&self, token: &Token) -> Value {
        let all = self
            .installations
            .get(&token.installation)
            .is_some_and(|installation| installation.selected.is_none());
        let mut shown = json!({
            "token": token.token,
            "expires_at": time(token.expires_at),
            "permissions": token.permissions,
            "repository_selection": if token.repositories.is_none() && all { "all" } else { "selected" },
        });
        if token.repositories.is_some() {
            let repos = self.token_repos(token);
            shown["repositories"] =
                repos.into_iter().map(|repo| self.repository_json(repo)).collect();
        }
        shown
    }
}
