//! Knows an object in the making: its value, and what has to be remembered of it until names are settled.
//!
//! It knows no transformation.

use std::sync::Arc;

use super::id::{Gvk, Id};
use super::problem::Place;
use super::value::{Content, Map, Value};

/// The annotations in which Kustomize keeps its notes; none of them is printed (`BuildAnnotations` in `api/resource`).
const NOTES: [&str; 18] = [
    "internal.config.kubernetes.io/previousKinds",
    "internal.config.kubernetes.io/previousNames",
    "internal.config.kubernetes.io/prefixes",
    "internal.config.kubernetes.io/suffixes",
    "internal.config.kubernetes.io/previousNamespaces",
    "internal.config.kubernetes.io/allowNameChange",
    "internal.config.kubernetes.io/allowKindChange",
    "internal.config.kubernetes.io/refBy",
    "internal.config.kubernetes.io/generatorBehavior",
    "internal.config.kubernetes.io/needsHashSuffix",
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
];

/// What a generated object is to one of the same name that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Behavior {
    /// There must be none.
    #[default]
    Create,
    /// It takes its place.
    Replace,
    /// Its data are added.
    Merge,
}

/// A name that an object had before.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Previous {
    name: Arc<str>,
    namespace: Arc<str>,
    kind: Arc<str>,
}

/// An object in the making.
#[derive(Debug, Clone)]
pub struct Object {
    /// What will be printed, but for what [`finish`](Self::finish) does.
    pub value: Value,
    previous: Vec<Previous>,
    /// The prefixes that its name got, oldest first.
    pub prefixes: Vec<Arc<str>>,
    /// The suffixes that its name got, oldest first; hashes do not count.
    pub suffixes: Vec<Arc<str>>,
    /// What it is to one that is there already, if it was generated.
    pub behavior: Behavior,
    /// Whether it was generated.
    pub generated: bool,
    /// Whether a hash of its content will be appended to its name.
    pub needs_hash: bool,
    /// As a patch: whether it may give its target another name.
    pub may_rename: bool,
    /// As a patch: whether it may give its target another kind.
    pub may_change_kind: bool,
    /// The variables that take their values from it.
    pub variables: Vec<String>,
}

impl Object {
    /// An object as it was written. Kustomize's own notes in its annotations count.
    pub fn new(value: Value) -> Self {
        let mut object = Self::without_notes(value);
        let enabled = |note: &str| object.note("annotations", note) == Some("enabled");
        (object.needs_hash, object.may_rename, object.may_change_kind) = (
            enabled("internal.config.kubernetes.io/needsHashSuffix"),
            enabled("internal.config.kubernetes.io/allowNameChange"),
            enabled("internal.config.kubernetes.io/allowKindChange"),
        );
        object
    }

    fn without_notes(value: Value) -> Self {
        Self {
            value,
            previous: Vec::new(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            behavior: Behavior::Create,
            generated: false,
            needs_hash: false,
            may_rename: false,
            may_change_kind: false,
            variables: Vec::new(),
        }
    }

    /// Where it was written.
    pub fn place(&self) -> Place {
        self.value.place
    }

    fn text(&self, path: &[&str]) -> &str {
        self.value.at_path(path).and_then(Value::as_text).unwrap_or_default()
    }

    /// Its `kind`.
    pub fn kind(&self) -> &str {
        self.text(&["kind"])
    }

    /// Its `metadata.name`.
    pub fn name(&self) -> &str {
        self.text(&["metadata", "name"])
    }

    /// Its `metadata.namespace`; empty if there is none.
    pub fn namespace(&self) -> &str {
        self.text(&["metadata", "namespace"])
    }

    /// Its group, version and kind.
    pub fn gvk(&self) -> Gvk<'_> {
        Gvk::new(self.text(&["apiVersion"]), self.kind())
    }

    /// Its identity as it is now.
    pub fn id(&self) -> Id<'_> {
        Id { gvk: self.gvk(), name: self.name(), namespace: self.namespace() }
    }

    /// The identities that it had before, oldest first.
    pub fn previous_ids(&self) -> impl Iterator<Item = Id<'_>> {
        let now = self.gvk();
        self.previous.iter().map(move |before| Id {
            gvk: Gvk { kind: &before.kind, ..now },
            name: &before.name,
            namespace: &before.namespace,
        })
    }

    /// The identity that it was written with.
    pub fn original_id(&self) -> Id<'_> {
        self.previous_ids().next().unwrap_or_else(|| self.id())
    }

    /// All its identities: those it had, and the one it has.
    pub fn ids(&self) -> impl Iterator<Item = Id<'_>> {
        self.previous_ids().chain([self.id()])
    }

    /// Whether it has this name, or had it.
    pub fn was_called(&self, name: &str) -> bool {
        self.previous.iter().any(|before| &*before.name == name) || self.name() == name
    }

    /// Remembers the identity that it has now, before it changes.
    pub fn remember_id(&mut self) {
        let id = self.id();
        let before = Previous {
            name: id.name.into(),
            namespace: id.effective_namespace().into(),
            kind: id.gvk.kind.into(),
        };
        self.previous.push(before);
    }

    /// Makes room for annotations where Kustomize has some of its own, which it takes away at the end: patches that add
    /// to them rely on it.
    pub fn make_room_for_notes(&mut self) {
        if self.generated || !self.previous.is_empty() {
            self.metadata().get_or_insert("annotations", Value::map);
        }
    }

    /// Takes over what is remembered of another, which this one replaces.
    pub fn take_memory(&mut self, other: &Object) {
        self.previous.clone_from(&other.previous);
        self.prefixes.clone_from(&other.prefixes);
        self.suffixes.clone_from(&other.suffixes);
        self.variables.clone_from(&other.variables);
    }

    /// Sets `metadata.name`.
    pub fn set_name(&mut self, name: &str) {
        if self.name() != name {
            self.metadata().insert("name", Value::string(name));
        }
    }

    /// Sets `metadata.namespace`; an empty one takes it away.
    pub fn set_namespace(&mut self, namespace: &str) {
        if namespace.is_empty() {
            self.metadata().remove("namespace");
        } else {
            self.metadata().insert("namespace", Value::string(namespace));
        }
    }

    /// Sets `kind`.
    pub fn set_kind(&mut self, kind: &str) {
        if let Some(map) = self.value.as_map_mut() {
            map.insert("kind", Value::string(kind));
        }
    }

    /// The metadata, made if there are none.
    pub fn metadata(&mut self) -> &mut Map {
        self.value.make_map().get_or_insert("metadata", Value::map).make_map()
    }

    /// A label or annotation of its own, as text: `section` is `labels` or `annotations`.
    pub fn note(&self, section: &str, key: &str) -> Option<&str> {
        self.value.at_path(&["metadata", section, key]).and_then(Value::as_text)
    }

    /// Labels or annotations, as texts.
    pub fn notes(&self, section: &str) -> Vec<(&str, &str)> {
        let map = self.value.at_path(&["metadata", section]).and_then(Value::as_map);
        let texts = map.into_iter().flat_map(Map::iter);
        texts.map(|(key, value)| (&*key.text, value.as_text().unwrap_or_default())).collect()
    }

    /// Sets an annotation.
    pub fn annotate(&mut self, key: &str, text: &str) {
        let annotations = self.metadata().get_or_insert("annotations", Value::map).make_map();
        annotations.insert(key, Value::string(text));
    }

    /// Takes an annotation away.
    pub fn drop_annotation(&mut self, key: &str) {
        if let Some(annotations) =
            self.metadata().get_mut("annotations").and_then(Value::as_map_mut)
        {
            annotations.remove(key);
        }
    }

    /// Leaves it as it is printed: annotations are texts, and none are left where there are none.
    pub fn finish(&mut self) {
        let Some(metadata) = self.value.get_mut("metadata").and_then(Value::as_map_mut) else {
            return;
        };
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_map_mut) {
            annotations.retain(|key, _| !NOTES.contains(&&*key.text));
        }
        match metadata.get_mut("annotations").map(|value| &mut value.content) {
            Some(Content::Map(annotations)) if !annotations.is_empty() => {
                for (_, value) in annotations.iter_mut() {
                    *value = Value::string(value.as_text().unwrap_or_default()).at(value.place);
                }
            }
            Some(_) => {
                metadata.remove("annotations");
            }
            None => {}
        }
    }
}
