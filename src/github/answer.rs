//! Knows what GitHub's answers mean: success, a limit, or one of the four faults.
//!
//! It does not know what was asked for beyond method and path, and never calls again.

use http::{HeaderMap, Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::text::presentable;
use super::transport::{Raw, Trouble};
use crate::fault::Fault;

/// What was asked, for messages and for telling reads from writes.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) path: String,
}

impl std::fmt::Display for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = self.path.split('?').next().unwrap_or_default();
        write!(f, "{} {path}", self.method)
    }
}

/// Texts by which GitHub says that something moved between reading and writing.
const MOVED: [&str; 9] = [
    "reference update failed",
    "reference does not exist",
    "reference already exists",
    "not a fast forward",
    "does not match",
    "base branch was modified",
    "head branch was modified",
    "no commits between",
    "already exists",
];

/// Whether it is a limit and not a refusal: then the gate has to be closed.
pub(super) fn is_limit(raw: &Raw) -> bool {
    match raw.status {
        StatusCode::TOO_MANY_REQUESTS => true,
        StatusCode::FORBIDDEN => {
            let text = said(raw).to_lowercase();
            raw.headers.contains_key("retry-after")
                || header_number(&raw.headers, "x-ratelimit-remaining") == Some(0)
                || text.contains("rate limit")
                || text.contains("abuse detection")
        }
        _ => false,
    }
}

/// A page instead of an answer is a proxy's, or GitHub's while it is out of order: whatever its status, what
/// was asked for may or may not have been done.
pub(super) fn from_github(raw: Raw) -> Result<Raw, Trouble> {
    let kind = raw.headers.get("content-type");
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("text/html") {
        let status = raw.status.as_u16();
        return Err(Trouble::Lost(format!("{status} with a page instead of an answer")));
    }
    Ok(raw)
}

/// Reads the JSON of a successful answer.
pub(super) fn parse<T: DeserializeOwned>(asked: &Asked, raw: &Raw) -> Result<T, Fault> {
    serde_json::from_slice(&raw.body).map_err(|error| {
        let kind = raw
            .headers
            .get("content-type")
            .and_then(|v| v.to_str().ok())
            .filter(|kind| !kind.contains("json"))
            .map(|kind| format!(" (it is {kind})"))
            .unwrap_or_default();
        let error = presentable(&error.to_string());
        Fault::Broken(format!("{asked}: the answer is not what was expected{kind}: {error}"))
    })
}

/// The fault that an unsuccessful answer stands for. Limits are not seen here.
pub(super) fn fault(asked: &Asked, raw: &Raw) -> Fault {
    let status = raw.status;
    let said = said(raw);
    let text = format!("{asked}: {} {said}", status.as_u16());
    let text = text.trim_end().to_owned();
    match status.as_u16() {
        408 | 500..=599 => Fault::Transient {
            reason: text,
            after: header_number(&raw.headers, "retry-after").map(std::time::Duration::from_secs),
        },
        401 | 403 | 404 | 405 | 410 | 451 => Fault::Denied(text),
        409 | 412 => Fault::Stale(text),
        422 if has_moved(&said) => Fault::Stale(text),
        301 | 302 | 307 | 308 => Fault::Stale(format!("{text} (it has moved)")),
        _ => Fault::Broken(text),
    }
}

/// The fault that no answer at all stands for.
pub(super) fn silence(asked: &Asked, why: &str) -> Fault {
    Fault::transient(format!("{asked}: {}", presentable(why)))
}

fn has_moved(said: &str) -> bool {
    let said = said.to_lowercase();
    MOVED.iter().any(|text| said.contains(text))
}

/// GitHub's own words, with the details of a validation error.
pub(super) fn said(raw: &Raw) -> String {
    #[derive(Deserialize)]
    struct Said {
        #[serde(default)]
        message: String,
        #[serde(default)]
        errors: serde_json::Value,
    }
    let Ok(body) = serde_json::from_slice::<Said>(&raw.body) else {
        return raw.status.canonical_reason().unwrap_or_default().to_owned();
    };
    let details: Vec<String> = match &body.errors {
        serde_json::Value::Array(errors) => errors.iter().map(detail).collect(),
        serde_json::Value::String(text) => vec![text.clone()],
        _ => Vec::new(),
    };
    let text = if details.is_empty() {
        body.message
    } else {
        format!("{} ({})", body.message, details.join("; "))
    };
    presentable(&text)
}

fn detail(error: &serde_json::Value) -> String {
    if let Some(text) = error.as_str() {
        return text.to_owned();
    }
    let field = |name| error.get(name).and_then(serde_json::Value::as_str);
    match (field("message"), field("field"), field("code")) {
        (Some(message), _, _) => message.to_owned(),
        (None, Some(name), Some(code)) => format!("{name}: {code}"),
        (None, _, Some(code)) => code.to_owned(),
        _ => "no details".to_owned(),
    }
}

pub(super) fn header_number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn raw(status: u16, body: &str) -> Raw {
        Raw {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.to_owned().into(),
        }
    }

    fn asked() -> Asked {
        Asked { method: Method::POST, path: "/repos/acme/shop/git/refs?x=1".to_owned() }
    }

    #[test]
    fn each_status_has_its_fault() {
        let fault = |status, body| fault(&asked(), &raw(status, body));
        for status in [401, 403, 404, 405, 410, 451] {
            assert!(matches!(fault(status, "{}"), Fault::Denied(_)), "{status}");
        }
        for status in [500, 502, 503, 504, 408] {
            assert!(matches!(fault(status, "<html>"), Fault::Transient { .. }));
        }
        assert!(matches!(fault(409, "{}"), Fault::Stale(_)));
        assert!(matches!(fault(400, "{}"), Fault::Broken(_)));
        let moved = r#"{"message": "Reference update failed"}"#;
        assert!(matches!(fault(422, moved), Fault::Stale(_)));
        let bad = r#"{"message": "Validation Failed", "errors": [{"field": "title", "code": "missing"}]}"#;
        assert_eq!(
            fault(422, bad),
            Fault::Broken(
                "POST /repos/acme/shop/git/refs: 422 Validation Failed (title: missing)".into()
            )
        );
    }

    #[test]
    fn a_limit_is_told_from_a_refusal() {
        assert!(is_limit(&raw(429, "")));
        assert!(!is_limit(&raw(403, r#"{"message": "Resource not accessible by integration"}"#)));
        assert!(is_limit(&raw(403, r#"{"message": "You have exceeded a secondary rate limit."}"#)));
        let mut spent = raw(403, "");
        spent.headers.insert("x-ratelimit-remaining", HeaderValue::from_static("0"));
        assert!(is_limit(&spent));
    }

    #[test]
    fn messages_are_short_and_hold_no_tokens() {
        let body = serde_json::json!({"message": format!("bad ghs_abc {}", "x".repeat(5000))});
        let text = fault(&asked(), &raw(403, &body.to_string())).to_string();
        assert!(text.contains("bad ghs_[redacted] xxx") && text.len() < 600);
    }

    #[test]
    fn what_is_not_json_is_said_to_be_so() {
        let mut odd = raw(200, "login");
        odd.headers.insert("content-type", HeaderValue::from_static("text/plain"));
        let fault = parse::<serde_json::Value>(&asked(), &odd).unwrap_err();
        assert!(matches!(&fault, Fault::Broken(text) if text.contains("it is text/plain")));
    }

    #[test]
    fn a_page_is_no_answer_whatever_its_status() {
        for status in [200, 404, 502] {
            let mut page = raw(status, "<html>We'll be right back</html>");
            page.headers
                .insert("content-type", HeaderValue::from_static("text/html; charset=utf-8"));
            let trouble = from_github(page).unwrap_err();
            assert!(
                matches!(&trouble, Trouble::Lost(why) if why.contains("page instead")),
                "{trouble:?}"
            );
        }
        assert!(from_github(raw(404, "{}")).is_ok());
    }
}
