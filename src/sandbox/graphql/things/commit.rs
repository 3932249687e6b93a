//! Commits, who made them, and what is said about them.
//! It does not know the checks themselves.

use crate::sandbox::git::{Commit, Person};
use crate::sandbox::graphql::connection::page;
use crate::sandbox::graphql::thing::{At, Found, Out, Thing};
use crate::sandbox::graphql::things::{check, deployment, git};
use crate::sandbox::graphql::values::Arguments;
use crate::sandbox::model::Repo;
use crate::sandbox::shape::time;

pub(in crate::sandbox::graphql) fn commit<'a>(
    at: At<'a>,
    repo: &'a Repo,
    commit: &Commit,
    name: &str,
    given: &Arguments,
) -> Found<'a> {
    let sha = commit.sha.to_string();
    let verified = repo.verified.contains(&sha);
    Ok(match name {
        "message" => Out::leaf(commit.message.as_str()),
        "committedDate" => Out::leaf(time(commit.committer.at)),
        "tree" => Out::Thing(Thing::Tree(repo, commit.tree)),
        "author" => Out::Thing(Thing::Actor(commit.author.clone())),
        "committer" => Out::Thing(Thing::Actor(commit.committer.clone())),
        "signature" if verified => Out::Thing(Thing::Signature(repo, Box::new(commit.clone()))),
        "parents" => {
            let store = at.state.git(repo.id)?;
            let parents = commit.parents.iter().filter_map(|parent| store.commit(*parent));
            let parents = parents.map(|parent| Thing::Commit(repo, Box::new(parent)));
            return page("Commit", parents.collect(), given);
        }
        "associatedPullRequests" => {
            at.needs(repo, &["pull_requests"])?;
            let pulls = at.state.pulls_with(repo.id, commit.sha)?.into_iter();
            let mut pulls: Vec<_> =
                pulls.map(|(issue, pull)| Thing::Pull(repo, issue, pull)).collect();
            if given.get("orderBy").is_none_or(|order| order["direction"] != "DESC") {
                pulls.reverse();
            }
            return page("PullRequest", pulls, given);
        }
        "checkSuites" => return check::suites_of(at, repo, &sha, given),
        "deployments" => return deployment::deployments(at, repo, &sha, given),
        "status" => return check::status_of(at, repo, &sha),
        "statusCheckRollup" => return check::rollup_of(at, repo, &sha),
        _ => git::every_commit(at, repo, commit.sha, name),
    })
}

/// GitHub names people here and no Apps' bots: the field's type is `User`.
pub(in crate::sandbox::graphql) fn actor<'a>(at: At<'a>, person: &Person, name: &str) -> Out<'a> {
    match name {
        "name" => Out::leaf(person.name.as_str()),
        "email" => Out::leaf(person.email.as_str()),
        "date" => Out::leaf(time(person.at)),
        "user" => {
            let account = at.state.account_by_email(&person.email);
            account.map_or(Out::Null, |account| at.user(account.id))
        }
        _ => Out::Null,
    }
}

pub(in crate::sandbox::graphql) fn signature<'a>(
    at: At<'a>,
    repo: &Repo,
    commit: &Commit,
    name: &str,
) -> Out<'a> {
    let shown = at.state.commit_json(repo, commit);
    let verification = &shown["commit"]["verification"];
    match name {
        "email" => Out::leaf(commit.committer.email.as_str()),
        "isValid" | "wasSignedByGitHub" => Out::leaf(verification["verified"].clone()),
        "payload" | "signature" => Out::leaf(verification[name].clone()),
        "state" => Out::leaf("VALID"),
        _ => Out::Null,
    }
}
