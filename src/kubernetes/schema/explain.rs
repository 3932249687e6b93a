//! Knows how to say what a schema holds against an object, at the place where a person would put it right.
//!
//! Values of Secrets are never shown.

use std::fmt::Write as _;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::LocationSegment;
use jsonschema::{JsonType, ValidationError};
use serde_json::Value as Json;

use super::Schema;
use crate::kubernetes::nearest;
use crate::kustomize::emit::to_json;
use crate::kustomize::problem::Place;
use crate::kustomize::value::{Content, Value};

/// The most that is told of one object.
const MOST: usize = 100;
/// The most values of a custom resource: beyond that nobody knows what its definition makes of them.
const MOST_VALUES: usize = 50_000;
/// So many names are listed.
const MOST_NAMES: usize = 12;
/// The most characters of a value that are shown.
const LONGEST: usize = 60;

/// Something that a schema holds against an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The code of the finding.
    pub code: &'static str,
    /// Where a person would put it right.
    pub place: Place,
    /// What is wrong and what to do.
    pub message: String,
    /// The field that is unknown.
    pub field: Option<String>,
}

impl Schema {
    /// All that is wrong with an object.
    pub fn check(&self, object: &Value, secret: bool) -> Vec<Fault> {
        let mut json = match to_json(object) {
            Ok(json) => json,
            Err(problem) => {
                let place = problem.place;
                let message = problem.message;
                return vec![Fault { code: "wrong-type", place, message, field: None }];
            }
        };
        if self.is_custom {
            if object.size().values > MOST_VALUES {
                return Vec::new();
            }
            without_nulls(&mut json, &self.document, Resolved::of(&self.document, &self.document));
        }
        if self.validator().is_valid(&json) {
            return Vec::new();
        }
        let encrypted = is_encrypted(object);
        let mut faults = Vec::new();
        for error in self.validator().iter_errors(&json).take(MOST) {
            let spot = Spot::find(object, &self.document, &error);
            let text = spot.value.as_text().unwrap_or_default();
            let replaced = is_placeholder(text) || (encrypted && text.starts_with("ENC["));
            if !replaced {
                spot.explain(&error, secret, &mut faults);
            }
        }
        faults.retain(|fault| !(encrypted && fault.field.as_deref() == Some("sops")));
        faults
    }
}

/// Whether something else will stand there: Flux and others substitute `${NAME}` after Kustomize.
fn is_placeholder(text: &str) -> bool {
    text.split_once("${").is_some_and(|(_, rest)| rest.contains('}'))
}

/// Whether SOPS encrypted it: what applies it decrypts it first, and takes the notes of SOPS away.
fn is_encrypted(object: &Value) -> bool {
    object.get("sops").is_some_and(|notes| notes.get("mac").is_some())
}

/// Takes nulls away where they stand for fields that are not there: where the type does not take a null.
fn without_nulls(json: &mut Json, document: &Json, schema: Option<Resolved<'_>>) {
    match json {
        Json::Object(map) => {
            let field = |name: &str| schema.and_then(|schema| schema.field(document, name));
            map.retain(|name, value| {
                !value.is_null() || field(name).is_some_and(Resolved::takes_null)
            });
            map.iter_mut().for_each(|(name, value)| without_nulls(value, document, field(name)));
        }
        Json::Array(list) => {
            let item = schema.and_then(|schema| schema.item(document));
            list.iter_mut().for_each(|value| without_nulls(value, document, item));
        }
        _ => {}
    }
}

/// Where in an object something is wrong.
struct Spot<'v> {
    value: &'v Value,
    /// The place of the key that it stands behind, if it stands behind one.
    key: Option<Place>,
    /// The nearest place that is known, above it.
    above: Place,
    /// The way there: `spec.containers[0].ports`.
    path: String,
    /// The name of the type of the value, as far as it has one: `Container`.
    type_name: Option<String>,
    /// The fields that the type has.
    fields: Vec<String>,
}

impl<'v> Spot<'v> {
    fn find(object: &'v Value, document: &Json, error: &ValidationError<'_>) -> Self {
        let mut value = object;
        let (mut key, mut above) = (None, object.place);
        let mut path = String::new();
        let mut schema = Resolved::of(document, document);
        for segment in error.instance_path() {
            let next = match &segment {
                LocationSegment::Property(name) => {
                    let entry = value
                        .as_map()
                        .and_then(|map| map.iter().find(|(key, _)| &*key.text == name.as_ref()));
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                    schema = schema.and_then(|schema| schema.field(document, name));
                    entry.map(|(found, value)| (Some(found.place), value))
                }
                LocationSegment::Index(at) => {
                    let _ = write!(path, "[{at}]");
                    schema = schema.and_then(|schema| schema.item(document));
                    value.as_list().and_then(|list| list.get(*at)).map(|value| (None, value))
                }
            };
            let Some((place, next)) = next else { break };
            for place in [place, Some(next.place)].into_iter().flatten() {
                if place.is_known() {
                    above = place;
                }
            }
            (key, value) = (place.filter(|place| place.is_known()), next);
        }
        let (type_name, fields) = schema.map_or((None, Vec::new()), Resolved::describe);
        Self { value, key, above, path, type_name, fields }
    }

    /// Where the value itself stands: the line of its key, if it begins below it.
    fn place(&self) -> Place {
        let own = self.value.place;
        match (own.is_known(), self.key, &self.value.content) {
            (false, key, _) => key.unwrap_or(self.above),
            (true, _, Content::Scalar(_)) | (true, None, _) => own,
            (true, Some(key), _) if key.file == own.file && key.line <= own.line => key,
            (true, Some(_), _) => own,
        }
    }

    /// How the value is called in a sentence.
    fn name(&self) -> String {
        match self.path.rsplit('.').next() {
            None | Some("") => "the object".to_owned(),
            Some(name) => name.to_owned(),
        }
    }

    fn owner(&self) -> String {
        self.type_name.clone().unwrap_or_else(|| match self.path.as_str() {
            "" => "this object".to_owned(),
            path => path.to_owned(),
        })
    }

    fn explain(&self, error: &ValidationError<'_>, secret: bool, faults: &mut Vec<Fault>) {
        let mut say = |code, place: Place, message| {
            faults.push(Fault { code, place, message, field: None });
        };
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                for name in unexpected {
                    let entries = self.value.as_map().into_iter().flat_map(|map| map.iter());
                    let mut keys = entries.filter(|(key, _)| *key.text == **name);
                    let place = keys.next().map(|(key, value)| match key.place.is_known() {
                        true => key.place,
                        false => value.place,
                    });
                    let place = place.filter(|place| place.is_known());
                    faults.push(Fault {
                        code: "unknown-field",
                        place: place.unwrap_or_else(|| self.place()),
                        message: self.unknown(name),
                        field: Some(name.clone()),
                    });
                }
            }
            ValidationErrorKind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                say("missing-field", self.place(), self.lacks(name));
            }
            ValidationErrorKind::Type { kind } => {
                say("wrong-type", self.place(), self.mistyped(kind, secret));
            }
            ValidationErrorKind::Enum { options } => {
                say("wrong-value", self.place(), self.not_among(options, secret));
            }
            ValidationErrorKind::Pattern { .. }
                if self.type_name.as_deref() == Some("Quantity") =>
            {
                let text = shown(self.value, secret);
                let message = format!(
                    "{} has to be a quantity, and {text} is none; write a number with a unit, \
                     such as 500m, 2 or 1Gi",
                    self.name()
                );
                say("wrong-value", self.place(), message);
            }
            _ => {
                let said = error.masked_with("the value").to_string();
                say("wrong-value", self.place(), format!("{}: {said}", self.name()));
            }
        }
    }

    fn unknown(&self, name: &str) -> String {
        let fields = self.fields.iter().map(String::as_str);
        let help = match nearest(name, fields) {
            Some(near) => format!("did you mean {near}?"),
            None if self.fields.is_empty() => "it has no fields".to_owned(),
            None => {
                let listed: Vec<&str> =
                    self.fields.iter().take(MOST_NAMES).map(String::as_str).collect();
                let more = if self.fields.len() > MOST_NAMES { ", …" } else { "" };
                format!("it has {}{more}", listed.join(", "))
            }
        };
        format!("{} has no field {name}; {help}", self.owner())
    }

    fn lacks(&self, name: &str) -> String {
        let place = match self.path.as_str() {
            "" => String::new(),
            path => format!(" ({path})"),
        };
        format!("{}{place} lacks the field {name}, which it has to have", self.owner())
    }

    fn mistyped(&self, kind: &TypeKind, secret: bool) -> String {
        let types: Vec<JsonType> = match kind {
            TypeKind::Single(one) => vec![*one],
            TypeKind::Multiple(several) => several.iter().collect(),
        };
        let wanted: Vec<&str> =
            types.iter().filter(|one| **one != JsonType::Null).map(|one| word(*one)).collect();
        let (is, text) = (self.value.kind_name(), self.value.as_text().unwrap_or_default());
        let looks_right = types.iter().any(|one| match one {
            JsonType::Integer => text.parse::<i64>().is_ok(),
            JsonType::Boolean => matches!(text, "true" | "false"),
            _ => false,
        });
        let quoted = self.value.as_scalar().is_some() && !self.value.is_null();
        let help = if quoted && looks_right {
            "; take the quotes away"
        } else if quoted && types.contains(&JsonType::String) {
            "; put quotes around it"
        } else {
            ""
        };
        let value = match quoted {
            true => format!("{is}: {}", shown(self.value, secret)),
            false => is.to_owned(),
        };
        format!("{} has to be {}, and this is {value}{help}", self.name(), wanted.join(" or "))
    }

    fn not_among(&self, options: &Json, secret: bool) -> String {
        let texts = options.as_array().into_iter().flatten().filter(|option| !option.is_null());
        let texts: Vec<String> = texts
            .map(|option| match option.as_str() {
                Some("") => "\"\"".to_owned(),
                Some(text) => text.to_owned(),
                None => option.to_string(),
            })
            .collect();
        let near = self.value.as_text().filter(|_| !secret);
        let near = near.and_then(|text| nearest(text, texts.iter().map(String::as_str)));
        let help = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        let listed: Vec<&str> = texts.iter().take(MOST_NAMES).map(String::as_str).collect();
        let more = if texts.len() > MOST_NAMES { ", …" } else { "" };
        let value = shown(self.value, secret);
        format!("{} has to be {}{more}, and this is {value}{help}", self.name(), listed.join(", "))
    }
}

fn word(one: JsonType) -> &'static str {
    match one {
        JsonType::Array => "a list",
        JsonType::Boolean => "true or false",
        JsonType::Integer => "a whole number",
        JsonType::Null => "null",
        JsonType::Number => "a number",
        JsonType::Object => "a mapping",
        JsonType::String => "a text",
    }
}

/// A value as a message shows it: never one of a Secret, never a long one.
fn shown(value: &Value, secret: bool) -> String {
    let Some(text) = value.as_text() else { return value.kind_name().to_owned() };
    if secret {
        return "(not shown)".to_owned();
    }
    let short: String = text.chars().take(LONGEST).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("{short:?}{more}")
}

/// A schema with its references followed.
#[derive(Clone, Copy)]
struct Resolved<'d> {
    schema: &'d Json,
    /// The name of the definition that it was found by.
    name: Option<&'d str>,
}

impl<'d> Resolved<'d> {
    fn of(document: &'d Json, schema: &'d Json) -> Option<Self> {
        let mut found = Self { schema, name: None };
        // A chain of references is short; a circle of them is no schema.
        for _ in 0..8 {
            let Some(reference) = found.schema.get("$ref").and_then(Json::as_str) else {
                return Some(found);
            };
            let pointer = reference.strip_prefix('#')?;
            let name = pointer.rsplit(['.', '/']).next();
            found = Self { schema: document.pointer(pointer)?, name };
        }
        None
    }

    fn field(self, document: &'d Json, name: &str) -> Option<Self> {
        let known = self.schema.get("properties").and_then(|fields| fields.get(name));
        Self::of(document, known.or_else(|| self.schema.get("additionalProperties"))?)
    }

    fn item(self, document: &'d Json) -> Option<Self> {
        Self::of(document, self.schema.get("items")?)
    }

    fn takes_null(self) -> bool {
        let types = self.schema.get("type").and_then(Json::as_array);
        types.is_some_and(|types| types.iter().any(|one| one == "null"))
    }

    fn describe(self) -> (Option<String>, Vec<String>) {
        let fields = self.schema.get("properties").and_then(Json::as_object);
        let fields = fields.into_iter().flatten().map(|(name, _)| name.clone()).collect();
        (self.name.map(ToOwned::to_owned), fields)
    }
}
