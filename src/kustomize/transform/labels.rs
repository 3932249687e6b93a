//! Knows how labels and annotations are put on objects.

use crate::kustomize::field_specs::{FieldSpec, Make, set_entry};
use crate::kustomize::object::Object;
use crate::kustomize::problem::Problem;
use crate::kustomize::value::Budget;
use crate::kustomize::value::shared::{self, Shared};

/// Puts pairs into the maps that the fields are.
pub fn put(
    objects: &mut [Object],
    pairs: &[(String, String)],
    fields: &[FieldSpec],
    budget: &Budget,
) -> Result<(), Problem> {
    if pairs.is_empty() {
        return Ok(());
    }
    for object in objects {
        // Only what stands in several places already takes a change with it.
        let before = if is_shared(object, pairs, fields) { object.shared() } else { Shared::new() };
        let first = object.new_nodes(pairs.len());
        for field in fields {
            if !field.selects(object) {
                continue;
            }
            field.visit(&mut object.value, Make::Map, &mut |map| {
                let mut pairs = pairs.iter().zip(first..);
                pairs.try_for_each(|((key, text), node)| {
                    budget.entry(key, text)?;
                    // The key is looked for among all that are there.
                    budget.steps(map.as_map().map_or(0, crate::kustomize::value::Map::len))?;
                    set_entry(map, key, text, node)
                })
            })?;
        }
        if !before.is_empty() {
            shared::spread(&mut object.value, &before);
        }
    }
    Ok(())
}

/// Whether any of the entries that will be set is there, as one of several places of the same scalar.
fn is_shared(object: &Object, pairs: &[(String, String)], fields: &[FieldSpec]) -> bool {
    let mut found = false;
    for field in fields.iter().filter(|field| field.selects(object)) {
        field.look(&object.value, &mut |map| {
            let old = pairs.iter().filter_map(|(key, _)| map.get(key)?.as_scalar());
            found |= old.into_iter().any(|scalar| scalar.node != 0);
        });
    }
    found
}
