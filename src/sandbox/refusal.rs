//! The answers other than success, in GitHub's words and shape.
//! It does not know when which is due.

use serde_json::{Value, json};

/// Why a request is not done.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) message: String,
    pub(crate) errors: Vec<Value>,
    /// Where the client is sent instead, for 301 and 307.
    pub(crate) location: Option<String>,
}

impl Refusal {
    /// A refusal with this status and message.
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), errors: Vec::new(), location: None }
    }

    /// 404: not there, or not to be seen.
    pub(crate) fn not_found() -> Self {
        Self::new(404, "Not Found")
    }

    /// 401: the credentials mean nobody.
    pub(crate) fn bad_credentials() -> Self {
        Self::new(401, "Bad credentials")
    }

    /// 403: the App's permissions do not reach so far.
    pub(crate) fn not_accessible() -> Self {
        Self::new(403, "Resource not accessible by integration")
    }

    /// 422 with one sentence.
    pub(crate) fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(422, message)
    }

    /// 422 "Validation Failed" for a field of a resource, with one of GitHub's codes.
    pub(crate) fn invalid(resource: &str, field: &str, code: &str) -> Self {
        Self::validation(json!({"resource": resource, "field": field, "code": code}))
    }

    /// 422 "Validation Failed" with a sentence of its own.
    pub(crate) fn custom(resource: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::validation(json!({"resource": resource, "code": "custom", "message": message}))
    }

    /// 422 for a body that lacks a key.
    pub(crate) fn missing(key: &str) -> Self {
        Self::unprocessable(format!("Invalid request.\n\n\"{key}\" wasn't supplied."))
    }

    /// 422 for a key whose value has the wrong type.
    pub(crate) fn wrong_type(key: &str, value: &Value, wanted: &str) -> Self {
        let value = if value.is_null() { "nil".to_owned() } else { value.to_string() };
        Self::unprocessable(format!(
            "Invalid request.\n\nFor 'properties/{key}', {value} is not {wanted}."
        ))
    }

    fn validation(error: Value) -> Self {
        Self { errors: vec![error], ..Self::unprocessable("Validation Failed") }
    }

    /// The body of the answer.
    pub(crate) fn body(&self) -> Value {
        let mut body = json!({
            "message": self.message,
            "documentation_url": "https://docs.github.com/rest",
            "status": self.status.to_string(),
        });
        if !self.errors.is_empty() {
            body["errors"] = self.errors.clone().into();
        }
        if let Some(location) = &self.location {
            body["url"] = location.clone().into();
        }
        body
    }
}

impl From<git2::Error> for Refusal {
    /// What Git cannot do although the request was sound is a fault of the box.
    fn from(error: git2::Error) -> Self {
        Self::new(500, format!("The object store failed: {}", error.message()))
    }
}
