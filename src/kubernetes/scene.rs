//! Knows what rules look at: the objects of one overlay, and what stands in them where.
//!
//! It judges nothing.

mod made;
mod mentions;
mod names;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use mentions::Mentions;
pub use names::{Held, Named, Names, Type};

use crate::kustomize::images::ImageEntry;
use crate::kustomize::object::Object;
use crate::kustomize::problem::Place;
use crate::kustomize::value::{Key, Map, Value};
use crate::model::read::Severity;

/// The most bytes of a message, whatever is quoted in it.
const LONGEST_MESSAGE: usize = 1000;

/// What one overlay renders to, as rules see it.
#[derive(Debug)]
pub struct Scene<'r> {
    /// The objects.
    pub objects: &'r [Object],
    /// The entries of the overlay's own `images` that changed no container.
    pub unused_images: &'r [ImageEntry],
    /// The pods that the objects make, by themselves or by what they are templates of.
    pub pods: Vec<Pod<'r>>,
    /// The names that the objects have, and the names of what controllers make of them.
    pub names: Names<'r>,
    /// What is named in passing, once somebody asks.
    mentions: OnceLock<Mentions<'r>>,
}

/// A pod, or the template of one.
#[derive(Debug, Clone, Copy)]
pub struct Pod<'r> {
    /// The object that it is or that makes it, by its number.
    pub object: usize,
    /// Its `metadata`, if it has some.
    pub metadata: Option<&'r Value>,
    /// Its `spec`.
    pub spec: &'r Value,
}

/// What a rule has to say of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The object that it is about, by its number.
    pub object: Option<usize>,
    /// Where a person would put it right.
    pub place: Place,
    /// What is wrong and what to do.
    pub message: String,
    /// How bad it is, where it is not what the rule says of itself.
    pub severity: Option<Severity>,
}

impl<'r> Scene<'r> {
    /// What a render made.
    pub fn new(objects: &'r [Object], unused_images: &'r [ImageEntry]) -> Self {
        let pods = objects.iter().enumerate().filter_map(|(at, object)| pod(at, object)).collect();
        let (names, mentions) = (Names::new(objects), OnceLock::new());
        Self { objects, unused_images, pods, names, mentions }
    }

    /// The objects of a kind in one of Kubernetes' own groups, with their numbers. Empty group: the core.
    pub fn of_kind<'s>(
        &'s self,
        group: &'s str,
        kind: &'s str,
    ) -> impl Iterator<Item = (usize, &'r Object)> + 's {
        let wanted = move |object: &Object| object.kind() == kind && object.gvk().group == group;
        self.objects.iter().enumerate().filter(move |(_, object)| wanted(object))
    }

    /// Whether something that runs in the cluster may make an object of this name, for all that can be seen here.
    pub fn may_be_made(&self, namespace: &str, name: &str) -> bool {
        self.mentions.get_or_init(|| Mentions::new(self)).may_make(namespace, name)
    }

    /// Whether there are objects that controllers make pods of in a way that is not known here.
    pub fn has_unknown_makers(&self) -> bool {
        self.objects.iter().any(may_make_pods)
    }

    /// Where the object with a number was written.
    pub fn place(&self, object: usize) -> Place {
        self.objects.get(object).map_or(Place::NOWHERE, Object::place)
    }

    /// The namespace of the object with a number; empty if it has none.
    pub fn namespace(&self, object: usize) -> &'r str {
        self.objects.get(object).map_or("", Object::namespace)
    }
}

impl<'r> Pod<'r> {
    /// Its labels.
    pub fn labels(&self) -> BTreeMap<&'r str, &'r str> {
        let labels =
            self.metadata.and_then(|metadata| metadata.get("labels")).and_then(Value::as_map);
        let texts = labels.into_iter().flat_map(|labels| labels.iter());
        texts.filter_map(|(key, value)| Some((&*key.text, value.as_text()?))).collect()
    }

    /// Its containers: those that run first, those that run, and those for looking in.
    pub fn containers(&self) -> impl Iterator<Item = &'r Value> + use<'r> {
        let lists = ["initContainers", "containers", "ephemeralContainers"];
        let spec = self.spec;
        lists.into_iter().flat_map(move |list| {
            spec.get(list).and_then(Value::as_list).unwrap_or_default().iter()
        })
    }
}

impl Remark {
    /// A remark of the rule's own severity.
    pub fn new(object: impl Into<Option<usize>>, place: Place, message: impl Into<String>) -> Self {
        let mut message = message.into();
        if message.len() > LONGEST_MESSAGE {
            message.truncate(message.floor_char_boundary(LONGEST_MESSAGE));
            message.push('…');
        }
        Self { object: object.into(), place, message, severity: None }
    }

    /// The same, as bad as this.
    #[must_use]
    pub fn as_bad_as(self, severity: Severity) -> Self {
        Self { severity: Some(severity), ..self }
    }
}

/// Whether two namespaces may be the same: what has none goes where it is applied to.
pub fn may_be_same_namespace(one: &str, other: &str) -> bool {
    one == other || one.is_empty() || other.is_empty()
}

/// Whether an object is of a type that Kubernetes does not have itself.
pub fn is_custom(object: &Object) -> bool {
    let group = object.gvk().group;
    group.contains('.') && !OWN_GROUPS.contains(&group)
}

/// Whether pods may be made of an object in a way that is not known here: of most custom ones, for all one knows.
fn may_make_pods(object: &Object) -> bool {
    let known = match object.gvk().group {
        "monitoring.coreos.com" => !matches!(
            object.kind(),
            "Alertmanager" | "Prometheus" | "PrometheusAgent" | "ThanosRuler"
        ),
        "argoproj.io" => object.kind() == "Rollout",
        "bitnami.com"
        | "cert-manager.io"
        | "external-secrets.io"
        | "gateway.networking.k8s.io"
        | "keda.sh"
        | "networking.istio.io"
        | "secrets-store.csi.x-k8s.io"
        | "secrets.hashicorp.com"
        | "security.istio.io"
        | "traefik.io" => true,
        _ => false,
    };
    is_custom(object) && !known
}

/// Kubernetes' own groups with a dot.
const OWN_GROUPS: [&str; 18] = [
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
];

/// The items of a list at a path; none where there is no list.
pub fn items<'v>(value: &'v Value, path: &[&str]) -> std::slice::Iter<'v, Value> {
    value.at_path(path).and_then(Value::as_list).unwrap_or_default().iter()
}

/// The entries of a map at a path; none where there is no map.
pub fn entries<'v>(
    value: &'v Value,
    path: &[&str],
) -> impl DoubleEndedIterator<Item = (&'v Key, &'v Value)> + use<'v> {
    value.at_path(path).and_then(Value::as_map).into_iter().flat_map(Map::iter)
}

/// The text at a path, if there is one that is not empty.
pub fn text<'v>(value: &'v Value, path: &[&str]) -> Option<&'v str> {
    let value = value.at_path(path).filter(|value| !value.is_empty())?;
    value.as_text()
}

/// The pod that an object is or makes.
fn pod(at: usize, object: &Object) -> Option<Pod<'_>> {
    let way: &[&str] = match (object.gvk().group, object.kind()) {
        ("", "Pod") => &[],
        ("", "PodTemplate") => &["template"],
        ("", "ReplicationController") => &["spec", "template"],
        ("apps" | "extensions", "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet") => {
            &["spec", "template"]
        }
        ("batch", "Job")
        | ("argoproj.io", "Rollout")
        | ("apps.kruise.io", "CloneSet" | "DaemonSet" | "StatefulSet")
        | ("apps.openshift.io", "DeploymentConfig") => &["spec", "template"],
        ("batch", "CronJob") => &["spec", "jobTemplate", "spec", "template"],
        _ => return None,
    };
    let pod = object.value.at_path(way)?;
    Some(Pod { object: at, metadata: pod.get("metadata"), spec: pod.get("spec")? })
}
