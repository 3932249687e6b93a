//! What was found lately: a tag can be moved, so it is remembered for seconds; what a digest names never changes.
//!
//! It does not know registries, and it remembers nothing that was not there.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::name::{Name, Reference};
use crate::model::clock::Clock;
use crate::model::ids::Digest;

/// A tag is asked for again after so long.
const TAG: SignedDuration = SignedDuration::from_secs(20);

/// So many are remembered; then all are forgotten.
const MOST: usize = 10_000;

pub(super) struct Cache {
    clock: Clock,
    found: Mutex<BTreeMap<(Name, Reference), (Digest, Timestamp)>>,
}

impl Cache {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, found: Mutex::default() }
    }

    pub(super) fn get(&self, name: &Name, reference: &Reference) -> Option<Digest> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let (digest, at) = found.get(&(name.clone(), reference.clone()))?;
        let age = self.clock.now().duration_since(*at);
        let fresh = matches!(reference, Reference::Digest(_)) || age < TAG;
        fresh.then(|| digest.clone())
    }

    pub(super) fn keep(&self, name: Name, reference: Reference, digest: Digest) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.len() >= MOST {
            found.clear();
        }
        found.insert((name, reference), (digest, self.clock.now()));
    }
}
