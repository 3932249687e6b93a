//! Who may do what: people of the configuration against GitHub's roles and teams, as they are now.

use super::facts::{Facts, Gap};
use super::policy::{Principal, Role};
use crate::model::ids::RepoRef;
use crate::model::read::{Access, Account};

/// Whether somebody is one of these. A person who is named needs at least the right to set labels, so
/// that one who was taken off the repository decides nothing any more.
pub fn is_among(
    facts: &Facts,
    repo: &RepoRef,
    principals: &[Principal],
    who: &Account,
) -> Result<bool, Gap> {
    for principal in principals {
        let is = match principal {
            Principal::User(login) => {
                login.as_str().eq_ignore_ascii_case(who.login.as_str())
                    && *facts.access(repo, &who.login)? >= Access::Triage
            }
            Principal::Team { organisation, team } => {
                *facts.member(repo, organisation, team, &who.login)?
            }
            Principal::Role(role) => *facts.access(repo, &who.login)? >= access(*role),
        };
        if is {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The access that a role stands for.
pub fn access(role: Role) -> Access {
    match role {
        Role::Write => Access::Write,
        Role::Maintain => Access::Maintain,
        Role::Admin => Access::Admin,
    }
}
