//! Knows what an overlay names in passing: names that a controller or a script may make an object of.
//!
//! It is a reason to doubt that a name is missing, and never one to hold that it is there.

use std::collections::HashSet;

use super::{Scene, entries, is_custom, items};
use crate::kustomize::value::{Content, Value};

/// The longest name that an object can have.
const LONGEST_NAME: usize = 253;
/// Kinds of which anything may be made.
const MAKE_ANYTHING: [&str; 8] = [
    "HelmRelease",
    "HelmChart",
    "Application",
    "ApplicationSet",
    "Kustomization",
    "Subscription",
    "KubernetesManifest",
    "Terraform",
];

/// What is named in passing.
#[derive(Debug, Default)]
pub(super) struct Mentions<'r> {
    /// Names in custom objects, in what containers are called with, in scripts and rights.
    names: HashSet<&'r str>,
    /// Namespaces and names of custom objects: operators put theirs in front of what they make.
    operated: HashSet<(&'r str, &'r str)>,
    /// Whether anything may be made.
    anything: bool,
}

impl<'r> Mentions<'r> {
    pub(super) fn new(scene: &Scene<'r>) -> Self {
        let mut all = Self::default();
        for object in scene.objects {
            if is_custom(object) {
                all.anything |= MAKE_ANYTHING.contains(&object.kind());
                all.operated.insert((object.namespace(), object.name()));
                all.learn(&object.value);
                continue;
            }
            match object.kind() {
                "ConfigMap" => {
                    entries(&object.value, &["data"]).for_each(|(_, text)| all.learn(text));
                }
                "Role" | "ClusterRole" => {
                    let rules = items(&object.value, &["rules"]);
                    rules
                        .filter_map(|rule| rule.get("resourceNames"))
                        .for_each(|one| all.learn(one));
                }
                _ => {}
            }
        }
        for container in scene.pods.iter().flat_map(|pod| pod.containers()) {
            let called = ["command", "args"].into_iter().filter_map(|key| container.get(key));
            let env = items(container, &["env"]).filter_map(|entry| entry.get("value"));
            called.chain(env).for_each(|one| all.learn(one));
        }
        all
    }

    /// Whether an object of this name may be made.
    pub(super) fn may_make(&self, namespace: &str, name: &str) -> bool {
        if name.len() > LONGEST_NAME {
            return true;
        }
        let operated = |end: usize| {
            let owner = &name[..end];
            self.operated.contains(&(namespace, owner)) || self.operated.contains(&("", owner))
        };
        let ends = name.match_indices(['-', '.']).map(|(end, _)| end);
        self.anything || self.names.contains(name) || ends.chain([name.len()]).any(operated)
    }

    /// Takes up every word that may be a name.
    fn learn(&mut self, value: &'r Value) {
        match &value.content {
            Content::Scalar(scalar) => {
                let part_of_name = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
                let words = scalar.text.split(|c: char| !part_of_name(c));
                self.names.extend(words.map(|word| word.trim_matches('.')));
            }
            Content::List(list) => list.iter().for_each(|item| self.learn(item)),
            Content::Map(map) => map.iter().for_each(|(_, value)| self.learn(value)),
        }
    }
}
