//! People, bots and Apps, the rate limit and what there is to say of the box as a whole.
//! <https://docs.github.com/en/rest/users/users>, <https://docs.github.com/en/rest/rate-limit>,
//! <https://docs.github.com/en/rest/meta/meta>

use serde_json::{Map, Value, json};

use crate::sandbox::http::{Access, Answer, Call, Reply, Route};
use crate::sandbox::model::{Id, OrgRole};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::State;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/user", me).access(Access::Person),
        Route::get("/user/orgs", my_orgs).access(Access::Person),
        Route::get("/user/teams", my_teams).access(Access::Person),
        Route::get("/user/memberships/orgs", my_memberships).access(Access::Person),
        Route::get("/users/{username}", get).access(Access::Open),
        Route::get("/user/{account_id}", by_id).access(Access::Open),
        Route::get("/apps/{app_slug}", app).access(Access::Open),
        Route::get("/rate_limit", rate_limit).access(Access::Open),
        Route::get("/meta", meta).access(Access::Open),
    ]
}

fn caller(call: &Call) -> Result<Id, Refusal> {
    Ok(call.actor()?.account)
}

fn me(state: &mut State, call: &Call) -> Reply {
    Ok(Answer::ok(state.user_json(caller(call)?)))
}

fn get(state: &mut State, call: &Call) -> Reply {
    let account = state.account_named(call.param("username"));
    let id = account.ok_or_else(Refusal::not_found)?.id;
    Ok(Answer::ok(state.user_json(id)))
}

fn by_id(state: &mut State, call: &Call) -> Reply {
    let account = state.accounts.get(&call.number("account_id")?);
    let id = account.ok_or_else(Refusal::not_found)?.id;
    Ok(Answer::ok(state.user_json(id)))
}

fn memberships(state: &State, person: Id) -> Vec<(Id, OrgRole)> {
    let role =
        |org: &crate::sandbox::model::Organization| Some((org.account, *org.members.get(&person)?));
    state.orgs.values().filter_map(role).collect()
}

fn my_orgs(state: &mut State, call: &Call) -> Reply {
    let orgs = memberships(state, caller(call)?);
    Ok(call.page(orgs, |(org, _)| state.organization_json(org)))
}

fn my_memberships(state: &mut State, call: &Call) -> Reply {
    let person = caller(call)?;
    let orgs = memberships(state, person);
    Ok(call.page(orgs, |(org, role)| state.org_membership_json(org, person, role)))
}

fn my_teams(state: &mut State, call: &Call) -> Reply {
    let person = caller(call)?;
    let teams = state.orgs.values().flat_map(|org| {
        let teams = org.teams.iter();
        teams
            .filter(|team| state.team_members(org, team.id).contains_key(&person))
            .map(|team| (org.account, team.id))
    });
    let teams: Vec<(Id, Id)> = teams.collect();
    Ok(call.page(teams, |(org, team)| state.team_whole_json(org, team)))
}

fn app(state: &mut State, call: &Call) -> Reply {
    let slug = call.param("app_slug");
    let app = state.apps.values().find(|app| app.slug == slug);
    Ok(Answer::ok(state.app_json(app.ok_or_else(Refusal::not_found)?)))
}

fn rate_limit(state: &mut State, call: &Call) -> Reply {
    let (who, now) = (call.caller.label(state), state.now());
    let window = state.around.limits.count(&who, now, 0);
    let core = json!({
        "limit": window.limit,
        "used": window.used,
        "remaining": window.remaining(),
        "reset": window.reset,
    });
    let unused =
        |limit: u64| json!({"limit": limit, "used": 0, "remaining": limit, "reset": window.reset});
    let resources = json!({"core": core, "graphql": unused(5000), "search": unused(30)});
    Ok(Answer::ok(json!({"resources": resources, "rate": core})))
}

fn meta(_: &mut State, _: &Call) -> Reply {
    let mut body: Map<String, Value> = ["hooks", "web", "api", "git", "pages", "actions"]
        .iter()
        .map(|key| ((*key).to_owned(), json!(["127.0.0.0/8"])))
        .collect();
    body.insert("verifiable_password_authentication".to_owned(), false.into());
    Ok(Answer::ok(body.into()))
}
