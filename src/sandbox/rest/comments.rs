//! Comments on issues and pull requests.
//! <https://docs.github.com/en/rest/issues/comments>

use crate::sandbox::http::{Answer, Call, READ, Reply, Route, WRITE};
use crate::sandbox::model::{Comment, Id, Level, Role};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::State;

const SEE: &[(&str, Level)] = &[("issues", READ), ("pull_requests", READ)];
const EDIT: &[(&str, Level)] = &[("issues", WRITE), ("pull_requests", WRITE)];

pub(super) fn routes() -> Vec<Route> {
    const ON_ISSUE: &str = "/repos/{owner}/{repo}/issues/{issue_number}/comments";
    const ONE: &str = "/repos/{owner}/{repo}/issues/comments/{comment_id}";
    vec![
        Route::get("/repos/{owner}/{repo}/issues/comments", all).needs(SEE),
        Route::get(ON_ISSUE, list).needs(SEE),
        Route::post(ON_ISSUE, create).needs(EDIT).role(Role::Read),
        Route::get(ONE, get).needs(SEE),
        Route::patch(ONE, update).needs(EDIT).role(Role::Read),
        Route::delete(ONE, delete).needs(EDIT).role(Role::Read),
    ]
}

fn all(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let mut found: Vec<(u64, &Comment)> = repo
        .issues
        .values()
        .flat_map(|issue| issue.comments.iter().map(|comment| (issue.number, comment)))
        .collect();
    found.sort_by_key(|(_, comment)| comment.id);
    if call.query("direction") == Some("desc") {
        found.reverse();
    }
    Ok(call.page(found, |(number, comment)| state.comment_json(repo, number, comment)))
}

fn list(state: &mut State, call: &Call) -> Reply {
    let (id, number) = (call.repo()?, call.number("issue_number")?);
    let repo = state.repo(id)?;
    let since = call.query("since").and_then(|at| at.parse::<jiff::Timestamp>().ok());
    let comments: Vec<&Comment> = state
        .issue(id, number)?
        .comments
        .iter()
        .filter(|comment| since.is_none_or(|since| comment.updated_at >= since))
        .collect();
    Ok(call.page(comments, |comment| state.comment_json(repo, number, comment)))
}

fn show(state: &State, repo: Id, id: Id) -> Result<serde_json::Value, Refusal> {
    let (number, comment) = state.find_comment(repo, id)?;
    Ok(state.comment_json(state.repo(repo)?, number, comment))
}

fn create(state: &mut State, call: &Call) -> Reply {
    let (repo, number) = (call.repo()?, call.number("issue_number")?);
    state.issue(repo, number)?;
    let id = state.comment(call.actor()?, repo, number, call.require("body")?)?;
    let shown = show(state, repo, id)?;
    let url = shown["url"].as_str().unwrap_or_default().to_owned();
    Ok(Answer::created(shown).header("location", url))
}

fn get(state: &mut State, call: &Call) -> Reply {
    Ok(Answer::ok(show(state, call.repo()?, call.number("comment_id")?)?))
}

/// Authors may change their own words, maintainers those of everybody; an App only its own.
fn may_edit(state: &State, call: &Call, id: Id) -> Result<(), Refusal> {
    let (actor, repo) = (call.actor()?, call.repo()?);
    let (_, comment) = state.find_comment(repo, id)?;
    let own = comment.author == actor.account;
    if own || (actor.app.is_none() && state.role(actor.account, repo) >= Role::Write) {
        Ok(())
    } else if actor.app.is_some() {
        Err(Refusal::not_accessible())
    } else {
        Err(Refusal::new(403, "Must have admin rights to Repository."))
    }
}

fn update(state: &mut State, call: &Call) -> Reply {
    let (repo, id) = (call.repo()?, call.number("comment_id")?);
    may_edit(state, call, id)?;
    state.edit_comment(call.actor()?, repo, id, call.require("body")?)?;
    Ok(Answer::ok(show(state, repo, id)?))
}

fn delete(state: &mut State, call: &Call) -> Reply {
    let (repo, id) = (call.repo()?, call.number("comment_id")?);
    may_edit(state, call, id)?;
    state.delete_comment(call.actor()?, repo, id)?;
    Ok(Answer::empty(204))
}
