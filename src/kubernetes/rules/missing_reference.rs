//! `missing-reference`: ConfigMaps, Secrets, ServiceAccounts and claims that pods need and the overlay does not have.
//!
//! What is in the cluster besides the overlay nobody can see here: so only a name that is misspelt is an error.

use std::collections::HashSet;

use super::near::{Missing, missing};
use super::references::{CONFIG_MAP, Reference, SECRET, SERVICE_ACCOUNT, of_pod};
use super::{Rule, is_put_in_later, known};
use crate::kubernetes::scene::{Remark, Scene, Type, items};
use crate::model::read::Severity;

pub(super) const RULE: Rule = Rule {
    code: "missing-reference",
    severity: Some(Severity::Warning),
    finds: "a ConfigMap, Secret, ServiceAccount or PersistentVolumeClaim that is referred to and that the overlay does \
            not have",
    check,
};

fn check(scene: &Scene<'_>, remarks: &mut Vec<Remark>) {
    let mut search = Search { scene, noted: HashSet::new(), remarks };
    for pod in &scene.pods {
        for reference in of_pod(pod).iter().filter(|reference| !reference.optional) {
            let help = if reference.may_be_optional { ", or mark it optional" } else { "" };
            search.look(pod.object, reference, help);
        }
    }
    for (at, object) in scene.objects.iter().enumerate() {
        if Type::of(object.gvk()) == (Type { group: "networking.k8s.io", kind: "Ingress" }) {
            for host in items(&object.value, &["spec", "tls"]) {
                if let Some(name) = host.get("secretName") {
                    search.look(at, &Reference::to(SECRET, name), "");
                }
            }
        }
    }
}

/// Looks for names, one after the other.
struct Search<'a, 'r> {
    scene: &'a Scene<'r>,
    /// Names that were noted once, which is enough.
    noted: HashSet<(Type<'static>, &'r str, &'r str)>,
    remarks: &'a mut Vec<Remark>,
}

impl<'r> Search<'_, 'r> {
    fn look(&mut self, object: usize, reference: &Reference<'r>, help: &str) {
        let scene = self.scene;
        let Reference { of, name: value, .. } = *reference;
        let Some(name) = value.as_text().filter(|name| !name.is_empty()) else { return };
        let namespace = scene.namespace(object);
        if self.remarks.len() >= super::MOST
            || is_put_in_later(name)
            || is_always_there(of, name)
            || self.noted.contains(&(of, namespace, name))
            || scene.names.held(of, namespace, name).is_some()
        {
            return;
        }
        let mut missing = missing(scene, of, namespace, name);
        if reference.is_for_images && matches!(missing, Missing::OthersAreHere(_)) {
            missing = Missing::Elsewhere;
        }
        if missing == Missing::Elsewhere {
            self.noted.insert((of, namespace, name));
        }
        let place = known(&[value.place, scene.place(object)]);
        let remark = Remark::new(object, place, missing.message(of.kind, name, help));
        let severity = missing.severity();
        let severity =
            if reference.is_for_images { severity.min(Severity::Warning) } else { severity };
        self.remarks.push(remark.as_bad_as(severity));
    }
}

/// What every namespace has.
fn is_always_there(of: Type<'_>, name: &str) -> bool {
    match name {
        "default" => of == SERVICE_ACCOUNT,
        // Of OpenShift.
        "builder" | "deployer" | "pipeline" => of == SERVICE_ACCOUNT,
        "kube-root-ca.crt" | "openshift-service-ca.crt" => of == CONFIG_MAP,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{deployment, found, found_in};
    use super::*;

    const SECRET: &str = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: api-token}\n";

    #[test]
    fn what_pods_refer_to_is_here_or_elsewhere() {
        let pod = deployment(
            "containers:\n- name: a\n  env:\n  - name: A\n    valueFrom:\n      secretKeyRef:\n        \
             name: api-tokne\n        key: a\n  - name: B\n    valueFrom: {secretKeyRef: {name: db, key: a}}\n  \
             - name: C\n    valueFrom: {secretKeyRef: {name: gone, key: a, optional: true}}\n  \
             envFrom:\n  - configMapRef: {name: settings}\n  - configMapRef: {name: settings}\n\
             volumes:\n- name: x\n  persistentVolumeClaim: {claimName: data}\n\
             - name: y\n  projected: {sources: [{configMap: {name: kube-root-ca.crt}}, {secret: {name: api-token}}]}\n\
             - name: z\n  secret: {secretName: '${X}'}\n\
             serviceAccountName: web\nimagePullSecrets: [{name: pull}]\n",
        );
        insta::assert_snapshot!(found(&RULE, &(pod + SECRET)), @r"
        15:21 error: this overlay has no Secret api-tokne; did you mean api-token?
        18:44 warning: this overlay has no Secret db, only api-token: add it, or mark it optional
        22:32 note: the ConfigMap settings is not in this overlay: it has to be in the cluster already
        26:44 note: the PersistentVolumeClaim data is not in this overlay: it has to be in the cluster already
        32:33 note: the Secret pull is not in this overlay: it has to be in the cluster already
        31:27 note: the ServiceAccount web is not in this overlay: it has to be in the cluster already
        ");
    }

    #[test]
    fn what_controllers_make_is_here() {
        let made = "---\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: a}\n---\n\
            apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: x}\n\
            spec: {target: {name: b}}\n---\n\
            apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: x}\nspec: {secretName: c}\n---\n\
            apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: db}\n---\n\
            apiVersion: acid.zalan.do/v1\nkind: postgresql\nmetadata: {name: pg}\nspec: {users: {my_app: []}}\n";
        let names = ["a", "b", "c", "db-app", "my-app.pg.credentials.postgresql.acid.zalan.do"];
        let refer = |names: &[&str]| {
            let list = names.iter().map(|name| format!("- secretRef: {{name: {name}}}\n  "));
            deployment(&format!(
                "containers:\n- name: a\n  envFrom:\n  {}\n",
                list.collect::<String>()
            ))
        };
        assert_eq!(found(&RULE, &(refer(&names) + made)), "");
        insta::assert_snapshot!(found(&RULE, &(refer(&["d", "db-other"]) + made)), @r"
        12:29 warning: this overlay has no Secret d, only a, b, c, …: add it, or mark it optional
        13:29 note: the Secret db-other is not in this overlay: it has to be in the cluster already
        ");
    }

    #[test]
    fn a_name_from_a_base_is_compared_with_names_as_they_were_written_there() {
        let pod = deployment(
            "containers:\n- name: a\n  envFrom:\n  - configMapRef: {name: web-confgi}\n",
        );
        let files = [
            (
                "base/kustomization.yaml",
                "resources: [web.yaml]\nconfigMapGenerator:\n- name: web-config\n  literals: [a=b]\n",
            ),
            ("base/web.yaml", &pod),
            (
                "prod/kustomization.yaml",
                "namePrefix: prod-\nnamespace: shop\nresources: [../base]\n",
            ),
        ];
        insta::assert_snapshot!(found_in(&RULE, &files, "prod"), @"base/web.yaml:12:32 error: this overlay has no ConfigMap web-confgi; did you mean web-config?");
        let right = pod.replace("confgi", "config");
        let files = [files[0], ("base/web.yaml", &right), files[2]];
        assert_eq!(found_in(&RULE, &files, "prod"), "");
    }

    #[test]
    fn namespaces_are_told_apart() {
        let pod = |namespace: &str| {
            deployment("imagePullSecrets: [{name: api-token}]\n")
                .replace("{name: web}", &format!("{{name: web, namespace: {namespace}}}"))
        };
        let secret = SECRET.replace("api-token}", "api-token, namespace: shop}");
        assert_eq!(found(&RULE, &(pod("shop") + &secret)), "");
        insta::assert_snapshot!(found(&RULE, &(pod("bank") + &secret)), @"9:33 note: the Secret api-token is not in this overlay: it has to be in the cluster already");
        assert_eq!(found(&RULE, &(pod("bank") + SECRET)), "");
    }
}
