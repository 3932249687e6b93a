//! Deployments of a commit, and what is said of them.
//! It does not know who may deploy.

use serde_json::Value;

use crate::sandbox::graphql::connection::page;
use crate::sandbox::graphql::thing::{At, Found, Out, Thing};
use crate::sandbox::graphql::values::Arguments;
use crate::sandbox::model::{Deployment, DeploymentStatus, Repo};
use crate::sandbox::shape::{node, time};

/// The deployments of a commit, oldest first where nothing else is asked for.
pub(in crate::sandbox::graphql) fn deployments<'a>(
    at: At<'a>,
    repo: &'a Repo,
    sha: &str,
    given: &Arguments,
) -> Found<'a> {
    at.needs(repo, &["deployments"])?;
    let environments = given.get("environments").and_then(Value::as_array);
    let wanted = |one: &&Deployment| {
        let environment = Value::from(one.environment.as_str());
        one.sha == sha && environments.is_none_or(|all| all.contains(&environment))
    };
    let mut found: Vec<&Deployment> = repo.deployments.values().filter(wanted).collect();
    if given.get("orderBy").is_some_and(|order| order["direction"] == "DESC") {
        found.reverse();
    }
    let found = found.into_iter().map(Thing::Deployment);
    page("Deployment", found.collect(), given)
}

pub(in crate::sandbox::graphql) fn deployment<'a>(
    at: At<'a>,
    deployment: &'a Deployment,
    name: &str,
    given: &Arguments,
) -> Found<'a> {
    Ok(match name {
        "id" => Out::leaf(node("Deployment", deployment.id)),
        "databaseId" => Out::leaf(deployment.id),
        "commitOid" => Out::leaf(deployment.sha.as_str()),
        "creator" => at.account(deployment.creator),
        "description" => deployment.description.as_deref().map_or(Out::Null, Out::leaf),
        "environment" => Out::leaf(deployment.environment.as_str()),
        "originalEnvironment" => Out::leaf(deployment.original_environment.as_str()),
        "task" => Out::leaf(deployment.task.as_str()),
        "createdAt" => Out::leaf(time(deployment.created_at)),
        "updatedAt" => Out::leaf(time(deployment.updated_at)),
        "statuses" => {
            let statuses = deployment.statuses.iter().rev().map(Thing::DeploymentStatus);
            return page("DeploymentStatus", statuses.collect(), given);
        }
        _ => Out::Null,
    })
}

pub(in crate::sandbox::graphql) fn status<'a>(
    at: At<'a>,
    status: &DeploymentStatus,
    name: &str,
) -> Out<'a> {
    let maybe = |text: &Option<String>| text.as_deref().map_or(Out::Null, Out::leaf);
    match name {
        "id" => Out::leaf(node("DeploymentStatus", status.id)),
        "state" => Out::leaf(status.state.to_uppercase()),
        "creator" => at.account(status.creator),
        "description" => maybe(&status.description),
        "environment" => Out::leaf(status.environment.as_str()),
        "environmentUrl" => maybe(&status.environment_url),
        "logUrl" => maybe(&status.log_url),
        "createdAt" | "updatedAt" => Out::leaf(time(status.created_at)),
        _ => Out::Null,
    }
}
