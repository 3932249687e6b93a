//! Knows how GraphQL is asked: one query, its data and what is missing in it, and when REST has to serve.
//!
//! It does not know what is asked for. A query only reads, and is tried again as reads are.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::answer;
use super::line::{Call, Line};
use super::pace::{Account, Cost};
use super::transport::Raw;
use crate::fault::Fault;

/// Stands for the address of GraphQL, which is beside the REST API and not below it.
pub(super) const PATH: &str = "/graphql";

/// So long nothing is asked after a query that this GitHub did not understand: an Enterprise Server may be
/// older than a field.
const UNHEARD: Duration = Duration::from_secs(60 * 60);

/// What a query found.
#[derive(Debug, Default)]
pub(super) struct Found {
    data: Map<String, Value>,
    /// Where something is missing, and why.
    missing: Vec<(Vec<Value>, String)>,
}

impl Found {
    /// What was found under a name of the root; nothing where it is null.
    pub(super) fn root(&mut self, name: &str) -> Option<Map<String, Value>> {
        match self.data.remove(name)? {
            Value::Object(fields) => Some(fields),
            _ => None,
        }
    }

    /// Whether nothing is missing below that place: then null means that there is none.
    pub(super) fn is_whole(&self, place: &[&str]) -> bool {
        !self.missing.iter().any(|(path, _)| {
            let mut both = path.iter().zip(place);
            path.is_empty() || both.all(|(step, name)| step == name)
        })
    }
}

/// When GraphQL is not asked.
#[derive(Debug, Default)]
pub(super) struct Queries {
    /// Whose hour is used up, since GraphQL has a limit of its own beside that of REST; and where it does not
    /// understand us.
    resting: Mutex<HashMap<Account, Instant>>,
}

#[derive(Deserialize)]
struct Answered {
    data: Option<Map<String, Value>>,
    #[serde(default)]
    errors: Vec<Problem>,
}

#[derive(Deserialize)]
struct Problem {
    #[serde(default)]
    message: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    path: Option<Vec<Value>>,
    #[serde(default)]
    extensions: Extensions,
}

#[derive(Deserialize, Default)]
struct Extensions {
    /// What is wrong with the query itself.
    code: Option<String>,
}

/// A limit that comes with a success for a status.
/// <https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    /// The hour's points of GraphQL are used up; REST is not concerned.
    Hour,
    /// Too much at once, which REST counts for, too.
    AtOnce,
}

/// The limit that an answer to a query tells of.
pub(super) fn limit(raw: &Raw) -> Option<Limit> {
    if !raw.status.is_success() {
        return None;
    }
    let answered: Answered = serde_json::from_slice(&raw.body).ok()?;
    answered.errors.iter().find_map(|problem| {
        let said = problem.message.to_lowercase();
        if said.contains("secondary rate limit") || said.contains("abuse detection") {
            return Some(Limit::AtOnce);
        }
        (problem.kind.as_deref() == Some("RATE_LIMITED")).then_some(Limit::Hour)
    })
}

impl Line {
    /// Asks; nothing where GraphQL has no answer now, so that REST has to be asked. A limit that REST would
    /// meet as well is a fault.
    pub(super) async fn query(
        &self,
        text: &str,
        variables: &Value,
    ) -> Result<Option<Found>, Fault> {
        let account = self.caller().account();
        let (queries, pace) = (&self.github.0.queries, &self.github.0.pace);
        if queries.rests(account) {
            return Ok(None);
        }
        let body = json!({"query": text, "variables": variables});
        let (method, cost) = (Method::POST, Cost::Read);
        let call = Call { method, path: PATH, body: Some(&body), cost, reads: true };
        let raw = match self.send(&call, None).await {
            Ok(raw) => raw,
            Err(fault @ Fault::Transient { after: Some(_), .. }) => return Err(fault),
            Err(fault) => return Ok(elsewhere(&fault.to_string())),
        };
        let asked = call.asked();
        if !raw.status.is_success() {
            return Ok(elsewhere(&answer::fault(&asked, &raw).to_string()));
        }
        if limit(&raw) == Some(Limit::Hour) {
            let rest = pace.reset(&raw.headers).unwrap_or(Duration::from_secs(60));
            tracing::warn!(?account, seconds = rest.as_secs(), "GraphQL's rate limit; asking REST");
            queries.rest(account, rest);
            return Ok(None);
        }
        let answered: Answered = match answer::parse(&asked, &raw) {
            Ok(answered) => answered,
            Err(fault) => return Ok(elsewhere(&fault.to_string())),
        };
        let said = |problem: &Problem| super::text::presentable(&problem.message);
        let Some(data) = answered.data else {
            let said: Vec<String> = answered.errors.iter().map(said).collect();
            if answered.errors.iter().any(|problem| problem.extensions.code.is_some()) {
                queries.rest(account, UNHEARD);
            }
            return Ok(elsewhere(&format!("{asked}: {}", said.join("; "))));
        };
        let missing = answered.errors.into_iter().map(|problem| {
            let said = said(&problem);
            (problem.path.unwrap_or_default(), said)
        });
        let found = Found { data, missing: missing.collect() };
        for (path, said) in &found.missing {
            tracing::debug!(?path, said, "GraphQL left something out");
        }
        Ok(Some(found))
    }
}

fn elsewhere(why: &str) -> Option<Found> {
    tracing::warn!(why, "GraphQL does not answer; asking REST");
    None
}

impl Queries {
    fn rests(&self, account: Account) -> bool {
        self.lock().get(&account).is_some_and(|until| *until > Instant::now())
    }

    fn rest(&self, account: Account, rest: Duration) {
        self.lock().insert(account, Instant::now() + rest);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Account, Instant>> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, StatusCode};

    fn raw(body: &Value) -> Raw {
        let body = body.to_string().into();
        Raw { status: StatusCode::OK, headers: HeaderMap::new(), body }
    }

    #[test]
    fn a_limit_is_told_from_what_people_write() {
        let error = |error: Value| raw(&json!({"data": null, "errors": [error]}));
        let hour = json!({"type": "RATE_LIMITED", "message": "API rate limit exceeded for installation ID 7."});
        assert_eq!(limit(&error(hour)), Some(Limit::Hour));
        let at_once = json!({"message": "You have exceeded a secondary rate limit. Please wait."});
        assert_eq!(limit(&error(at_once)), Some(Limit::AtOnce));
        let notes =
            json!({"data": {"notes": "You have exceeded a secondary rate limit, RATE_LIMITED"}});
        assert_eq!(limit(&raw(&notes)), None);
        assert_eq!(limit(&error(json!({"type": "NOT_FOUND", "message": "no"}))), None);
    }

    #[test]
    fn what_is_missing_below_a_place_is_missing_there_and_nowhere_else() {
        let missing =
            vec![(vec![json!("repository"), json!("q1"), json!("nodes"), json!(3)], String::new())];
        let found = Found { data: Map::new(), missing };
        assert!(!found.is_whole(&["repository", "q1"]));
        assert!(!found.is_whole(&["repository"]));
        assert!(found.is_whole(&["repository", "q10"]));
        let above =
            Found { data: Map::new(), missing: vec![(vec![json!("repository")], String::new())] };
        assert!(!above.is_whole(&["repository", "q1"]));
        let anywhere = Found { data: Map::new(), missing: vec![(Vec::new(), String::new())] };
        assert!(!anywhere.is_whole(&["repository", "q1"]));
    }
}
