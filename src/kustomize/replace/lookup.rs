//! Knows how one value is found by a path, as kyaml's `PathGetter` finds it.
//!
//! It knows nothing of lists of matches, and creates nothing.

use super::Steps;
use super::path::{condition, index, is_bracketed};
use crate::kustomize::problem::Problem;
use crate::kustomize::value::{Content, Map, Value};

/// The value at the end of a path; none if a field on the way is not there.
pub fn lookup<'v>(value: &'v Value, path: &[String]) -> Result<Option<&'v Value>, Problem> {
    Ok(find(value, path)?.map(|(_, value)| value))
}

/// The same with the way there.
pub fn find<'v>(value: &'v Value, path: &[String]) -> Result<Option<(Steps, &'v Value)>, Problem> {
    let mut at = value;
    let mut steps = Steps::new();
    for part in path.iter().map(|part| part.trim()).filter(|part| !part.is_empty()) {
        let Some((step, next)) = step(at, part)? else { return Ok(None) };
        steps.push(step);
        at = next;
    }
    Ok(Some((steps, at)))
}

fn step<'v>(value: &'v Value, part: &str) -> Result<Option<(usize, &'v Value)>, Problem> {
    let problem = |message: String| Problem::new(message, value.place);
    let item = |list: &'v [Value], at: usize| list.get(at).map(|item| (at, item));
    if let Some(index) = index(part) {
        let index = usize::try_from(index)
            .map_err(|_| problem(format!("{part} counts from the end; use - for the last")))?;
        return Ok(item(list(value, part)?, index));
    }
    match part {
        "-" => {
            let list = list(value, part)?;
            let last = list.len().checked_sub(1);
            let last = last.ok_or_else(|| problem("an empty list has no last item".to_owned()))?;
            Ok(item(list, last))
        }
        "*" => Err(problem("* stands for several fields; name one".to_owned())),
        _ if is_bracketed(part) => {
            let (field, text) = condition(part).map_err(problem)?;
            let is = |value: &Value| value.as_text().unwrap_or_default() == text;
            let matches = |item: &Value| match field {
                "" => is(item),
                field => item.get(field).is_some_and(is),
            };
            let list = list(value, part)?;
            Ok(list.iter().position(matches).and_then(|at| item(list, at)))
        }
        _ => Ok(map(value, part)?
            .and_then(|map| (0..).zip(map.iter()).find(|(_, (key, _))| &*key.text == part))
            .map(|(at, (_, value))| (at, value))),
    }
}

/// The list that `part` is to be looked up in; a null is an empty one.
pub(super) fn list<'v>(value: &'v Value, part: &str) -> Result<&'v [Value], Problem> {
    match &value.content {
        Content::List(list) => Ok(list),
        _ if value.is_null() => Ok(&[]),
        _ => Err(wrong(value, part, "a list")),
    }
}

/// The mapping that `part` is to be looked up in; none for a null.
pub(super) fn map<'v>(value: &'v Value, part: &str) -> Result<Option<&'v Map>, Problem> {
    match &value.content {
        Content::Map(map) => Ok(Some(map)),
        _ if value.is_null() => Ok(None),
        _ => Err(wrong(value, part, "a mapping")),
    }
}

fn wrong(value: &Value, part: &str, wanted: &str) -> Problem {
    let message =
        format!("{part} can only be looked up in {wanted}, and this is {}", value.kind_name());
    Problem::new(message, value.place)
}

/// The value at the end of some steps.
pub(super) fn at<'v>(value: &'v Value, steps: &[usize]) -> Option<&'v Value> {
    steps.iter().try_fold(value, |value, step| match &value.content {
        Content::Map(map) => map.iter().nth(*step).map(|(_, value)| value),
        Content::List(list) => list.get(*step),
        Content::Scalar(_) => None,
    })
}

/// The value at the end of some steps, to be changed.
pub(super) fn at_mut<'v>(value: &'v mut Value, steps: &[usize]) -> Option<&'v mut Value> {
    steps.iter().try_fold(value, |value, step| match &mut value.content {
        Content::Map(map) => map.entry_at_mut(*step).map(|(_, value)| value),
        Content::List(list) => list.get_mut(*step),
        Content::Scalar(_) => None,
    })
}
