//! Argo CD's JSON, read leniently: what is missing is missing, what is unknown is unknown, and nothing is guessed.
//!
//! <https://github.com/argoproj/argo-cd/blob/master/assets/swagger.json>

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::model::argocd::{
    Application, Automated, Deployed, Health, Operation, Phase, Source, Sync,
};
use crate::model::ids::Sha;

/// The most entries of the history that are taken, the newest ones.
const MOST_HISTORY: usize = 100;
/// The most images that are taken.
const MOST_IMAGES: usize = 1_000;
/// The most bytes of what a sync policy has for `automated`.
const MOST_POLICY: usize = 4_096;
/// So much of a text is taken.
const LONGEST: usize = 500;

#[derive(Deserialize)]
struct Wire {
    metadata: Metadata,
    #[serde(default, deserialize_with = "or_nothing")]
    spec: Spec,
    #[serde(default, deserialize_with = "or_nothing")]
    status: Status,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: String,
    #[serde(default, deserialize_with = "or_nothing")]
    owner_references: Vec<Owner>,
    #[serde(default, deserialize_with = "or_nothing")]
    labels: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "or_nothing")]
    annotations: BTreeMap<String, String>,
}

impl Metadata {
    /// Who would put back what others change of it: its maker, or the Application that it is part of.
    /// <https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/>
    fn owner(&self) -> Option<String> {
        if let Some(owner) = self.owner_references.first() {
            return Some(format!("{} {}", owner.kind, owner.name));
        }
        let tracked = self.annotations.get("argocd.argoproj.io/tracking-id");
        let tracked = tracked.and_then(|id| id.split_once(':')).map(|(parent, _)| parent);
        let labelled = self.labels.get("app.kubernetes.io/instance").map(String::as_str);
        let parent = tracked.or(labelled).filter(|parent| !parent.is_empty())?;
        (parent != self.name).then(|| format!("Application {parent}"))
    }
}

#[derive(Deserialize)]
struct Owner {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    source: Option<WireSource>,
    #[serde(deserialize_with = "or_nothing")]
    sources: Vec<WireSource>,
    sync_policy: Option<SyncPolicy>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct WireSource {
    #[serde(rename = "repoURL")]
    repo_url: String,
    path: String,
    target_revision: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct SyncPolicy {
    automated: Option<Value>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct WireAutomated {
    enabled: Option<bool>,
    prune: bool,
    self_heal: bool,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    #[serde(deserialize_with = "or_nothing")]
    sync: WireSync,
    #[serde(deserialize_with = "or_nothing")]
    health: WireHealth,
    operation_state: Option<OperationState>,
    #[serde(deserialize_with = "or_nothing")]
    history: Vec<WireDeployed>,
    #[serde(deserialize_with = "or_nothing")]
    summary: Summary,
    reconciled_at: Option<Timestamp>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireSync {
    status: String,
    revision: String,
    #[serde(deserialize_with = "or_nothing")]
    revisions: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct WireHealth {
    status: String,
    message: String,
    last_transition_time: Option<Timestamp>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct OperationState {
    phase: String,
    message: String,
    #[serde(deserialize_with = "or_nothing")]
    sync_result: Brought,
    #[serde(deserialize_with = "or_nothing")]
    operation: Asked,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
}

/// What was asked for.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Asked {
    #[serde(deserialize_with = "or_nothing")]
    sync: Brought,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Brought {
    revision: String,
    #[serde(deserialize_with = "or_nothing")]
    revisions: Vec<String>,
}

impl Brought {
    /// The one commit. Argo CD lists them as soon as `sources` has an entry, be it one.
    fn commit(self) -> Option<Sha> {
        match self.revisions.as_slice() {
            [] => Sha::new(self.revision).ok(),
            [only] => Sha::new(only.clone()).ok(),
            _ => None,
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct WireDeployed {
    id: i64,
    revision: String,
    #[serde(deserialize_with = "or_nothing")]
    revisions: Vec<String>,
    deployed_at: Option<Timestamp>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Summary {
    #[serde(deserialize_with = "or_nothing")]
    images: Vec<String>,
}

#[derive(Deserialize)]
struct Trouble {
    message: String,
}

/// Go writes `null` for a list that nobody made.
fn or_nothing<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// An Application, and what it is called.
pub(super) struct Read {
    pub(super) name: String,
    pub(super) application: Application,
}

/// Reads an Application; or says what is wrong with it.
pub(super) fn application(body: &[u8]) -> Result<Read, String> {
    let wire: Wire = serde_json::from_slice(body)
        .map_err(|_| "its answer is not an Application in JSON".to_owned())?;
    let Wire { metadata, spec, status } = wire;
    let policy = spec.sync_policy.and_then(|policy| policy.automated);
    let large = policy.as_ref().is_some_and(|policy| policy.to_string().len() > MOST_POLICY);
    if large {
        return Err("its sync policy is larger than any is".to_owned());
    }
    let skip = status.history.len().saturating_sub(MOST_HISTORY);
    let images = status.summary.images.iter().take(MOST_IMAGES).map(|image| cut(image)).collect();
    let application = Application {
        sources: sources(spec.source, spec.sources, &status.sync),
        automated: policy.as_ref().map(automated).transpose()?.flatten(),
        policy,
        owner: metadata.owner().map(|owner| cut(&owner)),
        sync: sync(&status.sync.status),
        health: health(&status.health.status),
        health_message: Some(cut(&status.health.message)).filter(|text| !text.is_empty()),
        health_since: status.health.last_transition_time,
        operation: status.operation_state.map(operation),
        history: status.history.into_iter().skip(skip).map(deployed).collect(),
        images,
        compared_at: status.reconciled_at,
    };
    Ok(Read { name: metadata.name, application })
}

/// What an error says.
pub(super) fn message(body: &[u8]) -> Option<String> {
    let trouble: Trouble = serde_json::from_slice(body).ok()?;
    Some(cut(&trouble.message))
}

fn sources(one: Option<WireSource>, many: Vec<WireSource>, sync: &WireSync) -> Vec<Source> {
    let source = |wire: WireSource, revision: Option<&String>| Source {
        url: cut(&wire.repo_url),
        path: cut(&wire.path),
        follows: cut(&wire.target_revision),
        revision: revision.and_then(|revision| Sha::new(revision.clone()).ok()),
    };
    // Where there are several, the single one is not looked at by Argo CD either.
    if many.is_empty() {
        return one.into_iter().map(|one| source(one, Some(&sync.revision))).collect();
    }
    let revisions = sync.revisions.iter().map(Some).chain(std::iter::repeat(None));
    many.into_iter().zip(revisions).map(|(one, revision)| source(one, revision)).collect()
}

/// How it syncs by itself, by what its policy says; it may say so and be switched off within.
fn automated(policy: &Value) -> Result<Option<Automated>, String> {
    let wire = WireAutomated::deserialize(policy)
        .map_err(|_| "its sync policy is none that is known".to_owned())?;
    let on = wire.enabled != Some(false);
    Ok(on.then_some(Automated { prune: wire.prune, self_heal: wire.self_heal }))
}

fn sync(word: &str) -> Sync {
    match word {
        "Synced" => Sync::Synced,
        "OutOfSync" => Sync::OutOfSync,
        _ => Sync::Unknown,
    }
}

fn health(word: &str) -> Health {
    match word {
        "Healthy" => Health::Healthy,
        "Progressing" => Health::Progressing,
        "Degraded" => Health::Degraded,
        "Suspended" => Health::Suspended,
        "Missing" => Health::Missing,
        _ => Health::Unknown,
    }
}

fn operation(wire: OperationState) -> Operation {
    Operation {
        phase: match wire.phase.as_str() {
            "Running" => Phase::Running,
            "Terminating" => Phase::Terminating,
            "Succeeded" => Phase::Succeeded,
            "Failed" => Phase::Failed,
            "Error" => Phase::Error,
            _ => Phase::Other,
        },
        message: cut(&wire.message),
        // What breaks off early has no result yet; what it was to bring is known all the same.
        revision: wire.sync_result.commit().or_else(|| wire.operation.sync.commit()),
        started_at: wire.started_at,
        finished_at: wire.finished_at,
    }
}

fn deployed(wire: WireDeployed) -> Deployed {
    let revisions = if wire.revisions.is_empty() { vec![wire.revision] } else { wire.revisions };
    let revisions = revisions.iter().map(|revision| cut(revision)).collect();
    Deployed { id: wire.id, revisions, at: wire.deployed_at }
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(value: &Value) -> Application {
        application(value.to_string().as_bytes()).map(|read| read.application).unwrap()
    }

    #[test]
    fn an_application_of_several_sources_has_a_revision_for_each() {
        let sha = "a".repeat(40);
        let one = read(&json!({
            "metadata": {"name": "x", "ownerReferences": [{"kind": "ApplicationSet", "name": "all"}]},
            "spec": {
                "source": {"repoURL": "ignored"},
                "sources": [{"repoURL": "https://charts", "chart": "c"}, {"repoURL": "https://git", "path": "prod"}],
                "syncPolicy": {"automated": {"enabled": false, "prune": true}},
            },
            "status": {
                "sync": {"status": "Synced", "revisions": ["1.2.3", sha]},
                "health": {"status": "Healthy", "lastTransitionTime": "2026-11-20T12:00:00Z"},
                "history": [{"id": 3, "revisions": ["1.2.3", sha], "deployedAt": "2026-11-20T11:00:00Z"}],
            },
        }));
        let revisions: Vec<_> = one.sources.iter().map(|source| source.revision.clone()).collect();
        assert_eq!(revisions, [None, Some(Sha::new(sha).unwrap())]);
        assert_eq!(one.owner.as_deref(), Some("ApplicationSet all"));
        assert_eq!(one.automated, None, "it is switched off within");
        assert_eq!(one.policy, Some(json!({"enabled": false, "prune": true})), "as it is");
        assert_eq!((one.sync, one.health), (Sync::Synced, Health::Healthy));
        assert_eq!(one.history[0].revisions.len(), 2);
    }

    #[test]
    fn an_operation_brings_one_commit_however_that_is_said() {
        let brings = |state: Value| {
            let one = json!({"metadata": {"name": "x"}, "status": {"operationState": state}});
            read(&one).operation.unwrap().revision
        };
        let (sha, other) = ("a".repeat(40), "b".repeat(40));
        let asked = json!({"sync": {"revision": sha}});
        let commit = Some(Sha::new(sha.clone()).unwrap());
        assert_eq!(brings(json!({"syncResult": {"revision": sha}})), commit);
        assert_eq!(brings(json!({"syncResult": {"revision": "", "revisions": [sha]}})), commit);
        // It broke off before it had a result.
        assert_eq!(brings(json!({"phase": "Error", "operation": asked})), commit);
        assert_eq!(brings(json!({"syncResult": {"revision": ""}, "operation": asked})), commit);
        let listed = json!({"sync": {"revision": "", "revisions": [sha]}});
        assert_eq!(brings(json!({"syncResult": null, "operation": listed})), commit);
        // Of several none is the one.
        let several = json!({"sync": {"revisions": [sha, other]}});
        assert_eq!(brings(json!({"operation": several})), None);
        assert_eq!(brings(json!({"operation": {"retry": {}}})), None);
    }

    #[test]
    fn what_is_not_said_is_not_known() {
        let one = read(&json!({"metadata": {"name": "x"}, "spec": {}, "status": {}}));
        assert_eq!((one.sync, one.health), (Sync::Unknown, Health::Unknown));
        assert!(one.sources.is_empty() && one.operation.is_none() && one.automated.is_none());
        let odd = json!({"metadata": {"name": "x"}, "status": {
            "sync": {"status": "synced"}, "health": {"status": "Fine"}, "operationState": {"phase": "Dancing"}}});
        let odd = read(&odd);
        assert_eq!((odd.sync, odd.health), (Sync::Unknown, Health::Unknown));
        assert_eq!(odd.operation.unwrap().phase, Phase::Other);
        for garbage in ["", "null", "[]", "{}", "<html>", r#"{"metadata": {"name": 7}}"#] {
            assert!(application(garbage.as_bytes()).is_err(), "{garbage}");
        }
    }

    #[test]
    fn an_application_within_another_is_that_ones() {
        let read = |more: Value| {
            let mut metadata = json!({"name": "shop"});
            metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            read(&json!({"metadata": metadata})).owner
        };
        let tracked = |id: &str| json!({"annotations": {"argocd.argoproj.io/tracking-id": id}});
        let label = |name: &str| json!({"labels": {"app.kubernetes.io/instance": name}});
        let root = Some("Application root".to_owned());
        assert_eq!(read(tracked("root:argoproj.io/Application:argocd/shop")), root);
        assert_eq!(read(label("root")), root);
        assert_eq!(read(tracked("shop:argoproj.io/Application:argocd/shop")), None);
        assert_eq!(read(label("shop")), None);
        assert_eq!(read(label("")), None);
        assert_eq!(read(json!({})), None);
    }

    #[test]
    fn null_is_as_good_as_nothing() {
        let text = r#"{"metadata": {"name": "x", "ownerReferences": null}, "spec": {"sources": null}, "status": {"history": null, "summary": {"images": null}}}"#;
        assert!(application(text.as_bytes()).is_ok());
    }
}
