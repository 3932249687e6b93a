//! When something may or may not happen: schedules, weekly windows, spans of days.
//!
//! It does not know what time it is.

use std::fmt;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::ToSpan as _;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::value::{Complaint, quoted};

/// Times that come back, as cron writes them, in a time zone.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// The five fields.
    pub cron: Cron,
    /// Where the clock hangs.
    pub zone: TimeZone,
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let zone = self.zone.iana_name().unwrap_or("UTC");
        write!(f, "{} {zone}", self.cron.as_str())
    }
}

/// Reads the five fields of a schedule.
pub(super) fn parse_cron(text: &str) -> Result<Cron, Complaint> {
    let help = "write minute, hour, day, month and weekday: \"0 2 * * *\" is every night at two";
    let what = quoted(text);
    if text.split_whitespace().count() != 5 || text.len() > 200 {
        let message = format!("{what} is not a schedule: it has not five fields");
        return Err(Complaint::new(message, help));
    }
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    let cron = parser
        .parse(text)
        .map_err(|error| Complaint::new(format!("{what} is not a schedule: {error}"), help))?;
    if !comes(text, &parser) {
        return Err(Complaint::new(format!("{what} never comes"), help));
    }
    Ok(cron)
}

/// Whether a schedule has a day at all: the 31st of November has none. Asking for the next occurrence
/// would search thousands of years, so the days of a leap year are tried.
fn comes(text: &str, parser: &CronParser) -> bool {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [_, _, day, month, "*" | "?"] = fields[..] else {
        // a day of the week comes round in each month
        return true;
    };
    let Ok(days) = parser.parse(&format!("0 0 {day} {month} *")) else {
        return false;
    };
    let first = Date::constant(2024, 1, 1).at(0, 0, 0, 0);
    first.series(1.day()).take(366).any(|day| days.is_time_matching(&day).unwrap_or(false))
}

/// Finds a time zone in the database that Usher brings along, so that every machine agrees.
pub(super) fn parse_zone(text: &str) -> Result<TimeZone, Complaint> {
    let database = TimeZoneDatabase::bundled();
    if let Ok(zone) = database.get(text) {
        return Ok(zone);
    }
    let near = super::problem::nearest(text, database.available().map(|name| name.to_string()));
    Err(Complaint::new(
        format!("{} is not a time zone", quoted(text)),
        match near {
            Some(name) => format!("did you mean `{name}`?"),
            None => {
                "write a name of the IANA database, such as `Europe/Berlin` or `UTC`".to_owned()
            }
        },
    ))
}

/// Reads a day such as `2026-12-20`.
pub(super) fn parse_date(text: &str) -> Result<Date, Complaint> {
    let plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    text.parse().ok().filter(|_| plain).ok_or_else(|| {
        Complaint::new(
            format!("{} is not a date", quoted(text)),
            "write year, month and day, such as `2026-12-20`",
        )
    })
}

/// A stretch of each week, in a time zone.
#[derive(Debug, Clone, PartialEq)]
pub struct Weekly {
    /// Its beginning.
    pub from: (Weekday, Time),
    /// Its end, which may lie before the beginning: then it runs across the end of the week.
    pub to: (Weekday, Time),
    /// Where the clock hangs.
    pub zone: TimeZone,
    text: String,
}

impl Weekly {
    pub(super) fn parse(text: &str) -> Result<Self, Complaint> {
        const HELP: &str = "write \"Fri 16:00 - Mon 08:00 Europe/Berlin\"";
        let bad = |message: String| Complaint::new(message, HELP);
        let words: Vec<&str> = text.split_whitespace().collect();
        let [from_day, from_time, "-", to_day, to_time, zone] = words[..] else {
            return Err(bad(match words.len() {
                5 => format!("the window {} names no time zone", quoted(text)),
                _ => format!("{} is not a window of the week", quoted(text)),
            }));
        };
        let day = |word| {
            parse_weekday(word).ok_or_else(|| bad(format!("{} is not a weekday", quoted(word))))
        };
        let time = |word| {
            parse_time(word).ok_or_else(|| bad(format!("{} is not a time of day", quoted(word))))
        };
        let (from, to) = ((day(from_day)?, time(from_time)?), (day(to_day)?, time(to_time)?));
        if from == to {
            return Err(bad(format!("the window {} ends where it begins", quoted(text))));
        }
        let zone = parse_zone(zone)?;
        Ok(Self { from, to, zone, text: words.join(" ") })
    }
}

impl fmt::Display for Weekly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn parse_weekday(word: &str) -> Option<Weekday> {
    let days = [
        ("monday", Weekday::Monday),
        ("tuesday", Weekday::Tuesday),
        ("wednesday", Weekday::Wednesday),
        ("thursday", Weekday::Thursday),
        ("friday", Weekday::Friday),
        ("saturday", Weekday::Saturday),
        ("sunday", Weekday::Sunday),
    ];
    let lower = word.to_ascii_lowercase();
    let found = days.iter().find(|(name, _)| lower == *name || lower == name[..3])?;
    Some(found.1)
}

fn parse_time(word: &str) -> Option<Time> {
    let (hour, minute) = word.split_once(':')?;
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !digits(hour) || !digits(minute) || minute.len() != 2 || hour.len() > 2 {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

/// Time in which an environment stands still.
#[derive(Debug, Clone, PartialEq)]
pub enum Window {
    /// A stretch of each week.
    Weekly(Weekly),
    /// Days of the calendar, both included, in UTC.
    Days {
        /// The first.
        from: Date,
        /// The last.
        to: Date,
        /// Why.
        reason: Option<String>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused<T: fmt::Debug>(result: Result<T, Complaint>) -> String {
        let complaint = result.unwrap_err();
        format!("{}; {}", complaint.message, complaint.help.unwrap_or_default())
    }

    #[test]
    fn schedules_have_five_fields_and_come_round() {
        for good in ["0 2 * * *", "*/15 9-17 * * MON-FRI", "0 0 29 2 *", "0 8 * * FRI#L"] {
            assert!(parse_cron(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "* * * *",
            "0 0 2 * * *",
            "61 * * * *",
            "0 0 30 2 *",
            "every day at two please",
            "@daily",
        ] {
            assert!(parse_cron(bad).is_err(), "{bad}");
        }
        insta::assert_snapshot!(refused(parse_cron("0 0 31 2 *")), @r#"`0 0 31 2 *` never comes; write minute, hour, day, month and weekday: "0 2 * * *" is every night at two"#);
    }

    #[test]
    fn zones_are_those_of_the_database() {
        assert!(parse_zone("Europe/Berlin").is_ok() && parse_zone("UTC").is_ok());
        insta::assert_snapshot!(refused(parse_zone("Europe/Berln")), @"`Europe/Berln` is not a time zone; did you mean `Europe/Berlin`?");
        assert!(parse_zone("../../etc/passwd").is_err() && parse_zone("").is_err());
    }

    #[test]
    fn weekly_windows() {
        let window = Weekly::parse("fri 16:00 -  Monday 8:00 Europe/Berlin").unwrap();
        assert_eq!(window.from, (Weekday::Friday, Time::constant(16, 0, 0, 0)));
        assert_eq!(window.to, (Weekday::Monday, Time::constant(8, 0, 0, 0)));
        insta::assert_snapshot!(refused(Weekly::parse("Fri 16:00 - Mon 08:00")), @r#"the window `Fri 16:00 - Mon 08:00` names no time zone; write "Fri 16:00 - Mon 08:00 Europe/Berlin""#);
        for bad in [
            "",
            "Fri - Mon UTC",
            "Fri 25:00 - Mon 08:00 UTC",
            "Fri 16:00 - Fri 16:00 UTC",
            "Fri 16:0 - Mon 8:00 UTC",
            "Fri 16:00 to Mon 08:00 UTC",
        ] {
            assert!(Weekly::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn dates_are_days() {
        assert!(parse_date("2026-12-20").is_ok());
        for bad in ["2026-02-30", "2026-12-20T10:00:00", "20.12.2026", "2026-1-1", "today"] {
            assert!(parse_date(bad).is_err(), "{bad}");
        }
    }
}
