//! Deployments, their statuses, and the environments that come of them.
//! <https://docs.github.com/en/rest/deployments/deployments>, <https://docs.github.com/en/rest/deployments/statuses>,
//! <https://docs.github.com/en/rest/deployments/environments>

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::sandbox::http::{Answer, Call, READ, Reply, Route, WRITE};
use crate::sandbox::model::{Deployment, Level, Repo};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::{Deployed, NewDeployment, NewDeploymentStatus, State};

const SEE: &[(&str, Level)] = &[("deployments", READ)];
const EDIT: &[(&str, Level)] = &[("deployments", WRITE)];

pub(super) fn routes() -> Vec<Route> {
    const ALL: &str = "/repos/{owner}/{repo}/deployments";
    const ONE: &str = "/repos/{owner}/{repo}/deployments/{deployment_id}";
    const STATUSES: &str = "/repos/{owner}/{repo}/deployments/{deployment_id}/statuses";
    vec![
        Route::get(ALL, list).needs(SEE),
        Route::post(ALL, create).needs(EDIT),
        Route::get(ONE, get).needs(SEE),
        Route::delete(ONE, delete).needs(EDIT),
        Route::get(STATUSES, statuses).needs(SEE),
        Route::post(STATUSES, create_status).needs(EDIT),
        Route::get(
            "/repos/{owner}/{repo}/deployments/{deployment_id}/statuses/{status_id}",
            status,
        )
        .needs(SEE),
        Route::post(
            "/repos/{owner}/{repo}/actions/runs/{run_id}/deployment_protection_rule",
            review,
        )
        .needs(EDIT),
        Route::get("/repos/{owner}/{repo}/environments", environments).needs(&[("actions", READ)]),
        Route::get("/repos/{owner}/{repo}/environments/{environment+}", environment)
            .needs(&[("actions", READ)]),
    ]
}

fn list(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let wanted = |key: &str, value: &str| call.query(key).is_none_or(|asked| asked == value);
    let deployments = repo.deployments.values().rev().filter(|one| {
        wanted("sha", &one.sha)
            && wanted("ref", &one.git_ref)
            && wanted("task", &one.task)
            && wanted("environment", &one.environment)
    });
    Ok(call.page(deployments.collect(), |one: &Deployment| state.deployment_json(repo, one)))
}

fn create(state: &mut State, call: &Call) -> Reply {
    let payload = match &call.body["payload"] {
        Value::Null => json!({}),
        payload @ (Value::Object(_) | Value::String(_)) => payload.clone(),
        other => {
            return Err(Refusal::wrong_type("payload", other, "an object or a string"));
        }
    };
    let environment = call.text("environment")?.unwrap_or("production");
    let production = call.flag("production_environment")?;
    let new = NewDeployment {
        git_ref: call.require("ref")?,
        task: call.text("task")?.unwrap_or("deploy"),
        environment,
        description: call.text("description")?,
        payload,
        transient: call.flag("transient_environment")?.unwrap_or(false),
        production: production.unwrap_or(environment == "production"),
        auto_merge: call.flag("auto_merge")?.unwrap_or(true),
        required: call.texts("required_contexts")?,
    };
    let id = call.repo()?;
    match state.create_deployment(call.actor()?, id, new)? {
        Deployed::Merged(message) => Ok(Answer::json(202, json!({"message": message}))),
        Deployed::Made(made) => {
            let shown = state.deployment_json(state.repo(id)?, state.deployment(id, made)?);
            let url = shown["url"].as_str().unwrap_or_default().to_owned();
            Ok(Answer::created(shown).header("location", url))
        }
    }
}

fn named<'a>(state: &'a State, call: &Call) -> Result<(&'a Repo, &'a Deployment), Refusal> {
    let repo = state.repo(call.repo()?)?;
    Ok((repo, state.deployment(repo.id, call.number("deployment_id")?)?))
}

fn get(state: &mut State, call: &Call) -> Reply {
    let (repo, deployment) = named(state, call)?;
    Ok(Answer::ok(state.deployment_json(repo, deployment)))
}

fn delete(state: &mut State, call: &Call) -> Reply {
    state.delete_deployment(call.repo()?, call.number("deployment_id")?)?;
    Ok(Answer::empty(204))
}

fn statuses(state: &mut State, call: &Call) -> Reply {
    let (repo, deployment) = named(state, call)?;
    let statuses = deployment.statuses.iter().rev().collect();
    Ok(call.page(statuses, |status| state.deployment_status_json(repo, deployment.id, status)))
}

fn one_status(state: &State, call: &Call, id: u64) -> Result<Value, Refusal> {
    let (repo, deployment) = named(state, call)?;
    let mut statuses = deployment.statuses.iter();
    let status = statuses.find(|status| status.id == id);
    let status = status.ok_or_else(Refusal::not_found)?;
    Ok(state.deployment_status_json(repo, deployment.id, status))
}

fn status(state: &mut State, call: &Call) -> Reply {
    Ok(Answer::ok(one_status(state, call, call.number("status_id")?)?))
}

fn create_status(state: &mut State, call: &Call) -> Reply {
    let new = NewDeploymentStatus {
        state: call.require("state")?,
        description: call.text("description")?,
        environment: call.text("environment")?,
        environment_url: call.text("environment_url")?,
        log_url: call.text("log_url")?.or(call.text("target_url")?),
        auto_inactive: call.flag("auto_inactive")?.unwrap_or(true),
    };
    let deployment = call.number("deployment_id")?;
    let id = state.create_deployment_status(call.actor()?, call.repo()?, deployment, &new)?;
    let shown = one_status(state, call, id)?;
    let url = shown["url"].as_str().unwrap_or_default().to_owned();
    Ok(Answer::created(shown).header("location", url))
}

/// <https://docs.github.com/en/rest/actions/workflow-runs#review-custom-deployment-protection-rules-for-a-workflow-run>
fn review(state: &mut State, call: &Call) -> Reply {
    let environment = call.require("environment_name")?;
    let verdict = call.text("state")?;
    if verdict.is_some_and(|verdict| !["approved", "rejected"].contains(&verdict)) {
        return Err(Refusal::unprocessable("state must be approved or rejected"));
    }
    let comment = match (verdict, call.text("comment")?) {
        (None, None) => return Err(Refusal::missing("comment")),
        (_, comment) => comment.unwrap_or_default(),
    };
    let (repo, run) = (call.repo()?, call.number("run_id")?);
    state.review_deployment(repo, run, environment, verdict, comment)?;
    Ok(Answer::empty(204))
}

/// Environments are there from their first deployment on.
fn known(repo: &Repo) -> BTreeMap<&str, &Deployment> {
    let mut known = BTreeMap::new();
    for deployment in repo.deployments.values() {
        known.entry(deployment.environment.as_str()).or_insert(deployment);
    }
    known
}

fn environments(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let all = known(repo).into_iter().collect();
    Ok(call.page_in("environments", all, |(name, first)| state.environment_json(repo, name, first)))
}

fn environment(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let name = call.param("environment");
    let first = known(repo).get(name).copied();
    let first = first.ok_or_else(Refusal::not_found)?;
    Ok(Answer::ok(state.environment_json(repo, name, first)))
}
