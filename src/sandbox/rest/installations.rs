//! What people see of installations, and the repositories that they add and remove.
//! <https://docs.github.com/en/rest/apps/installations>

use crate::sandbox::http::{Access, Answer, Body, Call, Reply, Route};
use crate::sandbox::model::{Id, Installation, OrgRole, Repo};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::State;

pub(super) fn routes() -> Vec<Route> {
    let one = "/user/installations/{installation_id}/repositories/{repository_id}";
    vec![
        Route::get("/user/installations", list).access(Access::Person),
        Route::get("/user/installations/{installation_id}/repositories", repositories)
            .access(Access::Person),
        Route::put(one, add).access(Access::Person),
        Route::delete(one, remove).access(Access::Person),
    ]
}

/// What somebody is on the account of an installation.
fn standing(state: &State, person: Id, installation: &Installation) -> Option<OrgRole> {
    if installation.account == person {
        return Some(OrgRole::Admin);
    }
    let org = state.orgs.get(&installation.account)?;
    org.members.get(&person).copied()
}

fn list(state: &mut State, call: &Call) -> Reply {
    let person = call.actor()?.account;
    let seen: Vec<&Installation> =
        state.installations.values().filter(|one| standing(state, person, one).is_some()).collect();
    Ok(call.page_in("installations", seen, |one| state.installation_json(one)))
}

fn repositories(state: &mut State, call: &Call) -> Reply {
    let person = call.actor()?.account;
    let installed = state.installation(call.number("installation_id")?)?;
    if standing(state, person, installed).is_none() {
        return Err(Refusal::not_found());
    }
    let app = installed.app;
    let seen: Vec<&Repo> = state
        .visible_repos(Some(person))
        .into_iter()
        .filter(|repo| {
            let on = state.installation_on(app, repo);
            on.is_some_and(|one| one.id == installed.id)
        })
        .collect();
    let selection = if installed.selected.is_some() { "selected" } else { "all" };
    let mut answer =
        call.page_in("repositories", seen, |repo| state.repository_for(repo, &call.caller));
    if let Body::Json(body) = &mut answer.body {
        body["repository_selection"] = selection.into();
    }
    Ok(answer)
}

fn add(state: &mut State, call: &Call) -> Reply {
    change(state, call, true)
}

fn remove(state: &mut State, call: &Call) -> Reply {
    change(state, call, false)
}

fn change(state: &mut State, call: &Call, added: bool) -> Reply {
    let actor = call.actor()?;
    let installed = state.installation(call.number("installation_id")?)?;
    let repo = state.repo(call.repo()?)?;
    if standing(state, actor.account, installed) != Some(OrgRole::Admin)
        || repo.owner != installed.account
    {
        return Err(Refusal::not_found());
    }
    let Some(mut selected) = installed.selected.clone() else {
        return Err(Refusal::unprocessable(
            "The App is installed on all repositories: single ones cannot be added or removed.",
        ));
    };
    if added {
        selected.insert(repo.id);
    } else {
        selected.remove(&repo.id);
        if selected.is_empty() {
            return Err(Refusal::unprocessable(
                "An installation keeps at least one repository: uninstall the App instead.",
            ));
        }
    }
    let id = installed.id;
    state.select_repositories(actor, id, Some(selected))?;
    Ok(Answer::empty(204))
}
