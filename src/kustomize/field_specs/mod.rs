//! Knows which fields of objects a rule is about, and how to walk to them, through lists, making what is missing.
//!
//! A path has `/` between its parts; `\/` is a slash within one, and a part that ends in `[]` has to be a list.

pub mod builtin;
mod config;

pub use config::{Config, Referrers};

use super::fields::{Fields, Reading};
use super::id::GvkPattern;
use super::object::Object;
use super::problem::{Place, Problem};
use super::value::{Content, Key, Map, Scalar, Value};
use super::yaml::MAX_DEPTH;

/// The most parts of a path: what is read may nest this deep.
pub(super) const MAX_PARTS: usize = MAX_DEPTH as usize;

/// Where a rule applies: which objects, and which of their fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldSpec {
    /// Which objects.
    pub gvk: GvkPattern,
    /// The path as written.
    pub path: String,
    /// Whether the field is made where it is missing.
    pub create: bool,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    name: String,
    /// Whether it was written with `[]`.
    list: bool,
}

/// What a field becomes that is made, or that is there as a null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Make {
    /// Nothing is made.
    Nothing,
    /// A text.
    Text,
    /// A map.
    Map,
}

impl FieldSpec {
    /// A field of the objects that `gvk` selects.
    pub fn new(gvk: GvkPattern, path: impl Into<String>, create: bool) -> Self {
        let path = path.into();
        let part = |part: String| match part.strip_suffix("[]") {
            Some(name) => Part { name: name.to_owned(), list: true },
            None => Part { name: part, list: false },
        };
        let parts = split(&path, '/').into_iter().map(part).collect();
        Self { gvk, path, create, parts }
    }

    /// Of a field spec in a configuration.
    pub fn read(value: &Value, reading: Reading) -> Result<Self, Problem> {
        let known = ["group", "version", "kind", "path", "create"];
        let fields = Fields::of(value, "a field spec", &known, reading)?;
        let gvk = pattern(&fields)?;
        Ok(Self::new(gvk, fields.text("path")?, fields.truth("create")?))
    }

    /// Whether the rule is for this object.
    pub fn selects(&self, object: &Object) -> bool {
        let kind = &self.gvk.kind;
        (kind.is_empty() || kind == object.kind()) && object.gvk().is_selected_by(&self.gvk)
    }

    /// Looks at each field at the path.
    pub fn look(&self, value: &Value, look: &mut dyn FnMut(&Value)) {
        look_at(value, &self.parts, look);
    }

    /// Whether this says nothing that `known` does not say already.
    fn is_covered_by(&self, known: &Self) -> bool {
        let known_gvk = super::id::Gvk {
            group: &known.gvk.group,
            version: &known.gvk.version,
            kind: &known.gvk.kind,
        };
        known.path == self.path && known_gvk.is_selected_by(&self.gvk)
    }

    /// Does `set` with each field at the path.
    pub fn visit(
        &self,
        value: &mut Value,
        make: Make,
        set: &mut dyn FnMut(&mut Value) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let make = if self.create { make } else { Make::Nothing };
        if self.parts.len() > MAX_PARTS {
            let message =
                format!("a path of {} parts leads deeper than any value", self.parts.len());
            return Err(Problem::new(message, Place::NOWHERE));
        }
        let Some((first, rest)) = self.parts.split_first() else {
            return set(value);
        };
        // Most objects lack most fields: the first step is looked at without ceremony.
        if make == Make::Nothing && value.as_map().is_some_and(|map| !map.contains(&first.name)) {
            return Ok(());
        }
        visit(value, first, rest, make, set).map_err(|problem| Problem {
            message: format!("at {}: {}", self.path, problem.message),
            ..problem
        })
    }
}

/// Looks at what stands at the end of a path.
fn look_at(value: &Value, parts: &[Part], look: &mut dyn FnMut(&Value)) {
    let Some((first, rest)) = parts.split_first() else {
        return look(value);
    };
    match &value.content {
        Content::Scalar(_) => {}
        Content::List(list) => list.iter().for_each(|item| look_at(item, parts, look)),
        Content::Map(map) => {
            if let Some(value) = map.get(&first.name) {
                look_at(value, rest, look);
            }
        }
    }
}

/// What kinds something is for.
fn pattern(fields: &Fields<'_>) -> Result<GvkPattern, Problem> {
    let text = |name| fields.text(name);
    Ok(GvkPattern { group: text("group")?, version: text("version")?, kind: text("kind")? })
}

/// Adds rules to others; one that is there already has to agree on whether fields are made.
pub fn merge(known: &mut Vec<FieldSpec>, more: &[FieldSpec]) -> Result<(), Problem> {
    for spec in more {
        match known.iter().find(|known| spec.is_covered_by(known)) {
            None => known.push(spec.clone()),
            Some(known) if known.create == spec.create => {}
            Some(_) => {
                let message = format!(
                    "field specs disagree on whether {} is created where it is missing",
                    spec.path
                );
                return Err(Problem::new(message, Place::NOWHERE));
            }
        }
    }
    Ok(())
}

/// Sets a text where one stands; one in quotes stays in quotes.
pub fn set_text(value: &mut Value, text: String) -> Result<(), Problem> {
    match value.content {
        Content::Scalar(_) => {
            value.replace(Value::plain(text).at(value.place));
            Ok(())
        }
        _ => {
            let message = format!("a text is wanted here, and this is {}", value.kind_name());
            Err(Problem::new(message, value.place))
        }
    }
}

/// Splits a path; a backslash keeps the separator that follows within its part.
pub fn split(path: &str, separator: char) -> Vec<String> {
    let path = path.strip_prefix(separator).filter(|rest| !rest.is_empty()).unwrap_or(path);
    let mut parts: Vec<String> = Vec::new();
    let mut joined = false;
    for part in path.split(separator) {
        match parts.last_mut() {
            Some(last) if joined => {
                last.pop();
                last.push(separator);
                last.push_str(part);
            }
            _ => parts.push(part.to_owned()),
        }
        joined = part.ends_with('\\');
    }
    parts
}

fn visit(
    value: &mut Value,
    first: &Part,
    rest: &[Part],
    make: Make,
    set: &mut dyn FnMut(&mut Value) -> Result<(), Problem>,
) -> Result<(), Problem> {
    if value.is_null() {
        return Ok(());
    }
    let place = value.place;
    let map = match &mut value.content {
        Content::List(list) => {
            return list.iter_mut().try_for_each(|item| visit(item, first, rest, make, set));
        }
        Content::Map(map) => map,
        Content::Scalar(_) => {
            let message = format!("{} has to be in a mapping or a list of them", first.name);
            return Err(Problem::new(message, place));
        }
    };
    if first.name.is_empty() {
        return Err(Problem::new("a part of the path is empty", place));
    }
    let new = match (make, rest) {
        (Make::Nothing, _) => None,
        _ if first.list => None,
        (Make::Text, []) => Some(Value::blank()),
        _ => Some(Value::map()),
    };
    if new.is_none() && !map.contains(&first.name) {
        return Ok(());
    }
    let null_becomes = match &new {
        Some(new) => Some(new.clone()),
        None if first.list => Some(Value::list()),
        None => None,
    };
    let field = map.get_or_insert(&first.name, || new.unwrap_or_else(Value::null));
    if let (true, Some(instead)) = (field.is_null(), null_becomes) {
        field.content = instead.content;
    }
    match rest.split_first() {
        None => set(field),
        Some((next, rest)) => visit(field, next, rest, make, set),
    }
}

/// The entry of a map that a rule sets: a string whatever it looks like. A new one is the shared `node`.
pub fn set_entry(value: &mut Value, key: &str, text: &str, node: u32) -> Result<(), Problem> {
    if value.is_null() {
        value.content = Content::Map(Map::default());
    }
    match &mut value.content {
        Content::Map(map) => {
            // Kustomize writes the key without quotes: one that means something else then is refused in the end.
            match map.get_mut(key) {
                Some(old) => old.replace(Value::string(text).at(old.place)),
                None => {
                    let new = Scalar { node, ..Scalar::string(text) };
                    map.push(Key::plain(key), new.into());
                }
            }
            Ok(())
        }
        _ => {
            let message =
                format!("{key} has to be in a mapping, and this is {}", value.kind_name());
            Err(Problem::new(message, value.place))
        }
    }
}
