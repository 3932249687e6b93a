//! Knows where variables take their values from, and writes these out in the fields that may hold variables.

use crate::kustomize::field_specs::{FieldSpec, Make};
use crate::kustomize::object::Object;
use crate::kustomize::problem::Problem;
use crate::kustomize::value::Budget;
use crate::kustomize::vars::{Values, Var, expand, value_of};

/// Remembers of the object that a variable is about that it is: its name may change later.
pub fn claim(objects: &mut [Object], var: &Var) -> Result<(), Problem> {
    let mut named = objects.iter_mut().filter(|object| var.is_of(object));
    match (named.next(), named.next()) {
        (Some(object), None) => object.variables.push(var.name.clone()),
        (None, _) => {}
        (Some(_), Some(_)) => {
            let message = format!("the var {} may be about any of several objects", var.name);
            return Err(Problem::new(message, var.place));
        }
    }
    Ok(())
}

/// Writes out all variables.
pub fn resolve(
    objects: &mut [Object],
    vars: &[Var],
    fields: &[FieldSpec],
    budget: &Budget,
) -> Result<(), Problem> {
    if vars.is_empty() {
        return Ok(());
    }
    let mut values = Values::default();
    for var in vars {
        let problem = |message: String| Problem::new(message, var.place);
        let about = objects.iter().find(|object| object.variables.contains(&var.name));
        let about = about.ok_or_else(|| problem(format!("the var {} is about nothing here", var.name)))?;
        let value = value_of(about, &var.field_path)?.ok_or_else(|| {
            problem(format!("{} has no {}, which the var {} wants", about.id(), var.field_path, var.name))
        })?;
        values.insert(var, value)?;
    }
    for object in objects {
        for field in fields {
            if field.selects(object) {
                field.visit(&mut object.value, Make::Nothing, &mut |value| {
                    expand(value, &mut values, budget)
                })?;
            }
        }
    }
    Ok(())
}
