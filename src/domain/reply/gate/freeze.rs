//! `freeze`: what the calendar forbids, until when, and who may pass all the same.

use jiff::Timestamp;

use super::super::{instant, people};
use super::{Said, by, lacks, span};
use crate::domain::calendar::{Edge, clock};
use crate::domain::given::Lack;
use crate::domain::inert::cut;
use crate::domain::policy::{Environment, Exempt, Window};
use crate::model::act::Act;

/// No window is on. `next`: the next one to begin.
pub fn not_frozen(next: Option<&Edge<'_>>, now: Timestamp) -> Said {
    Said::new(match next {
        Some(next) => format!("not frozen; the next freeze begins {}", when(next, now)),
        None => "not frozen, and no freeze lies ahead".to_owned(),
    })
}

/// Some windows are on. `until`: when that really ends. `lack`: why the label that exempts does not count, where
/// it is on.
pub fn frozen(
    (windows, until): (&[&Window], Option<&Edge<'_>>),
    environment: &Environment,
    lack: Option<&Lack>,
    now: Timestamp,
) -> Said {
    let windows: Vec<String> = windows.iter().map(|one| window(one)).collect();
    let by = windows.join(" · ");
    let (mut sentence, brief, mut help) = match until {
        Some(edge) => (
            format!("frozen until {}: {by}", when(edge, now)),
            format!("frozen until {}", clock(edge, now)),
            format!("Wait until {}: the freeze ends by itself.", when(edge, now)),
        ),
        None => (
            format!("frozen, and no end is in sight: {by}"),
            "frozen without an end".to_owned(),
            "Its windows follow each other without a break; change them in the configuration."
                .to_owned(),
        ),
    };
    if let Some(exempt) = &environment.gates().exempt {
        let (who, label) = (people(&exempt.by), &exempt.label);
        help += &format!(
            " Sooner: {who} exempts it by the label {}, or says `/approve {label}`.",
            span(label.as_str())
        );
        if let Some(lack) = lack {
            sentence += &format!("; {}", lacks(label.as_str(), lack));
        }
    }
    let overrides = environment.overrides().of("freeze");
    if !overrides.is_empty() {
        let sooner = if environment.gates().exempt.is_some() { "Or" } else { "Sooner:" };
        let who = people(overrides);
        help += &format!(" {sooner} {who} accepts it with `/override freeze REASON`.");
    }
    Said::new(sentence).help(help).brief(brief)
}

/// A window is on, and somebody exempted it.
pub fn exempted(exempt: &Exempt, act: &Act, windows: &[&Window]) -> Said {
    let windows: Vec<String> = windows.iter().map(|one| window(one)).collect();
    Said::new(format!(
        "exempted by the label {}, given {}; frozen otherwise: {}",
        span(exempt.label.as_str()),
        by(act),
        windows.join(" · ")
    ))
}

/// An instant for people in all places, and as the window has it.
fn when(edge: &Edge<'_>, now: Timestamp) -> String {
    let utc = instant(edge.at);
    let there = clock(edge, now);
    if there.ends_with(" UTC") { utc } else { format!("{utc} ({there})") }
}

fn window(window: &Window) -> String {
    match window {
        Window::Weekly(weekly) => span(&weekly.to_string()),
        Window::Days { from, to, reason } => {
            let days = if from == to { from.to_string() } else { format!("{from} - {to}") };
            match reason {
                Some(reason) => format!("{} ({})", span(&days), span(&cut(reason, 200))),
                None => span(&days),
            }
        }
    }
}
