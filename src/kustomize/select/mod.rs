//! Knows how patches and transformers select objects: by patterns for identities, by labels and by annotations.
//!
//! It knows nothing of what is done with those that are selected.

mod labels;
mod pattern;

pub use labels::LabelSelector;
pub(super) use pattern::{MAX_SIZE, compile as compile_pattern, steps};
use regex::Regex;

use super::fields::{Fields, Reading};
use super::object::Object;
use super::problem::{Place, Problem};
use super::value::Value;

/// The fields of a selector.
const FIELDS: [&str; 7] =
    ["group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector"];

/// What is to be selected, as written; an empty field is for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    /// `group`.
    pub group: String,
    /// `version`.
    pub version: String,
    /// `kind`.
    pub kind: String,
    /// `name`.
    pub name: String,
    /// `namespace`.
    pub namespace: String,
    /// `labelSelector`.
    pub label_selector: String,
    /// `annotationSelector`.
    pub annotation_selector: String,
    /// Where it was written.
    pub place: Place,
}

impl Default for Selector {
    fn default() -> Self {
        Self {
            group: String::new(),
            version: String::new(),
            kind: String::new(),
            name: String::new(),
            namespace: String::new(),
            label_selector: String::new(),
            annotation_selector: String::new(),
            place: Place::NOWHERE,
        }
    }
}

impl Selector {
    /// Of a selector anywhere.
    pub fn read(value: &Value, reading: Reading) -> Result<Self, Problem> {
        let fields = Fields::of(value, "a selector", &FIELDS, reading)?;
        Ok(Self {
            group: fields.text("group")?,
            version: fields.text("version")?,
            kind: fields.text("kind")?,
            name: fields.text("name")?,
            namespace: fields.text("namespace")?,
            label_selector: fields.any_text("labelSelector")?,
            annotation_selector: fields.any_text("annotationSelector")?,
            place: fields.place,
        })
    }

    /// About how many steps it takes to match an object.
    pub fn steps(&self) -> usize {
        let patterns = [&self.group, &self.version, &self.kind, &self.name, &self.namespace];
        let patterns = patterns.into_iter().filter(|pattern| !pattern.is_empty());
        let notes = self.label_selector.len() + self.annotation_selector.len();
        patterns.map(|pattern| pattern::weight(pattern)).sum::<usize>() + notes / 4 + 8
    }

    /// Makes it ready to match: its identity is made of regular expressions (`api/types/selector.go`).
    pub fn compile(&self) -> Result<Matcher<'_>, Problem> {
        let compiled = |field: &str, text: &str| {
            pattern::whole(text).map_err(|problem| {
                Problem::new(format!("{field} {text:?} is no pattern: {problem}"), self.place)
            })
        };
        Ok(Matcher {
            group: compiled("group", &self.group)?,
            version: compiled("version", &self.version)?,
            kind: compiled("kind", &self.kind)?,
            name: compiled("name", &self.name)?,
            namespace: compiled("namespace", &self.namespace)?,
            notes: Notes::of(self),
        })
    }
}

/// A selector that is ready to match.
#[derive(Debug, Clone)]
pub struct Matcher<'a> {
    group: Option<Regex>,
    version: Option<Regex>,
    kind: Option<Regex>,
    name: Option<Regex>,
    namespace: Option<Regex>,
    notes: Notes<'a>,
}

impl Matcher<'_> {
    /// Whether it selects an object, by its names of before any change or by those it has now.
    pub fn matches(&self, object: &Object) -> Result<bool, Problem> {
        let is = |pattern: &Option<Regex>, text: &str| {
            pattern.as_ref().is_none_or(|pattern| pattern.is_match(text))
        };
        let (before, now) = (object.original_id(), object.id());
        let named = (is(&self.namespace, before.effective_namespace())
            || is(&self.namespace, now.effective_namespace()))
            && (is(&self.name, before.name) || is(&self.name, now.name))
            && is(&self.group, now.gvk.group)
            && is(&self.version, now.gvk.version)
            && is(&self.kind, now.gvk.kind);
        // Kustomize looks at the other two only then, and finds their errors only then.
        Ok(named && self.notes.match_labels(object)? && self.notes.match_annotations(object)?)
    }
}

/// The part of a selector that is for labels and annotations.
#[derive(Debug, Clone)]
pub struct Notes<'a> {
    labels: Result<LabelSelector<'a>, Problem>,
    annotations: Result<LabelSelector<'a>, Problem>,
}

impl<'a> Notes<'a> {
    /// That part of a selector.
    pub fn of(selector: &'a Selector) -> Self {
        let parse = |field: &str, text: &'a str| {
            LabelSelector::parse(text).map_err(|message| {
                Problem::new(format!("{field} {text:?}: {message}"), selector.place)
            })
        };
        Self {
            labels: parse("labelSelector", &selector.label_selector),
            annotations: parse("annotationSelector", &selector.annotation_selector),
        }
    }

    /// Whether the labels of an object match.
    pub fn match_labels(&self, object: &Object) -> Result<bool, Problem> {
        let labels = self.labels.as_ref().map_err(Problem::clone)?;
        Ok(labels.matches(|key| object.note("labels", key)))
    }

    /// Whether the annotations of an object match.
    pub fn match_annotations(&self, object: &Object) -> Result<bool, Problem> {
        let annotations = self.annotations.as_ref().map_err(Problem::clone)?;
        Ok(annotations.matches(|key| object.note("annotations", key)))
    }
}

#[cfg(test)]
mod tests;
