//! The sender of webhooks: signs, posts once, notes how it went.
//! It does not know what the events mean.
//! <https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers>

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Client;
use sha2::Sha256;
use tokio::sync::mpsc;

use super::hub::Hub;
use super::model::{App, Delivery};
use super::state::{Change, Outgoing};

/// How long GitHub waits for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Larger payloads are not sent at all.
const LARGEST: usize = 25 << 20;

/// Sends what comes, one after the other, until the box is gone.
pub(crate) async fn send_all(hub: Hub, mut outgoing: mpsc::UnboundedReceiver<Outgoing>) {
    let client = Client::builder()
        .timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap_or_default();
    while let Some(next) = outgoing.recv().await {
        hub.webhooks_flow().await;
        send(&hub, &client, next).await;
        hub.webhook_done();
    }
}

async fn send(hub: &Hub, client: &Client, outgoing: Outgoing) {
    let Some(app) = hub.read(|state| state.apps.get(&outgoing.app).cloned()) else {
        return;
    };
    let body = outgoing.payload.to_string();
    if body.len() > LARGEST {
        return;
    }
    let url = hub.webhook_url();
    let headers = headers(&app, &outgoing, &body);
    let mut request = client.post(&url).body(body);
    for (name, value) in &headers {
        request = request.header(name, value);
    }
    let started = Instant::now();
    let result = match request.send().await {
        Ok(response) => {
            let status = response.status();
            let shown = response.headers().iter();
            let shown = shown
                .map(|(name, value)| {
                    let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                    (name.to_string(), value)
                })
                .collect();
            let words = status.canonical_reason().unwrap_or("Unknown").to_owned();
            let text = response.text().await.unwrap_or_default();
            (status.as_u16(), words, shown, text)
        }
        Err(error) if error.is_timeout() => {
            (0, "timed out".to_owned(), BTreeMap::new(), String::new())
        }
        Err(_) => (0, "failed to connect to host".to_owned(), BTreeMap::new(), String::new()),
    };
    let (status_code, status, response_headers, response_body) = result;
    let duration = (started.elapsed().as_secs_f64() * 100.0).round() / 100.0;
    let repo = outgoing.repository;
    let recorded = hub.write(|state| {
        let id = state.new_id();
        let delivered_at = state.now();
        state.forget_old_deliveries();
        state.deliveries.push(Delivery {
            id,
            guid: outgoing.guid,
            app: outgoing.app,
            event: outgoing.event,
            action: outgoing.action,
            installation: outgoing.installation,
            repository: outgoing.repository,
            redelivery: outgoing.redelivery,
            delivered_at,
            duration,
            status_code,
            status,
            url,
            request_headers: headers,
            payload: outgoing.payload,
            response_headers,
            response_body,
        });
        let event = "hook_delivery".to_owned();
        state.tell(Change { repo, number: None, event });
        Ok(())
    });
    if let Err(refusal) = recorded {
        tracing::warn!(reason = %refusal.message, "a hook delivery could not be kept");
    }
}

fn headers(app: &App, outgoing: &Outgoing, body: &str) -> BTreeMap<String, String> {
    let pairs = [
        ("Accept", "*/*".to_owned()),
        ("Content-Type", "application/json".to_owned()),
        ("User-Agent", "GitHub-Hookshot/5a4db0e".to_owned()),
        ("X-GitHub-Delivery", outgoing.guid.clone()),
        ("X-GitHub-Event", outgoing.event.clone()),
        ("X-GitHub-Hook-ID", app.hook_id.to_string()),
        ("X-GitHub-Hook-Installation-Target-ID", app.id.to_string()),
        ("X-GitHub-Hook-Installation-Target-Type", "integration".to_owned()),
        ("X-Hub-Signature-256", signature(&app.webhook_secret, body)),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>
fn signature(secret: &str, body: &str) -> String {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(body.as_bytes());
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_githubs_documentation() {
        assert_eq!(
            signature("It's a Secret to Everybody", "Hello, World!"),
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        );
    }
}
