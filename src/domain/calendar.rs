//! Windows of the calendar against the clock: whether an environment is frozen, since which window and how
//! long, and when the next freeze begins.
//!
//! It knows time zones; why nothing may move, and what may all the same, it does not know.
//!
//! A window of the week begins and ends at times of the wall clock. Where the clock is put forward and skips such
//! a time, or is put back and shows it twice, the longer reading counts: the window begins at the earlier instant
//! and ends at the later one.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span as Length, ToSpan as _};

use super::policy::{Weekly, Window};

/// Windows that follow each other without a break are followed so often; by then more than a year has gone.
const MOST_IN_A_ROW: usize = 500;

/// An instant at which a window begins or ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edge<'a> {
    /// When.
    pub at: Timestamp,
    /// Of which window.
    pub of: &'a Window,
}

/// How the calendar stands at an instant.
#[derive(Debug, Clone, PartialEq)]
pub enum Calendar<'a> {
    /// No window is on.
    Open {
        /// When the next one begins; none where none lies ahead.
        until: Option<Edge<'a>>,
    },
    /// Some are.
    Frozen {
        /// Which.
        by: Vec<&'a Window>,
        /// When it really ends, windows that follow without a break included; none where no end is in sight.
        until: Option<Edge<'a>>,
    },
}

/// How the calendar stands. A window is on from its beginning until just before its end.
pub fn at(windows: &[Window], now: Timestamp) -> Calendar<'_> {
    let by: Vec<&Window> =
        windows.iter().filter(|window| end_of_one_on(window, now).is_some()).collect();
    if by.is_empty() {
        let starts = windows
            .iter()
            .filter_map(|window| Some(Edge { at: next_start(window, now)?, of: window }));
        return Calendar::Open { until: starts.min_by_key(|edge| edge.at) };
    }
    let mut until: Option<Edge<'_>> = None;
    for _ in 0..MOST_IN_A_ROW {
        let reached = until.map_or(now, |edge| edge.at);
        let ends = windows
            .iter()
            .filter_map(|window| Some(Edge { at: end_of_one_on(window, reached)?, of: window }));
        match ends.max_by_key(|edge| edge.at) {
            Some(edge) => until = Some(edge),
            None => return Calendar::Frozen { by, until },
        }
    }
    Calendar::Frozen { by, until: None }
}

/// The end of the window if it is on at an instant.
fn end_of_one_on(window: &Window, at: Timestamp) -> Option<Timestamp> {
    let on = stretches(window, at).filter(|(start, end)| *start <= at && at < *end);
    on.map(|(_, end)| end).max()
}

/// When the window begins next.
fn next_start(window: &Window, after: Timestamp) -> Option<Timestamp> {
    stretches(window, after).map(|(start, _)| start).filter(|start| *start > after).min()
}

/// The times around an instant in which the window is on.
fn stretches(window: &Window, around: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> {
    let (weekly, days) = match window {
        Window::Weekly(weekly) => (Some(weekly), None),
        Window::Days { from, to, .. } => (None, Some((*from, *to))),
    };
    // A last day behind which no instant can be told has no end.
    let end = |to: Date| to.checked_add(1.day()).ok().and_then(midnight).unwrap_or(Timestamp::MAX);
    let days = days.and_then(|(from, to)| Some((midnight(from)?, end(to))));
    // The last week's may not have ended, and next week's may be the next to begin.
    let weekly = weekly.into_iter().flat_map(move |weekly| {
        (-1..=2).filter_map(move |weeks: i64| week(weekly, around, weeks.weeks()))
    });
    weekly.chain(days)
}

fn midnight(day: Date) -> Option<Timestamp> {
    TimeZone::UTC.to_ambiguous_timestamp(day.at(0, 0, 0, 0)).earlier().ok()
}

/// The window in the week of an instant, so many weeks later.
fn week(window: &Weekly, around: Timestamp, later: Length) -> Option<(Timestamp, Timestamp)> {
    let (from_day, from_time) = window.from;
    let (to_day, to_time) = window.to;
    let today = window.zone.to_datetime(around).date();
    let since = i64::from(today.weekday().since(from_day));
    let first = today.checked_sub(since.days()).ok()?.checked_add(later).ok()?;
    let days = match i64::from(to_day.since(from_day)) {
        0 if to_time <= from_time => 7,
        days => days,
    };
    let last = first.checked_add(days.days()).ok()?;
    let start = first.to_datetime(from_time);
    let end = last.to_datetime(to_time);
    Some((reading(&window.zone, start, false)?, reading(&window.zone, end, true)?))
}

/// When the wall clock shows this; where it never does, or twice, the earlier or the later reading.
fn reading(zone: &TimeZone, shown: DateTime, later: bool) -> Option<Timestamp> {
    let read = zone.to_ambiguous_timestamp(shown);
    if later { read.later().ok() } else { read.earlier().ok() }
}

/// An instant in the zone of a window, in few words where it is near: `Mon 08:00 Europe/Berlin`, or with the
/// date.
pub fn clock(edge: &Edge<'_>, now: Timestamp) -> String {
    const NEAR: SignedDuration = SignedDuration::from_hours(6 * 24);
    let (zone, name) = match edge.of {
        Window::Weekly(weekly) => (weekly.zone.clone(), weekly.zone.iana_name().unwrap_or("UTC")),
        Window::Days { .. } => (TimeZone::UTC, "UTC"),
    };
    let near = edge.at.duration_since(now) < NEAR;
    let shown = edge.at.to_zoned(zone);
    let shown = shown.strftime(if near { "%a %H:%M" } else { "%Y-%m-%d %H:%M" });
    format!("{shown} {name}")
}

#[cfg(test)]
mod tests;
