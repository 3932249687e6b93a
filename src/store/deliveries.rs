//! Deliveries: stored raw, listed, and marked once they have become jobs.
//!
//! It does not look into bodies.

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::Store;
use super::database::{Columns, text, transact};
use super::jobs::{NewJob, put};
use crate::fault::Fault;
use crate::model::ids::DeliveryId;

/// A webhook call as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// `X-GitHub-Delivery`
    pub id: DeliveryId,
    /// `X-GitHub-Event`
    pub event: String,
    /// Headers worth keeping, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: Bytes,
}

/// What became of a delivery that was handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// It is stored now.
    New,
    /// It was stored before; nothing has changed.
    Known,
}

words! {
    /// How far a delivery has come.
    DeliveryState, "a state of deliveries (unrouted, routed or buried)" {
        /// Stored, not looked at yet.
        Unrouted = "unrouted",
        /// Its jobs exist (there may be none).
        Routed = "routed",
        /// It could not be read.
        Buried = "buried",
    }
}

/// A delivery without its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// `X-GitHub-Delivery`
    pub id: DeliveryId,
    /// `X-GitHub-Event`
    pub event: String,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// How far it has come.
    pub state: DeliveryState,
    /// Why it was buried.
    pub reason: Option<String>,
    /// When it came.
    pub received_at: Timestamp,
    /// When it was routed or buried.
    pub settled_at: Option<Timestamp>,
    /// The size of its body in bytes.
    pub size: u64,
}

/// Which deliveries to list; the newest come first.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// Only those that have come this far.
    pub state: Option<DeliveryState>,
    /// Only those of this event.
    pub event: Option<String>,
    /// How many at most; 0 for all.
    pub limit: u32,
}

/// A query for all but the body.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, event, headers, state, reason, received_at, settled_at, length(body) AS size",
            $rest
        )
    };
}

impl Store {
    /// Stores a delivery; it is safe on disk when this returns.
    pub async fn receive(&self, delivery: NewDelivery) -> Result<Received, Fault> {
        self.0.intake.store(delivery, self.0.clock.now()).await
    }

    /// A delivery by its id.
    pub async fn delivery(&self, id: &DeliveryId) -> Result<Option<Delivery>, Fault> {
        let row = sqlx::query(select!(" FROM deliveries WHERE id = $1"))
            .bind(id.as_str())
            .fetch_optional(&self.0.database.read)
            .await?;
        Ok(row.map(|row| read(&row)).transpose()?)
    }

    /// The body of a delivery, byte for byte.
    pub async fn body(&self, id: &DeliveryId) -> Result<Option<Bytes>, Fault> {
        let row = sqlx::query("SELECT body FROM deliveries WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.0.database.read)
            .await?;
        let body = row.map(|row| row.try_get::<Vec<u8>, _>("body")).transpose()?;
        Ok(body.map(Bytes::from))
    }

    /// Lists deliveries, the newest first.
    pub async fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<Delivery>, Fault> {
        let rows = sqlx::query(select!(
            " FROM deliveries WHERE ($1 IS NULL OR state = $1) AND ($2 IS NULL OR event = $2)
              ORDER BY arrived DESC LIMIT $3"
        ))
        .bind(filter.state.map(DeliveryState::as_str))
        .bind(filter.event.as_deref().map(text))
        .bind(super::limit(filter.limit))
        .fetch_all(&self.0.database.read)
        .await?;
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// The delivery that came first of those that have not been routed, and its body.
    pub async fn oldest_unrouted(&self) -> Result<Option<(Delivery, Bytes)>, Fault> {
        let row = sqlx::query(select!(
            ", body FROM deliveries WHERE state = 'unrouted' ORDER BY arrived LIMIT 1"
        ))
        .fetch_optional(&self.0.database.read)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let body = row.try_get::<Vec<u8>, _>("body").map_err(Fault::from)?;
        Ok(Some((read(&row)?, body.into())))
    }

    /// Marks a delivery as routed and puts its jobs into their lanes, both or neither. `false`:
    /// somebody else did, and nothing was changed.
    pub async fn route(&self, id: &DeliveryId, jobs: &[NewJob]) -> Result<bool, Fault> {
        let now = self.now();
        transact!(self.0.database, |c| {
            let marked = sqlx::query(
                "UPDATE deliveries SET state = 'routed', reason = NULL, settled_at = $2
                     WHERE id = $1 AND state = 'unrouted'",
            )
            .bind(id.as_str())
            .bind(now)
            .execute(&mut *c)
            .await?;
            if marked.rows_affected() == 0 {
                return Ok(false);
            }
            put(c, jobs, Some(id), now).await?;
            true
        })
    }

    /// Puts a delivery that cannot be read aside, where an operator sees it. `false`: it was
    /// settled before.
    pub async fn bury_delivery(&self, id: &DeliveryId, reason: &str) -> Result<bool, Fault> {
        let buried = sqlx::query(
            "UPDATE deliveries SET state = 'buried', reason = $2, settled_at = $3
             WHERE id = $1 AND state = 'unrouted'",
        )
        .bind(id.as_str())
        .bind(text(reason))
        .bind(self.now())
        .execute(&self.0.database.write)
        .await?;
        Ok(buried.rows_affected() == 1)
    }

    /// Puts a delivery back so that it is routed again. Its buried jobs make room for the ones that
    /// routing makes anew; those that wait for their back-off wait no longer. `false`: there is no
    /// such delivery.
    pub async fn retry_delivery(&self, id: &DeliveryId) -> Result<bool, Fault> {
        let now = self.now();
        transact!(self.0.database, |c| {
            let back = sqlx::query(
                "UPDATE deliveries SET state = 'unrouted', reason = NULL, settled_at = NULL
                     WHERE id = $1",
            )
            .bind(id.as_str())
            .execute(&mut *c)
            .await?;
            sqlx::query(
                    "UPDATE jobs SET state = 'replaced', reason = 'its delivery is routed again', ended_at = $2
                     WHERE state = 'buried' AND delivery = $1",
                )
                .bind(id.as_str())
                .bind(now)
                .execute(&mut *c)
                .await?;
            sqlx::query(
                "UPDATE jobs SET attempts = 0, due_at = $2
                     WHERE state = 'waiting' AND place <= $2 AND delivery = $1",
            )
            .bind(id.as_str())
            .bind(now)
            .execute(&mut *c)
            .await?;
            back.rows_affected() == 1
        })
    }
}

fn read(row: &AnyRow) -> Result<Delivery, sqlx::Error> {
    Ok(Delivery {
        id: row.word("id")?,
        event: row.try_get("event")?,
        headers: row.json("headers")?,
        state: row.word("state")?,
        reason: row.try_get("reason")?,
        received_at: row.instant("received_at")?,
        settled_at: row.instant_if_any("settled_at")?,
        size: row.number("size")?,
    })
}
