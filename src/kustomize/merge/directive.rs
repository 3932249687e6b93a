//! Knows the directive `$patch`, which a patch gives for a mapping or a list (`smpdirective.go` in kyaml).
//!
//! It knows nothing of what the directives do. Kustomize has no others: `$setElementOrder`, `$retainKeys` and
//! `$deleteFromPrimitiveList` are fields like any other to it.

use crate::kustomize::problem::Problem;
use crate::kustomize::value::{Map, Value};

const KEY: &str = "$patch";

/// What a patch says is to be done with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Directive {
    Merge,
    Replace,
    Delete,
}

impl Directive {
    /// Takes the directive out of a mapping.
    pub(super) fn take_of_map(patch: &mut Map) -> Result<Self, Problem> {
        let Some(value) = patch.get(KEY) else { return Ok(Self::Merge) };
        let directive = Self::of(value)?;
        patch.remove(KEY);
        Ok(directive)
    }

    /// Takes the directive out of a list: it stands in an element of its own.
    pub(super) fn take_of_list(patch: &mut Vec<Value>) -> Result<Self, Problem> {
        let mut with = patch.iter().filter_map(|e| Some((e.as_map()?, e.get(KEY)?)));
        let Some((_, value)) = with.next().filter(|(element, _)| element.len() == 1) else {
            return Ok(Self::Merge);
        };
        let directive = Self::of(value)?;
        let text = value.as_text().unwrap_or_default().to_owned();
        patch.retain(|element| match element.as_map() {
            // Elements that say the same of themselves go as well, and so do empty ones.
            Some(map) => {
                !map.is_empty() && map.get(KEY).and_then(Value::as_text) != Some(text.as_str())
            }
            None => !element.is_null(),
        });
        Ok(directive)
    }

    fn of(value: &Value) -> Result<Self, Problem> {
        match value.as_text().unwrap_or_default() {
            "merge" => Ok(Self::Merge),
            "replace" => Ok(Self::Replace),
            "delete" => Ok(Self::Delete),
            other => {
                let message =
                    format!("$patch can be merge, replace or delete, but here it is {other:?}");
                Err(Problem::new(message, value.place))
            }
        }
    }
}
