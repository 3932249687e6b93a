//! Knows how all values are found, or made, that a path matches, as kyaml's `PathMatcher` finds them.
//!
//! It knows nothing of what is then done to them.

use std::collections::HashMap;

use regex::Regex;

use super::Steps;
use super::lookup::{list, map};
use super::path::{condition, index, is_bracketed, next_is_list};
use crate::kustomize::problem::{Place, Problem};
use crate::kustomize::select::compile_pattern;
use crate::kustomize::value::{Budget, Content, Key, Map, Scalar, Value};

/// The most parts of a path; values are not nested deeper.
const MAX_PARTS: usize = 400;

/// A value that a path matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// It is there.
    At {
        /// The way to it.
        steps: Steps,
        /// Whether it is a scalar that was made just now.
        created: bool,
    },
    /// It was made inside of a null, where Kustomize loses it.
    Lost,
}

/// What walks along paths. It keeps the patterns that it has seen.
pub(super) struct Walk<'a> {
    budget: &'a Budget,
    patterns: HashMap<String, Result<Regex, String>>,
}

/// Where a walk is.
struct Here<'p, 'v> {
    rest: &'p [String],
    steps: &'p mut Steps,
    /// The value for which fields are made that are not there.
    create: Option<&'v Value>,
    /// Whether what it is at was made just now.
    created: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new(budget: &'a Budget) -> Self {
        Self { budget, patterns: HashMap::new() }
    }

    /// All that a path matches, in order.
    pub(super) fn find(
        &mut self,
        value: &mut Value,
        path: &[String],
        create: Option<&Value>,
    ) -> Result<Vec<Found>, Problem> {
        if path.len() > MAX_PARTS {
            let message = format!("a path can have {MAX_PARTS} parts at most");
            return Err(Problem::new(message, Place::NOWHERE));
        }
        let mut found = Vec::new();
        let here = Here { rest: path, steps: &mut Steps::new(), create, created: false };
        self.walk(value, here, &mut found)?;
        Ok(found)
    }

    fn walk(
        &mut self,
        value: &mut Value,
        here: Here<'_, '_>,
        out: &mut Vec<Found>,
    ) -> Result<(), Problem> {
        let Some((part, rest)) = here.rest.split_first() else {
            self.budget.values(1)?;
            let created = here.created && value.as_scalar().is_some();
            out.push(Found::At { steps: here.steps.clone(), created });
            return Ok(());
        };
        if value.is_null() && here.create.is_some() && !here.created && part != "*" {
            return self.walk_lost(part, &here, out);
        }
        let here = Here { rest, ..here };
        match index(part).map(usize::try_from) {
            Some(Ok(at)) => self.walk_item(value, part, at, &here, out),
            _ if is_bracketed(part) => self.walk_matching(value, part, &here, out),
            _ if part == "*" => {
                let count = list(value, part)?.len();
                (0..count).try_for_each(|at| self.step(value, at, &here, false, out))
            }
            _ => self.walk_field(value, part, &here, out),
        }
    }

    /// In a null there is an empty list or mapping to begin with, which Kustomize then does not write.
    fn walk_lost(
        &mut self,
        part: &String,
        here: &Here<'_, '_>,
        out: &mut Vec<Found>,
    ) -> Result<(), Problem> {
        let mut lost = made(Some(part), here.create);
        let mut found = Vec::new();
        let steps = &mut Steps::new();
        self.walk(&mut lost, Here { steps, created: true, ..*here }, &mut found)?;
        out.extend(found.iter().map(|_| Found::Lost));
        Ok(())
    }

    /// Goes on to the entry or item at a place.
    fn step(
        &mut self,
        value: &mut Value,
        at: usize,
        here: &Here<'_, '_>,
        created: bool,
        out: &mut Vec<Found>,
    ) -> Result<(), Problem> {
        let next = match &mut value.content {
            Content::Map(map) => map.entry_at_mut(at).map(|(_, value)| value),
            Content::List(list) => list.get_mut(at),
            Content::Scalar(_) => None,
        };
        let Some(next) = next else { return Ok(()) };
        let mut steps = here.steps.clone();
        steps.push(at);
        let inner = Here { rest: here.rest, steps: &mut steps, create: here.create, created };
        self.walk(next, inner, out)
    }

    fn walk_field(
        &mut self,
        value: &mut Value,
        part: &str,
        here: &Here<'_, '_>,
        out: &mut Vec<Found>,
    ) -> Result<(), Problem> {
        if part.is_empty() {
            return Err(Problem::new(
                "it has an empty part: two dots, or one at an end",
                value.place,
            ));
        }
        let position = |map: &Map| map.iter().position(|(key, _)| &*key.text == part);
        let Some(map) = map(value, part)? else { return Ok(()) };
        let (at, created) = match (position(map), here.create) {
            (Some(at), _) => (at, false),
            (None, None) => return Ok(()),
            (None, create) => {
                let at = map.len();
                self.budget.values(2)?;
                value.make_map().push(Key::new(part), made(here.rest.first(), create));
                (at, true)
            }
        };
        self.step(value, at, here, created, out)
    }

    fn walk_item(
        &mut self,
        value: &mut Value,
        part: &str,
        at: usize,
        here: &Here<'_, '_>,
        out: &mut Vec<Found>,
    ) -> Result<(), Problem> {
        let count = list(value, part)?.len();
        let create = here.create.is_some() && at == count;
        if create {
            self.append(value, made(here.rest.first(), here.create))?;
        } else if at >= count {
            let message = format!("there is no item {at}, for there are {count}");
            return Err(Problem::new(message, value.place));
        }
        self.step(value, at, here, create, out)
    }

    fn walk_matching(
        &mut self,
        value: &mut Value,
        part: &str,
        here: &Here<'_, '_>,
        out: &mut Vec<Found>,
    ) -> Result<(), Problem> {
        let place = value.place;
        let (field, pattern) = condition(part).map_err(|message| Problem::new(message, place))?;
        let count = list(value, part)?.len();
        let before = out.len();
        for at in 0..count {
            self.step_if(value, at, (field, pattern), here, out)?;
        }
        if here.create.is_none() || out.len() > before {
            return Ok(());
        }
        let text = Value::plain(pattern);
        let item = match field {
            "" => text,
            field => Map::from_entries([(Key::new(field), text)]).into(),
        };
        self.append(value, item)?;
        self.step_if(value, count, (field, pattern), here, out)?;
        if out.len() == before {
            // Kustomize would go on making items for ever.
            let message = format!("{part} does not match what it would make");
            return Err(Problem::new(message, place));
        }
        Ok(())
    }

    /// Goes on to an item if it matches `[field=pattern]`; where the item itself is matched, the path ends there.
    fn step_if(
        &mut self,
        value: &mut Value,
        at: usize,
        (field, pattern): (&str, &str),
        here: &Here<'_, '_>,
        out: &mut Vec<Found>,
    ) -> Result<(), Problem> {
        let place = value.place;
        let Some(item) = value.as_list().and_then(|list| list.get(at)) else { return Ok(()) };
        let regex = self
            .pattern(pattern)
            .map_err(|error| Problem::new(format!("{pattern:?} is no pattern: {error}"), place))?;
        let text = match field {
            "" => written(item),
            field => item.get(field).and_then(written),
        };
        if !text.is_some_and(|text| regex.is_match(text.trim())) {
            return Ok(());
        }
        let rest = if field.is_empty() { &[] } else { here.rest };
        let here = Here { rest, steps: &mut here.steps.clone(), ..*here };
        // What has no kind of its own yet stays so.
        let loose = field.is_empty() && item.place == Place::NOWHERE && here.create.is_some();
        self.step(value, at, &here, loose, out)
    }

    fn pattern(&mut self, pattern: &str) -> Result<Regex, String> {
        if let Some(known) = self.patterns.get(pattern) {
            return known.clone();
        }
        let compiled = compile_pattern(pattern);
        self.patterns.insert(pattern.to_owned(), compiled.clone());
        compiled
    }

    fn append(&self, value: &mut Value, item: Value) -> Result<(), Problem> {
        self.budget.copies(&item, 1)?;
        if let Some(list) = value.as_list_mut() {
            list.push(item);
        }
        Ok(())
    }
}

/// What is made for the part that comes next; at the end, what can take the value.
fn made(next: Option<&String>, create: Option<&Value>) -> Value {
    match next.map(|part| &**part) {
        Some(part) if next_is_list(part) => Value::list(),
        None | Some("") => match create.map(|value| &value.content) {
            Some(Content::Map(_)) => Value::map(),
            Some(Content::List(_)) => Value::list(),
            _ => Value::plain(""),
        },
        Some(_) => Value::map(),
    }
}

/// A scalar as it is written, which is what patterns are for.
fn written(value: &Value) -> Option<String> {
    let Scalar { text, quoted, .. } = value.as_scalar()?;
    Some(if *quoted { format!("\"{text}\"") } else { text.to_string() })
}
