//! `selector-mismatch`: workloads whose own selector does not match the labels of their pods.

use super::selecting::Selector;
use super::{Rule, is_put_in_later, known};
use crate::kubernetes::scene::{Remark, Scene};
use crate::kustomize::value::Value;
use crate::model::read::Severity;

pub(super) const RULE: Rule = Rule {
    code: "selector-mismatch",
    severity: Some(Severity::Error),
    finds: "a workload whose selector does not match the labels of its own pods",
    check,
};

fn check(scene: &Scene<'_>, remarks: &mut Vec<Remark>) {
    for pod in &scene.pods {
        let object = &scene.objects[pod.object];
        let Some(value) = object.value.at_path(&["spec", "selector"]) else { continue };
        let selector = match object.kind() {
            "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet" => Selector::of(value),
            "ReplicationController" => Selector::of_labels(value),
            // Kubernetes makes that of a Job.
            _ => continue,
        };
        let labels = pod.labels();
        for (key, value) in selector.unmet(&labels) {
            let wanted = value.as_text().unwrap_or_default();
            let has = match labels.get(&*key.text) {
                Some(label) => format!("its pods have {}={label}", key.text),
                None => format!("its pods have no label {}", key.text),
            };
            if is_put_in_later(wanted) {
                continue;
            }
            let message = format!(
                "this {} selects {}={wanted}, and {has}: the API server refuses it",
                object.kind(),
                key.text
            );
            remarks.push(Remark::new(
                pod.object,
                known(&[value.place, key.place, object.place()]),
                message,
            ));
        }
        if !selector.expressions_are_met(&labels) {
            let expressions = value.get("matchExpressions").map(|value: &Value| value.place);
            let place = known(&[expressions.unwrap_or(value.place), value.place, object.place()]);
            let message = format!(
                "the expressions of this {}'s selector do not match the labels of its own pods: the API server \
                 refuses it",
                object.kind()
            );
            remarks.push(Remark::new(pod.object, place, message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;

    #[test]
    fn pods_are_selected_by_their_own_workload() {
        let workload = |kind: &str, name: &str, selector: &str| {
            format!(
                "apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n  selector:\n    {selector}\n  \
                 template: {{metadata: {{labels: {{app: web, tier: '1'}}}}, spec: {{containers: []}}}}\n---\n"
            )
        };
        let objects: String = [
            workload("Deployment", "a", "matchLabels: {app: web, tier: 1}"),
            workload("Deployment", "b", "matchLabels:\n      app: wbe"),
            workload("StatefulSet", "c", "matchLabels: {app: web, more: x}"),
            workload("DaemonSet", "d", "matchExpressions: [{key: app, operator: In, values: [x]}]"),
            workload(
                "DaemonSet",
                "e",
                "matchExpressions: [{key: app, operator: In, values: [web]}]",
            ),
            workload("DaemonSet", "f", "matchExpressions: [{key: app, operator: DoesNotExist}]"),
            workload("DaemonSet", "g", "matchLabels: {app: '${APP}'}"),
        ]
        .concat();
        insta::assert_snapshot!(found(&RULE, &objects), @r"
        15:12 error: this Deployment selects app=wbe, and its pods have app=web: the API server refuses it
        23:35 error: this StatefulSet selects more=x, and its pods have no label more: the API server refuses it
        31:23 error: the expressions of this DaemonSet's selector do not match the labels of its own pods: the API server refuses it
        47:23 error: the expressions of this DaemonSet's selector do not match the labels of its own pods: the API server refuses it
        ");
    }
}
