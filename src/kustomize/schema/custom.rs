//! Knows how to take types from an OpenAPI description that a kustomization brings.
//!
//! It follows references within the description, and ends where they go round in circles.

use std::collections::HashMap;
use std::ptr;

use super::{Builtin, Schemas, Text, Type, TypeAt, table};
use crate::kustomize::problem::Problem;
use crate::kustomize::value::{Map, Value};

/// The most references that may lead to one another before a type stands.
const MAX_REFERENCES: usize = 64;

/// A description that is being read.
struct Reader<'v> {
    root: &'v Value,
    schemas: Schemas,
    /// The types of the values that have been met.
    met: HashMap<*const Value, TypeAt>,
    /// The values whose types have yet to be filled.
    left: Vec<(&'v Value, TypeAt)>,
}

/// The types of an OpenAPI description.
pub(super) fn read(root: &Value) -> Result<Schemas, Problem> {
    if root.as_map().is_none() {
        let message = format!(
            "an OpenAPI description is a mapping with `definitions`, but this is {}",
            root.kind_name()
        );
        return Err(Problem::new(message, root.place));
    }
    let schemas = Schemas { builtin: Builtin::OfKustomize, ..Schemas::default() };
    let mut reader = Reader { root, schemas, met: HashMap::new(), left: Vec::new() };
    let definitions = match root.get("definitions") {
        Some(value) if value.as_map().is_none() && !value.is_null() => {
            return Err(expected("`definitions`", "a mapping from names to types", value));
        }
        other => other.and_then(Value::as_map),
    };
    for (_, definition) in definitions.into_iter().flat_map(Map::iter) {
        reader.kinds(definition)?;
    }
    while let Some((value, at)) = reader.left.pop() {
        let filled = reader.fill(value)?;
        if let Some(reserved) = reader.schemas.types.get_mut(at) {
            *reserved = filled;
        }
    }
    Ok(reader.schemas)
}

impl<'v> Reader<'v> {
    /// Notes the kinds that have a definition as their type.
    fn kinds(&mut self, definition: &'v Value) -> Result<(), Problem> {
        let kinds = definition.get("x-kubernetes-group-version-kind").and_then(Value::as_list);
        for kind in kinds.into_iter().flatten().filter(|kind| kind.as_map().is_some()) {
            let text = |field| kind.get(field).and_then(Value::as_text);
            let (Some(version), Some(name)) = (text("version"), text("kind")) else {
                return Err(expected("x-kubernetes-group-version-kind", "version and kind", kind));
            };
            let group = text("group").unwrap_or_default();
            let at = self.met(definition);
            let known = self.schemas.kinds.entry(name.to_owned().into()).or_default();
            known.push((group.to_owned().into(), version.to_owned().into(), at));
        }
        Ok(())
    }

    /// The type of a value, to be filled later.
    fn met(&mut self, value: &'v Value) -> TypeAt {
        if let Some(at) = self.met.get(&ptr::from_ref(value)) {
            return *at;
        }
        let at = self.schemas.reserve();
        self.met.insert(value, at);
        self.left.push((value, at));
        at
    }

    /// The type of a value that may be a reference to another.
    fn referred(&mut self, value: &'v Value) -> Option<TypeAt> {
        let mut value = value;
        for _ in 0..MAX_REFERENCES {
            match value.get("$ref").and_then(Value::as_text) {
                None | Some("") => return Some(self.met(value)),
                Some(reference) => match self.find(reference) {
                    Some(found) => value = found,
                    None => return self.built_in(reference),
                },
            }
        }
        None
    }

    /// A type that is not among the definitions, but may be built in.
    fn built_in(&mut self, reference: &str) -> Option<TypeAt> {
        let name = table::short(reference.strip_prefix("#/definitions/")?);
        let at = self.schemas.reserve();
        self.schemas.types.get_mut(at)?.built_in = Some(name);
        Some(at)
    }

    /// The value at a JSON pointer into the definitions.
    fn find(&self, reference: &str) -> Option<&'v Value> {
        let pointer = reference.strip_prefix("#/").filter(|p| p.starts_with("definitions/"))?;
        pointer
            .split('/')
            .map(|part| part.replace("~1", "/").replace("~0", "~"))
            .try_fold(self.root, |value, part| value.get(&part))
    }

    fn fill(&mut self, value: &'v Value) -> Result<Type, Problem> {
        let properties = value.get("properties").and_then(Value::as_map);
        let fields = properties
            .into_iter()
            .flat_map(Map::iter)
            .map(|(name, field)| (Text::Owned(name.text.to_string()), self.referred(field)))
            .collect();
        let schema = |field| value.get(field).filter(|inner| inner.as_map().is_some());
        let others = schema("additionalProperties").and_then(|others| self.referred(others));
        let items = schema("items").filter(|_| is_list(value));
        let elements = items.and_then(|items| self.referred(items));
        Ok(Type { fields, others, elements, merge_keys: merge_keys(value)?, built_in: None })
    }
}

/// Whether the type is `array` and nothing else.
fn is_list(value: &Value) -> bool {
    let Some(kind) = value.get("type") else { return false };
    match kind.as_list() {
        Some([kind]) => kind.as_text() == Some("array"),
        Some(_) => false,
        None => kind.as_text() == Some("array"),
    }
}

/// `PatchStrategyAndKeyList` in `kyaml/openapi/openapi.go`: several keys go before a single one.
fn merge_keys(value: &Value) -> Result<Option<Vec<Text>>, Problem> {
    let text = |field, value: &Value| match value.as_text() {
        Some(text) => Ok(Text::Owned(text.to_owned())),
        None => Err(expected(field, "a text", value)),
    };
    let strategy = value.get("x-kubernetes-patch-strategy");
    let strategy = strategy.map(|value| text("x-kubernetes-patch-strategy", value)).transpose()?;
    if !strategy.unwrap_or_default().split(',').any(|strategy| strategy == "merge") {
        return Ok(None);
    }
    let single = value.get("x-kubernetes-patch-merge-key");
    let single = single.map(|value| text("x-kubernetes-patch-merge-key", value)).transpose()?;
    let Some(keys) = value.get("x-kubernetes-list-map-keys") else {
        return Ok(Some(single.into_iter().collect()));
    };
    let list = keys.as_list();
    let list = list.ok_or_else(|| expected("x-kubernetes-list-map-keys", "a list", keys))?;
    list.iter()
        .map(|key| text("x-kubernetes-list-map-keys", key))
        .collect::<Result<_, _>>()
        .map(Some)
}

fn expected(field: &str, wanted: &str, found: &Value) -> Problem {
    let message =
        format!("in an OpenAPI description, {field} has to be {wanted}, not {}", found.kind_name());
    Problem::new(message, found.place)
}
