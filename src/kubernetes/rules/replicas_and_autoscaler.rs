//! `replicas-and-autoscaler`: workloads that say how many pods they want while something scales them.

use super::scaled::scalers;
use super::{Rule, known};
use crate::kubernetes::scene::{Remark, Scene};
use crate::model::read::Severity;

pub(super) const RULE: Rule = Rule {
    code: "replicas-and-autoscaler",
    severity: Some(Severity::Warning),
    finds: "a workload with `replicas` that an autoscaler scales, so that each apply undoes what that did",
    check,
};

fn check(scene: &Scene<'_>, remarks: &mut Vec<Remark>) {
    for scaler in scalers(scene) {
        let Some(number) = scaler.scaled(scene) else { continue };
        let object = &scene.objects[number];
        let Some(replicas) = object.value.at_path(&["spec", "replicas"]) else { continue };
        // None at all turns autoscaling off.
        if replicas.is_null() || replicas.as_text() == Some("0") {
            continue;
        }
        let message = format!(
            "the {} {} scales this {}, and each apply sets it back to {} replicas: leave `replicas` out",
            scaler.object.kind(),
            scaler.object.name(),
            object.kind(),
            replicas.as_text().unwrap_or_default()
        );
        remarks.push(Remark::new(number, known(&[replicas.place, object.place()]), message));
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, found_in};
    use super::*;

    fn workload(name: &str, spec: &str) -> String {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  {spec}\n---\n"
        )
    }

    const SCALER: &str = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec:\n  \
        scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n  maxReplicas: 9\n";

    #[test]
    fn one_of_the_two_says_how_many() {
        let keda = "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: k}\n\
            spec: {scaleTargetRef: {name: worker}}\n---\n";
        let all =
            [&workload("web", "replicas: 2"), &workload("worker", "replicas: 3"), keda, SCALER];
        insta::assert_snapshot!(found(&RULE, &all.map(|text| text.to_owned()).concat()), @r"
        5:13 warning: the HorizontalPodAutoscaler web scales this Deployment, and each apply sets it back to 2 replicas: leave `replicas` out
        11:13 warning: the ScaledObject k scales this Deployment, and each apply sets it back to 3 replicas: leave `replicas` out
        ");
        for quiet in ["replicas: 0", "paused: true", "replicas: null"] {
            assert_eq!(found(&RULE, &format!("{}{SCALER}", workload("web", quiet))), "");
        }
        assert_eq!(found(&RULE, &format!("{}{SCALER}", workload("other", "replicas: 2"))), "");
    }

    #[test]
    fn an_overlay_that_sets_it_is_found_by_its_base() {
        let files = [
            ("base/kustomization.yaml", "resources: [all.yaml]\n"),
            ("base/all.yaml", &format!("{}{SCALER}", workload("web", "paused: true"))),
            ("prod/kustomization.yaml", "resources: [../base]\npatches:\n- path: patch.yaml\n"),
            (
                "prod/patch.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 4\n",
            ),
        ];
        insta::assert_snapshot!(found_in(&RULE, &files, "prod"), @"prod/patch.yaml:5:13 warning: the HorizontalPodAutoscaler web scales this Deployment, and each apply sets it back to 4 replicas: leave `replicas` out");
    }
}
