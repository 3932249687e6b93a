//! Knows the scalars that stand in several places of an object at once, as one node of kyaml: a label that one rule put
//! into several fields is changed in all of them by whatever changes it in one.
//!
//! It knows nothing of what makes such scalars; their numbers are given by the object.

use std::collections::HashMap;

use super::{Content, Scalar, Value};

/// The shared scalars of an object by their numbers.
pub type Shared = HashMap<u32, Scalar>;

/// The shared scalars as they are.
pub fn collect(value: &Value) -> Shared {
    let mut shared = Shared::new();
    each(value, &mut |scalar| {
        shared.insert(scalar.node, scalar.clone());
    });
    shared
}

/// Brings a change of one place to all others.
pub fn spread(value: &mut Value, before: &Shared) {
    let mut changed = Shared::new();
    each(value, &mut |scalar| {
        if before.get(&scalar.node).is_some_and(|before| before != scalar) {
            changed.insert(scalar.node, scalar.clone());
        }
    });
    if !changed.is_empty() {
        each_mut(value, &mut |scalar| {
            if let Some(new) = changed.get(&scalar.node) {
                scalar.clone_from(new);
            }
        });
    }
}

/// Makes scalars of their own of all in it, as a copy of the nodes does.
pub fn part(value: &mut Value) {
    each_mut(value, &mut |scalar| scalar.node = 0);
}

fn each(value: &Value, with: &mut dyn FnMut(&Scalar)) {
    match &value.content {
        Content::Scalar(scalar) if scalar.node != 0 => with(scalar),
        Content::Scalar(_) => {}
        Content::List(list) => list.iter().for_each(|item| each(item, with)),
        Content::Map(map) => {
            // A merge goes through the fields by their names, and the last change of several stays.
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by(|(one, _), (other, _)| one.text.cmp(&other.text));
            entries.into_iter().for_each(|(_, value)| each(value, with));
        }
    }
}

fn each_mut(value: &mut Value, with: &mut dyn FnMut(&mut Scalar)) {
    match &mut value.content {
        Content::Scalar(scalar) if scalar.node != 0 => with(scalar),
        Content::Scalar(_) => {}
        Content::List(list) => list.iter_mut().for_each(|item| each_mut(item, with)),
        Content::Map(map) => map.iter_mut().for_each(|(_, value)| each_mut(value, with)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kustomize::fields::tests::value_of;

    #[test]
    fn a_change_in_one_place_is_a_change_in_all_until_they_part() {
        let mut value = value_of("{a: {x: one}, b: [{x: one}], c: one}");
        for path in [&["a", "x"][..], &["c"]] {
            let at = path.iter().try_fold(&mut value, |value, key| value.get_mut(key));
            if let Some(Content::Scalar(scalar)) = at.map(|value| &mut value.content) {
                scalar.node = 7;
            }
        }
        let before = collect(&value);
        value.get_mut("c").expect("a field").replace(Value::string("two"));
        spread(&mut value, &before);
        assert!(value.means(&value_of("{a: {x: two}, b: [{x: one}], c: two}")));
        part(&mut value);
        let before = collect(&value);
        value.get_mut("c").expect("a field").replace(Value::string("three"));
        spread(&mut value, &before);
        assert!(value.means(&value_of("{a: {x: two}, b: [{x: one}], c: three}")));
    }
}
