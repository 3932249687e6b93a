//! The record: what was decided, and what was seen to run where. Rows are only added.
//!
//! Intents, decisions and image entries are JSON; what they mean it does not know.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::Store;
use super::database::{Columns, corrupt, given, micros, text, transact};
use super::jobs::JobId;
use crate::fault::Fault;
use crate::model::ids::{AppName, DeliveryId, EnvName, PrNumber, RepoId, Sha};

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

/// What was seen to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    /// The GitOps repository.
    pub repo: RepoId,
    /// Where.
    pub env: EnvName,
    /// What.
    pub app: AppName,
    /// The version that all entries carry; empty when they carry several.
    pub version: String,
    /// The image entries as a whole; `None` where only the version was noted.
    pub entries: Option<serde_json::Value>,
    /// The commit of the GitOps repository at which it was first seen.
    pub sha: Sha,
    /// The promotion that brought it, if that is known.
    pub pr: Option<PrNumber>,
    /// Since when, as far as it was seen.
    pub at: Timestamp,
    /// At which commit, and when, it was last seen to run without anything else in between. `None`: at
    /// the first sight.
    pub last: Option<(Sha, Timestamp)>,
}

/// What runs is noted to run on so often, while nothing changes.
const FRESH: SignedDuration = SignedDuration::from_mins(5);

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

    /// Notes what runs. Seen again, at whatever commit, it adds no run, but notes that it still runs, and
    /// tells the promotion that brought it where that was not known; what runs again after something else
    /// is a new run, and the one before it ran until `until`, where that is told.
    pub async fn saw_running(&self, run: &Run, until: Option<Timestamp>) -> Result<(), Fault> {
        transact!(self.0.database, |c| {
            let last = sqlx::query(
                "SELECT id, version, entries, sha, at, last_sha, last_at FROM runs
                 WHERE repository = $1 AND environment = $2 AND application = $3
                 ORDER BY id DESC LIMIT 1",
            )
            .bind(run.repo.0.cast_signed())
            .bind(run.env.as_str())
            .bind(run.app.as_str())
            .fetch_optional(&mut *c)
            .await?;
            match last {
                Some(last) if is_same(&last, run)? => {
                    let (last_sha, last_at) = last_seen(run);
                    let noted = last_of(&last)?;
                    let stale = noted.as_ref().is_none_or(|(sha, at)| {
                        *sha != last_sha || last_at.duration_since(*at) >= FRESH
                    });
                    if stale {
                        sqlx::query("UPDATE runs SET last_sha = $2, last_at = $3 WHERE id = $1")
                            .bind(last.try_get::<i64, _>("id")?)
                            .bind(last_sha.as_str())
                            .bind(micros(last_at))
                            .execute(&mut *c)
                            .await?;
                    }
                    if let Some(pr) = run.pr {
                        sqlx::query("UPDATE runs SET pr = $2 WHERE id = $1 AND pr IS NULL")
                            .bind(last.try_get::<i64, _>("id")?)
                            .bind(pr.0.cast_signed())
                            .execute(&mut *c)
                            .await?;
                    }
                }
                last => {
                    if let Some((before, until)) = last.zip(until) {
                        sqlx::query(
                            "UPDATE runs SET last_at = $2
                             WHERE id = $1 AND at <= $2 AND COALESCE(last_at, at) < $2",
                        )
                        .bind(before.try_get::<i64, _>("id")?)
                        .bind(micros(until))
                        .execute(&mut *c)
                        .await?;
                    }
                    add(c, run).await?;
                }
            }
        })
    }

    /// What was seen to run in an environment, the first one first.
    pub async fn ran(&self, repo: RepoId, env: &EnvName, app: &AppName) -> Result<Vec<Run>, Fault> {
        let rows = sqlx::query(
            "SELECT version, entries, sha, pr, at, last_sha, last_at FROM runs
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
                entries: entries(row)?,
                sha: row.word("sha")?,
                pr: row.number_if_any("pr")?.map(PrNumber),
                at: row.instant("at")?,
                last: last_of(row)?,
            })
        };
        Ok(rows.iter().map(run).collect::<Result<_, _>>()?)
    }
}

/// Where and when a run that is to be noted was last seen.
fn last_seen(run: &Run) -> (Sha, Timestamp) {
    run.last.clone().unwrap_or_else(|| (run.sha.clone(), run.at))
}

/// What a row says of that. A commit that was never noted is the first one.
fn last_of(row: &AnyRow) -> Result<Option<(Sha, Timestamp)>, sqlx::Error> {
    let Some(at) = row.instant_if_any("last_at")? else { return Ok(None) };
    let sha = row.word_if_any("last_sha")?;
    Ok(Some((sha.map_or_else(|| row.word("sha"), Ok)?, at)))
}

/// Whether a row holds the state that the run has.
fn is_same(row: &AnyRow, run: &Run) -> Result<bool, sqlx::Error> {
    Ok(row.try_get::<&str, _>("version")? == text(&run.version) && entries(row)? == run.entries)
}

fn entries(row: &AnyRow) -> Result<Option<serde_json::Value>, sqlx::Error> {
    row.try_get::<Option<&str>, _>("entries")?
        .map(|json| serde_json::from_str(json).map_err(|error| corrupt("entries", error)))
        .transpose()
}

async fn add(c: &mut AnyConnection, run: &Run) -> Result<(), sqlx::Error> {
    let (last_sha, last_at) = last_seen(run);
    sqlx::query(
        "INSERT INTO runs (repository, environment, application, version, entries, sha, pr, at,
             last_sha, last_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(run.repo.0.cast_signed())
    .bind(run.env.as_str())
    .bind(run.app.as_str())
    .bind(text(&run.version))
    .bind(run.entries.as_ref().map(serde_json::Value::to_string))
    .bind(run.sha.as_str())
    .bind(run.pr.map(|pr| pr.0.cast_signed()))
    .bind(micros(run.at))
    .bind(last_sha.as_str())
    .bind(micros(last_at))
    .execute(c)
    .await
    .map(drop)
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
