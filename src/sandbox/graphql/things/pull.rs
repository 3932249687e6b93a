//! Pull requests and their talk.
//! It does not know their commits' checks.

use serde_json::Value;

use crate::sandbox::git::Commit;
use crate::sandbox::graphql::connection::page;
use crate::sandbox::graphql::thing::{At, Found, Out, Thing};
use crate::sandbox::graphql::things::git;
use crate::sandbox::graphql::values::Arguments;
use crate::sandbox::model::issue::ReviewState;
use crate::sandbox::model::{Comment, Issue, Label, Pull, Repo, Review};
use crate::sandbox::shape::{node, node_id, time, time_or_null};

/// GitHub's word for how it stands.
pub(in crate::sandbox::graphql) fn state(issue: &Issue, pull: &Pull) -> &'static str {
    match (issue.open, pull.merged_at) {
        (true, _) => "OPEN",
        (false, Some(_)) => "MERGED",
        (false, None) => "CLOSED",
    }
}

pub(in crate::sandbox::graphql) fn pull<'a>(
    at: At<'a>,
    repo: &'a Repo,
    (issue, pull): (&'a Issue, &'a Pull),
    name: &str,
    given: &Arguments,
) -> Found<'a> {
    let other = |id: Option<u64>| {
        let repo = id.and_then(|id| at.state.repos.get(&id)).filter(|repo| at.sees(repo));
        Out::maybe(repo.map(Thing::Repository))
    };
    Ok(match name {
        "id" => Out::leaf(node("PullRequest", pull.id)),
        "fullDatabaseId" => Out::leaf(pull.id.to_string()),
        "number" => Out::leaf(issue.number),
        "title" => Out::leaf(issue.title.as_str()),
        "body" => Out::leaf(issue.body.as_deref().unwrap_or_default()),
        "state" => Out::leaf(state(issue, pull)),
        "closed" => Out::leaf(!issue.open),
        "merged" => Out::leaf(pull.merged_at.is_some()),
        "isDraft" => Out::leaf(pull.draft),
        "isCrossRepository" => Out::leaf(pull.head.repo != Some(repo.id)),
        "author" => at.account(issue.author),
        "mergedBy" => pull.merged_by.map_or(Out::Null, |person| at.account(person)),
        "createdAt" => Out::leaf(time(issue.created_at)),
        "updatedAt" => Out::leaf(time(issue.updated_at)),
        "mergedAt" => Out::leaf(time_or_null(pull.merged_at)),
        "url" => Out::leaf(format!("{}/pull/{}", at.state.repo_html(repo), issue.number)),
        "headRefName" => Out::leaf(pull.head.branch.as_str()),
        "headRefOid" => Out::leaf(pull.head.sha.as_str()),
        "headRepository" => other(pull.head.repo),
        "baseRefName" => Out::leaf(pull.base.branch.as_str()),
        "baseRefOid" => Out::leaf(pull.base.sha.as_str()),
        "baseRepository" => other(pull.base.repo),
        "repository" => Out::Thing(Thing::Repository(repo)),
        "mergeCommit" => {
            let sha = pull.merge_commit.as_ref().filter(|_| pull.merged_at.is_some());
            return sha.map_or(Ok(Out::Null), |sha| git::commit(at, repo, sha));
        }
        "labels" => {
            let has = |label: &&Label| issue.labels.contains(&label.id);
            let labels = repo.labels.iter().filter(has).map(|label| Thing::Label(repo, label));
            return page("Label", labels.collect(), given);
        }
        "comments" => {
            at.needs(repo, &["issues", "pull_requests"])?;
            let comments = issue.comments.iter();
            let comments = comments.map(|comment| Thing::Comment(repo, issue, comment));
            return page("IssueComment", comments.collect(), given);
        }
        "commits" => {
            let commits = at.state.pull_commits(repo.id, issue.number)?.into_iter();
            let commits =
                commits.map(|commit| Thing::PullCommit(repo, issue, pull, Box::new(commit)));
            return page("PullRequestCommit", commits.collect(), given);
        }
        "reviews" => return reviews(at, repo, (issue, pull), given),
        "latestReviews" => return latest(at, repo, (issue, pull), given),
        _ => Out::Null,
    })
}

/// A review that is only begun is seen by its author alone.
fn seen(at: At<'_>, review: &Review) -> bool {
    let caller = at.caller.actor().map(|actor| actor.account);
    review.state != ReviewState::Pending || caller == Some(review.author)
}

fn reviews<'a>(
    at: At<'a>,
    repo: &'a Repo,
    (issue, pull): (&'a Issue, &'a Pull),
    given: &Arguments,
) -> Found<'a> {
    let states = given.get("states").and_then(Value::as_array);
    let author = given.get("author").and_then(Value::as_str);
    let reviews = pull.reviews.iter().filter(|review| seen(at, review));
    let reviews = reviews
        .filter(|review| {
            let state = serde_json::to_value(review.state).unwrap_or_default();
            states.is_none_or(|states| states.contains(&state))
        })
        .filter(|review| {
            let login = at.state.login(review.author);
            author.is_none_or(|author| author.eq_ignore_ascii_case(login))
        })
        .map(|review| Thing::Review(repo, issue, pull, review));
    page("PullRequestReview", reviews.collect(), given)
}

/// The newest review of everybody.
fn latest<'a>(
    at: At<'a>,
    repo: &'a Repo,
    (issue, pull): (&'a Issue, &'a Pull),
    given: &Arguments,
) -> Found<'a> {
    let newest: std::collections::BTreeMap<u64, &Review> = pull
        .reviews
        .iter()
        .filter(|review| seen(at, review))
        .map(|review| (review.author, review))
        .collect();
    let reviews = newest.into_values().map(|review| Thing::Review(repo, issue, pull, review));
    page("PullRequestReview", reviews.collect(), given)
}

pub(in crate::sandbox::graphql) fn review<'a>(
    at: At<'a>,
    repo: &'a Repo,
    (issue, pull): (&'a Issue, &'a Pull),
    review: &Review,
    name: &str,
) -> Found<'a> {
    let submitted = review.submitted_at.unwrap_or(issue.created_at);
    Ok(match name {
        "id" => Out::leaf(node("PullRequestReview", review.id)),
        "fullDatabaseId" => Out::leaf(review.id.to_string()),
        "author" => at.account(review.author),
        "body" => Out::leaf(review.body.as_str()),
        "state" => Out::leaf(serde_json::to_value(review.state).unwrap_or_default()),
        "submittedAt" => Out::leaf(time_or_null(review.submitted_at)),
        "createdAt" => Out::leaf(time(submitted)),
        "commit" => return git::commit(at, repo, &review.commit),
        "pullRequest" => Out::Thing(Thing::Pull(repo, issue, pull)),
        "url" => Out::leaf(format!(
            "{}/pull/{}#pullrequestreview-{}",
            at.state.repo_html(repo),
            issue.number,
            review.id
        )),
        _ => Out::Null,
    })
}

pub(in crate::sandbox::graphql) fn comment<'a>(
    at: At<'a>,
    repo: &Repo,
    issue: &Issue,
    comment: &Comment,
    name: &str,
) -> Out<'a> {
    match name {
        "id" => Out::leaf(node("IssueComment", comment.id)),
        "databaseId" => Out::leaf(comment.id),
        "fullDatabaseId" => Out::leaf(comment.id.to_string()),
        "author" => at.account(comment.author),
        "body" => Out::leaf(comment.body.as_str()),
        "createdAt" => Out::leaf(time(comment.created_at)),
        "updatedAt" => Out::leaf(time(comment.updated_at)),
        "url" => {
            let (html, number) = (at.state.repo_html(repo), issue.number);
            Out::leaf(format!("{html}/pull/{number}#issuecomment-{}", comment.id))
        }
        _ => Out::Null,
    }
}

pub(in crate::sandbox::graphql) fn commit<'a>(
    at: At<'a>,
    repo: &'a Repo,
    (issue, pull): (&'a Issue, &'a Pull),
    commit: &Commit,
    name: &str,
) -> Out<'a> {
    let page = || format!("{}/pull/{}", at.state.repo_html(repo), issue.number);
    match name {
        "id" => Out::leaf(node_id("PullRequestCommit", format!("{}:{}", pull.id, commit.sha))),
        "commit" => Out::Thing(Thing::Commit(repo, Box::new(commit.clone()))),
        "pullRequest" => Out::Thing(Thing::Pull(repo, issue, pull)),
        "url" => Out::leaf(format!("{}/commits/{}", page(), commit.sha)),
        _ => Out::Null,
    }
}

pub(in crate::sandbox::graphql) fn label<'a>(
    at: At<'a>,
    repo: &Repo,
    label: &Label,
    name: &str,
) -> Out<'a> {
    match name {
        "id" => Out::leaf(node("Label", label.id)),
        "name" => Out::leaf(label.name.as_str()),
        "color" => Out::leaf(label.color.as_str()),
        "description" => label.description.as_deref().map_or(Out::Null, Out::leaf),
        "isDefault" => Out::leaf(label.default),
        "url" => Out::leaf(format!("{}/labels/{}", at.state.repo_html(repo), label.name)),
        _ => Out::Null,
    }
}
