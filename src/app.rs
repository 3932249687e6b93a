//! Builds the world once, starts web and workers, stops them gracefully.
//!
//! The only place where the real clock and real randomness are made.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::argocd::Argocd;
use crate::fault::Fault;
use crate::github::{GitHub, Options};
use crate::model::clock::{Clock, Entropy};
use crate::model::links::Links;
use crate::model::notary::Notary;
use crate::model::seal::Seal;
use crate::real_kustomize::RealKustomize;
use crate::registry::Registries;
use crate::settings::{Settings, evidence};
use crate::store::Store;
use crate::tickets::Tickets;
use crate::web::{self, Web};
use crate::worker;
use crate::world::World;

/// Requests that are being answered when the order to stop comes get so long.
const DRAIN: Duration = Duration::from_secs(10);

/// Which part of the work this process does; several processes may share one PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// Takes deliveries in and shows pages: what has to be reached from outside.
    Receive,
    /// Works on what has been taken in.
    Work,
    /// Both.
    All,
}

/// Usher at work.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    store: Store,
    stop: CancellationToken,
    server: JoinHandle<std::io::Result<()>>,
    worker: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Running({})", self.address)
    }
}

/// The system's clock.
pub fn clock() -> Clock {
    #[expect(clippy::disallowed_methods, reason = "the real clock is made here")]
    Clock::new(Timestamp::now)
}

/// The system's randomness.
pub fn entropy() -> Entropy {
    Entropy::new(|buffer| {
        #[expect(clippy::disallowed_methods, reason = "the real randomness is made here")]
        let filled = getrandom::fill(buffer);
        // Without randomness jitter is lost, and lease tokens would repeat: better to end than to go on.
        if filled.is_err() {
            std::process::abort();
        }
    })
}

/// Starts everything. GitHub is not asked for anything, so it starts while GitHub is down.
pub async fn start(settings: Settings, role: Role) -> Result<Running, Fault> {
    start_at(settings, role, clock()).await
}

/// The same by another clock than the system's.
pub async fn start_at(settings: Settings, role: Role, clock: Clock) -> Result<Running, Fault> {
    let entropy = entropy();
    let store = Store::open(&settings.database, clock.clone(), entropy.clone()).await?;
    let secret = settings.github.key.clone();
    let github = GitHub::new(Options {
        api: settings.github.api.clone(),
        app: settings.github.app,
        key: settings.github.key,
        clock: clock.clone(),
        entropy: entropy.clone(),
        user_agent: concat!("usher/", env!("CARGO_PKG_VERSION")).to_owned(),
    })?;
    let wake = Arc::new(Notify::new());
    let listener = TcpListener::bind(settings.listen)
        .await
        .map_err(|error| Fault::Broken(format!("cannot listen on {}: {error}", settings.listen)))?;
    let address = listener.local_addr().map_err(|error| Fault::Broken(error.to_string()))?;
    let url = settings.url.unwrap_or_else(|| format!("http://{address}"));
    let secret = secret.expose_secret().as_bytes();
    let (seal, links) = (Seal::new(secret), Links::new(&url, secret));
    for remark in &settings.remarks {
        tracing::warn!("{remark}");
    }

    let argocd = Argocd::new(settings.operator.argocd)?;
    let notary =
        notary(settings.evidence_key.as_deref().filter(|_| role != Role::Receive), &entropy)?;
    let kustomize = match settings.operator.kustomize.filter(|_| role != Role::Receive) {
        None => RealKustomize::off(),
        Some(options) => {
            tracing::info!(program = ?options.command, repositories = ?options.repositories, "a real kustomize may be run");
            RealKustomize::open(options).map_err(|error| {
                Fault::Broken(format!("no temporary folder for a real kustomize: {error}"))
            })?
        }
    };
    let registries = Registries::open(settings.operator.registries, clock.clone())?;
    let tickets = Tickets::open(settings.operator.tickets, clock.clone())?;
    let stop = CancellationToken::new();
    let web = Web {
        store: store.clone(),
        wake: wake.clone(),
        secrets: settings.webhook_secrets,
        links: links.clone(),
        clock: clock.clone(),
    };
    let router = match role {
        Role::Receive | Role::All => web::router(web),
        Role::Work => web::operations(web),
    };
    let stopped = stop.clone().cancelled_owned();
    let server =
        tokio::spawn(axum::serve(listener, router).with_graceful_shutdown(stopped).into_future());
    let worker = (role != Role::Receive).then(|| {
        let github_pages = github_pages(&settings.github.api).into();
        let store = store.clone();
        let world = World {
            github,
            argocd,
            kustomize,
            registries,
            tickets,
            store,
            seal,
            notary,
            links,
            clock,
            entropy,
            wake,
            github_pages,
        };
        tokio::spawn(worker::run(world, stop.clone()))
    });
    tracing::info!(%address, ?role, "Usher is at work");
    Ok(Running { address, store, stop, server, worker })
}

impl Running {
    /// What it remembers, to look at from outside.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Stops: takes nothing in any more, finishes or releases what is under way, loses nothing.
    pub async fn stop(self) {
        self.stop.cancel();
        if let Some(worker) = self.worker
            && let Err(error) = worker.await
        {
            tracing::error!(%error, "the worker ended badly");
        }
        if tokio::time::timeout(DRAIN, self.server).await.is_err() {
            tracing::warn!("connections were still open and are dropped");
        }
        self.store.close().await;
    }
}

/// The key that signs evidence.
fn notary(path: Option<&Path>, entropy: &Entropy) -> Result<Notary, Fault> {
    let notary = evidence::open(path, entropy).map_err(Fault::Broken)?;
    if let Some(path) = path {
        tracing::info!(key = %notary.public().id(), ?path, "evidence is signed");
        if evidence::is_open_to_others(path) {
            tracing::warn!(?path, "others may read the key that signs evidence; `chmod 600` it");
        }
    }
    Ok(notary)
}

/// Where people see what the API speaks of.
fn github_pages(api: &str) -> String {
    match api.strip_suffix("/api/v3") {
        Some(server) => server.to_owned(),
        None => api.replacen("://api.", "://", 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_stand_beside_the_api() {
        assert_eq!(github_pages("https://api.github.com"), "https://github.com");
        assert_eq!(github_pages("http://127.0.0.1:4000/api/v3"), "http://127.0.0.1:4000");
        assert_eq!(github_pages("https://api.acme.ghe.com"), "https://acme.ghe.com");
    }
}
