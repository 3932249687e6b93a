//! The history of issues and pull requests.
//! <https://docs.github.com/en/rest/issues/events>, <https://docs.github.com/en/rest/issues/timeline>

use crate::sandbox::http::{Answer, Call, READ, Reply, Route};
use crate::sandbox::model::issue::Event;
use crate::sandbox::model::{Issue, Level};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::State;

const SEE: &[(&str, Level)] = &[("issues", READ), ("pull_requests", READ)];

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/repos/{owner}/{repo}/issues/events", all).needs(SEE),
        Route::get("/repos/{owner}/{repo}/issues/events/{event_id}", get).needs(SEE),
        Route::get("/repos/{owner}/{repo}/issues/{issue_number}/events", list).needs(SEE),
        Route::get("/repos/{owner}/{repo}/issues/{issue_number}/timeline", timeline).needs(SEE),
    ]
}

fn list(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let issue = state.issue(repo.id, call.number("issue_number")?)?;
    let events = issue.events.iter().collect();
    Ok(call.page(events, |event| state.event_json(repo, event)))
}

fn timeline(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let issue = state.issue(repo.id, call.number("issue_number")?)?;
    Ok(call.page(state.timeline(repo, issue)?, |shown| shown))
}

/// Newest first, each with the issue that it happened to.
fn all(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let issues = repo.issues.values();
    let mut events: Vec<(&Issue, &Event)> =
        issues.flat_map(|issue| issue.events.iter().map(move |event| (issue, event))).collect();
    events.sort_by_key(|(_, event)| std::cmp::Reverse(event.id));
    Ok(call.page(events, |(issue, event)| {
        let mut shown = state.event_json(repo, event);
        shown["issue"] = state.issue_json(repo, issue);
        shown
    }))
}

fn get(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let id = call.number("event_id")?;
    let (issue, event) = repo
        .issues
        .values()
        .find_map(|issue| Some((issue, issue.events.iter().find(|event| event.id == id)?)))
        .ok_or_else(Refusal::not_found)?;
    let mut shown = state.event_json(repo, event);
    shown["issue"] = state.issue_json(repo, issue);
    Ok(Answer::ok(shown))
}
