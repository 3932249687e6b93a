//! What nobody will ask for any more is let go: work long done, its deliveries, old talk.
//!
//! The record (history, runs, acts, evidence) and what an operator still has to look at it never touches.

use super::Store;
use super::database::{micros, transact};
use super::pages::FRESH;
use crate::fault::Fault;
use crate::model::links::LONGEST_HOURS;
use jiff::{SignedDuration, Timestamp};

const JOBS_KEPT: SignedDuration = SignedDuration::from_hours(14 * 24);
const DELIVERIES_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
const TALK_KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// The last link to a page may have been made as long after the page was last written as it stays fresh.
const PAGES_KEPT: SignedDuration = SignedDuration::from_hours(LONGEST_HOURS + FRESH.as_hours());

/// So many rows go in one transaction, so that others get to write between two.
const BATCH: i64 = 500;

/// So many transactions are made of one table's rows in one call; the next call goes on.
const MOST_BATCHES: u32 = 200;

/// Which deliveries asked for jobs that go next.
const CAUSES: &str = "
    DELETE FROM causes WHERE (delivery, job) IN (
        SELECT c.delivery, c.job FROM jobs j JOIN causes c ON c.job = j.id
        WHERE j.state IN ('done', 'replaced') AND j.ended_at < $1 ORDER BY j.ended_at LIMIT $2)";

/// The newest job stays, because SQLite numbers on from the highest that is there, and the record
/// names jobs by their numbers.
const JOBS: &str = "
    DELETE FROM jobs WHERE id IN (
        SELECT j.id FROM jobs j WHERE j.state IN ('done', 'replaced') AND j.ended_at < $1
        AND j.id < (SELECT max(id) FROM jobs)
        AND NOT EXISTS (SELECT 1 FROM causes c WHERE c.job = j.id)
        ORDER BY j.ended_at LIMIT $2)";

/// A delivery stays for as long as a job that it asked for: one that is buried may be tried again.
/// The state is asked for twice, since it may change between finding and deleting.
const DELIVERIES: &str = "
    DELETE FROM deliveries WHERE state = 'routed' AND arrived IN (
        SELECT d.arrived FROM deliveries d WHERE d.state = 'routed' AND d.settled_at < $1
        AND NOT EXISTS (SELECT 1 FROM causes c WHERE c.delivery = d.id)
        ORDER BY d.settled_at LIMIT $2)";

const COMMANDS: &str = "
    DELETE FROM commands WHERE (repository, comment) IN (
        SELECT repository, comment FROM commands WHERE at < $1 ORDER BY at LIMIT $2)";

const PAGES: &str = "
    DELETE FROM pages WHERE (repository, pr, head) IN (
        SELECT repository, pr, head FROM pages WHERE at < $1 ORDER BY at LIMIT $2)";

const HEADS: &str = "
    DELETE FROM heads WHERE id IN (SELECT id FROM heads WHERE at < $1 ORDER BY at LIMIT $2)";

impl Store {
    /// Lets go of jobs that were done or replaced 14 days ago, of deliveries that were routed 30 days
    /// ago and of whose jobs none is left, of answered comments and heads of 90 days ago, and of pages
    /// that no link opens any more; tells how many rows went. What is too much for one call is left for the next.
    pub async fn prune(&self, now: Timestamp) -> Result<u64, Fault> {
        let mut gone = 0;
        for (statement, kept) in [
            (CAUSES, JOBS_KEPT), // in this order, since jobs stay for these, and deliveries too
            (JOBS, JOBS_KEPT),
            (DELIVERIES, DELIVERIES_KEPT),
            (COMMANDS, TALK_KEPT),
            (HEADS, TALK_KEPT),
            (PAGES, PAGES_KEPT),
        ] {
            let before = micros(now.checked_sub(kept).unwrap_or(Timestamp::MIN));
            for _ in 0..MOST_BATCHES {
                let batch = transact!(self.0.database, |c| {
                    let delete = sqlx::query(statement).bind(before).bind(BATCH);
                    delete.execute(&mut *c).await?.rows_affected()
                })?;
                gone += batch;
                if batch < BATCH.cast_unsigned() {
                    break;
                }
            }
        }
        Ok(gone)
    }
}
