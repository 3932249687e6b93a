//! `artifacts`: every image that moves is in its registry and, where that is asked for, is the one that ran before.
//!
//! Registries that the operator has not named are never asked; that is said, and where digests have to be compared it is
//! not enough.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::{Gate, Outcome};
use crate::domain::classify::{Effect, Moving};
use crate::domain::decision::Effect as Note;
use crate::domain::facts::{Facts, Gap, Lacking};
use crate::domain::look::Look;
use crate::domain::overlay::{Overlays, overlays};
use crate::domain::policy::{Environment, Policy};
use crate::domain::reply::gate;
use crate::kustomize::images::ImageEntry;
use crate::model::artifact::{Artifact, Noted};
use crate::model::ids::{Digest, EnvName, RepoRef};

/// So many different images are asked for; who moves more at once is told to split it.
const MOST: usize = 100;

/// What is not there yet is asked for again after so long.
const AGAIN: SignedDuration = SignedDuration::from_secs(60);

/// An image and the one of it that is meant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Image {
    /// Its name, registry included.
    pub name: String,
    /// Its digest, or its tag.
    pub reference: String,
}

impl Image {
    /// What an entry makes of an image; none where it leaves the tag to the base.
    fn of(entry: &ImageEntry) -> Option<Self> {
        Self::new(
            &entry.name,
            entry.new_name.as_ref(),
            entry.new_tag.as_ref(),
            entry.digest.as_ref(),
        )
    }

    fn new(
        name: &str,
        new_name: Option<&String>,
        tag: Option<&String>,
        digest: Option<&String>,
    ) -> Option<Self> {
        let name = new_name.map_or(name, String::as_str).to_owned();
        Some(Self { name, reference: digest.or(tag)?.clone() })
    }

    /// As people write it.
    pub fn written(&self) -> String {
        let joint = if self.reference.contains(':') { '@' } else { ':' };
        format!("{}{joint}{}", self.name, self.reference)
    }
}

/// Why an image is not known to be there, or to be the one that ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// It is not in its registry.
    Absent(Image),
    /// Its registry could not be asked.
    Unreachable(Image, String),
    /// What it is called names no image.
    Malformed(Image),
    /// An entry has neither tag nor digest.
    NoTag(String),
    /// It is another one than ran before.
    Differs {
        /// The image.
        image: Image,
        /// Which it is.
        is: Digest,
        /// Where the other one ran.
        before: EnvName,
        /// Which that was.
        ran: Digest,
    },
    /// Nobody knows which one ran before.
    RanUnknown(Image, EnvName),
    /// Nobody may ask its registry, so nobody knows which it is.
    NotAsked(Image, String),
    /// More images than are asked for.
    TooMany(usize),
}

impl Missing {
    fn outcome(&self) -> Outcome {
        match self {
            Self::Absent(_) | Self::Unreachable(..) | Self::RanUnknown(..) => Outcome::Waiting,
            Self::NotAsked(..) => Outcome::Needs,
            Self::Malformed(_) | Self::NoTag(_) | Self::Differs { .. } | Self::TooMany(_) => {
                Outcome::Failed
            }
        }
    }
}

/// What was found of the images that move.
#[derive(Debug, Default)]
pub struct Found {
    /// Those that are there.
    pub present: BTreeSet<Image>,
    /// Registries that nobody asks, and how many images are there.
    pub not_asked: Vec<(String, usize)>,
    /// What is missing.
    pub missing: Vec<Missing>,
    /// The environments whose digests are the same.
    pub same_as: Vec<EnvName>,
}

impl Found {
    /// Several targets may have the same image; that is said once.
    fn miss(&mut self, missing: Missing) {
        if !self.missing.contains(&missing) {
            self.missing.push(missing);
        }
    }
}

/// Judges the images that move; no gate where it is off, and none where nobody may ask for any of them.
pub(super) fn judge(
    facts: &Facts,
    look: &Look<'_>,
    touch: &Effect<'_>,
) -> Result<Option<Gate>, Gap> {
    let wanted = touch.environment.gates().artifacts;
    if !wanted.present || !super::is_asked(look, touch, "artifacts") {
        return Ok(None);
    }
    let mut found = Found::default();
    let entries = touch.moving.iter().flat_map(|moving| &moving.moves);
    let entries: Vec<&ImageEntry> =
        entries.filter_map(|one| one.to.as_ref()).map(|to| &to.entry).collect();
    if entries.is_empty() {
        return Ok(None);
    }
    let images: BTreeSet<Image> = entries.iter().filter_map(|entry| Image::of(entry)).collect();
    if images.len() > MOST {
        found.missing.push(Missing::TooMany(images.len()));
        return Ok(Some(gate_of(facts, touch, &found)));
    }
    look_for(facts, look, &images, &mut found)?;
    let nobody_asks = found.present.is_empty() && found.missing.is_empty();
    if nobody_asks && !wanted.same_digest {
        return Ok(None);
    }
    let nameless = entries.iter().filter(|entry| Image::of(entry).is_none());
    found.missing.extend(nameless.map(|entry| Missing::NoTag(entry.name.clone())));
    if wanted.same_digest {
        compare(facts, look, touch, &mut found)?;
    }
    Ok(Some(gate_of(facts, touch, &found)))
}

/// Asks for all of them, together.
fn look_for(
    facts: &Facts,
    look: &Look<'_>,
    images: &BTreeSet<Image>,
    found: &mut Found,
) -> Result<(), Gap> {
    let mut lacking = Lacking::default();
    for image in images {
        let artifact = match facts.artifact(look.ground.repo, &image.name, &image.reference) {
            Err(Gap::Unknown(why)) => {
                found.missing.push(Missing::Unreachable(image.clone(), why));
                continue;
            }
            artifact => lacking.take(artifact)?,
        };
        match artifact {
            Some(Artifact::Present(_)) => {
                found.present.insert(image.clone());
            }
            Some(Artifact::Absent) => found.missing.push(Missing::Absent(image.clone())),
            Some(Artifact::Malformed) => found.missing.push(Missing::Malformed(image.clone())),
            Some(Artifact::Unreachable(why)) => {
                found.missing.push(Missing::Unreachable(image.clone(), why.clone()));
            }
            Some(Artifact::NotAsked { registry }) => {
                match found.not_asked.iter_mut().find(|(name, _)| name == registry) {
                    Some((_, many)) => *many += 1,
                    None => found.not_asked.push((registry.clone(), 1)),
                }
            }
            None => {}
        }
    }
    lacking.done(())
}

/// Holds the digests against those that ran in the environments before.
fn compare(
    facts: &Facts,
    look: &Look<'_>,
    touch: &Effect<'_>,
    found: &mut Found,
) -> Result<(), Gap> {
    let mut lacking = Lacking::default();
    let after = touch.environment.after().iter();
    for before in after.filter_map(|name| look.policy.environment(name)) {
        let missing = found.missing.len();
        for moving in &touch.moving {
            compare_with(facts, look, (before, moving), found, &mut lacking)?;
        }
        if missing == found.missing.len() {
            found.same_as.push(before.name().clone());
        }
    }
    lacking.done(())
}

fn compare_with(
    facts: &Facts,
    look: &Look<'_>,
    (before, moving): (&Environment, &Moving<'_>),
    found: &mut Found,
    lacking: &mut Lacking,
) -> Result<(), Gap> {
    for to in moving.moves.iter().filter_map(|one| one.to.as_ref()) {
        let Some(image) = Image::of(&to.entry) else {
            continue;
        };
        let is = match lacking.take(digest(facts, look, &image))? {
            Some(Ok(is)) => is,
            Some(Err(missing)) => {
                if !found.missing.iter().any(|one| of_image(one) == Some(&image)) {
                    found.miss(missing);
                }
                continue;
            }
            None => continue,
        };
        let Some(source) = source(facts, look, (before, moving), &to.entry)? else {
            found.miss(Missing::RanUnknown(image, before.name().clone()));
            continue;
        };
        match ran(facts, look, before, &source)? {
            Some(ran) if ran == is => {}
            Some(ran) => {
                let before = before.name().clone();
                found.miss(Missing::Differs { image, is, before, ran });
            }
            None => found.miss(Missing::RanUnknown(image, before.name().clone())),
        }
    }
    Ok(())
}

fn of_image(missing: &Missing) -> Option<&Image> {
    match missing {
        Missing::Absent(image)
        | Missing::Unreachable(image, _)
        | Missing::Malformed(image)
        | Missing::Differs { image, .. }
        | Missing::RanUnknown(image, _)
        | Missing::NotAsked(image, _) => Some(image),
        Missing::NoTag(_) | Missing::TooMany(_) => None,
    }
}

/// Which manifest an image is: its own digest, else what its registry says; or what is missing.
fn digest(facts: &Facts, look: &Look<'_>, image: &Image) -> Result<Result<Digest, Missing>, Gap> {
    if let Ok(digest) = Digest::new(image.reference.clone()) {
        return Ok(Ok(digest));
    }
    let missing = match facts.artifact(look.ground.repo, &image.name, &image.reference)? {
        Artifact::Present(digest) => return Ok(Ok(digest.clone())),
        Artifact::Absent => Missing::Absent(image.clone()),
        Artifact::Malformed => Missing::Malformed(image.clone()),
        Artifact::Unreachable(why) => Missing::Unreachable(image.clone(), why.clone()),
        Artifact::NotAsked { registry } => Missing::NotAsked(image.clone(), registry.clone()),
    };
    Ok(Err(missing))
}

/// Which manifest ran: the entry's own digest, else what was noted when its tag was first seen to run. What the registry
/// says of the tag now is not that.
fn ran(
    facts: &Facts,
    look: &Look<'_>,
    before: &Environment,
    source: &Image,
) -> Result<Option<Digest>, Gap> {
    if let Ok(digest) = Digest::new(source.reference.clone()) {
        return Ok(Some(digest));
    }
    let noted = facts.digests(look.ground.repo, before.name())?.iter();
    let mut noted = noted.filter(|one| one.image == source.name && one.tag == source.reference);
    Ok(noted.next().map(|one| one.digest.clone()))
}

/// Notes which manifests run in an environment that another one is compared with: those that are not noted yet. A registry
/// that does not answer is asked again when the environment is looked at the next time.
pub fn note_digests(
    facts: &Facts,
    (repo, policy): (&RepoRef, &Policy),
    environment: &Environment,
    found: &Overlays,
) -> Result<Option<Note>, Gap> {
    let compared = policy.environments().iter().any(|later| {
        later.after().contains(environment.name()) && later.gates().artifacts.same_digest
    });
    if !compared {
        return Ok(None);
    }
    let known = facts.digests(repo, environment.name())?;
    let images = found.carried.iter().filter_map(|one| Image::of(&one.entry));
    let images: BTreeSet<Image> = images.collect();
    let (mut digests, mut lacking) = (Vec::new(), Lacking::default());
    for Image { name: image, reference: tag } in images.into_iter().take(MOST) {
        let noted = known.iter().any(|one| one.image == image && one.tag == tag);
        if noted || Digest::new(tag.clone()).is_ok() {
            continue;
        }
        // What cannot be had is noted another time.
        let Ok(artifact) = lacking.take(facts.artifact(repo, &image, &tag)) else { continue };
        if let Some(Artifact::Present(digest)) = artifact {
            digests.push(Noted { image, tag, digest: digest.clone() });
        }
    }
    let digests = lacking.done(digests)?;
    let environment = environment.name().clone();
    Ok((!digests.is_empty()).then_some(Note::RememberDigests { environment, digests }))
}

/// What ran of an entry in the environment before: what its entry there says, while that carries the same version; else what
/// was noted when it did.
fn source(
    facts: &Facts,
    look: &Look<'_>,
    (before, moving): (&Environment, &Moving<'_>),
    entry: &ImageEntry,
) -> Result<Option<Image>, Gap> {
    let there = overlays(facts, look.ground.repo, look.ground.tree, before, moving.application)?;
    let there = there.unwrap_or_default();
    let same = |tag: Option<&String>| entry.new_tag.is_none() || tag == entry.new_tag.as_ref();
    let mut carried = there.carried.iter().filter(|one| one.entry.name == entry.name);
    if let Some(one) = carried.find(|one| same(one.entry.new_tag.as_ref())) {
        return Ok(Image::of(&one.entry));
    }
    let ran = facts.ran(look.ground.repo, before.name(), moving.application.name())?;
    let mut noted = ran.iter().rev().filter_map(|past| past.entries.as_ref()).flatten();
    let noted = noted.find(|one| one.name == entry.name && same(one.new_tag.as_ref()));
    Ok(noted.and_then(|one| {
        Image::new(&one.name, one.new_name.as_ref(), one.new_tag.as_ref(), one.digest.as_ref())
    }))
}

fn gate_of(facts: &Facts, touch: &Effect<'_>, found: &Found) -> Gate {
    let worst = found.missing.iter().map(Missing::outcome).max();
    let gate =
        Gate::new("artifacts", touch, worst.unwrap_or(Outcome::Passed), gate::artifacts(found));
    let waits = found.missing.iter().any(|one| one.outcome() == Outcome::Waiting);
    match facts.now.checked_add(AGAIN) {
        Ok(at) if waits => gate.again(at),
        _ => gate,
    }
}
