//! Who signs evidence: an Ed25519 key, and the public one that shows a signature to be its own.
//!
//! It knows keys, their forms and their names; what is signed it does not know.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};

/// What stands in front of the 32 bytes of a private key in PKCS#8, as OpenSSL writes it.
/// <https://www.rfc-editor.org/rfc/rfc8410#section-10.3>
const PRIVATE: &[u8] = &[
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// What stands in front of the 32 bytes of a public key.
const PUBLIC: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Signs. Clones share the key.
#[derive(Clone)]
pub struct Notary {
    key: Arc<SigningKey>,
    public: PublicKey,
}

impl Notary {
    /// The notary whose private key these bytes are.
    pub fn new(seed: [u8; 32]) -> Self {
        let key = SigningKey::from_bytes(&seed);
        let public = PublicKey { key: key.verifying_key() };
        Self { key: Arc::new(key), public }
    }

    /// Reads the private key from its PEM; the error says what is wrong without showing anything of it.
    pub fn from_pem(pem: &str) -> Result<Self, &'static str> {
        Ok(Self::new(unwrap(pem, "PRIVATE KEY", PRIVATE)?))
    }

    /// The private key as PEM.
    pub fn to_pem(&self) -> SecretString {
        wrap("PRIVATE KEY", PRIVATE, self.key.as_bytes()).into()
    }

    /// Its public key.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Its signature of a message, in hexadecimal.
    pub fn sign(&self, message: &[u8]) -> String {
        hex::encode(self.key.sign(message).to_bytes())
    }
}

impl fmt::Debug for Notary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Notary({})", self.public.id())
    }
}

/// What shows that a notary signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    key: VerifyingKey,
}

impl PublicKey {
    /// Reads it from its PEM, or from the 64 hexadecimal digits of its bytes.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let bytes = if text.starts_with("-----") {
            unwrap(text, "PUBLIC KEY", PUBLIC)?
        } else {
            let mut bytes = [0; 32];
            hex::decode_to_slice(text, &mut bytes)
                .map_err(|_| "it is neither PEM nor 64 hexadecimal digits")?;
            bytes
        };
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| "it is no Ed25519 public key")?;
        Ok(Self { key })
    }

    /// The key as PEM.
    pub fn to_pem(&self) -> String {
        wrap("PUBLIC KEY", PUBLIC, self.key.as_bytes())
    }

    /// What it is called: the first 16 hexadecimal digits of the SHA-256 of its bytes.
    pub fn id(&self) -> String {
        let mut id = hex::encode(Sha256::digest(self.key.as_bytes()));
        id.truncate(16);
        id
    }

    /// Whether that is its signature of this message.
    pub fn holds(&self, message: &[u8], signature: &str) -> bool {
        let mut bytes = [0; 64];
        hex::decode_to_slice(signature, &mut bytes).is_ok()
            && self.key.verify_strict(message, &Signature::from_bytes(&bytes)).is_ok()
    }
}

fn wrap(label: &str, head: &[u8], key: &[u8]) -> String {
    let body = STANDARD.encode([head, key].concat());
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

fn unwrap(pem: &str, label: &str, head: &[u8]) -> Result<[u8; 32], &'static str> {
    const NOT: &str = "it is not an Ed25519 key in PEM form";
    let body = pem
        .trim()
        .strip_prefix(&format!("-----BEGIN {label}-----"))
        .and_then(|rest| rest.strip_suffix(&format!("-----END {label}-----")))
        .ok_or(NOT)?;
    let body: String = body.split_whitespace().collect();
    let bytes = STANDARD.decode(body).map_err(|_| NOT)?;
    bytes.strip_prefix(head).and_then(|key| key.try_into().ok()).ok_or(NOT)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_signature_holds_for_its_message_and_its_key_only() {
        let (one, other) = (Notary::new([1; 32]), Notary::new([2; 32]));
        let signature = one.sign(b"message");
        assert!(one.public().holds(b"message", &signature));
        assert!(!one.public().holds(b"messages", &signature));
        assert!(!other.public().holds(b"message", &signature));
        for bad in ["", "zz", &signature[2..], &format!("{signature}00")] {
            assert!(!one.public().holds(b"message", bad), "{bad}");
        }
    }

    #[test]
    fn keys_are_written_and_read_as_openssl_does() {
        // `openssl pkey -in KEY -pubout` prints the second for the first.
        let private = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
        let public = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
        let notary = Notary::from_pem(private).unwrap();
        assert_eq!(notary.to_pem().expose_secret(), private);
        assert_eq!(notary.public().to_pem(), public);
        assert_eq!(PublicKey::parse(public).as_ref(), Ok(notary.public()));
        let hex = "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";
        assert_eq!(PublicKey::parse(hex).as_ref(), Ok(notary.public()));
        assert!(!format!("{notary:?}").contains("INTu"));
        for bad in ["", public, &private[..60], &private.replace("MC4C", "MC4D")] {
            assert!(Notary::from_pem(bad).is_err(), "{bad}");
        }
        for bad in ["", private, &hex[2..], &"z".repeat(64)] {
            assert!(PublicKey::parse(bad).is_err(), "{bad}");
        }
    }
}
