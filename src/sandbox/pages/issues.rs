//! Issues: the list, one of them with its conversation, and the form that opens one.
//! It does not know pull requests.

use askama::Template;
use axum::body::Bytes;
use axum::extract::Path;
use axum::response::Response;
use http::Method;
use serde_json::json;

use super::acts::converse;
use super::desk::{Desk, Frame};
use super::parts::{Chip, Who};
use super::pull::{Choice, choices};
use super::pulls::{self, State, labels, state};
use super::timeline::{self, Entry};
use super::visit::{Fields, Page, Visit};
use crate::sandbox::model::Role;
use crate::sandbox::refusal::Refusal;

#[derive(Template)]
#[template(path = "sandbox/pages/templates/issue.html")]
struct One {
    frame: Frame,
    path: String,
    number: u64,
    title: String,
    state: State,
    description: Entry,
    entries: Vec<Entry>,
    labels: Vec<Chip>,
    choices: Vec<Choice>,
    open: bool,
    may_write: bool,
    may_label: bool,
    viewer: Who,
    typed: String,
}

#[derive(Template)]
#[template(path = "sandbox/pages/templates/issue_form.html")]
struct Form {
    frame: Frame,
    title: String,
    body: String,
}

/// Issues, open or closed.
pub(super) async fn list(visit: Visit, Path((owner, name)): Path<(String, String)>) -> Response {
    visit.show(move |desk| pulls::show(desk, &owner, &name, false)).await
}

/// One issue; a pull request of that number is shown as such.
pub(super) async fn one(
    visit: Visit,
    Path((owner, name, number)): Path<(String, String, u64)>,
) -> Response {
    visit.show(move |desk| show(desk, &owner, &name, number, None, String::new())).await
}

/// Does what a button asks for.
pub(super) async fn act(
    visit: Visit,
    Path((owner, name, number)): Path<(String, String, u64)>,
    body: Bytes,
) -> Response {
    visit
        .act(move |desk| {
            let fields = Fields::parse(&body);
            let home = desk.home(desk.repo(&owner, &name)?);
            match converse(desk, &format!("/repos{home}"), number, &fields) {
                Ok(()) => Ok(Page::Elsewhere(format!("{home}/issues/{number}"))),
                Err(refusal) => {
                    show(desk, &owner, &name, number, Some(&refusal), fields.get("body"))
                }
            }
        })
        .await
}

fn show(
    desk: &Desk<'_>,
    owner: &str,
    name: &str,
    number: u64,
    refusal: Option<&Refusal>,
    typed: String,
) -> Result<Page, Refusal> {
    let repo = desk.repo(owner, name)?;
    let issue = desk.state.issue(repo.id, number)?;
    if issue.pull.is_some() {
        return Ok(Page::Elsewhere(format!("{}/pull/{number}", desk.home(repo))));
    }
    let page = One {
        frame: desk
            .repo_frame(&format!("{} #{number}", issue.title), repo, "issues")
            .refused(refusal),
        path: format!("{}/issues/{number}", desk.home(repo)),
        number,
        title: issue.title.clone(),
        state: state(issue),
        description: timeline::description(desk, repo, issue),
        entries: timeline::entries(desk, repo, issue, &[]),
        labels: labels(repo, issue),
        choices: choices(repo, issue),
        open: issue.open,
        may_write: desk.role(repo.id) >= Role::Triage || issue.author == desk.viewer,
        may_label: desk.role(repo.id) >= Role::Triage,
        viewer: Who::of(desk.state, desk.viewer),
        typed,
    };
    desk.render(refusal.map_or(200, |refusal| refusal.status), &page)
}

/// The empty form.
pub(super) async fn form(visit: Visit, Path((owner, name)): Path<(String, String)>) -> Response {
    visit.show(move |desk| show_form(desk, &owner, &name, String::new(), String::new(), None)).await
}

/// Opens an issue, or shows the form again with what is wrong.
pub(super) async fn open(
    visit: Visit,
    Path((owner, name)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    visit
        .act(move |desk| {
            let fields = Fields::parse(&body);
            let (title, text) = (fields.get("title"), fields.get("body"));
            let home = desk.home(desk.repo(&owner, &name)?);
            match desk.ask(
                &Method::POST,
                &format!("/repos{home}/issues"),
                json!({"title": title, "body": text}),
            ) {
                Ok(issue) => Ok(Page::Elsewhere(format!("{home}/issues/{}", issue["number"]))),
                Err(refusal) => show_form(desk, &owner, &name, title, text, Some(&refusal)),
            }
        })
        .await
}

fn show_form(
    desk: &Desk<'_>,
    owner: &str,
    name: &str,
    title: String,
    body: String,
    refusal: Option<&Refusal>,
) -> Result<Page, Refusal> {
    let repo = desk.repo(owner, name)?;
    let page =
        Form { frame: desk.repo_frame("New issue", repo, "issues").refused(refusal), title, body };
    desk.render(refusal.map_or(200, |refusal| refusal.status), &page)
}
