//! `mount-without-volume`: mounts of volumes that the pod does not have.

use std::collections::BTreeSet;

use super::near::{is_misspelt, listed};
use super::{Rule, is_put_in_later, known};
use crate::kubernetes::scene::{Remark, Scene, items, text};
use crate::model::read::Severity;

pub(super) const RULE: Rule = Rule {
    code: "mount-without-volume",
    severity: Some(Severity::Error),
    finds: "a container that mounts a volume which its pod does not have",
    check,
};

fn check(scene: &Scene<'_>, remarks: &mut Vec<Remark>) {
    for pod in &scene.pods {
        let object = &scene.objects[pod.object];
        let own = items(pod.spec, &["volumes"]).filter_map(|volume| text(volume, &["name"]));
        let claims = items(&object.value, &["spec", "volumeClaimTemplates"]);
        let claims = claims.filter_map(|claim| text(claim, &["metadata", "name"]));
        let volumes: BTreeSet<&str> = own.chain(claims).collect();
        let mounts = pod.containers().flat_map(|container| {
            ["volumeMounts", "volumeDevices"].into_iter().flat_map(|list| items(container, &[list]))
        });
        for name in mounts.filter_map(|mount| mount.get("name")) {
            let Some(wanted) = name.as_text() else { continue };
            if volumes.contains(wanted) || is_put_in_later(wanted) || remarks.len() >= super::MOST {
                continue;
            }
            let help =
                match volumes.iter().take(super::MOST).find(|volume| is_misspelt(wanted, volume)) {
                    Some(meant) => format!("did you mean {meant}?"),
                    None if volumes.is_empty() => "it has none".to_owned(),
                    None => format!("it has {}", listed(volumes.iter().copied())),
                };
            let message = format!(
                "there is no volume {wanted} in this pod, and the API server refuses it: {help}"
            );
            let place = known(&[name.place, object.place()]);
            remarks.push(Remark::new(pod.object, place, message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{deployment, found};
    use super::*;

    #[test]
    fn what_is_mounted_is_there() {
        let pod = deployment(
            "initContainers:\n- name: a\n  volumeMounts:\n  - {name: data, mountPath: /a}\n  \
             - {name: confg, mountPath: /b}\n  - {name: cache, mountPath: /c}\n\
             volumes:\n- {name: data, emptyDir: {}}\n- {name: config, emptyDir: {}}\n",
        );
        insta::assert_snapshot!(found(&RULE, &pod), @r"
        13:18 error: there is no volume confg in this pod, and the API server refuses it: did you mean config?
        14:18 error: there is no volume cache in this pod, and the API server refuses it: it has config, data
        ");
        let none =
            deployment("containers:\n- name: a\n  volumeMounts: [{name: x, mountPath: /a}]\n");
        insta::assert_snapshot!(found(&RULE, &none), @"11:31 error: there is no volume x in this pod, and the API server refuses it: it has none");
        let set = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec:\n  \
            volumeClaimTemplates: [{metadata: {name: data}}]\n  template:\n    spec:\n      \
            containers: [{name: a, volumeMounts: [{name: data, mountPath: /a}]}]\n";
        assert_eq!(found(&RULE, set), "");
    }
}
