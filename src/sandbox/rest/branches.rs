//! Branches and their protection.
//! <https://docs.github.com/en/rest/branches/branches>, <https://docs.github.com/en/rest/branches/branch-protection>

use std::collections::BTreeSet;

use git2::Oid;
use serde_json::{Value, json};

use crate::sandbox::http::{Answer, Call, READ, Reply, Route, WRITE, texts};
use crate::sandbox::model::repo::Restrictions;
use crate::sandbox::model::{
    Level, Protection, RequiredCheck, RequiredChecks, RequiredReviews, Role,
};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::State;

const CONTENTS: &[(&str, Level)] = &[("contents", READ)];
const SEE: &[(&str, Level)] = &[("administration", READ)];
const ADMINISTER: &[(&str, Level)] = &[("administration", WRITE)];

pub(super) fn routes() -> Vec<Route> {
    const PROTECTION: &str = "/repos/{owner}/{repo}/branches/{branch+}/protection";
    const ADMINS: &str = "/repos/{owner}/{repo}/branches/{branch+}/protection/enforce_admins";
    vec![
        Route::get("/repos/{owner}/{repo}/branches", list).needs(CONTENTS),
        Route::get("/repos/{owner}/{repo}/branches/{branch+}", get).needs(CONTENTS),
        Route::get(PROTECTION, protection).needs(SEE).role(Role::Admin),
        Route::put(PROTECTION, protect).needs(ADMINISTER).role(Role::Admin),
        Route::delete(PROTECTION, unprotect).needs(ADMINISTER).role(Role::Admin),
        Route::get(ADMINS, enforced).needs(SEE).role(Role::Admin),
        Route::post(ADMINS, enforce).needs(ADMINISTER).role(Role::Admin),
        Route::delete(ADMINS, exempt).needs(ADMINISTER).role(Role::Admin),
    ]
}

fn list(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let mut branches = state.git(repo.id)?.references("refs/heads/")?;
    if let Some(wanted) = call.query("protected") {
        let wanted = wanted == "true";
        branches.retain(|(name, _)| repo.protections.contains_key(short(name)) == wanted);
    }
    Ok(call.page(branches, |(name, tip)| state.branch_json(repo, short(&name), tip)))
}

fn short(name: &str) -> &str {
    name.strip_prefix("refs/heads/").unwrap_or(name)
}

fn tip(state: &State, call: &Call) -> Result<Oid, Refusal> {
    state
        .git(call.repo()?)?
        .branch(call.param("branch"))
        .ok_or_else(|| Refusal::new(404, "Branch not found"))
}

fn get(state: &mut State, call: &Call) -> Reply {
    let (tip, name) = (tip(state, call)?, call.param("branch"));
    let repo = state.repo(call.repo()?)?;
    let commit = state.git(repo.id)?.commit(tip).ok_or_else(Refusal::not_found)?;
    let mut shown = state.branch_json(repo, name, tip);
    shown["commit"] = state.commit_json(repo, &commit);
    shown["_links"] = json!({
        "self": format!("{}/branches/{name}", state.repo_url(repo)),
        "html": format!("{}/tree/{name}", state.repo_html(repo)),
    });
    Ok(Answer::ok(shown))
}

fn protected<'a>(state: &'a mut State, call: &Call) -> Result<&'a mut Protection, Refusal> {
    tip(state, call)?;
    let protections = &mut state.repo_mut(call.repo()?)?.protections;
    protections
        .get_mut(call.param("branch"))
        .ok_or_else(|| Refusal::new(404, "Branch not protected"))
}

fn protection(state: &mut State, call: &Call) -> Reply {
    let protection = protected(state, call)?.clone();
    let repo = state.repo(call.repo()?)?;
    Ok(Answer::ok(state.protection_json(repo, call.param("branch"), &protection)))
}

fn protect(state: &mut State, call: &Call) -> Reply {
    tip(state, call)?;
    let id = call.repo()?;
    for key in [
        "required_status_checks",
        "enforce_admins",
        "required_pull_request_reviews",
        "restrictions",
    ] {
        if !call.has(key) {
            return Err(Refusal::missing(key));
        }
    }
    let flag = |key: &str| Ok::<bool, Refusal>(call.flag(key)?.unwrap_or(false));
    let protection = Protection {
        checks: checks(&call.body["required_status_checks"])?,
        reviews: reviews(&call.body["required_pull_request_reviews"])?,
        restrictions: restrictions(state, call)?,
        enforce_admins: flag("enforce_admins")?,
        linear_history: flag("required_linear_history")?,
        force_pushes: flag("allow_force_pushes")?,
        deletions: flag("allow_deletions")?,
        block_creations: flag("block_creations")?,
        conversation_resolution: flag("required_conversation_resolution")?,
        lock_branch: flag("lock_branch")?,
        fork_syncing: flag("allow_fork_syncing")?,
    };
    let branch = call.param("branch");
    let shown = state.protection_json(state.repo(id)?, branch, &protection);
    state.repo_mut(id)?.protections.insert(branch.to_owned(), protection);
    Ok(Answer::ok(shown))
}

fn checks(wanted: &Value) -> Result<Option<RequiredChecks>, Refusal> {
    if wanted.is_null() {
        return Ok(None);
    }
    let mut checks: Vec<RequiredCheck> = Vec::new();
    for check in wanted["checks"].as_array().into_iter().flatten() {
        let context = check["context"].as_str().ok_or_else(|| Refusal::missing("context"))?;
        checks.push(RequiredCheck { context: context.to_owned(), app: check["app_id"].as_u64() });
    }
    for context in texts(&wanted["contexts"]).into_iter().flatten() {
        if !checks.iter().any(|check| check.context == context) {
            checks.push(RequiredCheck { context, app: None });
        }
    }
    Ok(Some(RequiredChecks {
        strict: wanted["strict"].as_bool().ok_or_else(|| Refusal::missing("strict"))?,
        checks,
    }))
}

fn reviews(wanted: &Value) -> Result<Option<RequiredReviews>, Refusal> {
    if wanted.is_null() {
        return Ok(None);
    }
    let flag = |key: &str| wanted[key].as_bool().unwrap_or(false);
    let count = wanted["required_approving_review_count"].as_u64().unwrap_or(1);
    if count > 6 {
        return Err(Refusal::unprocessable(
            "required_approving_review_count must be between 0 and 6",
        ));
    }
    Ok(Some(RequiredReviews {
        count,
        dismiss_stale: flag("dismiss_stale_reviews"),
        code_owners: flag("require_code_owner_reviews"),
        last_push: flag("require_last_push_approval"),
    }))
}

fn restrictions(state: &State, call: &Call) -> Result<Option<Restrictions>, Refusal> {
    let wanted = &call.body["restrictions"];
    if wanted.is_null() {
        return Ok(None);
    }
    let repo = state.repo(call.repo()?)?;
    let owner = state.login(repo.owner);
    let names = |key: &str| texts(&wanted[key]).unwrap_or_default();
    let users = names("users").into_iter();
    let teams = names("teams").into_iter();
    let apps: BTreeSet<String> = names("apps").into_iter().collect();
    Ok(Some(Restrictions {
        users: users.filter_map(|login| Some(state.account_named(&login)?.id)).collect(),
        teams: teams.filter_map(|slug| Some(state.team_named(owner, &slug)?.1.id)).collect(),
        apps: state
            .apps
            .values()
            .filter(|app| apps.contains(&app.slug))
            .map(|app| app.id)
            .collect(),
    }))
}

fn unprotect(state: &mut State, call: &Call) -> Reply {
    protected(state, call)?;
    state.repo_mut(call.repo()?)?.protections.remove(call.param("branch"));
    Ok(Answer::empty(204))
}

fn admins(state: &mut State, call: &Call, enforce: Option<bool>) -> Result<Value, Refusal> {
    let protection = protected(state, call)?;
    protection.enforce_admins = enforce.unwrap_or(protection.enforce_admins);
    let protection = protection.clone();
    let repo = state.repo(call.repo()?)?;
    let mut shown = state.protection_json(repo, call.param("branch"), &protection);
    Ok(shown["enforce_admins"].take())
}

fn enforced(state: &mut State, call: &Call) -> Reply {
    Ok(Answer::ok(admins(state, call, None)?))
}

fn enforce(state: &mut State, call: &Call) -> Reply {
    Ok(Answer::ok(admins(state, call, Some(true))?))
}

fn exempt(state: &mut State, call: &Call) -> Reply {
    admins(state, call, Some(false))?;
    Ok(Answer::empty(204))
}
