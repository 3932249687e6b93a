//! An application of the policy: where its releases come from, which of them count, what they change.
//!
//! It knows nothing of files and pull requests; a tag goes in, an image tag comes out.

use std::fmt;

use globset::{GlobSet, GlobSetBuilder};

use super::time::Schedule;
use super::value::{Complaint, Glob, quoted, unknown_variable};
use super::version::{Scheme, Version};
use crate::model::ids::{AppName, EnvName, ImageTag, NotA, RepoName, Sha};

/// What counts as a release.
#[derive(Debug, Clone)]
pub enum Trigger {
    /// A published GitHub release.
    Release,
    /// A pushed tag.
    Tag,
    /// Every commit of a branch; its id is the version.
    Branch(String),
    /// A branch's head, at set times.
    Schedule {
        /// When.
        schedule: Box<Schedule>,
        /// Of which branch.
        branch: String,
    },
}

/// Container images that are released together, from one source repository.
#[derive(Debug, Clone)]
pub struct Application {
    pub(super) name: AppName,
    pub(super) source: RepoName,
    pub(super) trigger: Trigger,
    pub(super) versions: Option<Glob>,
    pub(super) scheme: Scheme,
    pub(super) prereleases: Vec<EnvName>,
    pub(super) images: Images,
    pub(super) tag: Template,
    pub(super) pin: bool,
    pub(super) hold_marker: Option<HoldMarker>,
    pub(super) migrations: Option<Glob>,
}

/// What makes a release wait: a text in front of its name or its commit's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldMarker {
    /// The text.
    pub text: String,
    /// Where it holds; those without a successor if none is named.
    pub environments: Vec<EnvName>,
}

/// Why a tag of the source gives no image tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoImageTag {
    /// The template asks for `{version}`, and the tag does not read as one.
    #[error("the tag {0:?} does not read as a version, so `{{version}}` is not known")]
    NoVersion(String),
    /// The result is not one that a registry takes.
    #[error(transparent)]
    Invalid(#[from] NotA),
}

impl Application {
    /// Its name.
    pub fn name(&self) -> &AppName {
        &self.name
    }

    /// Where its releases are published.
    pub fn source(&self) -> &RepoName {
        &self.source
    }

    /// What counts as a release.
    pub fn trigger(&self) -> &Trigger {
        &self.trigger
    }

    /// How its versions are read and compared.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Whether the registry's digest is written too.
    pub fn pin(&self) -> bool {
        self.pin
    }

    /// What makes a release wait.
    pub fn hold_marker(&self) -> Option<&HoldMarker> {
        self.hold_marker.as_ref()
    }

    /// Where migrations stand in the source.
    pub fn migrations(&self) -> Option<&Glob> {
        self.migrations.as_ref()
    }

    /// Whether the `images:` entry of that name carries this application's version.
    pub fn carries(&self, image: &str) -> bool {
        self.images.set.is_match(image)
    }

    /// The globs of the `images:` entries that carry the version, as they are written.
    pub fn images(&self) -> &[String] {
        &self.images.globs
    }

    /// Reads a tag of the source; `None` if it is none of this application's versions.
    pub fn version(&self, tag: &str) -> Option<Version> {
        let wanted = self.versions.as_ref().is_none_or(|glob| glob.matches(tag));
        wanted.then(|| Version::parse(tag, self.scheme)).flatten()
    }

    /// Whether the environment takes this version: prereleases go only where they are asked for.
    pub fn takes(&self, version: &Version, environment: &EnvName) -> bool {
        !version.is_prerelease() || self.prereleases.contains(environment)
    }

    /// What `newTag` becomes for a tag of the source at a commit.
    pub fn image_tag(&self, tag: &str, commit: &Sha) -> Result<ImageTag, NoImageTag> {
        let mut text = String::new();
        for piece in &self.tag.0 {
            match piece {
                Piece::Text(literal) => text.push_str(literal),
                Piece::Tag => text.push_str(tag),
                Piece::Version => match Version::parse(tag, self.scheme) {
                    Some(version) => text.push_str(version.number()),
                    None => return Err(NoImageTag::NoVersion(tag.to_owned())),
                },
                Piece::Sha => text.push_str(commit.as_str()),
                Piece::Sha7 => text.push_str(commit.short()),
            }
        }
        Ok(ImageTag::new(text)?)
    }

    /// Reads back what an image tag was made from; `None` where the template keeps no version.
    pub fn version_of_image(&self, image_tag: &str) -> Option<Version> {
        let at =
            self.tag.0.iter().position(|piece| matches!(piece, Piece::Tag | Piece::Version))?;
        let (before, after) = (self.tag.0.get(..at)?, self.tag.0.get(at + 1..)?);
        let rest = before.iter().try_fold(image_tag, |rest, piece| piece.strip_start(rest))?;
        let rest = after.iter().rev().try_fold(rest, |rest, piece| piece.strip_end(rest))?;
        Version::parse(rest, self.scheme)
    }
}

/// Which `images:` entries carry the version.
#[derive(Debug, Clone)]
pub(super) struct Images {
    globs: Vec<String>,
    set: GlobSet,
}

impl Images {
    pub(super) fn new(globs: Vec<String>) -> Result<Self, Complaint> {
        let mut set = GlobSetBuilder::new();
        for glob in &globs {
            set.add(Glob::build(glob)?);
        }
        let set = set.build().map_err(|error| {
            Complaint::bare(format!("these globs do not go together: {}", error.kind()))
        })?;
        Ok(Self { globs, set })
    }
}

/// What `newTag` is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Tag,
    Version,
    Sha,
    Sha7,
}

const VARIABLES: [(&str, Piece); 4] = [
    ("{tag}", Piece::Tag),
    ("{version}", Piece::Version),
    ("{sha}", Piece::Sha),
    ("{sha7}", Piece::Sha7),
];

impl Template {
    /// The default: the tag as it is.
    pub(super) fn tag() -> Self {
        Self(vec![Piece::Tag])
    }

    pub(super) fn parse(text: &str) -> Result<Self, Complaint> {
        const HELP: &str = "the variables are `{tag}`, `{version}`, `{sha}` and `{sha7}`";
        let mut pieces = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some((name, piece)) = VARIABLES.iter().find(|(name, _)| rest.starts_with(name)) {
                pieces.push(piece.clone());
                rest = &rest[name.len()..];
                continue;
            }
            if rest.starts_with(['{', '}']) {
                let variable = unknown_variable(rest).unwrap_or_default();
                let message = format!("{} is not known in an image tag", quoted(&variable));
                return Err(Complaint::new(message, HELP));
            }
            let end = rest.find(['{', '}']).unwrap_or(rest.len());
            let literal = &rest[..end];
            if !literal.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b)) {
                return Err(Complaint::new(
                    format!("{} cannot stand in an image tag", quoted(literal)),
                    "an image tag has letters, digits, `_`, `.` and `-`",
                ));
            }
            pieces.push(Piece::Text(literal.to_owned()));
            rest = &rest[end..];
        }
        if pieces.iter().all(|piece| matches!(piece, Piece::Text(_))) {
            let message =
                format!("the image tag {} would be the same for every version", quoted(text));
            return Err(Complaint::new(message, HELP));
        }
        Ok(Self(pieces))
    }
}

/// As it is written.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Text(literal) => f.write_str(literal),
            variable => {
                let named = VARIABLES.iter().find(|(_, known)| known == variable);
                f.write_str(named.map_or("", |(name, _)| name))
            }
        })
    }
}

impl Piece {
    fn strip_start<'a>(&self, text: &'a str) -> Option<&'a str> {
        match self {
            Self::Text(literal) => text.strip_prefix(literal.as_str()),
            _ => text.get(self.digits()?..),
        }
    }

    fn strip_end<'a>(&self, text: &'a str) -> Option<&'a str> {
        match self {
            Self::Text(literal) => text.strip_suffix(literal.as_str()),
            _ => text.get(..text.len().checked_sub(self.digits()?)?),
        }
    }

    /// The length of a commit's id; a second tag or version has none.
    fn digits(&self) -> Option<usize> {
        match self {
            Self::Sha => Some(40),
            Self::Sha7 => Some(7),
            Self::Text(_) | Self::Tag | Self::Version => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn application(tag: &str, versions: Option<&str>) -> Application {
        Application {
            name: AppName::new("shop").unwrap(),
            source: RepoName::new("acme/shop").unwrap(),
            trigger: Trigger::Release,
            versions: versions.map(|glob| Glob::parse(glob).unwrap()),
            scheme: Scheme::Semver,
            prereleases: vec![EnvName::new("dev").unwrap()],
            images: Images::new(vec!["cartservice".into(), "ghcr.io/*/checkout*".into()]).unwrap(),
            tag: Template::parse(tag).unwrap(),
            pin: false,
            hold_marker: None,
            migrations: None,
        }
    }

    #[test]
    fn image_tags_follow_the_template_and_are_read_back() {
        let commit = Sha::new("0123456789".repeat(4)).unwrap();
        for (template, image_tag) in [
            ("{tag}", "v1.0.1"),
            ("{version}", "1.0.1"),
            ("{version}-{sha7}", "1.0.1-0123456"),
            ("prod-{sha7}-{tag}", "prod-0123456-v1.0.1"),
        ] {
            let application = application(template, None);
            let made = application.image_tag("v1.0.1", &commit).unwrap();
            assert_eq!(made.as_str(), image_tag);
            let read = application.version_of_image(image_tag).unwrap();
            assert_eq!(read.number(), "1.0.1");
        }
        let by_commit = application("{sha}", None);
        assert_eq!(by_commit.image_tag("x", &commit).unwrap().as_str(), commit.as_str());
        assert!(by_commit.version_of_image(commit.as_str()).is_none());
    }

    #[test]
    fn hostile_tags_give_no_image_tag() {
        let commit = Sha::new("a".repeat(40)).unwrap();
        for tag in ["v1.0.1; rm -rf /", "../../x", "v1+build", "", &"1".repeat(300), "ｖ1"] {
            assert!(application("{tag}", None).image_tag(tag, &commit).is_err(), "{tag}");
        }
        let error = application("{version}", None).image_tag("latest", &commit).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the tag \"latest\" does not read as a version, so `{version}` is not known"
        );
    }

    #[test]
    fn templates_that_cannot_work_are_refused() {
        for bad in ["", "latest", "{Tag}", "{tag", "tag}", "{tag}:x", "{tag} {sha}", "{env}-{tag}"]
        {
            assert!(Template::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_its_own_images_and_versions() {
        let application = application("{tag}", Some("v1.*"));
        assert!(application.carries("cartservice"));
        assert!(application.carries("ghcr.io/acme/x/checkoutservice"));
        assert!(!application.carries("cartservice2"));
        assert!(application.version("v1.2.3").is_some());
        assert!(application.version("v2.0.0").is_none());
        assert!(application.version("v1.x").is_none());
    }

    #[test]
    fn prereleases_go_where_they_are_asked_for() {
        let application = application("{tag}", None);
        let (dev, prod) = (EnvName::new("dev").unwrap(), EnvName::new("prod").unwrap());
        let early = application.version("v2.0.0-rc.1").unwrap();
        assert!(application.takes(&early, &dev) && !application.takes(&early, &prod));
        let told = application.version("v2.0.0").unwrap().as_prerelease();
        assert!(!application.takes(&told, &prod));
    }
}
