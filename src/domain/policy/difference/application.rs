//! What changes of an application: where its releases come from, which count, what they set.
//!
//! It does not know where they go.

use super::Renames;
use super::wording::{Said, Sense, instead, names, parted, shown};
use crate::domain::policy::{Application, HoldMarker, Scheme, Trigger};
use crate::model::ids::EnvName;

pub(super) fn new(application: &Application, said: &mut Said) {
    said.changes(format!(
        "application {} is new: releases of {} set the images {}",
        shown(application.name().as_str()),
        shown(application.source().as_str()),
        names(application.images())
    ));
}

pub(super) fn gone(application: &Application, said: &mut Said) {
    said.loosens(format!(
        "application {} is gone: its images are promoted no more, and changing them is no promotion any more",
        shown(application.name().as_str())
    ));
}

pub(super) fn compare(
    old: &Application,
    new: &Application,
    renames: &Renames<'_>,
    said: &mut Said,
) {
    let name = shown(new.name().as_str());
    let (before, now) = (old.source().as_str(), new.source().as_str());
    if before != now {
        said.loosens(format!("releases of {name} come from {}", instead((before, now), shown)));
    }
    trigger(old, new, &name, said);
    versions(old, new, &name, said);
    let texts =
        |names: &[EnvName]| -> Vec<String> { names.iter().map(ToString::to_string).collect() };
    let before = texts(&renames.all_now(&old.prereleases));
    said.allowed((&before, &texts(&new.prereleases)), |places| {
        format!("prereleases of {name} go into {}", names(places))
    });
    let (gone, come) = parted(old.images(), new.images());
    if !gone.is_empty() {
        said.loosens(format!("application {name} no longer takes the images {}", names(gone)));
    }
    if !come.is_empty() {
        said.changes(format!("application {name} now takes the images {}", names(come)));
    }
    let template = |application: &Application| shown(&application.tag.to_string());
    said.changed((&template(old), &template(new)), &format!("`newTag` of {name} becomes"));
    said.turned(
        (old.pin(), new.pin()),
        (Sense::Tightens, format!("images of {name} are pinned to their digests")),
        (Sense::Loosens, format!("images of {name} are not pinned to their digests any more")),
    );
    hold_marker(old, new, (&name, renames), said);
    migrations(old, new, &name, said);
}

fn trigger(old: &Application, new: &Application, name: &str, said: &mut Said) {
    let word = |trigger: &Trigger| match trigger {
        Trigger::Release => "a published release".to_owned(),
        Trigger::Tag => "a pushed tag".to_owned(),
        Trigger::Branch(branch) => format!("each commit of {}", shown(branch)),
        Trigger::Schedule { schedule, branch } => {
            format!("the head of {} at {}", shown(branch), shown(&schedule.to_string()))
        }
    };
    // how many hands it takes, from many to few
    let ease = |trigger: &Trigger| match trigger {
        Trigger::Release => 0,
        Trigger::Tag => 1,
        Trigger::Branch(_) | Trigger::Schedule { .. } => 2,
    };
    let (before, now) = (word(old.trigger()), word(new.trigger()));
    if before == now {
        return;
    }
    let sense = match ease(new.trigger()).cmp(&ease(old.trigger())) {
        std::cmp::Ordering::Less => Sense::Tightens,
        std::cmp::Ordering::Equal => Sense::Changes,
        std::cmp::Ordering::Greater => Sense::Loosens,
    };
    said.push(sense, format!("a release of {name} is {now} instead of {before}"));
}

fn versions(old: &Application, new: &Application, name: &str, said: &mut Said) {
    match (&old.versions, &new.versions) {
        (Some(before), None) => said.loosens(format!(
            "any tag that reads as a version is one of {name}, not only {}",
            shown(before.as_str())
        )),
        (None, Some(now)) => {
            said.tightens(format!(
                "only tags such as {} are versions of {name}",
                shown(now.as_str())
            ));
        }
        (Some(before), Some(now)) => {
            let (before, now) = (shown(before.as_str()), shown(now.as_str()));
            said.changed((&before, &now), &format!("versions of {name} are tags such as"));
        }
        (None, None) => {}
    }
    let scheme = |application: &Application| match application.scheme() {
        Scheme::Semver => "semantic versions",
        Scheme::Calver => "calendar dates",
    };
    said.changed((scheme(old), scheme(new)), &format!("versions of {name} are compared as"));
}

fn hold_marker(
    old: &Application,
    new: &Application,
    (name, renames): (&str, &Renames<'_>),
    said: &mut Said,
) {
    let places = |marker: &HoldMarker| match marker.environments.as_slice() {
        [] => "environments without a successor".to_owned(),
        named => names(renames.all_now(named).iter().map(|name| name.as_str())),
    };
    let holds = |marker: &HoldMarker| {
        format!("a release of {name} marked {} waits for {}", shown(&marker.text), places(marker))
    };
    match (old.hold_marker(), new.hold_marker()) {
        (Some(before), None) => said.loosens(format!(
            "a release of {name} marked {} does not wait any more",
            shown(&before.text)
        )),
        (None, Some(now)) => said.tightens(holds(now)),
        (Some(before), Some(now)) if holds(before) != holds(now) => said.loosens(format!(
            "{}, instead of one marked {} for {}",
            holds(now),
            shown(&before.text),
            places(before)
        )),
        _ => {}
    }
}

fn migrations(old: &Application, new: &Application, name: &str, said: &mut Said) {
    match (old.migrations(), new.migrations()) {
        (Some(_), None) => said.loosens(format!("migrations of {name} are not watched any more")),
        (None, Some(now)) => {
            said.tightens(format!("migrations of {name} are watched: {}", shown(now.as_str())));
        }
        (Some(before), Some(now)) if before != now => said.loosens(format!(
            "migrations of {name} are those in {}",
            instead((before, now), |files| shown(files.as_str()))
        )),
        _ => {}
    }
}
