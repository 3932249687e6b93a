//! Heads: when a pull request was seen to get which head commit.
//!
//! What follows from a new head it does not know.

use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::Store;
use super::database::{Columns, micros};
use crate::fault::Fault;
use crate::model::ids::{PrNumber, RepoId, Sha};

impl Store {
    /// Notes that a pull request got a head at an instant. Noted again it changes nothing; a head
    /// that comes back later is noted beside its first time.
    pub async fn saw_head(
        &self,
        repo: RepoId,
        pr: PrNumber,
        sha: &Sha,
        at: Timestamp,
    ) -> Result<(), Fault> {
        sqlx::query(
            "INSERT INTO heads (repository, pr, sha, at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (repository, pr, at, sha) DO NOTHING",
        )
        .bind(repo.0.cast_signed())
        .bind(pr.0.cast_signed())
        .bind(sha.as_str())
        .bind(micros(at))
        .execute(&self.0.database.write)
        .await?;
        Ok(())
    }

    /// The heads that a pull request was seen to get, the oldest first; of those of one instant the
    /// one that was noted first.
    pub async fn heads(&self, repo: RepoId, pr: PrNumber) -> Result<Vec<(Sha, Timestamp)>, Fault> {
        let rows = sqlx::query(
            "SELECT sha, at FROM heads WHERE repository = $1 AND pr = $2 ORDER BY at, id",
        )
        .bind(repo.0.cast_signed())
        .bind(pr.0.cast_signed())
        .fetch_all(&self.0.database.read)
        .await?;
        let head = |row: &AnyRow| Ok::<_, sqlx::Error>((row.word("sha")?, row.instant("at")?));
        Ok(rows.iter().map(head).collect::<Result<_, _>>()?)
    }
}
