//! Lists of pull requests and of issues.
//! It does not know what is in one.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;

use super::checks::{self, Tone};
use super::desk::{Desk, Frame};
use super::parts::{Chip, Icon, Moment, Who, icon};
use super::visit::{Page, Visit};
use crate::sandbox::model::{Issue, Repo};
use crate::sandbox::refusal::Refusal;

/// An issue or pull request in a list.
struct Listed {
    number: u64,
    title: String,
    href: String,
    state: State,
    labels: Vec<Chip>,
    author: Who,
    opened: Moment,
    tone: Option<Tone>,
    branches: Option<(String, String)>,
    comments: usize,
}

/// Where an issue or pull request stands.
#[derive(Clone, Copy)]
pub(super) struct State {
    pub(super) icon: Icon,
    pub(super) word: &'static str,
    /// Its CSS class.
    pub(super) class: &'static str,
}

/// Where an issue or pull request stands.
pub(super) fn state(issue: &Issue) -> State {
    let (sign, word, class) = match (&issue.pull, issue.open) {
        (Some(pull), _) if pull.merged_at.is_some() => ("merge", "Merged", "merged"),
        (Some(pull), true) if pull.draft => ("pull", "Draft", "mute"),
        (Some(_), true) => ("pull", "Open", "good"),
        (Some(_), false) => ("closed", "Closed", "bad"),
        (None, true) => ("issue", "Open", "good"),
        (None, false) => ("check", "Closed", "merged"),
    };
    State { icon: icon(sign), word, class }
}

#[derive(Template)]
#[template(path = "sandbox/pages/templates/pulls.html")]
struct List {
    frame: Frame,
    home: String,
    /// Of this list, without what it is narrowed to.
    address: String,
    pulls: bool,
    closed: bool,
    counts: (usize, usize),
    listed: Vec<Listed>,
}

/// Pull requests, open or closed.
pub(super) async fn list(visit: Visit, Path((owner, name)): Path<(String, String)>) -> Response {
    visit.show(move |desk| show(desk, &owner, &name, true)).await
}

/// The same for issues.
pub(super) fn show(desk: &Desk<'_>, owner: &str, name: &str, pulls: bool) -> Result<Page, Refusal> {
    let repo = desk.repo(owner, name)?;
    let closed = desk.asked("state") == Some("closed");
    let of_kind = || repo.issues.values().filter(|issue| issue.pull.is_some() == pulls);
    let open = of_kind().filter(|issue| issue.open).count();
    let chosen = of_kind().rev().filter(|issue| issue.open != closed);
    let (title, tab) = if pulls { ("Pull requests", "pulls") } else { ("Issues", "issues") };
    let page = List {
        frame: desk.repo_frame(title, repo, tab),
        address: format!("{}/{tab}", desk.home(repo)),
        home: desk.home(repo),
        pulls,
        closed,
        counts: (open, of_kind().count() - open),
        listed: chosen.map(|issue| listed(desk, repo, issue)).collect(),
    };
    desk.render(200, &page)
}

fn listed(desk: &Desk<'_>, repo: &Repo, issue: &Issue) -> Listed {
    let pull = issue.pull.as_ref();
    let kind = if pull.is_some() { "pull" } else { "issues" };
    let tone = pull.and_then(|pull| {
        let checks = checks::of_commit(desk, repo, &pull.head.sha, &[]);
        checks::overall(&checks).map(|overall| overall.tone)
    });
    Listed {
        number: issue.number,
        title: issue.title.clone(),
        href: format!("{}/{kind}/{}", desk.home(repo), issue.number),
        state: state(issue),
        labels: labels(repo, issue),
        author: Who::of(desk.state, issue.author),
        opened: Moment::of(desk.state, issue.created_at),
        tone,
        branches: pull.map(|pull| (pull.base.branch.clone(), pull.head.branch.clone())),
        comments: issue.comments.len(),
    }
}

/// The labels that are on an issue or pull request.
pub(super) fn labels(repo: &Repo, issue: &Issue) -> Vec<Chip> {
    let on = repo.labels.iter().filter(|label| issue.labels.contains(&label.id));
    on.map(|label| Chip::new(&label.name, &label.color)).collect()
}
