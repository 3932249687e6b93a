//! A repository.
//! It does not know what is in it.

use serde_json::Value;

use crate::sandbox::auth::Caller;
use crate::sandbox::graphql::connection::page;
use crate::sandbox::graphql::problem::Problem;
use crate::sandbox::graphql::thing::{At, Found, Out, Thing};
use crate::sandbox::graphql::things::{git, pull};
use crate::sandbox::graphql::values::Arguments;
use crate::sandbox::model::{Account, Issue, Level, Pull, Release, Repo, Role};
use crate::sandbox::shape::node;

const CONTENTS: [&str; 1] = ["contents"];
const PULLS: [&str; 1] = ["pull_requests"];

pub(in crate::sandbox::graphql) fn repository<'a>(
    at: At<'a>,
    repo: &'a Repo,
    name: &str,
    given: &Arguments,
) -> Found<'a> {
    let text = |name: &str| given.get(name).and_then(Value::as_str);
    Ok(match name {
        "databaseId" => Out::leaf(repo.id),
        "id" => Out::leaf(node("Repository", repo.id)),
        "name" => Out::leaf(repo.name.as_str()),
        "nameWithOwner" => Out::leaf(at.state.full_name(repo)),
        "isArchived" => Out::leaf(repo.archived),
        "isPrivate" => Out::leaf(repo.private),
        "isFork" => Out::leaf(repo.parent.is_some()),
        "isEmpty" => Out::leaf(at.state.git(repo.id)?.references("refs/")?.is_empty()),
        "visibility" => Out::leaf(if repo.private { "PRIVATE" } else { "PUBLIC" }),
        "url" => Out::leaf(at.state.repo_html(repo)),
        "owner" => match at.state.orgs.get(&repo.owner) {
            Some(org) => Out::Thing(Thing::Organization(org)),
            None => at.account(repo.owner),
        },
        "defaultBranchRef" => {
            at.needs(repo, &CONTENTS)?;
            git::found(at, repo, &format!("refs/heads/{}", repo.default_branch))?
        }
        "ref" => {
            at.needs(repo, &CONTENTS)?;
            git::named(at, repo, text("qualifiedName").unwrap_or_default())?
        }
        "object" => {
            at.needs(repo, &CONTENTS)?;
            git::object(at, repo, text("oid"), text("expression"))?
        }
        "pullRequest" => {
            at.needs(repo, &PULLS)?;
            let number = given.get("number").and_then(Value::as_u64).unwrap_or_default();
            let missing = |_| Problem::not_found("PullRequest", "number", &number.to_string());
            let (issue, pull) = at.state.pull(repo.id, number).map_err(missing)?;
            Out::Thing(Thing::Pull(repo, issue, pull))
        }
        "pullRequests" => {
            at.needs(repo, &PULLS)?;
            return pulls(repo, given);
        }
        "release" => {
            at.needs(repo, &CONTENTS)?;
            let tag = text("tagName").unwrap_or_default();
            let mut releases = at.state.releases(repo.id, false)?.into_iter();
            let found = releases.find(|release| release.tag == tag);
            Out::maybe(found.map(|release| Thing::Release(repo, release)))
        }
        "releases" => {
            at.needs(repo, &CONTENTS)?;
            return releases(at, repo, given);
        }
        "collaborators" => return collaborators(at, repo, given),
        _ => Out::Null,
    })
}

fn pulls<'a>(repo: &'a Repo, given: &Arguments) -> Found<'a> {
    let text = |name: &str| given.get(name).and_then(Value::as_str);
    let states = given.get("states").and_then(Value::as_array);
    let wanted = |issue: &Issue, one: &Pull| {
        states.is_none_or(|states| states.contains(&pull::state(issue, one).into()))
            && text("headRefName").is_none_or(|branch| one.head.branch == branch)
            && text("baseRefName").is_none_or(|branch| one.base.branch == branch)
    };
    let mut found: Vec<(&Issue, &Pull)> = repo
        .issues
        .values()
        .filter_map(|issue| Some((issue, issue.pull.as_ref()?)))
        .filter(|(issue, one)| wanted(issue, one))
        .collect();
    let order = given.get("orderBy");
    let field = order.and_then(|order| order["field"].as_str()).unwrap_or("CREATED_AT");
    match field {
        "UPDATED_AT" => found.sort_by_key(|(issue, _)| (issue.updated_at, issue.number)),
        "COMMENTS" => found.sort_by_key(|(issue, _)| (issue.comments.len(), issue.number)),
        _ => found.sort_by_key(|(issue, _)| (issue.created_at, issue.number)),
    }
    if order.is_some_and(|order| order["direction"] == "DESC") {
        found.reverse();
    }
    let found = found.into_iter().map(|(issue, one)| Thing::Pull(repo, issue, one));
    page("PullRequest", found.collect(), given)
}

/// Drafts are seen by those who may push.
fn releases<'a>(at: At<'a>, repo: &'a Repo, given: &Arguments) -> Found<'a> {
    let drafts = match at.caller {
        Caller::Person(person) => at.state.role(*person, repo.id) >= Role::Write,
        Caller::Installation { token, .. } => {
            at.state.token_reaches(token, repo)
                && token.permissions.get("contents") >= Some(&Level::Write)
        }
        Caller::Nobody | Caller::App(_) => false,
    };
    let mut found: Vec<&Release> = at.state.releases(repo.id, drafts)?;
    if let Some(order) = given.get("orderBy") {
        match order["field"].as_str() {
            Some("NAME") => found.sort_by(|one, other| one.tag.cmp(&other.tag)),
            _ => found.sort_by_key(|release| (release.created_at, release.id)),
        }
        if order["direction"] == "DESC" {
            found.reverse();
        }
    }
    let found = found.into_iter().map(|release| Thing::Release(repo, release));
    page("Release", found.collect(), given)
}

/// `query` looks into login and name; `login` is one person's.
fn collaborators<'a>(at: At<'a>, repo: &'a Repo, given: &Arguments) -> Found<'a> {
    if let Caller::Person(person) = at.caller
        && at.state.role(*person, repo.id) < Role::Write
    {
        return Err(Problem::new(
            "FORBIDDEN",
            "Must have push access to view repository collaborators.",
        ));
    }
    let text = |name: &str| given.get(name).and_then(Value::as_str);
    let query = text("query").map(str::to_lowercase);
    let has = |account: &Account| {
        let (login, name) = (account.login.to_lowercase(), account.name.to_lowercase());
        text("login").is_none_or(|wanted| wanted.eq_ignore_ascii_case(&account.login))
            && query.as_ref().is_none_or(|wanted| login.contains(wanted) || name.contains(wanted))
    };
    let found = at.state.collaborators(repo).into_iter();
    let found = found
        .filter_map(|(person, role)| Some((at.state.accounts.get(&person)?, role)))
        .filter(|(account, _)| has(account))
        .map(|(account, role)| Thing::Collaborator(account, role));
    page("RepositoryCollaborator", found.collect(), given)
}
