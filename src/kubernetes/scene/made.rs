//! Knows which ConfigMaps, Secrets, Services and claims well-known controllers make of objects.
//!
//! What it does not know of is judged with more care elsewhere, since any controller may make anything.

use std::borrow::Cow;

use super::{entries, items, text};
use crate::kustomize::object::Object;
use crate::kustomize::value::Value;

/// A kind of the core, a namespace (empty for all) and a name.
type Made<'r> = (&'static str, &'r str, Cow<'r, str>);

/// What controllers make of an object.
pub(super) fn by(object: &Object) -> Vec<Made<'_>> {
    let (namespace, name) = (object.namespace(), object.name());
    let made = |kind: &'static str, name: &str| (kind, namespace, Cow::Owned(name.to_owned()));
    let mut all: Vec<Made<'_>> =
        secrets(object).into_iter().map(|name| ("Secret", namespace, name)).collect();
    match (object.gvk().group, object.kind()) {
        ("external-secrets.io", "ClusterExternalSecret") => {
            all.iter_mut().for_each(|(_, namespace, _)| *namespace = "");
        }
        ("objectbucket.io", "ObjectBucketClaim") => all.push(made("ConfigMap", name)),
        ("trust.cert-manager.io", "Bundle") => {
            all.push(("ConfigMap", "", Cow::Borrowed(name)));
            all.push(("Secret", "", Cow::Borrowed(name)));
        }
        ("cdi.kubevirt.io", "DataVolume") => all.push(made("PersistentVolumeClaim", name)),
        ("serving.knative.dev", "Service") => all.push(made("Service", name)),
        ("postgresql.cnpg.io", "Cluster") => {
            all.extend(["rw", "ro", "r"].map(|role| made("Service", &format!("{name}-{role}"))));
        }
        ("apps", "StatefulSet") => {
            let templates = items(&object.value, &["spec", "volumeClaimTemplates"]);
            let first = templates.filter_map(|template| text(template, &["metadata", "name"]));
            all.extend(first.flat_map(|claim| {
                (0..10)
                    .map(move |at| made("PersistentVolumeClaim", &format!("{claim}-{name}-{at}")))
            }));
        }
        _ => {}
    }
    all
}

/// The names of the Secrets that controllers make of an object.
fn secrets(object: &Object) -> Vec<Cow<'_, str>> {
    let (value, name) = (&object.value, object.name());
    let at = |path: &[&str]| text(value, path).map(Cow::Borrowed);
    let or_own = |path: &[&str]| vec![at(path).unwrap_or(Cow::Borrowed(name))];
    let only = |path: &[&str]| Vec::from_iter(at(path));
    match (object.gvk().group, object.kind()) {
        ("bitnami.com", "SealedSecret") => or_own(&["spec", "template", "metadata", "name"]),
        ("external-secrets.io" | "kubernetes-client.io", "ExternalSecret") => {
            or_own(&["spec", "target", "name"])
        }
        ("external-secrets.io", "ClusterExternalSecret") => {
            let target = at(&["spec", "externalSecretSpec", "target", "name"]);
            let own = target.or_else(|| at(&["spec", "externalSecretName"]));
            vec![own.unwrap_or(Cow::Borrowed(name))]
        }
        ("cert-manager.io" | "certmanager.k8s.io", "Certificate") => only(&["spec", "secretName"]),
        ("cert-manager.io", "Issuer" | "ClusterIssuer") => {
            only(&["spec", "acme", "privateKeySecretRef", "name"])
        }
        ("secrets.hashicorp.com", _) => only(&["spec", "destination", "name"]),
        ("secrets-store.csi.x-k8s.io", "SecretProviderClass") => {
            let objects = items(value, &["spec", "secretObjects"]);
            objects.filter_map(|made| text(made, &["secretName"])).map(Cow::Borrowed).collect()
        }
        ("k8s.bitwarden.com", "BitwardenSecret") => only(&["spec", "secretName"]),
        ("secrets.infisical.com", "InfisicalSecret") => infisical(value),
        ("secrets.doppler.com", "DopplerSecret") => only(&["spec", "managedSecret", "name"]),
        ("spv.no", "AzureKeyVaultSecret") => only(&["spec", "output", "secret", "name"]),
        ("onepassword.com", "OnePasswordItem")
        | ("ricoberger.de", "VaultSecret")
        | ("objectbucket.io", "ObjectBucketClaim")
        | ("kafka.strimzi.io", "KafkaUser") => vec![Cow::Borrowed(name)],
        ("kafka.strimzi.io", "Kafka") => with_ends(name, &["-cluster-ca-cert", "-clients-ca-cert"]),
        ("rabbitmq.com", "RabbitmqCluster") => with_ends(name, &["-default-user"]),
        ("elasticsearch.k8s.elastic.co", "Elasticsearch") => with_ends(
            name,
            &["-es-elastic-user", "-es-http-certs-public", "-es-http-certs-internal"],
        ),
        ("postgresql.cnpg.io", "Cluster") => {
            with_ends(name, &["-app", "-superuser", "-ca", "-server", "-replication"])
        }
        ("postgres-operator.crunchydata.com", "PostgresCluster") => crunchy(value, name),
        ("acid.zalan.do", "postgresql") => zalando(value, name),
        ("", "Service") => {
            let annotation = |prefix: &str| {
                let key = format!("{prefix}.openshift.io/serving-cert-secret-name");
                at(&["metadata", "annotations", &key])
            };
            Vec::from_iter(annotation("service.beta").or_else(|| annotation("service.alpha")))
        }
        ("networking.k8s.io" | "extensions", "Ingress") => ingress(value),
        // Crossplane's, for all its kinds.
        (group, _) if group.contains('.') => only(&["spec", "writeConnectionSecretToRef", "name"]),
        _ => Vec::new(),
    }
}

fn with_ends<'r>(name: &str, ends: &[&str]) -> Vec<Cow<'r, str>> {
    ends.iter().map(|end| Cow::Owned(format!("{name}{end}"))).collect()
}

fn infisical(value: &Value) -> Vec<Cow<'_, str>> {
    let one = text(value, &["spec", "managedSecretReference", "secretName"]);
    let more = items(value, &["spec", "managedKubeSecretReferences"]);
    let more = more.filter_map(|made| text(made, &["secretName"]));
    one.into_iter().chain(more).map(Cow::Borrowed).collect()
}

/// Crunchy's operator makes a user of the cluster's name where none is listed.
fn crunchy<'r>(value: &Value, name: &str) -> Vec<Cow<'r, str>> {
    let mut users: Vec<&str> =
        items(value, &["spec", "users"]).filter_map(|user| text(user, &["name"])).collect();
    if users.is_empty() {
        users.push(name);
    }
    let users = users.into_iter().map(|user| Cow::Owned(format!("{name}-pguser-{user}")));
    users.chain(with_ends(name, &["-cluster-cert", "-replication-cert"])).collect()
}

fn zalando<'r>(value: &Value, name: &str) -> Vec<Cow<'r, str>> {
    let users = entries(value, &["spec", "users"]).map(|(user, _)| &*user.text);
    let secret = |user: &str| {
        let user = user.replace('_', "-");
        Cow::Owned(format!("{user}.{name}.credentials.postgresql.acid.zalan.do"))
    };
    users.chain(["postgres", "standby"]).map(secret).collect()
}

/// cert-manager makes certificates for those that ask for it in an annotation.
fn ingress(value: &Value) -> Vec<Cow<'_, str>> {
    let asks = |key: &str| key.starts_with("cert-manager.io/") || key == "kubernetes.io/tls-acme";
    let asks = entries(value, &["metadata", "annotations"]).any(|(key, _)| asks(&key.text));
    let hosts = items(value, &["spec", "tls"]).filter(|_| asks);
    hosts.filter_map(|host| text(host, &["secretName"])).map(Cow::Borrowed).collect()
}
