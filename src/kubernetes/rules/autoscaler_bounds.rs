//! `autoscaler-bounds`: autoscalers that want at least more than they want at most.

use super::scaled::scalers;
use super::{Rule, known};
use crate::kubernetes::scene::{Remark, Scene};
use crate::model::read::Severity;

pub(super) const RULE: Rule = Rule {
    code: "autoscaler-bounds",
    severity: Some(Severity::Error),
    finds: "an autoscaler whose fewest replicas are more than its most",
    check,
};

fn check(scene: &Scene<'_>, remarks: &mut Vec<Remark>) {
    for scaler in scalers(scene) {
        let (Some((value, least)), Some((_, most))) = (scaler.bound(0), scaler.bound(1)) else {
            continue;
        };
        if least > most {
            let [lower, upper] = scaler.bounds;
            let message = format!(
                "{lower} is {least}, and {upper} is only {most}: the API server refuses it"
            );
            let place = known(&[value.place, scaler.object.place()]);
            remarks.push(Remark::new(scaler.number, place, message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;

    #[test]
    fn the_fewest_are_not_more_than_the_most() {
        let scaler = |name: &str, bounds: &str| {
            format!(
                "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {{name: {name}}}\nspec:\n  \
                 scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: web}}\n  {bounds}\n---\n"
            )
        };
        let objects = [
            scaler("a", "minReplicas: 3\n  maxReplicas: 2"),
            scaler("b", "minReplicas: 2\n  maxReplicas: 2"),
            scaler("c", "maxReplicas: 2"),
            scaler("d", "minReplicas: 10\n  maxReplicas: 9"),
        ];
        insta::assert_snapshot!(found(&RULE, &objects.concat()), @r"
        6:16 error: minReplicas is 3, and maxReplicas is only 2: the API server refuses it
        29:16 error: minReplicas is 10, and maxReplicas is only 9: the API server refuses it
        ");
    }
}
