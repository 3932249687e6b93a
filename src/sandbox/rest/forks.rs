//! Forks.
//! <https://docs.github.com/en/rest/repos/forks>

use crate::sandbox::http::{Answer, Call, READ, Reply, Route, WRITE};
use crate::sandbox::model::{Level, Repo, Role};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::State;

const READS: &[(&str, Level)] = &[("metadata", READ)];
const WRITES: &[(&str, Level)] = &[("administration", WRITE)];

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/repos/{owner}/{repo}/forks", list).needs(READS),
        Route::post("/repos/{owner}/{repo}/forks", create).role(Role::Read).needs(WRITES),
    ]
}

fn list(state: &mut State, call: &Call) -> Reply {
    let parent = call.repo()?;
    let person = call.caller.actor().map(|actor| actor.account);
    let mut forks: Vec<&Repo> = state
        .visible_repos(person)
        .into_iter()
        .filter(|repo| repo.parent == Some(parent))
        .collect();
    if call.query("sort") != Some("oldest") {
        forks.reverse();
    }
    Ok(call.page(forks, |repo| state.repository_for(repo, &call.caller)))
}

/// GitHub forks in the background; the box is done when it answers.
fn create(state: &mut State, call: &Call) -> Reply {
    let actor = call.actor()?;
    let owner = match call.text("organization")? {
        None => actor.account,
        Some(login) => {
            let account = state.account_named(login).ok_or_else(Refusal::not_found)?;
            let org = state.orgs.get(&account.id).ok_or_else(Refusal::not_found)?;
            if !org.members.contains_key(&actor.account) {
                return Err(Refusal::new(
                    403,
                    "You must be a member of the organization to fork into it.",
                ));
            }
            account.id
        }
    };
    let only = call.flag("default_branch_only")? == Some(true);
    let fork = state.fork(actor, call.repo()?, owner, call.text("name")?, only)?;
    let shown = state.full_repository(state.repo(fork)?, &call.caller);
    Ok(Answer::json(202, shown))
}
