//! `label-invalid`: labels, selectors and annotations that break Kubernetes' syntax.

use super::syntax::{label_value, qualified_name};
use super::{Rule, is_put_in_later, known};
use crate::kubernetes::scene::{Remark, Scene, entries, items};
use crate::kustomize::problem::Place;
use crate::kustomize::value::{Key, Value};
use crate::model::read::Severity;

pub(super) const RULE: Rule = Rule {
    code: "label-invalid",
    severity: Some(Severity::Error),
    finds: "a label, a selector or an annotation that breaks Kubernetes' syntax",
    check,
};

/// The most bytes of all annotations of an object.
const MOST_ANNOTATIONS: usize = 256 * 1024;

fn check(scene: &Scene<'_>, remarks: &mut Vec<Remark>) {
    for (at, object) in scene.objects.iter().enumerate() {
        let mut labels = Labels { object: at, place: object.place(), remarks: &mut *remarks };
        let value = &object.value;
        labels.metadata(value.get("metadata"));
        let selector: &[&str] = match (object.gvk().group, object.kind()) {
            ("", "Service" | "ReplicationController") => &["spec", "selector"],
            ("apps" | "extensions" | "policy", _) => &["spec", "selector", "matchLabels"],
            ("networking.k8s.io", "NetworkPolicy") => &["spec", "podSelector", "matchLabels"],
            _ => continue,
        };
        labels.labels(entries(value, selector));
        for claim in items(value, &["spec", "volumeClaimTemplates"]) {
            labels.metadata(claim.get("metadata"));
        }
    }
    for pod in &scene.pods {
        let place = scene.place(pod.object);
        let mut labels = Labels { object: pod.object, place, remarks: &mut *remarks };
        // A Pod's own were seen.
        if scene.objects[pod.object].kind() != "Pod" {
            labels.metadata(pod.metadata);
        }
        labels.labels(entries(pod.spec, &["nodeSelector"]));
    }
}

/// Looks at the labels of one object.
struct Labels<'a> {
    object: usize,
    place: Place,
    remarks: &'a mut Vec<Remark>,
}

impl Labels<'_> {
    fn metadata(&mut self, metadata: Option<&Value>) {
        let Some(metadata) = metadata else { return };
        self.labels(entries(metadata, &["labels"]));
        let mut size = 0;
        for (key, value) in entries(metadata, &["annotations"]) {
            size += key.text.len() + value.as_text().unwrap_or_default().len();
            // Only of annotations, the case of the owner does not count.
            self.key(key, "annotation", &key.text.to_lowercase());
        }
        if size > MOST_ANNOTATIONS {
            let place = metadata.get("annotations").map_or(self.place, |value| value.place);
            let message =
                format!("the annotations have {size} bytes, and may have {MOST_ANNOTATIONS}");
            self.say(place, message);
        }
    }

    fn labels<'v>(&mut self, labels: impl Iterator<Item = (&'v Key, &'v Value)>) {
        for (key, value) in labels {
            self.key(key, "label", &key.text);
            let text = value.as_text().unwrap_or_default();
            if let Err(problem) = label_value(text)
                && !is_put_in_later(text)
            {
                let message = format!("the value of the label {}, {text:?}, {problem}", key.text);
                self.say(known(&[value.place, key.place]), message);
            }
        }
    }

    fn key(&mut self, key: &Key, what: &str, text: &str) {
        if let Err(problem) = qualified_name(text)
            && !is_put_in_later(text)
        {
            self.say(key.place, format!("the key of the {what} {:?} {problem}", key.text));
        }
    }

    fn say(&mut self, place: Place, message: String) {
        if self.remarks.len() < super::MOST {
            self.remarks.push(Remark::new(self.object, known(&[place, self.place]), message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;

    #[test]
    fn keys_and_values_fit() {
        let objects = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: a\n  labels:\n    \
            app: 'my app'\n    'my app': x\n    Example.com/a: x\n    ok.example.com/A_b: ''\n    later: '${X}!'\n  \
            annotations:\n    Example.com/a: anything goes!\n    a/b/c: x\nspec:\n  \
            selector:\n    matchLabels:\n      app: -a\n  \
            template:\n    metadata:\n      labels:\n        app: a/b\n    \
            spec:\n      nodeSelector:\n        disk: s s d\n";
        insta::assert_snapshot!(found(&RULE, objects), @r#"
        6:10 error: the value of the label app, "my app", may not have ' ': only letters, digits, -, _ and .
        7:5 error: the key of the label "my app" may not have ' ': only letters, digits, -, _ and .
        8:5 error: the key of the label "Example.com/a" has "Example.com" in front of its /, which is no DNS name
        13:5 error: the key of the annotation "a/b/c" has more than one /
        17:12 error: the value of the label app, "-a", has to begin and end with a letter or a digit
        21:14 error: the value of the label app, "a/b", may not have '/': only letters, digits, -, _ and .
        24:15 error: the value of the label disk, "s s d", may not have ' ': only letters, digits, -, _ and .
        "#);
    }

    #[test]
    fn annotations_are_not_larger_than_they_may_be() {
        let object = |size: usize| {
            let text = "x".repeat(size);
            format!(
                "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  annotations:\n    a: {text}\nspec: {{}}\n"
            )
        };
        assert_eq!(found(&RULE, &object(MOST_ANNOTATIONS - 1)), "");
        insta::assert_snapshot!(found(&RULE, &object(MOST_ANNOTATIONS)), @"6:5 error: the annotations have 262145 bytes, and may have 262144");
    }
}
