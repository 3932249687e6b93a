//! An answer before it goes out.
//! It does not know ETags and rate limits: `dispatch` adds what every answer has.

use serde_json::Value;

use crate::sandbox::refusal::Refusal;

/// What an endpoint gives back.
pub(crate) type Reply = Result<Answer, Refusal>;

/// A successful answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Body,
    pub(crate) headers: Vec<(&'static str, String)>,
}

/// What is in an answer.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    Empty,
    Json(Value),
    /// A media type and bytes.
    Raw(&'static str, Vec<u8>),
}

impl Answer {
    /// 200 with JSON.
    pub(crate) fn ok(body: Value) -> Self {
        Self::json(200, body)
    }

    /// 201 with JSON.
    pub(crate) fn created(body: Value) -> Self {
        Self::json(201, body)
    }

    /// JSON with another status.
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self { status, body: Body::Json(body), headers: Vec::new() }
    }

    /// An answer without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, body: Body::Empty, headers: Vec::new() }
    }

    /// 200 with something that is not JSON.
    pub(crate) fn raw(media_type: &'static str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, body: Body::Raw(media_type, bytes.into()), headers: Vec::new() }
    }

    /// With a header more.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}
