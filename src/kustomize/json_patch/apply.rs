//! Knows what each operation of a JSON patch does, with the liberties that `evanphx/json-patch` 4.12 takes.
//!
//! To replace, copy or test what an object lacks is no problem there: it is a null.

use super::pointer::{Pointer, index};
use super::{Operation, Problem};
use crate::kustomize::problem::Place;
use crate::kustomize::value::{Budget, Content, Key, MAX_DEPTH, Map, ScalarKind, Value};

/// How many entries of a container cost as much as one value: walking past them is cheaper than copying.
const ENTRIES_PER_VALUE: usize = 64;

/// What holds the value that a path names, and its key or index there.
struct Spot<'v, 'p> {
    container: &'v mut Content,
    key: &'p str,
    depth: usize,
}

impl Operation {
    /// Applies it to a value that went through JSON.
    pub(super) fn apply(&self, whole: &mut Value, budget: &Budget) -> Result<(), Problem> {
        match self.op.as_deref() {
            Some("add") => self.put(whole, self.path()?, self.value(budget)?, budget),
            Some("remove") => take(whole, self.path()?, budget).map(drop),
            Some("replace") => self.replace(whole, budget),
            Some("move") => {
                let value = take(whole, self.from()?, budget)?;
                self.put(whole, self.path()?, value, budget)
            }
            Some("copy") => {
                let value = find(whole, self.from()?, budget)?.get()?.cloned();
                let value = value.unwrap_or_else(Value::null);
                budget.copies(&value, 1)?;
                self.put(whole, self.path()?, value, budget)
            }
            Some("test") => self.test(whole, budget),
            Some(other) => Err(problem(format!(
                "{other:?} is no operation of a JSON patch: those are add, remove, replace, move, copy, test"
            ))),
            None => Err(problem("an operation of a JSON patch needs a text in `op`")),
        }
    }

    fn path(&self) -> Result<&Pointer, Problem> {
        self.path
            .as_ref()
            .ok_or_else(|| problem("an operation of a JSON patch needs a text in `path`"))
    }

    fn from(&self) -> Result<&Pointer, Problem> {
        self.from.as_ref().ok_or_else(|| problem("to move and to copy needs a text in `from`"))
    }

    /// A copy of the value; none is a null.
    fn value(&self, budget: &Budget) -> Result<Value, Problem> {
        let Some(value) = &self.value else { return Ok(Value::null()) };
        budget.copies(value, 1)?;
        Ok(value.clone())
    }

    fn put(
        &self,
        whole: &mut Value,
        path: &Pointer,
        value: Value,
        budget: &Budget,
    ) -> Result<(), Problem> {
        let spot = find(whole, path, budget)?;
        spot.check_depth(&value)?;
        match spot.container {
            Content::Map(map) => put(map, spot.key, self.path_place, value),
            Content::List(list) if spot.key == "-" => list.push(value),
            Content::List(list) => {
                let at = index(spot.key, list.len() + 1);
                list.insert(at.ok_or_else(|| no_such_place(path, list.len()))?, value);
            }
            Content::Scalar(_) => return Err(missing(path)),
        }
        Ok(())
    }

    fn replace(&self, whole: &mut Value, budget: &Budget) -> Result<(), Problem> {
        let path = self.path()?;
        if path.is_whole() {
            let Some(value) = &self.value else {
                return Err(problem("to replace the whole object needs a `value`"));
            };
            // Anything but a container is passed over in silence.
            if value.as_scalar().is_none() {
                *whole = self.value(budget)?;
            }
            return Ok(());
        }
        let value = self.value(budget)?;
        let spot = find(whole, path, budget)?;
        spot.check_depth(&value)?;
        match spot.container {
            Content::Map(map) => put(map, spot.key, self.path_place, value),
            Content::List(list) => {
                let count = list.len();
                let old = index(spot.key, count).and_then(|at| list.get_mut(at));
                *old.ok_or_else(|| no_such_place(path, count))? = value;
            }
            Content::Scalar(_) => return Err(missing(path)),
        }
        Ok(())
    }

    fn test(&self, whole: &mut Value, budget: &Budget) -> Result<(), Problem> {
        let path = self.path()?;
        let Some(wanted) = &self.value else {
            return Err(problem("to test something needs a `value`"));
        };
        let is_secret = whole.get("kind").and_then(Value::as_text) == Some("Secret");
        let found =
            if path.is_whole() { Some(&*whole) } else { find(whole, path, budget)?.get()? };
        let passed = match found {
            Some(found) => found.is_null() && wanted.is_null() || equal(found, wanted),
            None => wanted.is_null(),
        };
        if passed {
            return Ok(());
        }
        let there = match found.map(|found| (found.as_text(), found)) {
            None => "nothing".to_owned(),
            Some((Some(text), _)) if !is_secret => format!("{text:?}"),
            Some((_, found)) => format!("another value ({})", found.kind_name()),
        };
        Err(problem(format!("the test of {path} failed: there is {there}")))
    }
}

impl<'v> Spot<'v, '_> {
    /// The value there; a mapping may lack it, a list may not.
    fn get(self) -> Result<Option<&'v Value>, Problem> {
        match self.container {
            Content::Map(map) => Ok(map.get(self.key)),
            Content::List(list) => {
                let count = list.len();
                let found = index(self.key, count).and_then(|at| list.get(at));
                found.map(Some).ok_or_else(|| {
                    problem(format!("{:?} is no place in a list of {count}", self.key))
                })
            }
            Content::Scalar(_) => Ok(None),
        }
    }

    fn check_depth(&self, value: &Value) -> Result<(), Problem> {
        match self.depth + value.size().depth > MAX_DEPTH {
            true => Err(problem(format!("this would be nested deeper than {MAX_DEPTH} levels"))),
            false => Ok(()),
        }
    }
}

/// What holds the value at a path, which has to be there.
fn find<'v, 'p>(
    whole: &'v mut Value,
    path: &'p Pointer,
    budget: &Budget,
) -> Result<Spot<'v, 'p>, Problem> {
    let (way, key) = path.parts.as_ref().ok_or_else(|| {
        problem(format!(
            "the path {:?} names no field: paths look like /spec/replicas",
            path.to_string()
        ))
    })?;
    let mut value = whole;
    for part in way {
        budget.values(entries(value) / ENTRIES_PER_VALUE)?;
        let next = match &mut value.content {
            Content::Map(map) => map.get_mut(part),
            Content::List(list) => index(part, list.len()).and_then(|at| list.get_mut(at)),
            Content::Scalar(_) => None,
        };
        value = next.ok_or_else(|| missing(path))?;
    }
    budget.values(entries(value) / ENTRIES_PER_VALUE)?;
    if value.as_scalar().is_some() {
        return Err(missing(path));
    }
    Ok(Spot { container: &mut value.content, key, depth: way.len() + 1 })
}

fn entries(value: &Value) -> usize {
    match &value.content {
        Content::Scalar(_) => 0,
        Content::List(list) => list.len(),
        Content::Map(map) => map.len(),
    }
}

fn take(whole: &mut Value, path: &Pointer, budget: &Budget) -> Result<Value, Problem> {
    let spot = find(whole, path, budget)?;
    match spot.container {
        Content::Map(map) => map.remove(spot.key).ok_or_else(|| missing(path)),
        Content::List(list) => match index(spot.key, list.len()) {
            Some(at) => Ok(list.remove(at)),
            None => Err(no_such_place(path, list.len())),
        },
        Content::Scalar(_) => Err(missing(path)),
    }
}

fn put(map: &mut Map, key: &str, place: Place, value: Value) {
    map.put(Key { place, ..Key::new(key) }, value);
}

/// Whether both are the same to `lazyNode.equal`: scalars by their texts in JSON, lists with nulls never.
fn equal(one: &Value, other: &Value) -> bool {
    match (&one.content, &other.content) {
        (Content::Scalar(one), Content::Scalar(other)) => {
            let is_text = |kind| kind == ScalarKind::String;
            one.text == other.text && is_text(one.kind) == is_text(other.kind)
        }
        (Content::List(one), Content::List(other)) => {
            let mut pairs = one.iter().zip(other);
            one.len() == other.len()
                && pairs.all(|(one, other)| !one.is_null() && !other.is_null() && equal(one, other))
        }
        (Content::Map(one), Content::Map(other)) => {
            let places = other.by_key();
            let others: Vec<&Value> = other.iter().map(|(_, value)| value).collect();
            let mut entries = one.iter();
            one.len() == other.len()
                && entries.all(|(key, value)| {
                    places
                        .get(&*key.text)
                        .and_then(|at| others.get(*at))
                        .is_some_and(|other| equal(value, other))
                })
        }
        _ => false,
    }
}

fn problem(message: impl Into<String>) -> Problem {
    Problem::new(message, Place::NOWHERE)
}

fn missing(path: &Pointer) -> Problem {
    problem(format!("the object has nothing at {path}, or nothing that leads there"))
}

fn no_such_place(path: &Pointer, count: usize) -> Problem {
    problem(format!("{path} is no place in a list of {count}; - is the one after the last"))
}
