//! What the App was told about a repository: each delivery, its answer, and a button to send it again.
//! It does not know what the App made of it.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use http::Method;
use serde_json::Value;

use super::checks::Tone;
use super::desk::{Desk, Frame};
use super::parts::Moment;
use super::visit::{Page, Visit};
use crate::sandbox::auth::Caller;
use crate::sandbox::model::{Delivery, Id, Role};
use crate::sandbox::refusal::Refusal;

/// So many deliveries are listed at most.
const MOST: usize = 200;

struct Listed {
    id: Id,
    tone: Tone,
    /// `release.published`.
    event: String,
    guid: String,
    status: String,
    took: String,
    when: Moment,
    again: bool,
}

#[derive(Template)]
#[template(path = "sandbox/pages/templates/activity.html")]
struct List {
    frame: Frame,
    home: String,
    url: String,
    deliveries: Vec<Listed>,
    may_redeliver: bool,
}

#[derive(Template)]
#[template(path = "sandbox/pages/templates/delivery.html")]
struct One {
    frame: Frame,
    home: String,
    delivery: Listed,
    url: String,
    request: Vec<(String, String)>,
    payload: String,
    response: Vec<(String, String)>,
    answer: String,
    may_redeliver: bool,
}

/// All deliveries about a repository, newest first.
pub(super) async fn list(visit: Visit, Path((owner, name)): Path<(String, String)>) -> Response {
    visit
        .show(move |desk| {
            let repo = desk.repo(&owner, &name)?;
            let about = desk
                .state
                .deliveries
                .iter()
                .rev()
                .filter(|delivery| delivery.repository == Some(repo.id));
            let page = List {
                frame: desk.repo_frame("Activity", repo, "activity"),
                home: desk.home(repo),
                url: desk.webhook_url.clone(),
                deliveries: about.take(MOST).map(|delivery| listed(desk, delivery)).collect(),
                may_redeliver: desk.role(repo.id) >= Role::Write,
            };
            desk.render(200, &page)
        })
        .await
}

/// One delivery with what was sent and answered.
pub(super) async fn one(
    visit: Visit,
    Path((owner, name, id)): Path<(String, String, Id)>,
) -> Response {
    visit.show(move |desk| show(desk, &owner, &name, id, None)).await
}

/// Has a delivery sent again, in the App's name; those with write access may.
pub(super) async fn redeliver(
    visit: Visit,
    Path((owner, name, id)): Path<(String, String, Id)>,
) -> Response {
    visit
        .act(move |desk| {
            let repo = desk.repo(&owner, &name)?;
            let (home, may) = (desk.home(repo), desk.role(repo.id) >= Role::Write);
            let app = find(desk, repo.id, id)?.app;
            let path = format!("/app/hook/deliveries/{id}/attempts");
            let asked = if may {
                desk.ask_as(Caller::App(app), &Method::POST, &path, Value::Null)
            } else {
                Err(Refusal::new(
                    403,
                    "Only those with write access to the repository can send a delivery again.",
                ))
            };
            match asked {
                Ok(_) => Ok(Page::Elsewhere(format!("{home}/activity"))),
                Err(refusal) => show(desk, &owner, &name, id, Some(&refusal)),
            }
        })
        .await
}

fn find<'a>(desk: &'a Desk<'_>, repo: Id, id: Id) -> Result<&'a Delivery, Refusal> {
    let mut deliveries = desk.state.deliveries.iter();
    let found = deliveries.find(|delivery| delivery.id == id && delivery.repository == Some(repo));
    found.ok_or_else(Refusal::not_found)
}

fn show(
    desk: &Desk<'_>,
    owner: &str,
    name: &str,
    id: Id,
    refusal: Option<&Refusal>,
) -> Result<Page, Refusal> {
    let repo = desk.repo(owner, name)?;
    let delivery = find(desk, repo.id, id)?;
    let pairs = |headers: &std::collections::BTreeMap<String, String>| {
        headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    let page = One {
        frame: desk.repo_frame(&delivery.event, repo, "activity").refused(refusal),
        home: desk.home(repo),
        url: delivery.url.clone(),
        request: pairs(&delivery.request_headers),
        payload: serde_json::to_string_pretty(&delivery.payload).unwrap_or_default(),
        response: pairs(&delivery.response_headers),
        answer: delivery.response_body.clone(),
        may_redeliver: desk.role(repo.id) >= Role::Write,
        delivery: listed(desk, delivery),
    };
    desk.render(refusal.map_or(200, |refusal| refusal.status), &page)
}

fn listed(desk: &Desk<'_>, delivery: &Delivery) -> Listed {
    let taken = (200..300).contains(&delivery.status_code);
    Listed {
        id: delivery.id,
        tone: if taken { Tone::Good } else { Tone::Bad },
        event: match &delivery.action {
            Some(action) => format!("{}.{action}", delivery.event),
            None => delivery.event.clone(),
        },
        guid: delivery.guid.clone(),
        status: match delivery.status_code {
            0 => delivery.status.clone(),
            code => format!("{code} {}", delivery.status),
        },
        took: format!("{:.2} s", delivery.duration),
        when: Moment::of(desk.state, delivery.delivered_at),
        again: delivery.redelivery,
    }
}
