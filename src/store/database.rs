//! The two databases as one: pools, transactions, the few words in which their SQL differs, and
//! what their errors mean. It knows no table.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions, AnyRow};
use sqlx::{AnyConnection, AnyPool, Connection, Row};

use crate::fault::Fault;

/// GitHub waits ten seconds for an answer to a webhook: a database that takes longer is away.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
const COLLISIONS: u32 = 50;

/// What is sent to the database and comes back from it.
#[derive(Debug, Clone)]
pub(super) struct Database {
    /// For single statements that only read.
    pub(super) read: AnyPool,
    /// For all else. SQLite has one writer at a time, so this is one connection: who writes queues
    /// here, in order, and not in SQLite's busy handler, which sleeps.
    pub(super) write: AnyPool,
    pub(super) dialect: Dialect,
}

/// The words in which SQL differs; all that the two databases do not have in common stands here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// Opens a transaction that may write without having to wait half-way through.
    fn begin(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN",
        }
    }

    /// Ends a sub-select of jobs `j`: takes rows that nobody else is about to take.
    pub(super) fn skip_locked(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => "FOR UPDATE OF j SKIP LOCKED",
        }
    }

    /// Keeps other replicas out until the transaction ends, while the schema is brought up to date.
    pub(super) fn lock_schema(self) -> &'static str {
        match self {
            Self::Sqlite => "SELECT 1", // BEGIN IMMEDIATE did
            Self::Postgres => "SELECT pg_advisory_xact_lock(7518241102025)",
        }
    }

    /// Fills the words in braces into a part of the schema.
    pub(super) fn schema(self, part: &str) -> String {
        let (sequence, bytes) = match self {
            Self::Sqlite => ("INTEGER PRIMARY KEY", "BLOB"),
            Self::Postgres => ("BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "BYTEA"),
        };
        part.replace("{sequence}", sequence).replace("{bytes}", bytes)
    }
}

impl Database {
    /// Connects by URL: `sqlite:FILE` or `postgres://…`.
    pub(super) async fn connect(url: &str) -> Result<Self, Fault> {
        sqlx::any::install_default_drivers();
        if let Some(file) = url.strip_prefix("sqlite:") {
            Self::connect_sqlite(file.strip_prefix("//").unwrap_or(file)).await
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = options(url)?;
            probe(&options).await?;
            let pool = pool(10).connect_lazy_with(options);
            Ok(Self { read: pool.clone(), write: pool, dialect: Dialect::Postgres })
        } else {
            Err(Fault::Broken(
                "the database is not understood: use sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE"
                    .into(),
            ))
        }
    }

    async fn connect_sqlite(file: &str) -> Result<Self, Fault> {
        if file.is_empty() || file.contains('?') {
            return Err(Fault::Broken(
                "the database is not understood: after sqlite: comes the path of a file, without parameters"
                    .into(),
            ));
        }
        let sqlite = |size| {
            let pool = pool(size).test_before_acquire(false);
            pool.after_connect(|c, _| Box::pin(prepare_sqlite(c)))
        };
        let (read, write) = if file == ":memory:" {
            let pool = sqlite(1).connect_with(options("sqlite::memory:")?).await?;
            (pool.clone(), pool)
        } else {
            let folder = Path::new(file).parent().unwrap_or(Path::new(""));
            if !folder.as_os_str().is_empty() && !folder.is_dir() {
                return Err(Fault::Broken(format!(
                    "the database file {file:?} cannot be made: there is no folder {folder:?}; make it, or name another file"
                )));
            }
            let options = options(&format!("sqlite:{}?mode=rwc", percent_encode(file)))?;
            probe(&options).await.map_err(|fault| match fault {
                Fault::Broken(why) => Fault::Broken(format!("the database file {file:?}: {why}")),
                fault => fault,
            })?;
            let read = sqlite(4).connect_lazy_with(options.clone());
            (read, sqlite(1).connect_lazy_with(options))
        };
        Ok(Self { read, write, dialect: Dialect::Sqlite })
    }

    /// Begins a transaction for [`transact`].
    pub(super) async fn begin(&self) -> Result<sqlx::Transaction<'static, sqlx::Any>, sqlx::Error> {
        self.write.begin_with(self.dialect.begin()).await
    }
}

/// Runs a block in one transaction, on a connection that it names, and gives what it gives; again
/// when another replica was in the way. Leaving the block early changes nothing.
///
/// A macro, because the compiler cannot yet see that the future of a closure which borrows is `Send`.
macro_rules! transact {
    ($database:expr, |$connection:ident| $work:block) => {{
        let mut collisions = 0;
        loop {
            let attempt = async {
                let mut transaction = $database.begin().await?;
                let $connection: &mut sqlx::AnyConnection = &mut transaction;
                let done = $work;
                transaction.commit().await?;
                Ok::<_, sqlx::Error>(done)
            };
            match attempt.await {
                Err(error) if $crate::store::database::collided(&error, collisions) => {
                    collisions += 1;
                }
                done => break done.map_err($crate::fault::Fault::from),
            }
        }
    }};
}
pub(super) use transact;

/// Whether another replica was quicker, and trying again is not hopeless yet.
pub(super) fn collided(error: &sqlx::Error, collisions: u32) -> bool {
    is_collision(error) && collisions < COLLISIONS
}

/// Connects once, to learn at once what is wrong: a pool tries again until its patience ends, and
/// then knows only that.
async fn probe(options: &AnyConnectOptions) -> Result<(), Fault> {
    let connection = async {
        let mut connection = AnyConnection::connect_with(options).await?;
        if connection.backend_name() == "SQLite" {
            prepare_sqlite(&mut connection).await?;
        }
        connection.close().await
    };
    match tokio::time::timeout(PATIENCE, connection).await {
        Ok(probed) => Ok(probed?),
        Err(_) => Err(sqlx::Error::PoolTimedOut.into()),
    }
}

/// Each commit reaches the disk before it returns. The log grows to 16 MB before it is copied back,
/// because copying costs further synchronisations, and bodies fill it quickly.
async fn prepare_sqlite(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(
        "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         PRAGMA wal_autocheckpoint = 4000;",
    )
    .execute(connection)
    .await
    .map(drop)
}

fn pool(size: u32) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None)
}

fn options(url: &str) -> Result<AnyConnectOptions, Fault> {
    // The parser's own words may repeat the URL, which holds a password.
    url.parse().map_err(|_| Fault::Broken("the database URL is malformed".into()))
}

fn percent_encode(path: &str) -> String {
    use std::fmt::Write as _;
    path.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// Whether it is another replica that was quicker, so that trying again now is right.
pub(super) fn is_collision(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else {
        return false;
    };
    // 40001 serialization failure, 40P01 deadlock
    error.is_unique_violation() || matches!(error.code().as_deref(), Some("40001" | "40P01"))
}

/// Only the store names sqlx, so this conversion is met nowhere else.
impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        let reason = format!("database: {error}");
        match &error {
            sqlx::Error::PoolTimedOut => Self::transient(format!(
                "database: it did not answer within {} s",
                PATIENCE.as_secs()
            )),
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::transient(reason),
            sqlx::Error::Database(inner) => match inner.code().as_deref() {
                Some(code) if is_passing(code) => Self::transient(reason),
                // wrong user or password, no such database, no right to
                Some("28000" | "28P01" | "3D000" | "42501") => Self::Denied(reason),
                _ => Self::Broken(reason),
            },
            _ => Self::Broken(reason),
        }
    }
}

/// Codes that time, space or a restart puts right.
fn is_passing(code: &str) -> bool {
    // SQLite's result codes are numbers, the primary one in the low byte.
    // <https://www.sqlite.org/rescode.html>
    if let Ok(number) = code.parse::<u32>()
        && code.len() < 5
    {
        // BUSY, LOCKED, NOMEM, INTERRUPT, IOERR, FULL, CANTOPEN, PROTOCOL
        return matches!(number & 0xff, 5 | 6 | 7 | 9 | 10 | 13 | 14 | 15);
    }
    // PostgreSQL's are classes of two characters: connection, rollback, resources, operator, system.
    // <https://www.postgresql.org/docs/current/errcodes-appendix.html>
    ["08", "40", "53", "55", "57", "58", "25006"].iter().any(|class| code.starts_with(class))
}

/// An instant as it is stored. The last second that there is counts only from its start: no
/// microsecond within it reads as an instant again.
pub(super) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond().min(Timestamp::MAX.as_second().saturating_mul(1_000_000))
}

/// A text as both databases take it: PostgreSQL refuses NUL.
pub(super) fn text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// A condition on a parameter, or the truth where that is not given. Put together so, and not in SQL
/// as `$1 IS NULL OR …`, it can be served by an index.
pub(super) fn given<T>(value: &Option<T>, parameter: &str, condition: &str) -> String {
    match value {
        Some(_) => condition.to_owned(),
        None => format!("{parameter} IS NULL"),
    }
}

/// What a column that should hold a certain kind of value holds instead.
pub(super) fn corrupt(column: &str, why: impl std::fmt::Display) -> sqlx::Error {
    sqlx::Error::Decode(format!("column {column}: {why}").into())
}

/// Reads columns as the words of the model.
pub(super) trait Columns {
    /// An instant.
    fn instant(&self, column: &str) -> Result<Timestamp, sqlx::Error>;
    /// An instant that may not have come.
    fn instant_if_any(&self, column: &str) -> Result<Option<Timestamp>, sqlx::Error>;
    /// A text that reads as a `T`.
    fn word<T: std::str::FromStr<Err: std::fmt::Display>>(
        &self,
        column: &str,
    ) -> Result<T, sqlx::Error>;
    /// A text that reads as a `T`, if there is one.
    fn word_if_any<T: std::str::FromStr<Err: std::fmt::Display>>(
        &self,
        column: &str,
    ) -> Result<Option<T>, sqlx::Error>;
    /// JSON that reads as a `T`.
    fn json<T: serde::de::DeserializeOwned>(&self, column: &str) -> Result<T, sqlx::Error>;
    /// One of GitHub's numbers.
    fn number(&self, column: &str) -> Result<u64, sqlx::Error>;
    /// One of GitHub's numbers, if there is one.
    fn number_if_any(&self, column: &str) -> Result<Option<u64>, sqlx::Error>;
}

impl Columns for AnyRow {
    fn instant(&self, column: &str) -> Result<Timestamp, sqlx::Error> {
        Timestamp::from_microsecond(self.try_get(column)?).map_err(|e| corrupt(column, e))
    }

    fn instant_if_any(&self, column: &str) -> Result<Option<Timestamp>, sqlx::Error> {
        self.try_get::<Option<i64>, _>(column)?
            .map(|at| Timestamp::from_microsecond(at).map_err(|e| corrupt(column, e)))
            .transpose()
    }

    fn word<T: std::str::FromStr<Err: std::fmt::Display>>(
        &self,
        column: &str,
    ) -> Result<T, sqlx::Error> {
        self.try_get::<&str, _>(column)?.parse().map_err(|e| corrupt(column, e))
    }

    fn word_if_any<T: std::str::FromStr<Err: std::fmt::Display>>(
        &self,
        column: &str,
    ) -> Result<Option<T>, sqlx::Error> {
        self.try_get::<Option<&str>, _>(column)?
            .map(|text| text.parse().map_err(|e| corrupt(column, e)))
            .transpose()
    }

    fn json<T: serde::de::DeserializeOwned>(&self, column: &str) -> Result<T, sqlx::Error> {
        serde_json::from_str(self.try_get(column)?).map_err(|e| corrupt(column, e))
    }

    fn number(&self, column: &str) -> Result<u64, sqlx::Error> {
        Ok(self.try_get::<i64, _>(column)?.cast_unsigned())
    }

    fn number_if_any(&self, column: &str) -> Result<Option<u64>, sqlx::Error> {
        Ok(self.try_get::<Option<i64>, _>(column)?.map(i64::cast_unsigned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_pass_and_codes_that_stay() {
        for passing in ["5", "261", "13", "10", "08006", "57P01", "40001", "53300"] {
            assert!(is_passing(passing), "{passing}");
        }
        for staying in ["11", "26", "1", "8", "23505", "42P01", "28P01"] {
            assert!(!is_passing(staying), "{staying}");
        }
    }

    #[test]
    fn every_instant_that_is_stored_can_be_read() {
        for at in [Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX] {
            assert!(Timestamp::from_microsecond(micros(at)).is_ok(), "{at}");
        }
    }

    #[test]
    fn a_file_name_is_taken_as_it_is() {
        assert_eq!(percent_encode("/a b/50%#ü.db"), "/a%20b/50%25%23%C3%BC.db");
    }
}
