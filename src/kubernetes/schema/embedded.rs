//! Knows the embedded schemas: which versions there are, and the definitions of each, as they were published.
//!
//! `scripts/kubernetes-schemas` makes the file and says what is in it.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use miniz_oxide::inflate::decompress_to_vec_zlib;

const FILE: &[u8] = include_bytes!("kubernetes.z");

/// A definition, as it was published.
#[derive(Debug, Clone, Copy)]
pub(super) struct Definition {
    /// Its name: `io.k8s.api.core.v1.Container`.
    pub(super) name: &'static str,
    /// The `apiVersion` of the objects that it is of; empty if it is a part of objects.
    pub(super) api_version: &'static str,
    /// Their `kind`.
    pub(super) kind: &'static str,
    /// The JSON Schema.
    pub(super) schema: &'static str,
}

/// The definitions of one version.
#[derive(Debug)]
pub(super) struct Definitions {
    by_name: HashMap<&'static str, Definition>,
    /// By `apiVersion`, then by `kind`.
    by_kind: BTreeMap<&'static str, BTreeMap<&'static str, Definition>>,
}

struct Pool {
    lines: Vec<&'static str>,
    /// The line of each version's list, by its minor number.
    versions: BTreeMap<u32, &'static str>,
}

/// The minor numbers of the versions, in order.
pub(in crate::kubernetes) fn versions() -> Vec<u32> {
    pool().versions.keys().copied().collect()
}

/// The definitions of a version; none of one that is not embedded.
pub(super) fn definitions(minor: u32) -> &'static Definitions {
    static READ: OnceLock<BTreeMap<u32, OnceLock<Definitions>>> = OnceLock::new();
    static NONE: OnceLock<Definitions> = OnceLock::new();
    let read = READ.get_or_init(|| versions().into_iter().map(|v| (v, OnceLock::new())).collect());
    read.get(&minor).unwrap_or(&NONE).get_or_init(|| Definitions::read(minor))
}

impl Definitions {
    fn read(minor: u32) -> Self {
        let pool = pool();
        let mut by_name = HashMap::new();
        let mut by_kind = BTreeMap::<_, BTreeMap<_, _>>::new();
        let mut number = 0;
        let steps = pool.versions.get(&minor).copied().unwrap_or_default().split(' ').skip(1);
        for step in steps.filter_map(|step| step.parse::<usize>().ok()) {
            number += step;
            let Some(definition) = pool.lines.get(number).and_then(|line| Definition::read(line))
            else {
                continue;
            };
            if !definition.kind.is_empty() {
                let kinds = by_kind.entry(definition.api_version).or_default();
                kinds.insert(definition.kind, definition);
            }
            by_name.insert(definition.name, definition);
        }
        Self { by_name, by_kind }
    }

    /// The definition of that name.
    pub(super) fn named(&self, name: &str) -> Option<&Definition> {
        self.by_name.get(name)
    }

    /// The definition of a kind of object.
    pub(super) fn of(&self, api_version: &str, kind: &str) -> Option<&Definition> {
        self.by_kind.get(api_version)?.get(kind)
    }

    /// All kinds of objects, as `apiVersion` and `kind`, sorted.
    pub(super) fn kinds(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let groups = self.by_kind.iter();
        groups.flat_map(|(api_version, kinds)| kinds.keys().map(|kind| (*api_version, *kind)))
    }
}

impl Definition {
    fn read(line: &'static str) -> Option<Self> {
        let mut parts = line.splitn(4, '\t');
        let (name, api_version) = (parts.next()?, parts.next()?);
        Some(Self { name, api_version, kind: parts.next()?, schema: parts.next()? })
    }
}

fn pool() -> &'static Pool {
    static POOL: OnceLock<Pool> = OnceLock::new();
    static TEXT: OnceLock<String> = OnceLock::new();
    POOL.get_or_init(|| {
        // The file is part of the program, and a test reads all of it.
        let text = TEXT.get_or_init(|| {
            let bytes = decompress_to_vec_zlib(FILE).unwrap_or_default();
            String::from_utf8(bytes).unwrap_or_default()
        });
        let (definitions, versions) = text.split_once("\n\n").unwrap_or_default();
        let version = |line: &'static str| {
            let name = line.split(' ').next()?;
            Some((name.strip_prefix("1.")?.parse().ok()?, line))
        };
        Pool {
            lines: definitions.lines().skip(1).collect(),
            versions: versions.lines().filter_map(version).collect(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_definition_can_be_read_and_names_only_what_is_there() {
        let versions = versions();
        assert!(versions.len() >= 13 && versions.first() == Some(&25), "{versions:?}");
        assert!(
            versions.is_sorted_by(|one, next| one + 1 == *next),
            "one is missing: {versions:?}"
        );
        for minor in versions {
            let definitions = definitions(minor);
            assert!(definitions.by_name.len() > 500 && definitions.kinds().count() > 100);
            for definition in definitions.by_name.values() {
                let schema: serde_json::Value = serde_json::from_str(definition.schema).unwrap();
                assert!(schema.is_object());
                for reference in definition.schema.split("\"#/$defs/").skip(1) {
                    let name = reference.split('"').next().unwrap();
                    assert!(definitions.named(name).is_some(), "1.{minor}: {name}");
                }
            }
        }
        assert!(definitions(24).by_name.is_empty());
    }
}
