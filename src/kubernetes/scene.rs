//! Knows what rules look at: the objects of one overlay, and what stands in them where.
//!
//! It judges nothing.

use std::collections::BTreeMap;

use crate::kustomize::images::ImageEntry;
use crate::kustomize::object::Object;
use crate::kustomize::problem::Place;
use crate::kustomize::value::Value;
use crate::model::read::Severity;

/// What one overlay renders to, as rules see it.
#[derive(Debug)]
pub struct Scene<'r> {
    /// The objects.
    pub objects: &'r [Object],
    /// The entries of the overlay's own `images` that changed no container.
    pub unused_images: &'r [ImageEntry],
    /// The pods that the objects make, by themselves or by what they are templates of.
    pub pods: Vec<Pod<'r>>,
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
        Self { objects, unused_images, pods }
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
        Self { object: object.into(), place, message: message.into(), severity: None }
    }

    /// The same, as bad as this.
    #[must_use]
    pub fn as_bad_as(self, severity: Severity) -> Self {
        Self { severity: Some(severity), ..self }
    }
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
        ("batch", "Job") => &["spec", "template"],
        ("batch", "CronJob") => &["spec", "jobTemplate", "spec", "template"],
        _ => return None,
    };
    let pod = object.value.at_path(way)?;
    Some(Pod { object: at, metadata: pod.get("metadata"), spec: pod.get("spec")? })
}
