//! What a promotion brings: the commits of the source between the version that runs and the one that comes.
//!
//! It knows which two commits these are, or why that cannot be told; what lies between them, gates read.

use super::candidate;
use super::classify::Moving;
use super::facts::{Facts, Gap};
use super::look::Look;
use super::policy::{Application, Trigger};
use crate::kustomize::images::ImageEntry;
use crate::model::ids::{RepoName, RepoRef, Sha};

/// What one version brings beyond another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Brought<'a> {
    /// The commits that `coming` has and `running` has not.
    Between {
        /// Where they are.
        source: &'a RepoRef,
        /// The commit that runs.
        running: Sha,
        /// The commit that comes.
        coming: Sha,
        /// The tag of the version that comes.
        tag: String,
    },
    /// The source belongs to another account, which is not asked for anything.
    Elsewhere(RepoName),
    /// It cannot be told.
    Unclear(Unclear),
}

/// Why it cannot be told what a version brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unclear {
    /// The App is not installed where the application comes from.
    NotInstalled(RepoName),
    /// Nothing of the application ran there before; the image entry that comes first.
    NothingRan(String),
    /// An entry has no tag of its own.
    NoTag(String),
    /// No tag of the source stands for this image tag.
    NoVersion(String),
    /// The source does not tell; the reason is for people.
    Unreadable(String),
}

/// What each move of an application brings; the same only once.
pub fn brought<'a>(
    facts: &'a Facts,
    look: &Look<'_>,
    moving: &Moving<'_>,
) -> Result<Vec<Brought<'a>>, Gap> {
    let application = moving.application;
    let (name, home) = (application.source(), &look.ground.home.name);
    let source = match facts.source(name) {
        Ok(source) => source.as_ref(),
        Err(Gap::Unknown(why)) => return Ok(vec![Brought::Unclear(Unclear::Unreadable(why))]),
        Err(gap) => return Err(gap),
    };
    let owner = source.map_or(name, |source| &source.name).owner();
    if !owner.eq_ignore_ascii_case(home.owner()) {
        return Ok(vec![Brought::Elsewhere(name.clone())]);
    }
    let Some(source) = source else {
        return Ok(vec![Brought::Unclear(Unclear::NotInstalled(name.clone()))]);
    };
    let mut found = Vec::new();
    for one in &moving.moves {
        let Some(to) = &one.to else { continue };
        let ran: Vec<&ImageEntry> = match &one.from {
            Some(from) => vec![&from.entry],
            // What is new comes with the others.
            None => moving.moves.iter().filter_map(|one| Some(&one.from.as_ref()?.entry)).collect(),
        };
        if ran.is_empty() {
            found.push(Brought::Unclear(Unclear::NothingRan(to.entry.name.clone())));
        }
        for from in ran {
            let between = between(facts, look, (source, application), (from, &to.entry))?;
            match between {
                Ok(Brought::Between { running, coming, .. }) if running == coming => {}
                Ok(between) => found.push(between),
                Err(unclear) => found.push(Brought::Unclear(unclear)),
            }
        }
    }
    let mut once = Vec::new();
    for one in found {
        if !once.contains(&one) {
            once.push(one);
        }
    }
    Ok(once)
}

fn between<'a>(
    facts: &Facts,
    look: &Look<'_>,
    (source, application): (&'a RepoRef, &Application),
    (from, to): (&ImageEntry, &ImageEntry),
) -> Result<Result<Brought<'a>, Unclear>, Gap> {
    let running = match version_of(facts, (source, application), from)? {
        Ok((running, _)) => running,
        Err(unclear) => return Ok(Err(unclear)),
    };
    // The version of a promotion of ours was fixed when it was first planned.
    let promised = look.promotion.as_ref().and_then(|promotion| {
        let same = promotion.tag.as_ref().map(|tag| tag.as_str()) == to.new_tag.as_deref();
        let commit = promotion.commit.clone()?;
        (same && promotion.application == *application.name())
            .then(|| (commit, promotion.version.clone()))
    });
    let (coming, tag) = match promised {
        Some(promised) => promised,
        None => match version_of(facts, (source, application), to)? {
            Ok(coming) => coming,
            Err(unclear) => return Ok(Err(unclear)),
        },
    };
    Ok(Ok(Brought::Between { source, running, coming, tag }))
}

/// The commit and the tag of the source that an entry stands for.
fn version_of(
    facts: &Facts,
    (source, application): (&RepoRef, &Application),
    entry: &ImageEntry,
) -> Result<Result<(Sha, String), Unclear>, Gap> {
    let Some(tag) = entry.new_tag.as_deref() else {
        return Ok(Err(Unclear::NoTag(entry.name.clone())));
    };
    match commit_of(facts, source, application, tag) {
        Ok(found) => Ok(found.ok_or_else(|| Unclear::NoVersion(tag.to_owned()))),
        Err(Gap::Unknown(why)) => Ok(Err(Unclear::Unreadable(why))),
        Err(gap) => Err(gap),
    }
}

/// The commit that an image tag was made of: by the tag of the same name, by the one whose image would be
/// called so, or, where images are called by commits, by the release that has this commit.
pub(super) fn commit_of(
    facts: &Facts,
    source: &RepoRef,
    application: &Application,
    image: &str,
) -> Result<Option<(Sha, String)>, Gap> {
    let read = application.version_of_image(image);
    if let Some(version) = &read
        && let Some(commit) = facts.tag(source, version.tag())?
    {
        return Ok(Some((commit.clone(), version.tag().to_owned())));
    }
    if read.is_none() {
        let found = candidate::of_tag(facts, application, image)?;
        return Ok(found.ok().map(|found| (found.commit, found.version.tag().to_owned())));
    }
    let names: Vec<&String> = match application.trigger() {
        Trigger::Release => facts.releases(source)?.iter().map(|release| &release.tag).collect(),
        Trigger::Tag | Trigger::Branch(_) | Trigger::Schedule { .. } => {
            facts.tags(source)?.iter().collect()
        }
    };
    for name in names {
        if candidate::image_tag_of(application, name) == image
            && let Some(commit) = facts.tag(source, name)?
        {
            return Ok(Some((commit.clone(), name.clone())));
        }
    }
    Ok(None)
}
