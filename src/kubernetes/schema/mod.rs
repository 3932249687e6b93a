//! Knows the types of objects: Kubernetes' own of one version, and those of custom resources.
//!
//! It says which schema an object has to satisfy, or why there is none. What is wrong with an object by its schema,
//! and at which line, `explain` says.

mod compiled;
mod custom;
pub(super) mod embedded;
mod explain;
mod files;
mod history;

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

pub use compiled::Schema;
pub use custom::{Custom, Origin};
pub use explain::Fault;
pub use files::is_likely;

use super::version::Version;
use crate::kustomize::id::Gvk;
use embedded::definitions;

/// The types that objects are held against.
#[derive(Debug, Clone)]
pub struct Types {
    version: Version,
    custom: Custom,
}

/// What is known of a kind of objects.
#[derive(Debug, Clone)]
pub enum Known {
    /// Its schema.
    Schema(Arc<Schema>),
    /// It is there, and says nothing of its fields.
    Anything,
    /// A group that is not Kubernetes' own, and nobody has told of it; what it may have been meant to be.
    Foreign(Option<String>),
    /// There is no such kind: what to say at `kind`.
    NoKind(String),
    /// There is no such version: what to say at `apiVersion`.
    NoVersion(String),
    /// The version of a custom resource is not among those that its definition in the repository serves.
    NotServed(String),
    /// The version that Kubernetes has removed: what to say at `apiVersion`.
    Removed(String),
}

impl Types {
    /// Kubernetes' own types of a version, and custom ones.
    pub fn new(version: Version, custom: Custom) -> Self {
        Self { version, custom }
    }

    /// The version of Kubernetes.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The custom types, to be added to.
    pub fn custom_mut(&mut self) -> &mut Custom {
        &mut self.custom
    }

    /// Whether nothing tells of the group: it is not Kubernetes' own, and no custom type is in it.
    pub fn is_foreign(&self, group: &str) -> bool {
        !is_own_group(group) && !self.custom.has_group(group)
    }

    /// What is known of a kind.
    pub fn of(&self, api_version: &str, kind: &str) -> Known {
        if let Some(schema) = compiled::builtin(self.version.minor(), api_version, kind) {
            return Known::Schema(schema);
        }
        let gvk = Gvk::new(api_version, kind);
        if let Some(known) = self.custom.of(gvk) {
            return known;
        }
        if !is_own_group(gvk.group) {
            return Known::Foreign(self.perhaps(gvk));
        }
        history::missing(self.version, api_version, kind)
    }

    /// When a kind that is there will be gone, and what to write instead.
    pub fn deprecation(&self, api_version: &str, kind: &str) -> Option<String> {
        self.custom
            .deprecation(Gvk::new(api_version, kind))
            .or_else(|| history::deprecation(self.version, api_version, kind))
    }

    /// One of Kubernetes' own groups that has this kind and is written much like this one.
    fn perhaps(&self, gvk: Gvk<'_>) -> Option<String> {
        let kinds = definitions(self.version.minor()).kinds();
        let near = |group: &str| {
            group.len().abs_diff(gvk.group.len()) <= 2
                && strsim::damerau_levenshtein(group, gvk.group) <= 2
        };
        let mut same = kinds.filter(|(api_version, kind)| {
            *kind == gvk.kind && near(Gvk::new(api_version, kind).group)
        });
        same.next().map(|(api_version, _)| api_version.to_owned())
    }
}

/// Whether a group is Kubernetes' own: in one of the embedded versions, or in those before them.
fn is_own_group(group: &str) -> bool {
    static GROUPS: OnceLock<BTreeSet<&'static str>> = OnceLock::new();
    let groups = GROUPS.get_or_init(|| {
        let kinds = embedded::versions().into_iter().flat_map(|minor| definitions(minor).kinds());
        let kinds = kinds.chain(history::removed_kinds());
        kinds.map(|(api_version, kind)| Gvk::new(api_version, kind).group).collect()
    });
    groups.contains(group)
}
