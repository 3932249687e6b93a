//! Jobs: what has to be done, in which lane, and when; how they are put in, listed and tried again.
//!
//! Who works on them is `leases`' matter; intents are JSON that only the worker reads.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::Store;
use super::database::{Columns, given, micros, text, transact};
use crate::fault::Fault;
use crate::model::ids::DeliveryId;

/// The store's number of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub i64);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Something to be done.
///
/// Of one lane and subject at most one job waits: a later one replaces the intent of the one that
/// waits, and its due time if that lies in the future (a wake-up is moved, earlier or later). Work
/// that is due already keeps its due time, its place in the lane and its back-off.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// What is written to. Jobs of a lane run one at a time, in the order in which they became due.
    pub lane: String,
    /// What it is about; without one it never replaces and is never replaced.
    pub subject: Option<String>,
    /// What to do.
    pub intent: serde_json::Value,
    /// Not before. In the future it is a wake-up, which holds nobody up until then.
    pub due_at: Timestamp,
    /// The delivery that asked for it; for the jobs of a delivery that is being routed, that one.
    pub delivery: Option<DeliveryId>,
    /// Somebody is waiting: it goes before all that is not urgent, also in its lane.
    pub urgent: bool,
}

words! {
    /// How far a job has come.
    JobState, "a state of jobs (waiting, leased, done, buried or replaced)" {
        /// For its time, its lane, or a worker.
        Waiting = "waiting",
        /// Under way.
        Leased = "leased",
        /// Done.
        Done = "done",
        /// Given up; an operator may try it again.
        Buried = "buried",
        /// Another job does its work.
        Replaced = "replaced",
    }
}

/// A job as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Job {
    /// The key.
    pub id: JobId,
    /// What is written to.
    pub lane: String,
    /// What it is about.
    pub subject: Option<String>,
    /// What to do.
    pub intent: serde_json::Value,
    /// The delivery that last asked for it.
    pub delivery: Option<DeliveryId>,
    /// How far it has come.
    pub state: JobState,
    /// Whether somebody is waiting for it.
    pub urgent: bool,
    /// How often it was claimed, this time included.
    pub attempts: u32,
    /// Not before.
    pub due_at: Timestamp,
    /// Why it was released, buried or replaced.
    pub reason: Option<String>,
    /// When it was put in.
    pub created_at: Timestamp,
    /// When it was done, buried or replaced.
    pub ended_at: Option<Timestamp>,
}

/// Which jobs to list; the newest come first.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    /// Only those that have come this far.
    pub state: Option<JobState>,
    /// Only those of this lane.
    pub lane: Option<String>,
    /// Only those that this delivery asked for.
    pub delivery: Option<DeliveryId>,
    /// How many at most; 0 for all.
    pub limit: u32,
}

/// The columns of a [`Job`], for [`read`].
pub(super) const COLUMNS: &str = "id, lane, subject, intent, delivery, state, urgent, attempts, due_at, reason, created_at, ended_at";

impl Store {
    /// Puts jobs into their lanes, all or none.
    pub async fn enqueue(&self, jobs: &[NewJob]) -> Result<(), Fault> {
        let now = self.now();
        transact!(self.0.database, |c| { put(c, jobs, None, now).await? })
    }

    /// A job by its id.
    pub async fn job(&self, id: JobId) -> Result<Option<Job>, Fault> {
        let row = sqlx::query(AssertSqlSafe(format!("SELECT {COLUMNS} FROM jobs WHERE id = $1")))
            .bind(id.0)
            .fetch_optional(&self.0.database.read)
            .await?;
        Ok(row.map(|row| read(&row)).transpose()?)
    }

    /// Lists jobs, the newest first.
    pub async fn jobs(&self, filter: &JobFilter) -> Result<Vec<Job>, Fault> {
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM jobs WHERE {} AND {} AND {} ORDER BY id DESC LIMIT $4",
            given(&filter.state, "$1", "state = $1"),
            given(&filter.lane, "$2", "lane = $2"),
            given(&filter.delivery, "$3", "id IN (SELECT job FROM causes WHERE delivery = $3)"),
        )))
        .bind(filter.state.map(JobState::as_str))
        .bind(filter.lane.as_deref().map(text))
        .bind(filter.delivery.as_ref().map(DeliveryId::as_str))
        .bind(super::limit(filter.limit))
        .fetch_all(&self.0.database.read)
        .await?;
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// The intents of the jobs of a lane that wait and whose subjects begin so, oldest first.
    pub async fn waiting(
        &self,
        lane: &str,
        beginning: &str,
    ) -> Result<Vec<serde_json::Value>, Fault> {
        let rows = sqlx::query(
            "SELECT intent FROM jobs WHERE lane = $1 AND state = 'waiting'
                 AND subject >= $2 AND subject < $3 ORDER BY id",
        )
        .bind(text(lane))
        .bind(text(beginning))
        .bind(after(beginning))
        .fetch_all(&self.0.database.read)
        .await?;
        Ok(rows.iter().map(|row| row.json("intent")).collect::<Result<_, _>>()?)
    }

    /// Has the jobs of a lane that wait for a time to come, and whose subjects begin so, done at once.
    pub async fn rouse(&self, lane: &str, beginning: &str) -> Result<(), Fault> {
        let now = self.now();
        sqlx::query(
            "UPDATE jobs SET due_at = $4, place = $4 WHERE lane = $1 AND state = 'waiting'
                 AND subject >= $2 AND subject < $3 AND place > $4",
        )
        .bind(text(lane))
        .bind(text(beginning))
        .bind(after(beginning))
        .bind(now)
        .execute(&self.0.database.write)
        .await?;
        Ok(())
    }

    /// Has a job that was buried or waits for its back-off tried at once, with its attempts counted
    /// anew. `false`: there is none such.
    pub async fn retry_job(&self, id: JobId) -> Result<bool, Fault> {
        let now = self.now();
        transact!(self.0.database, |c| {
            let row = sqlx::query(
                "UPDATE jobs SET attempts = 0 WHERE id = $1 AND state IN ('waiting', 'buried')
                     RETURNING lane, subject",
            )
            .bind(id.0)
            .fetch_optional(&mut *c)
            .await?;
            let Some(row) = row else { return Ok(false) };
            let again = Again {
                id,
                lane: row.try_get("lane")?,
                subject: row.try_get("subject")?,
                place: now,
                due_at: now,
                attempts: 0,
            };
            again.wait(c, None, now).await?;
            true
        })
    }
}

/// What comes after all texts that begin so; the beginnings in use end with a colon.
fn after(beginning: &str) -> String {
    let mut after = beginning.strip_suffix(':').unwrap_or(beginning).to_owned();
    after.push(';');
    after
}

/// Puts jobs into their lanes. `cause` stands above each job's own delivery.
pub(super) async fn put(
    c: &mut AnyConnection,
    jobs: &[NewJob],
    cause: Option<&DeliveryId>,
    now: i64,
) -> Result<(), sqlx::Error> {
    // In one order everywhere, so that two replicas cannot wait for each other.
    let mut jobs: Vec<&NewJob> = jobs.iter().collect();
    jobs.sort_by(|a, b| (&a.lane, &a.subject).cmp(&(&b.lane, &b.subject)));
    for job in jobs {
        let delivery = cause.or(job.delivery.as_ref()).map(DeliveryId::as_str);
        let row = sqlx::query(
            "INSERT INTO jobs (lane, subject, intent, delivery, state, urgent, attempts, place, due_at, created_at)
             VALUES ($1, $2, $3, $4, 'waiting', $5, 0, $6, $6, $7)
             ON CONFLICT (lane, subject) WHERE state = 'waiting' DO UPDATE SET
                 intent = excluded.intent,
                 delivery = COALESCE(excluded.delivery, jobs.delivery),
                 urgent = CASE WHEN excluded.urgent > jobs.urgent THEN excluded.urgent ELSE jobs.urgent END,
                 due_at = CASE WHEN jobs.place <= $7 THEN jobs.due_at ELSE excluded.due_at END,
                 place = CASE WHEN jobs.place <= $7 THEN jobs.place ELSE excluded.place END
             RETURNING id",
        )
        .bind(text(&job.lane))
        .bind(job.subject.as_deref().map(text))
        .bind(job.intent.to_string())
        .bind(delivery)
        .bind(i64::from(job.urgent))
        .bind(micros(job.due_at))
        .bind(now)
        .fetch_one(&mut *c)
        .await?;
        if let Some(delivery) = delivery {
            sqlx::query(
                "INSERT INTO causes (delivery, job) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            )
            .bind(delivery)
            .bind(row.try_get::<i64, _>("id")?)
            .execute(&mut *c)
            .await?;
        }
    }
    Ok(())
}

/// A job that goes back to waiting.
pub(super) struct Again {
    pub(super) id: JobId,
    pub(super) lane: String,
    pub(super) subject: Option<String>,
    pub(super) place: i64,
    pub(super) due_at: i64,
    pub(super) attempts: i64,
}

impl Again {
    /// Has it wait; or, when another of its subject is waiting already, has that one stand for both:
    /// in the earlier place, with this one's back-off.
    pub(super) async fn wait(
        self,
        c: &mut AnyConnection,
        reason: Option<&str>,
        now: i64,
    ) -> Result<(), sqlx::Error> {
        let twin = sqlx::query(
            "UPDATE jobs SET due_at = $4, attempts = $5, reason = $6,
                 place = CASE WHEN place < $7 THEN place ELSE $7 END,
                 urgent = CASE WHEN urgent = 1 THEN 1 ELSE (SELECT k.urgent FROM jobs k WHERE k.id = $3) END
             WHERE lane = $1 AND subject = $2 AND state = 'waiting' AND id <> $3
             RETURNING id",
        )
        .bind(self.lane.as_str())
        .bind(self.subject.as_deref())
        .bind(self.id.0)
        .bind(self.due_at)
        .bind(self.attempts)
        .bind(reason.map(text))
        .bind(self.place)
        .fetch_optional(&mut *c)
        .await?;
        if let Some(twin) = twin {
            let twin: i64 = twin.try_get("id")?;
            sqlx::query(
                "UPDATE jobs SET state = 'replaced', reason = $2, ended_at = $3, lease = NULL, leased_until = NULL
                 WHERE id = $1",
            )
            .bind(self.id.0)
            .bind(format!("job {twin} does the same"))
            .bind(now)
        } else {
            sqlx::query(
                "UPDATE jobs SET state = 'waiting', place = $2, due_at = $3, attempts = $4, reason = $5,
                     ended_at = NULL, lease = NULL, leased_until = NULL
                 WHERE id = $1",
            )
            .bind(self.id.0)
            .bind(self.place)
            .bind(self.due_at)
            .bind(self.attempts)
            .bind(reason.map(text))
        }
        .execute(&mut *c)
        .await
        .map(drop)
    }
}

/// Reads the [`COLUMNS`].
pub(super) fn read(row: &AnyRow) -> Result<Job, sqlx::Error> {
    Ok(Job {
        id: JobId(row.try_get("id")?),
        lane: row.try_get("lane")?,
        subject: row.try_get("subject")?,
        intent: row.json("intent")?,
        delivery: row.word_if_any("delivery")?,
        state: row.word("state")?,
        urgent: row.try_get::<i64, _>("urgent")? != 0,
        attempts: u32::try_from(row.try_get::<i64, _>("attempts")?).unwrap_or(u32::MAX),
        due_at: row.instant("due_at")?,
        reason: row.try_get("reason")?,
        created_at: row.instant("created_at")?,
        ended_at: row.instant_if_any("ended_at")?,
    })
}
