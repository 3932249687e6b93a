//! Knows how the App proves who it is: its signed token, and installation tokens as narrow as the job.
//!
//! It does not know how requests are sent: it is handed what mints a token.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::fault::Fault;
use crate::model::clock::Clock;
use crate::model::ids::{AppId, InstallationId, RepoId};

/// What Usher asks for: exactly what its calls need, and what `app-manifest.yml` declares. Sorted by name.
pub const PERMISSIONS: &[(&str, &str)] = &[
    ("actions", "read"),
    ("checks", "write"),
    ("contents", "write"),
    ("deployments", "write"),
    ("issues", "write"),
    ("members", "read"),
    ("merge_queues", "read"),
    ("metadata", "read"),
    ("pull_requests", "write"),
    ("statuses", "write"),
];

/// The one of an organisation, and not of repositories. It is asked for alone: an account without teams has
/// none to grant, and a token that works in repositories does not need it.
const MEMBERS: &str = "members";

/// Signed in the past, in case GitHub's clock is behind; never valid for more than ten minutes.
const BACK: SignedDuration = SignedDuration::from_secs(60);
const VALID: SignedDuration = SignedDuration::from_secs(9 * 60);
/// A token is not used in its last minutes.
const APP_MARGIN: SignedDuration = SignedDuration::from_secs(60);
const TOKEN_MARGIN: SignedDuration = SignedDuration::from_secs(5 * 60);

/// What an installation token is good for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Scope {
    /// Working in these repositories.
    Repositories(Vec<RepoId>),
    /// Looking at which repositories there are.
    Listing,
    /// Looking at who belongs to which team.
    Members,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct TokenKey {
    pub(super) installation: InstallationId,
    pub(super) scope: Scope,
}

/// A fresh installation token, as GitHub hands it out.
#[derive(Deserialize)]
pub(super) struct Minted {
    token: String,
    expires_at: Timestamp,
}

pub(super) struct Auth {
    app: AppId,
    key: EncodingKey,
    clock: Clock,
    signed: Mutex<Option<Signed>>,
    slots: Mutex<HashMap<TokenKey, Arc<tokio::sync::Mutex<Slot>>>>,
}

#[derive(Clone)]
struct Signed {
    token: SecretString,
    expires: Timestamp,
}

#[derive(Default)]
struct Slot {
    token: Option<Signed>,
    failed: Option<(Instant, Fault)>,
}

#[derive(Serialize)]
struct Claims {
    iat: i64,
    exp: i64,
    iss: String,
}

impl Auth {
    pub(super) fn new(app: AppId, key: &SecretString, clock: Clock) -> Result<Self, Fault> {
        let key = EncodingKey::from_rsa_pem(key.expose_secret().as_bytes()).map_err(|_| {
            Fault::Broken(
                "the App's private key cannot be read: an RSA key in PEM is needed, as GitHub hands it \
                 out (it begins with -----BEGIN RSA PRIVATE KEY-----)"
                    .to_owned(),
            )
        })?;
        let auth = Self { app, key, clock, signed: Mutex::default(), slots: Mutex::default() };
        auth.app_token()?; // a key that cannot sign is found out here, not in the first job
        Ok(auth)
    }

    /// The App's number.
    pub(super) fn app(&self) -> AppId {
        self.app
    }

    /// The App's own token.
    pub(super) fn app_token(&self) -> Result<SecretString, Fault> {
        let now = self.clock.now();
        let mut signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(signed) = signed.as_ref()
            // a clock that was set back makes a token look as if it were from the future
            && (now + APP_MARGIN..=now + VALID).contains(&signed.expires)
        {
            return Ok(signed.token.clone());
        }
        let expires = now + VALID;
        let claims = Claims {
            iat: (now - BACK).as_second(),
            exp: expires.as_second(),
            iss: self.app.to_string(),
        };
        let header = Header::new(Algorithm::RS256);
        let token: SecretString = jsonwebtoken::encode(&header, &claims, &self.key)
            .map_err(|_| Fault::Broken("the App's private key cannot sign".to_owned()))?
            .into();
        *signed = Some(Signed { token: token.clone(), expires });
        Ok(token)
    }

    /// Forgets the App's token after GitHub refused it.
    pub(super) fn forget_app_token(&self) {
        *self.signed.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// A token for `key`: the one at hand while it is good, else a new one. Those who ask for the same
    /// one wait for the first, and share its failure.
    pub(super) async fn token<M>(
        &self,
        key: &TokenKey,
        mint: impl FnOnce(Value) -> M,
    ) -> Result<SecretString, Fault>
    where
        M: Future<Output = Result<Minted, Fault>>,
    {
        let came = Instant::now();
        let slot = self.slot(key);
        let mut slot = slot.lock().await;
        if let Some(token) = &slot.token
            && token.expires > self.clock.now() + TOKEN_MARGIN
        {
            return Ok(token.token.clone());
        }
        if let Some((at, fault)) = &slot.failed
            && *at >= came
        {
            return Err(fault.clone());
        }
        match mint(request(&key.scope)).await {
            Ok(minted) => {
                let token = SecretString::from(minted.token);
                slot.failed = None;
                slot.token = Some(Signed { token: token.clone(), expires: minted.expires_at });
                Ok(token)
            }
            Err(fault) => {
                slot.failed = Some((Instant::now(), fault.clone()));
                Err(fault)
            }
        }
    }

    /// Forgets a token after GitHub refused it, unless another has taken its place meanwhile.
    pub(super) async fn forget(&self, key: &TokenKey, refused: &SecretString) {
        let slot = self.slot(key);
        let mut slot = slot.lock().await;
        if slot.token.as_ref().is_some_and(|t| t.token.expose_secret() == refused.expose_secret()) {
            slot.token = None;
        }
    }

    fn slot(&self, key: &TokenKey) -> Arc<tokio::sync::Mutex<Slot>> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.entry(key.clone()).or_default().clone()
    }
}

fn request(scope: &Scope) -> Value {
    match scope {
        Scope::Repositories(ids) => {
            let permissions: serde_json::Map<String, Value> = PERMISSIONS
                .iter()
                .filter(|(name, _)| *name != MEMBERS)
                .map(|(name, level)| ((*name).to_owned(), json!(level)))
                .collect();
            json!({"repository_ids": ids, "permissions": permissions})
        }
        Scope::Listing => json!({"permissions": {"metadata": "read"}}),
        Scope::Members => json!({"permissions": {MEMBERS: "read"}}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_key_is_said_to_be_one_without_being_shown() {
        let clock = Clock::new(|| Timestamp::UNIX_EPOCH);
        for bad in [
            "",
            "hunter2",
            "-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----\n",
        ] {
            let fault = Auth::new(AppId(1), &bad.into(), clock.clone()).err().unwrap();
            assert!(
                matches!(&fault, Fault::Broken(text) if text.contains("private key") && !text.contains("hunter2")),
                "{fault}"
            );
        }
    }

    #[test]
    fn permissions_are_sorted_and_narrowed_by_scope() {
        assert!(PERMISSIONS.is_sorted());
        let body = request(&Scope::Repositories(vec![RepoId(7)]));
        assert_eq!(body["repository_ids"], json!([7]));
        assert_eq!(body["permissions"]["contents"], "write");
        assert_eq!(body["permissions"].get("members"), None);
        assert_eq!(request(&Scope::Listing), json!({"permissions": {"metadata": "read"}}));
        assert_eq!(request(&Scope::Members), json!({"permissions": {"members": "read"}}));
    }
}
