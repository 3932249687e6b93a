//! Knows how kyaml merges lists that are irregular: with elements that lack keys, or that have the same.
//!
//! It repeats what `associative_sequence.go` and `ElementSetter` in kyaml do, one step after the other, for
//! results are what comes of those steps. An element may stand in several lists at once, so elements lie in
//! slots, and lists are numbers of slots.

use std::collections::HashSet;
use std::sync::Arc;

use super::super::directive::Directive;
use super::super::{Fate, Text};
use super::Lists;
use crate::kustomize::problem::Problem;
use crate::kustomize::value::{Content, Value};

/// Lists up to this length cost no more than walking them.
const SMALL: usize = 64;
/// The values of an element's keys; empty where it has none.
type Values = Vec<Arc<str>>;

/// A merge of lists, step by step.
pub(super) struct Steps<'l, 'm, 's> {
    lists: &'l Lists<'m, 's>,
    slots: Vec<Value>,
    /// The list that is there.
    there: Vec<usize>,
    named: Named,
}

/// The list of the patch.
enum Named {
    No,
    Yes(Vec<usize>),
    /// It is the list that is there.
    Same,
}

impl<'l, 'm, 's> Steps<'l, 'm, 's> {
    /// Of a list that is there and one of the patch, if it has one.
    pub(super) fn new(
        lists: &'l Lists<'m, 's>,
        list: &mut Vec<Value>,
        patch: Option<Vec<Value>>,
    ) -> Self {
        let mut slots = std::mem::take(list);
        let there: Vec<usize> = (0..slots.len()).collect();
        let named = patch.map_or(Named::No, |patch| {
            let start = slots.len();
            slots.extend(patch);
            Named::Yes((start..slots.len()).collect())
        });
        Self { lists, slots, there, named }
    }

    /// Of a list that only the patch has.
    pub(super) fn settling(lists: &'l Lists<'m, 's>, list: &mut Vec<Value>) -> Self {
        Self { named: Named::Same, ..Self::new(lists, list, None) }
    }

    /// Leaves the result in `list`.
    pub(super) fn run(mut self, list: &mut Vec<Value>) -> Result<(), Problem> {
        let count = self.slots.len();
        if count > SMALL {
            self.lists.merge.budget.values(count.saturating_mul(count) / 4)?;
        }
        let scalar = [Text::Borrowed("")];
        let keys = if self.lists.keys.is_empty() { &scalar[..] } else { self.lists.keys };
        let mut all = self.values(keys);
        if keys.len() > 1 {
            unite(&mut all);
        }
        let valid: Vec<bool> =
            (0..keys.len()).map(|at| all.iter().any(|values| !is_empty(values, at))).collect();
        let keys = chosen(keys, &valid);
        let mut merged = Vec::new();
        for values in &all {
            let values = chosen(values, &valid);
            match self.element(&keys, &values)? {
                Some(at) => self.set(Target::Merged(&mut merged), &keys, &values, Some(at))?,
                None => self.set(Target::There, &keys, &values, None)?,
            }
        }
        for at in self.there.clone() {
            self.append(&mut merged, &keys, at)?;
        }
        self.take(&merged, list)
    }

    /// The values of the keys of all elements, each once, the patch's first.
    fn values(&self, keys: &[Text]) -> Vec<Values> {
        let named: &[usize] = match &self.named {
            Named::Yes(named) => named,
            Named::No | Named::Same => &[],
        };
        let mut seen = HashSet::new();
        let elements = named.iter().chain(&self.there).filter_map(|at| self.slots.get(*at));
        let values = elements.map(|element| {
            let value = |key: &Text| match &**key {
                "" => Some(raw_text(element)),
                key => element.get(key).filter(|value| !value.is_empty()).map(raw_text),
            };
            keys.iter().map(|key| value(key).unwrap_or_default().into()).collect::<Values>()
        });
        values.filter(|values| seen.insert(values.clone())).collect()
    }

    /// What is left of the elements with these values, if anything.
    fn element(&mut self, keys: &[Text], values: &[Arc<str>]) -> Result<Option<usize>, Problem> {
        let given: Vec<bool> = (0..keys.len()).map(|at| !is_empty(values, at)).collect();
        let (keys, values) = (chosen(keys, &given), chosen(values, &given));
        let there = self.find(&self.there, &keys, &values);
        let named = match &self.named {
            Named::Yes(named) => self.find(named, &keys, &values),
            Named::No | Named::Same => None,
        };
        let Lists { merge, elements, .. } = *self.lists;
        let left = match (there, named) {
            (Some(there), Some(named)) => {
                let patch = self.copy(named)?;
                match self.slots.get_mut(there).map(|it| merge.walk(it, patch, elements)) {
                    Some(fate) => match fate? {
                        Fate::Kept => Some(there),
                        Fate::Gone => None,
                        Fate::Replaced(value) => {
                            self.slots.push(value);
                            Some(self.slots.len() - 1)
                        }
                    },
                    None => None,
                }
            }
            (Some(there), None) => match self.slots.get_mut(there) {
                Some(it) if matches!(self.named, Named::Same) => merge.settle(it, elements)?,
                Some(it) => merge.keep(it, elements)?,
                None => false,
            }
            .then_some(there),
            (None, Some(named)) => {
                let patch = self.copy(named)?;
                match (merge.add(patch, elements)?, self.slots.get_mut(named)) {
                    (Some(added), Some(slot)) => {
                        *slot = added;
                        Some(named)
                    }
                    _ => None,
                }
            }
            (None, None) => None,
        };
        Ok(left.filter(|at| self.slots.get(*at).is_some_and(|it| !is_void(it))))
    }

    /// An element of the patch, which from now on is without directive.
    fn copy(&mut self, at: usize) -> Result<Value, Problem> {
        let Some(element) = self.slots.get_mut(at) else { return Ok(Value::null()) };
        self.lists.merge.budget.copies(element, 1)?;
        let copy = element.clone();
        if let Some(map) = element.as_map_mut() {
            // One that is unknown stays, and is a problem where the copy is merged.
            let _ = Directive::take_of_map(map);
        }
        Ok(copy)
    }

    /// The first element with these values.
    fn find(&self, list: &[usize], keys: &[Text], values: &[Arc<str>]) -> Option<usize> {
        list.iter().copied().find(|at| {
            let Some(element) = self.slots.get(*at) else { return false };
            let mut wanted = keys.iter().zip(values);
            match keys.first().map(|key| &**key) {
                Some("") => wanted.all(|(_, value)| raw_text(element) == &**value),
                _ => wanted.all(|(key, value)| {
                    element.get(key).is_some_and(|field| raw_text(field) == &**value)
                }),
            }
        })
    }

    /// Puts an element of the list that is there where its like is in the merged one, or at its end.
    fn append(&self, merged: &mut Vec<usize>, keys: &[Text], at: usize) -> Result<(), Problem> {
        let Some(element) = self.slots.get(at) else { return Ok(()) };
        let mut values = Values::new();
        if keys.first().is_some_and(|key| key.is_empty()) {
            values.push(raw_text(element).into());
        } else {
            if element.as_map().is_none() && !element.is_null() {
                return Err(not_a("a mapping", element));
            }
            for key in keys {
                match element.get(key) {
                    Some(value) => values.push(raw_text(value).into()),
                    None => merged.push(at),
                }
            }
        }
        if keys.len() > 1 {
            self.set_in(merged, keys, &values, None)?;
        }
        self.set_in(merged, keys, &values, Some(at))
    }

    fn set(
        &mut self,
        target: Target<'_>,
        keys: &[Text],
        values: &[Arc<str>],
        element: Option<usize>,
    ) -> Result<(), Problem> {
        match target {
            Target::Merged(list) => self.set_in(list, keys, values, element),
            Target::There => {
                let mut there = std::mem::take(&mut self.there);
                let done = self.set_in(&mut there, keys, values, element);
                self.there = there;
                done
            }
        }
    }

    /// Puts an element in the place of all that have the values, or at the end; or takes those away.
    ///
    /// Empty elements go on the way; without any values, all go. An empty value is like any other.
    fn set_in(
        &self,
        list: &mut Vec<usize>,
        keys: &[Text],
        values: &[Arc<str>],
        element: Option<usize>,
    ) -> Result<(), Problem> {
        let of_maps = [keys.first().map(|k| &**k), values.first().map(|v| &**v)]
            .iter()
            .all(|first| first.is_some_and(|first| !first.is_empty()));
        let mut found = false;
        let mut out = Vec::with_capacity(list.len() + 1);
        for at in list.iter().copied() {
            let Some(other) = self.slots.get(at).filter(|other| !is_void(other)) else { continue };
            if of_maps && other.as_map().is_none() {
                out.push(at);
            } else if has(other, keys, values)? {
                found = true;
                out.extend(element);
            } else if !values.is_empty() {
                out.push(at);
            }
        }
        if let Some(at) = element
            && !found
            && self.slots.get(at).is_some_and(|element| !element.is_null())
        {
            out.push(at);
        }
        *list = out;
        Ok(())
    }

    /// Takes the elements out of their slots.
    fn take(mut self, merged: &[usize], list: &mut Vec<Value>) -> Result<(), Problem> {
        let mut uses = vec![0_usize; self.slots.len()];
        for at in merged {
            uses[*at] += 1;
        }
        for at in merged {
            uses[*at] -= 1;
            let Some(slot) = self.slots.get_mut(*at) else { continue };
            if uses[*at] == 0 {
                list.push(std::mem::replace(slot, Value::null()));
            } else {
                self.lists.merge.budget.copies(slot, 1)?;
                list.push(slot.clone());
            }
        }
        Ok(())
    }
}

/// The list that an element is put in.
enum Target<'a> {
    There,
    Merged(&'a mut Vec<usize>),
}

/// Values that only differ in that one has none where the other has one become the same.
fn unite(all: &mut [Values]) {
    for i in 0..all.len() {
        let Some(one) = all.get(i).cloned() else { return };
        for j in 0..all.len() {
            let Some(same) = all.get(j).and_then(|other| united(&one, other)) else { continue };
            for at in [i, j] {
                if let Some(values) = all.get_mut(at) {
                    values.clone_from(&same);
                }
            }
        }
    }
}

fn united(one: &[Arc<str>], other: &[Arc<str>]) -> Option<Values> {
    let pairs = || one.iter().zip(other);
    let fits = |(a, b): (&Arc<str>, &Arc<str>)| a == b || a.is_empty() || b.is_empty();
    (pairs().any(|(a, b)| a == b) && pairs().all(fits))
        .then(|| pairs().map(|(a, b)| if a.is_empty() { b } else { a }.clone()).collect())
}

/// Those that are chosen; all, if none is.
fn chosen<T: Clone>(all: &[T], chosen: &[bool]) -> Vec<T> {
    if !chosen.contains(&true) {
        return all.to_vec();
    }
    all.iter().zip(chosen).filter(|(_, chosen)| **chosen).map(|(it, _)| it.clone()).collect()
}

/// Whether an element has the values; with fewer values than keys, the last one counts for the rest.
fn has(element: &Value, keys: &[Text], values: &[Arc<str>]) -> Result<bool, Problem> {
    if values.is_empty() {
        return Ok(false);
    }
    for (key, value) in keys.iter().zip(values) {
        let has = match &element.content {
            Content::Scalar(scalar) if key.is_empty() => scalar.text == *value,
            Content::Map(map) if !key.is_empty() => {
                map.get(key).is_some_and(|field| value.is_empty() || raw_text(field) == &**value)
            }
            _ if key.is_empty() => return Err(not_a("a scalar", element)),
            _ => return Err(not_a("a mapping", element)),
        };
        if !has {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether there is nothing in an element: kyaml drops those.
fn is_void(element: &Value) -> bool {
    element.is_null() || element.as_map().is_some_and(|map| map.is_empty())
}

fn is_empty(values: &[Arc<str>], at: usize) -> bool {
    values.get(at).is_none_or(|value| value.is_empty())
}

/// The text of a scalar, even of a null; lists and mappings have none.
fn raw_text(value: &Value) -> &str {
    value.as_text().unwrap_or_default()
}

fn not_a(wanted: &str, element: &Value) -> Problem {
    let message = format!(
        "elements of a list that is merged have to be alike, but this is {}, not {wanted}",
        element.kind_name()
    );
    Problem::new(message, element.place)
}
