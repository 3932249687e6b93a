//! Knows the types of custom resources, as CustomResourceDefinitions and files with JSON Schemas describe them.
//!
//! What the API server does to an object before it holds it against a schema is done to the schema instead: fields with
//! a default need not be there. That a null stands for a field that is not there, `explain` sees to.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use jsonschema::Draft;
use regex::RegexBuilder;
use serde_json::{Map, Value as Json, json};

use super::{Known, Schema};
use crate::kustomize::id::Gvk;

/// As deep a schema is followed; what is deeper allows anything.
const MAX_DEPTH: usize = 64;
/// A schema with more parts than that allows anything: what is held against it would be held against each of them.
const MOST_PARTS: usize = 100_000;
/// The most bytes that a pattern may need once compiled.
const MAX_PATTERN: usize = 1 << 20;

/// Where a custom type was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// In what the overlay itself renders to: it will be in the cluster as it is.
    Overlay,
    /// Elsewhere in the repository, or in a file that the configuration names.
    Repository,
}

/// Custom types.
#[derive(Debug, Clone, Default)]
pub struct Custom {
    /// By group and kind, then by version.
    kinds: BTreeMap<(String, String), BTreeMap<String, Arc<CustomType>>>,
}

/// One version of a custom type.
#[derive(Debug)]
struct CustomType {
    served: bool,
    /// What to say of it, if it is deprecated.
    deprecated: Option<String>,
    origin: Origin,
    /// What the definition says of its fields, if it does.
    source: Option<Source>,
    schema: OnceLock<Option<Arc<Schema>>>,
}

#[derive(Debug)]
enum Source {
    OpenApi(Json),
    JsonSchema(Json),
}

impl Custom {
    /// Adds what a CustomResourceDefinition says, in any version of these; anything else adds nothing.
    /// A type that is known already is replaced only by one of the overlay.
    pub fn learn(&mut self, object: &Json, origin: Origin) {
        let text = |path: &str| object.pointer(path).and_then(Json::as_str);
        let (Some("CustomResourceDefinition"), Some(group), Some(kind)) =
            (text("/kind"), text("/spec/group"), text("/spec/names/kind"))
        else {
            return;
        };
        let common = object.pointer("/spec/validation/openAPIV3Schema");
        let alone = text("/spec/version").map(|name| json!({"name": name, "served": true}));
        let versions = object.pointer("/spec/versions").and_then(Json::as_array);
        for version in versions.into_iter().flatten().chain(&alone) {
            let Some(name) = version.get("name").and_then(Json::as_str) else { continue };
            let own = version.pointer("/schema/openAPIV3Schema").or(common);
            let flag = |name| version.get(name).and_then(Json::as_bool);
            let warning = version.get("deprecationWarning").and_then(Json::as_str);
            let deprecated = flag("deprecated").unwrap_or(false).then(|| match warning {
                Some(warning) => warning.to_owned(),
                None => format!("{kind} of {group}/{name} is deprecated by its own definition"),
            });
            let custom = CustomType {
                served: flag("served").unwrap_or(true),
                deprecated,
                origin,
                source: own.cloned().map(Source::OpenApi),
                schema: OnceLock::new(),
            };
            self.put(group, kind, name, custom);
        }
    }

    /// Adds a JSON Schema of one kind, as collections of schemas have them.
    pub fn learn_schema(&mut self, gvk: Gvk<'_>, schema: Json) {
        let custom = CustomType {
            served: true,
            deprecated: None,
            origin: Origin::Repository,
            source: Some(Source::JsonSchema(schema)),
            schema: OnceLock::new(),
        };
        self.put(gvk.group, gvk.kind, gvk.version, custom);
    }

    fn put(&mut self, group: &str, kind: &str, version: &str, custom: CustomType) {
        let versions = self.kinds.entry((group.to_owned(), kind.to_owned())).or_default();
        if custom.origin == Origin::Overlay || !versions.contains_key(version) {
            versions.insert(version.to_owned(), Arc::new(custom));
        }
    }

    pub(super) fn has_group(&self, group: &str) -> bool {
        self.kinds.keys().any(|(known, _)| known == group)
    }

    /// What is known of a kind; nothing if no definition tells of it.
    pub(super) fn of(&self, gvk: Gvk<'_>) -> Option<Known> {
        let versions = self.kinds.get(&(gvk.group.to_owned(), gvk.kind.to_owned()))?;
        if let Some(custom) = versions.get(gvk.version).filter(|custom| custom.served) {
            let schema = custom.schema.get_or_init(|| custom.compile().map(Arc::new));
            return Some(schema.clone().map_or(Known::Anything, Known::Schema));
        }
        let served: Vec<&str> =
            versions.iter().filter(|(_, custom)| custom.served).map(|(name, _)| &**name).collect();
        let message = format!(
            "the definition of {} in {} does not serve the version {}; it serves {}",
            gvk.kind,
            gvk.group,
            gvk.version,
            if served.is_empty() { "none".to_owned() } else { served.join(", ") }
        );
        let in_overlay = versions.values().any(|custom| custom.origin == Origin::Overlay);
        Some(if in_overlay { Known::NoVersion(message) } else { Known::NotServed(message) })
    }

    pub(super) fn deprecation(&self, gvk: Gvk<'_>) -> Option<String> {
        let versions = self.kinds.get(&(gvk.group.to_owned(), gvk.kind.to_owned()))?;
        versions.get(gvk.version)?.deprecated.clone()
    }
}

impl CustomType {
    /// The schema; none if nothing is said of fields, or nothing that can be understood.
    fn compile(&self) -> Option<Schema> {
        match self.source.as_ref()? {
            Source::OpenApi(schema) | Source::JsonSchema(schema) if parts(schema) > MOST_PARTS => {
                None
            }
            // With references a few lines can mean more than anybody can check.
            Source::JsonSchema(schema) if refers(schema) => None,
            Source::OpenApi(openapi) => {
                let mut schema = strict(openapi, 0);
                open_root(&mut schema);
                Schema::of_custom(schema, Draft::Draft4).ok()
            }
            Source::JsonSchema(schema) => Schema::of_custom(schema.clone(), Draft::Draft7).ok(),
        }
    }
}

/// How many parts a schema has.
fn parts(schema: &Json) -> usize {
    1 + match schema {
        Json::Object(map) => map.values().map(parts).sum(),
        Json::Array(list) => list.iter().map(parts).sum(),
        _ => 0,
    }
}

/// Whether anything in a schema refers to something else.
fn refers(schema: &Json) -> bool {
    match schema {
        Json::Object(map) => {
            ["$ref", "$recursiveRef", "$dynamicRef"].iter().any(|key| map.contains_key(*key))
                || map.values().any(refers)
        }
        Json::Array(list) => list.iter().any(refers),
        _ => false,
    }
}

/// What every object has is not the definition's to say.
fn open_root(schema: &mut Json) {
    let Some(root) = schema.as_object_mut() else { return };
    let properties = root.entry("properties").or_insert_with(|| json!({}));
    if let Some(properties) = properties.as_object_mut() {
        for field in ["apiVersion", "kind"] {
            properties.insert(field.to_owned(), json!({"type": "string"}));
        }
        properties.insert("metadata".to_owned(), json!({"type": "object"}));
    }
}

/// A structural schema as a JSON Schema that allows no unknown fields.
fn strict(openapi: &Json, depth: usize) -> Json {
    let Some(from) = openapi.as_object().filter(|_| depth < MAX_DEPTH) else {
        return json!({});
    };
    let is = |key: &str| from.get(key).and_then(Json::as_bool).unwrap_or(false);
    let mut to = Map::new();
    for (key, value) in from {
        match key.as_str() {
            "properties" => {
                let fields = value.as_object().into_iter().flatten();
                let fields = fields.map(|(name, field)| (name.clone(), strict(field, depth + 1)));
                to.insert(key.clone(), Json::Object(fields.collect()));
            }
            "items" => {
                to.insert(key.clone(), strict(value, depth + 1));
            }
            "additionalProperties" => {
                let value =
                    if value.is_object() { strict(value, depth + 1) } else { value.clone() };
                to.insert(key.clone(), value);
            }
            // These only restrict; what fields there are stands outside of them.
            "allOf" | "anyOf" | "oneOf" | "not" => {
                to.insert(key.clone(), restriction(value, depth + 1));
            }
            "pattern" if value.as_str().is_some_and(is_pattern) => {
                to.insert(key.clone(), value.clone());
            }
            "required" => {
                to.insert(key.clone(), required(from, value));
            }
            "type" | "enum" | "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum"
            | "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties"
            | "maxProperties" | "multipleOf" | "uniqueItems" => {
                to.insert(key.clone(), value.clone());
            }
            _ => {}
        }
    }
    if to.get("required").and_then(Json::as_array).is_some_and(Vec::is_empty) {
        to.remove("required");
    }
    if is("x-kubernetes-int-or-string") {
        to.remove("anyOf");
        to.remove("allOf");
        to.insert("type".to_owned(), json!(["integer", "string"]));
    }
    if is("x-kubernetes-embedded-resource") {
        open_embedded(&mut to);
    }
    let is_object = from.get("type").and_then(Json::as_str) == Some("object");
    if is("x-kubernetes-preserve-unknown-fields") {
        to.remove("additionalProperties");
    } else if is_object && to.contains_key("properties") && !to.contains_key("additionalProperties")
    {
        to.insert("additionalProperties".to_owned(), Json::Bool(false));
    }
    if is("nullable") {
        return nullable(to);
    }
    Json::Object(to)
}

/// A schema that null satisfies, too.
fn nullable(mut schema: Map<String, Json>) -> Json {
    if let Some(Json::String(one)) = schema.get("type") {
        let types = json!([one.clone(), "null"]);
        schema.insert("type".to_owned(), types);
    }
    if let Some(Json::Array(values)) = schema.get_mut("enum")
        && !values.contains(&Json::Null)
    {
        values.push(Json::Null);
    }
    Json::Object(schema)
}

/// The fields that have to be there: those with a default are put there.
fn required(from: &Map<String, Json>, names: &Json) -> Json {
    let defaulted = |name: &&Json| {
        let field = name.as_str().and_then(|name| from.get("properties")?.get(name));
        field.is_some_and(|field| field.get("default").is_some())
    };
    let names = names.as_array().into_iter().flatten();
    Json::Array(names.filter(|name| !defaulted(name)).cloned().collect())
}

fn restriction(value: &Json, depth: usize) -> Json {
    match value {
        Json::Array(list) => list.iter().map(|item| restriction(item, depth)).collect(),
        _ => {
            let mut schema = strict(value, depth);
            loosen(&mut schema);
            schema
        }
    }
}

/// Lets unknown fields be, all the way down.
fn loosen(schema: &mut Json) {
    match schema {
        Json::Object(map) => {
            if map.get("additionalProperties") == Some(&Json::Bool(false)) {
                map.remove("additionalProperties");
            }
            map.values_mut().for_each(loosen);
        }
        Json::Array(list) => list.iter_mut().for_each(loosen),
        _ => {}
    }
}

fn open_embedded(to: &mut Map<String, Json>) {
    if let Some(properties) = to.get_mut("properties").and_then(Json::as_object_mut) {
        for field in ["apiVersion", "kind", "metadata"] {
            properties.entry(field).or_insert_with(|| json!({}));
        }
    }
}

fn is_pattern(text: &str) -> bool {
    RegexBuilder::new(text).size_limit(MAX_PATTERN).build().is_ok()
}
