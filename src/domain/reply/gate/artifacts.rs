//! `artifacts` in words: which images are in their registries, and which are not, or are others than ran before.
//!
//! Foreign text comes in as it is and leaves inert.

use super::super::{Said, both, count};
use crate::domain::gates::{Found, Image, Missing};
use crate::domain::inert::{cut, plain, span};

/// So many images are named; the others are counted.
const NAMED: usize = 5;

/// How the images that move stand.
pub fn artifacts(found: &Found) -> Said {
    let mut parts = Vec::new();
    if !found.missing.is_empty() {
        parts.extend(found.missing.iter().take(NAMED).map(sentence));
        if found.missing.len() > NAMED {
            parts.push(format!("and {} more", found.missing.len() - NAMED));
        }
    }
    if !found.present.is_empty() {
        let many = found.present.len();
        parts.push(match many {
            1 => "1 image is in its registry".to_owned(),
            _ => format!("{many} images are in their registries"),
        });
    }
    if !found.same_as.is_empty() && found.missing.is_empty() {
        let names: Vec<String> = found.same_as.iter().map(|name| span(name.as_str())).collect();
        parts.push(format!("with the digests that ran in {}", both(&names)));
    }
    for (registry, many) in &found.not_asked {
        let images = count(*many, "image");
        parts.push(format!("{images} of {} not asked for", span(&cut(registry, 100))));
    }
    let said = Said::new(parts.join(" · "));
    let Some(worst) = found.missing.iter().max_by_key(|one| rank(one)) else {
        return said;
    };
    said.help(help(worst)).brief(brief(worst))
}

/// For a headline, where no Markdown is read.
fn briefly(image: &Image) -> String {
    format!("{} {}", plain(&cut(&image.name, 60)), plain(&cut(&image.reference, 30)))
}

fn named(image: &Image) -> String {
    span(&cut(&image.written(), 200))
}

fn sentence(missing: &Missing) -> String {
    match missing {
        Missing::Absent(image) => format!("{} is not in its registry", named(image)),
        Missing::Unreachable(image, why) => {
            format!("{} cannot be looked for: {}", named(image), span(&cut(why, 300)))
        }
        Missing::Malformed(image) => format!("{} names no image", named(image)),
        Missing::NoTag(entry) => format!("{} has neither tag nor digest", span(&cut(entry, 200))),
        Missing::Differs { image, is, before, ran } => format!(
            "{} is {}, and {} ran in {}",
            named(image),
            span(is.as_str()),
            span(ran.as_str()),
            span(before.as_str())
        ),
        Missing::RanUnknown(image, before) => {
            format!("which {} ran in {} is not known", named(image), span(before.as_str()))
        }
        Missing::NotAsked(image, registry) => format!(
            "which manifest {} is cannot be asked of {}",
            named(image),
            span(&cut(registry, 100))
        ),
        Missing::TooMany(many) => format!("{many} images move at once"),
    }
}

/// What is said about first.
fn rank(missing: &Missing) -> u8 {
    match missing {
        Missing::Unreachable(..) => 0,
        Missing::Absent(_) => 1,
        Missing::NotAsked(..) => 2,
        Missing::RanUnknown(..) => 3,
        Missing::TooMany(_) => 4,
        Missing::NoTag(_) => 5,
        Missing::Malformed(_) => 6,
        Missing::Differs { .. } => 7,
    }
}

fn help(missing: &Missing) -> String {
    match missing {
        Missing::Absent(_) => {
            "It is looked for again every minute; push the image if nothing is building it."
        }
        Missing::Unreachable(..) => {
            "It is tried again every minute. See that the registry is up, and that the operator's settings let Usher in."
        }
        Missing::Malformed(_) => "Correct the entry's name, tag or digest.",
        Missing::NoTag(_) => "Give the entry the version's tag.",
        Missing::Differs { .. } => {
            "The tag was pushed again. Promote the image that ran, by its digest, or have this one run in the environment \
             before first."
        }
        Missing::RanUnknown(..) => {
            "It is noted when Usher sees it run there and may ask its registry. Or somebody accepts it with `/override \
             artifacts REASON`."
        }
        Missing::NotAsked(..) => {
            "Usher's operator names the registry in the table `registries` of the settings, or the entries carry digests."
        }
        Missing::TooMany(_) => "Split the promotion by services or targets.",
    }
    .to_owned()
}

fn brief(missing: &Missing) -> String {
    match missing {
        Missing::Absent(image) => format!("waits for {}", briefly(image)),
        Missing::Unreachable(image, _) => {
            format!("cannot look for {}", briefly(image))
        }
        Missing::Malformed(_) => "an entry names no image".to_owned(),
        Missing::NoTag(_) => "an entry has no tag".to_owned(),
        Missing::Differs { image, before, .. } => {
            format!("{} is another one than ran in {before}", briefly(image))
        }
        Missing::RanUnknown(_, before) => format!("which digest ran in {before} is not known"),
        Missing::NotAsked(_, registry) => {
            format!("digests of {} are not known", plain(&cut(registry, 60)))
        }
        Missing::TooMany(_) => "too many images at once".to_owned(),
    }
}
