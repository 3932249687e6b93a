//! Apps, installations and their tokens.
//! <https://docs.github.com/en/rest/apps/apps>, <https://docs.github.com/en/rest/apps/installations>

use std::collections::BTreeMap;

use serde_json::Value;

use crate::sandbox::auth::Caller;
use crate::sandbox::http::{Access, Answer, Call, Reply, Route};
use crate::sandbox::model::{Id, Installation, Level};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::{State, TokenRequest};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/app", app).access(Access::App),
        Route::get("/app/installations", installations).access(Access::App),
        Route::get("/app/installations/{installation_id}", installation).access(Access::App),
        Route::delete("/app/installations/{installation_id}", uninstall).access(Access::App),
        Route::post("/app/installations/{installation_id}/access_tokens", access_token)
            .access(Access::App),
        Route::put("/app/installations/{installation_id}/suspended", suspend).access(Access::App),
        Route::delete("/app/installations/{installation_id}/suspended", resume).access(Access::App),
        Route::get("/installation/repositories", repositories).access(Access::Signed(&[])),
        Route::delete("/installation/token", revoke).access(Access::Signed(&[])),
        Route::get("/orgs/{org}/installation", of_account).access(Access::App),
        Route::get("/users/{username}/installation", of_account).access(Access::App),
        Route::get("/repos/{owner}/{repo}/installation", of_repository).access(Access::App),
    ]
}

fn caller(call: &Call) -> Result<Id, Refusal> {
    match call.caller {
        Caller::App(app) => Ok(app),
        _ => Err(Refusal::not_found()),
    }
}

fn app(state: &mut State, call: &Call) -> Reply {
    let app = caller(call)?;
    let mut shown = state.app_or_null(Some(app));
    shown["events"] =
        state.apps.get(&app).map(|app| &app.events).into_iter().flatten().cloned().collect();
    let installed = state.installations.values().filter(|one| one.app == app);
    shown["installations_count"] = installed.count().into();
    Ok(Answer::ok(shown))
}

fn installations(state: &mut State, call: &Call) -> Reply {
    let app = caller(call)?;
    let installed: Vec<&Installation> =
        state.installations.values().filter(|one| one.app == app).collect();
    Ok(call.page(installed, |one| state.installation_json(one)))
}

fn named<'a>(state: &'a State, call: &Call) -> Result<&'a Installation, Refusal> {
    let app = caller(call)?;
    state
        .installations
        .get(&call.number("installation_id")?)
        .filter(|one| one.app == app)
        .ok_or_else(Refusal::not_found)
}

fn installation(state: &mut State, call: &Call) -> Reply {
    Ok(Answer::ok(state.installation_json(named(state, call)?)))
}

fn uninstall(state: &mut State, call: &Call) -> Reply {
    let id = named(state, call)?.id;
    state.uninstall(id)?;
    Ok(Answer::empty(204))
}

fn suspend(state: &mut State, call: &Call) -> Reply {
    let id = named(state, call)?.id;
    state.suspend(id, true)?;
    Ok(Answer::empty(204))
}

fn resume(state: &mut State, call: &Call) -> Reply {
    let id = named(state, call)?.id;
    state.suspend(id, false)?;
    Ok(Answer::empty(204))
}

fn access_token(state: &mut State, call: &Call) -> Reply {
    let id = named(state, call)?.id;
    let repository_ids = match &call.body["repository_ids"] {
        Value::Null => None,
        list => {
            let wrong = || Refusal::wrong_type("repository_ids", list, "an array of integers");
            let ids = list.as_array().ok_or_else(wrong)?.iter();
            let ids: Option<Vec<Id>> = ids.map(Value::as_u64).collect();
            Some(ids.ok_or_else(wrong)?)
        }
    };
    let permissions = match &call.body["permissions"] {
        Value::Null => None,
        asked => {
            let asked: BTreeMap<String, Level> =
                serde_json::from_value(asked.clone()).map_err(|_unknown| {
                    Refusal::wrong_type("permissions", asked, "an object of permissions")
                })?;
            Some(asked)
        }
    };
    let request =
        TokenRequest { repositories: call.texts("repositories")?, repository_ids, permissions };
    let token = state.mint_token(id, &request)?;
    Ok(Answer::created(state.token_json(&token)))
}

fn repositories(state: &mut State, call: &Call) -> Reply {
    let Caller::Installation { token, .. } = &call.caller else {
        return Err(Refusal::new(
            403,
            "You must authenticate with an installation access token in order to list repositories for an installation.",
        ));
    };
    let all = token.repositories.is_none();
    let mut answer = call.page_in("repositories", state.token_repos(token), |repo| {
        state.repository_for(repo, &call.caller)
    });
    if let crate::sandbox::http::Body::Json(body) = &mut answer.body {
        body["repository_selection"] = if all { "all" } else { "selected" }.into();
    }
    Ok(answer)
}

fn revoke(state: &mut State, call: &Call) -> Reply {
    let Caller::Installation { token, .. } = &call.caller else {
        return Err(Refusal::not_accessible());
    };
    state.tokens.retain(|other| other.token != token.token);
    Ok(Answer::empty(204))
}

fn of_account(state: &mut State, call: &Call) -> Reply {
    let app = caller(call)?;
    let login = call.params.get("org").or(call.params.get("username"));
    let account =
        login.and_then(|login| state.account_named(login)).ok_or_else(Refusal::not_found)?;
    let installed = state
        .installations
        .values()
        .find(|one| one.app == app && one.account == account.id)
        .ok_or_else(Refusal::not_found)?;
    Ok(Answer::ok(state.installation_json(installed)))
}

fn of_repository(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let installed = state.installation_on(caller(call)?, repo).ok_or_else(Refusal::not_found)?;
    Ok(Answer::ok(state.installation_json(installed)))
}
