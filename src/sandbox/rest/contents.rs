//! Files of a repository: read, written, removed.
//! <https://docs.github.com/en/rest/repos/contents>

use std::collections::BTreeMap;

use git2::Oid;
use serde_json::{Value, json};

use super::git::{decode, person};
use crate::sandbox::git::{Git, NewCommit, TreeEntry};
use crate::sandbox::http::{Answer, Call, READ, Reply, Route, WRITE};
use crate::sandbox::model::{Id, Level};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::shape::base64_lines;
use crate::sandbox::state::{Push, State};

const SEE: &[(&str, Level)] = &[("contents", READ)];
const WRITE_CONTENTS: &[(&str, Level)] = &[("contents", WRITE)];
/// Larger files come without their content.
const LARGEST_INLINE: usize = 1 << 20;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/repos/{owner}/{repo}/contents", get).needs(SEE),
        Route::get("/repos/{owner}/{repo}/contents/{path+}", get).needs(SEE),
        Route::put("/repos/{owner}/{repo}/contents/{path+}", put).needs(WRITE_CONTENTS),
        Route::delete("/repos/{owner}/{repo}/contents/{path+}", delete).needs(WRITE_CONTENTS),
        Route::get("/repos/{owner}/{repo}/readme", readme).needs(SEE),
    ]
}

fn get(state: &mut State, call: &Call) -> Reply {
    show(state, call, call.param("path").trim_matches('/'))
}

fn readme(state: &mut State, call: &Call) -> Reply {
    show(state, call, "README.md")
}

fn show(state: &State, call: &Call, path: &str) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let git = state.git(repo.id)?;
    if git.references("refs/heads/")?.is_empty() {
        return Err(Refusal::new(404, "This repository is empty."));
    }
    let at = call.query("ref").unwrap_or(&repo.default_branch);
    let tree = git
        .resolve(at)
        .and_then(|commit| git.tree_of(commit))
        .ok_or_else(|| Refusal::new(404, format!("No commit found for the ref {at}")))?;
    let entry = git.entry(tree, path).ok_or_else(Refusal::not_found)?;
    if entry.kind() == "tree" {
        let mut entries = git.tree(entry.oid, false)?;
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        let shown = entries.into_iter().map(|inside| {
            let path = [path, &inside.path].join("/").trim_start_matches('/').to_owned();
            state.entry_json(repo, &git, &TreeEntry { path, ..inside }, at)
        });
        return Ok(Answer::ok(shown.collect()));
    }
    let bytes = git.blob(entry.oid).unwrap_or_default();
    if call.wants("raw") {
        return Ok(Answer::raw("application/vnd.github.raw+json; charset=utf-8", bytes));
    }
    let mut shown = state.entry_json(repo, &git, &entry, at);
    if bytes.len() > LARGEST_INLINE {
        shown["content"] = "".into();
        shown["encoding"] = "none".into();
    } else {
        shown["content"] = base64_lines(&bytes).into();
        shown["encoding"] = "base64".into();
    }
    Ok(Answer::ok(shown))
}

/// Where a change goes: the branch, its tip and tree, and what stands at the path.
struct Place {
    git: Git,
    branch: String,
    tip: Option<Oid>,
    old: Option<TreeEntry>,
}

fn place(state: &State, call: &Call, repo: Id, path: &str) -> Result<Place, Refusal> {
    let malformed =
        |part: &str| part.is_empty() || [".", "..", ".git"].contains(&part) || part.contains('\0');
    if path.split('/').any(malformed) {
        return Err(Refusal::unprocessable("path contains a malformed path component"));
    }
    let git = state.git(repo)?;
    let default = &state.repo(repo)?.default_branch;
    let branch = call.text("branch")?.unwrap_or(default);
    let branch = branch.strip_prefix("refs/heads/").unwrap_or(branch).to_owned();
    let tip = git.branch(&branch);
    if tip.is_none() && !git.references("refs/heads/")?.is_empty() {
        return Err(Refusal::new(404, format!("Branch {branch} not found")));
    }
    let tree = tip.and_then(|tip| git.tree_of(tip));
    let old = tree.and_then(|tree| git.entry(tree, path)).filter(|entry| entry.kind() == "blob");
    Ok(Place { git, branch, tip, old })
}

/// The caller has to have seen what it replaces.
fn check_seen(call: &Call, path: &str, old: Option<&TreeEntry>) -> Result<(), Refusal> {
    let seen = call.text("sha")?;
    match (old, seen) {
        (None, None) => Ok(()),
        (Some(_), None) => Err(Refusal::missing("sha")),
        (Some(old), Some(seen)) if old.oid.to_string() == seen => Ok(()),
        (_, Some(seen)) => Err(Refusal::new(409, format!("{path} does not match {seen}"))),
    }
}

fn put(state: &mut State, call: &Call) -> Reply {
    let (repo, path) = (call.repo()?, call.param("path").trim_matches('/'));
    call.require("message")?;
    let bytes = decode(call.require("content")?, "base64")?;
    let place = place(state, call, repo, path)?;
    check_seen(call, path, place.old.as_ref())?;
    let mode = place.old.as_ref().map_or(0o100_644, |old| old.mode);
    let blob = place.git.write_blob(&bytes)?;
    let commit = write(state, call, repo, path, &place, Some((mode, blob)))?;
    let entry = TreeEntry { path: path.to_owned(), mode, oid: blob };
    let shown = state.repo(repo)?;
    let content = state.entry_json(shown, &place.git, &entry, &place.branch);
    let status = if place.old.is_some() { 200 } else { 201 };
    Ok(Answer::json(status, json!({"content": content, "commit": commit})))
}

fn delete(state: &mut State, call: &Call) -> Reply {
    let (repo, path) = (call.repo()?, call.param("path").trim_matches('/'));
    call.require("message")?;
    let place = place(state, call, repo, path)?;
    if place.old.is_none() {
        return Err(Refusal::not_found());
    }
    check_seen(call, path, place.old.as_ref())?;
    let commit = write(state, call, repo, path, &place, None)?;
    Ok(Answer::ok(json!({"content": null, "commit": commit})))
}

fn write(
    state: &mut State,
    call: &Call,
    repo: Id,
    path: &str,
    place: &Place,
    edit: Option<(i32, Oid)>,
) -> Result<Value, Refusal> {
    let actor = call.actor()?;
    let git = &place.git;
    let base = place.tip.and_then(|tip| git.tree_of(tip));
    let tree = git.edit_tree(base, &BTreeMap::from([(path.to_owned(), edit)]))?;
    let own = state.person(actor);
    let (author, committer) = (person(call, "author", &own)?, person(call, "committer", &own)?);
    let signed = author.is_none() && committer.is_none();
    let sha = git.write_commit(&NewCommit {
        tree,
        parents: &place.tip.into_iter().collect::<Vec<_>>(),
        message: call.require("message")?,
        author: author.as_ref().unwrap_or(&own),
        committer: committer.as_ref().or(author.as_ref()).unwrap_or(&state.web_flow()),
    })?;
    let push =
        Push { reference: &format!("refs/heads/{}", place.branch), after: Some(sha), force: false };
    state.push(actor, repo, &push).map_err(|refusal| {
        // A protected branch is a conflict here.
        let what = match (&place.old, edit) {
            (None, _) => "create",
            (Some(_), Some(_)) => "update",
            (Some(_), None) => "delete",
        };
        match refusal.status {
            422 => Refusal::new(409, format!("Could not {what} file: {}", refusal.message)),
            _ => refusal,
        }
    })?;
    if signed {
        state.repo_mut(repo)?.verified.insert(sha.to_string());
    }
    let commit = git.commit(sha).ok_or_else(Refusal::not_found)?;
    Ok(state.git_commit_json(state.repo(repo)?, &commit))
}
