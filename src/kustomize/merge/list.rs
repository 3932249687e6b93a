//! Knows how lists merge whose elements have keys, or are scalars that are a set.
//!
//! Lists as people write them — each element with all keys, none twice — merge in one pass. For all others it
//! repeats what kyaml does step by step (`associative_sequence.go`), with all its surprises: what an element
//! without its key does to its neighbours is nothing that anybody would design.

mod stepwise;

use std::collections::HashMap;
use std::sync::Arc;

use super::{Fate, Merge, Text};
use crate::kustomize::problem::Problem;
use crate::kustomize::schema::Schema;
use crate::kustomize::value::{Content, Value};

/// A merge of lists.
pub(super) struct Lists<'m, 's> {
    pub(super) merge: &'m Merge<'s>,
    /// The keys of elements; none for scalars.
    pub(super) keys: &'m [Text],
    /// The type of elements.
    pub(super) elements: Option<Schema<'s>>,
}

/// Where elements are, by the values of their keys.
type Index = HashMap<Vec<Arc<str>>, usize>;

impl Lists<'_, '_> {
    /// Merges a list of a patch into one that is there.
    pub(super) fn merge(&self, list: &mut Vec<Value>, patch: Vec<Value>) -> Result<(), Problem> {
        let (Some(there), Some(named)) = (self.index(list), self.index(&patch)) else {
            return self.step_by_step(list, Some(patch));
        };
        let mut places: Vec<(Vec<Arc<str>>, usize)> = named.into_iter().collect();
        places.sort_unstable_by_key(|(_, at)| *at);
        let mut old: Vec<Option<Value>> = std::mem::take(list).into_iter().map(Some).collect();
        // Elements that the patch has come first, and those that it does not have keep their order. With
        // several keys the patch's elements stay where they were, and only new ones come first.
        let mut stay_in_place = Vec::new();
        for ((values, _), change) in places.into_iter().zip(patch) {
            match there.get(&values).and_then(|at| Some((*at, old.get_mut(*at)?.take()?))) {
                None => list.extend(self.merge.add(change, self.elements)?),
                Some((at, mut element)) => {
                    // An element that is to be replaced stays as it was: kyaml puts it back.
                    if matches!(self.merge.walk(&mut element, change, self.elements)?, Fate::Gone) {
                        continue;
                    }
                    match self.keys.len() {
                        0 | 1 => list.push(element),
                        _ => stay_in_place.push((at, element)),
                    }
                }
            }
        }
        for element in old.iter_mut().flatten() {
            self.merge.keep(element, self.elements)?;
        }
        for (at, element) in stay_in_place {
            if let Some(place) = old.get_mut(at) {
                *place = Some(element);
            }
        }
        list.extend(old.into_iter().flatten());
        Ok(())
    }

    /// Puts a list in order that the patch does not name.
    pub(super) fn keep(&self, list: &mut Vec<Value>) -> Result<(), Problem> {
        if self.index(list).is_none() {
            return self.step_by_step(list, None);
        }
        for element in list {
            self.merge.keep(element, self.elements)?;
        }
        Ok(())
    }

    /// Puts a list in order that only the patch has.
    pub(super) fn settle(&self, list: &mut Vec<Value>) -> Result<(), Problem> {
        if self.index(list).is_none() {
            return stepwise::Steps::settling(self, list).run(list);
        }
        let mut settled = Vec::with_capacity(list.len());
        for mut element in list.drain(..) {
            if self.merge.settle(&mut element, self.elements)? {
                settled.push(element);
            }
        }
        *list = settled;
        Ok(())
    }

    /// Merges lists of any kind; `patch` is missing where the patch does not name the list.
    pub(super) fn step_by_step(
        &self,
        list: &mut Vec<Value>,
        patch: Option<Vec<Value>>,
    ) -> Result<(), Problem> {
        stepwise::Steps::new(self, list, patch).run(list)
    }

    /// Where elements are; none if an element has not all keys, or two have the same.
    fn index(&self, list: &[Value]) -> Option<Index> {
        let mut index = HashMap::with_capacity(list.len());
        for (at, element) in list.iter().enumerate() {
            let values = match self.keys {
                [] => vec![key_text(element)?],
                keys => {
                    let values = keys.iter().map(|key| key_text(element.get(key)?));
                    values.collect::<Option<Vec<_>>>()?
                }
            };
            if index.insert(values, at).is_some() {
                return None;
            }
        }
        Some(index)
    }
}

/// The text of a scalar that can be a key.
fn key_text(value: &Value) -> Option<Arc<str>> {
    match &value.content {
        Content::Scalar(scalar) if !value.is_empty() => Some(scalar.text.clone()),
        _ => None,
    }
}
