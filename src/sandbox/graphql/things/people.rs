//! Accounts, organisations and teams.
//! It does not know their work.

use serde_json::Value;

use crate::sandbox::auth::Caller;
use crate::sandbox::graphql::connection::page;
use crate::sandbox::graphql::problem::Problem;
use crate::sandbox::graphql::thing::{At, Found, Out, Thing};
use crate::sandbox::graphql::values::Arguments;
use crate::sandbox::model::{Account, AccountKind, Level, Organization, Team};
use crate::sandbox::shape::node;

/// An App's bot is called by the App's slug here, and not with `[bot]` behind it as in REST.
pub(in crate::sandbox::graphql) fn account<'a>(
    at: At<'a>,
    account: &Account,
    name: &str,
) -> Out<'a> {
    let bot = account.kind == AccountKind::Bot;
    let login = account.login.trim_end_matches("[bot]");
    match name {
        "databaseId" => Out::leaf(account.id),
        "id" => Out::leaf(node(if bot { "Bot" } else { "User" }, account.id)),
        "login" => Out::leaf(login),
        "name" => Out::leaf(account.name.as_str()),
        "url" if bot => Out::leaf(format!("{}/apps/{login}", at.state.html())),
        "url" => Out::leaf(format!("{}/{login}", at.state.html())),
        _ => Out::Null,
    }
}

pub(in crate::sandbox::graphql) fn organization<'a>(
    at: At<'a>,
    org: &'a Organization,
    name: &str,
    given: &Arguments,
) -> Found<'a> {
    let account = at.state.account(org.account);
    Ok(match name {
        "databaseId" => Out::leaf(org.account),
        "id" => Out::leaf(node("Organization", org.account)),
        "login" => Out::leaf(account.login.as_str()),
        "name" => Out::leaf(account.name.as_str()),
        "url" => Out::leaf(format!("{}/{}", at.state.html(), account.login)),
        "team" => {
            let slug = given.get("slug").and_then(Value::as_str).unwrap_or_default();
            let team = org.teams.iter().find(|team| team.slug.eq_ignore_ascii_case(slug));
            let team = team.filter(|_| inside(at, org));
            if team.is_some() {
                reads_members(at)?;
            }
            Out::maybe(team.map(|team| Thing::Team(org, team)))
        }
        _ => Out::Null,
    })
}

/// Members of the organisation, and Apps that are installed on it.
fn inside(at: At<'_>, org: &Organization) -> bool {
    match at.caller {
        Caller::Person(person) => org.members.contains_key(person),
        Caller::Installation { token, .. } => {
            let installed = at.state.installations.get(&token.installation);
            installed.is_some_and(|installed| installed.account == org.account)
        }
        Caller::Nobody | Caller::App(_) => false,
    }
}

fn reads_members(at: At<'_>) -> Result<(), Problem> {
    match at.caller {
        Caller::Installation { token, .. }
            if token.permissions.get("members") < Some(&Level::Read) =>
        {
            Err(Problem::forbidden())
        }
        _ => Ok(()),
    }
}

pub(in crate::sandbox::graphql) fn team<'a>(
    at: At<'a>,
    org: &'a Organization,
    team: &'a Team,
    name: &str,
    given: &Arguments,
) -> Found<'a> {
    Ok(match name {
        "databaseId" => Out::leaf(team.id),
        "id" => Out::leaf(node("Team", team.id)),
        "slug" => Out::leaf(team.slug.as_str()),
        "name" => Out::leaf(team.name.as_str()),
        "combinedSlug" => Out::leaf(format!("{}/{}", at.state.login(org.account), team.slug)),
        "organization" => Out::Thing(Thing::Organization(org)),
        "parentTeam" => {
            let parent = org.teams.iter().find(|other| Some(other.id) == team.parent);
            Out::maybe(parent.map(|parent| Thing::Team(org, parent)))
        }
        "members" => return members(at, org, team, given),
        _ => Out::Null,
    })
}

/// Of the team and of those below it, as `membership` says; `query` looks into login and name.
fn members<'a>(at: At<'a>, org: &'a Organization, team: &'a Team, given: &Arguments) -> Found<'a> {
    let text = |name: &str| given.get(name).and_then(Value::as_str);
    let all = at.state.team_members(org, team.id);
    let own = |person: &u64| team.members.contains_key(person);
    let query = text("query").map(str::to_lowercase);
    let mut members: Vec<(&Account, bool)> = all
        .iter()
        .filter(|(person, _)| match text("membership") {
            Some("IMMEDIATE") => own(person),
            Some("CHILD_TEAM") => !own(person),
            _ => true,
        })
        .filter(|(_, maintainer)| match text("role") {
            Some("MAINTAINER") => **maintainer,
            Some("MEMBER") => !**maintainer,
            _ => true,
        })
        .filter_map(|(person, maintainer)| Some((at.state.accounts.get(person)?, *maintainer)))
        .filter(|(account, _)| {
            let has = |wanted: &String| {
                let (login, name) = (account.login.to_lowercase(), account.name.to_lowercase());
                login.contains(wanted) || name.contains(wanted)
            };
            query.as_ref().is_none_or(has)
        })
        .collect();
    members.sort_by_key(|(account, _)| account.login.to_lowercase());
    let members = members.into_iter();
    let members = members.map(|(account, maintainer)| Thing::Member(account, maintainer));
    page("TeamMember", members.collect(), given)
}
