//! How many deliveries are taken in: our webhook, which stores each on disk before it answers,
//! against a bare receiver that only checks the signature. Both over real sockets, in one run.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use bytes::Bytes;
use criterion::{Criterion, Throughput};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use usher::model::clock::{Clock, Entropy};
use usher::model::links::Links;
use usher::store::Store;
use usher::web::{Web, router};

const SECRET: &str = "a secret of a usual length, 40 bytes long";
const AT_ONCE: u64 = 64;
const BODY: usize = 8 << 10;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[expect(clippy::print_stdout, reason = "the answer of this bench is a ratio")]
fn main() -> Outcome<()> {
    let runtime = Runtime::new()?;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let usher = runtime.block_on(serve(usher(folder.path())))?;
    let bare = runtime.block_on(serve(async { Ok(bare()) }))?;

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("intake");
    group.throughput(Throughput::Elements(AT_ONCE));
    let mut rates = Vec::new();
    for (name, address) in [("bare", bare), ("usher", usher)] {
        let (mut spent, mut sent) = (Duration::ZERO, 0);
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|rounds| {
                let took = runtime.block_on(send(address, rounds)).unwrap_or(Duration::MAX);
                assert!(took < Duration::MAX, "{name} did not accept everything");
                spent += took;
                sent += rounds * AT_ONCE;
                took
            });
        });
        rates.push(f64::from(u32::try_from(sent)?) / spent.as_secs_f64().max(f64::MIN_POSITIVE));
    }
    group.finish();
    criterion.final_summary();
    if let [bare, usher] = rates[..]
        && bare > 0.0
    {
        println!(
            "intake of {BODY} bytes, {AT_ONCE} at once: bare {bare:.0}/s, stored on disk {usher:.0}/s: {:.2} of it",
            usher / bare
        );
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a bench is its own app: it makes the clock")]
async fn usher(folder: &Path) -> Outcome<Router> {
    let url = format!("sqlite:{}", folder.join("usher.db").display());
    let clock = Clock::new(jiff::Timestamp::now);
    let entropy = Entropy::new(|bytes| bytes.fill(0));
    let store = Store::open(&url.into(), clock.clone(), entropy).await?;
    let links = Links::new("http://usher.test", SECRET.as_bytes());
    let (wake, secrets) = (Arc::default(), vec![SECRET.into()]);
    Ok(router(Web { store, wake, secrets, links, clock }))
}

fn bare() -> Router {
    async fn receive(headers: HeaderMap, body: Bytes) -> (StatusCode, &'static str) {
        let signature = headers.get("x-hub-signature-256").map(|value| value.as_bytes());
        let digits = signature.and_then(|value| value.strip_prefix(b"sha256="));
        let given = digits.and_then(|digits| hex::decode(digits).ok()).unwrap_or_default();
        let right = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())
            .is_ok_and(|mac| mac.chain_update(&body).verify_slice(&given).is_ok());
        if right {
            (StatusCode::ACCEPTED, "Stored.\n")
        } else {
            (StatusCode::UNAUTHORIZED, "Who are you?\n")
        }
    }
    Router::new().route("/webhook", post(receive))
}

async fn serve(router: impl Future<Output = Outcome<Router>>) -> Outcome<SocketAddr> {
    let router = router.await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

/// Has each of the connections send `rounds` deliveries, one after the other.
async fn send(address: SocketAddr, rounds: u64) -> Outcome<Duration> {
    let mut connections = Vec::new();
    for _ in 0..AT_ONCE {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        connections.push(socket);
    }
    let start = Instant::now();
    let senders = connections.into_iter().map(|mut socket| {
        tokio::spawn(async move {
            let (mut request, id) = request()?;
            let mut answer = Vec::with_capacity(1024);
            for _ in 0..rounds {
                request[id..id + 20].copy_from_slice(next_id().as_bytes());
                socket.write_all(&request).await?;
                answer.clear();
                while !answer.ends_with(b".\n") {
                    if socket.read_buf(&mut answer).await? == 0 {
                        return Err("hung up".into());
                    }
                }
                if !answer.starts_with(b"HTTP/1.1 202") {
                    return Err(String::from_utf8_lossy(&answer).into());
                }
            }
            Outcome::Ok(())
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.await??;
    }
    Ok(start.elapsed())
}

/// A signed delivery, and where in it the id stands.
fn request() -> Outcome<(Vec<u8>, usize)> {
    let body = vec![b'x'; BODY];
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())?.chain_update(&body);
    let signature = hex::encode(mac.finalize().into_bytes());
    let head = format!(
        "POST /webhook HTTP/1.1\r\nhost: usher\r\ncontent-type: application/json\r\n\
         content-length: {BODY}\r\nuser-agent: GitHub-Hookshot/044aadd\r\nx-github-event: push\r\n\
         x-github-hook-id: 1\r\nx-github-hook-installation-target-id: 1\r\n\
         x-hub-signature-256: sha256={signature}\r\nx-github-delivery: "
    );
    let mut request = head.into_bytes();
    let id = request.len();
    request.extend_from_slice(next_id().as_bytes());
    request.extend_from_slice(b"\r\n\r\n");
    request.extend_from_slice(&body);
    Ok((request, id))
}

fn next_id() -> String {
    static SENT: AtomicU64 = AtomicU64::new(0);
    format!("{:020}", SENT.fetch_add(1, Ordering::Relaxed))
}
