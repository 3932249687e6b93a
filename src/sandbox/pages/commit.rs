//! Commits: the history of a branch, one commit with its diff, and two compared.
//! It does not know pull requests.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;

use super::checks::{self, Check};
use super::code::{Line, line};
use super::desk::{Desk, Frame};
use super::diff::{self, DiffFile};
use super::parts::short;
use super::visit::{Page, Visit};
use crate::sandbox::refusal::Refusal;

/// So many commits are shown at most.
const MOST: usize = 250;

#[derive(Template)]
#[template(path = "sandbox/pages/templates/commits.html")]
struct History {
    frame: Frame,
    home: String,
    at: String,
    commits: Vec<Line>,
    more: bool,
}

#[derive(Template)]
#[template(path = "sandbox/pages/templates/commit.html")]
struct One {
    frame: Frame,
    home: String,
    line: Line,
    /// SHA and its beginning.
    parents: Vec<(String, String)>,
    checks: Vec<Check>,
    files: Vec<DiffFile>,
    total: (usize, usize),
}

#[derive(Template)]
#[template(path = "sandbox/pages/templates/compare.html")]
struct Compare {
    frame: Frame,
    home: String,
    base: String,
    head: String,
    commits: Vec<Line>,
    files: Vec<DiffFile>,
    total: (usize, usize),
}

/// The commits of a branch, tag or SHA.
pub(super) async fn history(
    visit: Visit,
    Path((owner, name, at)): Path<(String, String, String)>,
) -> Response {
    visit
        .show(move |desk| {
            let repo = desk.repo(&owner, &name)?;
            let git = desk.git(repo.id)?;
            let tip = git.resolve(&at).ok_or_else(Refusal::not_found)?;
            let commits = git.history(tip, None)?;
            let page = History {
                frame: desk.repo_frame("Commits", repo, "code"),
                home: desk.home(repo),
                more: commits.len() > MOST,
                commits: commits.iter().take(MOST).map(|commit| line(desk, repo, commit)).collect(),
                at,
            };
            desk.render(200, &page)
        })
        .await
}

/// One commit.
pub(super) async fn one(
    visit: Visit,
    Path((owner, name, sha)): Path<(String, String, String)>,
) -> Response {
    visit.show(move |desk| show_one(desk, &owner, &name, &sha)).await
}

fn show_one(desk: &Desk<'_>, owner: &str, name: &str, sha: &str) -> Result<Page, Refusal> {
    let repo = desk.repo(owner, name)?;
    let git = desk.git(repo.id)?;
    let found = git.resolve(sha).and_then(|oid| git.commit(oid));
    let commit = found.ok_or_else(Refusal::not_found)?;
    let parent = commit.parents.first().and_then(|parent| git.tree_of(*parent));
    let files = diff::files(git.changes(parent, commit.tree)?);
    let line = line(desk, repo, &commit);
    let parents = commit.parents.iter().map(ToString::to_string);
    let page = One {
        frame: desk.repo_frame(&line.title, repo, "code"),
        home: desk.home(repo),
        parents: parents.map(|sha| (sha.clone(), short(&sha))).collect(),
        checks: checks::of_commit(desk, repo, &line.sha, &[]),
        total: diff::total(&files),
        files,
        line,
    };
    desk.render(200, &page)
}

/// `BASE...HEAD`: what HEAD has that BASE has not.
pub(super) async fn compare(
    visit: Visit,
    Path((owner, name, range)): Path<(String, String, String)>,
) -> Response {
    visit.show(move |desk| show_comparison(desk, &owner, &name, &range)).await
}

fn show_comparison(desk: &Desk<'_>, owner: &str, name: &str, range: &str) -> Result<Page, Refusal> {
    let repo = desk.repo(owner, name)?;
    let git = desk.git(repo.id)?;
    let (base, head) = range.split_once("...").ok_or_else(Refusal::not_found)?;
    let resolve = |name: &str| git.resolve(name).ok_or_else(Refusal::not_found);
    let (from, to) = (resolve(base)?, resolve(head)?);
    let common = git.standing(from, to)?.merge_base.and_then(|oid| git.tree_of(oid));
    let tree = git.tree_of(to).ok_or_else(Refusal::not_found)?;
    let files = diff::files(git.changes(common, tree)?);
    let mut commits = git.between(from, to)?;
    commits.reverse();
    let page = Compare {
        frame: desk.repo_frame(&format!("Comparing {base} to {head}"), repo, "code"),
        home: desk.home(repo),
        base: base.to_owned(),
        head: head.to_owned(),
        commits: commits.iter().take(MOST).map(|commit| line(desk, repo, commit)).collect(),
        total: diff::total(&files),
        files,
    };
    desk.render(200, &page)
}
