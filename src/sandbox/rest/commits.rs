//! Commits, comparisons, and the pull requests of a commit.
//! <https://docs.github.com/en/rest/commits/commits>

use git2::Oid;
use serde_json::{Value, json};

use crate::sandbox::git::{Commit, FileChange, Git};
use crate::sandbox::http::{Answer, Call, READ, Reply, Route};
use crate::sandbox::model::{Id, Level};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::State;

const CONTENTS: &[(&str, Level)] = &[("contents", READ)];
/// The most files that an answer names.
const MOST_FILES: usize = 300;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/repos/{owner}/{repo}/commits", list).needs(CONTENTS),
        Route::get("/repos/{owner}/{repo}/commits/{ref+}", get).needs(CONTENTS),
        Route::get("/repos/{owner}/{repo}/commits/{commit_sha}/pulls", pulls)
            .needs(&[("pull_requests", READ), ("contents", READ)]),
        Route::get("/repos/{owner}/{repo}/compare/{basehead+}", compare).needs(CONTENTS),
    ]
}

/// 409 for a repository in which there is nothing yet.
pub(super) fn not_empty(git: &Git) -> Result<(), Refusal> {
    if git.references("refs/")?.is_empty() {
        return Err(Refusal::new(409, "Git Repository is empty."));
    }
    Ok(())
}

/// The commit that a text means; GitHub's 422 where it means none.
pub(super) fn resolve(state: &State, repo: Id, text: &str) -> Result<Oid, Refusal> {
    let git = state.git(repo)?;
    let text = if text == "HEAD" { &state.repo(repo)?.default_branch } else { text };
    git.resolve(text)
        .ok_or_else(|| Refusal::unprocessable(format!("No commit found for SHA: {text}")))
}

fn list(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let git = state.git(repo.id)?;
    not_empty(&git)?;
    let from = call.query("sha").unwrap_or(&repo.default_branch);
    let from = git.resolve(from).ok_or_else(Refusal::not_found)?;
    let instant = |key: &str| call.query(key).and_then(|at| at.parse::<jiff::Timestamp>().ok());
    let (since, until) = (instant("since"), instant("until"));
    let by = |commit: &Commit, key: &str| {
        call.query(key).is_none_or(|wanted| {
            let person = if key == "author" { &commit.author } else { &commit.committer };
            let login = state.account_by_email(&person.email).map(|account| account.login.as_str());
            person.email == wanted || login == Some(wanted)
        })
    };
    let commits: Vec<Commit> = git
        .history(from, call.query("path"))?
        .into_iter()
        .filter(|commit| since.is_none_or(|since| commit.committer.at >= since))
        .filter(|commit| until.is_none_or(|until| commit.committer.at <= until))
        .filter(|commit| by(commit, "author") && by(commit, "committer"))
        .collect();
    Ok(call.page(commits, |commit| state.commit_json(repo, &commit)))
}

fn changes(git: &Git, commit: &Commit) -> Result<Vec<FileChange>, Refusal> {
    let parent = commit.parents.first().and_then(|parent| git.tree_of(*parent));
    Ok(git.changes(parent, commit.tree)?)
}

fn get(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let git = state.git(repo.id)?;
    not_empty(&git)?;
    let oid = resolve(state, repo.id, call.param("ref"))?;
    if call.wants("sha") {
        return Ok(Answer::raw("application/vnd.github.sha; charset=utf-8", oid.to_string()));
    }
    let commit = git.commit(oid).ok_or_else(Refusal::not_found)?;
    if call.wants("diff") {
        let parent = commit.parents.first().and_then(|parent| git.tree_of(*parent));
        let text = git.diff_text(parent, commit.tree)?;
        return Ok(Answer::raw("application/vnd.github.diff; charset=utf-8", text));
    }
    let mut files = changes(&git, &commit)?;
    files.truncate(MOST_FILES);
    Ok(Answer::ok(state.full_commit_json(repo, &commit, &files)))
}

fn pulls(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let found = state.pulls_with(repo.id, resolve(state, repo.id, call.param("commit_sha"))?)?;
    Ok(call.page(found, |(issue, pull)| state.listed_pull_json(repo, issue, pull)))
}

fn compare(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let basehead = call.param("basehead");
    let (base, head) = basehead.split_once("...").ok_or_else(Refusal::not_found)?;
    let side = |text: &str| {
        let (side, name) = state.head_of(repo.id, text).map_err(|_unknown| Refusal::not_found())?;
        resolve(state, side, name).map_err(|_unknown| Refusal::not_found())
    };
    let (base, head) = (side(base)?, side(head)?);
    let git = state.git(repo.id)?;
    let standing = git.standing(base, head)?;
    let Some(common) = standing.merge_base else {
        return Err(Refusal::new(404, format!("No common ancestor between {base} and {head}.")));
    };
    let trees = (git.tree_of(common), git.tree_of(head).ok_or_else(Refusal::not_found)?);
    if call.wants("diff") {
        let text = git.diff_text(trees.0, trees.1)?;
        return Ok(Answer::raw("application/vnd.github.diff; charset=utf-8", text));
    }
    let commits = git.between(base, head)?;
    let total = commits.len();
    let first = call.query("page").is_none_or(|page| page == "1");
    let mut files = if first { git.changes(trees.0, trees.1)? } else { Vec::new() };
    files.truncate(MOST_FILES);
    let paged = call.query("page").is_some() || call.query("per_page").is_some();
    let (shown, link) =
        if paged { call.cut(commits) } else { (commits.into_iter().take(250).collect(), None) };
    let commit =
        |oid: Oid| git.commit(oid).map_or(Value::Null, |commit| state.commit_json(repo, &commit));
    let (url, html) = (state.repo_url(repo), state.repo_html(repo));
    let page = format!("{html}/compare/{basehead}");
    let sha = head.to_string();
    let body = json!({
        "url": format!("{url}/compare/{basehead}"),
        "html_url": page,
        "permalink_url": format!("{html}/compare/{base}...{head}"),
        "diff_url": format!("{page}.diff"),
        "patch_url": format!("{page}.patch"),
        "base_commit": commit(base),
        "merge_base_commit": commit(common),
        "status": match (standing.ahead, standing.behind) {
            (0, 0) => "identical",
            (_, 0) => "ahead",
            (0, _) => "behind",
            _ => "diverged",
        },
        "ahead_by": standing.ahead,
        "behind_by": standing.behind,
        "total_commits": total,
        "commits": shown.iter().map(|commit| state.commit_json(repo, commit)).collect::<Value>(),
        "files": files.iter().map(|file| state.file_json(repo, &sha, file)).collect::<Value>(),
    });
    let answer = Answer::ok(body);
    Ok(match link {
        Some(link) => answer.header("link", link),
        None => answer,
    })
}
