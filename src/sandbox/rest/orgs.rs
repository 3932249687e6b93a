//! Organisations and their members.
//! <https://docs.github.com/en/rest/orgs/orgs>, <https://docs.github.com/en/rest/orgs/members>

use crate::sandbox::auth::Caller;
use crate::sandbox::http::{Access, Answer, Call, READ, Reply, Route, WRITE};
use crate::sandbox::model::{AccountKind, Id, Level, OrgRole, Organization};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::State;

pub(super) const READS: Access = Access::Signed(&[("members", READ)]);
pub(super) const WRITES: Access = Access::Signed(MANAGE);
const MANAGE: &[(&str, Level)] = &[("members", WRITE)];

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/orgs/{org}", get).access(Access::Open),
        Route::get("/orgs/{org}/members", members).access(READS),
        Route::get("/orgs/{org}/members/{username}", check).access(READS),
        Route::delete("/orgs/{org}/members/{username}", remove).access(WRITES),
        Route::get("/orgs/{org}/memberships/{username}", membership).access(READS),
        Route::put("/orgs/{org}/memberships/{username}", set).access(WRITES),
        Route::delete("/orgs/{org}/memberships/{username}", remove).access(WRITES),
    ]
}

/// The organisation of the path.
pub(super) fn org<'a>(state: &'a State, call: &Call) -> Result<&'a Organization, Refusal> {
    state
        .account_named(call.param("org"))
        .and_then(|account| state.orgs.get(&account.id))
        .ok_or_else(Refusal::not_found)
}

/// The person of the path.
pub(super) fn person(state: &State, call: &Call) -> Result<Id, Refusal> {
    state
        .account_named(call.param("username"))
        .filter(|account| account.kind == AccountKind::User)
        .map(|account| account.id)
        .ok_or_else(Refusal::not_found)
}

/// Whether the caller sees inside: a member, or an App that is installed there.
pub(super) fn inside(state: &State, call: &Call, org: &Organization) -> bool {
    match &call.caller {
        Caller::Person(person) => org.members.contains_key(person),
        Caller::Installation { token, .. } => state
            .installations
            .get(&token.installation)
            .is_some_and(|installed| installed.account == org.account),
        Caller::Nobody | Caller::App(_) => false,
    }
}

/// The organisation of the path, where the caller may manage it. The access of the route has said
/// so of Apps.
pub(super) fn managed<'a>(state: &'a State, call: &Call) -> Result<&'a Organization, Refusal> {
    let org = org(state, call)?;
    if !inside(state, call, org) {
        return Err(Refusal::not_found());
    }
    match &call.caller {
        Caller::Person(person) if org.members.get(person) != Some(&OrgRole::Admin) => {
            Err(Refusal::new(403, "You must be an admin of the organization to do this."))
        }
        _ => Ok(org),
    }
}

fn get(state: &mut State, call: &Call) -> Reply {
    let id = org(state, call)?.account;
    Ok(Answer::ok(state.organization_whole_json(id)))
}

/// Membership is public in nobody's case: strangers see an empty list.
fn members(state: &mut State, call: &Call) -> Reply {
    let org = org(state, call)?;
    let seen = inside(state, call, org);
    let members = org.members.iter().filter(|(_, role)| {
        seen && match call.query("role") {
            Some("admin") => **role == OrgRole::Admin,
            Some("member") => **role == OrgRole::Member,
            _ => true,
        }
    });
    let members: Vec<Id> = members.map(|(person, _)| *person).collect();
    Ok(call.page(members, |person| state.account_json(person)))
}

fn check(state: &mut State, call: &Call) -> Reply {
    let org = org(state, call)?;
    let person = person(state, call)?;
    if inside(state, call, org) && org.members.contains_key(&person) {
        Ok(Answer::empty(204))
    } else {
        Err(Refusal::not_found())
    }
}

fn membership(state: &mut State, call: &Call) -> Reply {
    let org = org(state, call)?;
    if !inside(state, call, org) {
        return Err(Refusal::new(
            403,
            "You must be a member of the organization to see membership.",
        ));
    }
    let person = person(state, call)?;
    let role = org.members.get(&person).ok_or_else(Refusal::not_found)?;
    Ok(Answer::ok(state.org_membership_json(org.account, person, *role)))
}

fn set(state: &mut State, call: &Call) -> Reply {
    let org = managed(state, call)?.account;
    let person = person(state, call)?;
    let role = match call.text("role")? {
        None | Some("member") => OrgRole::Member,
        Some("admin") => OrgRole::Admin,
        Some(_) => {
            return Err(Refusal::invalid("OrganizationMembership", "role", "invalid"));
        }
    };
    state.join_org(call.actor()?, org, person, role)?;
    Ok(Answer::ok(state.org_membership_json(org, person, role)))
}

fn remove(state: &mut State, call: &Call) -> Reply {
    let org = managed(state, call)?.account;
    let person = person(state, call)?;
    state.leave_org(call.actor()?, org, person)?;
    Ok(Answer::empty(204))
}
