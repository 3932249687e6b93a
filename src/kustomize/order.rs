//! Knows the order in which objects are printed.
//!
//! The legacy order puts kinds that others need first; the rest is sorted by texts that Kustomize has long used.

use super::id::{Gvk, GvkPattern, Id};
use super::kustomization::Order;
use super::object::Object;

/// Kustomize's own lists (`SortOrderTransformer`).
const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
const LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// Sorts objects.
pub fn sort(objects: &mut [Object], order: &Order) {
    let lists = match order {
        Order::Fifo => return,
        Order::Legacy(lists) => lists,
    };
    let (first, last): (Vec<&str>, Vec<&str>) = match lists {
        Some((first, last)) => {
            (first.iter().map(String::as_str).collect(), last.iter().map(String::as_str).collect())
        }
        None => (FIRST.to_vec(), LAST.to_vec()),
    };
    objects.sort_by_cached_key(|object| {
        let id = object.id();
        // Kubernetes' own namespaces come before those of others.
        let foreign = id.gvk.kind == "Namespace" && !id.gvk.group.is_empty();
        (rank(id.gvk.kind, &first, &last), foreign, kind_text(id.gvk), id_text(id))
    });
}

/// A text by which field specs are sorted: by the kinds that they are for, in the same order.
pub(super) fn spec_key(gvk: &GvkPattern) -> (i8, usize, String) {
    let (side, at) = rank(&gvk.kind, &FIRST, &LAST);
    let GvkPattern { group, version, kind } = gvk;
    (side, at, kind_text(Gvk { group, version, kind }))
}

/// Of a kind that stands twice, or in both lists, the last place counts.
fn rank(kind: &str, first: &[&str], last: &[&str]) -> (i8, usize) {
    let place = |list: &[&str]| list.iter().rposition(|one| *one == kind);
    match (place(last), place(first)) {
        (Some(at), _) => (1, at),
        (None, Some(at)) => (-1, at),
        (None, None) => (0, 0),
    }
}

fn or<'a>(text: &'a str, instead: &'a str) -> &'a str {
    if text.is_empty() { instead } else { text }
}

fn kind_text(gvk: Gvk<'_>) -> String {
    format!("{}_{}_{}", or(gvk.group, "~G"), or(gvk.version, "~V"), or(gvk.kind, "~K"))
}

fn id_text(id: Id<'_>) -> String {
    let Gvk { group, version, kind } = id.gvk;
    format!(
        "{}.{}.{}|{}|{}",
        or(kind, "[noKind]"),
        or(version, "[noVer]"),
        or(group, "[noGrp]"),
        or(id.namespace, "~X"),
        or(id.name, "~N")
    )
}
