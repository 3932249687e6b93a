//! GitHub's JSON: how each thing of the state is shown, over REST and in webhooks alike.
//! It does not know who asks.

mod account;
mod app;
mod check;
mod delivery;
mod deployment;
mod event;
mod git;
mod issue;
mod people;
mod protection;
mod pull;
mod reaction;
mod release;
mod repo;
mod review;
mod rules;

pub(crate) use delivery::{delivery_item, delivery_whole};
pub(crate) use git::base64_lines;
pub(crate) use reaction::REACTIONS;
pub(crate) use repo::{merge, permissions};
pub(crate) use rules::async_merge_json;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::Value;

use super::model::Id;

/// GitHub's way to write an instant.
pub(crate) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The same, or null.
pub(crate) fn time_or_null(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| time(at).into())
}

/// A GraphQL id: opaque to clients.
pub(crate) fn node_id(kind: &str, id: impl std::fmt::Display) -> String {
    STANDARD.encode(format!("{kind}:{id}"))
}

/// The GraphQL id of something with a number.
pub(crate) fn node(kind: &str, id: Id) -> Value {
    node_id(kind, id).into()
}
