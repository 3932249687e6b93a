//! The record: what was decided, and which versions were seen to run where. Rows are only added.
//!
//! Intents and decisions are JSON; what they mean it does not know.

use jiff::Timestamp;
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

use super::Store;
use super::database::{Columns, given, micros, text};
use super::jobs::JobId;
use crate::fault::Fault;
use crate::model::ids::{AppName, DeliveryId, EnvName, RepoId, Sha};

/// A decision, to be recorded before its first effect.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decided {
    /// The repository that it is about.
    pub repo: RepoId,
    /// What in it: a pull request, an environment.
    pub subject: String,
    /// The delivery that led to it.
    pub delivery: Option<DeliveryId>,
    /// The job that led to it.
    pub job: Option<JobId>,
    /// What was asked.
    pub intent: serde_json::Value,
    /// What was decided.
    pub decision: serde_json::Value,
    /// When.
    pub at: Timestamp,
}

/// A recorded decision.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct History {
    /// Its place in the record.
    pub id: i64,
    /// The decision.
    #[serde(flatten)]
    pub decided: Decided,
}

/// Which decisions to list; the newest come first.
#[derive(Debug, Clone, Default)]
pub struct HistoryFilter {
    /// Only those about this repository.
    pub repo: Option<RepoId>,
    /// Only those about this subject.
    pub subject: Option<String>,
    /// Only those that this delivery led to.
    pub delivery: Option<DeliveryId>,
    /// How many at most; 0 for all.
    pub limit: u32,
}

/// A version that was seen to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    /// The GitOps repository.
    pub repo: RepoId,
    /// Where.
    pub env: EnvName,
    /// What.
    pub app: AppName,
    /// Which version, by name …
    pub version: String,
    /// … and commit.
    pub sha: Sha,
    /// Since when, as far as it was seen.
    pub at: Timestamp,
}

impl Store {
    /// Records a decision.
    pub async fn record(&self, decided: &Decided) -> Result<(), Fault> {
        sqlx::query(
            "INSERT INTO history (at, repository, subject, delivery, job, intent, decision)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(micros(decided.at))
        .bind(decided.repo.0.cast_signed())
        .bind(text(&decided.subject))
        .bind(decided.delivery.as_ref().map(DeliveryId::as_str))
        .bind(decided.job.map(|job| job.0))
        .bind(decided.intent.to_string())
        .bind(decided.decision.to_string())
        .execute(&self.0.database.write)
        .await?;
        Ok(())
    }

    /// Lists decisions, the newest first.
    pub async fn history(&self, filter: &HistoryFilter) -> Result<Vec<History>, Fault> {
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT id, at, repository, subject, delivery, job, intent, decision FROM history
             WHERE {} AND {} AND {} ORDER BY id DESC LIMIT $4",
            given(&filter.repo, "$1", "repository = $1"),
            given(&filter.subject, "$2", "subject = $2"),
            given(&filter.delivery, "$3", "delivery = $3"),
        )))
        .bind(filter.repo.map(|repo| repo.0.cast_signed()))
        .bind(filter.subject.as_deref().map(text))
        .bind(filter.delivery.as_ref().map(DeliveryId::as_str))
        .bind(super::limit(filter.limit))
        .fetch_all(&self.0.database.read)
        .await?;
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Notes that a version runs. Seen again it changes nothing; a version that runs again after
    /// another one is a new run.
    pub async fn saw_running(&self, run: &Run) -> Result<(), Fault> {
        sqlx::query(
            "INSERT INTO runs (repository, environment, application, version, sha, at)
             SELECT $1, $2, $3, $4, $5, $6 WHERE NOT EXISTS (
                 SELECT 1 FROM runs WHERE version = $4 AND sha = $5 AND id = (
                     SELECT max(id) FROM runs WHERE repository = $1 AND environment = $2 AND application = $3))",
        )
        .bind(run.repo.0.cast_signed())
        .bind(run.env.as_str())
        .bind(run.app.as_str())
        .bind(text(&run.version))
        .bind(run.sha.as_str())
        .bind(micros(run.at))
        .execute(&self.0.database.write)
        .await?;
        Ok(())
    }

    /// The versions that were seen to run in an environment, the first one first.
    pub async fn ran(&self, repo: RepoId, env: &EnvName, app: &AppName) -> Result<Vec<Run>, Fault> {
        let rows = sqlx::query(
            "SELECT version, sha, at FROM runs
             WHERE repository = $1 AND environment = $2 AND application = $3 ORDER BY id",
        )
        .bind(repo.0.cast_signed())
        .bind(env.as_str())
        .bind(app.as_str())
        .fetch_all(&self.0.database.read)
        .await?;
        let run = |row: &AnyRow| {
            Ok::<_, sqlx::Error>(Run {
                repo,
                env: env.clone(),
                app: app.clone(),
                version: row.try_get("version")?,
                sha: row.word("sha")?,
                at: row.instant("at")?,
            })
        };
        Ok(rows.iter().map(run).collect::<Result<_, _>>()?)
    }
}

fn read(row: &AnyRow) -> Result<History, sqlx::Error> {
    Ok(History {
        id: row.try_get("id")?,
        decided: Decided {
            repo: RepoId(row.number("repository")?),
            subject: row.try_get("subject")?,
            delivery: row.word_if_any("delivery")?,
            job: row.try_get::<Option<i64>, _>("job")?.map(JobId),
            intent: row.json("intent")?,
            decision: row.json("decision")?,
            at: row.instant("at")?,
        },
    })
}
