//! Knows where in a list the objects are that have or had an identity, so that nobody has to look through all of them.
//!
//! It knows nothing of what is done with them.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use super::id::Id;
use super::object::Object;

/// The places of objects by all identities that they have or had. Who changes an identity adds the object again.
#[derive(Debug, Default)]
pub struct Index {
    hasher: RandomState,
    /// By the hash of an identity; objects may have been changed since, and hashes may be alike.
    places: HashMap<u64, Vec<usize>>,
}

impl Index {
    /// The places in a list.
    pub fn of(objects: &[Object]) -> Self {
        let mut index = Self::default();
        objects.iter().enumerate().for_each(|(at, object)| index.add(at, object));
        index
    }

    /// Adds an object, or the identity that it has got.
    pub fn add(&mut self, at: usize, object: &Object) {
        for id in object.ids() {
            let places = self.places.entry(self.hasher.hash_one(key(id))).or_default();
            if !places.contains(&at) {
                places.push(at);
            }
        }
    }

    /// The places of the objects that have or had this identity, in order.
    pub fn find(&self, objects: &[Object], id: Id<'_>) -> Vec<usize> {
        let places = self.places.get(&self.hasher.hash_one(key(id)));
        let is = |object: &Object| object.ids().any(|known| id.is_same(known));
        let places = places.into_iter().flatten().copied();
        let mut found: Vec<usize> = places.filter(|at| objects.get(*at).is_some_and(is)).collect();
        found.sort_unstable();
        found
    }

    /// Whether an object has this identity now.
    pub fn has(&self, objects: &[Object], id: Id<'_>) -> bool {
        let places = self.places.get(&self.hasher.hash_one(key(id))).into_iter().flatten();
        places.filter_map(|at| objects.get(*at)).any(|object| object.id().is_same(id))
    }
}

/// What [`Id::is_same`] compares.
fn key(id: Id<'_>) -> Id<'_> {
    Id { namespace: id.effective_namespace(), ..id }
}
