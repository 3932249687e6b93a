//! The calendar around changes of the clock, and against a reading of the wall clock step by step.

use jiff::Timestamp;
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::domain::policy::Policy;
use crate::model::ids::RepoName;

/// The windows of a configuration.
fn windows(list: &str) -> Vec<Window> {
    let text = format!(
        "version: 1\napplications: [{{name: shop, images: [web]}}]\nenvironments:\n- name: prod\n  overlay: prod\n  \
         gates: {{freeze: {{windows: {list}}}}}\n"
    );
    let policy = Policy::parse(text.as_bytes(), &RepoName::new("acme/shop").unwrap()).unwrap();
    policy.environments()[0].windows().to_vec()
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// How the calendar stands, in a line.
fn stands(list: &str, now: &str) -> String {
    let (windows, now) = (windows(list), instant(now));
    match at(&windows, now) {
        Calendar::Open { until: None } => "open".to_owned(),
        Calendar::Open { until: Some(edge) } => {
            format!("open until {} = {}", edge.at, clock(&edge, now))
        }
        Calendar::Frozen { until: None, by } => format!("frozen by {} without end", by.len()),
        Calendar::Frozen { until: Some(edge), by } => {
            format!("frozen by {} until {} = {}", by.len(), edge.at, clock(&edge, now))
        }
    }
}

#[test]
fn windows_begin_and_end_by_the_wall_clock_whatever_it_does_in_between() {
    let weekend = "[Fri 16:00 - Mon 08:00 Europe/Berlin]";
    let night = "[Sun 02:30 - Sun 06:00 Europe/Berlin]";
    let until_three = "[Sat 20:00 - Sun 02:30 Europe/Berlin]";
    for (list, now, expected) in [
        // an ordinary week of winter, and both edges of the window
        (
            weekend,
            "2026-11-27T14:59:59Z",
            "open until 2026-11-27T15:00:00Z = Fri 16:00 Europe/Berlin",
        ),
        (
            weekend,
            "2026-11-27T15:00:00Z",
            "frozen by 1 until 2026-11-30T07:00:00Z = Mon 08:00 Europe/Berlin",
        ),
        (
            weekend,
            "2026-11-30T06:59:59.999Z",
            "frozen by 1 until 2026-11-30T07:00:00Z = Mon 08:00 Europe/Berlin",
        ),
        (
            weekend,
            "2026-11-30T07:00:00Z",
            "open until 2026-12-04T15:00:00Z = Fri 16:00 Europe/Berlin",
        ),
        // the clock is put forward within the window, which is an hour shorter; and back, which makes it longer
        (
            weekend,
            "2026-03-28T12:00:00Z",
            "frozen by 1 until 2026-03-30T06:00:00Z = Mon 08:00 Europe/Berlin",
        ),
        (
            weekend,
            "2026-10-24T12:00:00Z",
            "frozen by 1 until 2026-10-26T07:00:00Z = Mon 08:00 Europe/Berlin",
        ),
        // 02:30 does not exist on 29 March: the window begins at what would have been 02:30 summer time
        (
            night,
            "2026-03-29T00:29:59Z",
            "open until 2026-03-29T00:30:00Z = Sun 01:30 Europe/Berlin",
        ),
        (
            night,
            "2026-03-29T00:30:00Z",
            "frozen by 1 until 2026-03-29T04:00:00Z = Sun 06:00 Europe/Berlin",
        ),
        // and ends at what would have been 02:30 winter time
        (
            until_three,
            "2026-03-29T01:29:59Z",
            "frozen by 1 until 2026-03-29T01:30:00Z = Sun 03:30 Europe/Berlin",
        ),
        // 02:30 comes twice on 25 October: it begins at the first, and ends at the second
        (
            night,
            "2026-10-25T00:30:00Z",
            "frozen by 1 until 2026-10-25T05:00:00Z = Sun 06:00 Europe/Berlin",
        ),
        (
            until_three,
            "2026-10-25T01:29:59Z",
            "frozen by 1 until 2026-10-25T01:30:00Z = Sun 02:30 Europe/Berlin",
        ),
        // half an hour on Lord Howe
        (
            "[Sun 02:15 - Sun 04:00 Australia/Lord_Howe]",
            "2026-10-03T15:15:00Z",
            "frozen by 1 until 2026-10-03T17:00:00Z = Sun 04:00 Australia/Lord_Howe",
        ),
        (
            "[Sat 20:00 - Sun 01:45 Australia/Lord_Howe]",
            "2026-04-04T15:00:00Z",
            "frozen by 1 until 2026-04-04T15:15:00Z = Sun 01:45 Australia/Lord_Howe",
        ),
    ] {
        assert_eq!(stands(list, now), expected, "{list} at {now}");
    }
}

#[test]
fn what_ends_when_time_does_is_on_until_then() {
    for last in ["9999-12-29", "9999-12-30", "9999-12-31"] {
        let list = format!("[{{from: 2026-12-01, to: {last}}}]");
        assert!(
            stands(&list, "2026-11-30T12:00:00Z").starts_with("open until 2026-12-01"),
            "{last}"
        );
        let stood = stands(&list, "2026-12-01T00:00:00Z");
        assert!(stood.starts_with("frozen by 1 until 9999-12-30"), "{last}: {stood}");
    }
}

#[test]
fn windows_that_meet_are_one_and_what_never_ends_has_no_end() {
    for (list, now, expected) in [
        // adjacent, and in another zone
        (
            "[Fri 16:00 - Mon 08:00 Europe/Berlin, Mon 07:00 - Mon 12:00 UTC]",
            "2026-11-28T00:00:00Z",
            "frozen by 1 until 2026-11-30T12:00:00Z = Mon 12:00 UTC",
        ),
        // overlapping, the one within the other
        (
            "[Fri 16:00 - Mon 08:00 UTC, Sat 00:00 - Sun 00:00 UTC]",
            "2026-11-28T12:00:00Z",
            "frozen by 2 until 2026-11-30T08:00:00Z = Mon 08:00 UTC",
        ),
        // a weekend that runs into the end of the year, and out of it into the next one
        (
            "[Fri 16:00 - Mon 08:00 UTC, {from: 2026-12-20, to: 2027-01-03}]",
            "2026-12-18T16:00:00Z",
            "frozen by 1 until 2027-01-04T08:00:00Z = 2027-01-04 08:00 UTC",
        ),
        // days are whole days of UTC, the last one included
        (
            "[{from: 2026-12-20, to: 2026-12-20}]",
            "2026-12-19T23:59:59Z",
            "open until 2026-12-20T00:00:00Z = Sun 00:00 UTC",
        ),
        (
            "[{from: 2026-12-20, to: 2026-12-20}]",
            "2026-12-20T23:59:59Z",
            "frozen by 1 until 2026-12-21T00:00:00Z = Mon 00:00 UTC",
        ),
        ("[{from: 2026-12-20, to: 2026-12-20}]", "2026-12-21T00:00:00Z", "open"),
        // across the end of the week, and nearly all of it
        (
            "[Sun 22:00 - Mon 06:00 UTC]",
            "2026-11-29T23:00:00Z",
            "frozen by 1 until 2026-11-30T06:00:00Z = Mon 06:00 UTC",
        ),
        (
            "[Mon 08:00 - Mon 07:59 UTC]",
            "2026-11-30T07:58:00Z",
            "frozen by 1 until 2026-11-30T07:59:00Z = Mon 07:59 UTC",
        ),
        (
            "[Mon 08:00 - Mon 07:59 UTC]",
            "2026-11-30T07:59:30Z",
            "open until 2026-11-30T08:00:00Z = Mon 08:00 UTC",
        ),
        // always
        (
            "[Mon 00:00 - Thu 00:00 UTC, Thu 00:00 - Mon 00:00 UTC]",
            "2026-11-28T00:00:00Z",
            "frozen by 1 without end",
        ),
    ] {
        assert_eq!(stands(list, now), expected, "{list} at {now}");
    }
}

const ZONES: [&str; 4] = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"];

/// The minutes around each change of the clock of a zone in two years, and an ordinary day.
fn interesting(zone: &TimeZone) -> Vec<Timestamp> {
    let from = instant("2026-01-01T00:00:00Z");
    let changes = zone
        .following(from)
        .take_while(|change| change.timestamp() < instant("2028-01-01T00:00:00Z"));
    let mut all: Vec<Timestamp> = changes.map(|change| change.timestamp()).collect();
    all.push(instant("2026-06-17T00:00:00Z"));
    all
}

/// Whether the wall clock stands within the window, read as it is.
fn by_the_clock(weekly: &Weekly, at: Timestamp) -> bool {
    let shown = weekly.zone.to_datetime(at);
    let place = |(day, time): (Weekday, Time)| (i32::from(day.to_monday_zero_offset()), time);
    let now = place((shown.weekday(), shown.time()));
    let (from, to) = (place(weekly.from), place(weekly.to));
    if from < to { from <= now && now < to } else { now >= from || now < to }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// In steps over most of a day around each change of the clock, whichever weekday that is.
    #[test]
    fn a_calendar_agrees_with_the_wall_clock(
        zone in 0..ZONES.len(),
        edges in (0..7_usize, 0..24_u8, 0..4_u8, 0..7_usize, 0..24_u8, 0..4_u8),
        second in proptest::option::of((0..7_usize, 0..24_u8, 0..7_usize, 0..24_u8)),
    ) {
        const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let name = ZONES[zone];
        let (fd, fh, fm, td, th, tm) = edges;
        prop_assume!((fd, fh, fm) != (td, th, tm));
        let mut list = format!(
            "[{} {fh:02}:{:02} - {} {th:02}:{:02} {name}", DAYS[fd], fm * 15, DAYS[td], tm * 15
        );
        if let Some((fd, fh, td, th)) = second.filter(|(fd, fh, td, th)| (fd, fh) != (td, th)) {
            list += &format!(", {} {fh:02}:00 - {} {th:02}:00 UTC", DAYS[fd], DAYS[td]);
        }
        let windows = windows(&(list + "]"));
        let all: Vec<&Weekly> = windows.iter().filter_map(|window| match window {
            Window::Weekly(weekly) => Some(weekly),
            Window::Days { .. } => None,
        }).collect();
        let tz = all[0].zone.clone();
        for change in interesting(&tz) {
            let minute = |n: i64| change + SignedDuration::from_mins(n * 15);
            let frozen = |at: Timestamp| matches!(super::at(&windows, at), Calendar::Frozen { .. });
            for n in -40..40 {
                let now = minute(n);
                let wall = all.iter().any(|weekly| by_the_clock(weekly, now));
                // It is never open while the wall clock stands within a window …
                prop_assert!(!wall || frozen(now), "{now} should be frozen");
                // … and frozen besides only within an hour and a half of a change, where the longer reading counts.
                if !wall && frozen(now) {
                    prop_assert!(n.abs() <= 6, "{now} should be open");
                }
                match at(&windows, now) {
                    Calendar::Open { until: Some(edge) } => {
                        prop_assert!(edge.at > now && frozen(edge.at));
                        prop_assert!(!frozen(edge.at - SignedDuration::from_secs(1)));
                    }
                    Calendar::Frozen { until: Some(edge), by } => {
                        prop_assert!(!by.is_empty() && edge.at > now && !frozen(edge.at));
                        prop_assert!(frozen(edge.at - SignedDuration::from_secs(1)));
                    }
                    Calendar::Frozen { until: None, .. } | Calendar::Open { until: None } => {}
                }
            }
        }
    }
}
