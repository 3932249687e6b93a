//! Knows the fields that Kustomize 5.5 looks at without being told (its `builtinpluginconsts`).
//!
//! What is the same in every pod template is written once, with the places where kinds have theirs.

use std::sync::{Arc, LazyLock};

use super::{Config, FieldSpec, Referrers};
use crate::kustomize::id::GvkPattern;

/// Kustomize's own fields, made once.
pub fn config() -> Arc<Config> {
    static CONFIG: LazyLock<Arc<Config>> = LazyLock::new(|| Arc::new(make()));
    CONFIG.clone()
}

fn kind(group: &str, version: &str, kind: &str) -> GvkPattern {
    GvkPattern { group: group.to_owned(), version: version.to_owned(), kind: kind.to_owned() }
}

/// Fields that are made, or not, as `(group, version, kind, path)`.
fn specs(create: bool, rows: &[(&str, &str, &str, &str)]) -> Vec<FieldSpec> {
    let spec = |(group, version, name, path): &(&str, &str, &str, &str)| {
        FieldSpec::new(kind(group, version, name), *path, create)
    };
    rows.iter().map(spec).collect()
}

fn make() -> Config {
    let mut common_labels = selectors();
    common_labels.extend(metadata_labels());
    Config {
        name_prefix: specs(false, &[("", "", "", "metadata/name")]),
        name_suffix: specs(false, &[("", "", "", "metadata/name")]),
        namespace: namespace(),
        common_labels,
        labels: Vec::new(),
        template_labels: metadata_labels(),
        common_annotations: annotations(),
        name_reference: references(),
        var_reference: variables(),
        images: specs(
            true,
            &["spec", "spec/template/spec"]
                .iter()
                .flat_map(|pod| {
                    [format!("{pod}/containers[]/image"), format!("{pod}/initContainers[]/image")]
                })
                .collect::<Vec<_>>()
                .iter()
                .map(|path| ("", "", "", path.as_str()))
                .collect::<Vec<_>>(),
        ),
        replicas: ["Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"]
            .into_iter()
            .map(|name| FieldSpec::new(kind("", "", name), "spec/replicas", true))
            .collect(),
    }
}

fn namespace() -> Vec<FieldSpec> {
    let mut fields = specs(
        true,
        &[
            ("", "", "Namespace", "metadata/name"),
            ("apiregistration.k8s.io", "", "APIService", "spec/service/namespace"),
        ],
    );
    fields.extend(specs(
        false,
        &[(
            "apiextensions.k8s.io",
            "",
            "CustomResourceDefinition",
            "spec/conversion/webhook/clientConfig/service/namespace",
        )],
    ));
    fields
}

fn metadata_labels() -> Vec<FieldSpec> {
    specs(
        true,
        &[
            ("", "", "", "metadata/labels"),
            ("", "v1", "ReplicationController", "spec/template/metadata/labels"),
            ("", "", "Deployment", "spec/template/metadata/labels"),
            ("", "", "ReplicaSet", "spec/template/metadata/labels"),
            ("", "", "DaemonSet", "spec/template/metadata/labels"),
            ("apps", "", "StatefulSet", "spec/template/metadata/labels"),
            ("apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels"),
            ("batch", "", "Job", "spec/template/metadata/labels"),
            ("batch", "", "CronJob", "spec/jobTemplate/metadata/labels"),
            ("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/labels"),
        ],
    )
}

fn annotations() -> Vec<FieldSpec> {
    specs(
        true,
        &[
            ("", "", "", "metadata/annotations"),
            ("", "v1", "ReplicationController", "spec/template/metadata/annotations"),
            ("", "", "Deployment", "spec/template/metadata/annotations"),
            ("", "", "ReplicaSet", "spec/template/metadata/annotations"),
            ("", "", "DaemonSet", "spec/template/metadata/annotations"),
            ("", "", "StatefulSet", "spec/template/metadata/annotations"),
            ("batch", "", "Job", "spec/template/metadata/annotations"),
            ("batch", "", "CronJob", "spec/jobTemplate/metadata/annotations"),
            ("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/annotations"),
        ],
    )
}

fn selectors() -> Vec<FieldSpec> {
    let mut fields = specs(
        true,
        &[
            ("", "v1", "Service", "spec/selector"),
            ("", "v1", "ReplicationController", "spec/selector"),
            ("", "", "Deployment", "spec/selector/matchLabels"),
            ("", "", "ReplicaSet", "spec/selector/matchLabels"),
            ("", "", "DaemonSet", "spec/selector/matchLabels"),
            ("apps", "", "StatefulSet", "spec/selector/matchLabels"),
        ],
    );
    for workload in ["Deployment", "StatefulSet"] {
        for affinity in ["podAffinity", "podAntiAffinity"] {
            for term in [
                "preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm",
                "requiredDuringSchedulingIgnoredDuringExecution",
            ] {
                let path = format!(
                    "spec/template/spec/affinity/{affinity}/{term}/labelSelector/matchLabels"
                );
                fields.push(FieldSpec::new(kind("apps", "", workload), path, false));
            }
        }
        let path = "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels";
        fields.push(FieldSpec::new(kind("apps", "", workload), path, false));
    }
    fields.extend(specs(
        false,
        &[
            ("batch", "", "Job", "spec/selector/matchLabels"),
            ("batch", "", "CronJob", "spec/jobTemplate/spec/selector/matchLabels"),
            ("policy", "", "PodDisruptionBudget", "spec/selector/matchLabels"),
            ("networking.k8s.io", "", "NetworkPolicy", "spec/podSelector/matchLabels"),
            ("networking.k8s.io", "", "NetworkPolicy", "spec/ingress/from/podSelector/matchLabels"),
            ("networking.k8s.io", "", "NetworkPolicy", "spec/egress/to/podSelector/matchLabels"),
        ],
    ));
    fields
}

/// Where kinds have their pod, with the version that Kustomize asks for.
const PODS: [(&str, &str, &str); 9] = [
    ("v1", "Pod", "spec"),
    ("", "PodTemplate", "template/spec"),
    ("", "Deployment", "spec/template/spec"),
    ("", "ReplicaSet", "spec/template/spec"),
    ("", "DaemonSet", "spec/template/spec"),
    ("", "StatefulSet", "spec/template/spec"),
    ("", "Job", "spec/template/spec"),
    ("", "CronJob", "spec/jobTemplate/spec/template/spec"),
    ("", "ReplicationController", "spec/template/spec"),
];

/// Fields within the pods of these kinds.
fn in_pods(kinds: &[&str], any_version: bool, fields: &[&str]) -> Vec<FieldSpec> {
    let pods = PODS.iter().filter(|(_, name, _)| kinds.contains(name));
    let spec = |(version, name, pod): &(&str, &str, &str), field: &str| {
        let version = if any_version { "" } else { version };
        FieldSpec::new(kind("", version, name), format!("{pod}/{field}"), false)
    };
    pods.flat_map(|pod| fields.iter().map(move |field| spec(pod, field))).collect()
}

const RBAC: &str = "rbac.authorization.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";

fn to(group: &str, version: &str, name: &str, fields: Vec<FieldSpec>) -> Referrers {
    Referrers { target: kind(group, version, name), fields }
}

fn references() -> Vec<Referrers> {
    let scaled =
        ["Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"].map(|target| {
            let field = ("", "", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name");
            to("", "", target, specs(false, &[field]))
        });
    let binding = (RBAC, "", "RoleBinding", "roleRef/name");
    let cluster_binding = (RBAC, "", "ClusterRoleBinding", "roleRef/name");
    let in_users = |fields: &[&str]| in_pods(&POD_USERS, true, fields);
    let mut accounts = specs(
        false,
        &[(RBAC, "", "RoleBinding", "subjects"), (RBAC, "", "ClusterRoleBinding", "subjects")],
    );
    accounts.extend(in_users(&["serviceAccountName"]));
    let volumes = [
        ("", "", "PersistentVolumeClaim", "spec/volumeName"),
        ("", "", "ClusterRole", "rules/resourceNames"),
    ];
    let classes = [
        ("", "", "PersistentVolume", "spec/storageClassName"),
        ("", "", "PersistentVolumeClaim", "spec/storageClassName"),
        ("", "", "StatefulSet", "spec/volumeClaimTemplates/spec/storageClassName"),
    ];
    let ingresses = [("", "", "Ingress", "spec/ingressClassName")];
    let policies = [(ADMISSION, "", "ValidatingAdmissionPolicyBinding", "spec/policyName")];
    let rest = [
        to("", "v1", "ConfigMap", to_data(&CONFIG_MAP_FIELDS, &CONFIG_MAP_USERS)),
        to("", "v1", "Secret", to_data(&SECRET_FIELDS, &SECRET_USERS)),
        to("", "v1", "Service", specs(false, &SERVICE_USERS)),
        to(RBAC, "", "Role", specs(false, &[binding])),
        to(RBAC, "", "ClusterRole", specs(false, &[binding, cluster_binding])),
        to("", "v1", "ServiceAccount", accounts),
        to(
            "",
            "v1",
            "PersistentVolumeClaim",
            in_users(&["volumes/persistentVolumeClaim/claimName"]),
        ),
        to("", "v1", "PersistentVolume", specs(false, &volumes)),
        to("storage.k8s.io", "v1", "StorageClass", specs(false, &classes)),
        to("scheduling.k8s.io", "v1", "PriorityClass", in_users(&["priorityClassName"])),
        // The group is Kustomize's own slip: no object has it, so these names stay.
        to("networking.k8s.io/v1", "v1", "IngressClass", specs(false, &ingresses)),
        to(ADMISSION, "", "ValidatingAdmissionPolicy", specs(false, &policies)),
    ];
    scaled.into_iter().chain(rest).collect()
}

/// The fields that name ConfigMaps or Secrets: in pods, in rules of roles, and elsewhere.
fn to_data(in_pod: &[&str], elsewhere: &[(&str, &str, &str, &str)]) -> Vec<FieldSpec> {
    let roles =
        [("", "", "Role", "rules/resourceNames"), ("", "", "ClusterRole", "rules/resourceNames")];
    let mut fields = in_pods(&DATA_USERS, false, in_pod);
    fields.extend(specs(false, &roles));
    fields.extend(specs(false, elsewhere));
    fields
}

/// The kinds in whose pods names of ConfigMaps and Secrets are followed.
const DATA_USERS: [&str; 8] = [
    "Pod",
    "PodTemplate",
    "Deployment",
    "ReplicaSet",
    "DaemonSet",
    "StatefulSet",
    "Job",
    "CronJob",
];

/// The kinds in whose pods other names are followed.
const POD_USERS: [&str; 7] =
    ["Pod", "StatefulSet", "Deployment", "ReplicationController", "CronJob", "Job", "DaemonSet"];

const CONFIG_MAP_FIELDS: [&str; 6] = [
    "volumes/configMap/name",
    "containers/env/valueFrom/configMapKeyRef/name",
    "initContainers/env/valueFrom/configMapKeyRef/name",
    "containers/envFrom/configMapRef/name",
    "initContainers/envFrom/configMapRef/name",
    "volumes/projected/sources/configMap/name",
];

const SECRET_FIELDS: [&str; 7] = [
    "volumes/secret/secretName",
    "containers/env/valueFrom/secretKeyRef/name",
    "initContainers/env/valueFrom/secretKeyRef/name",
    "containers/envFrom/secretRef/name",
    "initContainers/envFrom/secretRef/name",
    "imagePullSecrets/name",
    "volumes/projected/sources/secret/name",
];

const CONFIG_MAP_USERS: [(&str, &str, &str, &str); 2] = [
    ("", "", "Node", "spec/configSource/configMap"),
    (
        "",
        "",
        "Ingress",
        "metadata/annotations/nginx.ingress.kubernetes.io\\/fastcgi-params-configmap",
    ),
];

const SERVICE_USERS: [(&str, &str, &str, &str); 8] = [
    ("apps", "", "StatefulSet", "spec/serviceName"),
    ("", "", "Ingress", "spec/rules/http/paths/backend/serviceName"),
    ("", "", "Ingress", "spec/backend/serviceName"),
    ("", "", "Ingress", "spec/rules/http/paths/backend/service/name"),
    ("", "", "Ingress", "spec/defaultBackend/service/name"),
    ("apiregistration.k8s.io", "", "APIService", "spec/service/name"),
    (ADMISSION, "", "ValidatingWebhookConfiguration", "webhooks/clientConfig/service"),
    (ADMISSION, "", "MutatingWebhookConfiguration", "webhooks/clientConfig/service"),
];

const SECRET_USERS: [(&str, &str, &str, &str); 11] = [
    ("", "", "Ingress", "spec/tls/secretName"),
    ("", "", "Ingress", "metadata/annotations/ingress.kubernetes.io\\/auth-secret"),
    ("", "", "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-secret"),
    ("", "", "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-tls-secret"),
    ("", "", "ServiceAccount", "imagePullSecrets/name"),
    ("", "", "StorageClass", "parameters/secretName"),
    ("", "", "StorageClass", "parameters/adminSecretName"),
    ("", "", "StorageClass", "parameters/userSecretName"),
    ("", "", "StorageClass", "parameters/secretRef"),
    (
        "serving.knative.dev",
        "v1",
        "Service",
        "spec/template/spec/containers/env/valueFrom/secretKeyRef/name",
    ),
    ("", "", "PersistentVolume", "spec/azureFile/secretName"),
];

fn variables() -> Vec<FieldSpec> {
    let kinds = ["CronJob", "DaemonSet", "Deployment", "Job", "Pod", "ReplicaSet", "StatefulSet"];
    let containers: Vec<String> = ["containers", "initContainers"]
        .iter()
        .flat_map(|containers| {
            ["args", "command", "env/value", "volumeMounts/mountPath"]
                .map(|field| format!("{containers}/{field}"))
        })
        .collect();
    let containers: Vec<&str> = containers.iter().map(String::as_str).collect();
    let mut fields = in_pods(&kinds, true, &containers);
    let servers = ["DaemonSet", "Deployment", "Job", "Pod", "ReplicaSet"];
    fields.extend(in_pods(&servers, true, &["volumes/nfs/server"]));
    fields.extend(specs(
        false,
        &[
            ("", "", "CronJob", "spec/jobTemplate/spec/template/volumes/nfs/server"),
            ("", "", "Deployment", "spec/template/metadata/annotations"),
            ("", "", "Ingress", "spec/rules/host"),
            ("", "", "Ingress", "spec/tls/hosts"),
            ("", "", "Ingress", "spec/tls/secretName"),
            ("", "", "Service", "spec/ports/port"),
            ("", "", "Service", "spec/ports/targetPort"),
            ("", "", "StatefulSet", "spec/volumeClaimTemplates/spec/nfs/server"),
            ("", "", "PersistentVolume", "spec/nfs/server"),
            ("", "", "", "metadata/labels"),
            ("", "", "", "metadata/annotations"),
        ],
    ));
    fields
}
