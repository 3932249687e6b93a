//! The webhook: verify, store, wake, answer. No JSON is parsed here, so that no parsing bug can lose
//! an event; what a delivery says is `route`'s matter.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Web, say};
use crate::model::ids::DeliveryId;
use crate::store::{NewDelivery, Received};

/// GitHub sends no more than that.
/// <https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap>
const MOST_BYTES: usize = 25 << 20;
/// What strangers can have us hold at once, before a signature is checked.
pub(super) const MOST_IN_MEMORY: usize = 256 << 20;
/// GitHub gives up after ten seconds; whoever needs longer is somebody else.
const LONGEST: Duration = Duration::from_secs(10);

struct Refusal(StatusCode, &'static str);

const UNSIGNED: Refusal = Refusal(
    StatusCode::UNAUTHORIZED,
    "The signature is missing or wrong: the webhook secret on GitHub and here must be the same.",
);
const TOO_LARGE: Refusal = Refusal(
    StatusCode::PAYLOAD_TOO_LARGE,
    "The body is larger than 25 MB, which GitHub does not send.",
);
const TOO_SLOW: Refusal =
    Refusal(StatusCode::REQUEST_TIMEOUT, "The body took too long to arrive: send it again.");
const CUT_OFF: Refusal = Refusal(StatusCode::BAD_REQUEST, "The body was cut off: send it again.");
const BUSY: Refusal =
    Refusal(StatusCode::SERVICE_UNAVAILABLE, "Too much is arriving at once: send it again later.");
const NOT_STORED: Refusal = Refusal(
    StatusCode::SERVICE_UNAVAILABLE,
    "The delivery could not be stored: send it again later.",
);
const NOT_JSON: Refusal = Refusal(
    StatusCode::BAD_REQUEST,
    "This is not a delivery of JSON: set the webhook's content type to application/json.",
);
const NO_EVENT: Refusal = Refusal(
    StatusCode::BAD_REQUEST,
    "This is not a delivery: the header X-GitHub-Event must name an event.",
);
const NO_ID: Refusal = Refusal(
    StatusCode::BAD_REQUEST,
    "This is not a delivery: the header X-GitHub-Delivery must hold its id.",
);

/// `POST /webhook`
pub(super) async fn receive(
    State((web, memory)): State<(Web, Arc<Semaphore>)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match accept(&web, memory, &headers, body).await {
        Ok(Received::New) => say(StatusCode::ACCEPTED, "Stored."),
        Ok(Received::Known) => say(StatusCode::ACCEPTED, "Known already."),
        Err(Refusal(status, sentence)) => {
            tracing::debug!(%status, sentence, "refused a delivery");
            say(status, sentence)
        }
    }
}

async fn accept(
    web: &Web,
    memory: Arc<Semaphore>,
    headers: &HeaderMap,
    body: Body,
) -> Result<Received, Refusal> {
    // Also what will be refused is read: an answer before that may never reach who is still sending.
    let read = tokio::time::timeout(LONGEST, read(body, memory)).await;
    let (body, _memory) = read.map_err(|_| TOO_SLOW)??;
    if !is_signed(headers, &body, &web.secrets) {
        return Err(UNSIGNED);
    }
    let delivery = describe(headers, body)?;
    let id = delivery.id.clone();
    let event = delivery.event.clone();
    match web.store.receive(delivery).await {
        Ok(received) => {
            tracing::info!(delivery = %id, event, ?received, "received");
            // Also for a known one: it may have been stored by a process that died before it rang.
            web.wake.notify_waiters();
            Ok(received)
        }
        Err(fault) => {
            tracing::error!(delivery = %id, event, %fault, "could not store a delivery");
            Err(NOT_STORED)
        }
    }
}

/// Reads a body whole, together with the right to hold it in memory.
async fn read(
    body: Body,
    memory: Arc<Semaphore>,
) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Refusal> {
    let mut whole = BytesMut::new();
    let mut held: Option<OwnedSemaphorePermit> = None;
    let mut seen = 0;
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| CUT_OFF)?;
        seen += chunk.len();
        if seen > MOST_BYTES {
            // Let go of it, and read on for a while, so that the answer is heard.
            (whole, held) = (BytesMut::new(), None);
            if seen > 2 * MOST_BYTES {
                break;
            }
            continue;
        }
        let size = u32::try_from(chunk.len()).map_err(|_| TOO_LARGE)?;
        let more = memory.clone().try_acquire_many_owned(size).map_err(|_| BUSY)?;
        match &mut held {
            Some(held) => held.merge(more),
            None => held = Some(more),
        }
        whole.extend_from_slice(&chunk);
    }
    if seen > MOST_BYTES {
        return Err(TOO_LARGE);
    }
    Ok((whole.freeze(), held))
}

/// Whether one of the secrets made the signature. Each is tried and compared in constant time.
/// <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>
fn is_signed(headers: &HeaderMap, body: &[u8], secrets: &[SecretString]) -> bool {
    let signature = headers
        .get("x-hub-signature-256")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("sha256="))
        .and_then(|digits| hex::decode(digits).ok());
    let Some(signature) = signature else {
        return false;
    };
    secrets.iter().fold(false, |signed, secret| {
        let secret = secret.expose_secret().as_bytes();
        let matches = !secret.is_empty()
            && Hmac::<Sha256>::new_from_slice(secret).is_ok_and(|mut mac| {
                mac.update(body);
                mac.verify_slice(&signature).is_ok()
            });
        signed | matches
    })
}

/// Reads the headers of a delivery.
fn describe(headers: &HeaderMap, body: Bytes) -> Result<NewDelivery, Refusal> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let content_type = text(header::CONTENT_TYPE.as_str()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(NOT_JSON);
    }
    let event = text("x-github-event").filter(|event| is_event(event));
    let event = event.ok_or(NO_EVENT)?.to_owned();
    let id = text("x-github-delivery").and_then(|id| DeliveryId::new(id).ok());
    let kept = headers.iter().filter(|(name, _)| {
        name.as_str().starts_with("x-github-")
            || [header::CONTENT_TYPE, header::USER_AGENT].contains(name)
    });
    Ok(NewDelivery {
        id: id.ok_or(NO_ID)?,
        event,
        headers: kept
            .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
            .collect(),
        body,
    })
}

/// Events not heard of yet are stored too, but an event is a word.
fn is_event(name: &str) -> bool {
    (1..=100).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(signature: &str, secrets: &[&str]) -> bool {
        let headers = HeaderMap::from_iter([(
            header::HeaderName::from_static("x-hub-signature-256"),
            signature.parse().unwrap(),
        )]);
        let secrets: Vec<SecretString> = secrets.iter().map(|&s| s.into()).collect();
        is_signed(&headers, b"Hello, World!", &secrets)
    }

    #[test]
    fn githubs_own_example_is_signed() {
        // From GitHub's page on validating deliveries.
        const SECRET: &str = "It's a Secret to Everybody";
        const DIGITS: &str = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let signature = format!("sha256={DIGITS}");
        assert!(signed(&signature, &[SECRET]));
        assert!(signed(&signature, &["new", SECRET]));
        assert!(signed(&signature, &[SECRET, "new"]));
        assert!(!signed(&signature, &[]));
        assert!(!signed(&signature, &["other"]));
        for wrong in [
            "",
            "sha256=",
            DIGITS,
            &format!("sha1={DIGITS}"),
            &format!("sha256={}", &DIGITS[..62]),
            &format!("sha256={DIGITS}00"),
            &format!("sha256={}x", &DIGITS[..63]),
        ] {
            assert!(!signed(wrong, &[SECRET]), "{wrong:?}");
        }
        assert!(!is_signed(&HeaderMap::new(), b"", &[SECRET.into()]));
    }

    #[test]
    fn an_empty_secret_signs_nothing() {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"").unwrap();
        mac.update(b"Hello, World!");
        let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
        assert!(!signed(&signature, &[""]));
    }

    #[test]
    fn an_event_is_a_word() {
        assert!(is_event("pull_request") && is_event("not_heard_of_yet"));
        for bad in ["", "a b", "a/b", "a\u{e9}", &"x".repeat(101)] {
            assert!(!is_event(bad), "{bad:?}");
        }
    }
}
