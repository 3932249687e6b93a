//! Controls for tests over HTTP: failures, the log of requests, the flow of webhooks.
//! GitHub has nothing like it.

use axum::extract::State as Extract;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::http::Fault;
use super::hub::Hub;

/// The routes below `/_sandbox`.
pub(crate) fn router(hub: Hub) -> Router {
    Router::new()
        .route("/_sandbox/faults", post(add_fault).get(faults).delete(clear_faults))
        .route("/_sandbox/requests", get(requests).delete(clear_requests))
        .route("/_sandbox/webhooks", get(webhooks).post(set_webhooks))
        .with_state(hub)
}

async fn add_fault(Extract(hub): Extract<Hub>, Json(fault): Json<Fault>) -> Response {
    match hub.faults().add(fault) {
        Ok(()) => StatusCode::CREATED.into_response(),
        Err(reason) => (StatusCode::UNPROCESSABLE_ENTITY, reason).into_response(),
    }
}

async fn faults(Extract(hub): Extract<Hub>) -> Json<Vec<Fault>> {
    Json(hub.faults().waiting().to_vec())
}

async fn clear_faults(Extract(hub): Extract<Hub>) -> StatusCode {
    hub.faults().clear();
    StatusCode::NO_CONTENT
}

async fn requests(Extract(hub): Extract<Hub>) -> Json<Value> {
    let log = hub.log().clone();
    let unknown = log.iter().filter(|seen| seen.route.is_none()).count();
    Json(json!({"requests": log, "unknown": unknown}))
}

async fn clear_requests(Extract(hub): Extract<Hub>) -> StatusCode {
    hub.log().clear();
    StatusCode::NO_CONTENT
}

async fn webhooks(Extract(hub): Extract<Hub>) -> Json<Value> {
    Json(json!({"url": hub.webhook_url(), "underway": hub.webhooks_underway()}))
}

#[derive(Deserialize)]
struct Flow {
    /// `host:port`.
    bot: Option<String>,
    held: Option<bool>,
}

async fn set_webhooks(Extract(hub): Extract<Hub>, Json(flow): Json<Flow>) -> StatusCode {
    if let Some(bot) = flow.bot {
        hub.set_bot(&bot);
    }
    if let Some(held) = flow.held {
        hub.hold_webhooks(held);
    }
    StatusCode::NO_CONTENT
}
