//! `name-invalid`: names that break Kubernetes' syntax, of objects and of what is in them.

use super::syntax::{self, Verdict};
use super::{Rule, is_put_in_later, known};
use crate::kubernetes::scene::{Pod, Remark, Scene, entries, is_custom, items, text};
use crate::kustomize::object::Object;
use crate::kustomize::problem::Place;
use crate::kustomize::value::{ScalarKind, Value};
use crate::model::read::Severity;

pub(super) const RULE: Rule = Rule {
    code: "name-invalid",
    severity: Some(Severity::Error),
    finds: "a name that breaks Kubernetes' syntax: of an object, a namespace, a container, a volume, a port or a key",
    check,
};

/// The longest name of a CronJob: its Jobs get eleven characters more.
const LONGEST_CRON_JOB: usize = 52;

fn check(scene: &Scene<'_>, remarks: &mut Vec<Remark>) {
    for at in 0..scene.objects.len() {
        let mut names = Names { scene, object: at, remarks: &mut *remarks };
        names.of_object();
    }
    for pod in &scene.pods {
        Names { scene, object: pod.object, remarks: &mut *remarks }.of_pod(pod);
    }
}

/// Looks at the names in one object.
struct Names<'a, 'r> {
    scene: &'a Scene<'r>,
    object: usize,
    remarks: &'a mut Vec<Remark>,
}

impl<'r> Names<'_, 'r> {
    fn of_object(&mut self) {
        let object = &self.scene.objects[self.object];
        let at = |path: &[&str]| object.value.at_path(path);
        // For a type that is not known, the one who serves it may know better.
        let severity = if is_custom(object) { Severity::Warning } else { Severity::Error };
        if let Some(name) = at(&["metadata", "name"]).filter(|name| !name.is_empty()) {
            let kind = object.kind();
            self.look(name, &format!("the name of this {kind}"), severity, |name| {
                object_name(object, name)
            });
            if is_service(object) {
                self.look(name, "the name of this Service", Severity::Warning, |name| {
                    // Since 1.34 it may.
                    let first = syntax::dns_label(name).and(syntax::dns_label_of_letters(name));
                    first.map_err(|problem| format!("{problem} before Kubernetes 1.34"))
                });
            }
        }
        if let Some(namespace) = at(&["metadata", "namespace"]).filter(|name| !name.is_empty()) {
            self.look(namespace, "the namespace", severity, syntax::dns_label);
        }
        match (object.gvk().group, object.kind()) {
            ("", "Service") => {
                for port in items(&object.value, &["spec", "ports"]) {
                    self.named(port, "name", "the port name", syntax::dns_label);
                    self.port(port.get("targetPort"));
                }
            }
            ("", "ConfigMap" | "Secret") => {
                for (key, _) in ["data", "binaryData", "stringData"]
                    .into_iter()
                    .flat_map(|section| entries(&object.value, &[section]))
                {
                    if let Err(problem) = syntax::data_key(&key.text) {
                        self.say(key.place, "the key", &key.text, &problem, Severity::Error);
                    }
                }
            }
            _ => {}
        }
    }

    fn of_pod(&mut self, pod: &Pod<'r>) {
        for container in pod.containers() {
            self.named(container, "name", "the name of a container", syntax::dns_label);
            for port in items(container, &["ports"]) {
                self.named(port, "name", "the port name", syntax::port_name);
            }
            for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
                self.port(container.at_path(&[probe, "httpGet", "port"]));
                self.port(container.at_path(&[probe, "tcpSocket", "port"]));
            }
        }
        for volume in items(pod.spec, &["volumes"]) {
            self.named(volume, "name", "the name of a volume", syntax::dns_label);
        }
    }

    fn named(&mut self, value: &Value, key: &str, what: &str, check: fn(&str) -> Verdict) {
        if let Some(name) = value.get(key).filter(|name| !name.is_empty()) {
            self.look(name, what, Severity::Error, check);
        }
    }

    /// A port that is a number, or the name of one.
    fn port(&mut self, port: Option<&Value>) {
        let is_text = |port: &&Value| {
            port.as_scalar().is_some_and(|scalar| scalar.kind == ScalarKind::String)
        };
        if let Some(port) = port.filter(is_text) {
            self.look(port, "the port", Severity::Error, syntax::port_name);
        }
    }

    fn look(
        &mut self,
        value: &Value,
        what: &str,
        severity: Severity,
        check: impl Fn(&str) -> Verdict,
    ) {
        let Some(name) = value.as_text().filter(|name| !is_put_in_later(name)) else { return };
        if let Err(problem) = check(name) {
            self.say(value.place, what, name, &problem, severity);
        }
    }

    fn say(&mut self, place: Place, what: &str, name: &str, problem: &str, severity: Severity) {
        if self.remarks.len() >= super::MOST {
            return;
        }
        let place = known(&[place, self.scene.place(self.object)]);
        let message = format!("{what}, {name:?}, {problem}");
        self.remarks.push(Remark::new(self.object, place, message).as_bad_as(severity));
    }
}

/// Services were to begin with a letter for long.
fn is_service(object: &Object) -> bool {
    let is_later = |name: &str| syntax::dns_label(name).is_ok();
    object.gvk().group.is_empty() && object.kind() == "Service" && is_later(object.name())
}

fn object_name(object: &Object, name: &str) -> Verdict {
    match (object.gvk().group, object.kind()) {
        ("", "Namespace" | "Service") => syntax::dns_label(name),
        ("rbac.authorization.k8s.io", _) => syntax::path_segment(name),
        ("certificates.k8s.io" | "apiregistration.k8s.io", _) => syntax::path_segment(name),
        // The name is the address.
        ("networking.k8s.io", "IPAddress") => syntax::path_segment(name),
        ("batch", "CronJob") if name.len() > LONGEST_CRON_JOB => {
            Err(format!("has {} characters, and may have {LONGEST_CRON_JOB}", name.len()))
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => {
            syntax::dns_subdomain(name)?;
            let at = |path: &[&str]| text(&object.value, path);
            match (at(&["spec", "names", "plural"]), at(&["spec", "group"])) {
                (Some(plural), Some(group)) if format!("{plural}.{group}") != name => {
                    Err(format!("has to be {plural}.{group}, its plural and its group"))
                }
                _ => Ok(()),
            }
        }
        // OpenShift's own servers allow other names.
        (group, _) if group.ends_with("openshift.io") => syntax::path_segment(name),
        _ => syntax::dns_subdomain(name),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{deployment, found};
    use super::*;

    #[test]
    fn objects_are_named_as_their_kind_wants_it() {
        let object = |api_version: &str, kind: &str, name: &str| {
            format!("apiVersion: {api_version}\nkind: {kind}\nmetadata:\n  name: {name}\n---\n")
        };
        let rbac = "rbac.authorization.k8s.io/v1";
        let right = [
            object("v1", "ConfigMap", "a.b-c"),
            object(rbac, "ClusterRole", "'system:A b'"),
            object("apiregistration.k8s.io/v1", "APIService", "v1.a.b"),
            object("user.openshift.io/v1", "Group", "'ldap:Admins'"),
            object("apps/v1", "Deployment", "'${APP}'"),
        ];
        assert_eq!(found(&RULE, &right.concat()), "");
        let wrong = [
            object("v1", "ConfigMap", "a_b"),
            object("v1", "Namespace", "a.b"),
            object("v1", "Service", "9a"),
            object("v1", "Service", "Web"),
            object(rbac, "Role", "a/b"),
            object("batch/v1", "CronJob", &"a".repeat(53)),
            object("example.com/v1", "Widget", "a_b"),
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n\
             metadata: {name: widget.example.com}\n\
             spec: {group: example.com, names: {plural: widgets, kind: Widget}}\n---\n"
                .to_owned(),
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ok, namespace: Shop}\ndata: {'a b': ''}\n".to_owned(),
        ];
        insta::assert_snapshot!(found(&RULE, &wrong.concat()), @r#"
        9:9 error: the name of this Namespace, "a.b", may only have lower case letters, digits and -
        38:18 error: the name of this CustomResourceDefinition, "widget.example.com", has to be widgets.example.com, its plural and its group
        24:9 error: the name of this Role, "a/b", may not have / or %
        43:33 error: the namespace, "Shop", may only have lower case letters, digits and -
        44:8 error: the key, "a b", may only have letters, digits, -, _ and .
        4:9 error: the name of this ConfigMap, "a_b", may only have lower case letters, digits, - and .
        14:9 warning: the name of this Service, "9a", has to begin with a letter before Kubernetes 1.34
        19:9 error: the name of this Service, "Web", may only have lower case letters, digits and -
        29:9 error: the name of this CronJob, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", has 53 characters, and may have 52
        34:9 warning: the name of this Widget, "a_b", may only have lower case letters, digits, - and .
        "#);
    }

    #[test]
    fn what_is_in_pods_and_services_has_names_too() {
        let pod = deployment(
            "containers:\n- name: A\n  ports:\n  - {name: metrics-over-http, containerPort: 80}\n  \
             - {name: http, containerPort: 80}\n  livenessProbe: {httpGet: {port: '8080'}}\n  \
             readinessProbe: {httpGet: {port: 8080}}\n\
             volumes:\n- {name: a_b}\n",
        );
        insta::assert_snapshot!(found(&RULE, &pod), @r#"
        10:15 error: the name of a container, "A", may only have lower case letters, digits and -
        12:18 error: the port name, "metrics-over-http", has 17 characters, and may have 15
        14:41 error: the port, "8080", needs a letter; a number stands there without quotes
        17:16 error: the name of a volume, "a_b", may only have lower case letters, digits and -
        "#);
        let service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  ports:\n  \
            - {port: 1, name: metrics-over-http, targetPort: metrics-over-http}\n  - {port: 2, name: A}\n";
        insta::assert_snapshot!(found(&RULE, service), @r#"
        6:52 error: the port, "metrics-over-http", has 17 characters, and may have 15
        7:21 error: the port name, "A", may only have lower case letters, digits and -
        "#);
    }
}
