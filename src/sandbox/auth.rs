//! Who calls: reads the Authorization header as GitHub does.
//! It does not know what the caller may do: see `http::access`.
//! <https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api>

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;
use serde_json::Value;

use super::keys;
use super::model::{Id, Token};
use super::refusal::Refusal;
use super::state::{Actor, State};

/// Who calls.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    Nobody,
    Person(Id),
    /// An App that has signed for itself.
    App(Id),
    /// An App in an installation, with what the token grants.
    Installation {
        app: Id,
        bot: Id,
        token: Token,
    },
}

impl Caller {
    /// In whose name things are done.
    pub(crate) fn actor(&self) -> Option<Actor> {
        match self {
            Self::Person(account) => Some(Actor::person(*account)),
            Self::Installation { app, bot, .. } => Some(Actor { account: *bot, app: Some(*app) }),
            Self::Nobody | Self::App(_) => None,
        }
    }

    /// A name for logs and rate limits.
    pub(crate) fn label(&self, state: &State) -> String {
        match self {
            Self::Nobody => "nobody".to_owned(),
            Self::Person(account) => state.login(*account).to_owned(),
            Self::App(app) => format!("app {app}"),
            Self::Installation { bot, .. } => state.login(*bot).to_owned(),
        }
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: Value,
    iat: Option<i64>,
    exp: Option<i64>,
}

/// The caller behind an Authorization header.
pub(crate) fn authenticate(state: &State, header: Option<&str>) -> Result<Caller, Refusal> {
    let Some(header) = header else {
        return Ok(Caller::Nobody);
    };
    let (scheme, secret) = header.split_once(' ').unwrap_or(("", header));
    let secret = secret.trim();
    if !scheme.eq_ignore_ascii_case("bearer") && !scheme.eq_ignore_ascii_case("token") {
        return Err(Refusal::bad_credentials());
    }
    if secret.split('.').count() == 3 && secret.starts_with("ey") {
        return app(state, secret).map(Caller::App);
    }
    if secret.starts_with("ghs_") {
        return installation(state, secret);
    }
    state
        .account_named(secret)
        .filter(|account| !state.orgs.contains_key(&account.id))
        .map(|account| Caller::Person(account.id))
        .ok_or_else(Refusal::bad_credentials)
}

fn installation(state: &State, secret: &str) -> Result<Caller, Refusal> {
    let now = state.now();
    let token = state
        .tokens
        .iter()
        .find(|token| token.token == secret && token.expires_at > now)
        .ok_or_else(Refusal::bad_credentials)?;
    let installed =
        state.installations.get(&token.installation).ok_or_else(Refusal::bad_credentials)?;
    if installed.suspended_at.is_some() {
        return Err(Refusal::new(403, "This installation has been suspended"));
    }
    let app = state.apps.get(&installed.app).ok_or_else(Refusal::bad_credentials)?;
    Ok(Caller::Installation { app: app.id, bot: app.bot, token: token.clone() })
}

/// <https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app>
fn app(state: &State, jwt: &str) -> Result<Id, Refusal> {
    let undecodable = || Refusal::new(401, "A JSON web token could not be decoded");
    let mut validation = Validation::new(Algorithm::RS256);
    // Times are held against the box's own clock below.
    validation.validate_exp = false;
    validation.required_spec_claims.clear();
    let unverified = jsonwebtoken::dangerous::insecure_decode::<Claims>(jwt)
        .map_err(|_malformed| undecodable())?
        .claims;
    let issuer = match &unverified.iss {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let app = state
        .apps
        .values()
        .find(|app| app.id.to_string() == issuer || app.client_id == issuer)
        .ok_or_else(|| Refusal::new(404, "Integration not found"))?;
    let key = keys::public_key(&app.private_key).ok_or_else(undecodable)?;
    let claims = decode::<Claims>(jwt, &DecodingKey::from_rsa_der(&key), &validation)
        .map_err(|_forged| undecodable())?
        .claims;
    let now = state.now().as_second();
    let refused = |claim: &str| Err(Refusal::new(401, claim));
    match (claims.iat, claims.exp) {
        (None, _) => refused(
            "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
        ),
        (_, None) => refused("Missing 'exp' claim in assertion"),
        (Some(iat), _) if iat > now + LEEWAY => refused(
            "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
        ),
        (_, Some(exp)) if exp <= now => refused(
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
        ),
        (_, Some(exp)) if exp > now + LONGEST + LEEWAY => {
            refused("'Expiration time' claim ('exp') is too far in the future")
        }
        _ => Ok(app.id),
    }
}

/// How far clocks may be apart, in seconds.
const LEEWAY: i64 = 60;
/// How far ahead a JWT may expire, in seconds.
const LONGEST: i64 = 600;

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::json;

    use super::*;
    use crate::sandbox::seed::tests::seeded;

    fn signed(state: &State, claims: &Value) -> String {
        let key = &state.apps.values().next().unwrap().private_key;
        let key = EncodingKey::from_rsa_pem(key.as_bytes()).unwrap();
        encode(&Header::new(Algorithm::RS256), claims, &key).unwrap()
    }

    fn answer(state: &State, credentials: &str) -> Result<Caller, (u16, String)> {
        authenticate(state, Some(credentials)).map_err(|refusal| (refusal.status, refusal.message))
    }

    #[test]
    fn a_login_is_a_token_and_a_stranger_is_not() {
        let (state, _folder) = seeded();
        let ada = state.account_named("ada").unwrap().id;
        assert!(matches!(answer(&state, "Bearer ada"), Ok(Caller::Person(id)) if id == ada));
        assert!(matches!(answer(&state, "token ADA"), Ok(Caller::Person(id)) if id == ada));
        for bad in
            ["Bearer nobody", "Bearer acme", "Basic ada", "ada", "Bearer ghs_none", "Bearer a.b.c"]
        {
            assert_eq!(answer(&state, bad).unwrap_err().0, 401, "{bad}");
        }
    }

    #[test]
    fn a_jwt_counts_only_signed_by_the_app_and_in_time() {
        let (state, _folder) = seeded();
        let app = state.apps.values().next().unwrap().id;
        let now = state.now().as_second();
        let token = |iat: i64, exp: i64| {
            let claims = json!({"iss": app.to_string(), "iat": now + iat, "exp": now + exp});
            format!("Bearer {}", signed(&state, &claims))
        };
        assert!(matches!(answer(&state, &token(-60, 540)), Ok(Caller::App(id)) if id == app));
        let (status, message) = answer(&state, &token(-60, 1200)).unwrap_err();
        assert_eq!(status, 401);
        assert!(message.contains("too far in the future"), "{message}");
        assert_eq!(answer(&state, &token(-900, -300)).unwrap_err().0, 401);
        assert_eq!(answer(&state, &token(600, 660)).unwrap_err().0, 401);
        let mut forged = token(-60, 540);
        forged.truncate(forged.len() - 6);
        forged.push_str("AAAAAA");
        assert_eq!(answer(&state, &forged).unwrap_err().0, 401);
    }
}
