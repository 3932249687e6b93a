//! `soak`: the version has run whole in every environment before for long enough, without a break.

use jiff::{SignedDuration, Timestamp};

use super::{Gate, Outcome};
use crate::domain::classify::{Effect, Moving};
use crate::domain::facts::{Facts, Gap};
use crate::domain::look::Look;
use crate::domain::policy::Environment;
use crate::domain::reply::gate;
use crate::domain::running::{Stands, stands};

/// Judges each version that moves in against how long it ran before; no gate where nothing is asked for.
pub(super) fn judge(
    facts: &Facts,
    look: &Look<'_>,
    touch: &Effect<'_>,
) -> Result<Option<Gate>, Gap> {
    let Some(span) = touch.environment.gates().soak else {
        return Ok(None);
    };
    let long = SignedDuration::try_from(span.duration()).unwrap_or(SignedDuration::MAX);
    let gives = |outcome, said| Ok(Some(Gate::new("soak", touch, outcome, said)));
    let after = touch.environment.after().iter();
    let after: Vec<&Environment> =
        after.filter_map(|before| look.policy.environment(before)).collect();
    if after.is_empty() {
        return gives(Outcome::Passed, gate::nothing_to_soak_in());
    }
    let (mut soaked, mut soaking): (Vec<_>, Vec<(&Environment, Timestamp, Timestamp)>) =
        (Vec::new(), Vec::new());
    let mut absent = None;
    for before in after {
        for moving in &touch.moving {
            let Some(wanted) = wanted(moving) else {
                return gives(Outcome::Failed, gate::soak_unreadable());
            };
            let of = (before, moving.application);
            match stands(facts, (look.ground, look.policy), of, &wanted)? {
                Stands::Runs { since } => match since.checked_add(long) {
                    Ok(end) if end <= facts.now => soaked.push((before, since)),
                    Ok(end) => soaking.push((before, since, end)),
                    Err(_) => absent = Some(before),
                },
                Stands::Ran { since, until } if until.duration_since(since) >= long => {
                    soaked.push((before, since));
                }
                Stands::Ran { since, until } => {
                    let ran = until.duration_since(since).max(SignedDuration::ZERO);
                    let said = gate::replaced_too_early(before, ran, span, touch.environment);
                    return gives(Outcome::Failed, said);
                }
                Stands::Never => absent = Some(before),
            }
        }
    }
    if let Some(before) = absent {
        return gives(Outcome::Waiting, gate::soaks_once_there(before, span));
    }
    if let Some((before, since, end)) = soaking.into_iter().max_by_key(|(_, _, end)| *end) {
        let said = gate::soaking(before, (since, end), span, touch.environment, facts.now);
        let waiting = Gate::new("soak", touch, Outcome::Waiting, said);
        return Ok(Some(waiting.again(end)));
    }
    if soaked.is_empty() {
        return gives(Outcome::Failed, gate::soak_unreadable());
    }
    gives(Outcome::Passed, gate::soaked(&soaked, span))
}

/// The entries that move, and the tags that they get; none where one gets none of its own.
fn wanted<'a>(moving: &'a Moving<'_>) -> Option<Vec<(&'a str, &'a str)>> {
    let arrives = moving.moves.iter().filter_map(|one| one.to.as_ref());
    let wanted: Option<Vec<_>> = arrives
        .map(|to| {
            let tag = to.entry.new_tag.as_deref().filter(|_| to.entry.digest.is_none())?;
            Some((to.entry.name.as_str(), tag))
        })
        .collect();
    wanted.filter(|wanted| !wanted.is_empty())
}
