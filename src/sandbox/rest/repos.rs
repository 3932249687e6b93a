//! Repositories.
//! <https://docs.github.com/en/rest/repos/repos>

use crate::sandbox::http::{Access, Answer, Call, READ, Reply, Route, WRITE};
use crate::sandbox::model::{OrgRole, Repo, Role};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::{NewRepo, State};

const ADMINISTER: &[(&str, crate::sandbox::model::Level)] = &[("administration", WRITE)];

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/repos/{owner}/{repo}", get),
        Route::patch("/repos/{owner}/{repo}", update).role(Role::Admin).needs(ADMINISTER),
        Route::delete("/repos/{owner}/{repo}", delete).role(Role::Admin).needs(ADMINISTER),
        Route::get("/orgs/{org}/repos", of_org).access(Access::Signed(&[("metadata", READ)])),
        Route::post("/orgs/{org}/repos", create_in_org).access(Access::Person),
        Route::get("/user/repos", mine).access(Access::Person),
        Route::post("/user/repos", create_mine).access(Access::Person),
    ]
}

fn get(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    Ok(Answer::ok(state.full_repository(repo, &call.caller)))
}

fn update(state: &mut State, call: &Call) -> Reply {
    let (actor, id) = (call.actor()?, call.repo()?);
    if let Some(name) = call.text("name")?
        && name != state.repo(id)?.name
    {
        state.rename_repo(actor, id, name)?;
    }
    if let Some(branch) = call.text("default_branch")? {
        state.set_default_branch(actor, id, branch)?;
    }
    if let Some(private) = call.flag("private")? {
        state.set_private(actor, id, private)?;
    }
    let description = call.text("description")?.map(str::to_owned);
    if let Some(archived) = call.flag("archived")? {
        state.set_archived(actor, id, archived)?;
    }
    let delete = call.flag("delete_branch_on_merge")?;
    let repo = state.repo_mut(id)?;
    if call.has("description") {
        repo.description = description;
    }
    repo.delete_branch_on_merge = delete.unwrap_or(repo.delete_branch_on_merge);
    get(state, call)
}

fn delete(state: &mut State, call: &Call) -> Reply {
    state.delete_repo(call.actor()?, call.repo()?)?;
    Ok(Answer::empty(204))
}

fn of_org(state: &mut State, call: &Call) -> Reply {
    let org = state.account_named(call.param("org")).ok_or_else(Refusal::not_found)?.id;
    let person = call.actor()?.account;
    let repos: Vec<&Repo> =
        state.visible_repos(Some(person)).into_iter().filter(|repo| repo.owner == org).collect();
    Ok(call.page(repos, |repo| state.repository_for(repo, &call.caller)))
}

fn mine(state: &mut State, call: &Call) -> Reply {
    let person = call.actor()?.account;
    let repos: Vec<&Repo> = state
        .visible_repos(Some(person))
        .into_iter()
        .filter(|repo| {
            repo.owner == person || repo.private || repo.collaborators.contains_key(&person)
        })
        .collect();
    Ok(call.page(repos, |repo| state.repository_for(repo, &call.caller)))
}

fn create_in_org(state: &mut State, call: &Call) -> Reply {
    let org = state
        .account_named(call.param("org"))
        .and_then(|account| state.orgs.get(&account.id))
        .ok_or_else(Refusal::not_found)?;
    let (owner, person) = (org.account, call.actor()?.account);
    if org.members.get(&person) != Some(&OrgRole::Admin) {
        return Err(Refusal::new(
            403,
            "You need admin access to the organization before adding a repository to it.",
        ));
    }
    create(state, call, owner)
}

fn create_mine(state: &mut State, call: &Call) -> Reply {
    create(state, call, call.actor()?.account)
}

fn create(state: &mut State, call: &Call, owner: u64) -> Reply {
    let actor = call.actor()?;
    let new = NewRepo {
        owner,
        name: call.require("name")?,
        description: call.text("description")?,
        private: call.flag("private")?.unwrap_or(false),
        default_branch: "main",
        parent: None,
    };
    let id = state.create_repo(actor, &new)?;
    if call.flag("auto_init")? == Some(true) {
        state.begin_repo(actor, id)?;
    }
    let repo = state.repo(id)?;
    let shown = state.full_repository(repo, &call.caller);
    Ok(Answer::created(shown).header("location", state.repo_url(repo)))
}
