//! Knows `usher validate DIR…`: which overlays there are in folders, and what is wrong with them.
//!
//! What is wrong is found by `domain::validation`, as the bot finds it; how it is told stands in a file for each format.

mod github;
mod json;
mod junit;
mod sarif;
mod text;

use std::collections::BTreeSet;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::render::{Restrictor, seen_from};
use crate::disk::Disk;
use crate::domain::policy::{self, Policy};
use crate::domain::validation::Validation;
use crate::kubernetes::validate::Subject;
use crate::kubernetes::version::Version;
use crate::kustomize::load::Restriction;
use crate::kustomize::render::render;
use crate::kustomize::roots::Graph;
use crate::kustomize::written::KUSTOMIZATIONS;
use crate::model::files::{Entry, FileTree as _};
use crate::model::read::{Finding, Severity};

/// From so many overlays on it is told how far it has got.
const MANY: usize = 20;

/// Validate what kustomizations render to, against Kubernetes' schemas and rules
///
/// Of a folder without a kustomization every one below it is validated that no other one includes.
/// `.github/usher.yml` of the repository counts: its version of Kubernetes, schemas and severities.
/// Exits with 0 if there are no errors, 1 if there are, 2 if it could not be done.
#[derive(Debug, clap::Args)]
pub(crate) struct ValidateArgs {
    /// The folders
    #[arg(value_name = "DIR", default_value = ".")]
    folders: Vec<PathBuf>,
    /// The version of Kubernetes, such as 1.33; without it the configuration's, or else the newest known
    #[arg(long, value_name = "VERSION", value_parser = Version::parse)]
    kubernetes: Option<Version>,
    /// How findings are written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    #[command(flatten)]
    restrictor: Restrictor,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    /// For people
    Text,
    /// One object, as the documentation describes it
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Workflow commands, which GitHub Actions turns into annotations
    Github,
    /// JUnit's XML
    Junit,
}

/// Validates, and prints what was found.
pub(crate) fn run(args: &ValidateArgs) -> ExitCode {
    let (findings, overlays) = match found(args) {
        Ok(found) => found,
        Err(message) => {
            let _ = writeln!(std::io::stderr().lock(), "usher: {message}");
            return ExitCode::from(2);
        }
    };
    let out = std::io::stdout();
    let text = match args.format {
        Format::Text => text::print(&findings, &overlays, has_colours(&out)),
        Format::Json => json::print(&findings, &overlays),
        Format::Sarif => sarif::print(&findings),
        Format::Github => github::print(&findings, &overlays),
        Format::Junit => junit::print(&findings, &overlays),
    };
    // Whoever reads may have seen enough and hung up, as `head` does.
    let _ = out.lock().write_all(text.as_bytes());
    ExitCode::from(u8::from(findings.iter().any(|one| one.severity == Severity::Error)))
}

/// <https://no-color.org>
#[expect(clippy::disallowed_methods, reason = "a terminal's wish, no setting of Usher")]
fn has_colours(out: &std::io::Stdout) -> bool {
    out.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|wish| wish.is_empty())
}

/// What is wrong, and the overlays that were looked at.
fn found(args: &ValidateArgs) -> Result<(Vec<Finding>, Vec<String>), String> {
    let here = std::env::current_dir().map_err(|error| format!("the present folder: {error}"))?;
    let mut seen = BTreeSet::new();
    let (mut findings, mut overlays) = (Vec::new(), Vec::new());
    for folder in &args.folders {
        let shown = folder.display();
        let (disk, path) = Disk::around(folder).map_err(|error| format!("{shown}: {error}"))?;
        let roots = roots(&disk, &path);
        if roots.is_empty() {
            return Err(format!(
                "{shown}: there is no kustomization here, nor in any folder below"
            ));
        }
        let repository = Repository::around(&disk, &path)?;
        let mut validation = Validation::new(repository.policy.as_ref());
        if let Some(version) = args.kubernetes {
            validation = validation.against(version);
        }
        let mut definitions = Definitions { repository: &repository, disk: &disk, looked: false };
        definitions.named(&mut validation);
        let many = roots.len();
        for (at, root) in
            roots.into_iter().enumerate().filter(|(_, root)| seen.insert(root.clone()))
        {
            if many >= MANY {
                progress(at + 1, many);
            }
            let overlay =
                Overlay { disk: &disk, root: &root, restriction: args.restrictor.restriction() };
            findings.extend(overlay.findings(&mut validation, &mut definitions));
            overlays.push(root);
        }
    }
    for finding in &mut findings {
        finding.file = seen_from(&here, &finding.file);
        finding.overlay = seen_from(&here, &finding.overlay);
    }
    let overlays = overlays.iter().map(|overlay| seen_from(&here, overlay)).collect();
    Ok((findings, overlays))
}

/// How far it has got, on a terminal: one line that is written over.
fn progress(at: usize, many: usize) {
    let mut error = std::io::stderr().lock();
    if error.is_terminal() {
        let end = if at == many { "\r\x1b[K" } else { "" };
        let _ = write!(error, "\r\x1b[K{at} of {many} overlays{end}");
        let _ = error.flush();
    }
}

/// The kustomizations that a folder stands for.
fn roots(disk: &Disk, folder: &str) -> Vec<String> {
    let is_there = |name: &&str| disk.entry(&join(folder, name)) != Entry::Absent;
    if KUSTOMIZATIONS.iter().any(is_there) {
        return vec![folder.to_owned()];
    }
    let files = disk.files_below(folder);
    Graph::read(disk, files.iter().map(String::as_str)).roots().into_iter().collect()
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// The repository around a folder, with its configuration.
struct Repository {
    /// Its folder; the folder that was asked about, where there is no repository.
    folder: String,
    policy: Option<Policy>,
}

impl Repository {
    fn around(disk: &Disk, path: &str) -> Result<Self, String> {
        let above = Path::new(path).ancestors().filter_map(Path::to_str);
        for folder in above {
            if let Entry::File(bytes) = disk.entry(&join(folder, policy::PATH)) {
                let policy = parsed(&bytes).map_err(|problem| {
                    format!(
                        "{}: {problem} (`usher check-config` says more)",
                        join(folder, policy::PATH)
                    )
                })?;
                return Ok(Self { folder: folder.to_owned(), policy: Some(policy) });
            }
            if disk.entry(&join(folder, ".git")) != Entry::Absent {
                return Ok(Self { folder: folder.to_owned(), policy: None });
            }
        }
        Ok(Self { folder: path.to_owned(), policy: None })
    }
}

fn parsed(bytes: &[u8]) -> Result<Policy, String> {
    let home = super::check_config::likely_home(bytes);
    let home = home.ok_or_else(|| "it cannot be read".to_owned())?;
    Policy::parse(bytes, &home)
        .map_err(|problems| problems.first().map_or_else(String::new, ToString::to_string))
}

/// Where custom types are looked for.
struct Definitions<'r> {
    repository: &'r Repository,
    disk: &'r Disk,
    /// Whether the repository has been searched.
    looked: bool,
}

impl Definitions<'_> {
    /// Reads the files that the configuration names.
    fn named(&mut self, validation: &mut Validation<'_>) {
        if self.repository.policy.as_ref().is_some_and(|policy| !policy.schemas().is_empty()) {
            let files = self.files();
            self.learn(validation, validation.named_files(files.iter().map(String::as_str)));
        }
    }

    /// Searches the repository, once.
    fn likely(&mut self, validation: &mut Validation<'_>) {
        if !std::mem::replace(&mut self.looked, true) {
            let files = self.files();
            self.learn(validation, validation.likely_files(files.iter().map(String::as_str)));
        }
    }

    /// The files of the repository, as they are seen from it.
    fn files(&self) -> Vec<String> {
        let folder = &self.repository.folder;
        let files = self.disk.files_below(folder).into_iter();
        let inside = files.filter_map(|file| {
            let inside = file.strip_prefix(folder)?;
            Some(inside.trim_start_matches('/').to_owned())
        });
        inside.collect()
    }

    fn learn(&self, validation: &mut Validation<'_>, files: Vec<String>) {
        for file in files {
            if let Entry::File(bytes) = self.disk.entry(&join(&self.repository.folder, &file)) {
                validation.learn(&file, &bytes);
            }
        }
    }
}

struct Overlay<'o> {
    disk: &'o Disk,
    root: &'o str,
    restriction: Restriction,
}

impl Overlay<'_> {
    fn findings(
        &self,
        validation: &mut Validation<'_>,
        definitions: &mut Definitions<'_>,
    ) -> Vec<Finding> {
        let result = render(self.disk, self.root, self.restriction);
        if result.as_ref().is_ok_and(|rendered| validation.wants_definitions(rendered)) {
            definitions.likely(validation);
        }
        let file = KUSTOMIZATIONS.map(|name| join(self.root, name));
        let file = file.iter().find(|file| self.disk.entry(file) != Entry::Absent);
        let subject = Subject {
            tree: self.disk,
            folder: self.root,
            kustomization: file.map_or(self.root, String::as_str),
            result: &result,
        };
        let inside = self.root.strip_prefix(&definitions.repository.folder).unwrap_or(self.root);
        validation.report(&subject, inside.trim_start_matches('/')).findings
    }
}
