//! `verified`: what is expected of the version in the environment before was reported there, after it ran there.
//!
//! The commit that counts is the one by which the version came there: the merge of its promotion.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::expected::{self, By, Report, Standing, Told, known, of_deployed, of_reports};
use super::{Gate, Outcome, held_against, is_asked};
use crate::domain::acts::Acts;
use crate::domain::arrival::arrival;
use crate::domain::classify::{Effect, Moving};
use crate::domain::facts::{Facts, Gap, Known};
use crate::domain::look::Look;
use crate::domain::people::is_among;
use crate::domain::policy::{Application, Environment, Expectation};
use crate::domain::reply::Said;
use crate::domain::reply::gate::{self, reported};
use crate::model::act::{Act, ActKind};
use crate::model::ids::{RepoRef, Sha};
use crate::model::read::Identity;

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
    let after = held_against(look, touch);
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
    let versions = tags(moving).iter().filter_map(|(_, tag)| *tag).collect();
    let stay = Stay { place: (before, moving.application), versions, sha: &arrived.sha, since };
    let all = match reports(facts, look.ground.repo, (look.identity, &look.acts), &stay)? {
        Ok(all) => all,
        Err(why) => return Ok(Err(reported::unreadable(before.name().as_str(), &why))),
    };
    let told = expected::judge(facts, (look, touch), wanted, &all, Some(since))?;
    Ok(Ok((place, told)))
}

/// A version's stay in an environment.
pub struct Stay<'a> {
    /// Where, and of what.
    pub place: (&'a Environment, &'a Application),
    /// The image tags that came.
    pub versions: BTreeSet<&'a str>,
    /// The commit by which they came.
    pub sha: &'a Sha,
    /// Since when.
    pub since: Timestamp,
}

/// Whether what is expected of a version was reported during its stay; labels do not count here. The error says
/// why nobody knows.
pub fn met<'w>(
    facts: &Facts,
    repo: &RepoRef,
    stay: &Stay<'_>,
    expected: &[&'w Expectation],
) -> Result<Known<Vec<Told<'w>>>, Gap> {
    let acts = Acts::read(facts, repo)?;
    let reports = reports(facts, repo, (facts.identity()?, &acts), stay)?;
    Ok(reports.map(|reports| {
        let told = |wanted: &&'w Expectation| Told {
            wanted,
            met: expected::meets(wanted, &reports, Some(stay.since)),
        };
        expected.iter().map(told).collect()
    }))
}

/// Everything that was reported of a version during its stay, or why that is not known.
fn reports<'a>(
    facts: &'a Facts,
    repo: &RepoRef,
    (us, acts): (&Identity, &Acts<'a>),
    stay: &Stay<'_>,
) -> Result<Known<Vec<Report<'a>>>, Gap> {
    let reports = match known(facts.reports(repo, stay.sha))? {
        Ok(reports) if reports.complete => reports,
        Ok(_) => return Ok(Err(reported::too_many())),
        Err(why) => return Ok(Err(why)),
    };
    let deployed = match known(facts.deployed(repo, stay.sha, stay.place.0.name().as_str()))? {
        Ok(deployed) => deployed,
        Err(why) => return Ok(Err(why)),
    };
    let mut all = of_reports(reports, us);
    all.extend(of_deployed(deployed, us));
    all.extend(said(facts, repo, acts, stay)?);
    Ok(Ok(all))
}

/// The image tags that move, by the entries' names.
fn tags<'a>(moving: &'a Moving<'_>) -> Vec<(&'a str, Option<&'a str>)> {
    let to = moving.moves.iter().filter_map(|one| one.to.as_ref());
    to.map(|to| (to.entry.name.as_str(), to.entry.new_tag.as_deref())).collect()
}

/// What people verified of every version that moves, by those who may now; of each name the newest counts.
fn said<'a>(
    facts: &Facts,
    repo: &RepoRef,
    acts: &Acts<'a>,
    stay: &Stay<'_>,
) -> Result<Vec<Report<'a>>, Gap> {
    let (here, application) = stay.place;
    let Some(owner) = &here.owners().verification else {
        return Ok(Vec::new());
    };
    let mut newest: BTreeMap<&'a str, BTreeMap<&str, &'a Act>> = BTreeMap::new();
    for tag in &stay.versions {
        for (name, act) in acts.verifications(here.name(), application.name(), tag) {
            // What was said of an earlier stay says nothing of this one.
            let counts = act.at >= stay.since;
            if counts && is_among(facts, repo, std::slice::from_ref(owner), &act.by)? {
                newest.entry(name).or_default().insert(tag, act);
            }
        }
    }
    let mut reports = Vec::new();
    for (name, of_version) in newest {
        let failed = of_version.values().any(|act| act.kind == ActKind::Refutation);
        if !failed && of_version.len() < stay.versions.len() {
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
