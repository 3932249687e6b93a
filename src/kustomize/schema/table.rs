//! Knows the table of built-in types, as `scripts/kubernetes-merge-keys` writes it.
//!
//! It knows nothing of OpenAPI. The table is ours: what it does not expect, it passes over.

use std::collections::HashMap;

use super::{Schemas, Type, TypeAt};

/// The types of a table.
pub(super) fn parse(text: &'static str) -> Schemas {
    let mut schemas = Schemas::default();
    let mut names: HashMap<&'static str, TypeAt> = HashMap::new();
    let mut current = schemas.reserve();
    for line in text.lines() {
        let mut words = line.split(' ');
        match (words.next(), words.next(), words.next()) {
            (Some("="), Some(name), None) => current = named(&mut schemas, &mut names, name),
            (Some(":"), Some(api_version), Some(kind)) => {
                let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
                let known = schemas.kinds.entry(kind.into()).or_default();
                known.push((group.into(), version.into(), current));
            }
            (Some(field), Some(keys), Some(element)) if keys.starts_with('[') => {
                let keys = keys.trim_matches(['[', ']']).split(',');
                let list = Type {
                    elements: Some(named(&mut schemas, &mut names, element)),
                    merge_keys: Some(keys.filter(|key| !key.is_empty()).map(Into::into).collect()),
                    ..Type::default()
                };
                schemas.types.push(list);
                let at = schemas.types.len() - 1;
                set(&mut schemas, current, field, at);
            }
            (Some(field), Some(name), None) => {
                let at = named(&mut schemas, &mut names, name);
                set(&mut schemas, current, field, at);
            }
            _ => {}
        }
    }
    schemas.names = names;
    schemas
}

/// The name that a definition of Kubernetes' description has in the table.
pub(super) fn short(name: &str) -> String {
    let prefixes = ["io.k8s.api.", "io.k8s.apimachinery.pkg.apis.", "io.k8s."];
    let rest = prefixes.iter().find_map(|prefix| name.strip_prefix(prefix));
    rest.unwrap_or(name).replace(".pkg.", ".").replace(".apis.", ".")
}

/// The type with a name; one that stands nowhere else, as `-`, has no fields.
fn named(
    schemas: &mut Schemas,
    names: &mut HashMap<&'static str, TypeAt>,
    name: &'static str,
) -> TypeAt {
    *names.entry(name).or_insert_with(|| schemas.reserve())
}

fn set(schemas: &mut Schemas, of: TypeAt, field: &'static str, at: TypeAt) {
    let Some(of) = schemas.types.get_mut(of) else { return };
    match field {
        "*" => of.others = Some(at),
        _ => {
            of.fields.insert(field.into(), Some(at));
        }
    }
}
