//! `latest-tag`: images that do not say which version they are.

use super::Rule;
use crate::kubernetes::scene::{Remark, Scene, text};
use crate::kustomize::images::split;
use crate::kustomize::value::Value;

/// Off until a configuration turns it on, for the environments where it matters.
pub(super) const RULE: Rule = Rule {
    code: "latest-tag",
    severity: None,
    finds: "an image without tag and digest, or with the tag `latest`",
    check,
};

fn check(scene: &Scene<'_>, remarks: &mut Vec<Remark>) {
    for pod in &scene.pods {
        for container in pod.containers() {
            let (Some(value), Some(image)) = (container.get("image"), text(container, &["image"]))
            else {
                continue;
            };
            let wrong = match split(image).1 {
                "" => "has no tag, so that it is whatever is the latest",
                ":latest" => "is whatever is the latest",
                _ => continue,
            };
            let place = super::known(&[value.place, container.place, scene.place(pod.object)]);
            let container = container.get("name").and_then(Value::as_text).unwrap_or_default();
            let message =
                format!("{image} of the container {container} {wrong}: name a version or a digest");
            remarks.push(Remark::new(pod.object, place, message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{deployment, found};
    use super::*;

    #[test]
    fn versions_and_digests_are_named() {
        let pod = deployment(
            "containers:\n- {name: a, image: nginx}\n- {name: b, image: 'nginx:latest'}\n\
             - {name: c, image: 'nginx:1'}\n- {name: d, image: 'h:50/nginx@sha256:ab'}\n\
             - {name: e, image: 'h:50/nginx'}\n- {name: f, image: ''}\n\
             - {name: g, image: 'nginx:latest@sha256:ab'}\n",
        );
        insta::assert_snapshot!(found(&RULE, &pod), @r"
        10:26 off: nginx of the container a has no tag, so that it is whatever is the latest: name a version or a digest
        11:26 off: nginx:latest of the container b is whatever is the latest: name a version or a digest
        14:26 off: h:50/nginx of the container e has no tag, so that it is whatever is the latest: name a version or a digest
        ");
    }
}
