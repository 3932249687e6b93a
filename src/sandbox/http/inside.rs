//! A request that the box makes to its own REST API in somebody's name: what the pages do is
//! allowed, refused and told exactly as if it had come over HTTP.
//! It does not know limits, headers and logs: these belong to real requests.

use http::{HeaderMap, Method};
use serde_json::Value;

use super::{Call, Reply, Table, access};
use crate::sandbox::auth::Caller;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::State;

/// Answers a request from inside. `path` is below `/api/v3`, with names percent-encoded.
pub(crate) fn perform(
    state: &mut State,
    table: &Table,
    caller: Caller,
    method: &Method,
    path: &str,
    body: Value,
) -> Reply {
    let (route, params) = table.find(method, path).ok_or_else(Refusal::not_found)?;
    let repo = access::repository(state, method, path, "", &params)?;
    access::check(state, &caller, route, repo)?;
    let call = Call {
        path: path.to_owned(),
        params,
        query: Vec::new(),
        headers: HeaderMap::new(),
        body,
        caller,
        repo,
        api: state.api(),
    };
    (route.handler)(state, &call)
}
