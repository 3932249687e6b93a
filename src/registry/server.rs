//! One registry: manifests are asked for, and what it wants to see first is shown to it.
//! <https://github.com/opencontainers/distribution-spec/blob/main/spec.md>
//!
//! It does not know which images matter, or who may ask.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use super::challenge::{self, Challenge};
use super::name::Reference;
use super::{Credentials, Options};
use crate::fault::Fault;
use crate::model::artifact::Artifact;
use crate::model::clock::Clock;
use crate::model::ids::Digest;
use crate::reach::{Answer, Origin, Question, Reach};

/// Manifests and indexes, OCI's and Docker's: what tags point to.
const KINDS: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";
const DIGEST: &str = "docker-content-digest";

/// So many redirects are followed, all on the same server.
const REDIRECTS: usize = 3;

/// A token is used for so long at most, whatever it says.
const TOKEN: i64 = 240;

/// A token that is longer is none.
const LONGEST_TOKEN: usize = 16 * 1024;

/// So long nobody knocks again at a registry that is down.
const REST: SignedDuration = SignedDuration::from_secs(15);

pub(super) struct Server {
    reach: Reach,
    realms: Vec<Reach>,
    credentials: Credentials,
    clock: Clock,
    tokens: Mutex<BTreeMap<String, (SecretString, Timestamp)>>,
    down: Mutex<Option<(Timestamp, String)>>,
}

impl Server {
    pub(super) fn new(options: Options, clock: Clock) -> Result<Self, Fault> {
        let realms = options.realms.into_iter().map(Reach::new).collect::<Result<_, _>>()?;
        Ok(Self {
            reach: Reach::new(options.reach)?,
            realms,
            credentials: options.credentials,
            clock,
            tokens: Mutex::default(),
            down: Mutex::default(),
        })
    }

    /// Whether a manifest is there.
    pub(super) async fn find(&self, path: &str, reference: &Reference) -> Artifact {
        let now = self.clock.now();
        let down = self.down.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, why)) = down.filter(|(until, _)| *until > now) {
            return Artifact::Unreachable(why);
        }
        match self.look(path, reference).await {
            Ok(found) => found,
            Err(Fault::Transient { reason, after }) => {
                let rest = after.and_then(|after| SignedDuration::try_from(after).ok());
                let until = now.checked_add(rest.unwrap_or(REST)).unwrap_or(now);
                let mut down = self.down.lock().unwrap_or_else(PoisonError::into_inner);
                *down = Some((until, reason.clone()));
                Artifact::Unreachable(reason)
            }
            Err(Fault::Denied(why) | Fault::Broken(why) | Fault::Stale(why)) => {
                Artifact::Unreachable(why)
            }
        }
    }

    async fn look(&self, path: &str, reference: &Reference) -> Result<Artifact, Fault> {
        let at = format!("/v2/{path}/manifests/{}", reference.as_str());
        let mut answer = self.ask(Method::HEAD, path, &at).await?;
        let mut found = digest_of(&answer);
        // Some do not answer HEAD, some leave the header out: then the manifest itself tells.
        let tells = answer.status.is_success() && found.is_none();
        if tells || answer.status == StatusCode::METHOD_NOT_ALLOWED {
            answer = self.ask(Method::GET, path, &at).await?;
            found = answer.status.is_success().then(|| digest_of_body(&answer.body)).flatten();
        }
        let here = self.reach.origin();
        match answer.status.as_u16() {
            200 => {}
            404 => return Ok(Artifact::Absent),
            401 | 403 => {
                return Err(Fault::Denied(format!("{here} does not let Usher read {path}")));
            }
            other => return Err(Fault::Broken(format!("{here} answers {other}"))),
        }
        let found = found
            .ok_or_else(|| Fault::Broken(format!("{here} does not say which manifest it has")))?;
        match reference {
            Reference::Digest(asked) if *asked != found => {
                Err(Fault::Broken(format!("{here} has another manifest than it was asked for")))
            }
            _ => Ok(Artifact::Present(found)),
        }
    }

    /// Asks, and shows what it wants to see when it says so.
    async fn ask(&self, method: Method, path: &str, at: &str) -> Result<Answer, Fault> {
        let question = |shown: Option<&SecretString>| -> Result<Question, Fault> {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(KINDS));
            if let Some(shown) = shown {
                headers.insert(AUTHORIZATION, sensitive(shown)?);
            }
            let (method, path) = (method.clone(), at.to_owned());
            Ok(Question { method, path, headers, body: Bytes::new() })
        };
        let token = self.token_at_hand(path);
        let answer = self.reach.ask_on(question(token.as_ref())?, REDIRECTS).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let shown = match challenge::read(&answer.headers) {
            Some(Challenge::Basic) => basic(&self.credentials),
            Some(Challenge::Bearer { realm, service }) => {
                Some(self.token(&realm, service.as_deref(), path).await?)
            }
            None => None,
        };
        match shown {
            Some(shown) => self.reach.ask_on(question(Some(&shown))?, REDIRECTS).await,
            None => Ok(answer),
        }
    }

    fn token_at_hand(&self, path: &str) -> Option<SecretString> {
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let (token, until) = tokens.get(path)?;
        (*until > self.clock.now()).then(|| token.clone())
    }

    /// Has a token given for pulling from one repository, whatever more the registry proposes to ask for.
    async fn token(
        &self,
        realm: &str,
        service: Option<&str>,
        path: &str,
    ) -> Result<SecretString, Fault> {
        let here = self.reach.origin();
        let (origin, at) = Origin::of_url(realm)
            .map_err(|_| Fault::Broken(format!("{here} names no address to get tokens at")))?;
        let reach = [&self.reach].into_iter().chain(&self.realms);
        let reach = reach.into_iter().find(|reach| *reach.origin() == origin).ok_or_else(|| {
            Fault::Denied(format!(
                "{here} sends to {origin} for tokens, which the operator has not listed among its `realms`"
            ))
        })?;
        let scope = format!("repository:{path}:pull");
        let mut words = vec![("scope", scope.as_str())];
        words.extend(service.map(|service| ("service", service)));
        let question = match &self.credentials {
            Credentials::Identity(identity) => {
                words.push(("grant_type", "refresh_token"));
                words.push(("client_id", "usher"));
                words.push(("refresh_token", identity.expose_secret()));
                let mut question = Question::get(at);
                question.method = Method::POST;
                let form = HeaderValue::from_static("application/x-www-form-urlencoded");
                question.headers.insert(CONTENT_TYPE, form);
                question.body = Bytes::from(form_of(&words));
                question
            }
            other => {
                let joint = if at.contains('?') { '&' } else { '?' };
                let mut question = Question::get(format!("{at}{joint}{}", form_of(&words)));
                if let Some(shown) = basic(other) {
                    question.headers.insert(AUTHORIZATION, sensitive(&shown)?);
                }
                question
            }
        };
        let answer = reach.ask(question).await?;
        let there = reach.origin();
        if answer.status != StatusCode::OK {
            let status = answer.status.as_u16();
            return Err(Fault::Denied(format!("{there} gives no token: it answers {status}")));
        }
        self.keep_token(&answer.body, path)
            .ok_or_else(|| Fault::Broken(format!("{there} answers with no token")))
    }

    fn keep_token(&self, body: &[u8], path: &str) -> Option<SecretString> {
        let answer: serde_json::Value = serde_json::from_slice(body).ok()?;
        let token = answer.get("token").or_else(|| answer.get("access_token"))?.as_str()?;
        let fit = (1..=LONGEST_TOKEN).contains(&token.len())
            && token.bytes().all(|byte| byte.is_ascii_graphic());
        let token = SecretString::from(format!("Bearer {}", fit.then_some(token)?));
        // The specification's own word for how long, where nothing is said.
        let lasts = answer.get("expires_in").and_then(serde_json::Value::as_i64).unwrap_or(60);
        let lasts = SignedDuration::from_secs(lasts.clamp(0, TOKEN + 15) - 15);
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() >= 1000 {
            tokens.clear();
        }
        if let Ok(until) = self.clock.now().checked_add(lasts) {
            tokens.insert(path.to_owned(), (token.clone(), until));
        }
        Some(token)
    }
}

/// User name and password, as a header; nothing else is ever shown that way.
fn basic(credentials: &Credentials) -> Option<SecretString> {
    let Credentials::Password { user, password } = credentials else {
        return None;
    };
    let both = format!("{user}:{}", password.expose_secret());
    Some(SecretString::from(format!("Basic {}", STANDARD.encode(both))))
}

fn sensitive(text: &SecretString) -> Result<HeaderValue, Fault> {
    let mut value = HeaderValue::from_str(text.expose_secret())
        .map_err(|_| Fault::Broken("the credentials are not fit for a header".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

fn digest_of(answer: &Answer) -> Option<Digest> {
    let said = answer.headers.get(DIGEST).filter(|_| answer.status.is_success())?;
    Digest::new(said.to_str().ok()?).ok()
}

fn digest_of_body(body: &[u8]) -> Option<Digest> {
    // What is no manifest has no digest worth the name: a page of a proxy, say.
    let manifest: serde_json::Value = serde_json::from_slice(body).ok()?;
    manifest.get("schemaVersion")?;
    Digest::new(format!("sha256:{}", hex::encode(Sha256::digest(body)))).ok()
}

/// Names and values as forms and queries have them.
fn form_of(words: &[(&str, &str)]) -> String {
    let mut form = String::new();
    for (name, value) in words {
        if !form.is_empty() {
            form.push('&');
        }
        form.push_str(name);
        form.push('=');
        for byte in value.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    form.push(char::from(byte));
                }
                _ => form.push_str(&format!("%{byte:02X}")),
            }
        }
    }
    form
}
