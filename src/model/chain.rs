//! How evidence hangs together: each entry's hash covers the one before, its place and its repository, and
//! is signed. What was changed, left out, put in or put elsewhere afterwards is found.
//!
//! It knows bytes; where they are kept it does not know.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::model::ids::RepoId;
use crate::model::notary::{Notary, PublicKey};

/// What is signed of an entry, before its hash: nothing else that this key signs begins so.
const ENTRY: &[u8] = b"usher evidence entry\n";
/// What is signed of a chain's head, before what tells it.
const HEAD: &[u8] = b"usher evidence head\n";

/// A SHA-256, written in hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hash([u8; 32]);

impl Hash {
    /// What the first entry goes on from.
    pub const NONE: Self = Self([0; 32]);
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl std::str::FromStr for Hash {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| "a hash has 64 hexadecimal digits")?;
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Hash {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Hash> for String {
    fn from(hash: Hash) -> Self {
        hash.to_string()
    }
}

/// JSON in the one form that is hashed: keys in order, no blanks, as RFC 8785 has it for what entries hold
/// (texts, whole numbers, truth values, lists and maps with ASCII keys).
pub fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            // Sorted here, whatever order the map keeps.
            let fields: BTreeMap<&String, &Value> = fields.iter().collect();
            out.push('{');
            for (at, (key, value)) in fields.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
        simple => out.push_str(&simple.to_string()),
    }
}

/// The hash of an entry: SHA-256 of the hash before it (32 bytes), its place and its repository's number
/// (8 bytes each, the highest first), and the entry itself as canonical JSON.
pub fn link(previous: &Hash, sequence: u64, repo: RepoId, entry: &str) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(previous.0);
    hasher.update(sequence.to_be_bytes());
    hasher.update(repo.0.to_be_bytes());
    hasher.update(entry.as_bytes());
    Hash(hasher.finalize().into())
}

/// What the key signs of an entry.
pub fn entry_message(hash: &Hash) -> Vec<u8> {
    [ENTRY, &hash.0].concat()
}

/// An entry in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Its place, from 1.
    pub sequence: u64,
    /// The hash before it.
    pub previous: Hash,
    /// Its own.
    pub hash: Hash,
    /// The key that signed it.
    pub key: String,
    /// The signature.
    pub signature: String,
    /// The entry; none where it was left out of an export.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<Value>,
}

/// Where a chain has got to, signed, so that what is cut off its end is missed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// How many entries there are.
    pub sequence: u64,
    /// The hash of the last one.
    pub hash: Hash,
    /// The key that signed this.
    pub key: String,
    /// The signature.
    pub signature: String,
}

impl Head {
    /// Signs where the chain of a repository has got to.
    pub fn signed(repo: RepoId, sequence: u64, hash: Hash, notary: &Notary) -> Self {
        let signature = notary.sign(&head_message(repo, sequence, &hash));
        Self { sequence, hash, key: notary.public().id(), signature }
    }
}

fn head_message(repo: RepoId, sequence: u64, hash: &Hash) -> Vec<u8> {
    [HEAD, &repo.0.to_be_bytes(), &sequence.to_be_bytes(), &hash.0].concat()
}

/// What is wrong with a chain, and where it begins to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The place of the first entry that is not right.
    pub sequence: u64,
    /// Why.
    pub why: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entry {}: {}", self.sequence, self.why)
    }
}

/// The keys whose signatures count.
#[derive(Debug, Clone, Default)]
pub struct Keys(BTreeMap<String, PublicKey>);

impl Keys {
    /// These keys.
    pub fn new(keys: impl IntoIterator<Item = PublicKey>) -> Self {
        Self(keys.into_iter().map(|key| (key.id(), key)).collect())
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    fn holds(&self, key: &str, message: &[u8], signature: &str) -> Result<(), String> {
        match self.0.get(key) {
            None => {
                Err(format!("it is signed by the key {key:?}, which is none of those that count"))
            }
            Some(known) if known.holds(message, signature) => Ok(()),
            Some(_) => Err(format!("its signature is not that of the key {key}")),
        }
    }
}

/// Walks along a chain from its first entry, and stops at the first one that is not right.
#[derive(Debug)]
pub struct Walk<'a> {
    repo: RepoId,
    keys: &'a Keys,
    at: u64,
    last: Hash,
}

impl<'a> Walk<'a> {
    /// Begins before the first entry of a repository's chain.
    pub fn new(repo: RepoId, keys: &'a Keys) -> Self {
        Self { repo, keys, at: 0, last: Hash::NONE }
    }

    /// Goes on to the next entry.
    pub fn next(&mut self, link: &Link) -> Result<(), Broken> {
        let place = self.at + 1;
        let broken = |why: String| Err(Broken { sequence: place, why });
        if link.sequence != place {
            return broken(format!("it is missing; entry {} stands in its place", link.sequence));
        }
        if link.previous != self.last {
            return broken(match self.at {
                0 => "it goes on from something, and it is the first".to_owned(),
                before => format!("it does not go on from entry {before}"),
            });
        }
        if let Some(entry) = &link.entry {
            if link.hash != self::link(&self.last, place, self.repo, &canonical(entry)) {
                return broken(
                    "it is not what was hashed: it was changed, or is another repository's"
                        .to_owned(),
                );
            }
            if entry["key"].as_str() != Some(link.key.as_str()) {
                return broken("it names another key than the one that signed it".to_owned());
            }
        }
        if let Err(why) = self.keys.holds(&link.key, &entry_message(&link.hash), &link.signature) {
            return broken(why);
        }
        (self.at, self.last) = (place, link.hash);
        Ok(())
    }

    /// How many entries were right, and the hash of the last one.
    pub fn so_far(&self) -> (u64, Hash) {
        (self.at, self.last)
    }

    /// Whether the chain ends where its signed head says.
    pub fn ends_at(&self, head: &Head) -> Result<(), Broken> {
        let message = head_message(self.repo, head.sequence, &head.hash);
        if let Err(why) = self.keys.holds(&head.key, &message, &head.signature) {
            return Err(Broken { sequence: self.at, why: format!("of the signed head: {why}") });
        }
        self.ends_with(head.sequence, &head.hash)
    }

    /// Whether the chain ends with this entry.
    pub fn ends_with(&self, sequence: u64, hash: &Hash) -> Result<(), Broken> {
        if (self.at, &self.last) == (sequence, hash) {
            return Ok(());
        }
        let why = format!("the chain ends here, and not with entry {sequence} ({hash})");
        Err(Broken { sequence: self.at, why })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const REPO: RepoId = RepoId(7);

    fn chain(many: u64) -> (Notary, Vec<Link>) {
        let notary = Notary::new([1; 32]);
        let (mut last, mut links) = (Hash::NONE, Vec::new());
        for sequence in 1..=many {
            let entry = json!({"key": notary.public().id(), "cause": format!("c{sequence}")});
            let hash = link(&last, sequence, REPO, &canonical(&entry));
            let signature = notary.sign(&entry_message(&hash));
            let key = notary.public().id();
            links.push(Link { sequence, previous: last, hash, key, signature, entry: Some(entry) });
            last = hash;
        }
        (notary, links)
    }

    fn walk(links: &[Link], keys: &Keys) -> Result<u64, Broken> {
        let mut walk = Walk::new(REPO, keys);
        links.iter().try_for_each(|link| walk.next(link))?;
        Ok(walk.so_far().0)
    }

    #[test]
    fn canonical_json_is_the_one_form() {
        let value =
            json!({"b": [1, {"z": null, "a": true}], "a": "ä\u{0}\n\"\\/\u{7f}", "A": u64::MAX});
        let text = "{\"A\":18446744073709551615,\"a\":\"ä\\u0000\\n\\\"\\\\/\u{7f}\",\"b\":[1,{\"a\":true,\"z\":null}]}";
        assert_eq!(canonical(&value), text);
        assert_eq!(canonical(&serde_json::from_str(text).unwrap()), text);
    }

    #[test]
    fn a_hash_is_what_the_documentation_says() {
        let mut bytes = vec![0; 32];
        bytes.extend([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7]);
        bytes.extend(b"{}");
        let wanted = hex::encode(Sha256::digest(bytes));
        assert_eq!(link(&Hash::NONE, 1, REPO, "{}").to_string(), wanted);
        assert_eq!(wanted.parse::<Hash>().map(|hash| hash.to_string()), Ok(wanted));
        assert!("abc".parse::<Hash>().is_err());
    }

    #[test]
    fn what_does_not_hang_together_is_found() {
        let (notary, links) = chain(4);
        let keys = Keys::new([notary.public().clone()]);
        assert_eq!(walk(&links, &keys), Ok(4));
        // What was left out of an export is checked by its hash and signature.
        let mut part = links.clone();
        part[1].entry = None;
        assert_eq!(walk(&part, &keys), Ok(4));
        part[1].hash = links[2].hash;
        assert_eq!(walk(&part, &keys).unwrap_err().sequence, 2);
        // An entry that was left out, and one put in its place that the same key signed elsewhere.
        let mut other = links.clone();
        other[2] = Link { entry: None, previous: links[1].previous, ..other[2].clone() };
        assert_eq!(walk(&other, &keys).unwrap_err().sequence, 3);
        let mut moved = links.clone();
        moved.swap(1, 2);
        assert_eq!(walk(&moved, &keys).unwrap_err().sequence, 2);
        assert_eq!(walk(&links[1..], &keys).unwrap_err().sequence, 1);
        let nobody = walk(&links, &Keys::default()).unwrap_err();
        assert!(nobody.why.contains("none of those that count"), "{nobody}");
    }

    #[test]
    fn a_signed_head_misses_what_was_cut_off() {
        let (notary, links) = chain(3);
        let keys = Keys::new([notary.public().clone()]);
        let head = Head::signed(REPO, 3, links[2].hash, &notary);
        let ends = |links: &[Link], head: &Head| {
            let mut walk = Walk::new(REPO, &keys);
            links.iter().try_for_each(|link| walk.next(link))?;
            walk.ends_at(head)
        };
        assert_eq!(ends(&links, &head), Ok(()));
        assert_eq!(ends(&links[..2], &head).unwrap_err().sequence, 2);
        let elsewhere = Head::signed(RepoId(8), 3, links[2].hash, &notary);
        assert!(ends(&links, &elsewhere).unwrap_err().why.contains("signed head"));
        let shorter = Head { sequence: 2, hash: links[1].hash, ..head };
        assert!(ends(&links[..2], &shorter).unwrap_err().why.contains("signed head"));
    }
}
