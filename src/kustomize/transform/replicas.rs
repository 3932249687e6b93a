//! Knows how workloads get a number of replicas.

use crate::kustomize::field_specs::{FieldSpec, Make};
use crate::kustomize::kustomization::Replicas;
use crate::kustomize::object::Object;
use crate::kustomize::problem::Problem;
use crate::kustomize::value::{Content, Value};

/// Sets the replicas of all that has or had the name.
pub fn set(
    objects: &mut [Object],
    replicas: &Replicas,
    fields: &[FieldSpec],
) -> Result<(), Problem> {
    let mut found = false;
    let mut named: Vec<&mut Object> =
        objects.iter_mut().filter(|object| object.was_called(&replicas.name)).collect();
    for field in fields {
        for object in &mut named {
            let fits = |id: crate::kustomize::id::Id<'_>| {
                id.name == replicas.name && id.gvk.is_selected_by(&field.gvk)
            };
            if !object.ids().any(fits) {
                continue;
            }
            found = true;
            if !field.selects(object) {
                continue;
            }
            field.visit(&mut object.value, Make::Text, &mut |value| match value.content {
                Content::Scalar(_) => {
                    value.content = Value::from(crate::kustomize::value::Scalar::tagged(
                        replicas.count.to_string(),
                    ))
                    .content;
                    value.place = replicas.place;
                    Ok(())
                }
                _ => Err(Problem::new("a number of replicas is wanted here", value.place)),
            })?;
        }
    }
    if found {
        return Ok(());
    }
    let message = format!("there is nothing named {} that has replicas", replicas.name);
    Err(Problem::new(message, replicas.place))
}
