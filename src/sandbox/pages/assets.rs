//! The style sheet, the script and the sign of the pages, under names that change with their content.
//! It does not know what they do.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};
use sha2::{Digest as _, Sha256};

const STYLE: &str = include_str!("assets/style.css");
const SCRIPT: &str = include_str!("assets/live.js");
const FAVICON: &str = include_str!("assets/favicon.svg");

/// Where the style sheet is.
pub(super) static STYLE_URL: LazyLock<String> = LazyLock::new(|| url("style", STYLE, "css"));
/// Where the script is.
pub(super) static SCRIPT_URL: LazyLock<String> = LazyLock::new(|| url("live", SCRIPT, "js"));

fn url(name: &str, content: &str, ending: &str) -> String {
    let digest = hex::encode(Sha256::digest(content.as_bytes()));
    format!("/assets/{name}.{}.{ending}", &digest[..12])
}

/// A file by its full name; an outdated one is not there.
pub(super) async fn serve(Path(file): Path<String>) -> Response {
    let path = format!("/assets/{file}");
    let (kind, content) = if path == *STYLE_URL {
        ("text/css; charset=utf-8", STYLE)
    } else if path == *SCRIPT_URL {
        ("text/javascript; charset=utf-8", SCRIPT)
    } else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, content).into_response()
}

/// The sign in the browser's tab.
pub(super) async fn favicon() -> Response {
    ([(header::CONTENT_TYPE, "image/svg+xml")], FAVICON).into_response()
}
