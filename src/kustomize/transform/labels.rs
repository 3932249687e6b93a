//! Knows how labels and annotations are put on objects.

use crate::kustomize::field_specs::{FieldSpec, Make, set_entry};
use crate::kustomize::object::Object;
use crate::kustomize::problem::Problem;
use crate::kustomize::value::Budget;

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
        for field in fields {
            if !field.selects(object) {
                continue;
            }
            field.visit(&mut object.value, Make::Map, &mut |map| {
                pairs.iter().try_for_each(|(key, text)| {
                    budget.entry(key, text)?;
                    set_entry(map, key, text)
                })
            })?;
        }
    }
    Ok(())
}
