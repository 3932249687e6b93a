//! `order`: the version runs in every environment before this one, or ran there and was replaced by a
//! higher one.

use super::{Gate, Outcome};
use crate::domain::classify::{Effect, Moving, Sides};
use crate::domain::facts::{Facts, Gap};
use crate::domain::inert::span;
use crate::domain::overlay::overlays;
use crate::domain::policy::{Environment, Policy};

/// Judges each version that moves into the environment against what runs before it, as the base has it.
pub fn judge(
    facts: &Facts,
    sides: &Sides<'_>,
    policy: &Policy,
    effect: &Effect<'_>,
) -> Result<Gate, Gap> {
    let name = effect.environment.name();
    let after: Vec<&Environment> =
        effect.environment.after().iter().filter_map(|before| policy.environment(before)).collect();
    if after.is_empty() {
        return Ok(Gate::new("order", name, Outcome::Passed, "the first environment"));
    }
    let mut evidence = Vec::new();
    for before in after {
        for moving in &effect.moving {
            match runs(facts, sides, before, moving)? {
                Ok(sentence) => evidence.push(sentence),
                Err(sentence) => {
                    return Ok(Gate::new("order", name, Outcome::Failed, sentence)
                        .help(format!("Promote it to {} first.", span(before.name().as_str()))));
                }
            }
        }
    }
    if evidence.is_empty() {
        return Ok(Gate::new(
            "order",
            name,
            Outcome::Failed,
            "which version it brings cannot be read",
        ));
    }
    Ok(Gate::new("order", name, Outcome::Passed, evidence.join("; ")))
}

fn runs(
    facts: &Facts,
    sides: &Sides<'_>,
    before: &Environment,
    moving: &Moving<'_>,
) -> Result<Result<String, String>, Gap> {
    let place = span(before.name().as_str());
    let Ok(found) = overlays(facts, sides.repo, sides.before, before, moving.application)? else {
        return Ok(Err(format!("what {place} runs cannot be read")));
    };
    let mut sentence = format!("it runs in {place}");
    for entry in moving.moves.iter().filter_map(|one| one.to.as_ref()).map(|to| &to.entry) {
        let image = span(&entry.name);
        let Some(tag) = entry.new_tag.as_deref() else {
            return Ok(Err(format!("{image} has no tag, so its version is not known")));
        };
        if entry.digest.is_some() {
            return Ok(Err(format!("{image} is given by digest, so its version is not known")));
        }
        let there: Vec<_> =
            found.carried.iter().filter(|carried| carried.entry.name == entry.name).collect();
        if there.is_empty() {
            return Ok(Err(format!("{place} has no entry {image}")));
        }
        if there.iter().all(|carried| carried.entry.new_tag.as_deref() == Some(tag)) {
            continue;
        }
        let version = moving.application.version_of_image(tag);
        let replaced = there.iter().all(|carried| {
            let running = carried
                .entry
                .new_tag
                .as_deref()
                .and_then(|tag| moving.application.version_of_image(tag));
            running.is_some() && running > version
        });
        let ran = facts.ran(sides.repo, before.name(), moving.application.name())?;
        if !(version.is_some() && replaced && ran.iter().any(|past| past == tag)) {
            return Ok(Err(format!("{} does not run in {place}", span(tag))));
        }
        sentence = format!("it ran in {place} and was replaced by a higher version");
    }
    Ok(Ok(sentence))
}
