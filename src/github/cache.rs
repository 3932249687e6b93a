//! Remembers what cannot change (by repository and id) and what GitHub will confirm for nothing (by ETag).
//!
//! It does not know how anything is fetched. Every shelf has a bound in bytes and drops what was used
//! longest ago.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::HeaderValue;

use super::line::Caller;
use super::transport::Raw;
use crate::model::files::GitTree;
use crate::model::ids::{RepoId, Sha};
use crate::model::read::{Commit, Comparison, PullRequest, Release};

const MIB: usize = 1024 * 1024;

/// What belongs to an id in a repository; not by id alone, since who may read one repository may not
/// read another.
type Key = (RepoId, Sha);

pub(super) struct Memory {
    pub(super) commits: Shelf<Key, Commit>,
    /// By how many commits were listed at most.
    pub(super) comparisons: Shelf<(RepoId, Sha, Sha, usize), Comparison>,
    /// The newest commits that touch a path, looking back from a commit.
    pub(super) histories: Shelf<(RepoId, Sha, String), Vec<Commit>>,
    /// With the mark that they had.
    pub(super) releases: Shelf<RepoId, (String, Vec<Release>)>,
    pub(super) trees: Shelf<Key, Arc<GitTree>>,
    pub(super) blobs: Shelf<Key, Arc<[u8]>>,
    /// The merged pull requests that commits came by.
    pub(super) merged: Shelf<Key, Vec<PullRequest>>,
    pub(super) answers: Shelf<(Caller, String), (HeaderValue, Raw)>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            commits: Shelf::new(8 * MIB),
            comparisons: Shelf::new(8 * MIB),
            histories: Shelf::new(8 * MIB),
            releases: Shelf::new(8 * MIB),
            trees: Shelf::new(64 * MIB),
            blobs: Shelf::new(64 * MIB),
            merged: Shelf::new(8 * MIB),
            answers: Shelf::new(16 * MIB),
        }
    }
}

/// A bounded map.
pub(super) struct Shelf<K, V>(Mutex<Kept<K, V>>);

struct Kept<K, V> {
    most: usize,
    size: usize,
    now: u64,
    items: HashMap<K, Item<V>>,
    by_age: BTreeMap<u64, K>,
}

struct Item<V> {
    value: V,
    size: usize,
    used: u64,
}

impl<K: Hash + Eq + Clone, V: Clone> Shelf<K, V> {
    fn new(most: usize) -> Self {
        Self(Mutex::new(Kept {
            most,
            size: 0,
            now: 0,
            items: HashMap::new(),
            by_age: BTreeMap::new(),
        }))
    }

    pub(super) fn get(&self, key: &K) -> Option<V> {
        let mut kept = self.kept();
        let kept = &mut *kept;
        let item = kept.items.get_mut(key)?;
        kept.now += 1;
        if let Some(key) = kept.by_age.remove(&item.used) {
            kept.by_age.insert(kept.now, key);
        }
        item.used = kept.now;
        Some(item.value.clone())
    }

    /// Keeps a value of about `size` bytes; one that would take an eighth of the shelf is not kept.
    pub(super) fn put(&self, key: K, value: V, size: usize) {
        const OVERHEAD: usize = 200;
        let size = size + OVERHEAD;
        let mut kept = self.kept();
        kept.drop_item(&key);
        if size > kept.most / 8 {
            return;
        }
        while kept.size + size > kept.most {
            let Some((_, oldest)) = kept.by_age.pop_first() else {
                break;
            };
            kept.drop_item(&oldest);
        }
        kept.now += 1;
        let used = kept.now;
        kept.size += size;
        kept.by_age.insert(used, key.clone());
        kept.items.insert(key, Item { value, size, used });
    }

    fn kept(&self) -> MutexGuard<'_, Kept<K, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq, V> Kept<K, V> {
    fn drop_item(&mut self, key: &K) {
        if let Some(item) = self.items.remove(key) {
            self.size -= item.size;
            self.by_age.remove(&item.used);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shelf_drops_what_was_used_longest_ago_and_stays_within_its_bound() {
        let shelf = Shelf::new(10_000);
        for n in 0..10 {
            shelf.put(n, n, 800);
        }
        assert_eq!(shelf.get(&0), Some(0));
        shelf.put(10, 10, 800);
        assert_eq!((shelf.get(&0), shelf.get(&1)), (Some(0), None));
        shelf.put(10, 11, 800);
        assert_eq!(shelf.get(&10), Some(11));
        shelf.put(99, 99, 5_000);
        assert_eq!(shelf.get(&99), None);
        let kept = shelf.kept();
        assert!(kept.size <= 10_000);
        assert_eq!(kept.by_age.len(), kept.items.len());
    }
}
