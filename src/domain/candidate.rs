//! Which version may go into an environment: the one that was released, or the one that runs before it.

use super::decision::Reason;
use super::facts::{Facts, Gap};
use super::overlay::overlays;
use super::policy::{Application, Environment, Policy, Trigger as Source, Version};
use super::reply::reason;
use crate::intent::Trigger;
use crate::model::files::GitTree;
use crate::model::ids::{ImageTag, RepoRef, Sha};
use crate::model::read::Release;

/// A version that could go into an environment.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The version; its name is the tag in the source.
    pub version: Version,
    /// The commit that the tag points to.
    pub commit: Sha,
    /// What the image entries would carry.
    pub tag: ImageTag,
}

/// A candidate; or why there is none, `None` where that is nothing worth saying.
pub type Choice = Result<Candidate, Option<Reason>>;

/// Chooses for `environment`: at the beginning of the graph what the trigger means, later what runs in
/// all environments before.
pub fn choose(
    facts: &Facts,
    repo: &RepoRef,
    tree: &GitTree,
    policy: &Policy,
    (application, environment): (&Application, &Environment),
    trigger: &Trigger,
) -> Result<Choice, Gap> {
    let Some(source) = facts.source(application.source())? else {
        return Ok(Err(Some(reason::source_not_installed(application))));
    };
    if environment.after().is_empty() {
        return match trigger {
            Trigger::Release { tag, .. } => released(facts, source, application, environment, tag),
            Trigger::State => newest(facts, source, application, environment),
        };
    }
    let mut running: Option<String> = None;
    for before in environment.after() {
        let Some(before) = policy.environment(before) else {
            return Ok(Err(None));
        };
        let tag = match overlays(facts, repo, tree, before, application)? {
            Ok(found) => found.running().map(str::to_owned),
            Err(_) => None,
        };
        match (tag, &running) {
            // Mixed, or different in two environments before: no one version runs there.
            (None, _) => return Ok(Err(None)),
            (Some(tag), Some(other)) if tag != *other => return Ok(Err(None)),
            (Some(tag), _) => running = Some(tag),
        }
    }
    match running {
        Some(tag) => of_image(facts, source, application, environment, &tag),
        None => Ok(Err(None)),
    }
}

/// The version that a person or an event names by its tag.
fn released(
    facts: &Facts,
    source: &RepoRef,
    application: &Application,
    environment: &Environment,
    tag: &str,
) -> Result<Choice, Gap> {
    let Some(mut version) = application.version(tag) else {
        return Ok(Err(Some(reason::version_unreadable(tag, application))));
    };
    if matches!(application.trigger(), Source::Release) {
        let listed = facts.releases(source)?.iter().find(|release| release.tag == tag);
        let release = match listed {
            Some(release) => Some(release),
            None => facts.release(source, tag)?.as_ref(),
        };
        match release {
            // A tag whose release comes later, or never: its own event will say so.
            None => return Ok(Err(None)),
            Some(release) if release.draft => return Ok(Err(None)),
            Some(release) if release.prerelease => version = version.as_prerelease(),
            Some(_) => {}
        }
    } else if !matches!(application.trigger(), Source::Tag) {
        return Ok(Err(None));
    }
    if !application.takes(&version, environment.name()) {
        return Ok(Err(Some(reason::version_prerelease(tag, environment))));
    }
    candidate(facts, source, application, version)
}

/// The highest version of the source that the environment takes.
fn newest(
    facts: &Facts,
    source: &RepoRef,
    application: &Application,
    environment: &Environment,
) -> Result<Choice, Gap> {
    let versions: Vec<Version> = match application.trigger() {
        Source::Release => facts
            .releases(source)?
            .iter()
            .filter_map(|release| published(application, release))
            .collect(),
        Source::Tag => {
            facts.tags(source)?.iter().filter_map(|tag| application.version(tag)).collect()
        }
        Source::Branch(_) | Source::Schedule { .. } => Vec::new(),
    };
    match versions
        .into_iter()
        .filter(|version| application.takes(version, environment.name()))
        .max()
    {
        Some(version) => candidate(facts, source, application, version),
        None => Ok(Err(None)),
    }
}

/// The version whose image tag runs before: by its own name, else by what its release would carry.
fn of_image(
    facts: &Facts,
    source: &RepoRef,
    application: &Application,
    environment: &Environment,
    image: &str,
) -> Result<Choice, Gap> {
    let mut versions: Vec<Version> = application.version(image).into_iter().collect();
    let releases = facts.releases(source)?;
    versions.extend(releases.iter().filter_map(|release| published(application, release)));
    if let Some(release) = releases.iter().find(|release| release.tag == image)
        && release.prerelease
    {
        versions = versions
            .into_iter()
            .map(|v| if v.tag() == image { v.as_prerelease() } else { v })
            .collect();
    }
    for version in versions {
        let Ok(found) = candidate(facts, source, application, version)? else {
            continue;
        };
        if found.tag.as_str() == image {
            let taken = application.takes(&found.version, environment.name());
            return Ok(if taken { Ok(found) } else { Err(None) });
        }
    }
    Ok(Err(None))
}

/// A release's version, if it is out and reads as one.
pub fn published(application: &Application, release: &Release) -> Option<Version> {
    let version = (!release.draft).then(|| application.version(&release.tag)).flatten()?;
    Some(if release.prerelease { version.as_prerelease() } else { version })
}

fn candidate(
    facts: &Facts,
    source: &RepoRef,
    application: &Application,
    version: Version,
) -> Result<Choice, Gap> {
    let Some(commit) = facts.tag(source, version.tag())? else {
        return Ok(Err(Some(reason::version_no_tag(source.name.as_str(), version.tag()))));
    };
    Ok(match application.image_tag(version.tag(), commit) {
        Ok(tag) => Ok(Candidate { version, commit: commit.clone(), tag }),
        Err(why) => Err(Some(reason::version_no_image_tag(&why.to_string()))),
    })
}
