//! Usher's own pages: what was decided for a pull request at one head, for whoever has a link to it.
//!
//! A link that is wrong, altered or expired is told apart from nothing else: what there is, is not said.

mod markdown;
mod view;

use std::sync::LazyLock;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::Web;
use crate::domain::page::Page;
use crate::model::links::Shut;
use view::{Lost, View};

const STYLE: &str = include_str!("style.css");

/// No script, no frame, no form, nothing from elsewhere, and the one style sheet that stands in the page.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// `GET /pull/…`
pub(super) async fn pull(State(web): State<Web>, uri: Uri) -> Response {
    let now = web.clock.now();
    let link = uri.path().strip_prefix("/pull/").unwrap_or_default();
    let id = match web.links.open(link, now) {
        Ok(id) => id,
        Err(Shut::Over) => return lost(StatusCode::GONE),
        Err(Shut::Wrong) => return lost(StatusCode::NOT_FOUND),
    };
    let kept = match web.store.page(&id).await {
        Ok(kept) => kept,
        Err(fault) => {
            tracing::error!(%fault, "could not read a page");
            return lost(StatusCode::SERVICE_UNAVAILABLE);
        }
    };
    let page = kept.and_then(|(page, at)| Some((serde_json::from_str::<Page>(&page).ok()?, at)));
    match page {
        Some((page, at)) => shown(StatusCode::OK, &View::new(&page, &id, at)),
        None => lost(StatusCode::NOT_FOUND),
    }
}

fn lost(status: StatusCode) -> Response {
    let (title, why) = match status {
        StatusCode::GONE => {
            ("This link has expired", "A link to a page of Usher's opens it for one to two weeks.")
        }
        StatusCode::SERVICE_UNAVAILABLE => (
            "This page cannot be read now",
            "Usher's database does not answer; its operator finds the reason in the log. Try again later.",
        ),
        _ => (
            "This link opens nothing",
            "It is not as Usher made it, because it was cut off or changed on the way, or what it led to is not kept any more.",
        ),
    };
    shown(status, &Lost { style: STYLE, title, why })
}

fn shown(status: StatusCode, page: &impl Template) -> Response {
    let Ok(html) = page.render() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = (status, Html(html)).into_response();
    let fixed = [
        (header::CACHE_CONTROL, "private, no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::HeaderName::from_static("x-robots-tag"), "noindex, nofollow, noarchive"),
    ];
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
    headers.extend(fixed.map(|(name, value)| (name, HeaderValue::from_static(value))));
    response
}
