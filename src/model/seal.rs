//! A seal that only this App can set: it tells what Usher wrote from what somebody else had GitHub sign.
//!
//! It knows bytes and keys; what is sealed it does not know.

use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::model::ids::RepoId;

/// Seals texts of one repository. Clones share the key.
#[derive(Clone)]
pub struct Seal {
    key: Arc<[u8]>,
}

impl Seal {
    /// A seal whose key is drawn from a secret, so that the secret itself is not kept here.
    pub fn new(secret: &[u8]) -> Self {
        Self { key: mac(secret, &[b"usher: promotions"]).into() }
    }

    /// What a text of a repository is sealed with, in hexadecimal.
    pub fn of(&self, repo: RepoId, text: &str) -> String {
        hex::encode(mac(&self.key, &[&repo.0.to_be_bytes(), text.as_bytes()]))
    }

    /// Whether that is the seal of this text, for this repository.
    pub fn holds(&self, repo: RepoId, text: &str, seal: &str) -> bool {
        let Ok(given) = hex::decode(seal) else {
            return false;
        };
        is_mac(&self.key, &[&repo.0.to_be_bytes(), text.as_bytes()], &given)
    }
}

fn begun(key: &[u8]) -> Option<Hmac<Sha256>> {
    // HMAC takes keys of any length.
    Hmac::<Sha256>::new_from_slice(key).ok()
}

/// HMAC-SHA-256 of the parts, one after the other.
pub(super) fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let Some(mut mac) = begun(key) else {
        return Vec::new();
    };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

/// Whether that is the HMAC of these parts, told in constant time.
pub(super) fn is_mac(key: &[u8], parts: &[&[u8]], given: &[u8]) -> bool {
    let Some(mut mac) = begun(key) else {
        return false;
    };
    for part in parts {
        mac.update(part);
    }
    mac.verify_slice(given).is_ok()
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_holds_for_its_text_its_repository_and_its_key_only() {
        let (seal, other) = (Seal::new(b"key"), Seal::new(b"other"));
        let set = seal.of(RepoId(7), "text");
        assert!(seal.holds(RepoId(7), "text", &set));
        assert!(!seal.holds(RepoId(7), "texts", &set));
        assert!(!seal.holds(RepoId(8), "text", &set));
        assert!(!other.holds(RepoId(7), "text", &set));
        for bad in ["", "zz", &set[2..], &format!("{set}00")] {
            assert!(!seal.holds(RepoId(7), "text", bad), "{bad}");
        }
    }
}
