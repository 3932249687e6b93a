//! Accounts, organisations and teams as GitHub shows them.
//! It does not know their rights.
//! <https://docs.github.com/en/rest/users/users>, <https://docs.github.com/en/rest/orgs/orgs>

use serde_json::{Value, json};

use super::node;
use crate::sandbox::model::{AccountKind, Id};
use crate::sandbox::state::State;

impl State {
    /// GitHub's "simple user".
    pub(crate) fn account_json(&self, id: Id) -> Value {
        let account = self.account(id);
        let login = &account.login;
        let bot = login.replace('[', "%5B").replace(']', "%5D");
        let url = format!("{}/users/{bot}", self.api());
        let html = match account.kind {
            AccountKind::Bot => format!("{}/apps/{}", self.html(), login.trim_end_matches("[bot]")),
            _ => format!("{}/{login}", self.html()),
        };
        let kind = match account.kind {
            AccountKind::User => "User",
            AccountKind::Bot => "Bot",
            AccountKind::Organization => "Organization",
        };
        json!({
            "login": login,
            "id": account.id,
            "node_id": node(kind, account.id),
            "avatar_url": format!("{}/avatars/{bot}", self.html()),
            "gravatar_id": "",
            "url": url,
            "html_url": html,
            "followers_url": format!("{url}/followers"),
            "following_url": format!("{url}/following{{/other_user}}"),
            "gists_url": format!("{url}/gists{{/gist_id}}"),
            "starred_url": format!("{url}/starred{{/owner}}{{/repo}}"),
            "subscriptions_url": format!("{url}/subscriptions"),
            "organizations_url": format!("{url}/orgs"),
            "repos_url": format!("{url}/repos"),
            "events_url": format!("{url}/events{{/privacy}}"),
            "received_events_url": format!("{url}/received_events"),
            "type": kind,
            "user_view_type": "public",
            "site_admin": false,
        })
    }

    /// The same, or null.
    pub(crate) fn account_or_null(&self, id: Option<Id>) -> Value {
        id.map_or(Value::Null, |id| self.account_json(id))
    }

    /// GitHub's "simple organisation", as webhooks carry it.
    pub(crate) fn organization_json(&self, id: Id) -> Value {
        let account = self.account(id);
        let url = format!("{}/orgs/{}", self.api(), account.login);
        json!({
            "login": account.login,
            "id": account.id,
            "node_id": node("Organization", account.id),
            "url": url,
            "repos_url": format!("{url}/repos"),
            "events_url": format!("{url}/events"),
            "hooks_url": format!("{url}/hooks"),
            "issues_url": format!("{url}/issues"),
            "members_url": format!("{url}/members{{/member}}"),
            "public_members_url": format!("{url}/public_members{{/member}}"),
            "avatar_url": format!("{}/avatars/{}", self.html(), account.login),
            "description": account.name,
        })
    }

    /// GitHub's "simple team".
    pub(crate) fn team_json(&self, org: Id, team: Id) -> Value {
        let Some(team) =
            self.orgs.get(&org).and_then(|org| org.teams.iter().find(|other| other.id == team))
        else {
            return Value::Null;
        };
        let url = format!("{}/organizations/{org}/team/{}", self.api(), team.id);
        json!({
            "id": team.id,
            "node_id": node("Team", team.id),
            "name": team.name,
            "slug": team.slug,
            "description": team.description,
            "privacy": "closed",
            "notification_setting": "notifications_enabled",
            "permission": "pull",
            "url": url,
            "html_url": format!("{}/orgs/{}/teams/{}", self.html(), self.login(org), team.slug),
            "members_url": format!("{url}/members{{/member}}"),
            "repositories_url": format!("{url}/repos"),
            "type": "organization",
            "organization_id": org,
            "parent": team.parent.map_or(Value::Null, |parent| self.team_json(org, parent)),
        })
    }
}
