//! Knows YAML values that can be changed: what objects and patches are made of. Each knows where it was written.
//!
//! A scalar's meaning is settled when it is made, as go-yaml would settle it on reading the text again.

mod read;
pub mod shared;
mod size;

use std::collections::HashMap;
use std::sync::Arc;

pub use read::{read, read_config};
pub use size::{Budget, MAX_DEPTH, Size};

use super::problem::Place;
use super::yaml;

/// A value and where it was written.
#[derive(Debug, Clone)]
pub struct Value {
    /// What it is.
    pub content: Content,
    /// Where it was written; values that take over another's content keep that one's place.
    pub place: Place,
}

/// What a value is.
#[derive(Debug, Clone)]
pub enum Content {
    /// A text, a number, a null, …
    Scalar(Scalar),
    /// A list.
    List(Vec<Value>),
    /// Keys and values, in the order written.
    Map(Map),
}

/// A scalar: its text, and what the text means. Two are equal if both are; quotes do not count.
#[derive(Debug, Clone)]
pub struct Scalar {
    /// The text, without quotes.
    pub text: Arc<str>,
    /// What it means.
    pub kind: ScalarKind,
    /// Whether it was written in quotes, or as a block: see [`Value::replace`].
    pub quoted: bool,
    /// Whether it was written as a folded block (`>`), or is a null for which nothing stands in brackets: both are
    /// printed with a twist.
    pub folded: bool,
    /// Whether Kustomize made it without a tag: what it means then follows its text, until a merge passes over it.
    pub untagged: bool,
    /// Which of the nodes it is that stand in several places of an object; 0 for none, see [`shared`].
    pub node: u32,
}

/// What the text of a scalar means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScalarKind {
    /// The text itself.
    String,
    /// Nothing.
    Null,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// Any other number.
    Float,
    /// A date, or a date with a time.
    Timestamp,
    /// Bytes in base64, by the tag `!!binary`.
    Binary,
}

/// A key of a [`Map`].
#[derive(Debug, Clone)]
pub struct Key {
    /// Its text.
    pub text: Arc<str>,
    /// What it means; objects have keys that are strings.
    pub kind: ScalarKind,
    /// Where it was written.
    pub place: Place,
}

/// Keys and values, in the order written. No key stands twice.
#[derive(Debug, Clone, Default)]
pub struct Map {
    entries: Vec<(Key, Value)>,
}

impl Scalar {
    /// A text that is a string whatever it looks like: it is in quotes if it has to be.
    pub fn string(text: impl Into<Arc<str>>) -> Self {
        let plain = Self::plain(text);
        let quoted = plain.kind != ScalarKind::String;
        Self { kind: ScalarKind::String, quoted, untagged: false, ..plain }
    }

    /// A text that means what it means without quotes, and has no tag that says so.
    pub fn plain(text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let kind = match yaml::resolve(&text, true, None) {
            yaml::Scalar::Null => ScalarKind::Null,
            yaml::Scalar::Bool(_) => ScalarKind::Bool,
            yaml::Scalar::Int(_) => ScalarKind::Int,
            yaml::Scalar::Float(_) => ScalarKind::Float,
            yaml::Scalar::Timestamp => ScalarKind::Timestamp,
            yaml::Scalar::Merge | yaml::Scalar::String => ScalarKind::String,
        };
        Self { text, kind, quoted: false, folded: false, untagged: true, node: 0 }
    }

    /// A text that means what it means without quotes, as its tag says.
    pub fn tagged(text: impl Into<Arc<str>>) -> Self {
        Self { untagged: false, ..Self::plain(text) }
    }

    /// A null.
    pub fn null() -> Self {
        Self { kind: ScalarKind::Null, untagged: false, ..Self::plain("null") }
    }

    /// What it becomes as Kustomize sets it as a field again, with quotes that it has to have to stay a text
    /// (`FieldSetter` in kyaml).
    fn settle(&mut self) {
        if self.untagged && !self.quoted && !self.text.is_empty() && self.kind != ScalarKind::String
        {
            self.kind = ScalarKind::String;
            self.quoted = true;
        }
    }
}

impl PartialEq for Scalar {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.kind == other.kind
    }
}

impl Eq for Scalar {}

impl From<Scalar> for Value {
    fn from(scalar: Scalar) -> Self {
        Self { content: Content::Scalar(scalar), place: Place::NOWHERE }
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self { content: Content::Map(map), place: Place::NOWHERE }
    }
}

impl From<Vec<Value>> for Value {
    fn from(list: Vec<Value>) -> Self {
        Self { content: Content::List(list), place: Place::NOWHERE }
    }
}

impl Value {
    /// A string, whatever it looks like.
    pub fn string(text: impl Into<Arc<str>>) -> Self {
        Scalar::string(text).into()
    }

    /// An empty text that no quotes are about, to be set.
    pub fn blank() -> Self {
        Scalar { quoted: false, ..Scalar::string("") }.into()
    }

    /// What the text means without quotes.
    pub fn plain(text: impl Into<Arc<str>>) -> Self {
        Scalar::plain(text).into()
    }

    /// A null.
    pub fn null() -> Self {
        Scalar::null().into()
    }

    /// An empty map.
    pub fn map() -> Self {
        Map::default().into()
    }

    /// An empty list.
    pub fn list() -> Self {
        Vec::new().into()
    }

    /// The same, written at `place`.
    #[must_use]
    pub fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }

    /// The scalar, if it is one.
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match &self.content {
            Content::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The text of any scalar, whatever it means.
    pub fn as_text(&self) -> Option<&str> {
        self.as_scalar().map(|scalar| &*scalar.text)
    }

    /// The map, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match &self.content {
            Content::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The map to be changed, if it is one.
    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        match &mut self.content {
            Content::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The map; anything else becomes an empty one.
    pub fn make_map(&mut self) -> &mut Map {
        if !matches!(self.content, Content::Map(_)) {
            self.content = Content::Map(Map::default());
        }
        match &mut self.content {
            Content::Map(map) => map,
            _ => unreachable!("it was made a map"),
        }
    }

    /// The list, if it is one.
    pub fn as_list(&self) -> Option<&[Value]> {
        match &self.content {
            Content::List(list) => Some(list),
            _ => None,
        }
    }

    /// The list to be changed, if it is one.
    pub fn as_list_mut(&mut self) -> Option<&mut Vec<Value>> {
        match &mut self.content {
            Content::List(list) => Some(list),
            _ => None,
        }
    }

    /// Whether it is a null.
    pub fn is_null(&self) -> bool {
        self.as_scalar().is_some_and(|scalar| scalar.kind == ScalarKind::Null)
    }

    /// Whether it is a null, an empty list, an empty map or an empty text.
    pub fn is_empty(&self) -> bool {
        match &self.content {
            Content::Scalar(scalar) => scalar.kind == ScalarKind::Null || scalar.text.is_empty(),
            Content::List(list) => list.is_empty(),
            Content::Map(map) => map.is_empty(),
        }
    }

    /// The value at `key`, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map()?.get(key)
    }

    /// The value at `key` to be changed, if this is a map that has it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.as_map_mut()?.get_mut(key)
    }

    /// The value at the end of a path of keys.
    pub fn at_path(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(self, |value, key| value.get(key))
    }

    /// Whether both mean the same: keys in any order, places aside.
    pub fn means(&self, other: &Self) -> bool {
        match (&self.content, &other.content) {
            (Content::Scalar(one), Content::Scalar(other)) => one == other,
            (Content::List(one), Content::List(other)) => {
                one.len() == other.len() && one.iter().zip(other).all(|(a, b)| a.means(b))
            }
            (Content::Map(one), Content::Map(other)) => {
                let by_key = other.by_key();
                let same = |(key, value): &(Key, Value)| {
                    by_key.get(&*key.text).is_some_and(|at| value.means(&other.entries[*at].1))
                };
                one.len() == other.len() && one.entries.iter().all(same)
            }
            _ => false,
        }
    }

    /// Settles what a scalar without a tag means, as a merge does that passes over it.
    pub fn settle(&mut self) {
        if let Content::Scalar(scalar) = &mut self.content {
            scalar.settle();
        }
    }

    /// Puts another value in this one's place as Kustomize sets fields (`FieldSetter` in kyaml): the quotes
    /// that this one was written in stay, and make a string of whatever stands between them.
    pub fn replace(&mut self, mut other: Self) {
        if let Content::Scalar(new) = &mut other.content {
            let was_null = self.is_null();
            (new.quoted, new.folded, new.node) = self
                .as_scalar()
                .map_or((false, false, 0), |old| (old.quoted, old.folded && !was_null, old.node));
            if new.quoted && new.kind != ScalarKind::Binary {
                new.kind = ScalarKind::String;
            }
        }
        *self = other;
    }

    /// Moves all places in it down by some lines.
    pub fn move_down(&mut self, lines: u32) {
        self.place.line += lines;
        match &mut self.content {
            Content::Scalar(_) => {}
            Content::List(list) => list.iter_mut().for_each(|value| value.move_down(lines)),
            Content::Map(map) => {
                for (key, value) in &mut map.entries {
                    key.place.line += lines;
                    value.move_down(lines);
                }
            }
        }
    }

    /// Says of all that is in it that it was written at one place.
    pub fn move_to(&mut self, place: Place) {
        self.place = place;
        match &mut self.content {
            Content::Scalar(_) => {}
            Content::List(list) => list.iter_mut().for_each(|value| value.move_to(place)),
            Content::Map(map) => {
                for (key, value) in &mut map.entries {
                    key.place = place;
                    value.move_to(place);
                }
            }
        }
    }

    /// What it is called in messages.
    pub fn kind_name(&self) -> &'static str {
        match &self.content {
            Content::Scalar(scalar) => match scalar.kind {
                ScalarKind::String | ScalarKind::Timestamp | ScalarKind::Binary => "a text",
                ScalarKind::Null => "nothing",
                ScalarKind::Bool => "a boolean",
                ScalarKind::Int | ScalarKind::Float => "a number",
            },
            Content::List(_) => "a list",
            Content::Map(_) => "a mapping",
        }
    }
}

impl Key {
    /// A key that means what it means without quotes, and that nobody wrote.
    pub fn plain(text: impl Into<Arc<str>>) -> Self {
        let Scalar { text, kind, .. } = Scalar::plain(text);
        Self { text, kind, place: Place::NOWHERE }
    }

    /// A key that is a string, and that nobody wrote.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self { text: text.into(), kind: ScalarKind::String, place: Place::NOWHERE }
    }
}

impl Map {
    /// The number of keys.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Keys and values, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Key, &Value)> {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// Keys, and values to be changed, in order.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&Key, &mut Value)> {
        self.entries.iter_mut().map(|(key, value)| (&*key, value))
    }

    /// Takes it apart, in order.
    pub fn into_entries(self) -> Vec<(Key, Value)> {
        self.entries
    }

    /// Makes one of entries; of the same key twice, the later value stands in the place of the former.
    pub fn from_entries(entries: impl IntoIterator<Item = (Key, Value)>) -> Self {
        let mut map = Self::default();
        let mut places: HashMap<Arc<str>, usize> = HashMap::new();
        for (key, value) in entries {
            match places.get(&key.text) {
                Some(at) => map.entries[*at].1 = value,
                None => {
                    places.insert(key.text.clone(), map.entries.len());
                    map.entries.push((key, value));
                }
            }
        }
        map
    }

    /// The place of each key, for many lookups.
    pub fn by_key(&self) -> HashMap<&str, usize> {
        self.entries.iter().enumerate().map(|(at, (key, _))| (&*key.text, at)).collect()
    }

    /// The value at a place that [`by_key`](Self::by_key) gave.
    pub fn entry_at(&self, at: usize) -> Option<&Value> {
        self.entries.get(at).map(|(_, value)| value)
    }

    /// The entry at a place that [`by_key`](Self::by_key) gave.
    pub fn entry_at_mut(&mut self, at: usize) -> Option<(&Key, &mut Value)> {
        self.entries.get_mut(at).map(|(key, value)| (&*key, value))
    }

    /// The value at `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries.iter().find(|(k, _)| &*k.text == key).map(|(_, value)| value)
    }

    /// The value at `key`, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.entries.iter_mut().find(|(k, _)| &*k.text == key).map(|(_, value)| value)
    }

    /// Whether there is such a key.
    pub fn contains(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// The key that was probably meant to be `key`, which is not there.
    pub fn misspelt(&self, key: &str) -> Option<&Key> {
        let mut keys = self.entries.iter().map(|(key, _)| key);
        keys.find(|other| {
            other.text.len().abs_diff(key.len()) <= 1
                && strsim::damerau_levenshtein(&other.text, key) == 1
        })
    }

    /// Puts a value at `key`: in the place of the one that is there, or at the end.
    pub fn insert(&mut self, key: &str, value: Value) {
        self.put(Key::new(key), value);
    }

    /// Puts a value at a key: in the place of the one that is there, or at the end.
    pub fn put(&mut self, key: Key, value: Value) {
        match self.get_mut(&key.text) {
            Some(old) => *old = value,
            None => self.entries.push((key, value)),
        }
    }

    /// Adds an entry whose key is known not to be there yet.
    pub fn push(&mut self, key: Key, value: Value) {
        self.entries.push((key, value));
    }

    /// The value at `key`, made by `make` if there is none.
    pub fn get_or_insert(&mut self, key: &str, make: impl FnOnce() -> Value) -> &mut Value {
        let at = self.entries.iter().position(|(k, _)| &*k.text == key).unwrap_or_else(|| {
            self.entries.push((Key::new(key), make()));
            self.entries.len() - 1
        });
        &mut self.entries[at].1
    }

    /// Takes the entry with `key` out.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let at = self.entries.iter().position(|(k, _)| &*k.text == key)?;
        Some(self.entries.remove(at).1)
    }

    /// Keeps only what `keep` says yes to.
    pub fn retain(&mut self, mut keep: impl FnMut(&Key, &Value) -> bool) {
        self.entries.retain(|(key, value)| keep(key, value));
    }
}
