//! The doors, the clock and the wake signal in one place; fields, no logic.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::github::GitHub;
use crate::model::clock::{Clock, Entropy};
use crate::model::links::Links;
use crate::model::seal::Seal;
use crate::real_kustomize::RealKustomize;
use crate::store::Store;

/// Everything the shell can reach. Cheap to clone; built once, by `app`.
#[derive(Clone)]
pub struct World {
    /// GitHub.
    pub github: GitHub,
    /// A real Kustomize, where the operator allows one.
    pub kustomize: RealKustomize,
    /// What is remembered.
    pub store: Store,
    /// What the identities of promotions are sealed with.
    pub seal: Seal,
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
