//! Labels of repositories, and labels on issues and pull requests.
//! <https://docs.github.com/en/rest/issues/labels>

use serde_json::Value;

use crate::sandbox::http::{Answer, Call, READ, Reply, Route, WRITE, texts};
use crate::sandbox::model::{Label, Level, Role};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::State;

const SEE: &[(&str, Level)] = &[("issues", READ), ("pull_requests", READ)];
const EDIT: &[(&str, Level)] = &[("issues", WRITE), ("pull_requests", WRITE)];

pub(super) fn routes() -> Vec<Route> {
    const ONE: &str = "/repos/{owner}/{repo}/labels/{name}";
    const ON_ISSUE: &str = "/repos/{owner}/{repo}/issues/{issue_number}/labels";
    vec![
        Route::get("/repos/{owner}/{repo}/labels", list).needs(SEE),
        Route::post("/repos/{owner}/{repo}/labels", create).needs(EDIT),
        Route::get(ONE, get).needs(SEE),
        Route::patch(ONE, update).needs(EDIT),
        Route::delete(ONE, delete).needs(EDIT),
        Route::get(ON_ISSUE, on_issue).needs(SEE),
        Route::post(ON_ISSUE, add).needs(EDIT).role(Role::Triage),
        Route::put(ON_ISSUE, set).needs(EDIT).role(Role::Triage),
        Route::delete(ON_ISSUE, clear).needs(EDIT).role(Role::Triage),
        Route::delete("/repos/{owner}/{repo}/issues/{issue_number}/labels/{name}", remove)
            .needs(EDIT)
            .role(Role::Triage),
    ]
}

fn list(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let labels: Vec<&Label> = repo.labels.iter().collect();
    Ok(call.page(labels, |label| state.label_json(repo, label)))
}

fn get(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let label = state.find_label(repo.id, call.param("name"))?.ok_or_else(Refusal::not_found)?;
    Ok(Answer::ok(state.label_json(repo, label)))
}

fn create(state: &mut State, call: &Call) -> Reply {
    let repo = call.repo()?;
    let (name, color, description) =
        (call.require("name")?, call.text("color")?, call.text("description")?);
    let label = state.create_label(call.actor()?, repo, name, color, description)?;
    let shown = state.label_json(state.repo(repo)?, &label);
    let url = shown["url"].as_str().unwrap_or_default().to_owned();
    Ok(Answer::created(shown).header("location", url))
}

fn update(state: &mut State, call: &Call) -> Reply {
    let repo = call.repo()?;
    let label = state.edit_label(
        call.actor()?,
        repo,
        call.param("name"),
        call.text("new_name")?,
        call.text("color")?,
        call.text("description")?,
    )?;
    Ok(Answer::ok(state.label_json(state.repo(repo)?, &label)))
}

fn delete(state: &mut State, call: &Call) -> Reply {
    state.delete_label(call.actor()?, call.repo()?, call.param("name"))?;
    Ok(Answer::empty(204))
}

fn shown(state: &State, call: &Call) -> Result<Value, Refusal> {
    let (repo, number) = (call.repo()?, call.number("issue_number")?);
    Ok(state.labels_json(state.repo(repo)?, &state.issue(repo, number)?.labels))
}

fn on_issue(state: &mut State, call: &Call) -> Reply {
    let labels = shown(state, call)?;
    let labels = labels.as_array().cloned().unwrap_or_default();
    Ok(call.page(labels, |label| label))
}

/// `{"labels": […]}` or the bare list, of names or of objects with a name.
fn names(call: &Call) -> Result<Vec<String>, Refusal> {
    let list = if call.body.is_array() { &call.body } else { &call.body["labels"] };
    let objects = || {
        let names = list.as_array()?.iter().map(|label| label["name"].as_str().map(str::to_owned));
        names.collect()
    };
    texts(list).or_else(objects).ok_or_else(|| Refusal::missing("labels"))
}

fn add(state: &mut State, call: &Call) -> Reply {
    let (repo, number) = (call.repo()?, call.number("issue_number")?);
    state.issue(repo, number)?;
    state.add_labels(call.actor()?, repo, number, &names(call)?)?;
    Ok(Answer::ok(shown(state, call)?))
}

fn set(state: &mut State, call: &Call) -> Reply {
    let (repo, number) = (call.repo()?, call.number("issue_number")?);
    state.set_labels(call.actor()?, repo, number, &names(call)?)?;
    Ok(Answer::ok(shown(state, call)?))
}

fn clear(state: &mut State, call: &Call) -> Reply {
    let (repo, number) = (call.repo()?, call.number("issue_number")?);
    state.set_labels(call.actor()?, repo, number, &[])?;
    Ok(Answer::empty(204))
}

fn remove(state: &mut State, call: &Call) -> Reply {
    let (repo, number) = (call.repo()?, call.number("issue_number")?);
    state.issue(repo, number)?;
    state.remove_label(call.actor()?, repo, number, call.param("name"))?;
    Ok(Answer::ok(shown(state, call)?))
}
