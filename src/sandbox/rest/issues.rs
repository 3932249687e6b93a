//! Issues.
//! <https://docs.github.com/en/rest/issues/issues>, <https://docs.github.com/en/rest/issues/assignees>

use std::collections::BTreeSet;

use crate::sandbox::http::{Answer, Call, READ, Reply, Route, WRITE};
use crate::sandbox::model::{Id, Issue, Level, Role};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::State;

const SEE: &[(&str, Level)] = &[("issues", READ), ("pull_requests", READ)];
const EDIT: &[(&str, Level)] = &[("issues", WRITE), ("pull_requests", WRITE)];

pub(super) fn routes() -> Vec<Route> {
    const ASSIGNEES: &str = "/repos/{owner}/{repo}/issues/{issue_number}/assignees";
    vec![
        Route::get("/repos/{owner}/{repo}/issues", list).needs(SEE),
        Route::post("/repos/{owner}/{repo}/issues", create)
            .needs(&[("issues", WRITE)])
            .role(Role::Read),
        Route::get("/repos/{owner}/{repo}/issues/{issue_number}", get).needs(SEE),
        Route::patch("/repos/{owner}/{repo}/issues/{issue_number}", update)
            .needs(EDIT)
            .role(Role::Read),
        Route::post(ASSIGNEES, assign).needs(EDIT).role(Role::Triage),
        Route::delete(ASSIGNEES, unassign).needs(EDIT).role(Role::Triage),
    ]
}

fn show(state: &State, repo: Id, number: u64) -> Result<serde_json::Value, Refusal> {
    let (home, issue) = (state.repo(repo)?, state.issue(repo, number)?);
    let mut shown = state.issue_json(home, issue);
    shown["closed_by"] = state.account_or_null(issue.closed_by);
    Ok(shown)
}

fn list(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let wanted = call.query("state").unwrap_or("open");
    let labels: Vec<String> = call
        .query("labels")
        .map(|labels| labels.split(',').map(|label| label.trim().to_lowercase()).collect())
        .unwrap_or_default();
    let has = |issue: &Issue, name: &str| {
        repo.labels
            .iter()
            .any(|label| label.name.to_lowercase() == name && issue.labels.contains(&label.id))
    };
    let by = |issue: &Issue| {
        let login = state.login(issue.author);
        call.query("creator").is_none_or(|creator| login.eq_ignore_ascii_case(creator))
    };
    let since = call.query("since").and_then(|at| at.parse::<jiff::Timestamp>().ok());
    let mut found: Vec<&Issue> = repo
        .issues
        .values()
        .filter(|issue| wanted == "all" || issue.open == (wanted == "open"))
        .filter(|issue| labels.iter().all(|name| has(issue, name)))
        .filter(|issue| by(issue))
        .filter(|issue| since.is_none_or(|since| issue.updated_at >= since))
        .collect();
    match call.query("sort") {
        Some("updated") => found.sort_by_key(|issue| (issue.updated_at, issue.number)),
        Some("comments") => found.sort_by_key(|issue| (issue.comments.len(), issue.number)),
        _ => {}
    }
    if call.query("direction") != Some("asc") {
        found.reverse();
    }
    Ok(call.page(found, |issue| state.issue_json(repo, issue)))
}

fn create(state: &mut State, call: &Call) -> Reply {
    let (actor, repo) = (call.actor()?, call.repo()?);
    let number = state.create_issue(actor, repo, call.require("title")?, call.text("body")?)?;
    let may = actor.app.is_some() || state.role(actor.account, repo) >= Role::Triage;
    // Those without the right have labels and assignees silently dropped.
    if let Some(labels) = call.texts("labels")?.filter(|_| may) {
        state.add_labels(actor, repo, number, &labels)?;
    }
    if let Some(people) = call.texts("assignees")?.filter(|_| may) {
        let people = assignable(state, repo, &people);
        state.assign(actor, repo, number, &people)?;
    }
    let shown = show(state, repo, number)?;
    let url = shown["url"].as_str().unwrap_or_default().to_owned();
    Ok(Answer::created(shown).header("location", url))
}

fn get(state: &mut State, call: &Call) -> Reply {
    Ok(Answer::ok(show(state, call.repo()?, call.number("issue_number")?)?))
}

fn update(state: &mut State, call: &Call) -> Reply {
    let (actor, repo, number) = (call.actor()?, call.repo()?, call.number("issue_number")?);
    let own = state.issue(repo, number)?.author == actor.account;
    let triage = actor.app.is_some() || state.role(actor.account, repo) >= Role::Triage;
    if !own && !triage {
        return Err(Refusal::new(403, "Must have triage rights to Repository."));
    }
    let body = if call.has("body") { Some(call.text("body")?) } else { None };
    state.edit_issue(actor, repo, number, call.text("title")?, body)?;
    if let Some(labels) = call.texts("labels")?.filter(|_| triage) {
        state.set_labels(actor, repo, number, &labels)?;
    }
    if let Some(people) = call.texts("assignees")?.filter(|_| triage) {
        let people = assignable(state, repo, &people);
        state.assign(actor, repo, number, &people)?;
    }
    match call.text("state")? {
        None => {}
        Some("open") => state.set_open(actor, repo, number, true, None)?,
        Some("closed") => state.set_open(actor, repo, number, false, call.text("state_reason")?)?,
        Some(_) => return Err(Refusal::invalid("Issue", "state", "invalid")),
    }
    Ok(Answer::ok(show(state, repo, number)?))
}

/// Those of the named people who can be assigned: the others are left out.
fn assignable(state: &State, repo: Id, logins: &[String]) -> BTreeSet<Id> {
    logins
        .iter()
        .filter_map(|login| state.account_named(login))
        .filter(|account| state.role(account.id, repo) >= Role::Write)
        .map(|account| account.id)
        .collect()
}

fn assign(state: &mut State, call: &Call) -> Reply {
    let (repo, number) = (call.repo()?, call.number("issue_number")?);
    let mut people = state.issue(repo, number)?.assignees.clone();
    people.extend(assignable(state, repo, &call.texts("assignees")?.unwrap_or_default()));
    state.assign(call.actor()?, repo, number, &people)?;
    Ok(Answer::created(show(state, repo, number)?))
}

fn unassign(state: &mut State, call: &Call) -> Reply {
    let (repo, number) = (call.repo()?, call.number("issue_number")?);
    let mut people = state.issue(repo, number)?.assignees.clone();
    for gone in assignable(state, repo, &call.texts("assignees")?.unwrap_or_default()) {
        people.remove(&gone);
    }
    state.assign(call.actor()?, repo, number, &people)?;
    Ok(Answer::ok(show(state, repo, number)?))
}
