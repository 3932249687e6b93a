//! The steps that the schema was built in, and how a database is brought up to date.
//!
//! Steps are only ever added; what they make is known by those who ask for it.

use sqlx::{AssertSqlSafe, Row};

use super::database::{Database, corrupt, transact};
use crate::fault::Fault;

const STEPS: &[&str] = &[
    include_str!("schema/001_deliveries_and_jobs.sql"),
    include_str!("schema/002_repositories_and_history.sql"),
    include_str!("schema/003_acts.sql"),
    include_str!("schema/004_pruning.sql"),
    include_str!("schema/005_pages.sql"),
    include_str!("schema/006_baselines.sql"),
    include_str!("schema/007_last_seen.sql"),
    include_str!("schema/008_digests.sql"),
    include_str!("schema/009_evidence.sql"),
    include_str!("schema/010_restorations.sql"),
    include_str!("schema/011_told_drift.sql"),
];

/// Applies the steps that are missing, all or none, one replica at a time.
pub(super) async fn bring_up_to_date(database: &Database) -> Result<(), Fault> {
    let dialect = database.dialect;
    transact!(database, |c| {
        sqlx::raw_sql(dialect.lock_schema()).execute(&mut *c).await?;
        sqlx::raw_sql(
            "CREATE TABLE IF NOT EXISTS schema_steps (number BIGINT NOT NULL PRIMARY KEY)",
        )
        .execute(&mut *c)
        .await?;
        let row =
            sqlx::query("SELECT count(*) AS applied FROM schema_steps").fetch_one(&mut *c).await?;
        let applied = usize::try_from(row.try_get::<i64, _>("applied")?).unwrap_or(0);
        if applied > STEPS.len() {
            return Err(corrupt(
                "schema_steps",
                format!(
                    "a newer Usher wrote this database (step {applied}, this one knows {}); run the newer one",
                    STEPS.len()
                ),
            ));
        }
        for (number, step) in (1_i64..).zip(STEPS).skip(applied) {
            sqlx::raw_sql(AssertSqlSafe(dialect.schema(step))).execute(&mut *c).await?;
            sqlx::query("INSERT INTO schema_steps (number) VALUES ($1)")
                .bind(number)
                .execute(&mut *c)
                .await?;
        }
    })
}
