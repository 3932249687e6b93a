//! The Git database: refs, trees, blobs, commits, tags.
//! <https://docs.github.com/en/rest/git>

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use git2::Oid;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::commits::not_empty;
use crate::sandbox::git::{Git, NewCommit, Person, TreeEdit, is_ref_name};
use crate::sandbox::http::{Answer, Call, READ, Reply, Route, WRITE, texts};
use crate::sandbox::model::Level;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::shape::{base64_lines, node_id};
use crate::sandbox::state::{Push, State};

const SEE: &[(&str, Level)] = &[("contents", READ)];
const WRITE_CONTENTS: &[(&str, Level)] = &[("contents", WRITE)];
/// A recursive tree with more entries is cut.
const MOST_ENTRIES: usize = 100_000;
/// A larger blob is refused.
const LARGEST_BLOB: usize = 100 << 20;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/repos/{owner}/{repo}/git/ref/{ref+}", get_ref).needs(SEE),
        Route::get("/repos/{owner}/{repo}/git/matching-refs/{ref+}", matching_refs).needs(SEE),
        Route::post("/repos/{owner}/{repo}/git/refs", create_ref).needs(WRITE_CONTENTS),
        Route::patch("/repos/{owner}/{repo}/git/refs/{ref+}", update_ref).needs(WRITE_CONTENTS),
        Route::delete("/repos/{owner}/{repo}/git/refs/{ref+}", delete_ref).needs(WRITE_CONTENTS),
        Route::get("/repos/{owner}/{repo}/git/trees/{tree_sha+}", tree).needs(SEE),
        Route::post("/repos/{owner}/{repo}/git/trees", create_tree).needs(WRITE_CONTENTS),
        Route::get("/repos/{owner}/{repo}/git/blobs/{file_sha}", blob).needs(SEE),
        Route::post("/repos/{owner}/{repo}/git/blobs", create_blob).needs(WRITE_CONTENTS),
        Route::get("/repos/{owner}/{repo}/git/commits/{commit_sha}", commit).needs(SEE),
        Route::post("/repos/{owner}/{repo}/git/commits", create_commit).needs(WRITE_CONTENTS),
        Route::get("/repos/{owner}/{repo}/git/tags/{tag_sha}", tag).needs(SEE),
        Route::post("/repos/{owner}/{repo}/git/tags", create_tag).needs(WRITE_CONTENTS),
    ]
}

fn full(name: &str) -> String {
    format!("refs/{}", name.trim_start_matches("refs/"))
}

fn oid(text: &str) -> Option<Oid> {
    (text.len() == 40).then(|| Oid::from_str(text).ok()).flatten()
}

fn get_ref(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let git = state.git(repo.id)?;
    not_empty(&git)?;
    let name = full(call.param("ref"));
    let target = git.reference(&name).ok_or_else(Refusal::not_found)?;
    Ok(Answer::ok(state.ref_json(repo, &git, &name, target)))
}

fn matching_refs(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let git = state.git(repo.id)?;
    let found = git.references(&full(call.param("ref")))?;
    // The whole list: this endpoint has no pages any more.
    Ok(Answer::ok(
        found.iter().map(|(name, target)| state.ref_json(repo, &git, name, *target)).collect(),
    ))
}

fn target(git: &Git, call: &Call) -> Result<Oid, Refusal> {
    let sha = call.require("sha")?;
    let target = oid(sha).ok_or_else(|| {
        Refusal::unprocessable(
            "The sha parameter must be exactly 40 characters and contain only [0-9a-f].",
        )
    })?;
    match git.object(sha) {
        Some(_) => Ok(target),
        None => Err(Refusal::unprocessable("Object does not exist")),
    }
}

fn create_ref(state: &mut State, call: &Call) -> Reply {
    let id = call.repo()?;
    let git = state.git(id)?;
    not_empty(&git)?;
    let name = call.require("ref")?;
    let target = target(&git, call)?;
    state.create_ref(call.actor()?, id, name, target)?;
    let repo = state.repo(id)?;
    let url = format!("{}/git/{name}", state.repo_url(repo));
    Ok(Answer::created(state.ref_json(repo, &git, name, target)).header("location", url))
}

fn update_ref(state: &mut State, call: &Call) -> Reply {
    let id = call.repo()?;
    let git = state.git(id)?;
    let name = full(call.param("ref"));
    if git.reference(&name).is_none() {
        return Err(Refusal::unprocessable("Reference does not exist"));
    }
    let target = target(&git, call)?;
    let push =
        Push { reference: &name, after: Some(target), force: call.flag("force")?.unwrap_or(false) };
    state.push(call.actor()?, id, &push)?;
    Ok(Answer::ok(state.ref_json(state.repo(id)?, &git, &name, target)))
}

fn delete_ref(state: &mut State, call: &Call) -> Reply {
    let id = call.repo()?;
    let name = full(call.param("ref"));
    if !is_ref_name(&name) || state.git(id)?.reference(&name).is_none() {
        return Err(Refusal::unprocessable("Reference does not exist"));
    }
    let push = Push { reference: &name, after: None, force: true };
    state.push(call.actor()?, id, &push)?;
    Ok(Answer::empty(204))
}

fn tree(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let git = state.git(repo.id)?;
    not_empty(&git)?;
    let named = call.param("tree_sha");
    let sha = oid(named)
        .and_then(|oid| git.tree_of(oid))
        .or_else(|| git.resolve(named).and_then(|oid| git.tree_of(oid)))
        .ok_or_else(Refusal::not_found)?;
    // Any value but none turns it on, also "0" and "false".
    let recursive = call.query("recursive").is_some();
    let mut entries = git.tree(sha, recursive)?;
    let cut = entries.len() > MOST_ENTRIES;
    entries.truncate(MOST_ENTRIES);
    Ok(Answer::ok(state.tree_json(repo, &git, sha, &entries, cut)))
}

fn create_tree(state: &mut State, call: &Call) -> Reply {
    let id = call.repo()?;
    let git = state.git(id)?;
    not_empty(&git)?;
    let base = match call.text("base_tree")? {
        Some(base) => {
            let found = oid(base).and_then(|oid| git.tree_of(oid));
            Some(found.ok_or_else(|| {
                Refusal::unprocessable(format!("base_tree {base} is not a valid tree oid"))
            })?)
        }
        None => None,
    };
    let entries =
        call.body["tree"].as_array().ok_or_else(|| Refusal::unprocessable("Invalid tree info"))?;
    let mut edits = BTreeMap::new();
    for entry in entries {
        let (path, edit) = tree_edit(&git, entry)?;
        edits.insert(path, edit);
    }
    let sha = git.edit_tree(base, &edits)?;
    let entries = git.tree(sha, false)?;
    let repo = state.repo(id)?;
    let url = format!("{}/git/trees/{sha}", state.repo_url(repo));
    let made = Answer::created(state.tree_json(repo, &git, sha, &entries, false));
    Ok(made.header("location", url))
}

fn tree_edit(git: &Git, entry: &Value) -> Result<(String, TreeEdit), Refusal> {
    let path =
        entry["path"].as_str().ok_or_else(|| Refusal::unprocessable("Must supply tree.path"))?;
    let malformed =
        |part: &str| part.is_empty() || [".", "..", ".git"].contains(&part) || part.contains('\0');
    if path.split('/').any(malformed) {
        return Err(Refusal::unprocessable("tree.path contains a malformed path component"));
    }
    let modes = ["100644", "100755", "040000", "160000", "120000"];
    let mode = entry["mode"]
        .as_str()
        .filter(|mode| modes.contains(mode))
        .and_then(|mode| i32::from_str_radix(mode, 8).ok())
        .ok_or_else(|| Refusal::unprocessable("Must supply a valid tree.mode"))?;
    let edit = match (&entry["sha"], entry["content"].as_str()) {
        (Value::String(sha), _) => {
            let wanted = if mode == 0o040_000 { "tree" } else { "blob" };
            let found = oid(sha).filter(|oid| {
                mode == 0o160_000 || (git.object(sha).is_some() && git.kind(*oid) == wanted)
            });
            let oid = found.ok_or_else(|| {
                Refusal::unprocessable(format!("tree.sha {sha} is not a valid {wanted}"))
            })?;
            Some((mode, oid))
        }
        (_, Some(content)) => Some((mode, git.write_blob(content.as_bytes())?)),
        (Value::Null, None) if entry.get("sha").is_some() => None,
        _ => {
            return Err(Refusal::unprocessable("Must supply either tree.sha or tree.content"));
        }
    };
    Ok((path.to_owned(), edit))
}

fn blob(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let git = state.git(repo.id)?;
    let sha = call.param("file_sha");
    let bytes = oid(sha).and_then(|oid| git.blob(oid)).ok_or_else(Refusal::not_found)?;
    if call.wants("raw") {
        return Ok(Answer::raw("application/vnd.github.raw+json; charset=utf-8", bytes));
    }
    Ok(Answer::ok(json!({
        "sha": sha,
        "node_id": node_id("Blob", sha),
        "size": bytes.len(),
        "url": format!("{}/git/blobs/{sha}", state.repo_url(repo)),
        "content": base64_lines(&bytes),
        "encoding": "base64",
    })))
}

/// Bytes of a body, in the encoding that it names.
pub(super) fn decode(content: &str, encoding: &str) -> Result<Vec<u8>, Refusal> {
    if encoding == "utf-8" {
        return Ok(content.as_bytes().to_vec());
    }
    let plain: String = content.split_whitespace().collect();
    STANDARD
        .decode(plain)
        .map_err(|_malformed| Refusal::unprocessable("content is not valid Base64"))
}

fn create_blob(state: &mut State, call: &Call) -> Reply {
    let id = call.repo()?;
    let git = state.git(id)?;
    not_empty(&git)?;
    let encoding = call.text("encoding")?.unwrap_or("utf-8");
    if !["utf-8", "base64"].contains(&encoding) {
        return Err(Refusal::unprocessable("The encoding must be utf-8 or base64"));
    }
    let bytes = decode(call.require("content")?, encoding)?;
    if bytes.len() > LARGEST_BLOB {
        return Err(Refusal::unprocessable("Blob is too large (maximum is 100 megabytes)"));
    }
    let sha = git.write_blob(&bytes)?.to_string();
    let url = format!("{}/git/blobs/{sha}", state.repo_url(state.repo(id)?));
    Ok(Answer::created(json!({"sha": sha, "url": url})).header("location", url))
}

fn commit(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let commit = oid(call.param("commit_sha"))
        .and_then(|oid| state.git(repo.id).ok()?.commit(oid))
        .ok_or_else(Refusal::not_found)?;
    Ok(Answer::ok(state.git_commit_json(repo, &commit)))
}

/// A person that the body names, if it does. What is left out is taken from `otherwise`.
pub(super) fn person(
    call: &Call,
    key: &str,
    otherwise: &Person,
) -> Result<Option<Person>, Refusal> {
    let named = &call.body[key];
    if named.is_null() {
        return Ok(None);
    }
    let text = |field: &str| {
        named[field]
            .as_str()
            .filter(|text| !text.trim().is_empty() && !text.contains(['<', '>', '\n', '\0']))
            .ok_or_else(|| Refusal::missing(field))
    };
    let at = match named["date"].as_str() {
        Some(date) => date.parse::<Timestamp>().map_err(|_malformed| {
            Refusal::unprocessable(format!("{key}.date is not a valid ISO 8601 timestamp"))
        })?,
        None => otherwise.at,
    };
    Ok(Some(Person { name: text("name")?.to_owned(), email: text("email")?.to_owned(), at }))
}

fn create_commit(state: &mut State, call: &Call) -> Reply {
    let (actor, id) = (call.actor()?, call.repo()?);
    let git = state.git(id)?;
    not_empty(&git)?;
    let message = call.require("message")?;
    let tree = oid(call.require("tree")?)
        .filter(|oid| git.tree_of(*oid) == Some(*oid))
        .ok_or_else(|| Refusal::unprocessable("Tree SHA does not exist"))?;
    let mut parents = Vec::new();
    for parent in texts(&call.body["parents"]).unwrap_or_default() {
        let commit = oid(&parent).filter(|oid| git.commit(*oid).is_some());
        parents.push(commit.ok_or_else(|| {
            Refusal::unprocessable("Parent SHA does not exist or is not a commit object")
        })?);
    }
    let own = state.person(actor);
    let (author, committer) = (person(call, "author", &own)?, person(call, "committer", &own)?);
    let signed = actor.app.is_some() && author.is_none() && committer.is_none();
    let author = author.unwrap_or(own);
    // What a bot commits in its own name, GitHub commits for it, and signs.
    let otherwise = if signed { state.web_flow() } else { author.clone() };
    let committer = committer.unwrap_or(otherwise);
    let sha = git.write_commit(&NewCommit {
        tree,
        parents: &parents,
        message,
        author: &author,
        committer: &committer,
    })?;
    if signed {
        state.repo_mut(id)?.verified.insert(sha.to_string());
    }
    let commit = git.commit(sha).ok_or_else(Refusal::not_found)?;
    let repo = state.repo(id)?;
    let url = format!("{}/git/commits/{sha}", state.repo_url(repo));
    Ok(Answer::created(state.git_commit_json(repo, &commit)).header("location", url))
}

fn tag(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let git = state.git(repo.id)?;
    let tag =
        oid(call.param("tag_sha")).and_then(|oid| git.tag(oid)).ok_or_else(Refusal::not_found)?;
    Ok(Answer::ok(state.tag_json(repo, &git, &tag)))
}

fn create_tag(state: &mut State, call: &Call) -> Reply {
    let (actor, id) = (call.actor()?, call.repo()?);
    let git = state.git(id)?;
    not_empty(&git)?;
    let (name, message) = (call.require("tag")?, call.require("message")?);
    let kind = call.require("type")?;
    let object = call.require("object")?;
    let target = oid(object)
        .filter(|oid| git.object(object).is_some() && git.kind(*oid) == kind)
        .ok_or_else(|| {
        Refusal::unprocessable(format!("object {object} is not a valid {kind}"))
    })?;
    let own = state.person(actor);
    let tagger = person(call, "tagger", &own)?.unwrap_or(own);
    if !is_ref_name(&format!("refs/tags/{name}")) {
        return Err(Refusal::unprocessable("tag is not a valid tag name"));
    }
    let sha = git.write_tag(name, target, &tagger, message)?;
    let tag = git.tag(sha).ok_or_else(Refusal::not_found)?;
    Ok(Answer::created(state.tag_json(state.repo(id)?, &git, &tag)))
}
