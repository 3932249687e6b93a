//! Applications of Argo CD that are brought back: how far each is, so that whoever comes after a crash goes on there.
//!
//! What follows from that it does not know.

use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::Store;
use super::database::{Columns as _, micros, transact};
use crate::fault::Fault;
use crate::model::ids::{PrNumber, RepoId};
use crate::model::restoration::{Restoration, Restorations};

/// What is kept off by us, all repositories together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeptOff {
    /// How many Applications.
    pub many: u64,
    /// Since when the oldest of them.
    pub since: Option<Timestamp>,
}

impl Store {
    /// Keeps records in place of what was known of the same target and pull request, all or none.
    pub async fn keep_restorations(&self, repo: RepoId, all: &[Restoration]) -> Result<(), Fault> {
        transact!(self.0.database, |c| {
            for one in all {
                let record = serde_json::to_string(one)
                    .map_err(|error| sqlx::Error::Encode(error.to_string().into()))?;
                sqlx::query(
                    "INSERT INTO restorations (repository, pr, target, ended, off_since, record, told, reminded)
                     VALUES ($1, $2, $3, $4, $5, $6, '', 0)
                     ON CONFLICT (repository, pr, target) DO UPDATE
                     SET ended = excluded.ended, off_since = excluded.off_since, record = excluded.record",
                )
                .bind(repo.0.cast_signed())
                .bind(one.pr.0.cast_signed())
                .bind(one.target.as_str())
                .bind(i64::from(one.is_over()))
                .bind(one.off_since.map(micros))
                .bind(record)
                .execute(&mut *c)
                .await?;
            }
        })
    }

    /// Notes what was told of a pull request's records, and of how many hours.
    pub async fn told_restorations(
        &self,
        repo: RepoId,
        pr: PrNumber,
        told: &str,
        reminded: u32,
    ) -> Result<(), Fault> {
        sqlx::query(
            "UPDATE restorations SET told = $3, reminded = $4 WHERE repository = $1 AND pr = $2",
        )
        .bind(repo.0.cast_signed())
        .bind(pr.0.cast_signed())
        .bind(told)
        .bind(i64::from(reminded))
        .execute(&self.0.database.write)
        .await?;
        Ok(())
    }

    /// What is known for a pull request, by target.
    pub async fn restorations(&self, repo: RepoId, pr: PrNumber) -> Result<Restorations, Fault> {
        let rows = sqlx::query(
            "SELECT record, told, reminded FROM restorations WHERE repository = $1 AND pr = $2 ORDER BY target",
        )
        .bind(repo.0.cast_signed())
        .bind(pr.0.cast_signed())
        .fetch_all(&self.0.database.read)
        .await?;
        let Some(first) = rows.first() else { return Ok(Restorations::default()) };
        let told = first.try_get("told")?;
        let reminded = u32::try_from(first.try_get::<i64, _>("reminded")?).unwrap_or(u32::MAX);
        Ok(Restorations { all: read(&rows)?, told, reminded })
    }

    /// The records of a repository of which something is left to do.
    pub async fn open_restorations(&self, repo: RepoId) -> Result<Vec<Restoration>, Fault> {
        let rows = sqlx::query(
            "SELECT record FROM restorations WHERE repository = $1 AND ended = 0 ORDER BY pr, target",
        )
        .bind(repo.0.cast_signed())
        .fetch_all(&self.0.database.read)
        .await?;
        Ok(read(&rows)?)
    }

    /// How many Applications we keep automatic sync off of.
    pub async fn kept_off(&self) -> Result<KeptOff, Fault> {
        let row = sqlx::query(
            "SELECT count(*) AS many, min(off_since) AS since FROM restorations
             WHERE ended = 0 AND off_since IS NOT NULL",
        )
        .fetch_one(&self.0.database.read)
        .await?;
        let many = u64::try_from(row.try_get::<i64, _>("many")?).unwrap_or(0);
        Ok(KeptOff { many, since: row.instant_if_any("since")? })
    }
}

fn read(rows: &[AnyRow]) -> Result<Vec<Restoration>, sqlx::Error> {
    rows.iter().map(|row| row.json("record")).collect()
}
