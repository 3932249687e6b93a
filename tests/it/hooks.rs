//! The webhook over a real socket: who is let in, who is sent away, and what is stored.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use reqwest::header::{HeaderMap, HeaderValue};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use usher::model::links::Links;
use usher::store::{DeliveryFilter, Store};
use usher::web::{Web, router};

use crate::store::{Place, id_of};

struct Bot {
    address: String,
    store: Store,
    wake: Arc<Notify>,
    _place: Place,
}

impl Bot {
    async fn start(secrets: &[&str]) -> Self {
        let place = Place::sqlite();
        let store = place.open().await;
        let wake = Arc::new(Notify::new());
        let web = Web {
            store: store.clone(),
            wake: wake.clone(),
            secrets: secrets.iter().map(|&secret| secret.into()).collect(),
            links: Links::new("http://usher.test", b"key"),
            clock: usher::app::clock(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, router(web)).await.unwrap() });
        Self { address, store, wake, _place: place }
    }

    async fn post(&self, headers: HeaderMap, body: impl Into<Vec<u8>>) -> (u16, String) {
        let request = reqwest::Client::new()
            .post(format!("http://{}/webhook", self.address))
            .headers(headers)
            .body(body.into());
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let answer = reqwest::get(format!("http://{}{path}", self.address)).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn stored(&self) -> usize {
        self.store.deliveries(&DeliveryFilter::default()).await.unwrap().len()
    }
}

/// Whether it rang since `ring` was made.
async fn rang(ring: Notified<'_>) -> bool {
    tokio::time::timeout(Duration::ZERO, ring).await.is_ok()
}

fn sign(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// The headers of a delivery as GitHub sends it.
fn headers(secret: &str, id: &'static str, body: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers.insert("user-agent", HeaderValue::from_static("GitHub-Hookshot/044aadd"));
    headers.insert("x-github-delivery", HeaderValue::from_static(id));
    headers.insert("x-github-event", HeaderValue::from_static("release"));
    headers.insert("x-github-hook-installation-target-id", HeaderValue::from_static("7"));
    headers.insert("x-hub-signature-256", sign(secret, body).parse().unwrap());
    headers
}

fn without(mut headers: HeaderMap, name: &str) -> HeaderMap {
    headers.remove(name);
    headers
}

fn with(mut headers: HeaderMap, name: &'static str, value: &'static str) -> HeaderMap {
    headers.insert(name, HeaderValue::from_static(value));
    headers
}

#[tokio::test]
async fn a_signed_delivery_is_stored_as_it_came_and_rings() {
    let bot = Bot::start(&["old", "new"]).await;
    let ring = bot.wake.notified();
    let body = b"not JSON at all, and that is fine \xff\x00";
    assert_eq!(bot.post(headers("new", "d-1", body), *body).await, (202, "Stored.\n".into()));
    assert!(rang(ring).await);
    assert_eq!(bot.store.body(&id_of("d-1")).await.unwrap().unwrap(), body.as_slice());
    let kept = bot.store.delivery(&id_of("d-1")).await.unwrap().unwrap();
    assert_eq!(kept.event, "release");
    let mut names: Vec<&str> = kept.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "content-type",
            "user-agent",
            "x-github-delivery",
            "x-github-event",
            "x-github-hook-installation-target-id"
        ]
    );

    let again = bot.post(headers("old", "d-1", b"other"), *b"other").await;
    assert_eq!(again, (202, "Known already.\n".into()));
    assert_eq!(bot.store.body(&id_of("d-1")).await.unwrap().unwrap(), body.as_slice());
}

#[tokio::test]
async fn a_ping_and_an_event_never_heard_of_are_stored_too() {
    let bot = Bot::start(&["s"]).await;
    for (id, event) in [("1", "ping"), ("2", "something_new")] {
        let headers = with(headers("s", id, b"{}"), "x-github-event", event);
        assert_eq!(bot.post(headers, *b"{}").await.0, 202);
    }
    assert_eq!(bot.stored().await, 2);
}

#[tokio::test]
async fn strangers_are_sent_away() {
    let bot = Bot::start(&["s"]).await;
    let ring = bot.wake.notified();
    let good = || headers("s", "d-1", b"{}");
    for stranger in [
        without(good(), "x-hub-signature-256"),
        headers("S", "d-1", b"{}"),
        headers("", "d-1", b"{}"),
        headers("s", "d-1", b"{} "),
        with(good(), "x-hub-signature-256", "sha256=zz"),
        with(good(), "x-hub-signature-256", "sha256="),
    ] {
        let (status, says) = bot.post(stranger, *b"{}").await;
        assert_eq!((status, says.contains("the webhook secret")), (401, true), "{says}");
    }
    // Who sends much without a signature hears the answer, too.
    let (status, _) = bot.post(without(good(), "x-hub-signature-256"), vec![b'x'; 5 << 20]).await;
    assert_eq!(status, 401);
    assert_eq!(bot.stored().await, 0);
    assert!(!rang(ring).await);
}

#[tokio::test]
async fn what_is_not_a_delivery_is_told_so() {
    let bot = Bot::start(&["s"]).await;
    let good = || headers("s", "d-1", b"{}");
    let form = "application/x-www-form-urlencoded";
    for (bad, says) in [
        (without(good(), "x-github-event"), "X-GitHub-Event"),
        (with(good(), "x-github-event", "no word"), "X-GitHub-Event"),
        (without(good(), "x-github-delivery"), "X-GitHub-Delivery"),
        (with(good(), "x-github-delivery", "../../x"), "X-GitHub-Delivery"),
        (without(good(), "content-type"), "content type to application/json"),
        (with(good(), "content-type", form), "content type to application/json"),
    ] {
        let (status, said) = bot.post(bad, *b"{}").await;
        assert_eq!((status, said.contains(says)), (400, true), "{said}");
    }
    assert_eq!(bot.stored().await, 0);
    let json = with(good(), "content-type", "Application/JSON; charset=utf-8");
    assert_eq!(bot.post(json, *b"{}").await.0, 202);
}

#[tokio::test]
async fn a_body_of_25_mb_is_stored_and_a_larger_one_refused() {
    let bot = Bot::start(&["s"]).await;
    let body = vec![b'x'; 25 << 20];
    assert_eq!(bot.post(headers("s", "large", &body), body).await.0, 202);
    assert_eq!(bot.store.delivery(&id_of("large")).await.unwrap().unwrap().size, 25 << 20);
    let body = vec![b'x'; (25 << 20) + 1];
    let (status, said) = bot.post(headers("s", "larger", &body), body).await;
    assert_eq!((status, said.contains("25 MB")), (413, true), "{said}");
    assert_eq!(bot.stored().await, 1);
}

#[tokio::test]
async fn what_cannot_be_stored_is_not_accepted() {
    let bot = Bot::start(&["s"]).await;
    let ring = bot.wake.notified();
    assert_eq!(bot.get("/readyz").await, (200, "ready\n".into()));
    bot.store.close().await;
    let (status, said) = bot.post(headers("s", "d-1", b"{}"), *b"{}").await;
    assert_eq!((status, said.contains("send it again later")), (503, true), "{said}");
    assert!(!rang(ring).await);
    let (status, said) = bot.get("/readyz").await;
    assert_eq!((status, said.contains("database")), (503, true), "{said}");
    assert_eq!(bot.get("/healthz").await.0, 200);
}

#[tokio::test]
async fn without_a_secret_nobody_is_let_in() {
    let bot = Bot::start(&[]).await;
    assert_eq!(bot.post(headers("", "d-1", b"{}"), *b"{}").await.0, 401);
    let (status, said) = bot.get("/readyz").await;
    assert_eq!((status, said.contains("USHER_WEBHOOK_SECRET")), (503, true));
}

#[tokio::test]
async fn other_paths_and_methods() {
    let bot = Bot::start(&["s"]).await;
    assert_eq!(bot.get("/no/such").await.0, 404);
    let url = format!("http://{}/webhook", bot.address);
    let answer = reqwest::get(url).await.unwrap();
    assert_eq!(answer.status().as_u16(), 405);
    assert_eq!(answer.headers()["allow"], "POST");
}

#[tokio::test]
async fn a_body_that_never_ends_is_given_up_and_hinders_nobody() {
    let bot = Bot::start(&["s"]).await;
    let mut slow = TcpStream::connect(&bot.address).await.unwrap();
    let part = b"POST /webhook HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nonly a part";
    slow.write_all(part).await.unwrap();
    assert_eq!(bot.post(headers("s", "d-1", b"{}"), *b"{}").await.0, 202);
    let mut answer = [0; 12];
    slow.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
}
