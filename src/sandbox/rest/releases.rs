//! Releases and the list of tags.
//! <https://docs.github.com/en/rest/releases/releases>,
//! <https://docs.github.com/en/rest/repos/repos#list-repository-tags>

use crate::sandbox::auth::Caller;
use crate::sandbox::http::{Answer, Call, READ, Reply, Route, WRITE};
use crate::sandbox::model::{Id, Level, Release, Role};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::{MakeLatest, ReleaseChange, State};

const READS: &[(&str, Level)] = &[("contents", READ)];
const WRITES: &[(&str, Level)] = &[("contents", WRITE)];

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/repos/{owner}/{repo}/releases", list).needs(READS),
        Route::post("/repos/{owner}/{repo}/releases", create).needs(WRITES),
        Route::post("/repos/{owner}/{repo}/releases/generate-notes", notes).needs(WRITES),
        Route::get("/repos/{owner}/{repo}/releases/latest", latest).needs(READS),
        Route::get("/repos/{owner}/{repo}/releases/tags/{tag+}", tagged).needs(READS),
        Route::get("/repos/{owner}/{repo}/releases/{release_id}", get).needs(READS),
        Route::patch("/repos/{owner}/{repo}/releases/{release_id}", update).needs(WRITES),
        Route::delete("/repos/{owner}/{repo}/releases/{release_id}", delete).needs(WRITES),
        Route::get("/repos/{owner}/{repo}/releases/{release_id}/assets", assets).needs(READS),
        Route::get("/repos/{owner}/{repo}/tags", tags).needs(READS),
    ]
}

/// Drafts are seen by those who may push.
fn sees_drafts(state: &State, call: &Call) -> Result<bool, Refusal> {
    let repo = state.repo(call.repo()?)?;
    Ok(match &call.caller {
        Caller::Person(person) => state.role(*person, repo.id) >= Role::Write,
        Caller::Installation { token, .. } => {
            state.token_reaches(token, repo)
                && token.permissions.get("contents").is_some_and(|level| *level >= WRITE)
        }
        Caller::Nobody | Caller::App(_) => false,
    })
}

fn shown(state: &State, call: &Call, release: Option<&Release>) -> Reply {
    let release = release.ok_or_else(Refusal::not_found)?;
    let repo = state.repo(call.repo()?)?;
    Ok(Answer::ok(state.release_json(repo, release)))
}

/// The release of the path, where the caller may see it.
fn named(state: &State, call: &Call) -> Result<Id, Refusal> {
    let release = state.release(call.repo()?, call.number("release_id")?)?;
    if release.draft && !sees_drafts(state, call)? {
        return Err(Refusal::not_found());
    }
    Ok(release.id)
}

fn list(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let releases = state.releases(repo.id, sees_drafts(state, call)?)?;
    Ok(call.page(releases, |release| state.release_json(repo, release)))
}

fn get(state: &mut State, call: &Call) -> Reply {
    let id = named(state, call)?;
    shown(state, call, Some(state.release(call.repo()?, id)?))
}

fn latest(state: &mut State, call: &Call) -> Reply {
    shown(state, call, state.latest_release(call.repo()?)?)
}

fn tagged(state: &mut State, call: &Call) -> Reply {
    let releases = state.releases(call.repo()?, false)?;
    let tag = call.param("tag");
    let found = releases.into_iter().find(|release| release.tag == tag);
    shown(state, call, found)
}

fn change(call: &Call) -> Result<ReleaseChange, Refusal> {
    let text = |key: &str| Ok::<_, Refusal>(call.text(key)?.map(str::to_owned));
    let latest = match call.text("make_latest")? {
        None => None,
        Some("true") => Some(MakeLatest::Yes),
        Some("false") => Some(MakeLatest::No),
        Some("legacy") => Some(MakeLatest::Legacy),
        Some(_) => return Err(Refusal::invalid("Release", "make_latest", "invalid")),
    };
    let change = ReleaseChange {
        tag: text("tag_name")?,
        target: text("target_commitish")?.filter(|target| !target.is_empty()),
        name: text("name")?,
        body: text("body")?,
        draft: call.flag("draft")?,
        prerelease: call.flag("prerelease")?,
        latest,
    };
    let hidden = change.draft == Some(true) || change.prerelease == Some(true);
    if hidden && latest == Some(MakeLatest::Yes) {
        return Err(Refusal::custom("Release", "Draft or prerelease cannot be marked as latest"));
    }
    Ok(change)
}

fn create(state: &mut State, call: &Call) -> Reply {
    call.require("tag_name")?;
    let mut change = change(call)?;
    let (actor, repo) = (call.actor()?, call.repo()?);
    if call.flag("generate_release_notes")? == Some(true) {
        let tag = change.tag.clone().unwrap_or_default();
        let notes = state.release_notes(repo, &tag, None)?;
        change.body = Some(match change.body {
            Some(body) => format!("{body}\n\n{notes}"),
            None => notes,
        });
        change.name = change.name.or(Some(tag));
    }
    let id = state.create_release(actor, repo, change)?;
    let mut answer = shown(state, call, Some(state.release(repo, id)?))?;
    answer.status = 201;
    let url = format!("{}/releases/{id}", state.repo_url(state.repo(repo)?));
    Ok(answer.header("location", url))
}

fn update(state: &mut State, call: &Call) -> Reply {
    let id = named(state, call)?;
    state.update_release(call.actor()?, call.repo()?, id, change(call)?)?;
    shown(state, call, Some(state.release(call.repo()?, id)?))
}

fn delete(state: &mut State, call: &Call) -> Reply {
    let id = named(state, call)?;
    state.delete_release(call.actor()?, call.repo()?, id)?;
    Ok(Answer::empty(204))
}

/// Nothing can be uploaded to the box.
fn assets(state: &mut State, call: &Call) -> Reply {
    named(state, call)?;
    Ok(Answer::ok(serde_json::json!([])))
}

fn notes(state: &mut State, call: &Call) -> Reply {
    let tag = call.require("tag_name")?;
    let body = state.release_notes(call.repo()?, tag, call.text("previous_tag_name")?)?;
    Ok(Answer::ok(serde_json::json!({"name": tag, "body": body})))
}

fn tags(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let git = state.git(repo.id)?;
    let mut tags: Vec<(String, git2::Oid)> = git
        .references("refs/tags/")?
        .into_iter()
        .filter_map(|(name, oid)| {
            let name = name.strip_prefix("refs/tags/")?.to_owned();
            Some((name, git.peel(oid)?))
        })
        .collect();
    tags.reverse();
    Ok(call.page(tags, |(name, commit)| state.tag_entry_json(repo, &name, commit)))
}
