//! What answers over HTTP: the webhook, Usher's own pages, and whether we are alive and ready. It stores, wakes
//! and shows; what a delivery leads to it does not know.

mod hooks;
mod ops;
mod pages;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use secrecy::SecretString;
use tokio::sync::{Notify, Semaphore};

use crate::model::clock::Clock;
use crate::model::links::Links;
use crate::store::Store;

/// What the answers are made of.
#[derive(Debug, Clone)]
pub struct Web {
    /// Where deliveries go.
    pub store: Store,
    /// Rung when there is something to route.
    pub wake: Arc<Notify>,
    /// The secrets that a delivery may be signed with; several while one is being changed.
    pub secrets: Vec<SecretString>,
    /// What opens pages.
    pub links: Links,
    /// The time: links expire.
    pub clock: Clock,
}

/// Everything that answers, for where GitHub and people reach it.
pub fn router(web: Web) -> Router {
    let memory = Arc::new(Semaphore::new(hooks::MOST_IN_MEMORY));
    let webhook =
        Router::new().route("/webhook", post(hooks::receive)).with_state((web.clone(), memory));
    let pages = Router::new().route("/pull/{*link}", get(pages::pull)).with_state(web.clone());
    webhook.merge(pages).merge(operations(web))
}

/// What an operator's probes ask, where no deliveries are taken.
pub fn operations(web: Web) -> Router {
    Router::new()
        .route("/healthz", get(ops::health))
        .route("/readyz", get(ops::readiness))
        .route("/metrics", get(ops::metrics))
        .with_state(web)
        .fallback(async || say(StatusCode::NOT_FOUND, "There is nothing at this address."))
        .method_not_allowed_fallback(async || {
            say(
                StatusCode::METHOD_NOT_ALLOWED,
                "This address does not take that method; the Allow header names those it takes.",
            )
        })
}

/// An answer of one sentence.
fn say(status: StatusCode, sentence: &str) -> Response {
    (status, format!("{sentence}\n")).into_response()
}
