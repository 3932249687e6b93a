//! Knows an object in the making: its value, and what has to be remembered of it until names are settled.
//!
//! It knows no transformation.

use std::sync::Arc;

use super::id::{Gvk, Id};
use super::problem::{Place, Problem};
use super::value::shared::{self, Shared};
use super::value::{Content, Key, Map, Scalar, Value};

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
    /// How many scalars of it were made that may stand in several places.
    nodes: u32,
}

/// Stands among the annotations for Kustomize's notes of what an object was before.
const MEMORY: &str = "internal.config.kubernetes.io/previousNames";

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
            nodes: 0,
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

    /// The scalars that stand in several places, as they are.
    pub fn shared(&self) -> Shared {
        if self.nodes == 0 { Shared::new() } else { shared::collect(&self.value) }
    }

    /// The first of `count` new numbers for scalars that stand in several places.
    pub fn new_nodes(&mut self, count: usize) -> u32 {
        let first = self.nodes.saturating_add(1);
        self.nodes = self.nodes.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
        first
    }

    /// Does what a merge patch does. Kustomize keeps what an object was before in its annotations: a patch that takes
    /// these away takes that away, too.
    pub fn merge(
        &mut self,
        change: impl FnOnce(&mut Value) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let before = self.shared();
        let remembers = self.make_room_for_notes();
        if remembers {
            let annotations = self.metadata().get_or_insert("annotations", Value::map);
            annotations.make_map().insert(MEMORY, Value::string(""));
        }
        change(&mut self.value)?;
        shared::spread(&mut self.value, &before);
        if !remembers || self.value.as_map().is_none() {
            return Ok(());
        }
        if self.note("annotations", MEMORY).is_some() {
            self.drop_annotation(MEMORY);
            return Ok(());
        }
        self.previous.clear();
        self.prefixes.clear();
        self.suffixes.clear();
        self.behavior = Behavior::Create;
        (self.generated, self.needs_hash) = (false, false);
        Ok(())
    }

    /// Does what operations do, after which Kustomize puts back what it keeps in the annotations.
    pub fn operate(
        &mut self,
        change: impl FnOnce(&mut Value) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        self.make_room_for_notes();
        change(&mut self.value)?;
        if self.value.as_map().is_some() {
            self.write_annotations_anew();
        }
        Ok(())
    }

    /// Makes room for annotations where Kustomize has some of its own, which it takes away at the end: patches that add
    /// to them rely on it. Says whether it has.
    fn make_room_for_notes(&mut self) -> bool {
        let remembers = self.generated || !self.previous.is_empty();
        if remembers {
            self.metadata().get_or_insert("annotations", Value::map);
        }
        remembers
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
        set(self.metadata(), "name", name);
    }

    /// Sets `metadata.namespace`; an empty one takes it away.
    pub fn set_namespace(&mut self, namespace: &str) {
        if namespace.is_empty() {
            self.metadata().remove("namespace");
        } else {
            set(self.metadata(), "namespace", namespace);
        }
    }

    /// Sets `kind`.
    pub fn set_kind(&mut self, kind: &str) {
        if let Some(map) = self.value.as_map_mut() {
            set(map, "kind", kind);
        }
    }

    /// Sets `apiVersion`.
    pub fn set_api_version(&mut self, version: &str) {
        if let Some(map) = self.value.as_map_mut() {
            set(map, "apiVersion", version);
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
        self.part_annotations();
    }

    /// Where Kustomize notes an origin, it writes all annotations anew.
    fn part_annotations(&mut self) {
        let metadata = self.value.get_mut("metadata");
        if let Some(annotations) = metadata.and_then(|metadata| metadata.get_mut("annotations")) {
            shared::part(annotations);
        }
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
        self.write_annotations_anew();
    }

    /// Writes annotations anew as Kustomize does: they are texts, and none are left where there are none.
    fn write_annotations_anew(&mut self) {
        let metadata = self.metadata();
        match metadata.get_mut("annotations").map(|value| &mut value.content) {
            Some(Content::Map(annotations)) if !annotations.is_empty() => texts_anew(annotations),
            Some(_) => {
                metadata.remove("annotations");
            }
            None => {}
        }
    }
}

/// Labels or annotations as Kustomize writes them anew: all are texts, and a key without quotes that means something
/// else then is refused in the end.
pub fn texts_anew(notes: &mut Map) {
    let entries = std::mem::take(notes).into_entries().into_iter();
    *notes = Map::from_entries(entries.map(|(key, value)| {
        let text = Value::string(value.as_text().unwrap_or_default()).at(value.place);
        (Key { place: key.place, ..Key::plain(key.text) }, text)
    }));
}

/// Sets a text as Kustomize does, without a tag: in the quotes of the old one, or in those that it needs if it is new.
fn set(map: &mut Map, key: &str, text: &str) {
    match map.get_mut(key) {
        Some(old) => old.replace(Value::plain(text).at(old.place)),
        None => map.insert(key, Scalar { untagged: true, ..Scalar::string(text) }.into()),
    }
}
