//! From an HTTP request to an answer: route, caller, access, handler, and what every answer has.
//! It does not know any resource.

use std::time::Duration;

use axum::body::Body as HttpBody;
use axum::extract::State as Extract;
use axum::response::Response;
use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::answer::Body;
use super::limits::Window;
use super::route::unescape;
use super::{Answer, Call, FaultAnswer, Reply, access};
use crate::sandbox::auth::authenticate;
use crate::sandbox::graphql;
use crate::sandbox::hub::Hub;
use crate::sandbox::keys;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::State;

/// A request that was answered.
#[derive(Clone, Debug, Serialize)]
pub struct Seen {
    /// When.
    pub at: Timestamp,
    /// The HTTP method.
    pub method: String,
    /// The path below `/api/v3`; `/graphql` for GraphQL.
    pub path: String,
    /// The pattern of its route; `None` where there is no such route.
    pub route: Option<&'static str>,
    /// The name of the operation, for GraphQL.
    pub operation: Option<String>,
    /// The login, or which App.
    pub who: String,
    /// Whether it had an Authorization header.
    pub authenticated: bool,
    /// What was answered.
    pub status: u16,
    /// Whether a fault was played on it.
    pub fault: bool,
    /// The webhooks that were set off until it was answered, and by none before it: the ids of their deliveries.
    pub webhooks: Vec<String>,
}

/// Larger bodies are refused.
const LARGEST: usize = 40 << 20;
/// GitHub's two live versions; the first is used where none is named.
const VERSIONS: [&str; 2] = ["2022-11-28", "2026-03-10"];

/// Answers a request to the API.
pub(crate) async fn api(Extract(hub): Extract<Hub>, request: Request<HttpBody>) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    let path = match path.strip_prefix("/api/v3") {
        // GraphQL is beside the REST API and not below it.
        Some(graphql::PATH) => path.to_owned(),
        Some(below) => below.to_owned(),
        None => path.strip_prefix("/api").unwrap_or(path).to_owned(),
    };
    let fault = hub.faults().hit(parts.method.as_str(), &path);
    let faulty = fault.is_some();
    match &fault {
        Some(FaultAnswer::Drop) => return broken(),
        Some(FaultAnswer::Delay { ms }) => tokio::time::sleep(Duration::from_millis(*ms)).await,
        _ => {}
    }
    let Ok(body) = http_body_util::Limited::new(body, LARGEST).collect().await else {
        return broken();
    };
    let asked = Asked {
        method: parts.method,
        path,
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body: body.to_bytes(),
    };
    let hang = match &fault {
        Some(FaultAnswer::Hang { ms }) => Some(Duration::from_millis(*ms)),
        _ => None,
    };
    // Git and the state's lock would hold up the other requests of this thread.
    let done = tokio::task::spawn_blocking(move || answer(&hub, &asked, fault.as_ref(), faulty));
    let answer = done.await.unwrap_or_else(|_panicked| broken());
    if let Some(hang) = hang {
        tokio::time::sleep(hang).await;
    }
    answer
}

struct Asked {
    method: Method,
    path: String,
    /// As it was sent.
    query: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Asked {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn version(&self) -> &str {
        self.header("x-github-api-version").unwrap_or(VERSIONS[0])
    }
}

fn answer(hub: &Hub, asked: &Asked, fault: Option<&FaultAnswer>, faulty: bool) -> Response {
    let method = if asked.method == Method::HEAD { Method::GET } else { asked.method.clone() };
    let found = hub.table().find(&method, &asked.path);
    let route = found.as_ref().map(|(route, _)| route.pattern);
    let accepted = found.as_ref().and_then(|(route, _)| access::accepted(route));
    let run = |state: &mut State| {
        let caller = authenticate(state, asked.header("authorization"));
        let who = caller.as_ref().map_or("unknown".to_owned(), |caller| caller.label(state));
        let reply = match fault {
            Some(FaultAnswer::Answer { status, headers, body }) => {
                Ok(played(*status, headers, body))
            }
            _ => caller.and_then(|caller| {
                let (route, params) = found.ok_or_else(Refusal::not_found)?;
                let repo = access::repository(state, &method, &asked.path, &asked.query, &params)?;
                access::check(state, &caller, route, repo)?;
                let call = Call {
                    path: asked.path.clone(),
                    params,
                    query: query(&asked.query),
                    headers: asked.headers.clone(),
                    body: parse(&asked.body)?,
                    caller,
                    repo,
                    api: state.api(),
                };
                acceptable(asked)?;
                (route.handler)(state, &call)
            }),
        };
        let now = state.now();
        let mut response = respond(asked, reply, accepted);
        // GraphQL has a limit of its own.
        let free = response.status() == 304 || asked.path == graphql::PATH;
        let window = state.around.limits.count(&who, now, u64::from(!free));
        if matches!(fault, Some(FaultAnswer::Lose)) {
            response = respond(asked, Err(Refusal::new(502, "Server Error")), None);
        }
        // Here, where nothing else can be served: the log has the order in which things came about.
        hub.log().push(Seen {
            at: now,
            method: asked.method.to_string(),
            path: asked.path.clone(),
            route,
            operation: (asked.path == graphql::PATH)
                .then(|| graphql::operation_name(&asked.body))
                .flatten(),
            who,
            authenticated: asked.headers.contains_key("authorization"),
            status: response.status().as_u16(),
            fault: faulty,
            webhooks: std::mem::take(&mut state.around.set_off),
        });
        (response, window)
    };
    let (mut response, window) = if method == Method::GET || asked.path == graphql::PATH {
        hub.serve(run)
    } else {
        hub.write(|state| Ok(run(state))).unwrap_or_else(|refusal| {
            // The data file could not be written: the change stands, but not after a restart.
            let response = respond(asked, Err(refusal), None);
            let window = Window { limit: 0, used: 0, reset: 0 };
            (response, window)
        })
    };
    limit_headers(response.headers_mut(), window);
    response
}

/// What GitHub refuses whatever the route is.
fn acceptable(asked: &Asked) -> Result<(), Refusal> {
    if asked.header("user-agent").is_none_or(str::is_empty) {
        return Err(Refusal::new(
            403,
            "Request forbidden by administrative rules. Please make sure your request has a User-Agent header",
        ));
    }
    if VERSIONS.contains(&asked.version()) {
        Ok(())
    } else {
        Err(Refusal::new(
            400,
            "The X-GitHub-Api-Version header names a version that is not supported",
        ))
    }
}

fn parse(body: &[u8]) -> Result<Value, Refusal> {
    if body.is_empty() {
        return Ok(Value::Null);
    }
    let problem = || Refusal::new(400, "Problems parsing JSON");
    let body: Value = serde_json::from_slice(body).map_err(|_malformed| problem())?;
    match body {
        Value::Object(_) | Value::Array(_) => Ok(body),
        _ => Err(Refusal::new(400, "Body should be a JSON object")),
    }
}

fn played(
    status: u16,
    headers: &std::collections::BTreeMap<String, String>,
    body: &Option<Value>,
) -> Answer {
    let plain = || Refusal::new(status, "A fault was played").body();
    let mut answer = match (body, headers.get("content-type")) {
        // A page, as proxies and maintenance show it.
        (Some(Value::String(text)), Some(_)) => {
            Answer { status, ..Answer::raw("text/plain", text.as_bytes()) }
        }
        _ => Answer::json(status, body.clone().unwrap_or_else(plain)),
    };
    for (name, value) in headers {
        // Names are few and tests are short-lived, so that keeping them for ever does no harm.
        answer.headers.push((String::leak(name.to_lowercase()), value.clone()));
    }
    answer
}

fn respond(asked: &Asked, reply: Reply, accepted: Option<String>) -> Response {
    let answer = reply.unwrap_or_else(|refusal| {
        let answer = Answer::json(refusal.status, refusal.body());
        match refusal.location {
            Some(location) => answer.header("location", location),
            None => answer,
        }
    });
    let (media_type, bytes) = match answer.body {
        Body::Empty => (None, Vec::new()),
        Body::Json(mut value) => {
            if asked.version() == VERSIONS[1] {
                drop_old_fields(&mut value);
            }
            (Some("application/json; charset=utf-8"), value.to_string().into_bytes())
        }
        Body::Raw(media_type, bytes) => (Some(media_type), bytes),
    };
    let mut headers = HeaderMap::new();
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set("server", "github.com");
    set("x-github-media-type", "github.v3; format=json");
    set("x-github-api-version-selected", asked.version());
    set("x-github-request-id", &request_id());
    set("cache-control", "private, max-age=60, s-maxage=60");
    set("vary", "Accept, Authorization, Cookie, X-GitHub-OTP");
    if let Some(media_type) = media_type {
        set("content-type", media_type);
    }
    if let Some(accepted) = accepted.filter(|_| answer.status != 401) {
        set("x-accepted-github-permissions", &accepted);
    }
    let mut status = answer.status;
    let mut bytes = bytes;
    let reads = matches!(asked.method, Method::GET | Method::HEAD);
    if reads && status == 200 {
        let tag = hex::encode(Sha256::digest(&bytes));
        set("etag", &format!("W/\"{tag}\""));
        let known = asked.header("if-none-match").unwrap_or_default();
        if known
            .split(',')
            .any(|known| known.trim().trim_start_matches("W/").trim_matches('"') == tag)
        {
            status = 304;
            bytes.clear();
        }
    }
    for (name, value) in &answer.headers {
        set(name, value);
    }
    if asked.method == Method::HEAD {
        bytes.clear();
    }
    let mut response = Response::new(HttpBody::from(bytes));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    *response.headers_mut() = headers;
    response
}

/// Takes out what the newer API version has no more.
/// <https://docs.github.com/en/rest/about-the-rest-api/breaking-changes?apiVersion=2026-03-10>
fn drop_old_fields(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(drop_old_fields),
        Value::Object(fields) => {
            if fields.contains_key("assignees") {
                fields.remove("assignee");
            }
            if fields.contains_key("head") && fields.contains_key("base") {
                fields.remove("merge_commit_sha");
            }
            fields.values_mut().for_each(drop_old_fields);
        }
        _ => {}
    }
}

fn limit_headers(headers: &mut HeaderMap, window: Window) {
    let numbers = [
        ("x-ratelimit-limit", window.limit),
        ("x-ratelimit-remaining", window.remaining()),
        ("x-ratelimit-used", window.used),
        ("x-ratelimit-reset", window.reset.unsigned_abs()),
    ];
    for (name, number) in numbers {
        // A fault may have said something else.
        headers.entry(name).or_insert_with(|| number.into());
    }
    headers.entry("x-ratelimit-resource").or_insert(HeaderValue::from_static("core"));
}

fn request_id() -> String {
    let id = hex::encode_upper(keys::random::<12>());
    format!("{}:{}:{}:{}:{}", &id[..4], &id[4..9], &id[9..14], &id[14..19], &id[19..])
}

/// An answer that ends before it is whole, so that the connection breaks.
fn broken() -> Response {
    let cut = futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("cut")) });
    let mut response = Response::new(HttpBody::from_stream(cut));
    response.headers_mut().insert("content-length", HeaderValue::from_static("1000"));
    response
}

/// The parts of a query string.
fn query(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            (unescape(&key.replace('+', " ")), unescape(&value.replace('+', " ")))
        })
        .collect()
}
