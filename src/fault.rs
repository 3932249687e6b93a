//! The one error that crosses layers: it says what the worker should do, not what went wrong inside.
//!
//! It knows nothing of HTTP, SQL or YAML; the door that met the trouble translates it.

use std::time::Duration;

/// Why a door could not do what was asked. The worker has exactly one answer to each variant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The world moved between reading and writing (a ref, a head, a name). Answer: gather again.
    #[error("the facts have changed: {0}")]
    Stale(String),
    /// Not now: a limit, an outage, a time-out. Answer: release the job and come back.
    #[error("temporarily unavailable: {reason}")]
    Transient {
        /// What was met, for the log.
        reason: String,
        /// How long the other side asked to be left alone; `None` leaves it to the back-off.
        after: Option<Duration>,
    },
    /// The other side understood and said no (401, 403, 404 on something that must exist).
    /// Answer: say so once, bury the job.
    #[error("refused: {0}")]
    Denied(String),
    /// What came back, or what was about to be sent, makes no sense. Answer: say so once, bury the job.
    #[error("cannot go on: {0}")]
    Broken(String),
}

impl Fault {
    /// A transient fault without a wish for when to come back.
    pub fn transient(reason: impl Into<String>) -> Self {
        Self::Transient { reason: reason.into(), after: None }
    }
}
