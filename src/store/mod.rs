//! What Usher remembers: deliveries, jobs, who follows whom, what people did that binds, what was
//! decided, what ran where and the evidence for it, in SQLite or PostgreSQL. It takes records and knows nothing of what
//! they mean.
//!
//! Instants are stored as microseconds since 1970 (UTC), so they order and compare alike everywhere.

/// An enum whose variants are words of a column.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$word_doc:meta])* $word:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
        pub enum $name {
            $($(#[$word_doc])* #[serde(rename = $text)] $word,)+
        }

        impl $name {
            /// All there are.
            pub const ALL: &[Self] = &[$(Self::$word),+];

            /// The word itself.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$word => $text,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::model::ids::NotA;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$word),)+
                    _ => Err(crate::model::ids::NotA { what: $what, text: text.to_owned() }),
                }
            }
        }
    };
}

mod acts;
mod baselines;
mod commands;
mod database;
mod deliveries;
mod digests;
mod evidence;
mod follows;
mod heads;
mod history;
mod intake;
mod jobs;
mod leases;
mod pages;
mod prune;
mod restorations;
mod schema;

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use sqlx::Row;

use crate::fault::Fault;
use crate::model::clock::{Clock, Entropy};

pub use deliveries::{Delivery, DeliveryFilter, DeliveryState, NewDelivery, Received};
pub use evidence::{Chain, Kept, Pen};
pub use follows::Source;
pub use history::{Decided, History, HistoryFilter, Run};
pub use jobs::{Job, JobFilter, JobId, JobState, NewJob};
pub use leases::{Held, Lease, MOST_ATTEMPTS, back_off};
pub use restorations::KeptOff;

use database::Database;
use intake::Intake;

/// The database. Clones share it.
#[derive(Debug, Clone)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    database: Database,
    clock: Clock,
    entropy: Entropy,
    intake: Intake,
    claim: Arc<str>,
}

impl Store {
    /// Connects to `sqlite:FILE` (made if it is missing) or `postgres://…` and brings the schema up
    /// to date. Several replicas may do so at once.
    pub async fn open(url: &SecretString, clock: Clock, entropy: Entropy) -> Result<Self, Fault> {
        let database = Database::connect(url.expose_secret()).await?;
        schema::bring_up_to_date(&database).await?;
        Ok(Self(Arc::new(Inner {
            intake: Intake::start(database.clone()),
            claim: leases::claim_statement(database.dialect).into(),
            database,
            clock,
            entropy,
        })))
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), Fault> {
        let answer = sqlx::query("SELECT 1").execute(&self.0.database.read);
        match tokio::time::timeout(database::PATIENCE, answer).await {
            Ok(answer) => Ok(answer.map(drop)?),
            Err(_) => Err(sqlx::Error::PoolTimedOut.into()),
        }
    }

    /// Waits for what is under way and lets go of the database; what comes later is refused.
    pub async fn close(&self) {
        self.0.database.write.close().await;
        self.0.database.read.close().await;
    }

    /// Nothing to do: no delivery to route, no job due, none leased. Work that waits for its
    /// back-off or its time does not count.
    pub async fn idle(&self) -> Result<bool, Fault> {
        let row = sqlx::query(
            "SELECT count(*) AS open FROM (
                 SELECT 1 AS one FROM deliveries WHERE state = 'unrouted'
                 UNION ALL SELECT 1 FROM jobs WHERE state = 'leased'
                 UNION ALL SELECT 1 FROM jobs WHERE state = 'waiting' AND due_at <= $1
                 LIMIT 1) AS any_of_them",
        )
        .bind(self.now())
        .fetch_one(&self.0.database.read)
        .await?;
        Ok(row.try_get::<i64, _>("open").map_err(Fault::from)? == 0)
    }

    /// The value of a mark, if it was ever set.
    pub async fn mark(&self, name: &str) -> Result<Option<String>, Fault> {
        let row = sqlx::query("SELECT value FROM marks WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.0.database.read)
            .await?;
        Ok(row.map(|row| row.try_get("value")).transpose()?)
    }

    /// Sets a mark: where something that goes on for ever has got to.
    pub async fn set_mark(&self, name: &str, value: &str) -> Result<(), Fault> {
        sqlx::query(
            "INSERT INTO marks (name, value) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(name)
        .bind(database::text(value))
        .execute(&self.0.database.write)
        .await?;
        Ok(())
    }

    /// The present instant as it is stored.
    fn now(&self) -> i64 {
        database::micros(self.0.clock.now())
    }
}

/// A limit as SQL wants it; 0 is none.
fn limit(most: u32) -> i64 {
    if most == 0 { i64::MAX } else { most.into() }
}
