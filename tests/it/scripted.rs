//! A server on loopback that answers as a test says, and keeps what it heard.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Response};
use usher::reach;

/// What somebody asked.
#[derive(Debug, Clone)]
pub struct Heard {
    pub method: String,
    /// Path and query, as they were sent.
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Heard {
    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// An answer: status, headers, body.
pub struct Says(pub u16, pub Vec<(&'static str, String)>, pub String);

/// The server; it ends with the test.
pub struct Scripted {
    pub address: SocketAddr,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl Scripted {
    /// Starts one.
    pub async fn start(says: impl Fn(&Heard) -> Says + Clone + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let kept = heard.clone();
        let answer = move |request: Request| {
            let (says, kept) = (says.clone(), kept.clone());
            async move {
                let (head, body) = request.into_parts();
                let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
                let heard = Heard {
                    method: head.method.to_string(),
                    path: head.uri.to_string(),
                    headers: head.headers,
                    body: String::from_utf8_lossy(&body).into_owned(),
                };
                kept.lock().unwrap().push(heard.clone());
                let Says(status, headers, body) = says(&heard);
                let mut answer = Response::builder().status(status);
                for (name, value) in headers {
                    answer = answer.header(name, value);
                }
                answer.body(Body::from(body)).unwrap()
            }
        };
        let router = Router::new().fallback(answer);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, heard }
    }

    /// What it heard so far.
    pub fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    /// How it is reached: over plain HTTP, on this machine.
    pub fn reach(&self) -> reach::Options {
        reached(&self.address.to_string())
    }
}

/// How a server on this machine is reached.
pub fn reached(authority: &str) -> reach::Options {
    let origin = reach::Origin::of_authority(false, authority).unwrap();
    reach::Options { private: true, ..reach::Options::new(origin) }
}
