//! People, organisations, teams and memberships in full, as GitHub shows them one by one.
//! It does not know who may see them.
//! <https://docs.github.com/en/rest/users/users#get-a-user>,
//! <https://docs.github.com/en/rest/teams/teams#get-a-team-by-name>

use serde_json::{Value, json};

use super::{merge, permissions, time};
use crate::sandbox::model::{Id, OrgRole, Role};
use crate::sandbox::state::State;

impl State {
    /// A person, bot or organisation in full.
    pub(crate) fn user_json(&self, id: Id) -> Value {
        let account = self.account(id);
        let public = self.repos.values().filter(|repo| !repo.private);
        let mut shown = self.account_json(id);
        let more = json!({
            "name": account.name,
            "company": null,
            "blog": "",
            "location": null,
            "email": null,
            "hireable": null,
            "bio": null,
            "twitter_username": null,
            "public_repos": public.filter(|repo| repo.owner == id).count(),
            "public_gists": 0,
            "followers": 0,
            "following": 0,
            "created_at": time(account.created_at),
            "updated_at": time(account.created_at),
        });
        merge(&mut shown, more);
        shown
    }

    /// An organisation in full.
    pub(crate) fn organization_whole_json(&self, id: Id) -> Value {
        let account = self.account(id);
        let of_org = self.repos.values().filter(|repo| repo.owner == id);
        let mut shown = self.organization_json(id);
        let more = json!({
            "name": account.name,
            "has_organization_projects": false,
            "has_repository_projects": false,
            "public_repos": of_org.filter(|repo| !repo.private).count(),
            "public_gists": 0,
            "followers": 0,
            "following": 0,
            "html_url": format!("{}/{}", self.html(), account.login),
            "created_at": time(account.created_at),
            "updated_at": time(account.created_at),
            "archived_at": null,
            "type": "Organization",
        });
        merge(&mut shown, more);
        shown
    }

    /// A team in full.
    pub(crate) fn team_whole_json(&self, org: Id, team: Id) -> Value {
        let mut shown = self.team_json(org, team);
        let created = time(self.account(org).created_at);
        let members = self.orgs.get(&org).map(|org| self.team_members(org, team));
        let repos = self.repos.values().filter(|repo| repo.teams.contains_key(&team));
        let more = json!({
            "members_count": members.map_or(0, |members| members.len()),
            "repos_count": repos.count(),
            "created_at": created,
            "updated_at": created,
            "organization": self.organization_whole_json(org),
        });
        merge(&mut shown, more);
        shown
    }

    /// A team with its role in a repository.
    pub(crate) fn team_in_repo_json(&self, org: Id, team: Id, role: Role) -> Value {
        let mut shown = self.team_json(org, team);
        shown["permission"] = old_word(role).into();
        shown["permissions"] = permissions(role);
        shown
    }

    /// Somebody with their role in a repository.
    pub(crate) fn collaborator_json(&self, person: Id, role: Role) -> Value {
        let mut shown = self.account_json(person);
        shown["permissions"] = permissions(role);
        shown["role_name"] = role.word().into();
        shown
    }

    /// Somebody's membership in an organisation.
    pub(crate) fn org_membership_json(&self, org: Id, person: Id, role: OrgRole) -> Value {
        let url = format!("{}/orgs/{}", self.api(), self.login(org));
        json!({
            "url": format!("{url}/memberships/{}", self.login(person)),
            "state": "active",
            "role": role,
            "direct_membership": true,
            "organization_url": url,
            "organization": self.organization_json(org),
            "user": self.account_json(person),
        })
    }

    /// Somebody's membership in a team.
    pub(crate) fn team_membership_json(
        &self,
        org: Id,
        team: Id,
        person: Id,
        maintainer: bool,
    ) -> Value {
        let url = format!("{}/organizations/{org}/team/{team}", self.api());
        json!({
            "url": format!("{url}/memberships/{}", self.login(person)),
            "role": if maintainer { "maintainer" } else { "member" },
            "state": "active",
        })
    }
}

/// GitHub's first words for roles, as teams have them.
fn old_word(role: Role) -> &'static str {
    match role {
        Role::Read => "pull",
        Role::Write => "push",
        other => other.word(),
    }
}
