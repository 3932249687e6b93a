//! How deliveries get in: whoever calls while a transaction is being written shares the next one.
//!
//! It knows rows and commits; what a delivery says it does not look at.

use std::collections::HashSet;
use std::time::Duration;

use sqlx::{AssertSqlSafe, Row};
use tokio::sync::{mpsc, oneshot};

use super::database::{Database, collided, micros, text};
use super::deliveries::{NewDelivery, Received};
use crate::fault::Fault;
use jiff::Timestamp;

const MOST_ROWS: usize = 256;
const MOST_BYTES: usize = 8 << 20;
/// Shorter than GitHub's ten seconds, so that a database that hangs is answered with 503.
const LONGEST: Duration = Duration::from_secs(8);

/// The way in. One task writes, so each caller waits for one commit, shared with all who came
/// meanwhile: synchronising the disk costs the same for one row as for two hundred.
#[derive(Debug)]
pub(super) struct Intake(mpsc::Sender<Waiting>);

#[derive(Debug)]
struct Waiting {
    delivery: NewDelivery,
    at: Timestamp,
    answer: oneshot::Sender<Result<Received, Fault>>,
}

impl Intake {
    /// Starts the task; it ends with the last sender.
    pub(super) fn start(database: Database) -> Self {
        let (sender, queue) = mpsc::channel(MOST_ROWS);
        tokio::spawn(write_all(database, queue));
        Self(sender)
    }

    /// Answers once the delivery is safely stored.
    pub(super) async fn store(
        &self,
        delivery: NewDelivery,
        at: Timestamp,
    ) -> Result<Received, Fault> {
        let gone = || Fault::transient("the store is closing");
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { delivery, at, answer };
        let stored = async {
            self.0.send(waiting).await.map_err(|_| gone())?;
            answered.await.map_err(|_| gone())?
        };
        match tokio::time::timeout(LONGEST, stored).await {
            Ok(stored) => stored,
            Err(_) => Err(Fault::transient("the database took too long to store a delivery")),
        }
    }
}

async fn write_all(database: Database, mut queue: mpsc::Receiver<Waiting>) {
    while let Some(first) = queue.recv().await {
        let mut bytes = first.delivery.body.len();
        let mut batch = vec![first];
        while batch.len() < MOST_ROWS && bytes < MOST_BYTES {
            let Ok(next) = queue.try_recv() else { break };
            bytes += next.delivery.body.len();
            batch.push(next);
        }
        let mut collisions = 0;
        let stored = loop {
            // Two replicas that are sent the same deliveries in another order may wait for each other.
            match insert(&database, &batch).await {
                Err(error) if collided(&error, collisions) => collisions += 1,
                stored => break stored.map_err(Fault::from),
            }
        };
        answer(batch, stored);
    }
}

/// The first of each id that is new is new; all others are known.
fn answer(batch: Vec<Waiting>, stored: Result<HashSet<String>, Fault>) {
    match stored {
        Ok(mut new) => {
            for one in batch {
                let received = if new.remove(one.delivery.id.as_str()) {
                    Received::New
                } else {
                    Received::Known
                };
                // Who asked may have hung up; the delivery is stored all the same.
                let _ = one.answer.send(Ok(received));
            }
        }
        Err(fault) => {
            for one in batch {
                let _ = one.answer.send(Err(fault.clone()));
            }
        }
    }
}

/// Inserts all in one statement, which is one transaction; returns the ids that were not known.
async fn insert(database: &Database, batch: &[Waiting]) -> Result<HashSet<String>, sqlx::Error> {
    const COLUMNS: usize = 5;
    let rows: Vec<String> = (0..batch.len())
        .map(|row| {
            let n = row * COLUMNS;
            format!("(${}, ${}, ${}, 'unrouted', ${}, ${})", n + 1, n + 2, n + 3, n + 4, n + 5)
        })
        .collect();
    let statement = format!(
        "INSERT INTO deliveries (id, event, headers, state, received_at, body) VALUES {}
         ON CONFLICT (id) DO NOTHING RETURNING id",
        rows.join(", ")
    );
    let mut query = sqlx::query(AssertSqlSafe(statement));
    for Waiting { delivery, at, .. } in batch {
        let headers = serde_json::json!(delivery.headers).to_string();
        query = query
            .bind(delivery.id.as_str())
            .bind(text(&delivery.event))
            .bind(headers)
            .bind(micros(*at))
            .bind(delivery.body.as_ref());
    }
    let insert = query.fetch_all(&database.write);
    let rows = match tokio::time::timeout(LONGEST, insert).await {
        Ok(rows) => rows?,
        Err(_) => return Err(sqlx::Error::PoolTimedOut),
    };
    let ids = rows.iter().map(|row| row.try_get("id"));
    ids.collect()
}
