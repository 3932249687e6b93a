//! Applications and errors in the shapes of Argo CD's API description.
//! It does not know when which is due.
//! <https://github.com/argoproj/argo-cd/blob/master/assets/swagger.json>

use serde_json::{Map, Value, json};

use super::model::{Application, Deployment, Initiator, Operation, Phase};

/// Where everything is.
pub(super) const NAMESPACE: &str = "argocd";

/// `v1alpha1Application`.
pub(super) fn application(one: &Application) -> Value {
    let mut status = json!({
        "resources": resources(one),
        "sync": {
            "status": format!("{:?}", one.sync),
            "comparedTo": {"source": one.spec["source"], "destination": one.spec["destination"]},
            "revision": one.compared,
        },
        "health": {
            "status": format!("{:?}", one.health),
            "lastTransitionTime": one.health_since.to_string(),
        },
        "reconciledAt": one.reconciled_at.to_string(),
        "sourceType": "Kustomize",
        "summary": {"images": one.live.images},
        "controllerNamespace": NAMESPACE,
    });
    if let Some(message) = &one.health_message {
        status["health"]["message"] = message.clone().into();
    }
    if !one.history.is_empty() {
        status["history"] = one.history.iter().map(deployment).collect();
    }
    if let Some(operation) = &one.operation {
        status["operationState"] = operation_state(operation);
    }
    let mut shown = json!({"metadata": metadata(one), "spec": one.spec, "status": status});
    if let Some(operation) = one.operation.as_ref().filter(|_| one.is_running()) {
        shown["operation"] = operation_json(operation);
    }
    shown
}

fn metadata(one: &Application) -> Value {
    let mut shown = json!({
        "name": one.name,
        "namespace": NAMESPACE,
        "uid": one.uid,
        "resourceVersion": one.resource_version.to_string(),
        "generation": one.generation,
        "creationTimestamp": one.created_at.to_string(),
    });
    if !one.labels.is_empty() {
        let labels = one.labels.iter().map(|(key, value)| (key.clone(), value.clone().into()));
        shown["labels"] = Value::Object(labels.collect::<Map<_, _>>());
    }
    if let Some(owner) = &one.owner {
        shown["ownerReferences"] = json!([{
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "ApplicationSet",
            "name": owner,
            "uid": "11111111-0000-4000-8000-000000000000",
            "controller": true,
            "blockOwnerDeletion": true,
        }]);
    }
    shown
}

fn deployment(one: &Deployment) -> Value {
    json!({
        "revision": one.content.revision,
        "deployedAt": one.deployed_at.to_string(),
        "id": one.id,
        "source": one.source,
        "deployStartedAt": one.started_at.to_string(),
        "initiatedBy": initiator(&one.by),
    })
}

fn initiator(by: &Initiator) -> Value {
    match (&by.username, by.automated) {
        (Some(username), _) => json!({"username": username}),
        (None, true) => json!({"automated": true}),
        (None, false) => json!({}),
    }
}

fn operation_json(one: &Operation) -> Value {
    let mut sync = json!({"revision": one.content.revision, "source": one.source});
    if one.prune {
        sync["prune"] = true.into();
    }
    if one.dry_run {
        sync["dryRun"] = true.into();
    }
    json!({"sync": sync, "initiatedBy": initiator(&one.by)})
}

fn operation_state(one: &Operation) -> Value {
    let mut shown = json!({
        "operation": operation_json(one),
        "phase": format!("{:?}", one.phase),
        "message": one.message,
        "startedAt": one.started_at.to_string(),
    });
    // What breaks off before anything was compared has none.
    if one.phase != Phase::Error {
        shown["syncResult"] = json!({"revision": one.content.revision, "source": one.source});
    }
    if let Some(finished) = one.finished_at {
        shown["finishedAt"] = finished.to_string().into();
    }
    shown
}

/// `applicationv1alpha1ResourceStatus`: one Deployment for each image.
fn resources(one: &Application) -> Vec<Value> {
    let image = |image: &String| {
        json!({
            "group": "apps",
            "version": "v1",
            "kind": "Deployment",
            "namespace": one.spec["destination"]["namespace"],
            "name": called(image),
            "status": format!("{:?}", one.sync),
            "health": {"status": format!("{:?}", one.health)},
        })
    };
    one.live.images.iter().map(image).collect()
}

/// `v1alpha1ApplicationTree`.
pub(super) fn tree(one: &Application) -> Value {
    let node = |image: &String| {
        json!({
            "group": "apps",
            "version": "v1",
            "kind": "Deployment",
            "namespace": one.spec["destination"]["namespace"],
            "name": called(image),
            "uid": format!("{}-{}", one.uid, called(image)),
            "resourceVersion": one.resource_version.to_string(),
            "images": [image],
            "health": {"status": format!("{:?}", one.health)},
            "createdAt": one.created_at.to_string(),
        })
    };
    let nodes: Vec<Value> = one.live.images.iter().map(node).collect();
    json!({"nodes": nodes, "orphanedNodes": [], "hosts": []})
}

/// The last part of an image's name.
fn called(image: &str) -> &str {
    let name = image.rsplit('/').next().unwrap_or(image);
    name.split([':', '@']).next().unwrap_or(name)
}

/// `versionVersionMessage`.
pub(super) fn version() -> Value {
    json!({
        "Version": "v3.6.0+sandbox",
        "BuildDate": "2026-08-22T00:00:00Z",
        "GitCommit": "0000000000000000000000000000000000000000",
        "GitTreeState": "clean",
        "GoVersion": "go1.26",
        "Compiler": "gc",
        "Platform": "linux/amd64",
        "KustomizeVersion": "v5.5.0",
    })
}
