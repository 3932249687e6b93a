//! A request for a page: who looks, and how the answer goes out.
//! It does not know what is on the pages.

use axum::body::Bytes;
use axum::extract::{FromRequestParts, State as Extract};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};

use super::desk::{Desk, Lost};
use super::parts::Html;
use crate::sandbox::hub::Hub;
use crate::sandbox::model::{AccountKind, Id};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::State;

const COOKIE: &str = "sandbox_user";

/// What comes of a request.
pub(super) enum Page {
    /// A page; with a status other than 200 where something was refused.
    Shown(u16, Html),
    /// The address where it is, or goes on.
    Elsewhere(String),
    /// A file of a repository, as it is.
    Raw(Vec<u8>),
}

/// A request for a page.
pub(super) struct Visit {
    hub: Hub,
    path: String,
    query: String,
    login: Option<String>,
}

impl FromRequestParts<Hub> for Visit {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, hub: &Hub) -> Result<Self, Self::Rejection> {
        Ok(Self {
            hub: hub.clone(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            login: cookie(&parts.headers),
        })
    }
}

impl Visit {
    /// Shows a page.
    pub(super) async fn show<F>(self, page: F) -> Response
    where
        F: FnOnce(&mut Desk<'_>) -> Result<Page, Refusal> + Send + 'static,
    {
        self.answer(false, page).await
    }

    /// Does what a form asks for, then shows a page.
    pub(super) async fn act<F>(self, page: F) -> Response
    where
        F: FnOnce(&mut Desk<'_>) -> Result<Page, Refusal> + Send + 'static,
    {
        self.answer(true, page).await
    }

    async fn answer<F>(self, writes: bool, page: F) -> Response
    where
        F: FnOnce(&mut Desk<'_>) -> Result<Page, Refusal> + Send + 'static,
    {
        // Git and the state's lock would hold up the other requests of this thread.
        let done = tokio::task::spawn_blocking(move || {
            let hub = self.hub.clone();
            let webhook_url = hub.webhook_url();
            let run = |state: &mut State| {
                let viewer = viewer(state, self.login.as_deref());
                let mut desk = Desk {
                    table: hub.table(),
                    webhook_url,
                    path: self.path,
                    query: self.query,
                    state,
                    viewer,
                };
                let result = page(&mut desk);
                result.or_else(|refusal| desk.render(refusal.status, &Lost::of(&desk, &refusal)))
            };
            if writes { hub.write(run) } else { hub.serve(run) }
        });
        match done.await {
            Ok(Ok(page)) => respond(page),
            Ok(Err(refusal)) => {
                (StatusCode::INTERNAL_SERVER_ERROR, refusal.message).into_response()
            }
            Err(_panicked) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}

fn respond(page: Page) -> Response {
    match page {
        Page::Shown(status, html) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let headers = [(header::CACHE_CONTROL, "no-store")];
            (status, headers, axum::response::Html(html.to_string())).into_response()
        }
        Page::Elsewhere(path) => Redirect::to(&path).into_response(),
        Page::Raw(bytes) => {
            // Whatever is in the file, a browser shows it as text.
            let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
            (headers, bytes).into_response()
        }
    }
}

/// The person whose login the cookie has; else the first one.
fn viewer(state: &State, login: Option<&str>) -> Id {
    let person = |id: &Id| state.account(*id).kind == AccountKind::User;
    let chosen = login.and_then(|login| state.account_named(login)).map(|account| account.id);
    let first = || state.accounts.keys().copied().find(|id| person(id));
    chosen.filter(|id| person(id)).or_else(first).unwrap_or_default()
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter();
    cookies
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
        .map(str::to_owned)
}

/// What a form has sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads a form's body.
    pub(super) fn parse(body: &Bytes) -> Self {
        let text = String::from_utf8_lossy(body);
        let plain = |text: &str| crate::sandbox::http::unescape(&text.replace('+', " "));
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (plain(name), plain(value))
        };
        Self(text.split('&').filter(|pair| !pair.is_empty()).map(pair).collect())
    }

    /// A field; empty where it is absent. Line breaks are those of Unix.
    pub(super) fn get(&self, name: &str) -> String {
        let field = self.0.iter().find(|(key, _)| key == name);
        field.map_or_else(String::new, |(_, value)| value.replace("\r\n", "\n"))
    }

    /// Whether a box is ticked.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }
}

/// Takes over who looks from the user menu, and goes back to where that was.
pub(super) async fn choose(Extract(hub): Extract<Hub>, body: Bytes) -> Response {
    let fields = Fields::parse(&body);
    let login = fields.get("login");
    let known = hub.read(|state| state.account_named(&login).map(|account| account.login.clone()));
    let Some(login) = known else {
        return (StatusCode::UNPROCESSABLE_ENTITY, "There is nobody of that name here.")
            .into_response();
    };
    let back = fields.get("back");
    let inside =
        back.starts_with('/') && !back.starts_with("//") && !back.contains(['\\', '\n', '\r']);
    let back = if inside { back.as_str() } else { "/" };
    let cookie = format!("{COOKIE}={login}; Path=/; SameSite=Lax; HttpOnly");
    ([(header::SET_COOKIE, cookie)], Redirect::to(back)).into_response()
}

/// An address that means nothing.
pub(super) async fn nowhere(visit: Visit) -> Response {
    visit.show(|_| Err(Refusal::not_found())).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read_as_browsers_send_them() {
        let fields = Fields::parse(&Bytes::from_static(
            b"tag=v1%2E0+a%26b&notes=a%0D%0Ab&pre&tag=second&x=%zz",
        ));
        assert_eq!(fields.get("tag"), "v1.0 a&b");
        assert_eq!(fields.get("notes"), "a\nb");
        assert_eq!(fields.get("absent"), "");
        assert_eq!(fields.get("x"), "%zz");
        assert!(fields.has("pre") && !fields.has("absent"));
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let read = |text: &'static str| {
            cookie(&HeaderMap::from_iter([(header::COOKIE, http::HeaderValue::from_static(text))]))
        };
        assert_eq!(read("a=b; sandbox_user=pat; c=d").as_deref(), Some("pat"));
        assert_eq!(read("not_sandbox_user=pat"), None);
    }
}
