//! Controls for people and tests: how workloads are, how long they take, what is done to them by hand.
//! Argo CD has nothing like it.

use axum::extract::{Path, State as Extract};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Health, NewApplication};
use crate::sandbox::hub::Hub;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::State;

/// What becomes of an Application; what is not said stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ApplicationChange {
    /// How the workloads are now: `Healthy`, `Progressing`, `Degraded`, `Suspended`, `Missing`, `Unknown`.
    pub health: Option<String>,
    /// What Argo CD says of it.
    pub message: Option<String>,
    /// What they become after the next sync.
    pub becomes: Option<String>,
    /// The seconds from the beginning of a sync until they are that.
    pub takes: Option<i64>,
    /// Why the next sync fails.
    pub fails: Option<String>,
    /// Why the next sync breaks off at once, before there is a result of it.
    pub breaks: Option<String>,
    /// Somebody changes what is deployed by hand, so that it is out of sync.
    pub touched: Option<bool>,
    /// Whether it looks at Git only when it is asked to refresh.
    pub asleep: Option<bool>,
    /// Whether it syncs by itself.
    pub automated: Option<bool>,
    /// The ApplicationSet that makes it.
    pub owner: Option<String>,
    /// Where it gets its files: `repoURL`, `path`, `targetRevision`.
    pub source: Option<Value>,
}

/// The routes below `/_sandbox/argocd`.
pub(crate) fn router(hub: Hub) -> Router {
    Router::new()
        .route("/_sandbox/argocd", get(about))
        .route("/_sandbox/argocd/down", post(set_down))
        .route("/_sandbox/argocd/applications/{name}", post(change))
        .with_state(hub)
}

/// What there is; the tokens too, since whoever reaches the box may do anything in it.
async fn about(Extract(hub): Extract<Hub>) -> Json<Value> {
    Json(hub.read(|state| {
        let names: Vec<&String> = state.argocd.applications.keys().collect();
        json!({"applications": names, "tokens": state.argocd.tokens})
    }))
}

#[derive(Deserialize)]
struct Down {
    down: bool,
}

async fn set_down(Extract(hub): Extract<Hub>, Json(Down { down }): Json<Down>) -> StatusCode {
    hub.serve(|state| state.argocd.down = down);
    StatusCode::NO_CONTENT
}

async fn change(
    Extract(hub): Extract<Hub>,
    Path(name): Path<String>,
    Json(change): Json<ApplicationChange>,
) -> Response {
    let done = tokio::task::spawn_blocking(move || {
        hub.write(|state| state.change_application(&name, &change))
    });
    match done.await {
        Ok(Ok(())) => StatusCode::NO_CONTENT.into_response(),
        Ok(Err(refusal)) => {
            let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
            (status, refusal.message).into_response()
        }
        Err(_panicked) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

impl State {
    /// Makes an Application what somebody says.
    pub(crate) fn change_application(
        &mut self,
        name: &str,
        change: &ApplicationChange,
    ) -> Result<(), Refusal> {
        self.argocd_looks();
        let now = self.now();
        let one = self.argocd.applications.get_mut(name).ok_or_else(Refusal::not_found)?;
        if let Some(word) = &change.health {
            one.set_health(health(word)?, now);
            one.health_message = None;
        }
        if let Some(word) = &change.becomes {
            one.becomes = health(word)?;
        }
        if let Some(message) = &change.message {
            one.health_message = Some(message.clone()).filter(|message| !message.is_empty());
        }
        one.takes = change.takes.unwrap_or(one.takes).max(0);
        one.fails = change.fails.clone().or_else(|| one.fails.take());
        one.breaks = change.breaks.clone().or_else(|| one.breaks.take());
        one.touched = change.touched.unwrap_or(one.touched);
        one.asleep = change.asleep.unwrap_or(one.asleep);
        match change.automated {
            Some(true) => {
                one.spec["syncPolicy"]["automated"] = json!({"prune": true, "selfHeal": true});
            }
            Some(false) => one.spec["syncPolicy"] = json!({}),
            None => {}
        }
        if let Some(Value::Object(source)) = &change.source {
            for (key, value) in source {
                one.spec["source"][key.as_str()] = value.clone();
            }
        }
        if let Some(owner) = &change.owner {
            one.owner = Some(owner.clone()).filter(|owner| !owner.is_empty());
        }
        // What is set here is set by whoever makes it.
        one.template = one.spec.clone();
        one.resource_version += 1;
        self.argocd_looks();
        Ok(())
    }

    /// Adds an Application for a folder of a repository by its name, `owner/name`.
    pub(crate) fn follow_by_application(
        &mut self,
        name: &str,
        repository: &str,
        path: &str,
    ) -> Result<(), Refusal> {
        let (owner, repo) = repository.split_once('/').ok_or_else(Refusal::not_found)?;
        let repo = self.repo_named(owner, repo).ok_or_else(Refusal::not_found)?.id;
        let (name, path) = (name.to_owned(), path.to_owned());
        self.add_application(&NewApplication { name, repo, path, automated: true, owner: None })
    }
}

fn health(word: &str) -> Result<Health, Refusal> {
    serde_json::from_value(word.into()).map_err(|_| {
        let words = "Healthy, Progressing, Degraded, Suspended, Missing, Unknown";
        Refusal::new(422, format!("{word:?} is no health; write one of {words}"))
    })
}
