//! Knows JSON patches (RFC 6902) as Kustomize 5.5 applies them: with `evanphx/json-patch` 4.12, by way of JSON.
//!
//! It knows nothing of which objects a patch is for.

mod apply;
mod pointer;
mod read;
mod through;

use super::load::Source;
use super::problem::{Place, Problem};
use super::value::{Budget, Value};
use pointer::Pointer;

/// Operations on an object, in order.
#[derive(Debug, Clone, Default)]
pub struct JsonPatch {
    operations: Vec<Operation>,
}

/// An operation as it was written. What it lacks shows only when it is applied.
#[derive(Debug, Clone)]
struct Operation {
    place: Place,
    /// The operation's name.
    op: Option<String>,
    path: Option<Pointer>,
    /// Where the path was written: what it names is put right there.
    path_place: Place,
    from: Option<Pointer>,
    /// A null is a value.
    value: Option<Value>,
}

impl JsonPatch {
    /// Reads a patch, which is YAML, or strict JSON if it starts with a bracket.
    ///
    /// What is no list of operations is a problem. A document without content is a patch without operations:
    /// so `jsonpatch.DecodePatch` says, and then `patches` in a kustomization refuses it as being both kinds.
    pub fn read(source: &Source) -> Result<Self, Problem> {
        let text = String::from_utf8_lossy(&source.bytes);
        let document =
            read::document(&text, source.file).map_err(|problem| source.shifted(problem))?;
        let Some(mut document) = document else { return Ok(Self::default()) };
        document.move_down(source.above());
        let Some(list) = document.as_list() else {
            let message = format!(
                "a JSON patch is a list of operations, but this is {}",
                document.kind_name()
            );
            return Err(Problem::new(message, document.place));
        };
        let operations = list.iter().map(Operation::of).collect::<Result<_, _>>()?;
        Ok(Self { operations })
    }

    /// Whether it has no operations.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// Changes an object. If there is a problem, the object is left as it was then.
    pub fn apply(&self, target: &mut Value, budget: &Budget) -> Result<(), Problem> {
        through::to_json(target)?;
        for operation in &self.operations {
            let done = operation.apply(target, budget);
            done.map_err(|problem| problem.or_at(operation.place))?;
        }
        if target.as_map().is_none() {
            let message = format!("the JSON patch leaves {} of the object", target.kind_name());
            return Err(Problem::new(message, target.place));
        }
        through::from_json(target);
        Ok(())
    }
}

impl Operation {
    fn of(value: &Value) -> Result<Self, Problem> {
        if value.as_map().is_none() && !value.is_null() {
            let message =
                format!("an operation of a JSON patch is a mapping, not {}", value.kind_name());
            return Err(Problem::new(message, value.place));
        }
        let text = |field| value.get(field).and_then(read::string);
        Ok(Self {
            place: value.place,
            op: text("op").map(ToOwned::to_owned),
            path_place: value.get("path").map_or(value.place, |path| path.place),
            path: text("path").map(Pointer::parse),
            from: text("from").map(Pointer::parse),
            value: value.get("value").cloned(),
        })
    }
}

#[cfg(test)]
mod tests;
