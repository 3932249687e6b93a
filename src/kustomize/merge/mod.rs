//! Knows how a strategic merge patch changes an object, as Kustomize 5.5 does it (`merge2` and `walk` in kyaml).
//!
//! It knows nothing of which object a patch is for, nor that name and kind stay as they were.
//!
//! All of an object is walked, not only what the patch names: nulls written as nothing go, and lists that
//! merge are put in order wherever they are.

mod directive;
mod list;

use std::collections::HashMap;
use std::sync::Arc;

use super::id::Gvk;
use super::problem::Problem;
use super::schema::{Schema, Schemas};
use super::value::{Budget, Content, Key, Map, ScalarKind, Value};
use directive::Directive;
use list::Lists;

/// What a patch leaves of its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merged {
    /// An object.
    Kept,
    /// Nothing: the patch deletes it.
    Deleted,
}

/// What a patch leaves of a value that was there.
enum Fate {
    /// The value, changed in place.
    Kept,
    /// Nothing.
    Gone,
    /// What the patch says instead; the value is as it was.
    Replaced(Value),
}

/// A merge under way.
struct Merge<'s> {
    schemas: &'s Schemas,
    budget: &'s Budget,
}

/// Merges a patch into its target.
///
/// `$patch: replace` at the top of a patch does nothing, as in Kustomize: what replaces the object is lost.
pub fn merge(
    target: &mut Value,
    patch: &Value,
    schemas: &Schemas,
    budget: &Budget,
) -> Result<Merged, Problem> {
    budget.copies(patch, 1)?;
    let merge = Merge { schemas, budget };
    match merge.walk(target, patch.clone(), None)? {
        Fate::Kept | Fate::Replaced(_) => Ok(Merged::Kept),
        Fate::Gone => Ok(Merged::Deleted),
    }
}

impl<'s> Merge<'s> {
    /// What there is of a value that the patch names.
    fn walk(
        &self,
        value: &mut Value,
        mut patch: Value,
        schema: Option<Schema<'s>>,
    ) -> Result<Fate, Problem> {
        if value.is_null() {
            return Ok(self.add(patch, schema)?.map_or(Fate::Gone, Fate::Replaced));
        }
        if patch.is_null() {
            return Ok(Fate::Gone);
        }
        let schema = schema.or_else(|| self.inferred(value)).or_else(|| self.inferred(&patch));
        let mismatch = mismatch(value, &patch);
        match (&mut value.content, &mut patch.content) {
            (Content::Scalar(_), Content::Scalar(_)) => Ok(Fate::Replaced(patch)),
            (Content::Map(map), Content::Map(changes)) => match Directive::take_of_map(changes)? {
                Directive::Delete => Ok(Fate::Gone),
                Directive::Replace => {
                    self.settle_map(changes, schema)?;
                    Ok(Fate::Replaced(patch))
                }
                Directive::Merge => {
                    self.merge_maps(map, std::mem::take(changes), schema)?;
                    Ok(Fate::Kept)
                }
            },
            (Content::List(list), Content::List(changes)) => {
                let Some(keys) = schema.and_then(Schema::merge_keys) else {
                    return Ok(Fate::Replaced(patch));
                };
                match Directive::take_of_list(changes)? {
                    Directive::Delete => return Ok(Fate::Gone),
                    Directive::Replace => {
                        self.lists(schema, keys).settle(changes)?;
                        return Ok(Fate::Replaced(patch));
                    }
                    Directive::Merge => {}
                }
                self.lists(schema, keys).merge(list, std::mem::take(changes))?;
                Ok(Fate::Kept)
            }
            _ => Err(mismatch),
        }
    }

    /// Whether a value stays that the patch does not name.
    fn keep(&self, value: &mut Value, schema: Option<Schema<'s>>) -> Result<bool, Problem> {
        let schema = schema.or_else(|| self.inferred(value));
        match &mut value.content {
            Content::Scalar(scalar) => {
                return Ok(scalar.kind != ScalarKind::Null || !scalar.text.is_empty());
            }
            Content::Map(map) => {
                retain(map, |key, value| self.keep(value, field(schema, &key.text)))?;
            }
            Content::List(list) => {
                if let Some(keys) = schema.and_then(Schema::merge_keys) {
                    self.lists(schema, keys).keep(list)?;
                }
            }
        }
        Ok(true)
    }

    /// What there is of a value that only the patch has.
    ///
    /// Directives at its top that are unknown, and those of lists, are left standing.
    fn add(&self, mut patch: Value, schema: Option<Schema<'s>>) -> Result<Option<Value>, Problem> {
        let schema = schema.or_else(|| self.inferred(&patch));
        match &mut patch.content {
            Content::Scalar(_) => return Ok((!patch.is_null()).then_some(patch)),
            Content::Map(map) => {
                if matches!(Directive::take_of_map(map), Ok(Directive::Delete)) {
                    return Ok(None);
                }
                self.settle_map(map, schema)?;
            }
            Content::List(list) => {
                if let Some(keys) = schema.and_then(Schema::merge_keys) {
                    self.lists(schema, keys).settle(list)?;
                }
            }
        }
        Ok(Some(patch))
    }

    /// Whether a value within one that only the patch has stays.
    fn settle(&self, value: &mut Value, schema: Option<Schema<'s>>) -> Result<bool, Problem> {
        let schema = schema.or_else(|| self.inferred(value));
        match &mut value.content {
            Content::Scalar(_) => return Ok(!value.is_null()),
            Content::Map(map) => {
                if Directive::take_of_map(map)? == Directive::Delete {
                    return Ok(false);
                }
                self.settle_map(map, schema)?;
            }
            Content::List(list) => {
                if let Some(keys) = schema.and_then(Schema::merge_keys) {
                    if Directive::take_of_list(list)? == Directive::Delete {
                        return Ok(false);
                    }
                    self.lists(schema, keys).settle(list)?;
                }
            }
        }
        Ok(true)
    }

    fn settle_map(&self, map: &mut Map, schema: Option<Schema<'s>>) -> Result<(), Problem> {
        retain(map, |key, value| self.settle(value, field(schema, &key.text)))
    }

    fn merge_maps(
        &self,
        map: &mut Map,
        changes: Map,
        schema: Option<Schema<'s>>,
    ) -> Result<(), Problem> {
        let changes = changes.into_entries().into_iter();
        let mut changes: HashMap<Arc<str>, (Key, Value)> =
            changes.map(|(key, change)| (key.text.clone(), (key, change))).collect();
        retain(map, |key, value| {
            let schema = field(schema, &key.text);
            let Some((_, change)) = changes.remove(&key.text) else {
                return self.keep(value, schema);
            };
            Ok(match self.walk(value, change, schema)? {
                Fate::Kept => true,
                Fate::Gone => false,
                Fate::Replaced(other) => {
                    value.replace(other);
                    true
                }
            })
        })?;
        let mut new: Vec<(Key, Value)> = changes.into_values().collect();
        new.sort_unstable_by(|(one, _), (other, _)| one.text.cmp(&other.text));
        for (key, change) in new {
            if let Some(value) = self.add(change, field(schema, &key.text))? {
                map.push(key, value);
            }
        }
        Ok(())
    }

    fn lists<'m>(&'m self, schema: Option<Schema<'s>>, keys: &'m [Text]) -> Lists<'m, 's> {
        Lists { merge: self, keys, elements: schema.and_then(Schema::elements) }
    }

    /// The type of an object within another of which no type is known.
    fn inferred(&self, value: &Value) -> Option<Schema<'s>> {
        let text = |field| value.get(field).filter(|v| !v.is_empty()).and_then(Value::as_text);
        self.schemas.of(Gvk::new(text("apiVersion")?, text("kind")?))
    }
}

/// The name of a field, in a schema.
type Text = std::borrow::Cow<'static, str>;

fn field<'s>(schema: Option<Schema<'s>>, name: &str) -> Option<Schema<'s>> {
    schema.and_then(|schema| schema.field(name))
}

/// Keeps the entries that stay.
fn retain(
    map: &mut Map,
    mut stays: impl FnMut(&Key, &mut Value) -> Result<bool, Problem>,
) -> Result<(), Problem> {
    let mut verdicts = Vec::with_capacity(map.len());
    for (key, value) in map.iter_mut() {
        if key.text.is_empty() {
            let message = "Kustomize cannot merge a mapping that has an empty key";
            return Err(Problem::new(message, key.place));
        }
        verdicts.push(stays(key, value)?);
        value.settle();
    }
    if verdicts.contains(&false) {
        let mut verdicts = verdicts.into_iter();
        map.retain(|_, _| verdicts.next().unwrap_or(true));
    }
    Ok(())
}

fn mismatch(value: &Value, patch: &Value) -> Problem {
    let message = format!(
        "the patch has {} here where the object that it changes has {}; write the same kind of value",
        patch.kind_name(),
        value.kind_name()
    );
    Problem::new(message, patch.place)
}

#[cfg(test)]
mod tests;
