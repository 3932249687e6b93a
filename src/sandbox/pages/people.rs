//! Who belongs where: people and their roles in a repository, teams, the organisation; and the forms for it.
//! It does not know who may change it: the REST API does.

use http::Method;
use serde_json::{Value, json};

use super::desk::Desk;
use super::parts::{Who, segment};
use super::visit::Fields;
use crate::sandbox::model::{AccountKind, Id, OrgRole, Organization, Repo, Role, Team};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::State;

/// The roles that can be given.
const ROLES: [Role; 5] = [Role::Read, Role::Triage, Role::Write, Role::Maintain, Role::Admin];

/// Everybody around a repository.
pub(super) struct People {
    pub(super) people: Vec<Person>,
    pub(super) teams: Vec<Group>,
    /// Of the owner, where that is an organisation.
    pub(super) organisation: Option<Group>,
    /// Whether the viewer may give roles here.
    pub(super) may_give: bool,
}

/// Somebody who may do something here.
pub(super) struct Person {
    pub(super) who: Who,
    /// What counts: the highest role of all ways.
    pub(super) role: &'static str,
    pub(super) given: Vec<Choice>,
}

/// A team, or an organisation.
pub(super) struct Group {
    pub(super) slug: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) given: Vec<Choice>,
    pub(super) members: Vec<(Who, &'static str)>,
    /// Those who could still be taken in.
    pub(super) others: Vec<String>,
    pub(super) may_manage: bool,
}

/// A role to be chosen: its word, and whether it is the present one.
pub(super) struct Choice {
    pub(super) word: &'static str,
    pub(super) here: bool,
}

/// Who belongs where.
pub(super) fn people(desk: &Desk<'_>, repo: &Repo) -> People {
    let state = &*desk.state;
    let all: Vec<Id> = persons(state).collect();
    let org = state.orgs.get(&repo.owner);
    let owns = org.is_some_and(|org| org.members.get(&desk.viewer) == Some(&OrgRole::Admin));
    let roles = all.iter().map(|id| (*id, state.role(*id, repo.id)));
    People {
        people: roles
            .filter(|(_, role)| *role > Role::None)
            .map(|(id, role)| Person {
                who: Who::of(state, id),
                role: role.word(),
                given: choices(repo.collaborators.get(&id)),
            })
            .collect(),
        teams: org
            .into_iter()
            .flat_map(|org| &org.teams)
            .map(|team| of_team(desk, repo, team, &all, owns))
            .collect(),
        organisation: org.map(|org| of_org(desk, org, &all, owns)),
        may_give: desk.role(repo.id) == Role::Admin,
    }
}

fn of_team(desk: &Desk<'_>, repo: &Repo, team: &Team, all: &[Id], owns: bool) -> Group {
    let state = &*desk.state;
    let members = team.members.iter();
    Group {
        slug: team.slug.clone(),
        name: team.name.clone(),
        description: team.description.clone(),
        given: choices(repo.teams.get(&team.id)),
        members: members
            .map(|(id, leads)| (Who::of(state, *id), if *leads { "maintainer" } else { "" }))
            .collect(),
        others: logins(state, all, |id| !team.members.contains_key(&id)),
        may_manage: owns || team.members.get(&desk.viewer) == Some(&true),
    }
}

fn of_org(desk: &Desk<'_>, org: &Organization, all: &[Id], owns: bool) -> Group {
    let state = &*desk.state;
    let account = state.account(org.account);
    let word = |role: OrgRole| if role == OrgRole::Admin { "owner" } else { "" };
    let members = org.members.iter();
    Group {
        slug: account.login.clone(),
        name: account.name.clone(),
        description: String::new(),
        given: Vec::new(),
        members: members.map(|(id, role)| (Who::of(state, *id), word(*role))).collect(),
        others: logins(state, all, |id| !org.members.contains_key(&id)),
        may_manage: owns,
    }
}

fn persons(state: &State) -> impl Iterator<Item = Id> + '_ {
    let accounts = state.accounts.values();
    accounts.filter(|account| account.kind == AccountKind::User).map(|account| account.id)
}

fn logins(state: &State, all: &[Id], wanted: impl Fn(Id) -> bool) -> Vec<String> {
    all.iter().filter(|id| wanted(**id)).map(|id| state.login(*id).to_owned()).collect()
}

fn choices(given: Option<&Role>) -> Vec<Choice> {
    let choice = |role: Role| Choice { word: role.word(), here: given == Some(&role) };
    ROLES.into_iter().map(choice).collect()
}

/// Does what a form asks for. `home` is `/owner/name`.
pub(super) fn act(
    desk: &mut Desk<'_>,
    home: &str,
    owner: &str,
    fields: &Fields,
) -> Result<(), Refusal> {
    let [login, team, role] = ["login", "team", "role"].map(|name| fields.get(name));
    let org = format!("/orgs/{}", segment(owner, false));
    let in_team = format!("{org}/teams/{}", segment(&team, false));
    let person = segment(&login, false);
    let gives = json!({"permission": role});
    let set = |given: bool| if given { Method::PUT } else { Method::DELETE };
    let (method, path, body) = match fields.get("do").as_str() {
        "role" => (set(!role.is_empty()), format!("/repos{home}/collaborators/{person}"), gives),
        "team-role" => (set(!role.is_empty()), format!("{in_team}/repos{home}"), gives),
        "join-team" => (set(true), format!("{in_team}/memberships/{person}"), json!({})),
        "leave-team" => (set(false), format!("{in_team}/memberships/{person}"), Value::Null),
        "new-team" => (Method::POST, format!("{org}/teams"), json!({"name": team})),
        "join" => (set(true), format!("{org}/memberships/{person}"), json!({})),
        "leave" => (set(false), format!("{org}/memberships/{person}"), Value::Null),
        _ => {
            return Err(Refusal::unprocessable("This button is not known. Open the page again."));
        }
    };
    desk.ask(&method, &path, body)?;
    Ok(())
}
