//! `missing-key`: keys that pods use of a ConfigMap or Secret of the overlay which does not have them.

use std::collections::{BTreeSet, HashMap};

use super::near::{is_misspelt, listed};
use super::references::{CONFIG_MAP, Reference, SECRET, of_pod};
use super::{Rule, is_put_in_later, known};
use crate::kubernetes::scene::{Remark, Scene, entries};
use crate::kustomize::object::Object;
use crate::model::read::Severity;

pub(super) const RULE: Rule = Rule {
    code: "missing-key",
    severity: Some(Severity::Error),
    finds: "a key that a pod uses of a ConfigMap or Secret of the overlay which does not have it",
    check,
};

fn check(scene: &Scene<'_>, remarks: &mut Vec<Remark>) {
    let mut keys = HashMap::new();
    for pod in &scene.pods {
        for reference in of_pod(pod).iter().filter(|reference| !reference.keys.is_empty()) {
            let Some(object) = source(scene, pod.object, reference) else { continue };
            let known_keys = keys.entry(object).or_insert_with(|| all_keys(&scene.objects[object]));
            let Some(known_keys) = known_keys else { continue };
            for key in &reference.keys {
                let Some(text) = key.as_text() else { continue };
                let is_there = known_keys.contains(text);
                if is_there || is_put_in_later(text) || remarks.len() >= super::MOST {
                    continue;
                }
                let message = message(&scene.objects[object], text, known_keys);
                let place = known(&[key.place, reference.name.place, scene.place(pod.object)]);
                remarks.push(Remark::new(pod.object, place, message));
            }
        }
    }
}

fn message(object: &Object, key: &str, keys: &BTreeSet<&str>) -> String {
    let (kind, name) = (object.kind(), object.name());
    let help = match keys.iter().take(super::MOST).find(|known| is_misspelt(key, known)) {
        Some(meant) => format!("did you mean {meant}?"),
        None => format!("it has {}", listed(keys.iter().copied())),
    };
    format!("the {kind} {name} has no key {key}, so the pod does not start: {help}")
}

/// The number of the object that the keys are of.
fn source(scene: &Scene<'_>, pod: usize, reference: &Reference<'_>) -> Option<usize> {
    if reference.optional || ![CONFIG_MAP, SECRET].contains(&reference.of) {
        return None;
    }
    let name = reference.name.as_text()?;
    let held = scene.names.held(reference.of, scene.namespace(pod), name)?;
    (!held.made).then_some(held.object)
}

/// All keys, unless there may be more than can be seen: one that is empty is there for something to fill it, and so are
/// those that are marked for it.
fn all_keys(object: &Object) -> Option<BTreeSet<&str>> {
    let is_mark = |key: &str| {
        !key.starts_with("argocd.argoproj.io/") && FILLED.iter().any(|mark| key.contains(mark))
    };
    let is_marked = ["labels", "annotations"]
        .iter()
        .any(|section| object.notes(section).iter().any(|(key, _)| is_mark(key)));
    let is_token = object.value.get("type").is_some_and(|of| of.as_text() == Some(TOKEN));
    let sections = ["data", "binaryData", "stringData"].into_iter();
    let keys = sections.flat_map(|section| entries(&object.value, &[section]).map(|(key, _)| key));
    let keys: BTreeSet<&str> = keys.map(|key| &*key.text).collect();
    (!is_marked && !is_token && !keys.is_empty()).then_some(keys)
}

/// Kubernetes fills Secrets of this type.
const TOKEN: &str = "kubernetes.io/service-account-token";
/// Parts of the labels and annotations by which controllers find what they fill.
const FILLED: [&str; 6] = ["inject", "generat", "replica", "reflect", "sync", "trusted-cabundle"];

#[cfg(test)]
mod tests {
    use super::super::tests::{deployment, found};
    use super::*;

    #[test]
    fn keys_are_there_unless_something_fills_them_in() {
        let pod = deployment(
            "containers:\n- name: a\n  env:\n  - name: A\n    valueFrom:\n      configMapKeyRef:\n        \
             name: web\n        key: log_levle\n  - name: B\n    valueFrom: {configMapKeyRef: {name: web, key: port}}\n  \
             - name: C\n    valueFrom: {configMapKeyRef: {name: web, key: x, optional: true}}\n  \
             - name: D\n    valueFrom: {secretKeyRef: {name: filled, key: x}}\n  \
             - name: E\n    valueFrom: {secretKeyRef: {name: empty, key: x}}\n\
             volumes:\n- name: x\n  secret: {secretName: certs, items: [{key: ca.crt, path: a}, {key: tls.key, path: b}]}\n",
        );
        let objects = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {log_level: a}\n\
            binaryData: {port: ''}\n---\n\
            apiVersion: v1\nkind: Secret\nmetadata: {name: empty}\n---\n\
            apiVersion: v1\nkind: Secret\nmetadata: {name: certs}\nstringData: {tls.key: a}\n---\n\
            apiVersion: v1\nkind: Secret\nmetadata:\n  name: filled\n  \
            annotations: {secret-generator.v1.mittwald.de/autogenerate: x}\ndata: {a: YQ==}\n";
        insta::assert_snapshot!(found(&RULE, &(pod + objects)), @r"
        16:20 error: the ConfigMap web has no key log_levle, so the pod does not start: did you mean log_level?
        27:51 error: the Secret certs has no key ca.crt, so the pod does not start: it has tls.key
        ");
    }
}
