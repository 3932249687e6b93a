//! What may stand between GitHub and the bot: it passes deliveries on, and answers for itself.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;

/// A relay that runs.
pub(super) struct Relay {
    /// Where it listens.
    pub(super) address: String,
    ways: Arc<Ways>,
    server: tokio::task::JoinHandle<()>,
}

struct Ways {
    bots: Mutex<Vec<String>>,
    answer: StatusCode,
}

impl Relay {
    /// Starts one that answers everything with `status`.
    pub(super) async fn start(status: u16) -> Self {
        let ways = Arc::new(Ways {
            bots: Mutex::default(),
            answer: StatusCode::from_u16(status).unwrap(),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let router = Router::new().route("/webhook", post(pass_on)).with_state(ways.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, ways, server }
    }

    /// Passes on to these bots, each of which is sent everything.
    pub(super) fn to(&self, bots: &[&str]) {
        *self.ways.bots.lock().unwrap() = bots.iter().map(|&bot| bot.to_owned()).collect();
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn pass_on(State(ways): State<Arc<Ways>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let bots = ways.bots.lock().unwrap().clone();
    for bot in bots {
        let sent = reqwest::Client::new().post(format!("{bot}/webhook"));
        let sent = sent.headers(headers.clone()).body(body.clone()).send().await.unwrap();
        assert_eq!(sent.status().as_u16(), 202);
    }
    ways.answer
}
