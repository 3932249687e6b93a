//! Teams, their members and their repositories.
//! <https://docs.github.com/en/rest/teams/teams>, <https://docs.github.com/en/rest/teams/members>

use super::orgs::{READS, WRITES, inside, managed, org, person};
use crate::sandbox::http::{Answer, Call, Reply, Route};
use crate::sandbox::model::{Id, OrgRole, Organization, Repo, Role, Team};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::shape::permissions;
use crate::sandbox::state::State;

pub(super) fn routes() -> Vec<Route> {
    let one = "/orgs/{org}/teams/{team_slug}";
    let membership = "/orgs/{org}/teams/{team_slug}/memberships/{username}";
    let repo = "/orgs/{org}/teams/{team_slug}/repos/{owner}/{repo}";
    vec![
        Route::get("/orgs/{org}/teams", list).access(READS),
        Route::post("/orgs/{org}/teams", create).access(WRITES),
        Route::get(one, get).access(READS),
        Route::patch(one, update).access(WRITES),
        Route::delete(one, delete).access(WRITES),
        Route::get("/orgs/{org}/teams/{team_slug}/members", members).access(READS),
        Route::get("/orgs/{org}/teams/{team_slug}/teams", below).access(READS),
        Route::get(membership, get_membership).access(READS),
        Route::put(membership, set_membership).access(WRITES),
        Route::delete(membership, end_membership).access(WRITES),
        Route::get("/orgs/{org}/teams/{team_slug}/repos", repos).access(READS),
        Route::get(repo, get_repo).access(READS),
        Route::put(repo, set_repo).access(WRITES),
        Route::delete(repo, remove_repo).access(WRITES),
    ]
}

/// The team of the path, where the caller sees it.
fn team<'a>(state: &'a State, call: &Call) -> Result<(&'a Organization, &'a Team), Refusal> {
    let (org, team) = state
        .team_named(call.param("org"), call.param("team_slug"))
        .ok_or_else(Refusal::not_found)?;
    if inside(state, call, org) { Ok((org, team)) } else { Err(Refusal::not_found()) }
}

/// The team of the path, where the caller may manage it.
fn own(state: &State, call: &Call) -> Result<(Id, Id), Refusal> {
    let (org, team) = team(state, call)?;
    let person = call.actor()?.account;
    if team.members.get(&person) != Some(&true) {
        managed(state, call)?;
    }
    Ok((org.account, team.id))
}

fn list(state: &mut State, call: &Call) -> Reply {
    let org = org(state, call)?;
    if !inside(state, call, org) {
        return Err(Refusal::not_found());
    }
    let teams = org.teams.iter().collect();
    Ok(call.page(teams, |team: &Team| state.team_json(org.account, team.id)))
}

fn below(state: &mut State, call: &Call) -> Reply {
    let (org, team) = team(state, call)?;
    let children = org.teams.iter().filter(|one| one.parent == Some(team.id));
    Ok(call.page(children.collect(), |team: &Team| state.team_json(org.account, team.id)))
}

fn create(state: &mut State, call: &Call) -> Reply {
    let org = managed(state, call)?.account;
    let actor = call.actor()?;
    let (name, description) = (call.require("name")?, call.text("description")?);
    let parent = call.count("parent_team_id")?;
    let team = state.create_team(actor, org, name, description.unwrap_or_default(), parent)?;
    for login in call.texts("maintainers")?.unwrap_or_default() {
        let account = state.account_named(&login);
        let person = account.ok_or_else(|| Refusal::invalid("Team", "maintainers", "invalid"))?;
        let person = person.id;
        state.join_team(actor, org, team, person, true)?;
    }
    Ok(Answer::created(state.team_whole_json(org, team)))
}

fn get(state: &mut State, call: &Call) -> Reply {
    let (org, team) = team(state, call)?;
    Ok(Answer::ok(state.team_whole_json(org.account, team.id)))
}

fn update(state: &mut State, call: &Call) -> Reply {
    let (org, id) = own(state, call)?;
    let (name, description) = (call.text("name")?, call.text("description")?);
    let parent = call.count("parent_team_id")?;
    let above = |other: &Team| Some(other.id) == parent && other.id != id;
    let known = state.orgs.get(&org).is_some_and(|org| org.teams.iter().any(above));
    if parent.is_some() && !known {
        return Err(Refusal::invalid("Team", "parent_team_id", "invalid"));
    }
    let parent = call.has("parent_team_id").then_some(parent);
    state.edit_team(call.actor()?, org, id, name, description, parent)?;
    Ok(Answer::ok(state.team_whole_json(org, id)))
}

fn delete(state: &mut State, call: &Call) -> Reply {
    let (org, team) = own(state, call)?;
    state.delete_team(call.actor()?, org, team)?;
    Ok(Answer::empty(204))
}

fn members(state: &mut State, call: &Call) -> Reply {
    let (org, team) = team(state, call)?;
    let members = state.team_members(org, team.id).into_iter();
    let members = members.filter(|(_, maintainer)| match call.query("role") {
        Some("maintainer") => *maintainer,
        Some("member") => !*maintainer,
        _ => true,
    });
    Ok(call.page(members.collect(), |(person, _): (Id, bool)| state.account_json(person)))
}

fn get_membership(state: &mut State, call: &Call) -> Reply {
    let (org, team) = team(state, call)?;
    let person = person(state, call)?;
    let members = state.team_members(org, team.id);
    let maintainer = members.get(&person).ok_or_else(Refusal::not_found)?;
    let shown = state.team_membership_json(org.account, team.id, person, *maintainer);
    Ok(Answer::ok(shown))
}

fn set_membership(state: &mut State, call: &Call) -> Reply {
    let (org, team) = own(state, call)?;
    let person = person(state, call)?;
    let maintainer = call.text("role")? == Some("maintainer");
    let actor = call.actor()?;
    // Who is not in the organisation is invited on GitHub; in the box everybody accepts at once.
    let members = state.orgs.get(&org).map(|org| &org.members);
    if members.is_some_and(|members| !members.contains_key(&person)) {
        state.join_org(actor, org, person, OrgRole::Member)?;
    }
    state.join_team(actor, org, team, person, maintainer)?;
    let shown = state.team_membership_json(org, team, person, maintainer);
    Ok(Answer::ok(shown))
}

fn end_membership(state: &mut State, call: &Call) -> Reply {
    let (org, team) = own(state, call)?;
    let person = person(state, call)?;
    state.leave_team(call.actor()?, org, team, person)?;
    Ok(Answer::empty(204))
}

fn repos(state: &mut State, call: &Call) -> Reply {
    let (_, team) = team(state, call)?;
    let repos = state.repos.values();
    let repos: Vec<(&Repo, Role)> =
        repos.filter_map(|repo| Some((repo, *repo.teams.get(&team.id)?))).collect();
    Ok(call.page(repos, |(repo, role)| in_team(state, repo, role)))
}

fn in_team(state: &State, repo: &Repo, role: Role) -> serde_json::Value {
    let mut shown = state.repository_json(repo);
    shown["permissions"] = permissions(role);
    shown["role_name"] = role.word().into();
    shown
}

/// 204 says that the team may enter; who wants to know its role asks for the media type `repository`.
fn get_repo(state: &mut State, call: &Call) -> Reply {
    let (_, team) = team(state, call)?;
    let repo = state.repo(call.repo()?)?;
    let role = repo.teams.get(&team.id).ok_or_else(Refusal::not_found)?;
    Ok(if call.wants("repository") {
        Answer::ok(in_team(state, repo, *role))
    } else {
        Answer::empty(204)
    })
}

fn set_repo(state: &mut State, call: &Call) -> Reply {
    let (_, team) = own(state, call)?;
    let role = Role::parse(call.text("permission")?.unwrap_or("push"))
        .filter(|role| *role > Role::None)
        .ok_or_else(|| Refusal::invalid("Team", "permission", "invalid"))?;
    state.set_team_repo(call.actor()?, team, call.repo()?, Some(role))?;
    Ok(Answer::empty(204))
}

fn remove_repo(state: &mut State, call: &Call) -> Reply {
    let (_, team) = own(state, call)?;
    state.set_team_repo(call.actor()?, team, call.repo()?, None)?;
    Ok(Answer::empty(204))
}
