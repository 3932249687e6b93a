//! What accepted merges left of each environment, against which drift is seen; and what was told of that.
//!
//! Both are JSON; what they mean it does not know.

use std::collections::BTreeMap;

use sqlx::Row as _;

use super::Store;
use super::database::{Columns, micros};
use crate::fault::Fault;
use crate::model::ids::{EnvName, RepoId};

impl Store {
    /// Keeps what was left in place of what was left before.
    pub async fn keep_baseline(
        &self,
        repo: RepoId,
        environment: &EnvName,
        baseline: &serde_json::Value,
    ) -> Result<(), Fault> {
        sqlx::query(
            "INSERT INTO baselines (repository, environment, at, baseline) VALUES ($1, $2, $3, $4)
             ON CONFLICT (repository, environment) DO UPDATE
             SET at = excluded.at, baseline = excluded.baseline",
        )
        .bind(repo.0.cast_signed())
        .bind(environment.as_str())
        .bind(micros(self.0.clock.now()))
        .bind(baseline.to_string())
        .execute(&self.0.database.write)
        .await?;
        Ok(())
    }

    /// What was left of an environment.
    pub async fn baseline(
        &self,
        repo: RepoId,
        environment: &EnvName,
    ) -> Result<Option<serde_json::Value>, Fault> {
        let row = sqlx::query(
            "SELECT baseline FROM baselines WHERE repository = $1 AND environment = $2",
        )
        .bind(repo.0.cast_signed())
        .bind(environment.as_str())
        .fetch_optional(&self.0.database.read)
        .await?;
        Ok(row.map(|row| row.json("baseline")).transpose()?)
    }

    /// Keeps what was told of an environment's drift in place of what was told before.
    pub async fn keep_told_drift(
        &self,
        repo: RepoId,
        environment: &EnvName,
        told: &serde_json::Value,
    ) -> Result<(), Fault> {
        sqlx::query(
            "INSERT INTO told_drift (repository, environment, told) VALUES ($1, $2, $3)
             ON CONFLICT (repository, environment) DO UPDATE SET told = excluded.told",
        )
        .bind(repo.0.cast_signed())
        .bind(environment.as_str())
        .bind(told.to_string())
        .execute(&self.0.database.write)
        .await?;
        Ok(())
    }

    /// What was told of drift in a repository, by the environment's name.
    pub async fn told_drift(
        &self,
        repo: RepoId,
    ) -> Result<BTreeMap<String, serde_json::Value>, Fault> {
        let rows = sqlx::query("SELECT environment, told FROM told_drift WHERE repository = $1")
            .bind(repo.0.cast_signed())
            .fetch_all(&self.0.database.read)
            .await?;
        let all = rows.iter().map(|row| Ok((row.try_get("environment")?, row.json("told")?)));
        Ok(all.collect::<Result<_, sqlx::Error>>()?)
    }
}
