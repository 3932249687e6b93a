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

/// The version that a person names: by its tag, or by its number.
pub fn named(
    facts: &Facts,
    application: &Application,
    name: &str,
) -> Result<Result<Candidate, Reason>, Gap> {
    let Some(source) = facts.source(application.source())? else {
        return Ok(Err(reason::source_not_installed(application)));
    };
    let tag = match application.trigger() {
        Source::Release => {
            let releases = facts.releases(source)?;
            let out = |release: &&Release| !release.draft;
            let exact = releases.iter().filter(out).find(|release| release.tag == name);
            let like =
                || releases.iter().filter(out).find(|one| means(application, &one.tag, name));
            match exact.or_else(like) {
                Some(release) => Some(release.tag.clone()),
                None => {
                    let older = facts.release(source, name)?.as_ref();
                    older.filter(|release| !release.draft).map(|release| release.tag.clone())
                }
            }
        }
        Source::Tag | Source::Branch(_) | Source::Schedule { .. } => {
            let tags = facts.tags(source)?;
            let exact = tags.iter().find(|tag| *tag == name);
            exact.or_else(|| tags.iter().find(|tag| means(application, tag, name))).cloned()
        }
    };
    let Some(tag) = tag else {
        let newest = newest_of(facts, source, application, |_| true)?;
        return Ok(Err(reason::version_unknown(name, application, newest.as_ref())));
    };
    let Some(version) = application.version(&tag) else {
        return Ok(Err(reason::version_unreadable(&tag, application)));
    };
    chosen(candidate(facts, source, application, version)?, application)
}

/// Whether a tag is the version that a person calls by its number: `1.2.3` for `v1.2.3`.
fn means(application: &Application, tag: &str, name: &str) -> bool {
    let (tag, name) = (application.version(tag), Version::parse(name, application.scheme()));
    tag.is_some_and(|tag| name.is_some_and(|name| name.number() == tag.number()))
}

/// The highest version that an environment takes, for a person who names none.
pub fn newest_named(
    facts: &Facts,
    application: &Application,
    environment: &Environment,
) -> Result<Result<Candidate, Reason>, Gap> {
    let Some(source) = facts.source(application.source())? else {
        return Ok(Err(reason::source_not_installed(application)));
    };
    chosen(newest(facts, source, application, environment)?, application)
}

/// The version whose image tag runs somewhere.
pub fn of_tag(
    facts: &Facts,
    application: &Application,
    tag: &str,
) -> Result<Result<Candidate, Reason>, Gap> {
    let Some(source) = facts.source(application.source())? else {
        return Ok(Err(reason::source_not_installed(application)));
    };
    match carrying(facts, source, application, tag)? {
        Some(found) => Ok(Ok(found)),
        None => Ok(Err(reason::version_of_tag_unknown(tag, application))),
    }
}

fn chosen(choice: Choice, application: &Application) -> Result<Result<Candidate, Reason>, Gap> {
    Ok(choice.map_err(|why| why.unwrap_or_else(|| reason::version_none(application))))
}

/// The image tag that a version would carry, as far as that can be said without its commit.
pub fn image_tag_of(application: &Application, version: &str) -> String {
    let nowhere = Sha::new("0".repeat(40));
    let tag = nowhere.ok().and_then(|commit| application.image_tag(version, &commit).ok());
    tag.map_or_else(|| version.to_owned(), |tag| tag.to_string())
}

/// The highest version of the source that the environment takes.
fn newest(
    facts: &Facts,
    source: &RepoRef,
    application: &Application,
    environment: &Environment,
) -> Result<Choice, Gap> {
    let takes = |version: &Version| application.takes(version, environment.name());
    match newest_of(facts, source, application, takes)? {
        Some(version) => candidate(facts, source, application, version),
        None => Ok(Err(None)),
    }
}

fn newest_of(
    facts: &Facts,
    source: &RepoRef,
    application: &Application,
    takes: impl Fn(&Version) -> bool,
) -> Result<Option<Version>, Gap> {
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
    Ok(versions.into_iter().filter(takes).max())
}

/// The version whose image tag runs before, if the environment takes it.
fn of_image(
    facts: &Facts,
    source: &RepoRef,
    application: &Application,
    environment: &Environment,
    image: &str,
) -> Result<Choice, Gap> {
    let found = carrying(facts, source, application, image)?;
    let taken = found.filter(|one| application.takes(&one.version, environment.name()));
    Ok(taken.ok_or(None))
}

/// The version that an image tag stands for: by its own name, else by what its release would carry.
fn carrying(
    facts: &Facts,
    source: &RepoRef,
    application: &Application,
    image: &str,
) -> Result<Option<Candidate>, Gap> {
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
            return Ok(Some(found));
        }
    }
    Ok(None)
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
