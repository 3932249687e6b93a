//! Digests: which manifest a tag was when it was first seen to run in an environment.
//!
//! What follows when it is another one later it does not know.

use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::Store;
use super::database::{Columns as _, micros, text};
use crate::fault::Fault;
use crate::model::artifact::Noted;
use crate::model::ids::{EnvName, RepoId};

impl Store {
    /// Notes digests. What is noted already stays as it is: a tag that is pushed again changes nothing.
    pub async fn saw_digests(
        &self,
        repo: RepoId,
        env: &EnvName,
        seen: &[Noted],
        at: Timestamp,
    ) -> Result<(), Fault> {
        for one in seen {
            sqlx::query(
                "INSERT INTO digests (repository, environment, image, tag, digest, at)
                 VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT (repository, environment, image, tag) DO NOTHING",
            )
            .bind(repo.0.cast_signed())
            .bind(env.as_str())
            .bind(text(&one.image))
            .bind(text(&one.tag))
            .bind(one.digest.as_str())
            .bind(micros(at))
            .execute(&self.0.database.write)
            .await?;
        }
        Ok(())
    }

    /// The digests that were seen to run in an environment.
    pub async fn digests(&self, repo: RepoId, env: &EnvName) -> Result<Vec<Noted>, Fault> {
        let rows = sqlx::query(
            "SELECT image, tag, digest FROM digests
             WHERE repository = $1 AND environment = $2 ORDER BY image, tag",
        )
        .bind(repo.0.cast_signed())
        .bind(env.as_str())
        .fetch_all(&self.0.database.read)
        .await?;
        let noted = |row: &AnyRow| {
            Ok::<_, sqlx::Error>(Noted {
                image: row.try_get("image")?,
                tag: row.try_get("tag")?,
                digest: row.word("digest")?,
            })
        };
        Ok(rows.iter().map(noted).collect::<Result<_, _>>()?)
    }
}
