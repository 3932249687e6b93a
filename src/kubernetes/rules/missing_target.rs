//! `missing-target`: what Ingresses, autoscalers, role bindings and webhooks point at, and the overlay does not have.
//!
//! What is in the cluster besides the overlay nobody can see here: so only what cannot be otherwise is an error.

use std::collections::HashSet;

use super::near::{Missing, listed, missing};
use super::references::SERVICE_ACCOUNT;
use super::scaled::scalers;
use super::{Rule, is_put_in_later, known};
use crate::kubernetes::scene::{Remark, Scene, Type, items, text};
use crate::kustomize::object::Object;
use crate::kustomize::value::Value;
use crate::model::read::Severity;

pub(super) const RULE: Rule = Rule {
    code: "missing-target",
    severity: Some(Severity::Warning),
    finds: "an Ingress, an autoscaler, a role binding or a webhook that points at what the overlay does not have",
    check,
};

const SERVICE: Type<'_> = Type::core("Service");
const RBAC: &str = "rbac.authorization.k8s.io";
/// Roles and ClusterRoles of Kubernetes and of OpenShift, besides those of `system:`.
const BUILTIN_ROLES: [&str; 11] = [
    "admin",
    "basic-user",
    "cluster-admin",
    "cluster-monitoring-view",
    "cluster-reader",
    "edit",
    "extension-apiserver-authentication-reader",
    "self-provisioner",
    "registry-viewer",
    "registry-editor",
    "view",
];

fn check(scene: &Scene<'_>, remarks: &mut Vec<Remark>) {
    let mut search = Search { scene, noted: HashSet::new(), searches: 0, remarks };
    for (at, object) in scene.objects.iter().enumerate() {
        let of = Type::of(object.gvk());
        match (of.group, of.kind) {
            ("networking.k8s.io", "Ingress") => search.ingress(at, object),
            (RBAC, "RoleBinding" | "ClusterRoleBinding") => search.binding(at, object),
            (
                "admissionregistration.k8s.io" | "apiextensions.k8s.io" | "apiregistration.k8s.io",
                _,
            ) => {
                search.asked(at, object);
            }
            _ => {}
        }
    }
    for scaler in scalers(scene) {
        if !scaler.is_of_unknown_type(scene) {
            search.look(scaler.number, scaler.of, scaler.object.namespace(), scaler.target);
        }
    }
}

/// Looks for targets, one after the other.
struct Search<'a, 'r> {
    scene: &'a Scene<'r>,
    /// Names that were noted once, which is enough.
    noted: HashSet<(Type<'r>, &'r str, &'r str)>,
    /// How many names were looked for and not found.
    searches: usize,
    remarks: &'a mut Vec<Remark>,
}

impl<'r> Search<'_, 'r> {
    /// The number of what has a name, if it can be seen. Says so if nothing has it.
    fn look(
        &mut self,
        object: usize,
        of: Type<'r>,
        namespace: &'r str,
        value: &'r Value,
    ) -> Option<usize> {
        let scene = self.scene;
        let name = value.as_text().filter(|name| !name.is_empty())?;
        if let Some(held) = scene.names.held(of, namespace, name) {
            return Some(held.object).filter(|_| !held.made);
        }
        let missing = self.missing(of, namespace, name)?;
        self.say(object, of, value, &missing);
        None
    }

    /// The same where others are meant as often as not: only if the overlay has some of them in that namespace, or if
    /// it is misspelt, a missing one is worth a word.
    fn look_here(
        &mut self,
        object: usize,
        of: Type<'r>,
        namespace: &'r str,
        value: &'r Value,
    ) -> Option<usize> {
        let scene = self.scene;
        let name = value.as_text().filter(|name| !name.is_empty())?;
        if let Some(held) = scene.names.held(of, namespace, name) {
            return Some(held.object).filter(|_| !held.made);
        }
        let missing = self.missing(of, namespace, name)?;
        let has_others = !scene.names.of_type(of, namespace).is_empty();
        if has_others || matches!(missing, Missing::Misspelt(_)) {
            self.say(object, of, value, &missing);
        }
        None
    }

    /// How a name is missing; none if that was said, or if there is no more time to look.
    fn missing(&mut self, of: Type<'r>, namespace: &'r str, name: &'r str) -> Option<Missing> {
        let key = (of, namespace, name);
        if is_put_in_later(name) || self.noted.contains(&key) || self.searches >= super::MOST {
            return None;
        }
        self.searches += 1;
        let missing = missing(self.scene, of, namespace, name);
        if missing == Missing::Elsewhere {
            self.noted.insert(key);
        }
        Some(missing)
    }

    fn say(&mut self, object: usize, of: Type<'_>, value: &Value, missing: &Missing) {
        let name = value.as_text().unwrap_or_default();
        let place = known(&[value.place, self.scene.place(object)]);
        let remark = Remark::new(object, place, missing.message(of.kind, name, ""));
        self.remarks.push(remark.as_bad_as(missing.severity()));
    }

    fn ingress(&mut self, at: usize, object: &'r Object) {
        let value = &object.value;
        let paths =
            items(value, &["spec", "rules"]).flat_map(|rule| items(rule, &["http", "paths"]));
        let paths = paths.filter_map(|path| path.get("backend"));
        let whole = ["defaultBackend", "backend"].into_iter();
        let whole = whole.filter_map(|key| value.at_path(&["spec", key]));
        for backend in whole.chain(paths) {
            let new = backend.get("service");
            let name = new.and_then(|service| service.get("name")).or(backend.get("serviceName"));
            let port = new.and_then(|service| {
                let port = service.get("port")?;
                port.get("number").or(port.get("name"))
            });
            let port = port.or(backend.get("servicePort"));
            let Some(name) = name else { continue };
            // The controller of AWS then takes the name for that of an annotation.
            if port.and_then(Value::as_text) == Some("use-annotation") {
                continue;
            }
            let service = self.look(at, SERVICE, object.namespace(), name);
            if let (Some(service), Some(port)) = (service, port) {
                self.port(at, service, port);
            }
        }
    }

    /// Says so if a Service does not have a port.
    fn port(&mut self, at: usize, service: usize, port: &Value) {
        let service = &self.scene.objects[service];
        let Some(wanted) = port.as_text().filter(|port| !is_put_in_later(port)) else { return };
        if text(&service.value, &["spec", "type"]) == Some("ExternalName") {
            return;
        }
        let ports = || {
            items(&service.value, &["spec", "ports"]).flat_map(|port| {
                ["port", "name"]
                    .into_iter()
                    .filter_map(|key| port.get(key).and_then(Value::as_text))
            })
        };
        let is_there = ports().take(super::MOST).any(|known| known == wanted);
        let count = ports().take(super::MOST).count();
        if self.remarks.len() < super::MOST && (1..super::MOST).contains(&count) && !is_there {
            let message = format!(
                "the Service {} has no port {wanted}, only {}",
                service.name(),
                listed(ports())
            );
            let place = known(&[port.place, self.scene.place(at)]);
            self.remarks.push(Remark::new(at, place, message).as_bad_as(Severity::Error));
        }
    }

    fn binding(&mut self, at: usize, object: &'r Object) {
        let value = &object.value;
        let role = value.at_path(&["roleRef", "name"]);
        match (text(value, &["roleRef", "kind"]), role) {
            (_, Some(role)) if is_builtin(role) => {}
            (Some("Role"), Some(role)) => {
                let of = Type { group: RBAC, kind: "Role" };
                self.look(at, of, object.namespace(), role);
            }
            (Some("ClusterRole"), Some(role)) => {
                self.look(at, Type { group: RBAC, kind: "ClusterRole" }, "", role);
            }
            _ => {}
        }
        for subject in items(value, &["subjects"]) {
            let Some(name) = subject.get("name") else { continue };
            if text(subject, &["kind"]) == Some("ServiceAccount")
                && name.as_text() != Some("default")
            {
                let namespace = text(subject, &["namespace"]).unwrap_or(object.namespace());
                self.look_here(at, SERVICE_ACCOUNT, namespace, name);
            }
        }
    }

    /// What the API server asks: webhooks, conversions and other servers.
    fn asked(&mut self, at: usize, object: &'r Object) {
        let value = &object.value;
        let webhooks = items(value, &["webhooks"]);
        let webhooks = webhooks.filter_map(|webhook| webhook.at_path(&["clientConfig", "service"]));
        let conversion =
            value.at_path(&["spec", "conversion", "webhook", "clientConfig", "service"]);
        let server = value.at_path(&["spec", "service"]);
        for service in webhooks.chain(conversion).chain(server) {
            let namespace = text(service, &["namespace"]).unwrap_or_default();
            let Some(name) = service.get("name") else { continue };
            let found = self.look_here(at, SERVICE, namespace, name);
            if let (Some(found), Some(port)) = (found, service.get("port")) {
                self.port(at, found, port);
            }
        }
    }
}

/// Whether every cluster has a role of that name, or an operator brings it: those have a colon.
fn is_builtin(role: &Value) -> bool {
    let builtin = |role: &str| role.contains(':') || BUILTIN_ROLES.contains(&role);
    role.as_text().is_some_and(builtin)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, found_in};
    use super::*;

    const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: checkout}\n\
        spec: {ports: [{name: http, port: 80}]}\n---\n";

    #[test]
    fn an_ingress_leads_to_a_service_and_its_port() {
        let ingress = |backends: &[&str]| {
            let list =
                backends.iter().map(|backend| format!("      - backend: {{service: {backend}}}\n"));
            format!(
                "{SERVICE}apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: web}}\nspec:\n  rules:\n  \
                 - http:\n      paths:\n{}",
                list.collect::<String>()
            )
        };
        let right = [
            "{name: checkout, port: {number: 80}}",
            "{name: checkout, port: {name: http}}",
            "{name: redirect, port: {name: use-annotation}}",
            "{name: '${X}'}",
        ];
        assert_eq!(found(&RULE, &ingress(&right)), "");
        let wrong = [
            "{name: chekout, port: {number: 80}}",
            "{name: checkout, port: {number: 8080}}",
            "{name: cart, port: {number: 80}}",
            "{name: checkout, port: {name: grpc}}",
        ];
        insta::assert_snapshot!(found(&RULE, &ingress(&wrong)), @r"
        13:35 error: this overlay has no Service chekout; did you mean checkout?
        14:60 error: the Service checkout has no port 8080, only 80, http
        15:35 warning: this overlay has no Service cart, only checkout: add it
        16:58 error: the Service checkout has no port grpc, only 80, http
        ");
    }

    #[test]
    fn an_autoscaler_has_something_to_scale() {
        let scaler = |target: &str| {
            format!(
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: checkout}}\n---\n\
                 apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {{name: a}}\nspec:\n  \
                 maxReplicas: 3\n  scaleTargetRef: {target}\n"
            )
        };
        let of = |target: &str| found(&RULE, &scaler(target));
        assert_eq!(of("{apiVersion: apps/v1, kind: Deployment, name: checkout}"), "");
        assert_eq!(of("{apiVersion: extensions/v1beta1, kind: Deployment, name: checkout}"), "");
        insta::assert_snapshot!(of("{apiVersion: apps/v1, kind: Deployment, name: checkuot}"), @"10:65 error: this overlay has no Deployment checkuot; did you mean checkout?");
        insta::assert_snapshot!(of("{apiVersion: apps/v1, kind: Deployment, name: web}"), @"10:65 warning: this overlay has no Deployment web, only checkout: add it");
        insta::assert_snapshot!(of("{apiVersion: apps/v1, kind: StatefulSet, name: checkout}"), @"10:66 note: the StatefulSet checkout is not in this overlay: it has to be in the cluster already");
    }

    #[test]
    fn a_binding_names_a_role_and_accounts() {
        let binding = |role: &str, account: &str| {
            format!(
                "apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: manager, namespace: shop}}\n---\n\
                 apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: manager-role}}\n---\n\
                 apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {{name: a}}\n\
                 roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: '{role}'}}\n\
                 subjects: [{{kind: ServiceAccount, {account}}}, {{kind: User, name: pat}}]\n"
            )
        };
        let of = |role: &str, account: &str| found(&RULE, &binding(role, account));
        for role in ["manager-role", "view", "system:auth-delegator"] {
            for account in [
                "name: manager, namespace: shop",
                "name: default, namespace: shop",
                "name: x, namespace: other",
            ] {
                assert_eq!(of(role, account), "", "{role} {account}");
            }
        }
        insta::assert_snapshot!(of("manger-role", "name: manager, namespace: shop"), @"12:73 error: this overlay has no ClusterRole manger-role; did you mean manager-role?");
        insta::assert_snapshot!(of("reader", "name: other, namespace: shop"), @r"
        12:73 note: the ClusterRole reader is not in this overlay: it has to be in the cluster already
        13:41 warning: this overlay has no ServiceAccount other, only manager: add it
        ");
    }

    #[test]
    fn what_was_moved_is_known_by_the_namespace_that_it_came_from() {
        let base = |name: &str| {
            format!(
                "apiVersion: v1\nkind: Service\nmetadata: {{name: webhook-service, namespace: system}}\n\
                 spec: {{ports: [{{port: 443}}]}}\n---\n\
                 apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: manager, namespace: system}}\n---\n\
                 apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {{name: a}}\n\
                 roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}\n\
                 subjects: [{{kind: ServiceAccount, name: {name}, namespace: system}}]\n---\n\
                 apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\n\
                 metadata: {{name: a}}\nwebhooks:\n- name: a.b.c\n  clientConfig:\n    \
                 service: {{name: webhook-service, namespace: system, port: 443}}\n"
            )
        };
        let of = |base: &str| {
            let files = [
                ("base/kustomization.yaml", "resources: [all.yaml]\n"),
                ("base/all.yaml", base),
                (
                    "prod/kustomization.yaml",
                    "namespace: shop\nnamePrefix: shop-\nresources: [../base]\n",
                ),
            ];
            found_in(&RULE, &files, "prod")
        };
        assert_eq!(of(&base("manager")), "");
        insta::assert_snapshot!(of(&base("manger")), @"base/all.yaml:14:41 error: this overlay has no ServiceAccount manger; did you mean manager?");
        let service = |from: &str, to: &str| of(&base("manager").replace(from, to));
        insta::assert_snapshot!(service("service: {name: webhook-", "service: {name: webhok-"), @"base/all.yaml:22:21 error: this overlay has no Service webhok-service; did you mean webhook-service?");
        insta::assert_snapshot!(service("system, port: 443", "system, port: 8443"), @"base/all.yaml:22:63 error: the Service shop-webhook-service has no port 8443, only 443");
    }
}
