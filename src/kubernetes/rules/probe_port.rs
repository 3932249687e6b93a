//! `probe-port`: ports that probes, handlers and Services call by a name which no container port has.

use std::collections::HashSet;

use super::selecting::{Pods, Selector};
use super::{Rule, is_put_in_later, known};
use crate::kubernetes::scene::{Pod, Remark, Scene, items, text};
use crate::kustomize::value::{ScalarKind, Value};
use crate::model::read::Severity;

pub(super) const RULE: Rule = Rule {
    code: "probe-port",
    severity: Some(Severity::Warning),
    finds: "a probe, a handler or a Service that calls a port by a name which no container port has",
    check,
};

/// The most ports of pods that Services are held against, so that many of both are no trouble.
const MOST_COMPARED: usize = 1_000_000;

fn check(scene: &Scene<'_>, remarks: &mut Vec<Remark>) {
    for pod in &scene.pods {
        for container in pod.containers() {
            for (what, port, name) in handlers(container) {
                if !ports(container).any(|known| known == name) {
                    let of = text(container, &["name"]).unwrap_or_default();
                    let message = format!(
                        "the {what} asks port {name}, and the container {of} has no port of that name"
                    );
                    let place = known(&[port.place, container.place, scene.place(pod.object)]);
                    remarks.push(Remark::new(pod.object, place, message));
                }
            }
        }
    }
    let pods = Pods::of(scene);
    let mut left = MOST_COMPARED;
    for (at, service) in scene.of_kind("", "Service") {
        let selector = service.value.at_path(&["spec", "selector"]).filter(|all| !all.is_empty());
        let Some(selector) = selector else { continue };
        let named =
            items(&service.value, &["spec", "ports"]).filter_map(|port| port.get("targetPort"));
        let named: Vec<(&Value, &str)> =
            named.filter_map(|port| Some((port, name(port)?))).collect();
        if named.is_empty() || remarks.len() >= super::MOST {
            continue;
        }
        let selected = pods.selected(service.namespace(), Selector::of_labels(selector));
        let selected: Vec<&Pod<'_>> = selected.into_iter().map(|pod| &scene.pods[pod]).collect();
        let names: HashSet<&str> =
            selected.iter().flat_map(|pod| pod.containers()).flat_map(ports).take(left).collect();
        left = left.saturating_sub(names.len());
        for (port, name) in named {
            if selected.is_empty() || names.contains(name) || left == 0 {
                continue;
            }
            let makers: Vec<&str> =
                selected.iter().map(|pod| scene.objects[pod.object].name()).collect();
            let message = format!(
                "targetPort {name} is the name of no port of the pods that are selected here ({})",
                super::near::listed(makers.into_iter())
            );
            remarks.push(Remark::new(at, known(&[port.place, service.place()]), message));
        }
    }
}

/// The names of a container's ports.
fn ports(container: &Value) -> impl Iterator<Item = &str> {
    items(container, &["ports"]).filter_map(|port| text(port, &["name"]))
}

/// A port that is a name, and will stay so.
fn name(port: &Value) -> Option<&str> {
    let scalar = port.as_scalar().filter(|scalar| scalar.kind == ScalarKind::String)?;
    let numeric = scalar.text.bytes().all(|b| b.is_ascii_digit());
    (!numeric && !is_put_in_later(&scalar.text)).then_some(&*scalar.text)
}

/// What asks a container at a port with a name: who, the port, the name.
fn handlers(container: &Value) -> impl Iterator<Item = (&'static str, &Value, &str)> {
    let places: [(&str, &[&str]); 5] = [
        ("livenessProbe", &["livenessProbe"]),
        ("readinessProbe", &["readinessProbe"]),
        ("startupProbe", &["startupProbe"]),
        ("postStart handler", &["lifecycle", "postStart"]),
        ("preStop handler", &["lifecycle", "preStop"]),
    ];
    places.into_iter().flat_map(move |(what, path)| {
        let handler = container.at_path(path);
        ["httpGet", "tcpSocket"].into_iter().filter_map(move |how| {
            let port = handler?.at_path(&[how, "port"])?;
            Some((what, port, name(port)?))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{deployment, found};
    use super::*;

    #[test]
    fn ports_are_called_by_names_that_they_have() {
        let pod = deployment(
            "containers:\n- name: a\n  ports:\n  - {name: http, containerPort: 80}\n  \
             livenessProbe:\n    httpGet: {path: /, port: http}\n  \
             readinessProbe:\n    httpGet: {path: /, port: htpp}\n  \
             startupProbe:\n    tcpSocket: {port: 81}\n  \
             lifecycle: {preStop: {httpGet: {port: bye}}}\n",
        );
        insta::assert_snapshot!(found(&RULE, &pod), @r"
        16:36 warning: the readinessProbe asks port htpp, and the container a has no port of that name
        19:47 warning: the preStop handler asks port bye, and the container a has no port of that name
        ");
        let service = |selector: &str, port: &str| {
            format!(
                "{pod}---\napiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec:\n  \
                 selector: {{app: {selector}}}\n  ports:\n  - port: 80\n    targetPort: {port}\n"
            )
        };
        let of_service = |selector: &str, port: &str| {
            let found = found(&RULE, &service(selector, port));
            found.lines().filter(|line| line.contains("targetPort")).collect::<String>()
        };
        insta::assert_snapshot!(of_service("web", "grpc"), @"28:17 warning: targetPort grpc is the name of no port of the pods that are selected here (web)");
        for (selector, port) in
            [("web", "http"), ("web", "8080"), ("other", "grpc"), ("web", "'${PORT}'")]
        {
            assert_eq!(of_service(selector, port), "", "{selector} {port}");
        }
    }
}
