//! Knows how bytes get to GitHub and back: octocrab's client, TLS, headers, time-outs.
//!
//! It does not know who calls, whether to call again, or what an answer means.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, IF_NONE_MATCH, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use octocrab::{AuthState, OctoBody, Octocrab, OctocrabBuilder};
use secrecy::{ExposeSecret, SecretString};

use crate::fault::Fault;

const CONNECT: Duration = Duration::from_secs(5);
const WHOLE: Duration = Duration::from_secs(30);
const LARGEST: usize = 64 * 1024 * 1024;
const API_VERSION: &str = "2022-11-28";

pub(super) struct Transport {
    client: Octocrab,
    base: String,
    graphql: String,
    user_agent: HeaderValue,
    whole: Duration,
}

/// What is sent; `url` is absolute and below the base, or that of GraphQL.
pub(super) struct Parcel<'a> {
    pub(super) method: &'a Method,
    pub(super) url: &'a str,
    pub(super) bearer: Option<&'a SecretString>,
    pub(super) etag: Option<&'a HeaderValue>,
    pub(super) body: Option<&'a serde_json::Value>,
}

/// What came back, whole.
#[derive(Debug, Clone)]
pub(super) struct Raw {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Why nothing came back.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It may or may not have arrived.
    Lost(String),
    /// It could not be sent, or the answer cannot be taken; trying again does not help.
    Hopeless(String),
}

impl Transport {
    pub(super) fn new(api: &str, user_agent: &str) -> Result<Self, Fault> {
        let broken = |why: &str| {
            Fault::Broken(format!(
                "{api:?} is not the base of a REST API ({why}); give something like https://api.github.com"
            ))
        };
        let base = api.trim_end_matches('/');
        let uri: Uri = base.parse().map_err(|_| broken("not a URL"))?;
        if uri.authority().is_none_or(|a| a.as_str().contains('@')) {
            return Err(broken("a host without user name is needed"));
        }
        if uri.query().is_some() {
            return Err(broken("it has a query"));
        }
        let client = match uri.scheme_str() {
            Some("https") => over_tls(&uri)?,
            Some("http") => in_plain()?,
            _ => return Err(broken("neither http nor https")),
        };
        let user_agent = HeaderValue::from_str(user_agent)
            .map_err(|_| Fault::Broken("the user agent is not fit for a header".to_owned()))?;
        let graphql = beside(base);
        Ok(Self { client, base: base.to_owned(), graphql, user_agent, whole: WHOLE })
    }

    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Where GraphQL is asked.
    pub(super) fn graphql(&self) -> &str {
        &self.graphql
    }

    /// One try, bounded in time and size.
    pub(super) async fn send(&self, parcel: Parcel<'_>) -> Result<Raw, Trouble> {
        let request = self.request(&parcel)?;
        let silent = || format!("no answer in {} s", self.whole.as_secs_f32());
        tokio::time::timeout(self.whole, self.exchange(request))
            .await
            .unwrap_or_else(|_| Err(Trouble::Lost(silent())))
    }

    fn request(&self, parcel: &Parcel<'_>) -> Result<Request<OctoBody>, Trouble> {
        let hopeless = |why: String| Trouble::Hopeless(why);
        let mut request = Request::builder()
            .method(parcel.method)
            .uri(parcel.url)
            .header(ACCEPT, "application/vnd.github+json")
            .header(USER_AGENT, &self.user_agent)
            .header("x-github-api-version", API_VERSION);
        if let Some(bearer) = parcel.bearer {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", bearer.expose_secret()))
                .map_err(|_| hopeless("the token is not fit for a header".to_owned()))?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        if let Some(etag) = parcel.etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        let body = match parcel.body {
            Some(json) => {
                request = request.header(CONTENT_TYPE, "application/json");
                OctoBody::from(json.to_string())
            }
            None => OctoBody::empty(),
        };
        request.body(body).map_err(|e| hopeless(e.to_string()))
    }

    async fn exchange(&self, request: Request<OctoBody>) -> Result<Raw, Trouble> {
        let response =
            self.client.send(request).await.map_err(|error| Trouble::Lost(chain(&error)))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, LARGEST)
            .collect()
            .await
            .map_err(|e| {
                if e.is::<http_body_util::LengthLimitError>() {
                    Trouble::Hopeless("the answer is larger than 64 MiB".to_owned())
                } else {
                    Trouble::Lost(chain(e.as_ref()))
                }
            })?
            .to_bytes();
        Ok(Raw { status: head.status, headers: head.headers, body })
    }
}

/// GraphQL's address: an Enterprise Server has it at `/api/graphql`, beside `/api/v3`.
/// <https://docs.github.com/en/enterprise-server@latest/graphql/guides/forming-calls-with-graphql#the-graphql-endpoint>
fn beside(base: &str) -> String {
    match base.strip_suffix("/v3") {
        Some(above) => format!("{above}/graphql"),
        None => format!("{base}/graphql"),
    }
}

/// The causes of an error in one line: the outer ones rarely say what happened.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(cause) = next {
        // octocrab's own Display adds a backtrace; its first line is what matters.
        let text = cause.to_string();
        let line = text.lines().next().unwrap_or_default().trim().to_owned();
        if !line.is_empty() && !parts.iter().any(|p| p.contains(&line)) {
            parts.push(line);
        }
        next = cause.source();
    }
    parts.join(": ")
}

/// octocrab's own retry would send a POST again after a 502: it is not compiled in (feature `retry`).
fn over_tls(uri: &Uri) -> Result<Octocrab, Fault> {
    let broken = |e: octocrab::Error| Fault::Broken(format!("cannot set up TLS: {}", chain(&e)));
    Octocrab::builder()
        .set_connect_timeout(Some(CONNECT))
        .base_uri(uri.clone())
        .map_err(broken)?
        .build()
        .map_err(broken)
}

/// Without TLS no certificates are looked for: a sandbox has to run on a machine that has none.
fn in_plain() -> Result<Octocrab, Fault> {
    let mut connector = HttpConnector::new();
    connector.set_connect_timeout(Some(CONNECT));
    connector.set_nodelay(true);
    let client = Client::builder(TokioExecutor::new()).build::<_, OctoBody>(connector);
    let built =
        OctocrabBuilder::new_empty().with_service(client).with_auth(AuthState::None).build();
    match built {
        Ok(client) => Ok(client),
        Err(never) => match never {},
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graphql_is_beside_the_rest_api() {
        assert_eq!(beside("https://api.github.com"), "https://api.github.com/graphql");
        assert_eq!(beside("https://ghe.acme.io/api/v3"), "https://ghe.acme.io/api/graphql");
    }

    #[tokio::test]
    async fn silence_is_not_waited_out() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/api/v3/", listener.local_addr().unwrap());
        let mut transport = Transport::new(&base, "usher/test").unwrap();
        transport.whole = Duration::from_millis(50);
        let url = format!("{}/app", transport.base());
        let trouble = transport
            .send(Parcel { method: &Method::GET, url: &url, bearer: None, etag: None, body: None })
            .await
            .unwrap_err();
        assert!(matches!(trouble, Trouble::Lost(why) if why == "no answer in 0.05 s"));
        drop(listener);
    }
}
