//! `release`: what is promoted is still the release that was planned, and what is expected of its commit is there.
//!
//! A promotion of ours names the commit of its version: where the tag points elsewhere by now, or the release is
//! gone, it fails though nothing is configured. For a promotion by hand the commit is the tag's of now.

use super::expected::{self, Told, known, of_reports};
use super::{Gate, Outcome, is_asked};
use crate::domain::candidate;
use crate::domain::classify::Effect;
use crate::domain::facts::{Facts, Gap};
use crate::domain::look::Look;
use crate::domain::policy::{Application, Trigger};
use crate::domain::promotion::Direction;
use crate::domain::reply::Said;
use crate::domain::reply::gate::{self, reported};
use crate::model::ids::{RepoRef, Sha};

const NAME: &str = "release";

/// Something that the pull request brings into the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Brought {
    /// The version that our promotion was planned for, and its commit.
    Planned(String, Sha),
    /// What carries this image tag.
    Tagged(String),
    /// An entry that has no tag of its own.
    Unclear(String),
}

/// Judges each version that moves in; no gate where nothing is asked for and nothing is wrong.
pub(super) fn judge(
    facts: &Facts,
    look: &Look<'_>,
    touch: &Effect<'_>,
) -> Result<Option<Gate>, Gap> {
    let wanted = &touch.environment.gates().release;
    if !is_asked(look, touch, NAME) {
        return Ok(None);
    }
    let mut places: Vec<(String, Vec<Told<'_>>)> = Vec::new();
    for (application, brought) in brought(look, touch) {
        if wanted.is_empty() && !matches!(brought, Brought::Planned(..)) {
            continue;
        }
        let (source, commit, version) = match found(facts, look, application, &brought)? {
            Ok(found) => found,
            Err((outcome, said)) => return Ok(Some(Gate::new(NAME, touch, outcome, said))),
        };
        if wanted.is_empty() {
            continue;
        }
        let waits = |said| Ok(Some(Gate::new(NAME, touch, Outcome::Waiting, said)));
        let reports = match known(facts.reports(source, &commit))? {
            Ok(reports) if reports.complete => of_reports(reports, look.identity),
            Ok(_) => return waits(reported::unreadable(&version, &reported::too_many())),
            Err(why) => return waits(reported::unreadable(&version, &why)),
        };
        let mut told = expected::judge(facts, (look, touch), wanted, &reports, None)?;
        if is_less_public(facts, look, source)? {
            told = told.into_iter().map(Told::veiled).collect();
        }
        places.push((reported::at_commit(&version, &commit), told));
    }
    if wanted.is_empty() {
        return Ok(None);
    }
    let all = places.iter().flat_map(|(_, told)| told).map(|told| told.met.outcome());
    // Nothing that moves could be read: then nothing is known.
    let outcome = all.max().unwrap_or(Outcome::Waiting);
    let said = match places.as_slice() {
        [] => gate::nothing_readable(),
        places => reported::told(places),
    };
    Ok(Some(Gate::new(NAME, touch, outcome, said)))
}

/// Whether fewer people see the source than what is said here: then its words stay there.
fn is_less_public(facts: &Facts, look: &Look<'_>, source: &RepoRef) -> Result<bool, Gap> {
    if source.id == look.ground.repo.id {
        return Ok(false);
    }
    let there = known(facts.repository(source))?.ok().and_then(Option::as_ref);
    Ok(there.is_none_or(|there| there.visibility < look.ground.home.visibility))
}

/// What moves in, each version once.
fn brought<'a>(look: &Look<'_>, touch: &Effect<'a>) -> Vec<(&'a Application, Brought)> {
    let planned = look.promotion.as_ref().filter(|one| one.direction == Direction::Forward);
    let mut all: Vec<(&Application, Brought)> = Vec::new();
    for moving in &touch.moving {
        let own = planned.filter(|planned| planned.application == *moving.application.name());
        for entry in moving.moves.iter().filter_map(|one| one.to.as_ref()).map(|to| &to.entry) {
            let tag = entry.new_tag.as_deref();
            let of_plan = own.and_then(|own| {
                let same = own.tag.as_ref().map(|tag| tag.as_str()) == tag && tag.is_some();
                same.then(|| Some(Brought::Planned(own.version.clone(), own.commit.clone()?)))
                    .flatten()
            });
            let brought = of_plan.unwrap_or_else(|| match tag {
                Some(tag) => Brought::Tagged(tag.to_owned()),
                None => Brought::Unclear(entry.name.clone()),
            });
            let known = |(application, known): &(&Application, Brought)| {
                application.name() == moving.application.name() && *known == brought
            };
            if !all.iter().any(known) {
                all.push((moving.application, brought));
            }
        }
    }
    all
}

/// Where something comes from, its commit, and what it is called.
type Found<'a> = (&'a RepoRef, Sha, String);

/// Finds it as it is now; or says why that is not known, or not what was planned.
fn found<'a>(
    facts: &'a Facts,
    look: &Look<'_>,
    application: &Application,
    brought: &Brought,
) -> Result<Result<Found<'a>, (Outcome, Said)>, Gap> {
    let waits = |said| Ok(Err((Outcome::Waiting, said)));
    let name = application.source();
    // What belongs to another account is not asked for anything.
    if !name.owner().eq_ignore_ascii_case(look.ground.home.name.owner()) {
        return waits(reported::foreign_source(name));
    }
    let source = match known(facts.source(name))? {
        Ok(Some(source)) => source,
        Ok(None) => return waits(reported::source_not_installed(name)),
        Err(why) => return waits(reported::unreadable(name.as_str(), &why)),
    };
    match brought {
        Brought::Planned(version, commit) => {
            let stands = match known(stands(facts, source, application, (version, commit)))? {
                Ok(stands) => stands,
                Err(why) => return waits(reported::unreadable(version, &why)),
            };
            Ok(match stands {
                None => Ok((source, commit.clone(), version.clone())),
                Some(said) => Err((Outcome::Failed, said)),
            })
        }
        Brought::Tagged(tag) => match known(candidate::of_tag(facts, application, tag))? {
            Ok(Ok(found)) => Ok(Ok((source, found.commit, found.version.tag().to_owned()))),
            Ok(Err(reason)) => Ok(Err((Outcome::Failed, reported::no_version(&reason)))),
            Err(why) => waits(reported::unreadable(tag, &why)),
        },
        Brought::Unclear(image) => Ok(Err((Outcome::Failed, gate::version_unknown(image)))),
    }
}

/// What is not as it was when the version was planned; none where it is.
fn stands(
    facts: &Facts,
    source: &RepoRef,
    application: &Application,
    (version, planned): (&str, &Sha),
) -> Result<Option<Said>, Gap> {
    let of_tag = match application.trigger() {
        Trigger::Release | Trigger::Tag => facts.tag(source, version)?,
        // The version is the commit.
        Trigger::Branch(_) | Trigger::Schedule { .. } => return Ok(None),
    };
    match of_tag {
        None => return Ok(Some(reported::tag_gone(version))),
        Some(now) if now != planned => return Ok(Some(reported::tag_moved(version, planned, now))),
        Some(_) => {}
    }
    if !matches!(application.trigger(), Trigger::Release) {
        return Ok(None);
    }
    let listed = facts.releases(source)?.iter().find(|one| one.tag == version && !one.draft);
    let out = match listed {
        Some(_) => true,
        None => facts.release(source, version)?.as_ref().is_some_and(|release| !release.draft),
    };
    Ok((!out).then(|| reported::release_gone(version)))
}
