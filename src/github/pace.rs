//! The one rate policy: how many calls at once, how fast for each installation, and when to stop.
//!
//! It does not know what is called. Resending is decided in [`super::line`], by the numbers here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::Priority;
use super::answer::header_number;
use crate::fault::Fault;
use crate::model::clock::Clock;
use crate::model::ids::InstallationId;

/// How often a read is tried in all; a write is tried once.
pub(super) const TRIES: u32 = 3;
/// After this long no further try of a read is begun.
pub(super) const PATIENCE: Duration = Duration::from_secs(40);

/// GitHub allows 100 at once, over all installations.
const AT_ONCE: usize = 20;
/// Of those, how many are kept for people.
const KEPT: usize = 5;
/// GitHub allows 900 points a minute: a burst and a minute of refilling together. What people do comes in
/// bursts; what goes on and on is held back.
const POINTS: Bucket = Bucket { burst: 700.0, refill: 10.0 / 3.0, reserve: 140.0 };
/// GitHub allows 80 a minute of what people are notified of.
const CONTENT: Bucket = Bucket { burst: 60.0, refill: 1.0 / 3.0, reserve: 15.0 };
/// A closed gate or an empty bucket is waited for this long inside a call; beyond, the job is better
/// released.
const SHORT: Duration = Duration::from_secs(2);
const LONG: Duration = Duration::from_secs(30);
/// GitHub's advice where it gives no time, and where doubling it ends.
const MINUTE: Duration = Duration::from_secs(60);
const MOST: Duration = Duration::from_secs(15 * 60);
/// Below this part of the hour's quota, calls that nobody waits for are spread over the rest of it.
const SCARCE: f64 = 0.1;

/// Whose limits a call counts against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Account {
    /// Nobody's in particular.
    Nobody,
    App,
    Installation(InstallationId),
}

/// What a call costs in GitHub's secondary limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cost {
    Read,
    Write,
    /// Makes something that people are notified of: at most 80 a minute.
    Content,
}

impl Cost {
    fn points(self) -> f64 {
        match self {
            Self::Read => 1.0,
            Self::Write | Self::Content => 5.0,
        }
    }
}

/// A limit as so much at once, so much more with each second, and so much that only people may use.
struct Bucket {
    burst: f64,
    refill: f64,
    reserve: f64,
}

impl Bucket {
    fn fill(&self, level: f64, passed: f64) -> f64 {
        (level + passed * self.refill).min(self.burst)
    }

    /// How long to wait until so much can be taken.
    fn wait(&self, level: f64, taken: f64, priority: Priority) -> Option<Duration> {
        let floor = if priority == Priority::Background { self.reserve } else { 0.0 };
        let missing = taken + floor - level;
        (missing > 0.0).then(|| Duration::from_secs_f64(missing / self.refill))
    }
}

pub(super) struct Pace {
    clock: Clock,
    gates: Mutex<HashMap<Account, Arc<Gate>>>,
    all: Semaphore,
    background: Semaphore,
}

/// Leave to make one call now.
pub(super) struct Leave<'a> {
    _background: Option<SemaphorePermit<'a>>,
    _all: SemaphorePermit<'a>,
}

struct Gate {
    state: Mutex<State>,
    /// First come, first served, among equals.
    people: tokio::sync::Mutex<()>,
    rest: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct State {
    points: f64,
    content: f64,
    /// Moments are told by how much time had passed.
    at: Duration,
    closed_until: Option<Duration>,
    /// Limits in a row for which GitHub named no time.
    strikes: u32,
    /// While the quota is scarce: the least time between two calls that nobody waits for.
    spacing: Option<Duration>,
    next_background: Duration,
}

#[derive(Debug, PartialEq, Eq)]
enum Turn {
    Go,
    Wait(Duration),
    Closed(Duration),
}

impl Pace {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            gates: Mutex::default(),
            all: Semaphore::new(AT_ONCE),
            background: Semaphore::new(AT_ONCE - KEPT),
        }
    }

    /// Waits for leave to call, or says when to come back.
    pub(super) async fn enter(
        &self,
        account: Account,
        cost: Cost,
        priority: Priority,
    ) -> Result<Leave<'_>, Fault> {
        let gate = self.gate(account);
        {
            let _turn = match priority {
                Priority::Person => gate.people.lock().await,
                Priority::Background => gate.rest.lock().await,
            };
            loop {
                let turn = gate.state().take(cost, priority, self.clock.passed());
                match turn {
                    Turn::Go => break,
                    Turn::Closed(rest) if rest <= SHORT => tokio::time::sleep(rest).await,
                    Turn::Wait(rest) if rest <= LONG => tokio::time::sleep(rest).await,
                    Turn::Wait(rest) | Turn::Closed(rest) => return Err(come_back(rest)),
                }
            }
        }
        let closed = |_| Fault::transient("shutting down");
        let background = match priority {
            Priority::Person => None,
            Priority::Background => Some(self.background.acquire().await.map_err(closed)?),
        };
        let all = self.all.acquire().await.map_err(closed)?;
        // while this call waited, another may have been told to stop
        if let Some(rest) = gate.state().closed(self.clock.passed()) {
            return Err(come_back(rest));
        }
        Ok(Leave { _background: background, _all: all })
    }

    /// Takes note of what GitHub says about the quota in an ordinary answer.
    pub(super) fn heed(&self, account: Account, headers: &HeaderMap) {
        let number = |name| header_number(headers, name);
        let gate = self.gate(account);
        let mut state = gate.state();
        state.strikes = 0;
        let core = headers.get("x-ratelimit-resource").is_none_or(|r| r == "core");
        let (Some(limit), Some(remaining), Some(reset)) = (
            number("x-ratelimit-limit"),
            number("x-ratelimit-remaining"),
            number("x-ratelimit-reset"),
        ) else {
            return;
        };
        if core {
            let rest = self.until(reset);
            state.ration(limit, remaining, rest, self.clock.passed());
        }
    }

    /// Closes the gate after GitHub named a limit; returns for how long.
    pub(super) fn close(&self, account: Account, headers: &HeaderMap) -> Duration {
        let gate = self.gate(account);
        let mut state = gate.state();
        let after = header_number(headers, "retry-after").map(Duration::from_secs);
        let reset = self.reset(headers);
        let rest = after.or(reset).unwrap_or_else(|| {
            let rest = MINUTE * 2_u32.pow(state.strikes.min(4));
            state.strikes += 1;
            rest.min(MOST)
        });
        state.shut(self.clock.passed() + rest);
        rest
    }

    /// How long until the quota is filled again, where an answer says that it is used up.
    pub(super) fn reset(&self, headers: &HeaderMap) -> Option<Duration> {
        header_number(headers, "x-ratelimit-reset")
            .filter(|_| header_number(headers, "x-ratelimit-remaining") == Some(0))
            .map(|at| self.until(at))
            .filter(|rest| !rest.is_zero())
    }

    fn until(&self, epoch: u64) -> Duration {
        let now = self.clock.now().as_second();
        let at = i64::try_from(epoch).unwrap_or(now);
        Duration::from_secs(u64::try_from(at.saturating_sub(now)).unwrap_or(0)).min(MINUTE * 61)
    }

    fn gate(&self, account: Account) -> Arc<Gate> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        gates.entry(account).or_insert_with(|| Arc::new(Gate::new(self.clock.passed()))).clone()
    }
}

impl Gate {
    fn new(now: Duration) -> Self {
        Self {
            state: Mutex::new(State::new(now)),
            people: tokio::sync::Mutex::default(),
            rest: tokio::sync::Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn new(now: Duration) -> Self {
        Self {
            points: POINTS.burst,
            content: CONTENT.burst,
            at: now,
            closed_until: None,
            strikes: 0,
            spacing: None,
            next_background: now,
        }
    }

    fn take(&mut self, cost: Cost, priority: Priority, now: Duration) -> Turn {
        if let Some(rest) = self.closed(now) {
            return Turn::Closed(rest);
        }
        let passed = now.saturating_sub(self.at).as_secs_f64();
        self.points = POINTS.fill(self.points, passed);
        self.content = CONTENT.fill(self.content, passed);
        self.at = now;
        let background = priority == Priority::Background;
        if background && self.spacing.is_some() && now < self.next_background {
            return Turn::Wait(self.next_background - now);
        }
        let content = if cost == Cost::Content { 1.0 } else { 0.0 };
        let waits = [
            POINTS.wait(self.points, cost.points(), priority),
            if content > 0.0 { CONTENT.wait(self.content, content, priority) } else { None },
        ];
        if let Some(wait) = waits.into_iter().flatten().max() {
            return Turn::Wait(wait);
        }
        self.points -= cost.points();
        self.content -= content;
        if background && let Some(spacing) = self.spacing {
            self.next_background = now + spacing;
        }
        Turn::Go
    }

    fn closed(&self, now: Duration) -> Option<Duration> {
        let rest = self.closed_until?.saturating_sub(now);
        (!rest.is_zero()).then_some(rest)
    }

    fn shut(&mut self, until: Duration) {
        self.closed_until = Some(self.closed_until.map_or(until, |known| known.max(until)));
    }

    fn ration(&mut self, limit: u64, remaining: u64, rest: Duration, now: Duration) {
        if remaining == 0 && !rest.is_zero() {
            self.shut(now + rest);
        }
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        let (left, scarce) = (remaining as f64, limit as f64 * SCARCE);
        self.spacing = (left < scarce && remaining > 0).then(|| rest.div_f64(left));
    }
}

fn come_back(rest: Duration) -> Fault {
    Fault::Transient {
        reason: format!("GitHub's rate limit: asked to wait {} s", rest.as_secs()),
        after: Some(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Priority::{Background, Person};

    fn start() -> (State, Duration) {
        let now = MINUTE;
        (State::new(now), now)
    }

    #[test]
    fn a_burst_is_free_and_then_calls_are_spaced() {
        let (mut state, now) = start();
        let burst =
            (0..1000).take_while(|_| state.take(Cost::Read, Background, now) == Turn::Go).count();
        assert_eq!(burst, 560);
        assert_eq!(state.take(Cost::Read, Background, now), Turn::Wait(Duration::from_millis(300)));
        let later = now + Duration::from_millis(301);
        assert_eq!(state.take(Cost::Read, Background, later), Turn::Go);
    }

    #[test]
    fn people_use_what_is_kept_for_them() {
        let (mut state, now) = start();
        while state.take(Cost::Write, Background, now) == Turn::Go {}
        assert_eq!(state.take(Cost::Content, Person, now), Turn::Go);
    }

    #[test]
    fn no_minute_sees_more_points_than_github_allows() {
        let (mut state, now) = start();
        let mut minute = |cost: Cost| {
            let mut calls = 0;
            for tick in 0..600 {
                let at = now + Duration::from_millis(100) * tick;
                while state.take(cost, Person, at) == Turn::Go {
                    calls += 1;
                }
            }
            state = State::new(now);
            calls
        };
        assert_eq!(minute(Cost::Content), 79, "of 80 a minute");
        assert_eq!(minute(Cost::Read), 899, "of 900 points");
        assert_eq!(minute(Cost::Write), 179, "of 900 points, five each");
    }

    #[test]
    fn a_closed_gate_opens_by_itself_and_is_never_shortened() {
        let (mut state, now) = start();
        state.shut(now + MINUTE);
        state.shut(now + SHORT);
        assert_eq!(state.take(Cost::Read, Person, now), Turn::Closed(MINUTE));
        assert_eq!(state.take(Cost::Read, Person, now + MINUTE), Turn::Go);
    }

    #[test]
    fn a_scarce_quota_is_spread_over_the_rest_of_the_hour() {
        let (mut state, now) = start();
        state.ration(5000, 100, Duration::from_secs(1000), now);
        assert_eq!(state.take(Cost::Read, Background, now), Turn::Go);
        assert_eq!(state.take(Cost::Read, Background, now), Turn::Wait(Duration::from_secs(10)));
        assert_eq!(state.take(Cost::Read, Person, now), Turn::Go);
        state.ration(5000, 5000, Duration::from_secs(3600), now);
        assert_eq!(state.take(Cost::Read, Background, now), Turn::Go);
    }

    #[tokio::test]
    async fn limits_without_a_time_double() {
        let pace = Pace::new(Clock::new(|| jiff::Timestamp::UNIX_EPOCH));
        let none = HeaderMap::new();
        assert_eq!(pace.close(Account::App, &none), MINUTE);
        assert_eq!(pace.close(Account::App, &none), MINUTE * 2);
        pace.heed(Account::App, &none);
        assert_eq!(pace.close(Account::App, &none), MINUTE);
        let mut headers = HeaderMap::new();
        headers.insert("x-ratelimit-remaining", "0".parse().unwrap());
        headers.insert("x-ratelimit-reset", "90".parse().unwrap());
        assert_eq!(pace.close(Account::App, &headers), Duration::from_secs(90));
        headers.insert("retry-after", "7".parse().unwrap());
        assert_eq!(pace.close(Account::App, &headers), Duration::from_secs(7));
    }

    #[tokio::test]
    async fn people_always_find_a_free_place() {
        let pace = Pace::new(Clock::new(|| jiff::Timestamp::UNIX_EPOCH));
        let mut held = Vec::new();
        for _ in 0..AT_ONCE - KEPT {
            held.push(pace.enter(Account::App, Cost::Read, Background).await.unwrap());
        }
        let wait = Duration::from_millis(20);
        let more = pace.enter(Account::App, Cost::Read, Background);
        assert!(tokio::time::timeout(wait, more).await.is_err());
        let person = pace.enter(Account::App, Cost::Read, Person);
        assert!(tokio::time::timeout(wait, person).await.is_ok());
    }
}
