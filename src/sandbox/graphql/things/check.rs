//! Check suites, check runs and commit statuses.
//! It does not know what they are required for.

use serde_json::Value;

use crate::sandbox::graphql::connection::page;
use crate::sandbox::graphql::thing::{At, Found, Out, Thing};
use crate::sandbox::graphql::things::git;
use crate::sandbox::graphql::values::Arguments;
use crate::sandbox::model::{App, CheckRun, CheckSuite, CommitStatus, Repo};
use crate::sandbox::shape::{node, node_id, time, time_or_null};
use crate::sandbox::state::{combined, newest};

fn word(text: &str) -> String {
    text.to_uppercase()
}

fn maybe<'a>(text: Option<&str>) -> Out<'a> {
    text.map_or(Out::Null, Out::leaf)
}

/// The suites of a commit, oldest first.
pub(in crate::sandbox::graphql) fn suites_of<'a>(
    at: At<'a>,
    repo: &'a Repo,
    sha: &str,
    given: &Arguments,
) -> Found<'a> {
    at.needs(repo, &["checks"])?;
    let filter = given.get("filterBy").unwrap_or(&Value::Null);
    let has = |suite: &CheckSuite, name: &str| {
        let mut runs = repo.check_runs.values();
        runs.any(|run| run.suite == suite.id && run.name == name)
    };
    let suites = repo.check_suites.values().filter(|suite| suite.head_sha == sha);
    let suites = suites
        .filter(|suite| filter["appId"].as_u64().is_none_or(|app| app == suite.app))
        .filter(|suite| filter["checkName"].as_str().is_none_or(|name| has(suite, name)))
        .map(|suite| Thing::Suite(repo, suite));
    page("CheckSuite", suites.collect(), given)
}

pub(in crate::sandbox::graphql) fn app<'a>(at: At<'a>, app: &App, name: &str) -> Out<'a> {
    match name {
        "id" => Out::leaf(node("App", app.id)),
        "databaseId" => Out::leaf(app.id),
        "clientId" => Out::leaf(app.client_id.as_str()),
        "name" => Out::leaf(app.name.as_str()),
        "slug" => Out::leaf(app.slug.as_str()),
        "description" => Out::leaf(app.description.as_str()),
        "url" => Out::leaf(format!("{}/apps/{}", at.state.html(), app.slug)),
        _ => Out::Null,
    }
}

pub(in crate::sandbox::graphql) fn suite<'a>(
    at: At<'a>,
    repo: &'a Repo,
    suite: &'a CheckSuite,
    name: &str,
    given: &Arguments,
) -> Found<'a> {
    let standing = at.state.suite_standing(repo.id, suite.id).unwrap_or(("queued", None));
    Ok(match name {
        "id" => Out::leaf(node("CheckSuite", suite.id)),
        "databaseId" => Out::leaf(suite.id),
        "app" => Out::maybe(at.state.apps.get(&suite.app).map(Thing::App)),
        "commit" => return git::commit(at, repo, &suite.head_sha),
        "status" => Out::leaf(word(standing.0)),
        "conclusion" => standing.1.map_or(Out::Null, |conclusion| Out::leaf(word(conclusion))),
        "createdAt" => Out::leaf(time(suite.created_at)),
        "updatedAt" => Out::leaf(time(suite.updated_at)),
        "checkRuns" => {
            let runs = repo.check_runs.values().filter(|run| run.suite == suite.id);
            let runs = chosen(runs.collect(), given.get("filterBy").unwrap_or(&Value::Null));
            let runs = runs.into_iter().map(|run| Thing::Run(repo, run));
            return page("CheckRun", runs.collect(), given);
        }
        _ => Out::Null,
    })
}

fn chosen<'a>(runs: Vec<&'a CheckRun>, filter: &Value) -> Vec<&'a CheckRun> {
    let is = |text: Option<&str>, one: &Value| {
        text.is_some_and(|text| one.as_str() == Some(word(text).as_str()))
    };
    let among = |text: Option<&str>, list: &Value| {
        list.as_array().is_none_or(|list| list.iter().any(|one| is(text, one)))
    };
    let named = runs.into_iter().filter(|run| {
        filter["checkName"].as_str().is_none_or(|name| name == run.name)
            && filter["appId"].as_u64().is_none_or(|app| app == run.app)
    });
    let runs = match filter["checkType"].as_str() {
        Some("LATEST") => newest(named.collect()),
        _ => named.collect(),
    };
    let runs = runs.into_iter().filter(|run| {
        let status = Some(run.status.as_str());
        (filter["status"].is_null() || is(status, &filter["status"]))
            && among(status, &filter["statuses"])
            && among(run.conclusion.as_deref(), &filter["conclusions"])
    });
    runs.collect()
}

pub(in crate::sandbox::graphql) fn run<'a>(
    at: At<'a>,
    repo: &'a Repo,
    run: &'a CheckRun,
    name: &str,
    given: &Arguments,
) -> Found<'a> {
    let page_of_run = || format!("{}/runs/{}", at.state.repo_html(repo), run.id);
    Ok(match name {
        "id" => Out::leaf(node("CheckRun", run.id)),
        "databaseId" => Out::leaf(run.id),
        "name" => Out::leaf(run.name.as_str()),
        "externalId" => Out::leaf(run.external_id.as_str()),
        "status" => Out::leaf(word(&run.status)),
        "conclusion" => {
            run.conclusion.as_deref().map_or(Out::Null, |conclusion| Out::leaf(word(conclusion)))
        }
        "title" => maybe(run.title.as_deref()),
        "summary" => maybe(run.summary.as_deref()),
        "text" => maybe(run.text.as_deref()),
        "startedAt" => Out::leaf(time_or_null(run.started_at)),
        "completedAt" => Out::leaf(time_or_null(run.completed_at)),
        "detailsUrl" => {
            Out::leaf(run.details_url.clone().unwrap_or_else(|| at.state.html().to_owned()))
        }
        "permalink" | "url" => Out::leaf(page_of_run()),
        "checkSuite" => {
            Out::maybe(repo.check_suites.get(&run.suite).map(|suite| Thing::Suite(repo, suite)))
        }
        "annotations" => {
            let annotations = run.annotations.iter().map(Thing::Annotation);
            return page("CheckAnnotation", annotations.collect(), given);
        }
        _ => Out::Null,
    })
}

/// REST calls a notice `notice`, here it is a `NOTICE`.
pub(in crate::sandbox::graphql) fn annotation<'a>(annotation: &Value, name: &str) -> Out<'a> {
    match name {
        "annotationLevel" => {
            let level = annotation["annotation_level"].as_str();
            level.map_or(Out::Null, |level| Out::leaf(word(level)))
        }
        "message" | "path" | "title" => Out::leaf(annotation[name].clone()),
        _ => Out::Null,
    }
}

/// What the statuses of a commit come to; nothing where there are none.
pub(in crate::sandbox::graphql) fn status_of<'a>(
    at: At<'a>,
    repo: &'a Repo,
    sha: &str,
) -> Found<'a> {
    at.needs(repo, &["statuses"])?;
    let some = repo.statuses.iter().any(|status| status.sha == sha);
    Ok(Out::maybe(some.then(|| Thing::Status(repo, sha.to_owned()))))
}

pub(in crate::sandbox::graphql) fn status<'a>(
    at: At<'a>,
    repo: &'a Repo,
    sha: &str,
    name: &str,
    given: &Arguments,
) -> Out<'a> {
    let (contexts, standing) = combined(repo, sha);
    match name {
        "id" => Out::leaf(node_id("Status", format!("{}:{sha}", repo.id))),
        "state" => Out::leaf(word(standing)),
        "commit" => git::commit(at, repo, sha).unwrap_or(Out::Null),
        "contexts" => Out::List(
            contexts.into_iter().map(|one| Out::Thing(Thing::Context(repo, one))).collect(),
        ),
        "context" => {
            let wanted = given.get("name").and_then(Value::as_str).unwrap_or_default();
            let found = contexts.into_iter().find(|one| one.context == wanted);
            Out::maybe(found.map(|one| Thing::Context(repo, one)))
        }
        _ => Out::Null,
    }
}

pub(in crate::sandbox::graphql) fn context<'a>(
    at: At<'a>,
    repo: &'a Repo,
    status: &CommitStatus,
    name: &str,
) -> Out<'a> {
    match name {
        "id" => Out::leaf(node("StatusContext", status.id)),
        "context" => Out::leaf(status.context.as_str()),
        "state" => Out::leaf(word(&status.state)),
        "description" => maybe(status.description.as_deref()),
        "targetUrl" => maybe(status.target_url.as_deref()),
        "createdAt" => Out::leaf(time(status.created_at)),
        "creator" => at.account(status.creator),
        "commit" => git::commit(at, repo, &status.sha).unwrap_or(Out::Null),
        _ => Out::Null,
    }
}

/// Check runs and statuses of a commit together; nothing where there are none.
pub(in crate::sandbox::graphql) fn rollup_of<'a>(
    at: At<'a>,
    repo: &'a Repo,
    sha: &str,
) -> Found<'a> {
    at.needs(repo, &["checks"])?;
    at.needs(repo, &["statuses"])?;
    let some = repo.statuses.iter().any(|status| status.sha == sha)
        || repo.check_runs.values().any(|run| run.head_sha == sha);
    Ok(Out::maybe(some.then(|| Thing::Rollup(repo, sha.to_owned()))))
}

pub(in crate::sandbox::graphql) fn rollup<'a>(
    at: At<'a>,
    repo: &'a Repo,
    sha: &str,
    name: &str,
    given: &Arguments,
) -> Found<'a> {
    let runs = newest(repo.check_runs.values().filter(|run| run.head_sha == sha).collect());
    let (statuses, _) = combined(repo, sha);
    Ok(match name {
        "id" => Out::leaf(node_id("StatusCheckRollup", format!("{}:{sha}", repo.id))),
        "commit" => return git::commit(at, repo, sha),
        "state" => Out::leaf(together(&runs, &statuses)),
        "contexts" => {
            let runs = runs.into_iter().map(|run| Thing::Run(repo, run));
            let statuses = statuses.into_iter().map(|status| Thing::Context(repo, status));
            return page("StatusCheckRollupContext", runs.chain(statuses).collect(), given);
        }
        _ => Out::Null,
    })
}

fn together(runs: &[&CheckRun], statuses: &[&CommitStatus]) -> &'static str {
    let ends = |run: &&CheckRun| {
        let conclusion = run.conclusion.as_deref();
        !conclusion.is_none_or(|one| ["success", "neutral", "skipped"].contains(&one))
    };
    if runs.iter().any(ends)
        || statuses.iter().any(|status| ["error", "failure"].contains(&status.state.as_str()))
    {
        "FAILURE"
    } else if runs.iter().any(|run| run.conclusion.is_none())
        || statuses.iter().any(|status| status.state == "pending")
    {
        "PENDING"
    } else {
        "SUCCESS"
    }
}
