//! The door to the registries that the operator named: whether an image is there, and which manifest it is.
//!
//! It knows the distribution protocol and who may be told what: credentials go to their registry, and to a token server
//! that the operator listed with it, and nowhere else. What an answer is worth is not known here.

mod cache;
mod challenge;
mod name;
mod server;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;
use tokio::sync::Semaphore;

use crate::fault::Fault;
use crate::model::artifact::Artifact;
use crate::model::clock::Clock;
use crate::model::ids::RepoName;
use crate::reach;
use cache::Cache;
use name::{DOCKER, Name, Reference};
use server::Server;

pub(crate) use name::is_registry;

/// So many registries and images are asked at once.
const AT_ONCE: usize = 8;

/// What the operator says of a registry.
#[derive(Debug, Clone)]
pub struct Options {
    /// Its name in names of images: `HOST` or `HOST:PORT`.
    pub registry: String,
    /// Where and how it is reached.
    pub reach: reach::Options,
    /// The token servers besides itself that may be asked, and get its credentials.
    pub realms: Vec<reach::Options>,
    /// What it is shown.
    pub credentials: Credentials,
    /// The repositories that may have it asked: `owner/name`, or `owner/*` for all of an owner.
    pub repositories: Vec<String>,
}

/// What a registry is shown.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// Nothing.
    None,
    /// User name and password.
    Password {
        /// The user's name.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// What Docker calls an identity token: token servers give tokens for it.
    Identity(SecretString),
}

/// The registry that names without one mean, and where it is.
pub const DOCKER_HUB: (&str, &str, &str) = (DOCKER, "registry-1.docker.io", "auth.docker.io");

/// The registries, or none. Cheap to clone.
#[derive(Clone)]
pub struct Registries(Arc<Inner>);

struct Inner {
    servers: BTreeMap<String, (Server, Vec<String>)>,
    known: Cache,
    turns: Semaphore,
}

impl fmt::Debug for Registries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.servers.keys()).finish()
    }
}

impl Registries {
    /// Those that the operator names.
    pub fn open(all: Vec<Options>, clock: Clock) -> Result<Self, Fault> {
        let mut servers = BTreeMap::new();
        for options in all {
            let (registry, repositories) = (options.registry.clone(), options.repositories.clone());
            servers.insert(registry, (Server::new(options, clock.clone())?, repositories));
        }
        let (known, turns) = (Cache::new(clock), Semaphore::new(AT_ONCE));
        Ok(Self(Arc::new(Inner { servers, known, turns })))
    }

    /// Asks whether an image is there, on behalf of a repository. `reference` is a tag or a digest.
    pub async fn find(&self, repo: &RepoName, image: &str, reference: &str) -> Artifact {
        let (Some(name), Some(reference)) = (Name::parse(image), Reference::parse(reference))
        else {
            return Artifact::Malformed;
        };
        let inner = &self.0;
        let server = inner.servers.get(&name.registry);
        let Some((server, _)) = server.filter(|(_, repositories)| repo.is_among(repositories))
        else {
            return Artifact::NotAsked { registry: name.registry };
        };
        if let Some(digest) = inner.known.get(&name, &reference) {
            return Artifact::Present(digest);
        }
        let Ok(_turn) = inner.turns.acquire().await else {
            return Artifact::Unreachable("nobody is asked any more".to_owned());
        };
        let found = server.find(&name.path, &reference).await;
        if let Artifact::Present(digest) = &found {
            inner.known.keep(name, reference, digest.clone());
        }
        found
    }
}
