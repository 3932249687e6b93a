//! Argo CD's REST API, as far as somebody deploys by it: read Applications, change their spec, sync, go back.
//! It does not know how any of that is done.
//! <https://argo-cd.readthedocs.io/en/stable/developer-guide/api-docs/>

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State as Extract;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde::Serialize;
use serde_json::{Value, json};

use super::model::{Application, Initiator};
use super::{Visitor, run, shape};
use crate::sandbox::http::{FaultAnswer, unescape};
use crate::sandbox::hub::Hub;
use crate::sandbox::state::State;

/// Larger bodies are refused.
const LARGEST: usize = 4 << 20;

/// A request to Argo CD that was answered.
#[derive(Clone, Debug, Serialize)]
pub struct ArgoRequest {
    /// The HTTP method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query, as it was sent.
    pub query: String,
    /// The body; null where there was none.
    pub body: Value,
    /// Who asked, by the token.
    pub who: Option<String>,
    /// What was answered.
    pub status: u16,
}

/// The routes.
pub(crate) fn router(hub: Hub) -> Router {
    Router::new().route("/", get(home)).fallback(api).with_state(hub)
}

/// Argo CD's own pages are with the box's.
async fn home(Extract(hub): Extract<Hub>) -> Redirect {
    Redirect::to(&hub.read(|state| format!("{}/argocd", state.html())))
}

async fn api(Extract(hub): Extract<Hub>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = http_body_util::Limited::new(body, LARGEST).collect().await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let body: Value = serde_json::from_slice(&body.to_bytes()).unwrap_or_default();
    let authorization = parts.headers.get(header::AUTHORIZATION);
    let token = authorization.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let asked = Asked {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        token: token.map(str::to_owned),
        body,
    };
    let fault = hub.faults().hit(asked.method.as_str(), &asked.path);
    let mut hang = None;
    match fault {
        None => {}
        Some(FaultAnswer::Hang { ms }) => hang = Some(Duration::from_millis(ms)),
        Some(FaultAnswer::Delay { ms }) => tokio::time::sleep(Duration::from_millis(ms)).await,
        Some(FaultAnswer::Answer { status, body, .. }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            return (status, axum::Json(body.unwrap_or_default())).into_response();
        }
        Some(FaultAnswer::Drop | FaultAnswer::Lose) => {
            return StatusCode::BAD_GATEWAY.into_response();
        }
    }
    // Git and the state's lock would hold up the other requests of this thread.
    let done = tokio::task::spawn_blocking(move || {
        hub.write(|state| Ok(answer(state, &asked))).map_err(|refusal| refusal.message)
    });
    let done = done.await;
    if let Some(hang) = hang {
        tokio::time::sleep(hang).await;
    }
    match done {
        Ok(Ok((status, body))) => (status, axum::Json(body)).into_response(),
        Ok(Err(message)) => (StatusCode::INTERNAL_SERVER_ERROR, message).into_response(),
        Err(_panicked) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

struct Asked {
    method: Method,
    path: String,
    query: String,
    token: Option<String>,
    body: Value,
}

impl Asked {
    /// A word of the query, or of the body where there is one.
    fn word(&self, name: &str) -> String {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        let query = pairs.clone().find(|(key, _)| *key == name).map(|(_, value)| unescape(value));
        query.or_else(|| self.body[name].as_str().map(str::to_owned)).unwrap_or_default()
    }
}

/// Why a request is not done: a code of gRPC, and the sentence.
struct No(u8, String);

impl No {
    /// As gRPC's gateway turns codes into statuses.
    /// <https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto>
    fn answer(self) -> (StatusCode, Value) {
        let status = match self.0 {
            3 | 9 => StatusCode::BAD_REQUEST,
            5 => StatusCode::NOT_FOUND,
            7 => StatusCode::FORBIDDEN,
            12 => StatusCode::NOT_IMPLEMENTED,
            14 => StatusCode::SERVICE_UNAVAILABLE,
            16 => StatusCode::UNAUTHORIZED,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, json!({"error": self.1, "code": self.0, "message": self.1}))
    }
}

/// The description has messages for none of these; they are those of its source.
fn denied() -> No {
    No(7, "permission denied".to_owned())
}

fn precondition(message: &str) -> No {
    No(9, message.to_owned())
}

fn answer(state: &mut State, asked: &Asked) -> (StatusCode, Value) {
    refresh(state, asked);
    state.argocd_looks();
    let visitor = asked.token.as_ref().and_then(|token| state.argocd.tokens.get(token)).cloned();
    let who = visitor.as_ref().map(|visitor| visitor.name.clone());
    let (status, body) = if state.argocd.down {
        No(14, "upstream connect error or disconnect/reset before headers".to_owned()).answer()
    } else {
        match handle(state, asked, visitor.as_ref()) {
            Ok(body) => (StatusCode::OK, body),
            Err(no) => no.answer(),
        }
    };
    state.argocd.log.push(ArgoRequest {
        method: asked.method.to_string(),
        path: asked.path.clone(),
        query: asked.query.clone(),
        body: asked.body.clone(),
        who,
        status: status.as_u16(),
    });
    (status, body)
}

/// Has an Application look at Git before it is told of, where that is asked for.
fn refresh(state: &mut State, asked: &Asked) {
    let name = asked.path.rsplit('/').next().map(unescape).unwrap_or_default();
    let Some(one) = state.argocd.applications.get_mut(&name) else { return };
    if asked.method == Method::GET && !asked.word("refresh").is_empty() && one.asleep {
        one.asleep = false;
        state.argocd_looks();
        if let Some(one) = state.argocd.applications.get_mut(&name) {
            one.asleep = true;
        }
    }
}

fn handle(state: &mut State, asked: &Asked, visitor: Option<&Visitor>) -> Result<Value, No> {
    let words: Vec<String> = asked.path.trim_matches('/').split('/').map(unescape).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if words == ["api", "version"] {
        return Ok(shape::version());
    }
    let visitor = visitor.ok_or_else(|| match &asked.token {
        None => No(16, "no session information".to_owned()),
        Some(_) => No(16, "invalid session: token signature is invalid".to_owned()),
    })?;
    let ["api", "v1", "applications", rest @ ..] = words.as_slice() else {
        return Err(No(5, "Not Found".to_owned()));
    };
    match (asked.method.as_str(), rest) {
        ("GET", []) => Ok(list(state, asked, visitor)),
        ("GET", [name]) => {
            Ok(shape::application(allowed(state, asked, visitor, (name, &["get"]))?))
        }
        ("GET", [name, "resource-tree"]) => {
            Ok(shape::tree(allowed(state, asked, visitor, (name, &["get"]))?))
        }
        ("PATCH", [name]) => patch(state, asked, visitor, name),
        ("PUT", [name]) => {
            allowed(state, asked, visitor, (name, &["update"]))?;
            set_spec(state, name, asked.body["spec"].clone())?;
            Ok(shown(state, name))
        }
        ("PUT", [name, "spec"]) => {
            allowed(state, asked, visitor, (name, &["update"]))?;
            set_spec(state, name, asked.body.clone())?;
            Ok(state.argocd.get(name).map(|one| one.spec.clone()).unwrap_or_default())
        }
        ("POST", [name, "sync"]) => sync(state, asked, visitor, name),
        ("POST", [name, "rollback"]) => rollback(state, asked, visitor, name),
        _ => Err(No(12, "Method Not Allowed".to_owned())),
    }
}

fn shown(state: &State, name: &str) -> Value {
    state.argocd.get(name).map(shape::application).unwrap_or_default()
}

fn list(state: &State, asked: &Asked, visitor: &Visitor) -> Value {
    let named = asked.word("name");
    let all = state.argocd.applications.values();
    let seen = all.filter(|one| visitor.may("get", &one.name));
    let items: Vec<Value> =
        seen.filter(|one| named.is_empty() || one.name == named).map(shape::application).collect();
    json!({"metadata": {"resourceVersion": "1"}, "items": items})
}

/// The Application, if its token may do all of that with it. Who names no project is never told whether an
/// Application is not there or not to be seen.
fn allowed<'a>(
    state: &'a State,
    asked: &Asked,
    visitor: &Visitor,
    (name, actions): (&str, &[&str]),
) -> Result<&'a Application, No> {
    let project = asked.word("project");
    let namespace = asked.word("appNamespace");
    let may = actions.iter().all(|action| visitor.may(action, name));
    if !project.is_empty() && !may {
        return Err(denied());
    }
    if !namespace.is_empty() && namespace != shape::NAMESPACE {
        return Err(denied());
    }
    let absent = || No(5, format!("applications.argoproj.io \"{name}\" not found"));
    let found = state.argocd.get(name).filter(|_| may);
    match found {
        Some(one) if project.is_empty() || one.spec["project"] == project.as_str() => Ok(one),
        _ if project.is_empty() => Err(denied()),
        _ => Err(absent()),
    }
}

fn patch(state: &mut State, asked: &Asked, visitor: &Visitor, name: &str) -> Result<Value, No> {
    allowed(state, asked, visitor, (name, &["get", "update"]))?;
    match asked.body["patchType"].as_str() {
        Some("merge") => {}
        Some("json" | "") | None => {
            return Err(No(3, "the sandbox takes patches of the type `merge` only".to_owned()));
        }
        Some(other) => return Err(No(3, format!("Patch type '{other}' is not supported"))),
    }
    let text = asked.body["patch"].as_str().unwrap_or_default();
    let patch: Value = serde_json::from_str(text)
        .map_err(|error| No(2, format!("error calculating merge patch: {error}")))?;
    let mut whole = shown(state, name);
    merge(&mut whole, &patch);
    set_spec(state, name, whole["spec"].clone())?;
    Ok(shown(state, name))
}

/// JSON merge patch, RFC 7386.
fn merge(into: &mut Value, patch: &Value) {
    let Value::Object(fields) = patch else {
        into.clone_from(patch);
        return;
    };
    if !into.is_object() {
        *into = json!({});
    }
    for (key, value) in fields {
        if value.is_null() {
            if let Value::Object(fields) = into {
                fields.remove(key);
            }
        } else {
            merge(&mut into[key.as_str()], value);
        }
    }
}

fn set_spec(state: &mut State, name: &str, spec: Value) -> Result<(), No> {
    let source = &spec["source"];
    if source["repoURL"].as_str().unwrap_or_default().is_empty() {
        let message = "application spec for NAME is invalid: InvalidSpecError: spec.source.repoURL and either spec.source.path, \
             spec.source.chart, or spec.source.ref are required";
        return Err(No(3, message.replace("NAME", name)));
    }
    if let Some(one) = state.argocd.applications.get_mut(name)
        && one.spec != spec
    {
        one.spec = spec;
        one.generation += 1;
        one.resource_version += 1;
    }
    Ok(())
}

/// <https://argo-cd.readthedocs.io/en/stable/user-guide/commands/argocd_app_sync/>
fn sync(state: &mut State, asked: &Asked, visitor: &Visitor, name: &str) -> Result<Value, No> {
    let one = allowed(state, asked, visitor, (name, &["sync"]))?;
    let revision = asked.body["revision"].as_str().filter(|revision| !revision.is_empty());
    if let Some(revision) = revision
        && one.is_automated()
        && revision != one.source("targetRevision")
    {
        let target = one.source("targetRevision");
        let message = format!("Cannot sync to {revision}: auto-sync currently set to {target}");
        return Err(precondition(&message));
    }
    let content = state.content(one, revision).ok_or_else(|| {
        No(9, format!("unable to resolve '{}' to a commit SHA", revision.unwrap_or("HEAD")))
    })?;
    operate(state, asked, visitor, (name, content, None))
}

/// <https://argo-cd.readthedocs.io/en/stable/user-guide/commands/argocd_app_rollback/>
fn rollback(state: &mut State, asked: &Asked, visitor: &Visitor, name: &str) -> Result<Value, No> {
    let one = allowed(state, asked, visitor, (name, &["sync"]))?;
    if one.is_automated() {
        return Err(precondition("rollback cannot be initiated when auto-sync is enabled"));
    }
    // Numbers of 64 bits are strings in JSON made from Protocol Buffers; both are read.
    let id = asked.body["id"].as_i64();
    let id = id.or_else(|| asked.body["id"].as_str()?.parse().ok()).unwrap_or_default();
    let there =
        one.history.iter().find(|deployed| deployed.id == id).cloned().ok_or_else(|| {
            let name = format!("{}/{name}", shape::NAMESPACE);
            No(3, format!("application {name} does not have deployment with id {id}"))
        })?;
    operate(state, asked, visitor, (name, there.content, Some(there.source)))
}

fn operate(
    state: &mut State,
    asked: &Asked,
    visitor: &Visitor,
    (name, content, source): (&str, super::model::Content, Option<Value>),
) -> Result<Value, No> {
    let now = state.now();
    if let Some(one) = state.argocd.applications.get_mut(name) {
        if one.is_running() {
            return Err(precondition("another operation is already in progress"));
        }
        let by = Initiator { username: Some(visitor.name.clone()), automated: false };
        run::begin(one, content, by, now);
        if let Some(operation) = &mut one.operation {
            operation.dry_run = asked.body["dryRun"] == true;
            operation.prune = asked.body["prune"] == true;
            operation.source = source.unwrap_or_else(|| operation.source.clone());
        }
    }
    let begun = shown(state, name);
    state.argocd_looks();
    Ok(begun)
}
