//! A configuration whose every place fits the table of keys: values with their places.
//!
//! It holds what was found right, perhaps not all of the file.

use crate::domain::policy::shape::Map;

/// What fits the table, with its place.
#[derive(Debug)]
pub(in crate::domain::policy) struct Value<'a> {
    pub(in crate::domain::policy) place: Place,
    pub(in crate::domain::policy) content: Content<'a>,
}

/// A place in the file.
#[derive(Debug, Clone)]
pub(in crate::domain::policy) struct Place {
    pub(in crate::domain::policy) line: u32,
    pub(in crate::domain::policy) column: u32,
    pub(in crate::domain::policy) path: String,
}

#[derive(Debug)]
pub(in crate::domain::policy) enum Content<'a> {
    Text(&'a str),
    Bool(bool),
    Count(u64),
    Number(f64),
    List(Vec<Value<'a>>),
    Map(&'static Map, Vec<(&'a str, Value<'a>)>),
    Names(Vec<Named<'a>>),
}

/// An entry under a name that the writer chose.
#[derive(Debug)]
pub(in crate::domain::policy) struct Named<'a> {
    pub(in crate::domain::policy) name: &'a str,
    pub(in crate::domain::policy) place: Place,
    pub(in crate::domain::policy) value: Value<'a>,
}

impl<'a> Value<'a> {
    /// What stands behind a key of the table, if it is there and fits.
    pub(in crate::domain::policy) fn get(&self, key: &str) -> Option<&Self> {
        let Content::Map(map, entries) = &self.content else {
            return None;
        };
        debug_assert!(map.key(key).is_some(), "{} has no key {key}", map.one);
        let found = entries.iter().find(|(name, _)| *name == key)?;
        Some(&found.1)
    }

    pub(in crate::domain::policy) fn text(&self) -> Option<&'a str> {
        match self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a list.
    pub(in crate::domain::policy) fn items(&self) -> &[Self] {
        match &self.content {
            Content::List(items) => items,
            _ => &[],
        }
    }

    /// The entries of a map whose names the writer chose.
    pub(in crate::domain::policy) fn names(&self) -> &[Named<'a>] {
        match &self.content {
            Content::Names(entries) => entries,
            _ => &[],
        }
    }

    /// The items of the list behind `key`; none where it is absent.
    pub(in crate::domain::policy) fn list(&self, key: &str) -> &[Self] {
        self.get(key).map_or(&[], Self::items)
    }

    pub(in crate::domain::policy) fn is_true(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| matches!(value.content, Content::Bool(true)))
    }
}
