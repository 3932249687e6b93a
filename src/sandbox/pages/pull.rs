//! A pull request's four tabs, and what can be done on them.
//! It does not know how: each form is a request to the REST API in the viewer's name.

use askama::Template;
use axum::body::Bytes;
use axum::extract::Path;
use axum::response::Response;
use http::Method;
use serde_json::Value;

use super::acts::perform;
use super::changes::{Changes, Head, head};
use super::checks::{self, Check, Overall, Tone};
use super::code::{Line, line};
use super::desk::{Desk, Frame};
use super::diff::DiffFile;
use super::merge::{self, MergeBox};
use super::parts::{Chip, Who, segment, short};
use super::pulls::labels;
use super::timeline::{self, Entry};
use super::visit::{Fields, Page, Visit};
use crate::sandbox::model::{Issue, Pull, Repo, Role};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::Actor;

/// A label of the menu.
pub(super) struct Choice {
    pub(super) chip: Chip,
    pub(super) on: bool,
}

#[derive(Template)]
#[template(path = "sandbox/pages/templates/pull.html")]
struct Conversation {
    frame: Frame,
    head: Head,
    description: Entry,
    entries: Vec<Entry>,
    labels: Vec<Chip>,
    choices: Vec<Choice>,
    reviewers: Vec<(Who, Tone, &'static str)>,
    merge: Option<MergeBox>,
    open: bool,
    may_reopen: bool,
    /// A merged or closed pull request's branch that is still there.
    branch: Option<String>,
    may_write: bool,
    may_label: bool,
    is_author: bool,
    viewer: Who,
    /// What is being written, kept when something was refused.
    typed: String,
}

#[derive(Template)]
#[template(path = "sandbox/pages/templates/pull_commits.html")]
struct Commits {
    frame: Frame,
    head: Head,
    commits: Vec<Line>,
}

#[derive(Template)]
#[template(path = "sandbox/pages/templates/pull_checks.html")]
struct Checks {
    frame: Frame,
    head: Head,
    checks: Vec<Check>,
    overall: Option<Overall>,
    sha: String,
    may_write: bool,
}

#[derive(Template)]
#[template(path = "sandbox/pages/templates/pull_files.html")]
struct Files {
    frame: Frame,
    head: Head,
    files: Vec<DiffFile>,
    may_review: bool,
    is_author: bool,
}

type Place = Path<(String, String, u64)>;

/// The conversation.
pub(super) async fn conversation(visit: Visit, Path((owner, name, number)): Place) -> Response {
    visit
        .show(move |desk| show_conversation(desk, &owner, &name, number, None, String::new()))
        .await
}

/// The commits.
pub(super) async fn commits(visit: Visit, Path((owner, name, number)): Place) -> Response {
    visit
        .show(move |desk| {
            let (repo, issue, pull) = find(desk, &owner, &name, number)?;
            let changes = Changes::of(desk, repo, issue, pull)?;
            let page = Commits {
                frame: desk.repo_frame(
                    &format!("{} #{number} · Commits", issue.title),
                    repo,
                    "pulls",
                ),
                head: head(desk, repo, issue, pull, &changes, "commits"),
                commits: changes
                    .commits
                    .iter()
                    .rev()
                    .map(|commit| line(desk, repo, commit))
                    .collect(),
            };
            desk.render(200, &page)
        })
        .await
}

/// The checks.
pub(super) async fn checks(visit: Visit, Path((owner, name, number)): Place) -> Response {
    visit.show(move |desk| show_checks(desk, &owner, &name, number, None)).await
}

/// The files changed.
pub(super) async fn files(visit: Visit, Path((owner, name, number)): Place) -> Response {
    visit
        .show(move |desk| {
            let (repo, issue, pull) = find(desk, &owner, &name, number)?;
            let changes = Changes::of(desk, repo, issue, pull)?;
            let page = Files {
                frame: desk.repo_frame(
                    &format!("{} #{number} · Files changed", issue.title),
                    repo,
                    "pulls",
                ),
                head: head(desk, repo, issue, pull, &changes, "files"),
                files: changes.files,
                may_review: issue.open && desk.role(repo.id) >= Role::Read,
                is_author: issue.author == desk.viewer,
            };
            desk.render(200, &page)
        })
        .await
}

/// Does what a button of the conversation asks for.
pub(super) async fn act(visit: Visit, Path((owner, name, number)): Place, body: Bytes) -> Response {
    visit
        .act(move |desk| {
            let fields = Fields::parse(&body);
            let (repo, _, pull) = find(desk, &owner, &name, number)?;
            let (home, branch) = (desk.home(repo), pull.head.branch.clone());
            match perform(desk, &home, number, &branch, &fields) {
                Ok(()) => Ok(Page::Elsewhere(format!("{home}/pull/{number}"))),
                Err(refusal) => show_conversation(
                    desk,
                    &owner,
                    &name,
                    number,
                    Some(&refusal),
                    fields.get("body"),
                ),
            }
        })
        .await
}

/// Has a check run again.
pub(super) async fn act_on_checks(
    visit: Visit,
    Path((owner, name, number)): Place,
    body: Bytes,
) -> Response {
    visit
        .act(move |desk| {
            let fields = Fields::parse(&body);
            let run = segment(&fields.get("run"), false);
            let (home, repo) = {
                let repo = desk.repo(&owner, &name)?;
                (desk.home(repo), repo.id)
            };
            // An App's button is pressed here alone: the REST API has no call for it.
            let button = fields.get("button");
            if !button.is_empty() {
                let actor = Actor::person(desk.viewer);
                let id = run.parse().map_err(|_| Refusal::not_found())?;
                return match desk.state.press_button(actor, repo, id, &button) {
                    Ok(()) => Ok(Page::Elsewhere(format!("{home}/pull/{number}/checks"))),
                    Err(refusal) => show_checks(desk, &owner, &name, number, Some(&refusal)),
                };
            }
            match desk.ask(
                &Method::POST,
                &format!("/repos{home}/check-runs/{run}/rerequest"),
                Value::Null,
            ) {
                Ok(_) => Ok(Page::Elsewhere(format!("{home}/pull/{number}/checks"))),
                Err(refusal) => show_checks(desk, &owner, &name, number, Some(&refusal)),
            }
        })
        .await
}

/// Label choices of a menu: those that are on first.
pub(super) fn choices(repo: &Repo, issue: &Issue) -> Vec<Choice> {
    let mut choices: Vec<Choice> = repo
        .labels
        .iter()
        .map(|label| Choice {
            chip: Chip::new(&label.name, &label.color),
            on: issue.labels.contains(&label.id),
        })
        .collect();
    choices.sort_by_key(|choice| (!choice.on, choice.chip.name.to_lowercase()));
    choices
}

fn find<'a>(
    desk: &'a Desk<'_>,
    owner: &str,
    name: &str,
    number: u64,
) -> Result<(&'a Repo, &'a Issue, &'a Pull), Refusal> {
    let repo = desk.repo(owner, name)?;
    let (issue, pull) = desk.state.pull(repo.id, number)?;
    Ok((repo, issue, pull))
}

fn show_conversation(
    desk: &Desk<'_>,
    owner: &str,
    name: &str,
    number: u64,
    refusal: Option<&Refusal>,
    typed: String,
) -> Result<Page, Refusal> {
    let (repo, issue, pull) = find(desk, owner, name, number)?;
    let changes = Changes::of(desk, repo, issue, pull)?;
    let git = desk.git(repo.id)?;
    let role = desk.role(repo.id);
    let is_author = issue.author == desk.viewer;
    let merged = pull.merged_at.is_some();
    let left =
        !issue.open && pull.head.repo == Some(repo.id) && git.branch(&pull.head.branch).is_some();
    let page = Conversation {
        frame: desk
            .repo_frame(&format!("{} #{number}", issue.title), repo, "pulls")
            .refused(refusal),
        head: head(desk, repo, issue, pull, &changes, "conversation"),
        description: timeline::description(desk, repo, issue),
        entries: timeline::entries(desk, repo, issue, &changes.commits),
        labels: labels(repo, issue),
        choices: choices(repo, issue),
        reviewers: reviewers(desk, pull),
        merge: if issue.open { Some(merge::merge_box(desk, repo, issue, pull)?) } else { None },
        open: issue.open,
        may_reopen: !issue.open && !merged && (role >= Role::Triage || is_author),
        branch: (left && role >= Role::Write).then(|| pull.head.branch.clone()),
        may_write: role >= Role::Triage || is_author,
        may_label: role >= Role::Triage,
        is_author,
        viewer: Who::of(desk.state, desk.viewer),
        typed,
    };
    desk.render(refusal.map_or(200, |refusal| refusal.status), &page)
}

/// Everybody who reviewed, with the newest word of each, and who was asked.
fn reviewers(desk: &Desk<'_>, pull: &Pull) -> Vec<(Who, Tone, &'static str)> {
    use crate::sandbox::model::issue::ReviewState;
    let mut found: Vec<(u64, Tone, &'static str)> = Vec::new();
    for review in &pull.reviews {
        let (tone, word) = match review.state {
            ReviewState::Approved => (Tone::Good, "approved"),
            ReviewState::ChangesRequested => (Tone::Bad, "requested changes"),
            ReviewState::Commented => (Tone::Mute, "commented"),
            ReviewState::Dismissed => (Tone::Mute, "dismissed"),
            ReviewState::Pending => continue,
        };
        let decided = found.iter().any(|(id, tone, _)| *id == review.author && *tone != Tone::Mute);
        if !(decided && review.state == ReviewState::Commented) {
            found.retain(|(id, _, _)| *id != review.author);
            found.push((review.author, tone, word));
        }
    }
    for asked in &pull.requested_reviewers {
        found.retain(|(id, _, _)| id != asked);
        found.push((*asked, Tone::Wait, "asked for a review"));
    }
    found.into_iter().map(|(id, tone, word)| (Who::of(desk.state, id), tone, word)).collect()
}

fn show_checks(
    desk: &Desk<'_>,
    owner: &str,
    name: &str,
    number: u64,
    refusal: Option<&Refusal>,
) -> Result<Page, Refusal> {
    let (repo, issue, pull) = find(desk, owner, name, number)?;
    let changes = Changes::of(desk, repo, issue, pull)?;
    let required = if issue.open { merge::required(repo, &pull.base.branch) } else { Vec::new() };
    let checks = checks::of_commit(desk, repo, &pull.head.sha, &required);
    let page = Checks {
        frame: desk
            .repo_frame(&format!("{} #{number} · Checks", issue.title), repo, "pulls")
            .refused(refusal),
        head: head(desk, repo, issue, pull, &changes, "checks"),
        overall: checks::overall(&checks),
        checks,
        sha: short(&pull.head.sha),
        may_write: desk.role(repo.id) >= Role::Write,
    };
    desk.render(refusal.map_or(200, |refusal| refusal.status), &page)
}
