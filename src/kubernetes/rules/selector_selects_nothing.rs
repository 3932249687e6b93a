//! `selector-selects-nothing`: selectors that match no pod of the overlay.

use super::selecting::{Closest, Pods, Selected, Selector};
use super::{Rule, is_put_in_later, known};
use crate::kubernetes::scene::{Remark, Scene, text};
use crate::kustomize::value::Value;
use crate::model::read::Severity;

pub(super) const RULE: Rule = Rule {
    code: "selector-selects-nothing",
    severity: Some(Severity::Warning),
    finds: "a Service, PodDisruptionBudget or NetworkPolicy whose selector matches no pod of the overlay",
    check,
};

fn check(scene: &Scene<'_>, remarks: &mut Vec<Remark>) {
    let pods = Pods::of(scene);
    let others = scene.has_unknown_makers();
    for (at, object) in scene.objects.iter().enumerate() {
        let (path, is_service): (&[&str], _) = match (object.gvk().group, object.kind()) {
            ("", "Service") => (&["spec", "selector"], true),
            ("policy", "PodDisruptionBudget") => (&["spec", "selector"], false),
            ("networking.k8s.io" | "extensions", "NetworkPolicy") => {
                (&["spec", "podSelector"], false)
            }
            _ => continue,
        };
        if remarks.len() >= super::MOST {
            return;
        }
        let Some(value) = object.value.at_path(path) else { continue };
        let selector = if is_service { Selector::of_labels(value) } else { Selector::of(value) };
        let external = text(&object.value, &["spec", "type"]) == Some("ExternalName");
        if selector.is_empty() || external || is_later(selector) {
            continue;
        }
        let (closest, severity) = match pods.select(object.namespace(), selector) {
            Selected::Something => continue,
            Selected::NoPods if !is_service => continue,
            Selected::NoPods => (None, Severity::Note),
            Selected::Nothing { closest } if is_service && !others => (closest, Severity::Warning),
            Selected::Nothing { closest } => (closest, Severity::Note),
        };
        let message = message(scene, object.kind(), selector, closest);
        let differs = closest.map(|closest| closest.wanted.1.place);
        let first = selector.labels().next().map(|(key, _)| key.place);
        let places = [differs, first, Some(value.place), Some(object.place())];
        let place = known(&places.into_iter().flatten().collect::<Vec<_>>());
        remarks.push(Remark::new(at, place, message).as_bad_as(severity));
    }
}

/// Whether a label of it is put in later.
fn is_later(selector: Selector<'_>) -> bool {
    let mut values = selector.labels().filter_map(|(_, value)| value.as_text());
    values.any(is_put_in_later)
}

fn message(
    scene: &Scene<'_>,
    kind: &str,
    selector: Selector<'_>,
    closest: Option<Closest<'_>>,
) -> String {
    let said = |value: &Value| value.as_text().unwrap_or_default().to_owned();
    let wanted: Vec<String> =
        selector.labels().map(|(key, value)| format!("{}={}", key.text, said(value))).collect();
    if wanted.is_empty() {
        return format!("the expressions of this {kind} select no pod of this overlay");
    }
    let wanted = wanted.join(",");
    let nothing = format!("this {kind} selects {wanted}, and no pod of this overlay is that");
    let Some(Closest { object, wanted: (key, _) }) = closest else {
        return nothing;
    };
    let of = &scene.objects[object];
    let labels = scene.pods.iter().find(|pod| pod.object == object).map(|pod| pod.labels());
    let has = match labels.as_ref().and_then(|labels| labels.get(&*key.text)) {
        Some(label) => format!("have {}={label}", key.text),
        None => format!("have no label {}", key.text),
    };
    format!("{nothing}; those of {} {} {has}", of.kind(), of.name())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{deployment, found};
    use super::*;

    fn service(selector: &str) -> String {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec:\n  selector: {selector}\n"
        )
    }

    #[test]
    fn a_service_selects_pods() {
        let pods = deployment("containers: []\n");
        for right in ["{app: web}", "{}", "{app: '${APP}'}", "null"] {
            assert_eq!(found(&RULE, &(pods.clone() + &service(right))), "", "{right}");
        }
        let later = pods.replace("labels: {app: web}", "labels: {app: '${APP}'}");
        assert_eq!(found(&RULE, &(later + &service("{app: shop}"))), "");
        insta::assert_snapshot!(found(&RULE, &(pods.clone() + &service("{app: wbe}"))), @"15:19 warning: this Service selects app=wbe, and no pod of this overlay is that; those of Deployment web have app=web");
        insta::assert_snapshot!(found(&RULE, &(pods.clone() + &service("{app: web, tier: a}"))), @"15:30 warning: this Service selects app=web,tier=a, and no pod of this overlay is that; those of Deployment web have no label tier");
        insta::assert_snapshot!(found(&RULE, &service("{app: web}")), @"6:14 note: this Service selects app=web, and no pod of this overlay is that");
        let operated = "---\napiVersion: example.com/v1\nkind: Database\nmetadata: {name: db}\n";
        insta::assert_snapshot!(found(&RULE, &(pods + &service("{app: db, role: a}") + operated)), @"15:14 note: this Service selects app=db,role=a, and no pod of this overlay is that");
    }

    #[test]
    fn policies_and_budgets_may_be_about_the_pods_of_others() {
        let others = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a}\n\
            spec: {podSelector: {matchLabels: {app: db}}}\n---\n\
            apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: all}\nspec: {podSelector: {}}\n---\n\
            apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: b}\n\
            spec: {selector: {matchExpressions: [{key: app, operator: NotIn, values: [web]}]}}\n---\n\
            apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: c}\n\
            spec: {selector: {matchExpressions: [{key: app, operator: Exists}]}}\n";
        insta::assert_snapshot!(found(&RULE, &(deployment("containers: []\n") + others)), @r"
        24:18 note: the expressions of this PodDisruptionBudget select no pod of this overlay
        14:41 note: this NetworkPolicy selects app=db, and no pod of this overlay is that; those of Deployment web have app=web
        ");
        assert_eq!(found(&RULE, others), "");
    }
}
