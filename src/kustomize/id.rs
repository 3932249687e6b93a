//! Knows what identifies an object: group, version, kind, name and namespace.
//!
//! It knows nothing of the objects themselves.

use std::fmt;

/// The namespace that objects without one are in.
pub const DEFAULT_NAMESPACE: &str = "default";
/// Stands for the namespace of what has none, in identities.
const NO_NAMESPACE: &str = "_non_namespaceable_";

/// A group, a version and a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Gvk<'a> {
    /// The group; empty for the core of Kubernetes.
    pub group: &'a str,
    /// The version.
    pub version: &'a str,
    /// The kind.
    pub kind: &'a str,
}

/// What kinds a rule is for; an empty part is for all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct GvkPattern {
    /// The group.
    pub group: String,
    /// The version.
    pub version: String,
    /// The kind.
    pub kind: String,
}

/// The identity of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Id<'a> {
    /// What it is.
    pub gvk: Gvk<'a>,
    /// Its name.
    pub name: &'a str,
    /// Its namespace as written; empty if it has none.
    pub namespace: &'a str,
}

impl<'a> Gvk<'a> {
    /// Of `apiVersion` and `kind`.
    pub fn new(api_version: &'a str, kind: &'a str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self { group, version, kind }
    }

    /// As it stands in `apiVersion`.
    pub fn api_version(self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Whether a rule for `pattern` is for this.
    pub fn is_selected_by(self, pattern: &GvkPattern) -> bool {
        (pattern.group.is_empty() || pattern.group == self.group)
            && (pattern.version.is_empty() || pattern.version == self.version)
            && (pattern.kind.is_empty() || pattern.kind == self.kind)
    }

    /// Whether Kubernetes is known to keep this outside of namespaces.
    pub fn is_cluster_scoped(self) -> bool {
        let versions: &[&str] = match (self.group, self.kind) {
            (
                "",
                "ComponentStatus" | "Namespace" | "Node" | "NodeProxyOptions" | "PersistentVolume",
            ) => &["v1"],
            (
                "admissionregistration.k8s.io",
                "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration",
            )
            | ("apiextensions.k8s.io", "CustomResourceDefinition")
            | ("apiregistration.k8s.io", "APIService")
            | ("certificates.k8s.io", "CertificateSigningRequest")
            | ("networking.k8s.io", "IngressClass")
            | ("node.k8s.io", "RuntimeClass")
            | ("rbac.authorization.k8s.io", "ClusterRole" | "ClusterRoleBinding")
            | ("scheduling.k8s.io", "PriorityClass")
            | ("storage.k8s.io", "CSIDriver" | "CSINode" | "StorageClass" | "VolumeAttachment") => {
                &["v1", "v1beta1"]
            }
            ("flowcontrol.apiserver.k8s.io", "FlowSchema" | "PriorityLevelConfiguration")
            | ("policy", "PodSecurityPolicy") => &["v1beta1"],
            _ => &[],
        };
        versions.contains(&self.version)
    }
}

impl fmt::Display for Gvk<'_> {
    /// As people write it: `Deployment`, or `Widget.example.com`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            "" => f.write_str("an object without kind"),
            kind => f.write_str(kind),
        }
    }
}

impl<'a> Id<'a> {
    /// The namespace that counts: none for what Kubernetes keeps outside of them, `default` for none.
    pub fn effective_namespace(self) -> &'a str {
        match self.namespace {
            _ if self.gvk.is_cluster_scoped() => NO_NAMESPACE,
            "" => DEFAULT_NAMESPACE,
            namespace => namespace,
        }
    }

    /// Whether both are in the same namespace, or both in none.
    pub fn is_beside(self, other: Id<'_>) -> bool {
        self.effective_namespace() == other.effective_namespace()
    }

    /// Whether both name the same object.
    pub fn is_same(self, other: Id<'_>) -> bool {
        self.is_same_but_for_namespace(other) && self.is_beside(other)
    }

    /// Whether both have the same kind and name.
    pub fn is_same_but_for_namespace(self, other: Id<'_>) -> bool {
        self.name == other.name && self.gvk == other.gvk
    }
}

impl fmt::Display for Id<'_> {
    /// As in `Deployment web in shop`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.gvk, self.name)?;
        match self.namespace {
            "" => Ok(()),
            namespace => write!(f, " in {namespace}"),
        }
    }
}
