//! `verified`: what is expected of the version in the environment before was reported there, after it ran there.
//!
//! The commit that counts is the one by which the version came there: the merge of its promotion.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::expected::{self, By, Report, Standing, Told, known, of_deployed, of_reports};
use super::{Gate, Outcome, is_asked};
use crate::domain::arrival::arrival;
use crate::domain::classify::{Effect, Moving};
use crate::domain::facts::{Facts, Gap};
use crate::domain::look::Look;
use crate::domain::people::is_among;
use crate::domain::policy::{Environment, Expectation};
use crate::domain::reply::Said;
use crate::domain::reply::gate::{self, reported};
use crate::model::act::{Act, ActKind};

const NAME: &str = "verified";

/// Judges each version that moves in, in each environment before; no gate where nothing is asked for.
pub(super) fn judge(
    facts: &Facts,
    look: &Look<'_>,
    touch: &Effect<'_>,
) -> Result<Option<Gate>, Gap> {
    let wanted = &touch.environment.gates().verified;
    if wanted.is_empty() || !is_asked(look, touch, NAME) {
        return Ok(None);
    }
    let stands = |outcome, said| Ok(Some(Gate::new(NAME, touch, outcome, said)));
    let after = touch.environment.after().iter();
    let after: Vec<&Environment> =
        after.filter_map(|before| look.policy.environment(before)).collect();
    if after.is_empty() {
        return stands(Outcome::Passed, gate::first_environment());
    }
    let mut places: Vec<(String, Vec<Told<'_>>)> = Vec::new();
    for before in after {
        for moving in &touch.moving {
            match of_place(facts, (look, touch), (before, moving), wanted)? {
                Ok(place) => places.push(place),
                Err(said) => return stands(Outcome::Waiting, said),
            }
        }
    }
    let all = places.iter().flat_map(|(_, told)| told).map(|told| told.met.outcome());
    // Nothing that moves could be read: then nothing is known.
    let outcome = all.max().unwrap_or(Outcome::Waiting);
    let said = match places.as_slice() {
        [] => gate::nothing_readable(),
        places => reported::told(places),
    };
    stands(outcome, said)
}

/// What was reported in one environment before; or why that is not known.
fn of_place<'w>(
    facts: &Facts,
    (look, touch): (&Look<'_>, &Effect<'_>),
    (before, moving): (&Environment, &Moving<'_>),
    wanted: &'w [Expectation],
) -> Result<Result<(String, Vec<Told<'w>>), Said>, Gap> {
    let Some(arrived) = arrival(facts, look.ground, (before, moving.application), &tags(moving))?
    else {
        return Ok(Err(reported::never_came(before)));
    };
    let place = reported::since(before, &arrived.sha);
    let Some(since) = arrived.at else {
        return Ok(Err(reported::since_unknown(before, &arrived.sha)));
    };
    let repo = look.ground.repo;
    let unreadable = |why: &str| reported::unreadable(before.name().as_str(), why);
    let reports = match known(facts.reports(repo, &arrived.sha))? {
        Ok(reports) if reports.complete => reports,
        Ok(_) => return Ok(Err(unreadable(&reported::too_many()))),
        Err(why) => return Ok(Err(unreadable(&why))),
    };
    let deployed = match known(facts.deployed(repo, &arrived.sha, before.name().as_str()))? {
        Ok(deployed) => deployed,
        Err(why) => return Ok(Err(unreadable(&why))),
    };
    let mut all = of_reports(reports, look.identity);
    all.extend(of_deployed(deployed, look.identity));
    let said = said(facts, look, before, moving, since)?;
    all.extend(said);
    let told = expected::judge(facts, (look, touch), wanted, &all, Some(since))?;
    Ok(Ok((place, told)))
}

/// The image tags that move, by the entries' names.
fn tags<'a>(moving: &'a Moving<'_>) -> Vec<(&'a str, Option<&'a str>)> {
    let to = moving.moves.iter().filter_map(|one| one.to.as_ref());
    to.map(|to| (to.entry.name.as_str(), to.entry.new_tag.as_deref())).collect()
}

/// What people verified of every version that moves, by those who may now; of each name the newest counts.
fn said<'a>(
    facts: &Facts,
    look: &Look<'a>,
    before: &Environment,
    moving: &Moving<'_>,
    since: Timestamp,
) -> Result<Vec<Report<'a>>, Gap> {
    let Some(owner) = &before.owners().verification else {
        return Ok(Vec::new());
    };
    let versions: BTreeSet<&str> = tags(moving).iter().filter_map(|(_, tag)| *tag).collect();
    let mut newest: BTreeMap<&'a str, BTreeMap<&str, &'a Act>> = BTreeMap::new();
    for tag in &versions {
        let acts = look.acts.verifications(before.name(), moving.application.name(), tag);
        for (name, act) in acts {
            // What was said of an earlier stay says nothing of this one.
            let counts = act.at >= since;
            if counts && is_among(facts, look.ground.repo, std::slice::from_ref(owner), &act.by)? {
                newest.entry(name).or_default().insert(tag, act);
            }
        }
    }
    let mut reports = Vec::new();
    for (name, of_version) in newest {
        let failed = of_version.values().any(|act| act.kind == ActKind::Refutation);
        if !failed && of_version.len() < versions.len() {
            continue;
        }
        reports.push(Report {
            name,
            by: By::Command,
            standing: if failed { Standing::Red("was found to fail") } else { Standing::Green },
            texts: Vec::new(),
            made: of_version.values().map(|act| act.at).min(),
            url: None,
        });
    }
    Ok(reports)
}
