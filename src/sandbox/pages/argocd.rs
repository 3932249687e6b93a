//! The Applications of the box's Argo CD, and a form that makes one healthy or ill.
//! It does not know how they come to be what they are.

use askama::Template;
use axum::body::Bytes;
use axum::extract::Path;
use axum::response::Response;

use super::desk::{Desk, Frame};
use super::parts::{Moment, segment, short};
use super::visit::{Fields, Page, Visit};
use crate::sandbox::argocd::{Application, ApplicationChange, Health, Sync};
use crate::sandbox::refusal::Refusal;

/// What the form offers.
const HEALTHS: [&str; 6] =
    ["Healthy", "Progressing", "Degraded", "Suspended", "Missing", "Unknown"];

struct Listed {
    name: String,
    act: String,
    source: String,
    sync: String,
    sync_tone: &'static str,
    health: String,
    health_tone: &'static str,
    message: String,
    since: Moment,
    revision: String,
    automated: bool,
    owner: String,
    images: Vec<String>,
    /// Number, commit and when, the newest first.
    history: Vec<(i64, String, Moment)>,
}

#[derive(Template)]
#[template(path = "sandbox/pages/templates/argocd.html")]
struct List {
    frame: Frame,
    applications: Vec<Listed>,
    healths: [&'static str; 6],
}

/// All Applications.
pub(super) async fn list(visit: Visit) -> Response {
    visit.show(|desk| show(desk, None)).await
}

/// Does what a form asks for.
pub(super) async fn act(visit: Visit, Path(name): Path<String>, body: Bytes) -> Response {
    visit
        .act(move |desk| {
            let fields = Fields::parse(&body);
            let change = ApplicationChange {
                health: Some(fields.get("health")).filter(|health| !health.is_empty()),
                touched: fields.has("touch").then_some(true),
                automated: match fields.get("automated").as_str() {
                    "on" => Some(true),
                    "off" => Some(false),
                    _ => None,
                },
                ..ApplicationChange::default()
            };
            match desk.state.change_application(&name, &change) {
                Ok(()) => Ok(Page::Elsewhere("/argocd".to_owned())),
                Err(refusal) => show(desk, Some(&refusal)),
            }
        })
        .await
}

fn show(desk: &mut Desk<'_>, refusal: Option<&Refusal>) -> Result<Page, Refusal> {
    desk.state.argocd_looks();
    let applications = desk.state.argocd.applications.values();
    let page = List {
        frame: desk.frame("Argo CD").refused(refusal),
        applications: applications.map(|one| listed(desk, one)).collect(),
        healths: HEALTHS,
    };
    desk.render(refusal.map_or(200, |refusal| refusal.status), &page)
}

fn listed(desk: &Desk<'_>, one: &Application) -> Listed {
    let history = one.history.iter().rev();
    Listed {
        name: one.name.clone(),
        act: format!("/argocd/{}", segment(&one.name, false)),
        source: format!("{} · {}", one.source("repoURL"), one.source("path")),
        sync: format!("{:?}", one.sync),
        sync_tone: match one.sync {
            Sync::Synced => "good",
            Sync::OutOfSync => "wait",
            Sync::Unknown => "mute",
        },
        health: format!("{:?}", one.health),
        health_tone: match one.health {
            Health::Healthy => "good",
            Health::Progressing | Health::Suspended => "wait",
            Health::Degraded | Health::Missing => "bad",
            Health::Unknown => "mute",
        },
        message: one.health_message.clone().unwrap_or_default(),
        since: Moment::of(desk.state, one.health_since),
        revision: short(&one.compared),
        automated: one.is_automated(),
        owner: one.owner.clone().unwrap_or_default(),
        images: one.live.images.clone(),
        history: history
            .map(|deployed| {
                let when = Moment::of(desk.state, deployed.deployed_at);
                (deployed.id, short(&deployed.content.revision), when)
            })
            .collect(),
    }
}
