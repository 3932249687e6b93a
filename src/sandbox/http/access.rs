//! Whether a caller may use a route, and how GitHub says no.
//! It does not know what the route does.
//! <https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps>

use std::collections::BTreeMap;

use http::Method;

use super::{Access, READ, Route};
use crate::sandbox::auth::Caller;
use crate::sandbox::model::{Id, Level, Permissions, Repo, Role};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::State;

type Needed = &'static [(&'static str, Level)];

/// The repository of a path, after redirects for those that were renamed.
/// <https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects>
pub(crate) fn repository(
    state: &State,
    method: &Method,
    path: &str,
    query: &str,
    params: &BTreeMap<&'static str, String>,
) -> Result<Option<Id>, Refusal> {
    if let Some(id) = params.get("repository_id") {
        let id = id.parse().map_err(|_not_a_number| Refusal::not_found())?;
        return Ok(Some(state.repo(id)?.id));
    }
    let (Some(owner), Some(name)) = (params.get("owner"), params.get("repo")) else {
        return Ok(None);
    };
    if let Some(repo) = state.repo_named(owner, name) {
        return Ok(Some(repo.id));
    }
    let moved = state.repo_formerly(owner, name).ok_or_else(Refusal::not_found)?;
    let mut below: String = path.splitn(5, '/').skip(4).map(|rest| format!("/{rest}")).collect();
    if !query.is_empty() {
        below = format!("{below}?{query}");
    }
    let (status, message) = if method == Method::GET {
        (301, "Moved Permanently")
    } else {
        (307, "Temporary Redirect")
    };
    Err(Refusal {
        location: Some(format!("{}/repositories/{}{below}", state.api(), moved.id)),
        ..Refusal::new(status, message)
    })
}

/// Nothing where the caller may; else what GitHub says.
pub(crate) fn check(
    state: &State,
    caller: &Caller,
    route: &Route,
    repo: Option<Id>,
) -> Result<(), Refusal> {
    match (&route.access, caller) {
        (Access::Open, _)
        | (Access::App, Caller::App(_))
        | (Access::Person | Access::Signed(_), Caller::Person(_)) => Ok(()),
        (Access::App, Caller::Nobody) => {
            Err(Refusal::new(401, "A JSON web token could not be decoded"))
        }
        (Access::App, _) => Err(Refusal::new(401, "A JSON web token could not be decoded")),
        (Access::Signed(needed), Caller::Installation { token, .. }) => {
            granted(&token.permissions, needed)
        }
        (Access::Person, Caller::Installation { .. }) => Err(Refusal::not_accessible()),
        (Access::Repo(role, needed), _) => {
            let repo = state.repo(repo.ok_or_else(Refusal::not_found)?)?;
            in_repository(state, caller, route, repo, *role, needed)
        }
        (_, Caller::App(_)) => Err(Refusal::new(
            401,
            "This endpoint requires an installation access token or a user's token, not an App's JSON web token",
        )),
        (_, Caller::Nobody) => Err(Refusal::new(401, "Requires authentication")),
    }
}

fn in_repository(
    state: &State,
    caller: &Caller,
    route: &Route,
    repo: &Repo,
    least: Role,
    needed: Needed,
) -> Result<(), Refusal> {
    let reads = route.method == Method::GET;
    // An archived repository can still be deleted and taken out of the archive.
    let itself = route.pattern == "/repos/{owner}/{repo}";
    match caller {
        _ if repo.archived && !reads && !itself => {
            Err(Refusal::new(403, "Repository was archived so is read-only."))
        }
        Caller::Nobody if repo.private => Err(Refusal::not_found()),
        Caller::Nobody if reads && least == Role::Read => Ok(()),
        Caller::Nobody => Err(Refusal::new(401, "Requires authentication")),
        Caller::App(_) => Err(Refusal::new(
            401,
            "This endpoint requires an installation access token or a user's token, not an App's JSON web token",
        )),
        Caller::Person(person) => {
            let role = state.role(*person, repo.id);
            if role == Role::None {
                Err(Refusal::not_found())
            } else if role >= least {
                Ok(())
            } else if least == Role::Admin {
                Err(Refusal::new(403, "Must have admin rights to Repository."))
            } else {
                Err(Refusal::new(403, "Must have push access to repository"))
            }
        }
        Caller::Installation { token, .. } => {
            if state.token_reaches(token, repo) {
                granted(&token.permissions, needed)
            } else if repo.private {
                Err(Refusal::not_found())
            } else if reads && needed.iter().all(|(_, level)| *level == READ) {
                Ok(())
            } else {
                Err(Refusal::not_accessible())
            }
        }
    }
}

fn granted(permissions: &Permissions, needed: Needed) -> Result<(), Refusal> {
    let enough =
        |(name, level): &(&str, Level)| permissions.get(*name).is_some_and(|have| have >= level);
    if needed.is_empty() || needed.iter().any(enough) {
        Ok(())
    } else {
        Err(Refusal::not_accessible())
    }
}

/// The X-Accepted-GitHub-Permissions header: alternatives are parted by semicolons.
pub(crate) fn accepted(route: &Route) -> Option<String> {
    let (Access::Repo(_, needed) | Access::Signed(needed)) = &route.access else {
        return None;
    };
    let words = needed.iter().map(|(name, level)| format!("{name}={}", level.word()));
    Some(words.collect::<Vec<_>>().join("; ")).filter(|header| !header.is_empty())
}
