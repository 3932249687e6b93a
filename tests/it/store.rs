//! The store, each test on SQLite and on PostgreSQL.
//!
//! `USHER_TEST_POSTGRES` names a PostgreSQL database in which schemas may be made; without it the
//! tests there say that they are skipped.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod acts;
mod deliveries;
mod evidence;
mod jobs;
mod lanes;
mod opening;
mod pages;
mod pruning;
mod records;
mod restorations;
mod talk;

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use sqlx::{AnyConnection, AssertSqlSafe, Connection};
use usher::model::clock::{Clock, Entropy};
use usher::model::ids::{DeliveryId, InstallationId, RepoId, RepoName, RepoRef};
use usher::model::notary::Notary;
use usher::store::{NewDelivery, NewJob, Pen, Store};

/// Makes a test of the function for each database.
macro_rules! on_both {
    ($(async fn $name:ident($place:ident: Place) $body:block)+) => {$(
        mod $name {
            use super::*;

            async fn test($place: Place) $body

            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                test(Place::sqlite()).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                if let Some(place) = Place::postgres().await {
                    let schema = place.schema.clone();
                    test(place).await;
                    drop_schema(schema).await;
                }
            }
        }
    )+};
}
use on_both;

/// The repository whose record is written.
pub(crate) const HOME: RepoId = RepoId(7);

/// Writes into its record.
pub(crate) fn pen() -> Pen<'static> {
    static REPO: LazyLock<RepoRef> = LazyLock::new(|| repository(HOME, "acme/infra"));
    static NOTARY: LazyLock<Notary> = LazyLock::new(|| Notary::new([7; 32]));
    Pen { repo: &REPO, delivery: None, actor: None, notary: &NOTARY }
}

/// Writes into another one's.
pub(crate) fn elsewhere() -> Pen<'static> {
    static REPO: LazyLock<RepoRef> = LazyLock::new(|| repository(RepoId(8), "acme/other"));
    Pen { repo: &REPO, ..pen() }
}

fn repository(id: RepoId, name: &str) -> RepoRef {
    RepoRef { id, name: RepoName::new(name).unwrap(), installation: InstallationId(1) }
}

/// A database of a test's own, and a clock that stands still until it is moved.
pub(crate) struct Place {
    pub(crate) url: String,
    pub(crate) schema: Option<String>,
    now: Arc<AtomicI64>,
    _folder: tempfile::TempDir,
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            url: format!("sqlite:{}", folder.path().join("usher.db").display()),
            schema: None,
            now: Arc::new(AtomicI64::new(1_800_000_000_000_000)),
            _folder: folder,
        }
    }

    pub(crate) async fn postgres() -> Option<Self> {
        let url = postgres_url()?;
        let schema = format!("test_{}", entropy().hex(8));
        on_postgres(format!("CREATE SCHEMA {schema}")).await;
        let join = if url.contains('?') { '&' } else { '?' };
        Some(Self {
            url: format!("{url}{join}options[search_path]={schema}"),
            schema: Some(schema),
            ..Self::sqlite()
        })
    }

    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.url.clone().into(), self.clock(), entropy()).await.unwrap()
    }

    pub(crate) fn clock(&self) -> Clock {
        let now = self.now.clone();
        Clock::new(move || Timestamp::from_microsecond(now.load(Ordering::SeqCst)).unwrap())
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.now.load(Ordering::SeqCst)).unwrap()
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.now.fetch_add(time.as_micros().try_into().unwrap(), Ordering::SeqCst);
    }

    /// A job without a subject, due now.
    pub(crate) fn job(&self, lane: &str, what: &str) -> NewJob {
        NewJob {
            lane: lane.into(),
            subject: None,
            intent: what.into(),
            due_at: self.now(),
            delivery: None,
            urgent: false,
        }
    }
}

/// Randomness enough for names: counts up from where the process happens to be in memory and time.
pub(crate) fn entropy() -> Entropy {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    Entropy::new(|bytes| {
        for chunk in bytes.chunks_mut(8) {
            let mut hasher = std::hash::BuildHasher::build_hasher(&std::hash::RandomState::new());
            std::hash::Hasher::write_u64(&mut hasher, COUNT.fetch_add(1, Ordering::SeqCst));
            let random = std::hash::Hasher::finish(&hasher).to_le_bytes();
            chunk.copy_from_slice(&random[..chunk.len()]);
        }
    })
}

pub(crate) fn delivery(id: &str, body: &str) -> NewDelivery {
    NewDelivery {
        id: id_of(id),
        event: "release".into(),
        headers: vec![("x-github-event".into(), "release".into())],
        body: Bytes::copy_from_slice(body.as_bytes()),
    }
}

pub(crate) fn id_of(id: &str) -> DeliveryId {
    DeliveryId::new(id).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "where PostgreSQL is found")]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn postgres_url() -> Option<String> {
    let url = std::env::var("USHER_TEST_POSTGRES").ok().filter(|url| !url.is_empty());
    if url.is_none() {
        eprintln!("skipped: USHER_TEST_POSTGRES is not set");
    }
    url
}

async fn on_postgres(statement: String) {
    sqlx::any::install_default_drivers();
    let url = postgres_url().unwrap();
    let mut connection = AnyConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// Does something to a database that Usher would never do.
pub(crate) async fn tamper(place: &Place, statement: &str) {
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(&place.url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

pub(crate) async fn drop_schema(schema: Option<String>) {
    if let Some(schema) = schema {
        on_postgres(format!("DROP SCHEMA {schema} CASCADE")).await;
    }
}
