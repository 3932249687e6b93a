//! The door to the servers that know change tickets: what one says of a ticket.
//!
//! It asks only servers that the operator named, and shows each what it may be shown. Which answer is the right one, and how
//! the address of a ticket is made, is not known here.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::fault::Fault;
use crate::model::artifact::TicketAnswer;
use crate::model::clock::Clock;
use crate::model::ids::RepoName;
use crate::reach::{self, Origin, Question, Reach};

/// So many tickets are asked for at once.
const AT_ONCE: usize = 4;

/// So many redirects are followed, all on the same server.
const REDIRECTS: usize = 3;

/// So long an answer is good for: several pull requests may name one ticket.
const FRESH: SignedDuration = SignedDuration::from_secs(10);

/// So many answers are remembered.
const MOST: usize = 1_000;

/// So much of what a server says is kept.
const LONGEST: usize = 1_000;

/// What the operator says of a server.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where its tickets are, as the configuration of repositories has it: `HOST` or `HOST:PORT`.
    pub host: String,
    /// Where and how it is reached.
    pub reach: reach::Options,
    /// What it is shown: the value of the header `Authorization`.
    pub authorization: Option<SecretString>,
    /// The repositories that may have it asked: `owner/name`, or `owner/*` for all of an owner.
    pub repositories: Vec<String>,
}

/// The servers, or none. Cheap to clone.
#[derive(Clone)]
pub struct Tickets(Arc<Inner>);

struct Inner {
    servers: BTreeMap<Origin, Server>,
    clock: Clock,
    turns: Semaphore,
    heard: Mutex<BTreeMap<(String, String), (TicketAnswer, Timestamp)>>,
}

struct Server {
    reach: Reach,
    authorization: Option<SecretString>,
    repositories: Vec<String>,
}

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.servers.keys()).finish()
    }
}

impl Tickets {
    /// Those that the operator names.
    pub fn open(all: Vec<Options>, clock: Clock) -> Result<Self, Fault> {
        let mut servers = BTreeMap::new();
        for Options { host, reach, authorization, repositories } in all {
            let named = Origin::of_authority(true, &host)
                .map_err(|why| Fault::Broken(format!("the ticket server {host:?} {why}")))?;
            let reach = Reach::new(reach)?;
            servers.insert(named, Server { reach, authorization, repositories });
        }
        let (turns, heard) = (Semaphore::new(AT_ONCE), Mutex::default());
        Ok(Self(Arc::new(Inner { servers, clock, turns, heard })))
    }

    /// Asks what stands at `json` in the answer at `url`, on behalf of a repository.
    pub async fn ask(&self, repo: &RepoName, url: &str, json: &str) -> TicketAnswer {
        let Ok((origin, path)) = Origin::of_url(url) else {
            return TicketAnswer::Unreachable("its address cannot be read".to_owned());
        };
        let inner = &self.0;
        let server = inner.servers.get(&origin);
        let Some(server) = server.filter(|server| repo.is_among(&server.repositories)) else {
            return TicketAnswer::NotAsked { host: origin.authority() };
        };
        let key = (url.to_owned(), json.to_owned());
        if let Some(answer) = inner.heard(&key) {
            return answer;
        }
        let Ok(_turn) = inner.turns.acquire().await else {
            return TicketAnswer::Unreachable("nobody is asked any more".to_owned());
        };
        let answer = match server.ask(path, json).await {
            Ok(answer) => answer,
            Err(
                Fault::Transient { reason: why, .. }
                | Fault::Denied(why)
                | Fault::Broken(why)
                | Fault::Stale(why),
            ) => TicketAnswer::Unreachable(why),
        };
        inner.keep(key, answer.clone());
        answer
    }
}

impl Inner {
    fn heard(&self, key: &(String, String)) -> Option<TicketAnswer> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let (answer, at) = heard.get(key)?;
        (self.clock.now().duration_since(*at) < FRESH).then(|| answer.clone())
    }

    fn keep(&self, key: (String, String), answer: TicketAnswer) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.len() >= MOST {
            heard.clear();
        }
        heard.insert(key, (answer, self.clock.now()));
    }
}

impl Server {
    async fn ask(&self, path: String, json: &str) -> Result<TicketAnswer, Fault> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(shown) = &self.authorization {
            let mut value = HeaderValue::from_str(shown.expose_secret())
                .map_err(|_| Fault::Broken("the token is not fit for a header".to_owned()))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let question = Question { headers, ..Question::get(path) };
        let answer = self.reach.ask_on(question, REDIRECTS).await?;
        let here = self.reach.origin();
        match answer.status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND | StatusCode::GONE => return Ok(TicketAnswer::Absent),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                return Err(Fault::Denied(format!("{here} does not let Usher read it")));
            }
            other => return Err(Fault::Broken(format!("{here} answers {}", other.as_u16()))),
        }
        let body: Value = serde_json::from_slice(&answer.body)
            .map_err(|_| Fault::Broken(format!("{here} answers with something else than JSON")))?;
        Ok(match body.pointer(json).and_then(said) {
            Some(said) => TicketAnswer::Says(said),
            None => TicketAnswer::Silent,
        })
    }
}

/// A single value in words.
fn said(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(so) => so.to_string(),
        _ => return None,
    };
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Some(text[..end].to_owned())
}
