//! `soak`: how long a version has run before, and until when it has to.

use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit};

use super::super::{both, instant, people, rough};
use super::{Said, span};
use crate::domain::policy::{Environment, Span};

/// Nothing comes before.
pub fn nothing_to_soak_in() -> Said {
    Said::new("the first environment: there is none before to soak in")
}

/// What moves does not say which version it is.
pub fn soak_unreadable() -> Said {
    Said::new("which version it brings cannot be read, so nobody knows how long that ran before")
        .help("Give each entry the version's tag, without a digest.")
}

/// It has run for long enough.
pub fn soaked(places: &[(&Environment, Timestamp)], long: Span) -> Said {
    let mut parts: Vec<String> = Vec::new();
    for (environment, since) in places {
        let part = format!("in {} since {}", place(environment), instant(*since));
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    Said::new(format!("soaked for {long}: it ran whole {}", both(&parts)))
}

/// It has not run for long enough yet. `(since, end)`: when it began to run whole, and when it will have.
pub fn soaking(
    before: &Environment,
    (since, end): (Timestamp, Timestamp),
    long: Span,
    environment: &Environment,
    now: Timestamp,
) -> Said {
    let end = full_minute(end);
    let same_day = end.strftime("%F").to_string() == now.strftime("%F").to_string();
    let short = if same_day { end.strftime("%H:%M UTC").to_string() } else { instant(end) };
    Said::new(format!(
        "soaking until {}: it has run whole in {} since {}, and has to for {long}",
        instant(end),
        place(before),
        instant(since)
    ))
    .help(format!(
        "Wait until {}: `soak` passes by itself then, unless something else comes to {} before.{}",
        instant(end),
        place(before),
        sooner(environment)
    ))
    .brief(format!("soaking until {short}"))
}

/// It does not run there at all, or not whole.
pub fn soaks_once_there(before: &Environment, long: Span) -> Said {
    Said::new(format!("it does not run whole in {} yet, where it has to for {long}", place(before)))
        .help(format!("Promote it to {} first.", place(before)))
        .brief(format!("soaks for {long} once it runs in {}", before.name()))
}

/// It ran there, and something else came too early.
pub fn replaced_too_early(
    before: &Environment,
    ran: SignedDuration,
    long: Span,
    environment: &Environment,
) -> Said {
    Said::new(format!(
        "it ran whole in {} for {} only, and was replaced before the {long} that it has to",
        place(before),
        rough(ran)
    ))
    .help(format!(
        "Promote what runs in {} now, once that has soaked.{}",
        place(before),
        sooner(environment)
    ))
    .brief(format!("replaced in {} before it had soaked", before.name()))
}

fn sooner(environment: &Environment) -> String {
    match environment.overrides().of("soak") {
        [] => String::new(),
        who => format!(" Sooner: {} accepts it with `/override soak REASON`.", people(who)),
    }
}

fn place(environment: &Environment) -> String {
    span(environment.name().as_str())
}

/// The end of the minute: before that it is not over.
fn full_minute(at: Timestamp) -> Timestamp {
    at.round(TimestampRound::new().smallest(Unit::Minute).mode(RoundMode::Ceil)).unwrap_or(at)
}
