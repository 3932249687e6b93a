//! The one door to GitHub: octocrab wrapped once, with its own tokens, pace, caches and typed refusals.
//!
//! It knows nothing of promotions, policies or jobs; it reads shapes of [`crate::model::read`] and makes
//! true what [`crate::model::write`] asks for.

mod answer;
mod auth;
mod cache;
mod line;
mod pace;
mod query;
mod read;
mod snapshot;
mod text;
mod transport;
mod wire;
mod write;

use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;
use tokio::sync::OnceCell;

use crate::fault::Fault;
use crate::model::clock::{Clock, Entropy};
use crate::model::ids::{AppId, RepoRef};
use crate::model::read::Identity;

pub use auth::PERMISSIONS;
pub use read::CheckFilter;
pub use snapshot::{Posted, Question, Snapshot, Told};
pub use write::{BranchOutcome, Merged};

use auth::{Auth, Scope};
use cache::Memory;
use line::{Caller, Line};
use pace::Pace;
use query::Queries;
use transport::Transport;

/// What it takes to speak to GitHub as an App.
#[derive(Debug, Clone)]
pub struct Options {
    /// Base of the REST API: `https://api.github.com`, or `…/api/v3` elsewhere. GraphQL is beside it.
    pub api: String,
    /// The App's number.
    pub app: AppId,
    /// The App's private key: RSA, PEM.
    pub key: SecretString,
    /// For the tokens' validity.
    pub clock: Clock,
    /// For jitter.
    pub entropy: Entropy,
    /// Who calls, as GitHub wants to know it: `usher/0.1.0`.
    pub user_agent: String,
}

/// GitHub, as the App sees it. Clones share tokens, pace and caches.
#[derive(Clone)]
pub struct GitHub(Arc<Inner>);

struct Inner {
    transport: Transport,
    auth: Auth,
    pace: Pace,
    queries: Queries,
    memory: Memory,
    identity: OnceCell<Identity>,
    entropy: Entropy,
    clock: Clock,
}

/// Who waits for the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// A person who gave a command: goes first.
    Person,
    /// Nobody in particular.
    Background,
}

/// One repository, reached with a token that is good for it alone.
#[derive(Clone)]
pub struct Repo {
    line: Line,
    repo: RepoRef,
    /// What of ours was seen just now, and need not be looked at again.
    posted: Option<Arc<Posted>>,
}

impl GitHub {
    /// Prepares the door; calls nobody, so it works while GitHub is down. It has to be called within
    /// a Tokio runtime.
    pub fn new(options: Options) -> Result<Self, Fault> {
        let auth = Auth::new(options.app, &options.key, options.clock.clone())?;
        let transport = Transport::new(&options.api, &options.user_agent)?;
        Ok(Self(Arc::new(Inner {
            transport,
            auth,
            pace: Pace::new(options.clock.clone()),
            queries: Queries::default(),
            memory: Memory::default(),
            identity: OnceCell::new(),
            entropy: options.entropy,
            clock: options.clock,
        })))
    }

    /// The App's number, which is known without asking.
    pub fn app(&self) -> AppId {
        self.0.auth.app()
    }

    /// A handle for one repository.
    pub fn at(&self, repo: &RepoRef, priority: Priority) -> Repo {
        let scope = Scope::Repositories(vec![repo.id]);
        Repo {
            line: self.line(Caller::Installation(repo.installation, scope), priority),
            repo: repo.clone(),
            posted: None,
        }
    }

    fn line(&self, caller: Caller, priority: Priority) -> Line {
        Line::new(self.clone(), caller, priority)
    }
}

impl Repo {
    /// Which repository it is.
    pub fn reference(&self) -> &RepoRef {
        &self.repo
    }

    /// The same handle, which need not look at what was seen just now.
    pub fn knowing(self, posted: Option<&Arc<Posted>>) -> Self {
        Self { posted: posted.cloned(), ..self }
    }

    /// Who we are.
    async fn identity(&self) -> Result<Identity, Fault> {
        self.line.github.identity_by(self.repo.installation).await
    }

    fn path(&self, rest: impl fmt::Display) -> String {
        format!("/repos/{}{rest}", self.repo.name)
    }
}

impl fmt::Debug for GitHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GitHub({})", self.0.transport.base())
    }
}

impl fmt::Debug for Repo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Repo({})", self.repo.name)
    }
}
