//! The GitHub door against a small scripted server, and against the sandbox.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod branches;
mod errors;
mod issues;
mod people;
mod reads;
mod sandbox;
mod snapshot;
mod tokens;
mod writes;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use jiff::Timestamp;
use rsa::pkcs1::{EncodeRsaPrivateKey, EncodeRsaPublicKey, LineEnding};
use serde_json::{Value, json};
use usher::github::{GitHub, Options, Priority, Repo};
use usher::model::clock::{Clock, Entropy};
use usher::model::ids::{AppId, InstallationId, RepoId, RepoName, RepoRef, Sha};

/// What the door sent.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Method, path and query: `GET /app?x=1`.
    call: String,
    headers: http::HeaderMap,
    body: Value,
}

/// What the server answers.
pub(crate) enum Reply {
    Json(u16, Value),
    With(u16, Vec<(&'static str, String)>, Value),
    Page(u16, &'static str),
    /// The connection breaks in the middle of the answer.
    Break,
}

type Script = dyn Fn(&Seen, usize) -> Option<Reply> + Send + Sync;

struct Stub {
    base: String,
    seen: Mutex<Vec<Seen>>,
    script: Box<Script>,
    now: Mutex<Timestamp>,
}

impl Stub {
    /// A server that answers by `script`, which gets each call and how often it came before; what
    /// the script leaves out is answered as a healthy GitHub would.
    async fn start(
        script: impl Fn(&Seen, usize) -> Option<Reply> + Send + Sync + 'static,
    ) -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stub = Arc::new(Self {
            base: format!("http://{}/api/v3", listener.local_addr().unwrap()),
            seen: Mutex::default(),
            script: Box::new(script),
            now: Mutex::new("2026-11-20T12:00:00Z".parse().unwrap()),
        });
        let app = Router::new().fallback(answer).with_state(stub.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        stub
    }

    fn door(self: &Arc<Self>) -> GitHub {
        let stub = self.clone();
        GitHub::new(options(&self.base, Clock::new(move || *stub.now.lock().unwrap()))).unwrap()
    }

    fn repo(self: &Arc<Self>) -> Repo {
        self.door().at(&reference(1, 7), Priority::Person)
    }

    fn pass(&self, seconds: i64) {
        let mut now = self.now.lock().unwrap();
        *now += jiff::SignedDuration::from_secs(seconds);
    }

    /// The calls so far that begin with `start`.
    fn calls(&self, start: &str) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap();
        let calls = seen.iter().filter(|s| s.call.starts_with(start));
        calls.cloned().collect()
    }

    fn count(&self, start: &str) -> usize {
        self.calls(start).len()
    }
}

async fn answer(State(stub): State<Arc<Stub>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let path = head.uri.path_and_query().unwrap().as_str();
    let body: Bytes = axum::body::to_bytes(Body::new(body), usize::MAX).await.unwrap();
    let seen = Seen {
        call: format!("{} {}", head.method, path.strip_prefix("/api/v3").unwrap_or(path)),
        headers: head.headers,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    let before = {
        let mut all = stub.seen.lock().unwrap();
        all.push(seen.clone());
        all.iter().filter(|s| s.call == seen.call).count() - 1
    };
    let reply = (stub.script)(&seen, before);
    reply
        .or_else(|| healthy(&stub, &seen))
        .unwrap_or_else(|| Reply::Json(404, json!({"message": "Not Found"})))
        .into_response()
}

/// What every call needs: tokens, and who we are.
fn healthy(stub: &Stub, seen: &Seen) -> Option<Reply> {
    let path = seen.call.split_once(' ')?.1;
    if path.starts_with("/app/installations/") {
        let nth = stub.count("POST /app/installations/");
        let expires = *stub.now.lock().unwrap() + jiff::SignedDuration::from_hours(1);
        let token = json!({"token": format!("ghs_{nth}"), "expires_at": expires.to_string()});
        return Some(Reply::Json(201, token));
    }
    match path {
        "/app" => Some(Reply::Json(200, json!({"id": 42, "slug": "usher"}))),
        "/app/installations?per_page=100" => Some(Reply::Json(
            200,
            json!([{"id": 7, "account": {"login": "acme"}, "suspended_at": null}]),
        )),
        "/users/usher%5Bbot%5D" => Some(Reply::Json(200, bot())),
        _ => None,
    }
}

impl Reply {
    fn into_response(self) -> Response {
        let json = "application/json; charset=utf-8";
        let (status, kind, headers, body) = match self {
            Self::Json(status, body) => (status, json, vec![], Body::from(body.to_string())),
            Self::With(status, headers, body) => {
                (status, json, headers, Body::from(body.to_string()))
            }
            Self::Page(status, body) => (status, "text/html", vec![], Body::from(body)),
            Self::Break => {
                let broken = futures_util::stream::iter([
                    Ok(Bytes::from_static(b"[{")),
                    Err(std::io::Error::other("gone")),
                ]);
                (200, json, vec![], Body::from_stream(broken))
            }
        };
        let mut response = Response::builder().status(status).header("content-type", kind);
        for (name, value) in headers {
            response = response.header(name, value);
        }
        response.body(body).unwrap()
    }
}

fn options(api: &str, clock: Clock) -> Options {
    Options {
        api: api.to_owned(),
        app: AppId(42),
        key: key().0.clone().into(),
        clock,
        entropy: Entropy::new(|bytes| bytes.fill(7)),
        user_agent: "usher/test".to_owned(),
    }
}

/// A private key and its public half, both PEM; small, since it guards nothing.
fn key() -> &'static (String, String) {
    static KEY: OnceLock<(String, String)> = OnceLock::new();
    KEY.get_or_init(|| {
        let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 1024).unwrap();
        let private = key.to_pkcs1_pem(LineEnding::LF).unwrap().to_string();
        let public = key.to_public_key().to_pkcs1_pem(LineEnding::LF).unwrap();
        (private, public)
    })
}

fn reference(repo: u64, installation: u64) -> RepoRef {
    RepoRef {
        id: RepoId(repo),
        name: RepoName::new(format!("acme/shop{repo}")).unwrap(),
        installation: InstallationId(installation),
    }
}

fn bot() -> Value {
    json!({"id": 4242, "login": "usher[bot]", "type": "Bot"})
}

fn sha(digit: char) -> Sha {
    Sha::new(digit.to_string().repeat(40)).unwrap()
}

fn commit(id: char, author: &Value, message: &str, verified: bool) -> Value {
    json!({
        "sha": sha(id), "author": author, "committer": author, "parents": [{"sha": sha('0')}],
        "commit": {"message": message, "tree": {"sha": sha('e')}, "verification": {"verified": verified}},
    })
}

fn pull(number: u64, author: &Value, labels: &[&str]) -> Value {
    let side = |branch: &str| json!({"ref": branch, "sha": sha('c'), "repo": {"id": 1}});
    let labels: Vec<Value> = labels.iter().map(|name| json!({"name": name})).collect();
    json!({
        "number": number, "state": "open", "merged_at": null, "title": "t", "body": "b", "user": author,
        "head": side("usher/x"), "base": side("main"), "labels": labels,
    })
}

/// Answers by exact call.
fn table(
    answers: impl IntoIterator<Item = (&'static str, Reply)>,
) -> impl Fn(&Seen, usize) -> Option<Reply> + Send + Sync {
    let answers: HashMap<&str, Reply> = answers.into_iter().collect();
    move |seen, _| answers.get(seen.call.as_str()).map(Reply::again)
}

impl Reply {
    fn again(&self) -> Self {
        match self {
            Self::Json(status, body) => Self::Json(*status, body.clone()),
            Self::With(status, headers, body) => Self::With(*status, headers.clone(), body.clone()),
            Self::Page(status, body) => Self::Page(*status, body),
            Self::Break => Self::Break,
        }
    }
}
