//! Who belongs where: collaborators, members of organisations, teams and their repositories.
//! It does not know who may say so.
//! <https://docs.github.com/en/webhooks/webhook-events-and-payloads#member>, `#membership`, `#team`

use serde_json::{Map, Value, json};

use super::{Actor, Change, Outgoing, State};
use crate::sandbox::model::{AccountKind, Id, OrgRole, Repo, Role, Team};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::shape::permissions;

impl State {
    /// Tells of an event in an organisation that is in none of its repositories.
    pub(crate) fn emit_org(
        &mut self,
        org: Id,
        actor: Actor,
        event: &str,
        action: &str,
        body: &Map<String, Value>,
    ) {
        self.tell(Change { repo: None, number: None, event: event.to_owned() });
        let listening: Vec<(Id, Id)> = self
            .installations
            .values()
            .filter(|one| {
                one.account == org && one.suspended_at.is_none() && one.events.contains(event)
            })
            .map(|one| (one.app, one.id))
            .collect();
        for (app, installation) in listening {
            let mut payload = Map::from_iter([("action".to_owned(), action.into())]);
            payload.extend(body.clone());
            payload.insert("organization".to_owned(), self.organization_json(org));
            payload.insert("sender".to_owned(), self.account_json(actor.account));
            payload.insert("installation".to_owned(), self.installation_stub(installation));
            self.send(Outgoing {
                app,
                guid: String::new(),
                event: event.to_owned(),
                action: Some(action.to_owned()),
                installation: Some(installation),
                repository: None,
                redelivery: false,
                payload: payload.into(),
            });
        }
    }

    /// The people who were let into a repository, and as what. That a public one can be read by
    /// everybody does not make everybody a collaborator.
    pub(crate) fn collaborators(&self, repo: &Repo) -> Vec<(Id, Role)> {
        let people = self.accounts.values();
        people
            .filter(|account| account.kind == AccountKind::User)
            .filter(|account| self.is_collaborator(account.id, repo))
            .map(|account| (account.id, self.role(account.id, repo.id)))
            .filter(|(_, role)| *role > Role::None)
            .collect()
    }

    /// Whether somebody was let in: by name, by a team, or as a member of the organisation.
    pub(crate) fn is_collaborator(&self, person: Id, repo: &Repo) -> bool {
        let org = self.orgs.get(&repo.owner);
        let member = org.is_some_and(|org| match org.members.get(&person) {
            Some(OrgRole::Admin) => true,
            Some(OrgRole::Member) => org.base_role > Role::None,
            None => false,
        });
        let team = || {
            org.is_some_and(|org| {
                let mut teams = repo.teams.keys();
                teams.any(|team| self.team_members(org, *team).contains_key(&person))
            })
        };
        repo.owner == person || repo.collaborators.contains_key(&person) || member || team()
    }

    /// Lets somebody into a repository by name, changes their role, or puts them out.
    pub(crate) fn set_collaborator(
        &mut self,
        actor: Actor,
        repo: Id,
        person: Id,
        role: Option<Role>,
    ) -> Result<(), Refusal> {
        let collaborators = &mut self.repo_mut(repo)?.collaborators;
        let before = match role {
            Some(role) => collaborators.insert(person, role),
            None => collaborators.remove(&person),
        };
        let (action, changes) = match (before, role) {
            (None, Some(role)) => (
                "added",
                json!({"permission": {"to": permission_word(role)}, "role_name": {"to": role.word()}}),
            ),
            (Some(before), Some(role)) if before != role => (
                "edited",
                json!({
                    "old_permission": {"from": permission_word(before)},
                    "permission": {"from": permission_word(before), "to": permission_word(role)},
                }),
            ),
            (Some(_), None) => ("removed", Value::Null),
            _ => return Ok(()),
        };
        let mut body = json!({"member": self.account_json(person)});
        if !changes.is_null() {
            body["changes"] = changes;
        }
        self.emit(repo, actor, "member", Some(action), body);
        Ok(())
    }

    /// Makes somebody a member of an organisation, or changes what they are there.
    pub(crate) fn join_org(
        &mut self,
        actor: Actor,
        org: Id,
        person: Id,
        role: OrgRole,
    ) -> Result<(), Refusal> {
        let members = &mut self.orgs.get_mut(&org).ok_or_else(Refusal::not_found)?.members;
        if members.insert(person, role).is_none() {
            self.tell_member(actor, org, person, role, "member_added");
        }
        Ok(())
    }

    /// Takes somebody out of an organisation, its teams and its repositories.
    pub(crate) fn leave_org(&mut self, actor: Actor, org: Id, person: Id) -> Result<(), Refusal> {
        let left = self.orgs.get_mut(&org).ok_or_else(Refusal::not_found)?;
        let role = left.members.remove(&person).ok_or_else(Refusal::not_found)?;
        for team in &mut left.teams {
            team.members.remove(&person);
        }
        for repo in self.repos.values_mut().filter(|repo| repo.owner == org) {
            repo.collaborators.remove(&person);
        }
        self.tell_member(actor, org, person, role, "member_removed");
        Ok(())
    }

    fn tell_member(&mut self, actor: Actor, org: Id, person: Id, role: OrgRole, action: &str) {
        let membership = self.org_membership_json(org, person, role);
        let body = Map::from_iter([("membership".to_owned(), membership)]);
        self.emit_org(org, actor, "organization", action, &body);
    }

    /// Puts somebody into a team; `true` as one who may manage it.
    pub(crate) fn join_team(
        &mut self,
        actor: Actor,
        org: Id,
        team: Id,
        person: Id,
        maintainer: bool,
    ) -> Result<(), Refusal> {
        let joined = self.team_mut(org, team)?;
        if joined.members.insert(person, maintainer).is_none() {
            self.tell_team_member(actor, org, team, person, "added");
        }
        Ok(())
    }

    /// Takes somebody out of a team.
    pub(crate) fn leave_team(
        &mut self,
        actor: Actor,
        org: Id,
        team: Id,
        person: Id,
    ) -> Result<(), Refusal> {
        let left = self.team_mut(org, team)?;
        left.members.remove(&person).ok_or_else(Refusal::not_found)?;
        self.tell_team_member(actor, org, team, person, "removed");
        Ok(())
    }

    fn tell_team_member(&mut self, actor: Actor, org: Id, team: Id, person: Id, action: &str) {
        let body = Map::from_iter([
            ("scope".to_owned(), "team".into()),
            ("member".to_owned(), self.account_json(person)),
            ("team".to_owned(), self.team_json(org, team)),
        ]);
        self.emit_org(org, actor, "membership", action, &body);
    }

    /// Makes a team without members.
    pub(crate) fn create_team(
        &mut self,
        actor: Actor,
        org: Id,
        name: &str,
        description: &str,
        parent: Option<Id>,
    ) -> Result<Id, Refusal> {
        let slug = slug(name);
        if slug.is_empty() || self.team_named(self.login(org), &slug).is_some() {
            return Err(Refusal::custom("Team", "Name must be unique for this org"));
        }
        if let Some(parent) = parent {
            self.team_mut(org, parent)?;
        }
        let id = self.add_team(org, name, description, &[]);
        self.team_mut(org, id)?.parent = parent;
        self.tell_team(actor, org, id, "created");
        Ok(id)
    }

    /// Changes what a team is called, what is said of it, and below which other it stands.
    pub(crate) fn edit_team(
        &mut self,
        actor: Actor,
        org: Id,
        id: Id,
        name: Option<&str>,
        description: Option<&str>,
        parent: Option<Option<Id>>,
    ) -> Result<(), Refusal> {
        let slug = name.map(slug);
        let taken = |slug: &String| {
            let known = self.team_named(self.login(org), slug);
            known.is_some_and(|(_, other)| other.id != id)
        };
        if slug.as_ref().is_some_and(|slug| slug.is_empty() || taken(slug)) {
            return Err(Refusal::custom("Team", "Name must be unique for this org"));
        }
        let team = self.team_mut(org, id)?;
        let mut changes = json!({});
        if let (Some(name), Some(slug)) = (name.filter(|name| *name != team.name), slug) {
            changes["name"] = json!({"from": std::mem::replace(&mut team.name, name.to_owned())});
            team.slug = slug;
        }
        if let Some(text) = description.filter(|text| *text != team.description) {
            let old = std::mem::replace(&mut team.description, text.to_owned());
            changes["description"] = json!({"from": old});
        }
        let moved = parent.is_some_and(|parent| parent != team.parent);
        if let Some(parent) = parent {
            team.parent = parent;
        }
        if moved || changes != json!({}) {
            let body = Map::from_iter([
                ("team".to_owned(), self.team_json(org, id)),
                ("changes".to_owned(), changes),
            ]);
            self.emit_org(org, actor, "team", "edited", &body);
        }
        Ok(())
    }

    /// Removes a team; the teams below it stand alone from then on.
    pub(crate) fn delete_team(&mut self, actor: Actor, org: Id, team: Id) -> Result<(), Refusal> {
        self.team_mut(org, team)?;
        self.tell_team(actor, org, team, "deleted");
        if let Some(org) = self.orgs.get_mut(&org) {
            org.teams.retain(|other| other.id != team);
            for other in org.teams.iter_mut().filter(|one| one.parent == Some(team)) {
                other.parent = None;
            }
        }
        for repo in self.repos.values_mut() {
            repo.teams.remove(&team);
        }
        Ok(())
    }

    /// Lets a team into a repository, changes its role, or puts it out.
    pub(crate) fn set_team_repo(
        &mut self,
        actor: Actor,
        team: Id,
        repo: Id,
        role: Option<Role>,
    ) -> Result<(), Refusal> {
        let changed = self.repo_mut(repo)?;
        let org = changed.owner;
        let before = match role {
            Some(role) => changed.teams.insert(team, role),
            None => changed.teams.remove(&team),
        };
        let action = match (before, role) {
            (None, Some(_)) => "added_to_repository",
            (Some(_), None) => "removed_from_repository",
            (Some(before), Some(role)) if before != role => "edited",
            _ => return Ok(()),
        };
        let mut body = json!({"team": self.team_json(org, team)});
        if action == "edited" {
            let from = before.map(permissions);
            body["changes"] = json!({"repository": {"permissions": {"from": from}}});
        }
        self.emit(repo, actor, "team", Some(action), body);
        Ok(())
    }

    fn tell_team(&mut self, actor: Actor, org: Id, team: Id, action: &str) {
        let body = Map::from_iter([("team".to_owned(), self.team_json(org, team))]);
        self.emit_org(org, actor, "team", action, &body);
    }

    /// A team of an organisation, to be changed.
    pub(crate) fn team_mut(&mut self, org: Id, team: Id) -> Result<&mut Team, Refusal> {
        self.orgs
            .get_mut(&org)
            .and_then(|org| org.teams.iter_mut().find(|other| other.id == team))
            .ok_or_else(Refusal::not_found)
    }
}

/// What a team of that name is called in addresses and mentions.
fn slug(name: &str) -> String {
    name.trim().to_lowercase().replace(' ', "-")
}

/// GitHub's old word for a role, of which there are four.
pub(crate) fn permission_word(role: Role) -> &'static str {
    match role {
        Role::None => "none",
        Role::Read | Role::Triage => "read",
        Role::Write | Role::Maintain => "write",
        Role::Admin => "admin",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::seed::tests::seeded;

    #[test]
    fn the_highest_role_of_all_ways_counts() {
        let (mut state, _folder) = seeded();
        let id = |state: &State, login: &str| state.account_named(login).unwrap().id;
        let (eve, sam, org) = (id(&state, "eve"), id(&state, "sam"), id(&state, "acme"));
        let repo = state.repo_named("acme", "microservices-demo").unwrap().id;
        let actor = Actor::person(sam);
        assert_eq!(state.role(eve, repo), Role::Read);
        state.set_collaborator(actor, repo, eve, Some(Role::Triage)).unwrap();
        let shown = state.collaborator_json(eve, state.role(eve, repo));
        assert_eq!(shown["role_name"], "triage");
        assert_eq!(permission_word(state.role(eve, repo)), "read");
        let team = state.create_team(actor, org, "Release Managers", "", None).unwrap();
        let child = state.create_team(actor, org, "Night Shift", "", Some(team)).unwrap();
        state.set_team_repo(actor, team, repo, Some(Role::Maintain)).unwrap();
        state.join_team(actor, org, child, eve, false).unwrap();
        assert_eq!(state.role(eve, repo), Role::Maintain);
        assert_eq!(permission_word(Role::Maintain), "write");
        state.leave_team(actor, org, child, eve).unwrap();
        assert_eq!(state.role(eve, repo), Role::Triage);
        state.leave_org(actor, org, eve).unwrap();
        assert!(!state.is_collaborator(eve, state.repo(repo).unwrap()));
        assert_eq!(state.role(eve, repo), Role::Read, "the repository is public");
        state.set_private(actor, repo, true).unwrap();
        assert_eq!(state.role(eve, repo), Role::None);
    }

    #[test]
    fn who_comes_and_goes_is_told_to_the_installation() {
        let (mut state, _folder) = seeded();
        let id = |state: &State, login: &str| state.account_named(login).unwrap().id;
        let (eve, org) = (id(&state, "eve"), id(&state, "acme"));
        let sam = Actor::person(id(&state, "sam"));
        let repo = state.repo_named("acme", "microservices-demo").unwrap().id;
        let team = state.create_team(sam, org, "Night Shift", "", None).unwrap();
        state.join_team(sam, org, team, eve, false).unwrap();
        state.set_team_repo(sam, team, repo, Some(Role::Triage)).unwrap();
        state.edit_team(sam, org, team, Some("Day Shift"), None, None).unwrap();
        state.edit_team(sam, org, team, Some("Day Shift"), None, None).unwrap();
        assert!(state.edit_team(sam, org, team, Some("QA"), None, None).is_err());
        state.leave_team(sam, org, team, eve).unwrap();
        state.delete_team(sam, org, team).unwrap();
        state.leave_org(sam, org, eve).unwrap();
        let sent = std::mem::take(&mut state.around.outbox);
        let told: Vec<String> = sent
            .iter()
            .map(|one| {
                assert!(one.payload["installation"]["id"].is_u64(), "{}", one.event);
                assert_eq!(one.payload["sender"]["login"], "sam");
                format!("{} {}", one.event, one.action.as_deref().unwrap())
            })
            .collect();
        assert_eq!(
            told,
            [
                "team created",
                "membership added",
                "team added_to_repository",
                "team edited",
                "membership removed",
                "team deleted",
                "organization member_removed",
            ]
        );
        assert_eq!(sent[1].payload["member"]["login"], "eve");
        assert_eq!(sent[1].payload["team"]["slug"], "night-shift");
        assert_eq!(sent[3].payload["changes"], json!({"name": {"from": "Night Shift"}}));
        assert_eq!(sent[3].payload["team"]["slug"], "day-shift");
        assert_eq!(sent[6].payload["membership"]["user"]["login"], "eve");
    }

    #[test]
    fn what_changes_nothing_tells_nothing() {
        let (mut state, _folder) = seeded();
        let sam = Actor::person(state.account_named("sam").unwrap().id);
        let ada = state.account_named("ada").unwrap().id;
        let repo = state.repo_named("acme", "microservices-demo").unwrap().id;
        state.set_collaborator(sam, repo, ada, Some(Role::Write)).unwrap();
        assert!(state.around.outbox.is_empty());
        state.set_collaborator(sam, repo, ada, Some(Role::Maintain)).unwrap();
        let sent = &state.around.outbox[0];
        assert_eq!(sent.action.as_deref(), Some("edited"));
        assert_eq!(sent.payload["member"]["login"], "ada");
    }
}
