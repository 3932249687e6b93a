//! A GitHub in a box: REST and GraphQL API, webhooks and pages over real HTTP, on a real Git object store.
//! It is an opinion of GitHub of its own, written from GitHub's documentation, and names nothing
//! else of the crate.

mod argocd;
mod auth;
mod by_hand;
mod control;
mod folder;
mod git;
mod gitops;
mod graphql;
mod hooks;
mod http;
mod hub;
mod keys;
mod model;
mod pages;
mod refusal;
mod rest;
mod seed;
mod shape;
mod state;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::any;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use self::argocd::{ApplicationChange, ArgoRequest};
pub use self::http::{Fault, FaultAnswer, Seen};
use folder::Folder;
use hub::Hub;
pub use state::Now;
use state::{State, Surroundings};

/// How the box is run.
#[derive(Clone)]
pub struct Options {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where its Argo CD listens; port 0 takes a free one.
    pub argocd: SocketAddr,
    /// `host:port` of the bot: webhooks go to `http://BOT/webhook`.
    pub bot: String,
    /// Where everything is kept over restarts; nothing is kept without.
    pub data: Option<PathBuf>,
    /// Whether what happens is kept there at once; if not, it begins from what is there, and [`Running::save`]
    /// keeps it.
    pub keep: bool,
    /// A folder from which the GitOps repository is seeded instead of our own.
    pub gitops: Option<PathBuf>,
    /// Tells the time.
    pub now: Now,
}

impl Options {
    /// With the system's clock, nothing kept, our own repository.
    pub fn new(listen: SocketAddr, bot: impl Into<String>) -> Self {
        Self {
            listen,
            argocd: SocketAddr::new(listen.ip(), 0),
            bot: bot.into(),
            data: None,
            keep: true,
            gitops: None,
            #[expect(
                clippy::disallowed_methods,
                reason = "the box is GitHub, which has a clock of its own"
            )]
            now: Arc::new(jiff::Timestamp::now),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("listen", &self.listen)
            .field("argocd", &self.argocd)
            .field("bot", &self.bot)
            .field("data", &self.data)
            .field("keep", &self.keep)
            .field("gitops", &self.gitops)
            .finish_non_exhaustive()
    }
}

/// Why the box does not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is taken, or not ours.
    #[error("cannot listen on {0}: {1}; choose another address with --listen")]
    Listen(SocketAddr, std::io::Error),
    /// A folder or file cannot be read or written.
    #[error("{path}: {1}", path = .0.display())]
    Folder(PathBuf, std::io::Error),
    /// GitHub would not do that.
    #[error("the sandbox refuses: {0}")]
    Refused(String),
    /// The state could not be filled.
    #[error("the sandbox cannot be filled: {0}")]
    Seed(String),
}

/// A box that runs.
pub struct Running {
    hub: Hub,
    address: SocketAddr,
    argocd: SocketAddr,
    /// The id of the App that is installed in it.
    pub app_id: u64,
    /// The secret that signs its webhooks.
    pub webhook_secret: String,
    /// The App's private key.
    pub private_key_pem: String,
    /// A file with it.
    pub private_key_file: PathBuf,
    file: PathBuf,
    stop: watch::Sender<bool>,
    servers: [JoinHandle<()>; 2],
    sender: JoinHandle<()>,
    _folder: Folder,
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("address", &self.address)
            .field("app_id", &self.app_id)
            .finish_non_exhaustive()
    }
}

/// Starts a box.
pub async fn start(options: Options) -> Result<Running, Error> {
    let folder_error = |path: &Path| {
        let path = path.to_owned();
        move |error| Error::Folder(path, error)
    };
    let folder = Folder::open(options.data.as_deref()).map_err(folder_error(
        options.data.as_deref().unwrap_or(Path::new("the temporary folder")),
    ))?;
    let (listener, address) = bind(options.listen).await?;
    let (argocd_listener, argocd) = bind(options.argocd).await?;
    let around = Surroundings {
        now: options.now,
        root: folder.path().join("git"),
        url: format!("http://{address}"),
        ..Surroundings::default()
    };
    let file = folder.path().join("state.json");
    let state = if file.exists() {
        State::load(&file, around).map_err(folder_error(&file))?
    } else {
        let files = match &options.gitops {
            Some(root) => gitops::folder(root).map_err(folder_error(root))?,
            None => gitops::demo(),
        };
        let mut state = State::new(around);
        let secret = hex::encode(keys::random::<20>());
        seed::seed(&mut state, &files, secret).map_err(|refusal| Error::Seed(refusal.message))?;
        state
    };
    let app = state
        .apps
        .values()
        .next()
        .cloned()
        .ok_or_else(|| Error::Seed(format!("{}: there is no App in it", file.display())))?;
    let private_key_file = folder.path().join("app.private-key.pem");
    write_private(&private_key_file, &app.private_key).map_err(folder_error(&private_key_file))?;
    let kept = (options.data.is_some() && options.keep).then(|| file.clone());
    let (hub, outgoing) = Hub::new(state, rest::table(), &options.bot, kept);
    hub.write(|_| Ok(())).map_err(|refusal| Error::Seed(refusal.message))?;
    let stop = watch::Sender::new(false);
    let servers = [
        tokio::spawn(serve(listener, router(hub.clone()), stop.subscribe())),
        tokio::spawn(serve(argocd_listener, argocd::router(hub.clone()), stop.subscribe())),
    ];
    let sender = tokio::spawn(hooks::send_all(hub.clone(), outgoing));
    Ok(Running {
        hub,
        address,
        argocd,
        app_id: app.id,
        webhook_secret: app.webhook_secret,
        private_key_pem: app.private_key,
        private_key_file,
        file,
        stop,
        servers,
        sender,
        _folder: folder,
    })
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Error> {
    let failed = |error| Error::Listen(address, error);
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

async fn serve(listener: TcpListener, routes: Router, mut stopped: watch::Receiver<bool>) {
    let end = async move {
        // The channel closes only with the box.
        stopped.wait_for(|stop| *stop).await.ok();
    };
    if let Err(error) = axum::serve(listener, routes).with_graceful_shutdown(end).await {
        tracing::error!(%error, "the sandbox stopped");
    }
}

fn router(hub: Hub) -> Router {
    Router::new()
        .route("/api/v3", any(http::api))
        .route("/api/v3/", any(http::api))
        .route("/api/v3/{*path}", any(http::api))
        .route("/api/graphql", any(http::api))
        .with_state(hub.clone())
        .merge(control::router(hub.clone()))
        .merge(argocd::control(hub.clone()))
        .merge(pages::router(hub))
}

fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(file)?.write_all(text.as_bytes())
}

impl Running {
    /// The address of the pages.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The base of the REST API.
    pub fn api_url(&self) -> String {
        format!("http://{}/api/v3", self.address)
    }

    /// The address of its Argo CD.
    pub fn argocd_url(&self) -> String {
        format!("http://{}", self.argocd)
    }

    /// The token of one of its accounts: `usher` or `admin`.
    pub fn argocd_token(&self, account: &str) -> Option<String> {
        self.hub.read(|state| state.argocd.token_of(account).map(str::to_owned))
    }

    /// Makes a token for a new account that may do these things (`get`, `sync`, `update`) with Applications that are
    /// called so; a `*` at the end stands for anything.
    pub fn add_argocd_token(&self, account: &str, may: &[&str], applications: &str) -> String {
        self.hub.serve(|state| state.argocd.add_token(account, may, applications))
    }

    /// Adds an Application that follows a folder of a repository, `owner/name`.
    pub fn add_application(&self, name: &str, repository: &str, path: &str) -> Result<(), Error> {
        self.hub
            .write(|state| state.follow_by_application(name, repository, path))
            .map_err(|refusal| Error::Refused(refusal.message))
    }

    /// Makes an Application what somebody says.
    pub fn change_application(&self, name: &str, change: &ApplicationChange) -> Result<(), Error> {
        self.hub
            .write(|state| state.change_application(name, change))
            .map_err(|refusal| Error::Refused(refusal.message))
    }

    /// Whether its Argo CD answers nothing but 503.
    pub fn set_argocd_down(&self, down: bool) {
        self.hub.serve(|state| state.argocd.down = down);
    }

    /// The requests to its Argo CD so far, oldest first.
    pub fn argocd_requests(&self) -> Vec<ArgoRequest> {
        self.hub.read(|state| state.argocd.log.clone())
    }

    /// Writes everything to its folder, for a box that does not keep it at once.
    pub fn save(&self) -> Result<(), Error> {
        let saved = self.hub.read(|state| state.save(&self.file));
        saved.map_err(|refusal| Error::Refused(refusal.message))
    }

    /// Has webhooks sent to this bot, `host:port`.
    pub fn set_bot(&self, bot: &str) {
        self.hub.set_bot(bot);
    }

    /// Queues a failure.
    pub fn fault(&self, fault: Fault) -> Result<(), String> {
        self.hub.faults().add(fault)
    }

    /// Forgets the failures that have not happened yet.
    pub fn clear_faults(&self) {
        self.hub.faults().clear();
    }

    /// The failures that have not happened yet.
    pub fn waiting_faults(&self) -> Vec<Fault> {
        self.hub.faults().waiting().to_vec()
    }

    /// The requests to the API so far, oldest first.
    pub fn requests(&self) -> Vec<Seen> {
        self.hub.log().clone()
    }

    /// How many requests there have been.
    pub fn served(&self) -> usize {
        self.hub.log().len()
    }

    /// The event and the payload of every webhook that went out, by the id of its delivery.
    pub fn webhooks(&self) -> HashMap<String, (String, serde_json::Value)> {
        self.hub.read(|state| {
            let all = state.deliveries.iter();
            all.map(|one| (one.guid.clone(), (one.event.clone(), one.payload.clone()))).collect()
        })
    }

    /// Forgets the webhooks that went out.
    pub fn clear_webhooks(&self) {
        self.hub.serve(|state| state.deliveries.clear());
    }

    /// The requests for which there is no route.
    pub fn unknown_routes(&self) -> Vec<Seen> {
        let log = self.hub.log();
        log.iter().filter(|seen| seen.route.is_none()).cloned().collect()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.hub.log().clear();
    }

    /// Lets webhooks wait, or go on.
    pub fn hold_webhooks(&self, held: bool) {
        self.hub.hold_webhooks(held);
    }

    /// Lets merges that were asked for asynchronously wait, or run.
    pub fn hold_merges(&self, held: bool) {
        self.hub.hold_merges(held);
    }

    /// How many webhooks are not through yet.
    pub fn webhooks_underway(&self) -> usize {
        self.hub.webhooks_underway()
    }

    /// Returns when all webhooks are through.
    pub async fn webhooks_idle(&self) {
        self.hub.webhooks_idle().await;
    }

    /// Adds a repository of `acme` with these files, and the same people in it as in the seeded one.
    pub fn add_repository(
        &self,
        name: &str,
        private: bool,
        files: &[(&str, &str)],
    ) -> Result<u64, Error> {
        let files: Vec<gitops::File> = files
            .iter()
            .map(|(path, text)| gitops::File {
                path: (*path).to_owned(),
                bytes: text.as_bytes().to_vec(),
                executable: false,
            })
            .collect();
        self.hub
            .write(|state| seed::repository(state, name, private, &files))
            .map_err(|refusal| Error::Seed(refusal.message))
    }

    /// Ends the box. Open connections are cut after a moment.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        self.sender.abort();
        let [one, other] = &mut self.servers;
        let ended = async { tokio::join!(one, other) };
        if tokio::time::timeout(Duration::from_millis(500), ended).await.is_err() {
            self.servers.iter().for_each(JoinHandle::abort);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.servers.iter().for_each(JoinHandle::abort);
        self.sender.abort();
    }
}
