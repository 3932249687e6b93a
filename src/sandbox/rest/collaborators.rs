//! Collaborators of a repository and their roles.
//! <https://docs.github.com/en/rest/collaborators/collaborators>

use serde_json::json;

use crate::sandbox::http::{Answer, Call, READ, Reply, Route, WRITE};
use crate::sandbox::model::{Account, AccountKind, Level, Role};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::shape::time;
use crate::sandbox::state::{State, permission_word};

const READS: &[(&str, Level)] = &[("metadata", READ)];
const ADMINISTER: &[(&str, Level)] = &[("administration", WRITE)];

pub(super) fn routes() -> Vec<Route> {
    let named = "/repos/{owner}/{repo}/collaborators/{username}";
    vec![
        Route::get("/repos/{owner}/{repo}/collaborators", list).role(Role::Write).needs(READS),
        Route::get(named, check).role(Role::Write).needs(READS),
        Route::put(named, add).role(Role::Admin).needs(ADMINISTER),
        Route::delete(named, remove).role(Role::Admin).needs(ADMINISTER),
        Route::get("/repos/{owner}/{repo}/collaborators/{username}/permission", permission)
            .role(Role::Write)
            .needs(READS),
        Route::get("/repos/{owner}/{repo}/teams", teams).role(Role::Write).needs(READS),
    ]
}

fn person<'a>(state: &'a State, call: &Call) -> Result<&'a Account, Refusal> {
    let login = call.param("username");
    state
        .account_named(login)
        .filter(|account| account.kind != AccountKind::Organization)
        .ok_or_else(|| Refusal::new(404, format!("{login} is not a user")))
}

fn list(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let org = state.orgs.get(&repo.owner);
    let member = |person| org.is_some_and(|org| org.members.contains_key(&person));
    let least = call.query("permission").and_then(Role::parse);
    let mut people = state.collaborators(repo);
    people.retain(|(person, role)| {
        let affiliated = match call.query("affiliation") {
            Some("outside") => !member(*person),
            Some("direct") => repo.collaborators.contains_key(person),
            _ => true,
        };
        affiliated && least.is_none_or(|least| *role >= least)
    });
    Ok(call.page(people, |(person, role)| state.collaborator_json(person, role)))
}

fn check(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let person = person(state, call)?.id;
    if state.is_collaborator(person, repo) {
        Ok(Answer::empty(204))
    } else {
        Err(Refusal::not_found())
    }
}

/// `permission` knows four words; `role_name` has the role itself.
fn permission(state: &mut State, call: &Call) -> Reply {
    let person = person(state, call)?.id;
    let role = state.role(person, call.repo()?);
    Ok(Answer::ok(json!({
        "permission": permission_word(role),
        "user": state.collaborator_json(person, role),
        "role_name": role.word(),
    })))
}

/// Who is not in the organisation is invited on GitHub; in the box everybody accepts at once.
fn add(state: &mut State, call: &Call) -> Reply {
    let (actor, id) = (call.actor()?, call.repo()?);
    let account = person(state, call)?;
    if account.kind != AccountKind::User {
        return Err(Refusal::custom("Repository", "User is not a person"));
    }
    let person = account.id;
    let word = call.text("permission")?.unwrap_or("push");
    let role = Role::parse(word)
        .filter(|role| *role > Role::None)
        .ok_or_else(|| Refusal::invalid("Repository", "permission", "invalid"))?;
    let known = state.is_collaborator(person, state.repo(id)?);
    state.set_collaborator(actor, id, person, Some(role))?;
    if known {
        return Ok(Answer::empty(204));
    }
    let invitation = state.new_id();
    let repo = state.repo(id)?;
    Ok(Answer::created(json!({
        "id": invitation,
        "node_id": crate::sandbox::shape::node_id("RepositoryInvitation", invitation),
        "repository": state.repository_json(repo),
        "invitee": state.account_json(person),
        "inviter": state.account_json(actor.account),
        "permissions": role.word(),
        "created_at": time(state.now()),
        "expired": false,
        "url": format!("{}/user/repository_invitations/{invitation}", state.api()),
        "html_url": format!("{}/invitations", state.repo_html(repo)),
    })))
}

fn remove(state: &mut State, call: &Call) -> Reply {
    let person = person(state, call)?.id;
    state.set_collaborator(call.actor()?, call.repo()?, person, None)?;
    Ok(Answer::empty(204))
}

fn teams(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let teams = repo.teams.iter().collect();
    Ok(call.page(teams, |(team, role)| state.team_in_repo_json(repo.owner, *team, *role)))
}
