//! How overlays are validated where a policy stands, or where none does: the same for the bot and for the command line.

use std::collections::BTreeMap;

use super::classify::folders;
use super::policy::{Application, Environment, Policy};
use crate::kubernetes::schema::{Custom, is_likely};
use crate::kubernetes::validate::{Report, Rulebook, Subject, foreign_groups, validate};
use crate::kubernetes::version::Version;
use crate::kustomize::render::Rendered;
use crate::model::read::{Finding, Severity};

/// The most files in which definitions of custom types are looked for.
const MOST_FILES: usize = 40;
/// The rule about entries that change nothing.
const IMAGE_UNUSED: &str = "image-unused";

/// What overlays of a repository are validated by.
#[derive(Debug, Clone)]
pub struct Validation<'p> {
    policy: Option<&'p Policy>,
    version: Version,
    custom: Custom,
}

impl<'p> Validation<'p> {
    /// By a policy; without one by what everything is by itself.
    pub fn new(policy: Option<&'p Policy>) -> Self {
        let wanted = policy.and_then(Policy::kubernetes).map(Version::parse);
        let version = wanted.and_then(Result::ok).unwrap_or_else(Version::newest);
        Self { policy, version, custom: Custom::default() }
    }

    /// The same against another version of Kubernetes.
    #[must_use]
    pub fn against(self, version: Version) -> Self {
        Self { version, ..self }
    }

    /// The files that the policy names as schemas of custom types.
    pub fn named_files<'f>(&self, files: impl Iterator<Item = &'f str>) -> Vec<String> {
        let globs = self.policy.map_or(&[][..], Policy::schemas);
        let named = files.filter(|file| globs.iter().any(|glob| glob.matches(file)));
        named.take(MOST_FILES).map(ToOwned::to_owned).collect()
    }

    /// The files in which definitions of custom types are likely to be.
    pub fn likely_files<'f>(&self, files: impl Iterator<Item = &'f str>) -> Vec<String> {
        files.filter(|file| is_likely(file)).take(MOST_FILES).map(ToOwned::to_owned).collect()
    }

    /// Whether there are objects of groups that nothing known so far tells of.
    pub fn wants_definitions(&self, rendered: &Rendered) -> bool {
        !foreign_groups(&rendered.objects, &self.rulebook(None)).is_empty()
    }

    /// Takes note of the definitions in a file.
    pub fn learn(&mut self, path: &str, bytes: &[u8]) {
        self.custom.learn_file(path, bytes);
    }

    /// By what an overlay is validated, definitions of custom types aside: two that have the same find the same.
    pub fn key(&self, folder: &str) -> String {
        let rulebook = self.rulebook(self.environment(folder));
        let applications = self.policy.map_or(&[][..], Policy::applications).iter();
        let images: Vec<_> = applications.map(Application::images).collect();
        format!("{} {:?} {images:?}", rulebook.version, rulebook.severities)
    }

    /// Validates an overlay. `folder`: where it is in the repository.
    pub fn report(&self, subject: &Subject<'_>, folder: &str) -> Report {
        let rulebook = self.rulebook(self.environment(folder));
        let mut report = validate(subject, &rulebook);
        if let (Ok(rendered), None) = (subject.result, rulebook.severities.get(IMAGE_UNUSED)) {
            // An entry that carries the version and changes nothing makes every promotion a lie.
            let applications = self.policy.map_or(&[][..], Policy::applications).iter();
            let promoted = rendered.unused_images.iter().filter(|entry| {
                applications.clone().any(|application| application.carries(&entry.name))
            });
            let lines: Vec<(u32, u32)> = promoted.map(|entry| (entry.line, entry.column)).collect();
            let is_promoted = |finding: &&mut Finding| {
                finding.code == IMAGE_UNUSED && lines.contains(&(finding.line, finding.column))
            };
            for finding in report.findings.iter_mut().filter(is_promoted) {
                finding.severity = Severity::Error;
            }
        }
        report
    }

    /// The environment that an overlay belongs to.
    fn environment(&self, folder: &str) -> Option<&'p Environment> {
        let policy = self.policy?;
        policy
            .environments()
            .iter()
            .find(|environment| folders(policy, environment).contains(folder))
    }

    fn rulebook(&self, environment: Option<&Environment>) -> Rulebook {
        let mut severities: BTreeMap<_, _> = BTreeMap::new();
        severities.extend(self.policy.map(Policy::rules).into_iter().flatten());
        severities.extend(environment.map(Environment::rules).into_iter().flatten());
        let owned = severities.into_iter().map(|(code, severity)| (code.clone(), *severity));
        Rulebook { version: self.version, custom: self.custom.clone(), severities: owned.collect() }
    }
}
