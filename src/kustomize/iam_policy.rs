//! Knows the `IAMPolicyGenerator`: a service account of Kubernetes that stands for one of Google Cloud.

use super::fields::{Fields, Reading};
use super::object::Object;
use super::problem::{Place, Problem};
use super::value::Value;

/// The only cloud that Kustomize knows.
const CLOUD: &str = "gke";
/// The annotation that names the account in the cloud.
const ACCOUNT: &str = "iam.gke.io/gcp-service-account";

/// An `IAMPolicyGenerator`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IamPolicy {
    /// `kubernetesService.name`.
    pub name: String,
    /// `kubernetesService.namespace`.
    pub namespace: String,
    /// `serviceAccount.name`.
    pub account: String,
    /// `serviceAccount.projectId`.
    pub project: String,
    /// Where it was written.
    pub place: Place,
}

impl IamPolicy {
    /// Of a configuration object.
    pub fn from_value(value: &Value) -> Result<Self, Problem> {
        let nothing = Value::null().at(value.place);
        let fields = Fields::of(value, "IAMPolicyGenerator", &[], Reading::Lenient)?;
        let inner = |name: &'static str| {
            Fields::of(fields.get(name).unwrap_or(&nothing), name, &[], Reading::Lenient)
        };
        let (service, account) = (inner("kubernetesService")?, inner("serviceAccount")?);
        let cloud = fields.text("cloud")?;
        if cloud != CLOUD {
            let message = format!("Kustomize knows no cloud {cloud:?}, only {CLOUD}");
            return Err(Problem::new(message, value.place));
        }
        Ok(Self {
            name: service.any_text("name")?,
            namespace: service.any_text("namespace")?,
            account: account.any_text("name")?,
            project: account.any_text("projectId")?,
            place: value.place,
        })
    }

    /// The service account.
    pub fn generate(&self) -> Vec<Object> {
        let mut value = Value::map().at(self.place);
        let map = value.make_map();
        map.insert("apiVersion", Value::string("v1"));
        map.insert("kind", Value::string("ServiceAccount"));
        let mut object = Object::new(value);
        let account = format!("{}@{}.iam.gserviceaccount.com", self.account, self.project);
        let metadata = object.metadata();
        let annotations = metadata.get_or_insert("annotations", Value::map).make_map();
        annotations.insert(ACCOUNT, Value::string(account));
        // Kustomize writes both without quotes.
        metadata.insert("name", Value::plain(&*self.name));
        if !self.namespace.is_empty() {
            metadata.insert("namespace", Value::plain(&*self.namespace));
        }
        vec![object]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kustomize::fields::tests::value_of;

    #[test]
    fn a_service_account_names_the_one_in_the_cloud() {
        let config = value_of(
            "{cloud: gke, kubernetesService: {name: k8s, namespace: ns}, serviceAccount: {name: sa, projectId: p}}",
        );
        let objects = IamPolicy::from_value(&config).expect("a policy").generate();
        assert!(objects[0].value.means(&value_of(
            "{apiVersion: v1, kind: ServiceAccount, metadata: {name: k8s, namespace: ns,
              annotations: {iam.gke.io/gcp-service-account: sa@p.iam.gserviceaccount.com}}}"
        )));
        IamPolicy::from_value(&value_of("{cloud: aws}")).expect_err("another cloud");
    }
}
