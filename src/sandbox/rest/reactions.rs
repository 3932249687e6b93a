//! Reactions on issues, pull requests, comments and releases.
//! <https://docs.github.com/en/rest/reactions/reactions>

use crate::sandbox::http::{Answer, Call, READ, Reply, Route, WRITE};
use crate::sandbox::model::{Level, Role};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::{State, Subject};

const SEE: &[(&str, Level)] = &[("issues", READ), ("pull_requests", READ)];
const EDIT: &[(&str, Level)] = &[("issues", WRITE), ("pull_requests", WRITE)];

pub(super) fn routes() -> Vec<Route> {
    const ISSUE: &str = "/repos/{owner}/{repo}/issues/{issue_number}/reactions";
    const COMMENT: &str = "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions";
    const RELEASE: &str = "/repos/{owner}/{repo}/releases/{release_id}/reactions";
    let remove = |pattern| Route::delete(pattern, remove).needs(EDIT).role(Role::Read);
    vec![
        Route::get(ISSUE, list).needs(SEE),
        Route::post(ISSUE, create).needs(EDIT).role(Role::Read),
        remove("/repos/{owner}/{repo}/issues/{issue_number}/reactions/{reaction_id}"),
        Route::get(COMMENT, list).needs(SEE),
        Route::post(COMMENT, create).needs(EDIT).role(Role::Read),
        remove("/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions/{reaction_id}"),
        Route::get(RELEASE, list).needs(&[("contents", READ)]),
        Route::post(RELEASE, create).needs(&[("contents", WRITE)]).role(Role::Read),
        remove("/repos/{owner}/{repo}/releases/{release_id}/reactions/{reaction_id}"),
    ]
}

fn subject(call: &Call) -> Result<Subject, Refusal> {
    Ok(if call.params.contains_key("comment_id") {
        Subject::Comment(call.number("comment_id")?)
    } else if call.params.contains_key("release_id") {
        Subject::Release(call.number("release_id")?)
    } else {
        Subject::Issue(call.number("issue_number")?)
    })
}

fn list(state: &mut State, call: &Call) -> Reply {
    let reactions = state.reactions(call.repo()?, subject(call)?)?.iter();
    let wanted = reactions.filter(|one| {
        let content = call.query("content");
        content.is_none_or(|content| content == one.content)
    });
    Ok(call.page(wanted.collect(), |one| state.reaction_json(one)))
}

fn create(state: &mut State, call: &Call) -> Reply {
    let content = call.require("content")?;
    let (reaction, new) = state.react(call.actor()?, call.repo()?, subject(call)?, content)?;
    let status = if new { 201 } else { 200 };
    Ok(Answer::json(status, state.reaction_json(&reaction)))
}

fn remove(state: &mut State, call: &Call) -> Reply {
    let id = call.number("reaction_id")?;
    state.unreact(call.actor()?, call.repo()?, subject(call)?, id)?;
    Ok(Answer::empty(204))
}
