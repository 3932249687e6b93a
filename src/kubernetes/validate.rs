//! Knows how an overlay is validated: what is held against which schema, and how findings come about.
//!
//! A finding stands at the line that a person would edit, and each overlay is looked at by itself.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::codes::{self, CANNOT_RENDER, IGNORE_INVALID, NOT_RENDERED};
use super::ignore::Ignores;
use super::rules::RULES;
use super::scene::{Remark, Scene};
use super::schema::{Custom, Known, Origin, Schema, Types};
use super::version::Version;
use crate::kustomize::emit::to_json;
use crate::kustomize::files::reached;
use crate::kustomize::object::Object;
use crate::kustomize::problem::Place;
use crate::kustomize::render::{RenderError, Rendered};
use crate::kustomize::value::Value;
use crate::kustomize::written::{self, PatchText, Written, is_kustomization};
use crate::kustomize::yaml::{self, Node};
use crate::model::files::{Entry, FileTree};
use crate::model::read::{Finding, Severity};

/// The most bytes of a message.
const LONGEST: usize = 1_000;
/// The most findings of one overlay.
const MOST: usize = 2_000;

/// How overlays are validated.
#[derive(Debug, Clone)]
pub struct Rulebook {
    /// The version of Kubernetes.
    pub version: Version,
    /// Types of custom resources that are known from elsewhere.
    pub custom: Custom,
    /// What a configuration makes of rules, by their codes; none turns one off.
    pub severities: BTreeMap<String, Option<Severity>>,
}

/// An overlay that was rendered, or was tried to.
#[derive(Clone, Copy)]
pub struct Subject<'s> {
    /// What it was rendered from.
    pub tree: &'s dyn FileTree,
    /// Its folder.
    pub folder: &'s str,
    /// Its kustomization file; the folder, if it has none.
    pub kustomization: &'s str,
    /// What came of it.
    pub result: &'s Result<Rendered, RenderError>,
}

/// What was found in an overlay.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// What is wrong, by file and line.
    pub findings: Vec<Finding>,
    /// What comments in the files ask to ignore, with their reasons.
    pub ignored: Vec<(Finding, String)>,
}

impl Default for Rulebook {
    fn default() -> Self {
        let (custom, severities) = Default::default();
        Self { version: Version::newest(), custom, severities }
    }
}

impl Rulebook {
    fn severity(&self, code: &str, own: Option<Severity>) -> Option<Severity> {
        match self.severities.get(code) {
            Some(configured) if codes::is_adjustable(code) => *configured,
            _ => own,
        }
    }
}

/// The groups of objects that neither Kubernetes nor any definition known so far tells of.
pub fn foreign_groups(objects: &[Object], rulebook: &Rulebook) -> BTreeSet<String> {
    let types = types(objects, rulebook);
    let groups = objects.iter().map(|object| object.gvk().group);
    groups.filter(|group| types.is_foreign(group)).map(ToOwned::to_owned).collect()
}

/// Validates an overlay.
pub fn validate(subject: &Subject<'_>, rulebook: &Rulebook) -> Report {
    let mut found = Found { subject, rulebook, findings: Vec::new() };
    let files = match subject.result {
        Err(error) => {
            found.refusal(error);
            let files = reached(subject.tree, subject.folder).files;
            let files: Vec<String> = files.into_iter().collect();
            found.bases(&files);
            files
        }
        Ok(rendered) => {
            found.objects(rendered);
            found.patches(&rendered.files);
            found.rules(rendered);
            rendered.files.clone()
        }
    };
    found.doubled_keys(&files);
    found.ordered(&files)
}

/// The types that the objects are held against: definitions among them count.
fn types(objects: &[Object], rulebook: &Rulebook) -> Types {
    let mut types = Types::new(rulebook.version, rulebook.custom.clone());
    for object in objects.iter().filter(|object| object.kind() == "CustomResourceDefinition") {
        if let Ok(json) = to_json(&object.value) {
            types.custom_mut().learn(&json, Origin::Overlay);
        }
    }
    types
}

/// Whether its values are never shown.
fn is_secret(value: &Value) -> bool {
    value.get("kind").and_then(Value::as_text) == Some("Secret")
}

/// What an object is called in a finding.
fn name(value: &Value) -> String {
    let text = |path: &[&str]| value.at_path(path).and_then(Value::as_text).unwrap_or_default();
    format!("{} {}", text(&["kind"]), text(&["metadata", "name"])).trim().to_owned()
}

struct Found<'f, 's> {
    subject: &'f Subject<'s>,
    rulebook: &'f Rulebook,
    findings: Vec<Finding>,
}

impl Found<'_, '_> {
    /// What keeps the overlay from being rendered.
    fn refusal(&mut self, error: &RenderError) {
        let (code, severity) = match error.refused {
            true => (NOT_RENDERED, Severity::Warning),
            false => (CANNOT_RENDER, Severity::Error),
        };
        let place = error.place.as_ref();
        self.findings.push(Finding {
            code: code.to_owned(),
            severity,
            file: place.map_or(self.subject.kustomization, |place| &place.file).to_owned(),
            line: place.map_or(1, |place| place.line),
            column: place.map_or(1, |place| place.column),
            message: error.message.clone(),
            overlay: self.subject.folder.to_owned(),
            object: String::new(),
        });
    }

    /// Holds each object against its schema.
    fn objects(&mut self, rendered: &Rendered) {
        let types = types(&rendered.objects, self.rulebook);
        let mut foreign = BTreeSet::new();
        for object in &rendered.objects {
            let api_version = object.value.get("apiVersion");
            let version = api_version.and_then(Value::as_text).unwrap_or_default();
            if version.is_empty() {
                let place = api_version.map_or(object.place(), |version| version.place);
                let message = "this object has no apiVersion".to_owned();
                self.say(&rendered.files, Some(&object.value), "missing-field", place, message);
                continue;
            }
            let kind = object.kind();
            let at =
                |field: &str| object.value.get(field).map_or(object.place(), |value| value.place);
            let (code, place, message) = match types.of(version, kind) {
                Known::Schema(schema) => {
                    for fault in schema.check(&object.value, is_secret(&object.value)) {
                        let files = &rendered.files;
                        self.say(
                            files,
                            Some(&object.value),
                            fault.code,
                            fault.place,
                            fault.message,
                        );
                    }
                    match types.deprecation(version, kind) {
                        Some(message) => ("deprecated-api", at("apiVersion"), message),
                        None => continue,
                    }
                }
                Known::Anything => continue,
                Known::Foreign(perhaps) => {
                    if !foreign.insert((version.to_owned(), kind.to_owned())) {
                        continue;
                    }
                    let help = perhaps.map_or_else(
                        || "add its CustomResourceDefinition to the repository, or name its schema under `schemas`".to_owned(),
                        |right| format!("did you mean {right}?"),
                    );
                    let message = format!(
                        "nothing tells of {kind} in {version}, so its fields are not looked at; {help}"
                    );
                    ("no-schema", at("apiVersion"), message)
                }
                Known::NoKind(message) => ("unknown-kind", at("kind"), message),
                Known::NoVersion(message) => ("unknown-kind", at("apiVersion"), message),
                Known::NotServed(message) => ("not-served", at("apiVersion"), message),
                Known::Removed(message) => ("removed-api", at("apiVersion"), message),
            };
            self.say(&rendered.files, Some(&object.value), code, place, message);
        }
    }

    /// Where nothing can be rendered: what is wrong with objects and patches as they are written. Often that is why.
    fn bases(&mut self, files: &[String]) {
        let types = Types::new(self.rulebook.version, self.rulebook.custom.clone());
        for Written { value, .. } in written::objects(self.subject.tree, files) {
            let text = |field| value.get(field).and_then(Value::as_text).unwrap_or_default();
            let (version, kind) = (text("apiVersion"), text("kind"));
            let at = |field| value.get(field).map_or(value.place, |value| value.place);
            let number = version.rsplit('/').next().and_then(|number| number.strip_prefix('v'));
            if !number.is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit())) {
                // The configuration of a plugin, say.
                continue;
            }
            match types.of(version, kind) {
                Known::Schema(schema) => {
                    // Patches may still add what is missing.
                    let written = ["unknown-field", "wrong-type", "wrong-value"];
                    self.as_written(files, &value, &schema, &written);
                }
                Known::NoKind(message) => {
                    self.say(files, Some(&value), "unknown-kind", at("kind"), message);
                }
                Known::NoVersion(message) => {
                    self.say(files, Some(&value), "unknown-kind", at("apiVersion"), message);
                }
                Known::Removed(message) => {
                    self.say(files, Some(&value), "removed-api", at("apiVersion"), message);
                }
                Known::Anything | Known::Foreign(_) | Known::NotServed(_) => {}
            }
        }
    }

    /// Unknown fields of patches: some change nothing and are not to be seen in what is rendered.
    fn patches(&mut self, files: &[String]) {
        let types = Types::new(self.rulebook.version, Custom::default());
        let patches = written::patches(self.subject.tree, files);
        for Written { value, of_any_kind } in patches.iter().flat_map(PatchText::merges) {
            let text = |field| value.get(field).and_then(Value::as_text).unwrap_or_default();
            if !of_any_kind
                && let Known::Schema(schema) = types.of(text("apiVersion"), text("kind"))
            {
                self.as_written(files, &value, &schema, &["unknown-field"]);
            }
        }
    }

    fn as_written(&mut self, files: &[String], value: &Value, schema: &Schema, codes: &[&str]) {
        for fault in schema.check(value, is_secret(value)) {
            let is_directive = fault.field.as_deref().is_some_and(|field| field.starts_with('$'));
            if codes.contains(&fault.code) && !is_directive {
                self.say(files, Some(value), fault.code, fault.place, fault.message);
            }
        }
    }

    /// Keys that stand twice in a kustomization or a patch, where Kustomize takes the last one in silence.
    fn doubled_keys(&mut self, files: &[String]) {
        let kustomizations = files.iter().enumerate().filter(|(_, file)| is_kustomization(file));
        let kustomizations =
            kustomizations.filter_map(|(number, file)| match self.subject.tree.entry(file) {
                Entry::File(bytes) => Some((bytes, number, 0)),
                _ => None,
            });
        let patches = written::patches(self.subject.tree, files).into_iter();
        let patches = patches.map(|patch| (patch.bytes, patch.file, patch.above));
        for (bytes, file, above) in kustomizations.chain(patches).collect::<Vec<_>>() {
            let documents = yaml::parse(&bytes).unwrap_or_default();
            let nodes = documents.iter().flat_map(|document| document.nodes());
            for (key, first) in nodes.filter_map(Node::duplicate_key) {
                let file = u32::try_from(file).unwrap_or(u32::MAX);
                let place = Place { file, line: key.line() + above, column: key.column() };
                let message = format!(
                    "the key {} stands on line {} already; Kustomize takes this one and forgets that one",
                    key.as_str().unwrap_or_default(),
                    first.line() + above
                );
                self.say(files, None, "duplicate-key", place, message);
            }
        }
    }

    /// Asks each rule that is not off.
    fn rules(&mut self, rendered: &Rendered) {
        let scene = Scene::new(&rendered.objects, &rendered.unused_images);
        for rule in RULES {
            let configured = self.rulebook.severities.get(rule.code).copied();
            let Some(severity) = configured.unwrap_or(rule.severity) else { continue };
            for Remark { object, place, message, severity: own } in rule.remarks(&scene) {
                let object = object.and_then(|at| Some(&rendered.objects.get(at)?.value));
                let severity = match own {
                    // What is less certain than the rule stays so.
                    Some(own) if Some(own) < rule.severity => own.min(severity),
                    Some(own) if configured.is_none() => own,
                    _ => severity,
                };
                self.add(&rendered.files, object, (rule.code, severity), place, message);
            }
        }
    }

    fn say(
        &mut self,
        files: &[String],
        object: Option<&Value>,
        code: &'static str,
        place: Place,
        message: String,
    ) {
        let own = codes::CODES.iter().find(|known| known.code == code);
        let severity = self.rulebook.severity(code, own.and_then(|known| known.severity));
        if let Some(severity) = severity {
            self.add(files, object, (code, severity), place, message);
        }
    }

    fn add(
        &mut self,
        files: &[String],
        object: Option<&Value>,
        (code, severity): (&str, Severity),
        place: Place,
        mut message: String,
    ) {
        if self.findings.len() >= MOST {
            return;
        }
        if message.len() > LONGEST {
            message.truncate(message.floor_char_boundary(LONGEST));
            message.push('…');
        }
        // What the renderer made by itself stands nowhere: then the object's own place, or the kustomization.
        let known = [Some(place), object.map(|object| object.place)].into_iter().flatten();
        let place = known.into_iter().find(|place| place.is_known());
        let file = |place: Place| files.get(usize::try_from(place.file).ok()?);
        let (file, line, column) = match place.and_then(|place| Some((file(place)?, place))) {
            Some((file, place)) => (file.clone(), place.line.max(1), place.column.max(1)),
            None => (self.subject.kustomization.to_owned(), 1, 1),
        };
        self.findings.push(Finding {
            code: code.to_owned(),
            severity,
            file,
            line,
            column,
            message,
            overlay: self.subject.folder.to_owned(),
            object: object.map_or_else(String::new, name),
        });
    }

    /// The findings by file and line, without those that comments ask to ignore.
    fn ordered(mut self, files: &[String]) -> Report {
        let mut comments = HashMap::new();
        for file in files {
            let (ignores, malformed) = Ignores::read(self.subject.tree, file);
            for one in malformed {
                let own = Some(Severity::Warning);
                let Some(severity) = self.rulebook.severity(IGNORE_INVALID, own) else { break };
                self.findings.push(Finding {
                    code: IGNORE_INVALID.to_owned(),
                    severity,
                    file: file.clone(),
                    line: one.line,
                    column: one.column,
                    message: one.message,
                    overlay: self.subject.folder.to_owned(),
                    object: String::new(),
                });
            }
            comments.insert(file.clone(), ignores);
        }
        let place = |finding: &Finding| (finding.file.clone(), finding.line, finding.column);
        self.findings.sort_by_cached_key(|finding| (place(finding), finding.clone()));
        let is_same = |one: &mut Finding, other: &mut Finding| {
            (&one.code, &one.message, place(one)) == (&other.code, &other.message, place(other))
        };
        self.findings.dedup_by(is_same);
        let mut report = Report::default();
        for finding in self.findings {
            let ignores: Option<&Ignores> = comments.get(&finding.file);
            match ignores.and_then(|ignores| ignores.reason(finding.line, &finding.code)) {
                Some(reason) => report.ignored.push((finding.clone(), reason.to_owned())),
                None => report.findings.push(finding),
            }
        }
        report
    }
}
