//! What the App reads about itself: who it is, where it is installed, what it was not told.
//!
//! It does not work in any repository.

use std::collections::BTreeMap;

use http::Method;
use jiff::Timestamp;

use crate::fault::Fault;
use crate::github::auth::Scope;
use crate::github::line::Caller;
use crate::github::pace::Cost;
use crate::github::text::escape_path;
use crate::github::wire::{App, User, WireAttempt, WireInstallation, WireRepositories};
use crate::github::{GitHub, Priority};
use crate::model::ids::{DeliveryId, HookAttemptId, InstallationId};
use crate::model::read::{HookAttempt, Identity, Installation, Repository};

impl GitHub {
    /// Who the App is, and in whose name it writes. Asked once; then known for good.
    pub async fn identity(&self) -> Result<Identity, Fault> {
        let known = self.0.identity.get_or_try_init(|| async {
            // the App's own token is not good for looking up users
            let installations = self.installations().await?;
            let one = installations.iter().find(|one| !one.suspended);
            self.ask_identity(one.map(|one| one.id)).await
        });
        known.await.cloned()
    }

    /// The same, looked up by an installation that is known.
    pub(in crate::github) async fn identity_by(
        &self,
        installation: InstallationId,
    ) -> Result<Identity, Fault> {
        let known = self.0.identity.get_or_try_init(|| self.ask_identity(Some(installation)));
        known.await.cloned()
    }

    /// Where the App is installed.
    pub async fn installations(&self) -> Result<Vec<Installation>, Fault> {
        let line = self.line(Caller::App, Priority::Background);
        let read = |page: Vec<WireInstallation>| {
            let known = page.into_iter();
            known.filter_map(WireInstallation::into_installation).collect()
        };
        line.pages("/app/installations?per_page=100", read, |_| false).await
    }

    /// The repositories that an installation may act on.
    pub async fn repositories(&self, id: InstallationId) -> Result<Vec<Repository>, Fault> {
        let caller = Caller::Installation(id, Scope::Listing);
        let line = self.line(caller, Priority::Background);
        let read = |page: WireRepositories| {
            let all = page.repositories.into_iter();
            all.map(|r| r.into_repository()).collect()
        };
        line.pages("/installation/repositories?per_page=100", read, |_| false).await
    }

    /// The deliveries since `since` that never got through: of each the newest attempt, oldest first.
    pub async fn failed_attempts(&self, since: Timestamp) -> Result<Vec<HookAttempt>, Fault> {
        let line = self.line(Caller::App, Priority::Background);
        let read = |page: Vec<WireAttempt>| {
            let attempts = page.into_iter();
            attempts.map(WireAttempt::into_attempt).collect()
        };
        // GitHub lists the newest first
        let past = |all: &[HookAttempt]| all.last().is_some_and(|oldest| oldest.at < since);
        let path = "/app/hook/deliveries?per_page=100";
        let attempts = line.pages(path, read, past).await?;
        Ok(never_delivered(attempts, since))
    }

    /// Asks GitHub to send a delivery again; it comes with the same delivery id.
    pub async fn redeliver(&self, attempt: HookAttemptId) -> Result<(), Fault> {
        let line = self.line(Caller::App, Priority::Background);
        let path = format!("/app/hook/deliveries/{attempt}/attempts");
        line.write(Method::POST, &path, None, Cost::Write).await?;
        Ok(())
    }

    async fn ask_identity(&self, by: Option<InstallationId>) -> Result<Identity, Fault> {
        let line = self.line(Caller::App, Priority::Person);
        let app: App = line.read("/app").await?;
        let caller = by.map_or(Caller::Nobody, |id| Caller::Installation(id, Scope::Listing));
        let line = self.line(caller, Priority::Person);
        let login = format!("{}[bot]", app.slug);
        let bot: User = line.read(&format!("/users/{}", escape_path(&login))).await?;
        Ok(Identity { app: app.id, slug: app.slug, bot: bot.into_account() })
    }
}

fn never_delivered(attempts: Vec<HookAttempt>, since: Timestamp) -> Vec<HookAttempt> {
    let mut newest: BTreeMap<DeliveryId, (bool, HookAttempt)> = BTreeMap::new();
    for attempt in attempts.into_iter().filter(|a| a.at >= since) {
        match newest.get_mut(&attempt.delivery) {
            Some((delivered, known)) => {
                *delivered |= attempt.delivered;
                if attempt.at > known.at {
                    *known = attempt;
                }
            }
            None => {
                newest.insert(attempt.delivery.clone(), (attempt.delivered, attempt));
            }
        }
    }
    let mut failed: Vec<HookAttempt> = newest
        .into_values()
        .filter(|(delivered, _)| !delivered)
        .map(|(_, attempt)| attempt)
        .collect();
    failed.sort_by_key(|a| (a.at, a.id));
    failed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(id: u64, delivery: &str, at: i64, delivered: bool) -> HookAttempt {
        HookAttempt {
            id: HookAttemptId(id),
            delivery: DeliveryId::new(delivery).unwrap(),
            at: Timestamp::from_second(at).unwrap(),
            delivered,
        }
    }

    #[test]
    fn a_delivery_counts_as_failed_only_if_no_attempt_got_through() {
        let attempts = vec![
            attempt(6, "late", 60, false),
            attempt(5, "twice", 50, false),
            attempt(4, "healed", 40, true),
            attempt(3, "twice", 30, false),
            attempt(2, "healed", 20, false),
            attempt(1, "old", 5, false),
        ];
        let failed = never_delivered(attempts, Timestamp::from_second(10).unwrap());
        let ids: Vec<u64> = failed.iter().map(|a| a.id.0).collect();
        assert_eq!(ids, [5, 6]);
    }
}
