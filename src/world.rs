//! The doors, the clock and the wake signal in one place; fields, no logic.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::argocd::Argocd;
use crate::github::GitHub;
use crate::model::clock::{Clock, Entropy};
use crate::model::links::Links;
use crate::model::notary::Notary;
use crate::model::seal::Seal;
use crate::real_kustomize::RealKustomize;
use crate::registry::Registries;
use crate::store::Store;
use crate::tickets::Tickets;

/// Everything the shell can reach. Cheap to clone; built once, by `app`.
#[derive(Clone)]
pub struct World {
    /// GitHub.
    pub github: GitHub,
    /// The Argo CDs that the operator named.
    pub argocd: Argocd,
    /// A real Kustomize, where the operator allows one.
    pub kustomize: RealKustomize,
    /// The registries that the operator named.
    pub registries: Registries,
    /// The ticket servers that the operator named.
    pub tickets: Tickets,
    /// What is remembered.
    pub store: Store,
    /// What the identities of promotions are sealed with.
    pub seal: Seal,
    /// Who signs evidence.
    pub notary: Notary,
    /// Links to Usher's own pages.
    pub links: Links,
    /// The time.
    pub clock: Clock,
    /// Randomness, for jitter.
    pub entropy: Entropy,
    /// Rung when there may be something to do.
    pub wake: Arc<Notify>,
    /// The base of GitHub's pages, without a slash at the end, for links.
    pub github_pages: Arc<str>,
}
