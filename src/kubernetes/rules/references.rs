//! Knows what pods refer to by name: ConfigMaps, Secrets, ServiceAccounts and claims, and keys of these.
//!
//! It does not know whether it is there.

use crate::kubernetes::scene::{Pod, Type, items};
use crate::kustomize::value::Value;

pub(super) const CONFIG_MAP: Type<'_> = Type::core("ConfigMap");
pub(super) const SECRET: Type<'_> = Type::core("Secret");
pub(super) const SERVICE_ACCOUNT: Type<'_> = Type::core("ServiceAccount");
pub(super) const CLAIM: Type<'_> = Type::core("PersistentVolumeClaim");

/// A name that a pod refers to.
#[derive(Debug)]
pub(super) struct Reference<'r> {
    /// What it is the name of.
    pub(super) of: Type<'static>,
    /// The name.
    pub(super) name: &'r Value,
    /// The keys that are used of it.
    pub(super) keys: Vec<&'r Value>,
    /// Whether the pod starts without it.
    pub(super) optional: bool,
    /// Whether it could be marked so.
    pub(super) may_be_optional: bool,
    /// Whether it is only about pulling images, for which a node may have other ways.
    pub(super) is_for_images: bool,
}

/// All that a pod refers to.
pub(super) fn of_pod<'r>(pod: &Pod<'r>) -> Vec<Reference<'r>> {
    let mut all = Vec::new();
    for container in pod.containers() {
        for entry in items(container, &["env"]) {
            let from = |key: &str| entry.at_path(&["valueFrom", key]);
            add(&mut all, CONFIG_MAP, from("configMapKeyRef"), "name");
            add(&mut all, SECRET, from("secretKeyRef"), "name");
        }
        for entry in items(container, &["envFrom"]) {
            add(&mut all, CONFIG_MAP, entry.get("configMapRef"), "name");
            add(&mut all, SECRET, entry.get("secretRef"), "name");
        }
    }
    for volume in items(pod.spec, &["volumes"]) {
        add(&mut all, CONFIG_MAP, volume.get("configMap"), "name");
        add(&mut all, SECRET, volume.get("secret"), "secretName");
        for source in items(volume, &["projected", "sources"]) {
            add(&mut all, CONFIG_MAP, source.get("configMap"), "name");
            add(&mut all, SECRET, source.get("secret"), "name");
        }
        let claim = volume.at_path(&["persistentVolumeClaim", "claimName"]);
        add_name(&mut all, CLAIM, claim);
    }
    let secrets = items(pod.spec, &["imagePullSecrets"]).filter_map(|secret| secret.get("name"));
    all.extend(
        secrets.map(|name| Reference { is_for_images: true, ..Reference::to(SECRET, name) }),
    );
    // The one is the old name of the other, and Kubernetes sets both.
    let account = ["serviceAccountName", "serviceAccount"].into_iter();
    add_name(&mut all, SERVICE_ACCOUNT, account.filter_map(|key| pod.spec.get(key)).next());
    all
}

fn add<'r>(all: &mut Vec<Reference<'r>>, of: Type<'static>, source: Option<&'r Value>, name: &str) {
    let Some((source, name)) = source.and_then(|source| Some((source, source.get(name)?))) else {
        return;
    };
    let listed = items(source, &["items"]).filter_map(|item| item.get("key"));
    let keys = source.get("key").into_iter().chain(listed).collect();
    let optional = source.get("optional").and_then(Value::as_text) == Some("true");
    all.push(Reference { keys, optional, may_be_optional: true, ..Reference::to(of, name) });
}

fn add_name<'r>(all: &mut Vec<Reference<'r>>, of: Type<'static>, name: Option<&'r Value>) {
    all.extend(name.map(|name| Reference::to(of, name)));
}

impl<'r> Reference<'r> {
    /// One that is a name and nothing else.
    pub(super) fn to(of: Type<'static>, name: &'r Value) -> Self {
        let no = false;
        Self { of, name, keys: Vec::new(), optional: no, may_be_optional: no, is_for_images: no }
    }
}
