//! Whether we are alive, and whether we can take deliveries. GitHub has no part in either: while it
//! is down we are well.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{Web, say};

/// `GET /healthz`: the process answers.
pub(super) async fn health() -> Response {
    say(StatusCode::OK, "alive")
}

/// `GET /readyz`: a delivery that came now could be checked and stored.
pub(super) async fn readiness(State(web): State<Web>) -> Response {
    if web.secrets.is_empty() {
        return say(
            StatusCode::SERVICE_UNAVAILABLE,
            "No webhook secret is configured: set USHER_WEBHOOK_SECRET.",
        );
    }
    match web.store.ping().await {
        Ok(()) => say(StatusCode::OK, "ready"),
        Err(fault) => {
            tracing::warn!(%fault, "not ready: the database does not answer");
            say(StatusCode::SERVICE_UNAVAILABLE, "The database does not answer; the log says why.")
        }
    }
}
