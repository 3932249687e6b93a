//! Pull requests.
//! <https://docs.github.com/en/rest/pulls/pulls>

use serde_json::json;

use crate::sandbox::git::MergeMethod;
use crate::sandbox::http::{Answer, Call, READ, Reply, Route, WRITE};
use crate::sandbox::model::{Issue, Level, Pull, Role};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::shape::async_merge_json;
use crate::sandbox::state::{AsyncRequest, MergeRequest, NewPull, PullEdit, State};

const SEE: &[(&str, Level)] = &[("pull_requests", READ)];
const EDIT: &[(&str, Level)] = &[("pull_requests", WRITE)];

pub(super) fn routes() -> Vec<Route> {
    const ONE: &str = "/repos/{owner}/{repo}/pulls/{pull_number}";
    vec![
        Route::get("/repos/{owner}/{repo}/pulls", list).needs(SEE),
        // Whoever may read may offer a change, from a fork.
        Route::post("/repos/{owner}/{repo}/pulls", create).needs(EDIT).role(Role::Read),
        Route::get(ONE, get).needs(&[("pull_requests", READ), ("contents", READ)]),
        Route::patch(ONE, update).needs(EDIT).role(Role::Read),
        Route::get("/repos/{owner}/{repo}/pulls/{pull_number}/files", files).needs(SEE),
        Route::get("/repos/{owner}/{repo}/pulls/{pull_number}/commits", commits).needs(SEE),
        Route::get("/repos/{owner}/{repo}/pulls/{pull_number}/merge", merged)
            .needs(&[("pull_requests", READ), ("contents", READ)]),
        Route::put("/repos/{owner}/{repo}/pulls/{pull_number}/merge", merge)
            .needs(&[("contents", WRITE)]),
        Route::put("/repos/{owner}/{repo}/pulls/{pull_number}/merge-async", ask_for_merge)
            .needs(&[("contents", WRITE)]),
        Route::get("/repos/{owner}/{repo}/pulls/{pull_number}/merge-async/{uuid}", asked_merge)
            .needs(SEE),
        Route::put("/repos/{owner}/{repo}/pulls/{pull_number}/update-branch", update_branch)
            .needs(EDIT),
    ]
}

fn list(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let wanted = call.query("state").unwrap_or("open");
    let head_fits = |pull: &Pull| {
        // Without an owner GitHub ignores the filter.
        let head = call.query("head").and_then(|head| head.split_once(':'));
        head.is_none_or(|(owner, branch)| {
            state.login(pull.head.owner).eq_ignore_ascii_case(owner) && pull.head.branch == branch
        })
    };
    let mut found: Vec<(&Issue, &Pull)> = repo
        .issues
        .values()
        .filter_map(|issue| Some((issue, issue.pull.as_ref()?)))
        .filter(|(issue, _)| wanted == "all" || issue.open == (wanted == "open"))
        .filter(|(_, pull)| call.query("base").is_none_or(|base| pull.base.branch == base))
        .filter(|(_, pull)| head_fits(pull))
        .collect();
    let sort = call.query("sort").unwrap_or("created");
    match sort {
        "updated" => found.sort_by_key(|(issue, _)| (issue.updated_at, issue.number)),
        "popularity" => found.sort_by_key(|(issue, _)| (issue.comments.len(), issue.number)),
        _ => found.sort_by_key(|(issue, _)| issue.number),
    }
    let ascending = match call.query("direction") {
        Some(direction) => direction == "asc",
        None => sort != "created",
    };
    if !ascending {
        found.reverse();
    }
    Ok(call.page(found, |(issue, pull)| state.listed_pull_json(repo, issue, pull)))
}

fn create(state: &mut State, call: &Call) -> Reply {
    let repo = call.repo()?;
    let title = match (call.text("title")?, call.count("issue")?) {
        (Some(title), _) => title,
        (None, Some(_)) => {
            return Err(Refusal::unprocessable(
                "Turning an issue into a pull request is not offered here",
            ));
        }
        (None, None) => return Err(Refusal::missing("title")),
    };
    let new = NewPull {
        title,
        body: call.text("body")?,
        head: call.require("head")?,
        base: call.require("base")?,
        draft: call.flag("draft")?.unwrap_or(false),
        maintainer_can_modify: call.flag("maintainer_can_modify")?.unwrap_or(true),
    };
    let number = state.create_pull(call.actor()?, repo, &new)?;
    let shown = state.full_pull_json(repo, number)?;
    let url = shown["url"].as_str().unwrap_or_default().to_owned();
    Ok(Answer::created(shown).header("location", url))
}

fn get(state: &mut State, call: &Call) -> Reply {
    let (repo, number) = (call.repo()?, call.number("pull_number")?);
    if call.wants("diff") {
        let text = state.pull_diff(repo, number)?;
        return Ok(Answer::raw("application/vnd.github.diff; charset=utf-8", text));
    }
    Ok(Answer::ok(state.full_pull_json(repo, number)?))
}

fn update(state: &mut State, call: &Call) -> Reply {
    let (actor, repo, number) = (call.actor()?, call.repo()?, call.number("pull_number")?);
    let (issue, _) = state.pull(repo, number)?;
    let own = issue.author == actor.account;
    if actor.app.is_none() && !own && state.role(actor.account, repo) < Role::Triage {
        return Err(Refusal::new(403, "Must have triage rights to Repository."));
    }
    let open = match call.text("state")? {
        None => None,
        Some("open") => Some(true),
        Some("closed") => Some(false),
        Some(_) => return Err(Refusal::invalid("PullRequest", "state", "invalid")),
    };
    let edit = PullEdit {
        title: call.text("title")?,
        body: if call.has("body") { Some(call.text("body")?) } else { None },
        base: call.text("base")?,
        open,
        maintainer_can_modify: call.flag("maintainer_can_modify")?,
    };
    state.edit_pull(actor, repo, number, &edit)?;
    Ok(Answer::ok(state.full_pull_json(repo, number)?))
}

fn files(state: &mut State, call: &Call) -> Reply {
    let (id, number) = (call.repo()?, call.number("pull_number")?);
    let repo = state.repo(id)?;
    let (_, pull) = state.pull(id, number)?;
    let mut files = state.pull_files(id, number)?;
    files.truncate(3000);
    Ok(call.page(files, |file| state.file_json(repo, &pull.head.sha, &file)))
}

fn commits(state: &mut State, call: &Call) -> Reply {
    let (id, number) = (call.repo()?, call.number("pull_number")?);
    let repo = state.repo(id)?;
    let mut commits = state.pull_commits(id, number)?;
    commits.truncate(250);
    Ok(call.page(commits, |commit| state.commit_json(repo, &commit)))
}

fn merged(state: &mut State, call: &Call) -> Reply {
    let (_, pull) = state.pull(call.repo()?, call.number("pull_number")?)?;
    if pull.merged_at.is_some() { Ok(Answer::empty(204)) } else { Err(Refusal::not_found()) }
}

fn merge(state: &mut State, call: &Call) -> Reply {
    let method = call.text("merge_method")?.unwrap_or("merge");
    let request = MergeRequest {
        method: MergeMethod::parse(method).ok_or_else(|| {
            Refusal::unprocessable("merge_method must be merge, squash or rebase")
        })?,
        sha: call.text("sha")?,
        title: call.text("commit_title")?,
        message: call.text("commit_message")?,
    };
    let (repo, number) = (call.repo()?, call.number("pull_number")?);
    let sha = state.merge_pull(call.actor()?, repo, number, &request)?;
    Ok(Answer::ok(json!({
        "sha": sha.to_string(),
        "merged": true,
        "message": "Pull Request successfully merged",
    })))
}

fn ask_for_merge(state: &mut State, call: &Call) -> Reply {
    let (repo, number) = (call.repo()?, call.number("pull_number")?);
    let told = |status: u16, word: &str, message: &str| {
        Ok(Answer::json(status, json!({"status": word, "details": {"message": message}})))
    };
    let (issue, pull) = state.pull(repo, number)?;
    if let Some(commit) = &pull.merge_commit {
        let details = json!({"message": "Pull Request is already merged", "sha": commit});
        return Ok(Answer::ok(json!({"status": "merged", "details": details})));
    }
    if !issue.open {
        return told(400, "failed", "Pull Request is closed");
    }
    if pull.draft {
        return told(400, "failed", "Pull Request is still a draft");
    }
    if state.queue_entry(repo, number)?.is_some() {
        return told(200, "enqueued", "Pull request is already in the merge queue.");
    }
    let one_of = |key: &'static str, words: &[&str]| {
        let word = call.text(key)?.unwrap_or("default");
        let known = word == "default" || words.contains(&word);
        if known { Ok(word) } else { Err(Refusal::invalid("PullRequest", key, "invalid")) }
    };
    let asked = AsyncRequest {
        method: one_of("merge_method", &["merge", "squash", "rebase"])?,
        action: one_of("merge_action", &["direct_merge", "merge_queue"])?,
        sha: call.text("sha")?,
        title: call.text("commit_title")?,
        message: call.text("commit_message")?,
    };
    let (new, merge) = state.ask_for_merge(call.actor()?, repo, number, &asked)?;
    Ok(Answer::json(if new { 202 } else { 409 }, async_merge_json(&merge)))
}

fn asked_merge(state: &mut State, call: &Call) -> Reply {
    let (repo, number) = (call.repo()?, call.number("pull_number")?);
    Ok(Answer::ok(async_merge_json(state.asked_merge(repo, number, call.param("uuid"))?)))
}

fn update_branch(state: &mut State, call: &Call) -> Reply {
    let (repo, number) = (call.repo()?, call.number("pull_number")?);
    state.update_branch(call.actor()?, repo, number, call.text("expected_head_sha")?)?;
    let url = format!("{}/pull/{number}", state.repo_html(state.repo(repo)?));
    Ok(Answer::json(202, json!({"message": "Updating pull request branch.", "url": url})))
}
