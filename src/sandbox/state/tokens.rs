//! Apps, their installations and access tokens, with permissions and repositories narrowed.
//! It does not know how a request shows a token.
//! <https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app>

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Outgoing, State};
use crate::sandbox::keys;
use crate::sandbox::model::{Id, Installation, Level, Permissions, Repo, Token};
use crate::sandbox::refusal::Refusal;

/// What a token is asked for; `None` is all that the installation has.
#[derive(Clone, Debug, Default)]
pub(crate) struct TokenRequest {
    pub(crate) repositories: Option<Vec<String>>,
    pub(crate) repository_ids: Option<Vec<Id>>,
    pub(crate) permissions: Option<Permissions>,
}

impl State {
    /// Mints a token that lives one hour.
    pub(crate) fn mint_token(
        &mut self,
        installation: Id,
        request: &TokenRequest,
    ) -> Result<Token, Refusal> {
        let installed = self.installations.get(&installation).ok_or_else(Refusal::not_found)?;
        if installed.suspended_at.is_some() {
            return Err(Refusal::new(403, "This installation has been suspended"));
        }
        let mut permissions = installed.permissions.clone();
        if let Some(asked) = &request.permissions {
            for (name, level) in asked {
                if installed.permissions.get(name).is_none_or(|have| have < level) {
                    return Err(Refusal::unprocessable(
                        "The permissions requested are not granted to this installation.",
                    ));
                }
            }
            permissions = asked.clone();
            permissions.insert("metadata".to_owned(), Level::Read);
        }
        let repositories = self.narrowed(installed, request)?;
        let now = self.now();
        self.tokens.retain(|token| token.expires_at > now);
        let token = Token {
            token: format!(
                "ghs_{}",
                URL_SAFE_NO_PAD.encode(keys::random::<27>()).replace(['-', '_'], "x")
            ),
            installation,
            permissions,
            repositories,
            expires_at: now + SignedDuration::from_hours(1),
        };
        self.tokens.push(token.clone());
        Ok(token)
    }

    fn narrowed(
        &self,
        installed: &Installation,
        request: &TokenRequest,
    ) -> Result<Option<BTreeSet<Id>>, Refusal> {
        let refused = || {
            Refusal::unprocessable(
                "There is at least one repository that does not exist or is not accessible to the parent installation.",
            )
        };
        if request.repositories.is_none() && request.repository_ids.is_none() {
            return Ok(None);
        }
        let mut chosen = BTreeSet::new();
        for name in request.repositories.iter().flatten() {
            let owner = self.login(installed.account);
            let repo = self.repo_named(owner, name).ok_or_else(refused)?;
            chosen.insert(repo.id);
        }
        chosen.extend(request.repository_ids.iter().flatten());
        if chosen.len() > 500 {
            return Err(Refusal::unprocessable("Too many repositories: at most 500."));
        }
        for id in &chosen {
            let repo = self.repo(*id).map_err(|_gone| refused())?;
            if !covers(installed, repo) {
                return Err(refused());
            }
        }
        Ok(Some(chosen))
    }

    /// Takes an App off an account.
    pub(crate) fn uninstall(&mut self, installation: Id) -> Result<(), Refusal> {
        self.tell_installation(installation, "deleted")?;
        self.installations.remove(&installation);
        self.tokens.retain(|token| token.installation != installation);
        Ok(())
    }

    /// Suspends an installation, or lets it work again.
    pub(crate) fn suspend(&mut self, installation: Id, suspended: bool) -> Result<(), Refusal> {
        let now = self.now();
        let installed = self.installations.get_mut(&installation).ok_or_else(Refusal::not_found)?;
        installed.suspended_at = suspended.then_some(now);
        let action = if suspended { "suspend" } else { "unsuspend" };
        self.tell_installation(installation, action)
    }

    /// <https://docs.github.com/en/webhooks/webhook-events-and-payloads#installation>
    pub(super) fn tell_installation(
        &mut self,
        installation: Id,
        action: &str,
    ) -> Result<(), Refusal> {
        let installed = self.installations.get(&installation).ok_or_else(Refusal::not_found)?;
        let covered = self.repos.values().filter(|repo| covers(installed, repo));
        let repositories: Vec<Value> = covered.map(|repo| self.repository_stub(repo.id)).collect();
        let payload = json!({
            "action": action,
            "installation": self.installation_json(installed),
            "repositories": repositories,
            "sender": self.account_json(installed.account),
        });
        let outgoing = Outgoing {
            app: installed.app,
            guid: String::new(),
            event: "installation".to_owned(),
            action: Some(action.to_owned()),
            installation: Some(installation),
            repository: None,
            redelivery: false,
            payload,
        };
        self.send(outgoing);
        Ok(())
    }

    /// The installation of an App on a repository.
    pub(crate) fn installation_on(&self, app: Id, repo: &Repo) -> Option<&Installation> {
        self.installations
            .values()
            .find(|installation| installation.app == app && covers(installation, repo))
    }

    /// Whether a token reaches a repository.
    pub(crate) fn token_reaches(&self, token: &Token, repo: &Repo) -> bool {
        let installed = self.installations.get(&token.installation);
        installed.is_some_and(|installed| covers(installed, repo))
            && token.repositories.as_ref().is_none_or(|chosen| chosen.contains(&repo.id))
    }

    /// The repositories that a token reaches, in order of id.
    pub(crate) fn token_repos(&self, token: &Token) -> Vec<&Repo> {
        self.repos.values().filter(|repo| self.token_reaches(token, repo)).collect()
    }
}

pub(super) fn covers(installation: &Installation, repo: &Repo) -> bool {
    installation.account == repo.owner
        && installation.selected.as_ref().is_none_or(|selected| selected.contains(&repo.id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::seed;
    use crate::sandbox::seed::tests::{demo_repo, seeded};

    #[test]
    fn a_token_is_as_narrow_as_it_was_asked_for() {
        let (mut state, _folder) = seeded();
        let other = seed::repository(&mut state, "other", true, &[]).unwrap();
        let installation = *state.installations.keys().next().unwrap();
        let all = state.mint_token(installation, &TokenRequest::default()).unwrap();
        assert_eq!(state.token_repos(&all).len(), 2);
        let request = TokenRequest {
            repositories: Some(vec!["Microservices-Demo".to_owned()]),
            permissions: Some(Permissions::from([("issues".to_owned(), Level::Write)])),
            ..TokenRequest::default()
        };
        let narrow = state.mint_token(installation, &request).unwrap();
        assert!(state.token_reaches(&narrow, state.repo(demo_repo(&state)).unwrap()));
        assert!(!state.token_reaches(&narrow, state.repo(other).unwrap()));
        assert_eq!(narrow.permissions.get("contents"), None);
        assert_eq!(narrow.permissions.get("metadata"), Some(&Level::Read));
        assert_eq!(narrow.expires_at, state.now() + SignedDuration::from_hours(1));
    }

    #[test]
    fn a_token_never_grants_more_than_the_installation_has() {
        let (mut state, _folder) = seeded();
        let installation = *state.installations.keys().next().unwrap();
        let refused = |state: &mut State, request: TokenRequest| {
            state.mint_token(installation, &request).unwrap_err().status
        };
        let permissions = Permissions::from([("administration".to_owned(), Level::Read)]);
        let request = TokenRequest { permissions: Some(permissions), ..TokenRequest::default() };
        assert_eq!(refused(&mut state, request), 422);
        let request =
            TokenRequest { repositories: Some(vec!["none".to_owned()]), ..TokenRequest::default() };
        assert_eq!(refused(&mut state, request), 422);
        let request = TokenRequest { repository_ids: Some(vec![1]), ..TokenRequest::default() };
        assert_eq!(refused(&mut state, request), 422);
    }
}
