//! Leases: one worker at a time on a lane, each lane in order, and what becomes of a job that was
//! claimed. It does not know what jobs do or why they fail.
//!
//! A lane's order: urgent jobs first, then by the instant at which a job first was due, then by age.
//! Only the head of that order can be claimed, so one that waits for its back-off holds up what is
//! behind it in its lane; a wake-up joins the order when its time comes. An expired lease is claimed
//! again before anything else, since its lane waits for it.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::{AssertSqlSafe, Row};

use super::Store;
use super::database::{Columns, Dialect, is_collision, micros, text, transact};
use super::jobs::{self, Again, Job, NewJob, put};
use crate::fault::Fault;
use crate::model::clock::Entropy;

/// How often a job is tried that fails by itself; an outage of the other side is not its fault.
pub const MOST_ATTEMPTS: u32 = 20;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);
/// More replicas than that do not claim at the same instant; if so, the next wake-up is soon.
const COLLISIONS: u32 = 32;

/// A job that is ours to work on, until the lease runs out.
#[derive(Debug)]
pub struct Lease {
    /// The job.
    pub job: Job,
    token: String,
}

/// Whether the lease was still ours. When it was lost, nothing was changed: somebody else is on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Held {
    /// It was, and what was asked is done.
    Yes,
    /// It was not.
    Lost,
}

/// The pause before another attempt: doubles with each, is cut at a quarter of an hour, and is
/// spread over its second half so that what failed together does not come back together.
pub fn back_off(attempts: u32, entropy: &Entropy) -> Duration {
    let doublings = attempts.saturating_sub(1).min(16);
    let pause = (FIRST_PAUSE * (1 << doublings)).min(LONGEST_PAUSE);
    let half = u64::try_from(pause.as_micros() / 2).unwrap_or(u64::MAX);
    pause - Duration::from_micros(entropy.number() % (half + 1))
}

/// A job `j` that could be claimed at instant `$1`, its lane being free.
const CLAIMABLE: &str = "
    j.state = 'waiting' AND j.due_at <= $1
    AND NOT EXISTS (SELECT 1 FROM jobs k WHERE k.lane = j.lane AND k.state = 'leased')
    AND NOT EXISTS (
        SELECT 1 FROM jobs k WHERE k.lane = j.lane AND k.state = 'waiting' AND k.place <= $1
        AND (k.urgent > j.urgent OR (k.urgent = j.urgent
             AND (k.place < j.place OR (k.place = j.place AND k.id < j.id)))))";

/// The statement that claims a job. Rows that another replica is about to take are passed over; a
/// lane that it took a job of meanwhile is refused by the index `one_leased_job_of_a_lane`.
pub(super) fn claim_statement(dialect: Dialect) -> String {
    let skip_locked = dialect.skip_locked();
    let columns = jobs::COLUMNS;
    format!(
        "UPDATE jobs SET state = 'leased', lease = $2, leased_until = $3, attempts = attempts + 1
         WHERE id = COALESCE(
             (SELECT j.id FROM jobs j WHERE j.state = 'leased' AND j.leased_until <= $1
              ORDER BY j.leased_until LIMIT 1 {skip_locked}),
             (SELECT j.id FROM jobs j WHERE {CLAIMABLE}
              ORDER BY j.urgent DESC, j.place, j.id LIMIT 1 {skip_locked}))
         RETURNING {columns}"
    )
}

impl Store {
    /// Claims the job that is next: urgent ones first, then the one that has been due for longest,
    /// of lanes in which nothing is under way.
    pub async fn claim(&self, lease: Duration) -> Result<Option<Lease>, Fault> {
        let token = self.0.entropy.hex(16);
        for _ in 0..COLLISIONS {
            let now = self.now();
            let claimed = sqlx::query(AssertSqlSafe(self.0.claim.clone()))
                .bind(now)
                .bind(token.as_str())
                .bind(after(now, lease))
                .fetch_all(&self.0.database.write)
                .await;
            match claimed {
                Ok(rows) => {
                    let Some(row) = rows.first() else {
                        return Ok(None);
                    };
                    let job = jobs::read(row)?;
                    return Ok(Some(Lease { job, token }));
                }
                Err(error) if is_collision(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    /// Holds the lease for `lease` from now.
    pub async fn extend(&self, held: &Lease, lease: Duration) -> Result<Held, Fault> {
        let extended = sqlx::query(
            "UPDATE jobs SET leased_until = $3 WHERE id = $1 AND lease = $2 AND state = 'leased'",
        )
        .bind(held.job.id.0)
        .bind(held.token.as_str())
        .bind(after(self.now(), lease))
        .execute(&self.0.database.write)
        .await?;
        Ok(held_if(extended.rows_affected() == 1))
    }

    /// Ends a job as done and puts in what follows from it, both or neither.
    pub async fn finish(&self, held: &Lease, follow_ups: &[NewJob]) -> Result<Held, Fault> {
        self.end(held, "done", None, follow_ups).await
    }

    /// Gives a job up; an operator sees why and may try it again. Its lane goes on.
    pub async fn bury(&self, held: &Lease, reason: &str) -> Result<Held, Fault> {
        self.end(held, "buried", Some(reason), &[]).await
    }

    /// Gives a job back, to be tried again at `due_at`; until then its lane waits.
    pub async fn release(
        &self,
        held: &Lease,
        due_at: Timestamp,
        reason: &str,
    ) -> Result<Held, Fault> {
        let now = self.now();
        transact!(self.0.database, |c| {
            // Locks the row, so that nobody can take the lease before this is through.
            let row = sqlx::query(
                "UPDATE jobs SET leased_until = leased_until
                     WHERE id = $1 AND lease = $2 AND state = 'leased' RETURNING place, attempts",
            )
            .bind(held.job.id.0)
            .bind(held.token.as_str())
            .fetch_all(&mut *c)
            .await?;
            let Some(row) = row.first() else {
                return Ok(Held::Lost);
            };
            let again = Again {
                id: held.job.id,
                lane: held.job.lane.clone(),
                subject: held.job.subject.clone(),
                place: row.try_get("place")?,
                due_at: micros(due_at),
                attempts: row.try_get("attempts")?,
            };
            again.wait(c, Some(reason), now).await?;
            Held::Yes
        })
    }

    /// When there may next be something to claim, if nothing is put in before: an instant that is
    /// past says now. A lane that is at work is not looked into; whoever ends its job looks again.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, Fault> {
        let row = sqlx::query(AssertSqlSafe(format!(
            "SELECT min(due) AS due FROM (
                 SELECT min(due_at) AS due FROM jobs WHERE state = 'waiting' AND due_at > $1
                 UNION ALL SELECT min(leased_until) FROM jobs WHERE state = 'leased'
                 UNION ALL SELECT min(due_at) FROM (
                     SELECT j.due_at AS due_at FROM jobs j WHERE {CLAIMABLE} LIMIT 1) AS claimable
             ) AS dues"
        )))
        .bind(self.now())
        .fetch_one(&self.0.database.read)
        .await?;
        Ok(row.instant_if_any("due")?)
    }

    async fn end(
        &self,
        held: &Lease,
        state: &str,
        reason: Option<&str>,
        follow_ups: &[NewJob],
    ) -> Result<Held, Fault> {
        let now = self.now();
        transact!(self.0.database, |c| {
            let ended = sqlx::query(
                    "UPDATE jobs SET state = $3, reason = $4, ended_at = $5, lease = NULL, leased_until = NULL
                     WHERE id = $1 AND lease = $2 AND state = 'leased'",
                )
                .bind(held.job.id.0)
                .bind(held.token.as_str())
                .bind(state)
                .bind(reason.map(text))
                .bind(now)
                .execute(&mut *c)
                .await?;
            if ended.rows_affected() == 0 {
                return Ok(Held::Lost);
            }
            put(c, follow_ups, None, now).await?;
            Held::Yes
        })
    }
}

fn held_if(ours: bool) -> Held {
    if ours { Held::Yes } else { Held::Lost }
}

fn after(now: i64, pause: Duration) -> i64 {
    now.saturating_add(i64::try_from(pause.as_micros()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_back_off_doubles_is_spread_and_is_cut() {
        let least = Entropy::new(|bytes| bytes.fill(0));
        let seconds = |attempts| back_off(attempts, &least).as_secs();
        assert_eq!(
            [0, 1, 2, 3, 10, 11, 20, u32::MAX].map(seconds),
            [1, 1, 2, 4, 512, 900, 900, 900]
        );
        for byte in 0..=255 {
            let entropy = Entropy::new(move |bytes| bytes.fill(byte));
            let pause = back_off(4, &entropy);
            assert!((4.0..=8.0).contains(&pause.as_secs_f64()), "{pause:?}");
        }
    }
}
