//! Knows the names in an overlay: of its objects, and of what controllers make of them.
//!
//! It judges no name.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use super::made;
use crate::kustomize::id::{DEFAULT_NAMESPACE, Gvk};
use crate::kustomize::object::Object;

/// A type: its group and its kind, in the group where Kubernetes has it now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Type<'a> {
    /// The group; empty for the core.
    pub group: &'a str,
    /// The kind.
    pub kind: &'a str,
}

/// Something with a name that the overlay has, or that a controller makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The object, or the one that it is made of, by its number.
    pub object: usize,
    /// Whether a controller makes it: nobody can see what is in it.
    pub made: bool,
}

/// A name and who has it.
pub type Named<'r> = (Cow<'r, str>, Held);

/// All names.
#[derive(Debug, Default)]
pub struct Names<'r> {
    by_name: HashMap<Type<'r>, HashMap<Cow<'r, str>, InNamespaces<'r>>>,
    by_namespace: HashMap<Type<'r>, HashMap<&'r str, Vec<Named<'r>>>>,
    /// By the namespaces that objects had before Kustomize moved them.
    moved: HashMap<Type<'r>, HashMap<&'r str, Vec<Named<'r>>>>,
}

/// Who has a name, by namespace.
#[derive(Debug, Default)]
struct InNamespaces<'r> {
    first: Option<Held>,
    each: HashMap<&'r str, Held>,
}

impl<'a> Type<'a> {
    /// A type of the core.
    pub const fn core(kind: &'a str) -> Self {
        Self { group: "", kind }
    }

    /// The type of what has this group and this kind: what moved to another group is found there.
    pub fn of(gvk: Gvk<'a>) -> Self {
        let Gvk { group, kind, .. } = gvk;
        let group = match (group, kind) {
            ("extensions", "Deployment" | "DaemonSet" | "ReplicaSet") => "apps",
            ("extensions", "Ingress" | "NetworkPolicy") => "networking.k8s.io",
            ("extensions", "PodSecurityPolicy") => "policy",
            ("events.k8s.io", "Event") => "",
            _ => group,
        };
        Self { group, kind }
    }
}

impl<'r> Names<'r> {
    /// The names of objects.
    pub(super) fn new(objects: &'r [Object]) -> Self {
        let mut names = Self::default();
        for (at, object) in objects.iter().enumerate() {
            let held = Held { object: at, made: false };
            let name = Cow::Borrowed(object.name());
            let of = Type::of(object.gvk());
            names.add(of, namespace(object), name.clone(), held);
            for before in namespaces_before(object) {
                let moved = names.moved.entry(of).or_default();
                moved.entry(before).or_default().push((name.clone(), held));
            }
        }
        for (at, object) in objects.iter().enumerate() {
            for (kind, namespace, name) in made::by(object) {
                names.add(Type::core(kind), namespace, name, Held { object: at, made: true });
            }
        }
        names
    }

    fn add(&mut self, of: Type<'r>, namespace: &'r str, name: Cow<'r, str>, held: Held) {
        let named = self.by_name.entry(of).or_default().entry(name.clone()).or_default();
        named.first.get_or_insert(held);
        named.each.entry(namespace).or_insert(held);
        let list = self.by_namespace.entry(of).or_default().entry(namespace).or_default();
        list.push((name, held));
    }

    /// Who has a name in a namespace. What has no namespace may be in any.
    pub fn held(&self, of: Type<'_>, namespace: &str, name: &str) -> Option<Held> {
        let named = self.by_name.get(&of)?.get(name)?;
        let anywhere = || named.first.filter(|_| namespace.is_empty());
        named.each.get(namespace).or_else(|| named.each.get("")).copied().or_else(anywhere)
    }

    /// All names of a type in a namespace, in order.
    pub fn of_type<'s>(&'s self, of: Type<'s>, namespace: &str) -> &'s [Named<'s>] {
        let named = self.by_namespace.get(&of).and_then(|names| names.get(namespace));
        named.map(Vec::as_slice).unwrap_or_default()
    }

    /// The names of what was in a namespace until Kustomize moved it: a misspelt reference stays behind.
    pub fn moved<'s>(&'s self, of: Type<'s>, namespace: &str) -> &'s [Named<'s>] {
        let named = self.moved.get(&of).and_then(|names| names.get(namespace));
        named.map(Vec::as_slice).unwrap_or_default()
    }
}

/// The namespaces that an object had before; what had none was in none, and in `default`.
fn namespaces_before(object: &Object) -> BTreeSet<&str> {
    let mut before = BTreeSet::new();
    for id in object.previous_ids().filter(|id| id.namespace != object.namespace()) {
        before.insert(id.namespace);
        if id.namespace == DEFAULT_NAMESPACE && !object.namespace().is_empty() {
            before.insert("");
        }
    }
    before
}

/// The namespace that tells an object from others of its type.
pub(super) fn namespace(object: &Object) -> &str {
    if object.gvk().is_cluster_scoped() { "" } else { object.namespace() }
}
