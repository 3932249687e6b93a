//! Time and randomness as values that are handed in, so that the same facts give the same decision.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Tells the time. `app` makes the real one; tests make one that stands still or jumps.
#[derive(Clone)]
pub struct Clock {
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    leapt: Arc<dyn Fn() -> Duration + Send + Sync>,
    begun: Instant,
}

impl Clock {
    /// A clock that asks `now` each time.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self { now: Arc::new(now), leapt: Arc::new(|| Duration::ZERO), begun: Instant::now() }
    }

    /// The same clock, for which more time has passed than for the machine: as much as `leapt` says.
    #[must_use]
    pub fn leaping(self, leapt: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self { leapt: Arc::new(leapt), ..self }
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// How much time has passed since the clock was made, to whatever it is set meanwhile.
    pub fn passed(&self) -> Duration {
        self.begun.elapsed() + (self.leapt)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// A source of random bytes, for jitter and for names that nobody can guess.
#[derive(Clone)]
pub struct Entropy(Arc<Fill>);

type Fill = dyn Fn(&mut [u8]) + Send + Sync;

impl Entropy {
    /// A source that has `fill` fill each buffer.
    pub fn new(fill: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(fill))
    }

    /// Fills a buffer with random bytes.
    pub fn fill(&self, buffer: &mut [u8]) {
        (self.0)(buffer);
    }

    /// A number spread evenly over the whole of `u64`.
    pub fn number(&self) -> u64 {
        let mut bytes = [0; 8];
        (self.0)(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// `bytes` random bytes in lower-case hexadecimal.
    pub fn hex(&self, bytes: usize) -> String {
        let mut buffer = vec![0; bytes];
        (self.0)(&mut buffer);
        hex::encode(buffer)
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy")
    }
}
