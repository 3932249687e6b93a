//! Knows how ConfigMaps and Secrets are generated, and how one is merged into another.
//!
//! It knows nothing of lists of objects, and nothing of hashes but whether one is wanted.

mod args;
mod pairs;

use std::collections::BTreeMap;

pub use args::{Kind, MapArgs, Options};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
pub use pairs::Pair;

use super::load::Folder;
use super::object::{Behavior, Object};
use super::problem::Problem;
use super::value::{Key, Map, Scalar, Value};

/// The length of the lines of base64 (`encodeBase64` of kyaml).
const BASE64_LINE: usize = 70;
/// The annotation that says where an object comes from; what is merged into an object keeps that one's.
const ORIGIN: &str = "config.kubernetes.io/origin";

/// The object that the arguments stand for; files are read from `folder`.
pub fn generate(args: &MapArgs, folder: &Folder<'_, '_>) -> Result<Object, Problem> {
    let problem = |message: String| Problem::new(message, args.place);
    if args.name.is_empty() {
        return Err(problem(format!("{} has no name", args.kind.field())));
    }
    let mut data = BTreeMap::new();
    for Pair { key, bytes, place } in pairs::pairs(args, folder)? {
        if data.contains_key(&key) {
            let message =
                format!("{} already has the key {key:?}; take one of them out", args.name);
            return Err(Problem::new(message, place));
        }
        data.insert(key, bytes);
    }
    let mut value = Value::map().at(args.place);
    let map = value.make_map();
    map.insert("apiVersion", Value::string("v1"));
    map.insert("kind", Value::string(args.kind.name()));
    let mut object = Object::new(value);
    object.set_name(&args.name);
    if !args.namespace.is_empty() {
        object.set_namespace(&args.namespace);
    }
    let map = object.value.make_map();
    if args.kind == Kind::Secret {
        let kind = if args.secret_type.is_empty() { "Opaque" } else { &args.secret_type };
        map.insert("type", Value::string(kind));
        let all = data.into_iter().map(|(key, bytes)| (key, base64_lines(&bytes)));
        map.insert("data", texts(all).into());
    } else {
        put_config_data(map, data);
    }
    for (section, pairs) in
        [("labels", &args.options.labels), ("annotations", &args.options.annotations)]
    {
        set_notes(&mut object, section, pairs.clone().unwrap_or_default().into_iter().collect());
    }
    if args.options.immutable {
        object.value.make_map().insert("immutable", Scalar::tagged("true").into());
    }
    object.behavior = args.behavior();
    object.generated = true;
    object.needs_hash = !args.options.disable_name_suffix_hash;
    Ok(object)
}

/// What is text goes into `data`, what is not into `binaryData`.
fn put_config_data(map: &mut Map, data: BTreeMap<String, Vec<u8>>) {
    let mut plain = Vec::new();
    let mut binary = Vec::new();
    for (key, bytes) in data {
        match String::from_utf8(bytes) {
            Ok(text) => plain.push((key, text)),
            Err(error) => binary.push((key, base64_lines(error.as_bytes()))),
        }
    }
    for (section, pairs) in [("data", plain), ("binaryData", binary)] {
        if !pairs.is_empty() {
            map.insert(section, texts(pairs).into());
        }
    }
}

/// Texts by keys without quotes: one that means something else then is refused in the end.
fn texts(pairs: impl IntoIterator<Item = (String, String)>) -> Map {
    Map::from_entries(pairs.into_iter().map(|(key, text)| (Key::plain(key), Value::string(text))))
}

/// Base64 in lines, each of which ends if there is more than one, as Kustomize counts them.
fn base64_lines(bytes: &[u8]) -> String {
    let encoded = STANDARD.encode(bytes);
    if encoded.len() < BASE64_LINE {
        return encoded;
    }
    let mut out = String::with_capacity(encoded.len() + encoded.len() / BASE64_LINE + 1);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(BASE64_LINE).unwrap_or((rest, ""));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out
}

/// What comes of a generated object whose name is taken: it goes in the place of `old`, with that one's metadata
/// and, if it is to be merged, that one's data (`CopyMergeMetaDataFieldsFrom` and its like).
pub fn absorb(old: &Object, mut new: Object) -> Object {
    let origin = old.note("annotations", ORIGIN).map(str::to_owned);
    for section in ["labels", "annotations"] {
        let notes = old.notes(section).into_iter().chain(new.notes(section));
        let merged = notes.map(|(key, text)| (key.to_owned(), text.to_owned())).collect();
        set_notes(&mut new, section, merged);
    }
    new.set_name(old.name());
    new.set_namespace(old.namespace());
    if new.behavior == Behavior::Merge {
        for section in ["data", "binaryData"] {
            let merged = merged_data(old.value.get(section), new.value.get(section));
            let map = new.value.make_map();
            map.remove(section);
            if !merged.is_empty() {
                map.insert(section, texts(merged).into());
            }
        }
        if let Some(origin) = origin {
            new.annotate(ORIGIN, &origin);
        }
    }
    new.take_memory(old);
    new.needs_hash &= old.needs_hash;
    new.behavior = old.behavior;
    new.may_rename = old.may_rename;
    new.may_change_kind = old.may_change_kind;
    new
}

fn merged_data(old: Option<&Value>, new: Option<&Value>) -> BTreeMap<String, String> {
    let text = |value: &Value| {
        if value.is_null() { String::new() } else { value.as_text().unwrap_or_default().to_owned() }
    };
    let maps = [old, new].into_iter().flatten().filter_map(Value::as_map);
    maps.flat_map(Map::iter).map(|(key, value)| (key.text.to_string(), text(value))).collect()
}

/// Writes labels or annotations anew; none leave no mapping behind.
fn set_notes(object: &mut Object, section: &str, notes: BTreeMap<String, String>) {
    let metadata = object.metadata();
    metadata.remove(section);
    if !notes.is_empty() {
        metadata.insert(section, texts(notes).into());
    }
}

#[cfg(test)]
mod tests;
