//! Check runs and check suites.
//! <https://docs.github.com/en/rest/checks/runs>, <https://docs.github.com/en/rest/checks/suites>

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::sandbox::http::{Answer, Call, READ, Reply, Route, WRITE};
use crate::sandbox::model::{CheckRun, CheckSuite, Level};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::{Output, RunChange, State, newest, no_commit};

const READS: &[(&str, Level)] = &[("checks", READ)];
const WRITES: &[(&str, Level)] = &[("checks", WRITE)];

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/repos/{owner}/{repo}/check-runs", create).needs(WRITES),
        Route::get("/repos/{owner}/{repo}/check-runs/{check_run_id}", get).needs(READS),
        Route::patch("/repos/{owner}/{repo}/check-runs/{check_run_id}", update).needs(WRITES),
        Route::get("/repos/{owner}/{repo}/check-runs/{check_run_id}/annotations", annotations)
            .needs(READS),
        Route::post("/repos/{owner}/{repo}/check-runs/{check_run_id}/rerequest", rerequest)
            .needs(WRITES),
        Route::get("/repos/{owner}/{repo}/commits/{ref+}/check-runs", of_ref).needs(READS),
        Route::get("/repos/{owner}/{repo}/commits/{ref+}/check-suites", suites_of_ref).needs(READS),
        Route::post("/repos/{owner}/{repo}/check-suites", create_suite).needs(WRITES),
        Route::get("/repos/{owner}/{repo}/check-suites/{check_suite_id}", suite).needs(READS),
        Route::get("/repos/{owner}/{repo}/check-suites/{check_suite_id}/check-runs", of_suite)
            .needs(READS),
        Route::post(
            "/repos/{owner}/{repo}/check-suites/{check_suite_id}/rerequest",
            rerequest_suite,
        )
        .needs(WRITES),
    ]
}

/// GitHub's limits of a check run's output.
const LONGEST_TEXT: usize = 65_535;
const LONGEST_MESSAGE: usize = 64 << 10;
const LONGEST_TITLE: usize = 255;
const MOST_ANNOTATIONS: usize = 50;
const MOST_ACTIONS: usize = 3;

const STATUSES: [&str; 6] =
    ["queued", "in_progress", "completed", "waiting", "requested", "pending"];
/// `stale` is set by GitHub alone.
const CONCLUSIONS: [&str; 7] =
    ["action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out"];

fn invalid(what: impl std::fmt::Display) -> Refusal {
    Refusal::unprocessable(format!("Invalid request.\n\n{what}"))
}

fn too_many(most: usize, supplied: usize) -> Refusal {
    invalid(format!("No more than {most} items are allowed; {supplied} were supplied."))
}

fn within(text: Option<&str>, most: usize) -> Result<(), Refusal> {
    match text.map(str::len) {
        Some(length) if length > most => {
            Err(invalid(format!("Only {most} characters are allowed; {length} were supplied.")))
        }
        _ => Ok(()),
    }
}

fn one_of(key: &str, word: Option<&str>, words: &[&str]) -> Result<Option<String>, Refusal> {
    match word {
        Some(word) if !words.contains(&word) => {
            Err(invalid(format!("{word} is not a member of {words:?} for 'properties/{key}'.")))
        }
        word => Ok(word.map(str::to_owned)),
    }
}

fn instant(call: &Call, key: &str) -> Result<Option<Timestamp>, Refusal> {
    let text = call.text(key)?;
    let read = |text: &str| {
        text.parse().map_err(|_malformed| {
            invalid(format!("{text} is not a valid date-time for 'properties/{key}'."))
        })
    };
    text.map(read).transpose()
}

fn change(call: &Call) -> Result<RunChange, Refusal> {
    let owned = |key: &str| Ok::<_, Refusal>(call.text(key)?.map(str::to_owned));
    let status = one_of("status", call.text("status")?, &STATUSES)?;
    let conclusion = one_of("conclusion", call.text("conclusion")?, &CONCLUSIONS)?;
    let completed = status.as_deref() == Some("completed") || call.has("completed_at");
    if completed && conclusion.is_none() {
        return Err(Refusal::missing("conclusion"));
    }
    Ok(RunChange {
        name: owned("name")?,
        details_url: owned("details_url")?,
        external_id: owned("external_id")?,
        status,
        conclusion,
        started_at: instant(call, "started_at")?,
        completed_at: instant(call, "completed_at")?,
        output: output(&call.body["output"])?,
        actions: actions(&call.body["actions"])?,
    })
}

fn output(given: &Value) -> Result<Option<Output>, Refusal> {
    if given.is_null() {
        return Ok(None);
    }
    if !given.is_object() {
        return Err(Refusal::wrong_type("output", given, "an object"));
    }
    let text = |key: &str| match &given[key] {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        other => Err(Refusal::wrong_type(key, other, "a string")),
    };
    let output = Output {
        title: text("title")?,
        summary: text("summary")?,
        text: text("text")?,
        annotations: annotations_of(&given["annotations"])?,
    };
    if output.summary.is_none() {
        return Err(Refusal::missing("summary"));
    }
    within(output.summary.as_deref(), LONGEST_TEXT)?;
    within(output.text.as_deref(), LONGEST_TEXT)?;
    Ok(Some(output))
}

fn annotations_of(given: &Value) -> Result<Vec<Value>, Refusal> {
    let Some(list) = given.as_array() else {
        return match given {
            Value::Null => Ok(Vec::new()),
            other => Err(Refusal::wrong_type("annotations", other, "an array")),
        };
    };
    if list.len() > MOST_ANNOTATIONS {
        return Err(too_many(MOST_ANNOTATIONS, list.len()));
    }
    list.iter().try_for_each(sound_annotation)?;
    Ok(list.clone())
}

fn sound_annotation(annotation: &Value) -> Result<(), Refusal> {
    for key in ["path", "annotation_level", "message"] {
        match &annotation[key] {
            Value::String(_) => {}
            Value::Null => return Err(Refusal::missing(key)),
            other => return Err(Refusal::wrong_type(key, other, "a string")),
        }
    }
    let line = |key: &str| match &annotation[key] {
        Value::Null => Err(Refusal::missing(key)),
        other => other.as_u64().ok_or_else(|| Refusal::wrong_type(key, other, "an integer")),
    };
    let (start, end) = (line("start_line")?, line("end_line")?);
    let level = annotation["annotation_level"].as_str();
    one_of("annotation_level", level, &["notice", "warning", "failure"])?;
    let columns = ["start_column", "end_column"];
    if start != end && columns.iter().any(|key| !annotation[*key].is_null()) {
        return Err(invalid(
            "Columns can be given only for annotations that begin and end on the same line.",
        ));
    }
    if start > end {
        return Err(invalid("An annotation's end_line cannot come before its start_line."));
    }
    within(annotation["message"].as_str(), LONGEST_MESSAGE)?;
    within(annotation["raw_details"].as_str(), LONGEST_MESSAGE)?;
    within(annotation["title"].as_str(), LONGEST_TITLE)
}

fn actions(given: &Value) -> Result<Option<Vec<Value>>, Refusal> {
    let Some(list) = given.as_array() else {
        return match given {
            Value::Null => Ok(None),
            other => Err(Refusal::wrong_type("actions", other, "an array")),
        };
    };
    if list.len() > MOST_ACTIONS {
        return Err(too_many(MOST_ACTIONS, list.len()));
    }
    for action in list {
        for (key, most) in [("label", 20), ("description", 40), ("identifier", 20)] {
            let text = action[key].as_str().ok_or_else(|| Refusal::missing(key))?;
            let length = text.chars().count();
            if length > most {
                return Err(invalid(format!(
                    "Only {most} characters are allowed; {length} were supplied."
                )));
            }
        }
    }
    Ok(Some(list.clone()))
}

fn shown(state: &State, call: &Call, id: u64) -> Result<Value, Refusal> {
    let repo = state.repo(call.repo()?)?;
    Ok(state.check_run_json(repo, state.check_run(repo.id, id)?))
}

fn create(state: &mut State, call: &Call) -> Reply {
    let (actor, repo) = (call.actor()?, call.repo()?);
    call.require("name")?;
    let sha = call.require("head_sha")?;
    let id = state.create_check_run(actor, repo, sha, change(call)?)?;
    Ok(Answer::created(shown(state, call, id)?))
}

fn get(state: &mut State, call: &Call) -> Reply {
    Ok(Answer::ok(shown(state, call, call.number("check_run_id")?)?))
}

fn update(state: &mut State, call: &Call) -> Reply {
    let id = call.number("check_run_id")?;
    state.update_check_run(call.actor()?, call.repo()?, id, change(call)?)?;
    Ok(Answer::ok(shown(state, call, id)?))
}

fn annotations(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let run = state.check_run(repo.id, call.number("check_run_id")?)?;
    let annotations = run.annotations.iter().collect();
    Ok(call.page(annotations, |one| state.annotation_json(repo, run, one)))
}

fn rerequest(state: &mut State, call: &Call) -> Reply {
    let id = call.number("check_run_id")?;
    state.rerequest_check_run(call.actor()?, call.repo()?, id)?;
    Ok(Answer::created(json!({})))
}

/// The whole SHA of the commit that a path means.
pub(super) fn commit_of(state: &State, call: &Call) -> Result<String, Refusal> {
    let named = call.param("ref");
    let commit = state.git(call.repo()?)?.resolve(named);
    Ok(commit.ok_or_else(|| no_commit(named))?.to_string())
}

/// The runs that the query asks for.
fn chosen<'a>(call: &Call, runs: Vec<&'a CheckRun>) -> Vec<&'a CheckRun> {
    let named = runs.into_iter().filter(|run| {
        call.query("check_name").is_none_or(|name| name == run.name)
            && call.query("app_id").is_none_or(|app| app == run.app.to_string())
    });
    let runs = match call.query("filter") {
        Some("all") => named.collect(),
        _ => newest(named.collect()),
    };
    let with_status =
        |run: &&CheckRun| call.query("status").is_none_or(|status| status == run.status);
    runs.into_iter().filter(with_status).rev().collect()
}

fn of_ref(state: &mut State, call: &Call) -> Reply {
    let sha = commit_of(state, call)?;
    let repo = state.repo(call.repo()?)?;
    let runs = repo.check_runs.values().filter(|run| run.head_sha == sha);
    let runs = chosen(call, runs.collect());
    Ok(call.page_in("check_runs", runs, |run| state.check_run_json(repo, run)))
}

fn of_suite(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let suite = state.suite(repo.id, call.number("check_suite_id")?)?.id;
    let runs = repo.check_runs.values().filter(|run| run.suite == suite);
    let runs = chosen(call, runs.collect());
    Ok(call.page_in("check_runs", runs, |run| state.check_run_json(repo, run)))
}

fn suites_of_ref(state: &mut State, call: &Call) -> Reply {
    let sha = commit_of(state, call)?;
    let repo = state.repo(call.repo()?)?;
    let has = |suite: &CheckSuite, name: &str| {
        let mut runs = repo.check_runs.values();
        runs.any(|run| run.suite == suite.id && run.name == name)
    };
    let suites: Vec<&CheckSuite> = repo
        .check_suites
        .values()
        .filter(|suite| {
            let app = call.query("app_id");
            suite.head_sha == sha
                && app.is_none_or(|app| app == suite.app.to_string())
                && call.query("check_name").is_none_or(|name| has(suite, name))
        })
        .collect();
    Ok(call.page_in("check_suites", suites, |suite| whole(state, call, suite)))
}

/// A suite with its repository, as REST has it.
fn whole(state: &State, call: &Call, suite: &CheckSuite) -> Value {
    let repo = call.repo().and_then(|id| state.repo(id));
    repo.map_or(Value::Null, |repo| {
        let mut shown = state.check_suite_json(repo, suite);
        shown["repository"] = state.repository_json(repo);
        shown
    })
}

fn create_suite(state: &mut State, call: &Call) -> Reply {
    let (actor, repo, sha) = (call.actor()?, call.repo()?, call.require("head_sha")?);
    let app =
        actor.app.ok_or_else(|| Refusal::new(403, "You must authenticate via a GitHub App."))?;
    let known = state.suite_of(repo, app, sha)?;
    let id = state.ensure_suite(repo, app, sha)?;
    let body = whole(state, call, state.suite(repo, id)?);
    Ok(match known {
        Some(_) => Answer::ok(body),
        None => Answer::created(body),
    })
}

fn suite(state: &mut State, call: &Call) -> Reply {
    let suite = state.suite(call.repo()?, call.number("check_suite_id")?)?;
    Ok(Answer::ok(whole(state, call, suite)))
}

fn rerequest_suite(state: &mut State, call: &Call) -> Reply {
    let id = call.number("check_suite_id")?;
    state.rerequest_check_suite(call.actor()?, call.repo()?, id)?;
    Ok(Answer::created(json!({})))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annotation(more: Value) -> Value {
        let mut one = json!({
            "path": "a.yaml",
            "start_line": 1,
            "end_line": 1,
            "annotation_level": "failure",
            "message": "m",
        });
        crate::sandbox::shape::merge(&mut one, more);
        one
    }

    fn refused(given: &Value) -> String {
        output(given).unwrap_err().message
    }

    #[test]
    fn limits_count_bytes_and_annotations() {
        let fits = json!({"title": "t", "summary": "s".repeat(65_535)});
        assert!(output(&fits).unwrap().is_some());
        let message = refused(&json!({"title": "t", "summary": "é".repeat(32_768)}));
        assert!(message.contains("65535 characters are allowed; 65536"), "{message}");
        let fifty = vec![annotation(json!({})); 50];
        let with = |annotations: Vec<Value>| json!({"title": "t", "summary": "s", "annotations": annotations});
        assert!(output(&with(fifty.clone())).is_ok());
        let more = [fifty, vec![annotation(json!({}))]].concat();
        let message = refused(&with(more));
        assert!(message.contains("No more than 50 items are allowed; 51"), "{message}");
        let message = refused(&json!({"title": "t"}));
        assert!(message.contains("summary"), "{message}");
        for wrong in [
            json!({"annotation_level": "error"}),
            json!({"message": null}),
            json!({"start_line": 2}),
            json!({"end_line": 2, "start_column": 1}),
            json!({"title": "t".repeat(256)}),
        ] {
            assert!(sound_annotation(&annotation(wrong.clone())).is_err(), "{wrong}");
        }
    }

    #[test]
    fn there_are_three_short_actions_at_most() {
        let action = |label: &str| json!({"label": label, "description": "d", "identifier": "i"});
        let list = |count: usize| Value::Array(vec![action("Go"); count]);
        assert!(actions(&list(3)).is_ok());
        assert!(actions(&list(4)).is_err());
        assert!(actions(&json!([action(&"x".repeat(20))])).is_ok());
        assert!(actions(&json!([action(&"x".repeat(21))])).is_err());
    }
}
