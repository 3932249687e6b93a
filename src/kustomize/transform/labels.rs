//! Knows how labels and annotations are put on objects.

use crate::kustomize::field_specs::{FieldSpec, Make, set_entry};
use crate::kustomize::object::Object;
use crate::kustomize::problem::Problem;
use crate::kustomize::value::{Budget, shared};

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
        let before = object.shared();
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
        shared::spread(&mut object.value, &before);
    }
    Ok(())
}
