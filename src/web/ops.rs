//! Whether we are alive, whether we can take deliveries, and what an operator has to be told in numbers. GitHub has no
//! part in any of it: while it is down we are well.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};

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

/// `GET /metrics`: numbers, as Prometheus reads them. They name nobody's repository.
/// <https://prometheus.io/docs/instrumenting/exposition_formats/>
pub(super) async fn metrics(State(web): State<Web>) -> Response {
    let kept = match web.store.kept_off().await {
        Ok(kept) => kept,
        Err(fault) => {
            tracing::warn!(%fault, "no metrics: the database does not answer");
            return say(StatusCode::SERVICE_UNAVAILABLE, "The database does not answer.");
        }
    };
    let now = web.clock.now();
    let seconds = kept.since.map_or(0, |since| now.duration_since(since).as_secs().max(0));
    let gauge = |name: &str, help: &str, value: &str| {
        format!("# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n")
    };
    let body = [
        gauge(
            "usher_argocd_sync_off",
            "Applications of Argo CD whose automatic sync Usher keeps off for a rollback.",
            &kept.many.to_string(),
        ),
        gauge(
            "usher_argocd_sync_off_seconds",
            "For how long that of the oldest of them has been off.",
            &seconds.to_string(),
        ),
    ];
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], body.concat()).into_response()
}
