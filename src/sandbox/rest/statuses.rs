//! Commit statuses, one by one and combined.
//! <https://docs.github.com/en/rest/commits/statuses>

use super::checks::commit_of;
use crate::sandbox::http::{Answer, Body, Call, READ, Reply, Route, WRITE};
use crate::sandbox::model::Level;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::{NewStatus, State, combined};

const READS: &[(&str, Level)] = &[("statuses", READ)];
const WRITES: &[(&str, Level)] = &[("statuses", WRITE)];

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/repos/{owner}/{repo}/statuses/{sha}", create).needs(WRITES),
        Route::get("/repos/{owner}/{repo}/commits/{ref+}/status", together).needs(READS),
        Route::get("/repos/{owner}/{repo}/commits/{ref+}/statuses", list).needs(READS),
        Route::get("/repos/{owner}/{repo}/statuses/{ref+}", list).needs(READS),
    ]
}

fn create(state: &mut State, call: &Call) -> Reply {
    let repo = call.repo()?;
    let new = NewStatus {
        sha: call.param("sha"),
        state: call.require("state")?,
        context: call.text("context")?.unwrap_or("default"),
        description: call.text("description")?,
        target_url: call.text("target_url")?,
    };
    let status = state.create_status(call.actor()?, repo, &new)?;
    let shown = state.status_json(state.repo(repo)?, &status, true);
    let url = shown["url"].as_str().unwrap_or_default().to_owned();
    Ok(Answer::created(shown).header("location", url))
}

fn list(state: &mut State, call: &Call) -> Reply {
    let sha = commit_of(state, call)?;
    let repo = state.repo(call.repo()?)?;
    let mut statuses: Vec<_> = repo.statuses.iter().filter(|status| status.sha == sha).collect();
    statuses.reverse();
    Ok(call.page(statuses, |status| state.status_json(repo, status, true)))
}

fn together(state: &mut State, call: &Call) -> Reply {
    let sha = commit_of(state, call).map_err(|_no_commit| Refusal::not_found())?;
    let repo = state.repo(call.repo()?)?;
    let (statuses, standing) = combined(repo, &sha);
    let mut answer =
        call.page_in("statuses", statuses, |status| state.status_json(repo, status, false));
    let url = format!("{}/commits/{sha}", state.repo_url(repo));
    if let Body::Json(body) = &mut answer.body {
        body["state"] = standing.into();
        body["sha"] = sha.into();
        body["repository"] = state.repository_json(repo);
        body["commit_url"] = url.clone().into();
        body["url"] = format!("{url}/status").into();
    }
    Ok(answer)
}
