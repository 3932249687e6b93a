//! Knows the order in which objects are printed.
//!
//! The legacy order puts kinds that others need first; the rest is sorted by texts that Kustomize has long used.

use super::id::{Gvk, Id};
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
    // Of a kind that stands twice, or in both lists, the last place counts.
    let rank = |kind: &str| match (
        last.iter().rposition(|one| *one == kind),
        first.iter().rposition(|one| *one == kind),
    ) {
        (Some(at), _) => (1, at),
        (None, Some(at)) => (-1, at),
        (None, None) => (0, 0),
    };
    objects.sort_by_cached_key(|object| {
        let id = object.id();
        (rank(id.gvk.kind), kind_text(id.gvk), id_text(id))
    });
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
