//! Knows what makes a document an object, and how lists of objects are taken apart.
//!
//! It does not know what the objects are for: resources, patches and configurations of plugins are all read so.

use std::collections::VecDeque;

use super::load::{Folder, Source};
use super::object::Object;
use super::problem::{Place, Problem};
use super::value::{Content, Value};

/// The objects of a file.
pub fn read(folder: &Folder<'_, '_>, source: &Source) -> Result<Vec<Object>, Problem> {
    let mut values = folder.values(source)?;
    values.retain(|value| !value.is_null());
    if let [only] = values.as_mut_slice()
        && matches!(kind(only), "List" | "ResourceList")
        && let Some(items) = only.as_map_mut().and_then(|map| map.remove("items"))
    {
        values = match items.content {
            Content::List(items) => items,
            _ => Vec::new(),
        };
    }
    let mut left: VecDeque<Value> = VecDeque::new();
    for value in values {
        left.extend(checked(value)?);
    }
    let mut objects = Vec::new();
    while let Some(mut value) = left.pop_front() {
        let items = match kind(&value).ends_with("List") {
            true => value.as_map_mut().and_then(|map| map.remove("items")),
            false => None,
        };
        match items.map(|items| (items.place, items.content)) {
            None => objects.push(Object::new(value)),
            Some((_, Content::List(items))) => {
                for item in items {
                    left.extend(checked(item)?);
                }
            }
            Some((_, Content::Scalar(scalar))) if scalar.kind == super::value::ScalarKind::Null => {
            }
            Some((place, _)) => {
                let message = format!("the items of a {} are a list", kind(&value));
                return Err(Problem::new(message, place));
            }
        }
    }
    Ok(objects)
}

/// The value, if there is one, with a kind and a name.
fn checked(value: Value) -> Result<Option<Value>, Problem> {
    if value.is_empty() {
        return Ok(None);
    }
    check(&value)?;
    Ok(Some(value))
}

/// Fails unless the value has a kind and a name; lists need none.
pub fn check(value: &Value) -> Result<(), Problem> {
    if value.as_map().is_none() {
        let message = format!("an object is a mapping, and this is {}", value.kind_name());
        return Err(Problem::new(message, value.place));
    }
    let kind = kind(value);
    if kind.is_empty() {
        let place = instead_of("kind", value).unwrap_or(value.place);
        return Err(Problem::new("this object has no kind", place));
    }
    let name = value.at_path(&["metadata", "name"]).filter(|name| !name.is_null());
    if !kind.ends_with("List") && name.and_then(Value::as_text).is_none_or(str::is_empty) {
        let place = match value.get("metadata") {
            Some(metadata) => instead_of("name", metadata).unwrap_or(metadata.place),
            None => instead_of("metadata", value).unwrap_or(value.place),
        };
        return Err(Problem::new(format!("this {kind} has no metadata.name"), place));
    }
    Ok(())
}

/// Where a key stands that was probably meant to be this one.
fn instead_of(key: &str, value: &Value) -> Option<Place> {
    let place = value.as_map()?.misspelt(key)?.place;
    Some(place).filter(|place| place.is_known())
}

fn kind(value: &Value) -> &str {
    value.get("kind").and_then(Value::as_text).unwrap_or_default()
}
