//! The rate limit: how many requests each caller has left in this hour.
//! It does not refuse anything: a test that wants a refusal queues a fault.
//! <https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api>

use std::collections::BTreeMap;

use jiff::Timestamp;

/// Requests counted for each caller.
#[derive(Debug, Default)]
pub(crate) struct Limits(BTreeMap<String, Window>);

/// One caller's hour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) limit: u64,
    pub(crate) used: u64,
    /// When the next one begins, in seconds since 1970.
    pub(crate) reset: i64,
}

impl Window {
    /// How many are left.
    pub(crate) fn remaining(&self) -> u64 {
        self.limit.saturating_sub(self.used)
    }
}

impl Limits {
    /// The caller's hour after `cost` requests more.
    pub(crate) fn count(&mut self, caller: &str, now: Timestamp, cost: u64) -> Window {
        let now = now.as_second();
        let fresh = Window {
            limit: if caller == "nobody" { 60 } else { 5000 },
            used: 0,
            reset: now + 3600,
        };
        let window = self.0.entry(caller.to_owned()).or_insert(fresh);
        if window.reset <= now {
            *window = fresh;
        }
        window.used += cost;
        *window
    }
}
