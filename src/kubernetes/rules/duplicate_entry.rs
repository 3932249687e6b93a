//! `duplicate-entry`: entries of a list with the same key, where Kubernetes takes the list for a map.

use std::collections::HashSet;

use super::Rule;
use crate::kubernetes::scene::{Pod, Remark, Scene, items};
use crate::kustomize::problem::Place;
use crate::kustomize::value::Value;
use crate::model::read::Severity;

pub(super) const RULE: Rule = Rule {
    code: "duplicate-entry",
    severity: Some(Severity::Error),
    finds: "two entries with the same key in a list that is a map to Kubernetes",
    check,
};

/// Why it matters.
const REFUSED: &str = "the API server refuses it";
const LAST_WINS: &str = "only the last one counts, and server-side apply refuses it";

fn check(scene: &Scene<'_>, remarks: &mut Vec<Remark>) {
    for pod in &scene.pods {
        of_pod(scene, pod, remarks);
    }
    for (at, service) in scene.of_kind("", "Service") {
        let mut look = Look { object: at, place: service.place(), remarks: &mut *remarks };
        let ports = || items(&service.value, &["spec", "ports"]);
        look.at(ports(), &["name"], "the port name", REFUSED);
        look.at(ports(), &["port", "protocol"], "the port", REFUSED);
    }
}

fn of_pod(scene: &Scene<'_>, pod: &Pod<'_>, remarks: &mut Vec<Remark>) {
    let mut look = Look { object: pod.object, place: scene.place(pod.object), remarks };
    look.at(pod.containers(), &["name"], "the container", REFUSED);
    look.at(items(pod.spec, &["volumes"]), &["name"], "the volume", REFUSED);
    for container in pod.containers() {
        let list = |name: &'static str| items(container, &[name]);
        look.at(list("volumeMounts"), &["mountPath"], "a mount at", REFUSED);
        look.at(list("volumeDevices"), &["devicePath"], "a device at", REFUSED);
        look.at(list("ports"), &["name"], "the port name", REFUSED);
        look.at(list("ports"), &["containerPort", "protocol"], "the port", LAST_WINS);
        look.at(list("env"), &["name"], "the variable", LAST_WINS);
    }
}

/// Looks at the lists of one object.
struct Look<'r> {
    object: usize,
    place: Place,
    remarks: &'r mut Vec<Remark>,
}

impl Look<'_> {
    /// Looks at one list. The first part of the key has to be there; a protocol that is not is TCP.
    fn at<'v>(
        &mut self,
        list: impl Iterator<Item = &'v Value>,
        key: &[&str],
        what: &str,
        why: &'static str,
    ) {
        let mut seen = HashSet::new();
        for entry in list {
            let Some(first) = entry.get(key[0]).filter(|first| !first.is_empty()) else { continue };
            let Some(text) = first.as_text() else { continue };
            let second = key.get(1).map(|key| {
                entry
                    .get(key)
                    .and_then(Value::as_text)
                    .filter(|text| !text.is_empty())
                    .unwrap_or("TCP")
            });
            if seen.insert((text, second)) || super::is_put_in_later(text) {
                continue;
            }
            let key = second.map_or_else(|| text.to_owned(), |second| format!("{text}/{second}"));
            let message = format!("{what} {key} is here twice; {why}: take one out or rename it");
            let place = super::known(&[first.place, entry.place, self.place]);
            let severity = if why == REFUSED { Severity::Error } else { Severity::Warning };
            self.remarks.push(Remark::new(self.object, place, message).as_bad_as(severity));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{deployment, found};
    use super::*;

    #[test]
    fn each_key_stands_once() {
        let pod = deployment(
            "initContainers:\n- {name: a}\ncontainers:\n- name: a\n  ports:\n  - {containerPort: 80, name: http}\n  \
             - {containerPort: 80, protocol: TCP}\n  - {containerPort: 80, protocol: UDP}\n  \
             - {containerPort: 81, name: http}\n  env:\n  - {name: A, value: '1'}\n  - {name: A, value: '2'}\n  \
             volumeMounts:\n  - {name: x, mountPath: /x}\n  - {name: y, mountPath: /x}\n\
             volumes:\n- {name: x, emptyDir: {}}\n- {name: x, emptyDir: {}}\n",
        );
        let service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  ports:\n  \
             - {port: 53, name: dns}\n  - {port: 53, protocol: UDP, name: dns-udp}\n  \
             - {port: 53, name: dns}\n";
        insta::assert_snapshot!(found(&RULE, &pod), @r"
        12:15 error: the container a is here twice; the API server refuses it: take one out or rename it
        26:16 error: the volume x is here twice; the API server refuses it: take one out or rename it
        23:32 error: a mount at /x is here twice; the API server refuses it: take one out or rename it
        17:37 error: the port name http is here twice; the API server refuses it: take one out or rename it
        15:27 warning: the port 80/TCP is here twice; only the last one counts, and server-side apply refuses it: take one out or rename it
        20:18 warning: the variable A is here twice; only the last one counts, and server-side apply refuses it: take one out or rename it
        ");
        insta::assert_snapshot!(found(&RULE, service), @r"
        8:22 error: the port name dns is here twice; the API server refuses it: take one out or rename it
        8:12 error: the port 53/TCP is here twice; the API server refuses it: take one out or rename it
        ");
    }
}
