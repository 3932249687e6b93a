//! Knows how a definition becomes something that objects can be held against, once for each kind and version.
//!
//! What the published schemas leave to the API server is added here: which values a field may have (`values.txt`), how
//! a quantity is written, how large a number of 32 bits is.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Map, Value as Json, json};

use super::embedded::{Definitions, definitions};

/// What names of definitions begin with.
const PREFIX: &str = "io.k8s.";
const INT_OR_STRING: &str = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";
const QUANTITY: &str = "io.k8s.apimachinery.pkg.api.resource.Quantity";
/// As `resource.ParseQuantity` reads it.
const QUANTITY_TEXT: &str =
    r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$";
const VALUES: &str = include_str!("values.txt");

/// A schema of a kind of objects, ready to be used.
#[derive(Debug)]
pub struct Schema {
    /// The whole schema, with what it refers to.
    pub(super) document: Json,
    /// Whether it is of a custom type, where a null stands for a field that is not there.
    pub(super) is_custom: bool,
    validator: Validator,
}

impl Schema {
    /// The schema of a custom type, that refers to nothing but itself.
    pub(super) fn of_custom(document: Json, draft: Draft) -> Result<Self, String> {
        Ok(Self { is_custom: true, ..Self::new(document, draft)? })
    }

    fn new(document: Json, draft: Draft) -> Result<Self, String> {
        // The engine whose time is linear: patterns of custom resources come from anybody.
        let options = jsonschema::options()
            .with_draft(draft)
            .with_pattern_options(PatternOptions::regex())
            .should_validate_formats(false);
        let validator = options.build(&document).map_err(|error| error.to_string())?;
        Ok(Self { document, is_custom: false, validator })
    }

    pub(super) fn validator(&self) -> &Validator {
        &self.validator
    }
}

/// The schema of one of Kubernetes' own kinds in a version, if it has it. Made when it is first asked for, and kept.
pub(super) fn builtin(minor: u32, api_version: &str, kind: &str) -> Option<Arc<Schema>> {
    type Made = HashMap<(u32, &'static str), Option<Arc<Schema>>>;
    static MADE: OnceLock<Mutex<Made>> = OnceLock::new();
    let definitions = definitions(minor);
    let root = definitions.of(api_version, kind)?;
    let made = MADE.get_or_init(Mutex::default);
    let known = |made: &Mutex<Made>| {
        let made = made.lock().unwrap_or_else(PoisonError::into_inner);
        // The line is one of a version's, and names alone may stand for several kinds.
        made.get(&(minor, root.schema)).cloned()
    };
    if let Some(known) = known(made) {
        return known;
    }
    // Two that make it at once make the same; nobody waits for somebody else's kind.
    let schema =
        Schema::new(document(definitions, root.name), Draft::Draft202012).ok().map(Arc::new);
    let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
    made.insert((minor, root.schema), schema.clone());
    schema
}

/// A definition and all that it refers to.
fn document(definitions: &Definitions, root: &str) -> Json {
    let mut parts = Map::new();
    let mut left = vec![root.to_owned()];
    let mut seen: BTreeSet<String> = left.iter().cloned().collect();
    while let Some(name) = left.pop() {
        let Some(definition) = definitions.named(&name) else { continue };
        let mut schema: Json = serde_json::from_str(definition.schema).unwrap_or(Json::Bool(true));
        complete(&name, &mut schema);
        references(&schema, &mut |name| {
            if seen.insert(name.to_owned()) {
                left.push(name.to_owned());
            }
        });
        parts.insert(name, schema);
    }
    json!({"$ref": format!("#/$defs/{root}"), "$defs": parts})
}

fn references(schema: &Json, with: &mut dyn FnMut(&str)) {
    match schema {
        Json::Object(map) => {
            for (key, value) in map {
                match value.as_str().filter(|_| key == "$ref") {
                    Some(text) => with(text.trim_start_matches("#/$defs/")),
                    None => references(value, with),
                }
            }
        }
        Json::Array(list) => list.iter().for_each(|item| references(item, with)),
        _ => {}
    }
}

/// Adds what the API server holds against a type besides its published schema.
fn complete(name: &str, schema: &mut Json) {
    if name == INT_OR_STRING {
        // As published it is one of two types that both may be null, so that null would be neither.
        *schema = json!({"type": ["string", "integer", "null"]});
        return;
    }
    if name == QUANTITY {
        *schema = json!({"type": ["string", "number", "null"], "pattern": QUANTITY_TEXT});
        return;
    }
    let properties = schema.get_mut("properties").and_then(Json::as_object_mut);
    let Some(properties) = properties else { return };
    properties.values_mut().for_each(bound);
    let values = name.strip_prefix(PREFIX).and_then(|name| values().get(name));
    for (field, allowed) in values.into_iter().flatten() {
        let (field, of_items) = match field.strip_suffix("[]") {
            Some(list) => (list, true),
            None => (*field, false),
        };
        let mut place = properties.get_mut(field);
        if of_items {
            place = place.and_then(|list| list.get_mut("items"));
        }
        if let Some(place) = place.and_then(Json::as_object_mut) {
            let mut allowed: Vec<Json> = allowed.iter().map(|text| json!(text)).collect();
            allowed.push(Json::Null);
            place.insert("enum".to_owned(), Json::Array(allowed));
        }
    }
}

/// A whole number of 32 bits has bounds.
fn bound(field: &mut Json) {
    if field.get("format").and_then(Json::as_str) == Some("int32")
        && let Some(field) = field.as_object_mut()
    {
        field.insert("minimum".to_owned(), json!(i32::MIN));
        field.insert("maximum".to_owned(), json!(i32::MAX));
    }
}

type Values = HashMap<&'static str, BTreeMap<&'static str, Vec<&'static str>>>;

/// Which values fields may have, by type and field.
fn values() -> &'static Values {
    static VALUES_READ: OnceLock<Values> = OnceLock::new();
    VALUES_READ.get_or_init(|| {
        let mut values = Values::new();
        for line in VALUES.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split(' ');
            if let (Some(name), Some(field)) = (words.next(), words.next()) {
                let allowed = words.map(|word| if word == "\"\"" { "" } else { word }).collect();
                values.entry(name).or_default().insert(field, allowed);
            }
        }
        values
    })
}

#[cfg(test)]
mod tests {
    use super::super::embedded::versions;
    use super::*;

    #[test]
    fn every_kind_of_every_version_can_be_compiled() {
        let newest = versions().last().copied().unwrap();
        for minor in [25, 31, newest] {
            for (api_version, kind) in definitions(minor).kinds() {
                assert!(
                    builtin(minor, api_version, kind).is_some(),
                    "1.{minor} {api_version} {kind}"
                );
            }
        }
        assert!(builtin(25, "apps/v1", "Deploymnt").is_none());
    }

    #[test]
    fn every_field_whose_values_are_listed_is_there_and_is_a_text() {
        let newest = definitions(versions().last().copied().unwrap());
        for (name, fields) in values() {
            let definition = newest.named(&format!("{PREFIX}{name}")).expect(name);
            let schema: Json = serde_json::from_str(definition.schema).unwrap();
            for (field, allowed) in fields {
                let place = &schema["properties"][field.trim_end_matches("[]")];
                let place = if field.ends_with("[]") { &place["items"] } else { place };
                assert!(place["type"].to_string().contains("string"), "{name} {field}: {place}");
                assert!(allowed.len() > 1 && allowed.is_sorted(), "{name} {field}: {allowed:?}");
            }
        }
    }
}
