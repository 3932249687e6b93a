//! The Argo CD of the sandbox, held against Argo CD's published description; and the bot's door to one, which may be
//! slow, silent, garbled, huge, or lead elsewhere.

mod back;
mod door;

use serde_json::{Value, json};
use usher::sandbox::ApplicationChange;

use crate::stage::argocd::application;
use crate::stage::people::overlay;
use crate::stage::{DEMO, Stage};

const PROD: &str = "/api/v1/applications/prod-microservices-demo";

/// What `assets/swagger.json` of Argo CD 3.6 says of what is read: a path, and the JSON type that stands there.
/// `[]` goes into each element; what is not there is left out by Go's `omitempty`.
const DESCRIPTION: &[(&str, &str)] = &[
    ("metadata.name", "string"),
    ("metadata.namespace", "string"),
    ("metadata.uid", "string"),
    ("metadata.resourceVersion", "string"),
    ("metadata.generation", "integer"),
    ("metadata.creationTimestamp", "time"),
    ("metadata.labels", "object"),
    ("metadata.ownerReferences[].apiVersion", "string"),
    ("metadata.ownerReferences[].kind", "string"),
    ("metadata.ownerReferences[].name", "string"),
    ("metadata.ownerReferences[].uid", "string"),
    ("metadata.ownerReferences[].controller", "boolean"),
    ("metadata.ownerReferences[].blockOwnerDeletion", "boolean"),
    ("spec.project", "string"),
    ("spec.destination.server", "string"),
    ("spec.destination.namespace", "string"),
    ("spec.source.repoURL", "string"),
    ("spec.source.path", "string"),
    ("spec.source.targetRevision", "string"),
    ("spec.syncPolicy.automated.enabled", "boolean"),
    ("spec.syncPolicy.automated.prune", "boolean"),
    ("spec.syncPolicy.automated.selfHeal", "boolean"),
    ("operation.sync", "object"),
    ("operation.initiatedBy", "object"),
    ("status.controllerNamespace", "string"),
    ("status.reconciledAt", "time"),
    ("status.sourceType", "string"),
    ("status.sync.status", "string"),
    ("status.sync.revision", "string"),
    ("status.sync.comparedTo", "object"),
    ("status.health.status", "string"),
    ("status.health.message", "string"),
    ("status.health.lastTransitionTime", "time"),
    ("status.summary.images[]", "string"),
    ("status.history[].id", "integer"),
    ("status.history[].revision", "string"),
    ("status.history[].deployedAt", "time"),
    ("status.history[].deployStartedAt", "time"),
    ("status.history[].source.repoURL", "string"),
    ("status.history[].source.path", "string"),
    ("status.history[].source.targetRevision", "string"),
    ("status.history[].initiatedBy.username", "string"),
    ("status.history[].initiatedBy.automated", "boolean"),
    ("status.operationState.phase", "string"),
    ("status.operationState.message", "string"),
    ("status.operationState.startedAt", "time"),
    ("status.operationState.finishedAt", "time"),
    ("status.operationState.operation", "object"),
    ("status.operationState.syncResult.revision", "string"),
    ("status.operationState.syncResult.source", "object"),
    ("status.resources[].group", "string"),
    ("status.resources[].version", "string"),
    ("status.resources[].kind", "string"),
    ("status.resources[].namespace", "string"),
    ("status.resources[].name", "string"),
    ("status.resources[].status", "string"),
    ("status.resources[].health.status", "string"),
];

/// Every leaf of an Application is described, and is what the description says.
fn check(value: &Value, at: &str, wrong: &mut Vec<String>) {
    let described = DESCRIPTION.iter().find(|(path, _)| *path == at).map(|(_, kind)| *kind);
    let fits = match described {
        Some("object") => value.is_object(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("time") => value.as_str().is_some_and(|text| text.parse::<jiff::Timestamp>().is_ok()),
        _ => match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    let at = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                    check(value, &at, wrong);
                }
                return;
            }
            Value::Array(items) => {
                for item in items {
                    check(item, &format!("{at}[]"), wrong);
                }
                return;
            }
            _ => false,
        },
    };
    if !fits {
        wrong.push(format!("{at}: {value}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_tells_is_as_argo_cd_describes_it() {
    let stage = Stage::without_bot().await;
    stage.change(
        "prod",
        &ApplicationChange {
            message: Some("slow".to_owned()),
            owner: Some("all".to_owned()),
            ..Default::default()
        },
    );
    let usher = stage.github.argocd_token("usher").unwrap();
    let (status, one) = stage.argo(&usher, "GET", PROD, None).await;
    assert_eq!(status, 200, "{one}");
    let mut wrong = Vec::new();
    check(&one, "", &mut wrong);
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(one["status"]["sync"]["revision"], stage.head(DEMO, "main").await.as_str());
    let (status, list) = stage.argo(&usher, "GET", "/api/v1/applications", None).await;
    assert_eq!((status, list["items"].as_array().unwrap().len()), (200, 3));
    let (status, tree) = stage.argo(&usher, "GET", &format!("{PROD}/resource-tree"), None).await;
    assert_eq!((status, tree["nodes"].as_array().unwrap().len()), (200, 9));
    let (status, version) = stage.argo("", "GET", "/api/version", None).await;
    assert!(status == 200 && version["Version"].is_string(), "{version}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_refuses_as_argo_cd_does() {
    let stage = Stage::without_bot().await;
    let reader = stage.github.add_argocd_token("reader", &["get"], "prod-*");
    let refused = async |token: &str, method: &str, path: &str, body: Value| {
        let body = (method != "GET").then_some(body);
        let (status, answer) = stage.argo(token, method, path, body).await;
        assert_eq!(answer["error"], answer["message"], "{answer}");
        (status, answer["code"].as_u64().unwrap(), answer["message"].as_str().unwrap().to_owned())
    };
    let nothing = || json!({});
    assert_eq!(
        refused("", "GET", PROD, nothing()).await,
        (401, 16, "no session information".into())
    );
    assert_eq!(refused("x", "GET", PROD, nothing()).await.0, 401);
    // Whether it is not there or not to be seen is told only to those who name the project.
    let denied = (403, 7, "permission denied".to_owned());
    let gone = "/api/v1/applications/gone";
    assert_eq!(refused(&reader, "GET", gone, nothing()).await, denied);
    let staging = "/api/v1/applications/staging-microservices-demo";
    assert_eq!(refused(&reader, "GET", staging, nothing()).await, denied);
    assert_eq!(refused(&reader, "POST", &format!("{PROD}/sync"), nothing()).await, denied);
    let usher = stage.github.argocd_token("usher").unwrap();
    let named = refused(&usher, "GET", &format!("{gone}?project=default"), nothing()).await;
    assert_eq!((named.0, named.1), (404, 5), "{named:?}");
    let elsewhere = refused(&usher, "GET", &format!("{PROD}?project=other"), nothing()).await;
    assert_eq!(elsewhere.0, 404);
    assert_eq!(
        stage
            .argo(&usher, "GET", &format!("{PROD}?project=default&appNamespace=argocd"), None)
            .await
            .0,
        200
    );
    let back = refused(&usher, "POST", &format!("{PROD}/rollback"), json!({"id": 0})).await;
    assert_eq!(back, (400, 9, "rollback cannot be initiated when auto-sync is enabled".into()));
    let sync = refused(&usher, "POST", &format!("{PROD}/sync"), json!({"revision": "abc"})).await;
    assert_eq!(sync, (400, 9, "Cannot sync to abc: auto-sync currently set to HEAD".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_goes_back_once_automatic_sync_is_off_and_is_out_of_sync_then() {
    let stage = Stage::without_bot().await;
    let usher = stage.github.argocd_token("usher").unwrap();
    let first = stage.head(DEMO, "main").await;
    let text = stage.file(DEMO, &overlay("prod"), "main").await;
    stage.change("prod", &ApplicationChange { takes: Some(20), ..Default::default() });
    stage.write_file(DEMO, "main", &overlay("prod"), &text.replace("v1.0.0", "v1.0.1")).await;
    stage.leap(30);
    let seen = async || stage.argo(&usher, "GET", PROD, None).await.1;
    let one = seen().await;
    assert_eq!(one["status"]["history"].as_array().unwrap().len(), 2);
    assert!(one["status"]["summary"]["images"][0].as_str().unwrap().ends_with(":v1.0.1"));
    let patch = json!({"spec": {"syncPolicy": {"automated": {"enabled": false}}}}).to_string();
    let body = json!({"name": application("prod"), "patch": patch, "patchType": "merge"});
    let (status, patched) = stage.argo(&usher, "PATCH", PROD, Some(body)).await;
    assert_eq!(status, 200, "{patched}");
    assert_eq!(
        patched["spec"]["syncPolicy"]["automated"],
        json!({"prune": true, "selfHeal": true, "enabled": false})
    );
    let unknown =
        stage.argo(&usher, "POST", &format!("{PROD}/rollback"), Some(json!({"id": 77}))).await;
    assert_eq!(
        unknown.1["message"],
        "application argocd/prod-microservices-demo does not have deployment with id 77"
    );
    let rollback = Some(json!({"name": application("prod"), "id": "0", "prune": true}));
    let (status, begun) =
        stage.argo(&usher, "POST", &format!("{PROD}/rollback"), rollback.clone()).await;
    assert_eq!(status, 200, "{begun}");
    assert_eq!(begun["operation"]["sync"]["revision"], first.as_str());
    let (status, twice) = stage.argo(&usher, "POST", &format!("{PROD}/rollback"), rollback).await;
    assert_eq!(
        (status, &twice["message"]),
        (400, &json!("another operation is already in progress"))
    );
    stage.leap(30);
    let one = seen().await;
    assert_eq!(one["status"]["sync"]["status"], "OutOfSync");
    assert_eq!(one["status"]["health"]["status"], "Healthy");
    assert_eq!(one["status"]["history"][2]["revision"], first.as_str());
    assert_eq!(one["status"]["history"][2]["initiatedBy"]["username"], "usher");
    assert!(one["status"]["summary"]["images"][0].as_str().unwrap().ends_with(":v1.0.0"));
    // Put back as it was, it follows Git again.
    let mut spec = one["spec"].clone();
    spec["syncPolicy"] = json!({"automated": {"prune": true, "selfHeal": true}});
    assert_eq!(stage.argo(&usher, "PUT", &format!("{PROD}/spec"), Some(spec)).await.0, 200);
    seen().await;
    stage.leap(30);
    let one = seen().await;
    assert_eq!(one["status"]["sync"]["status"], "Synced");
    assert!(one["status"]["summary"]["images"][0].as_str().unwrap().ends_with(":v1.0.1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_application_set_makes_stays_as_that_wants_it() {
    let stage = Stage::without_bot().await;
    let usher = stage.github.argocd_token("usher").unwrap();
    stage
        .change("prod", &ApplicationChange { owner: Some("all".to_owned()), ..Default::default() });
    let body = json!({"patch": r#"{"spec": {"syncPolicy": null}}"#, "patchType": "merge"});
    assert_eq!(stage.argo(&usher, "PATCH", PROD, Some(body)).await.0, 200);
    let (_, one) = stage.argo(&usher, "GET", PROD, None).await;
    assert_eq!(one["metadata"]["ownerReferences"][0]["kind"], "ApplicationSet");
    assert_eq!(one["spec"]["syncPolicy"]["automated"]["prune"], true, "it has no effect");
}

#[tokio::test(flavor = "multi_thread")]
async fn its_page_shows_applications_and_sets_their_health() {
    let stage = Stage::without_bot().await;
    let client = reqwest::Client::new();
    let page = format!("{}/argocd", stage.github.url());
    let shown = async || client.get(&page).send().await.unwrap().text().await.unwrap();
    assert!(shown().await.contains("prod-microservices-demo"));
    let form = client.post(format!("{page}/prod-microservices-demo")).body("health=Degraded");
    assert_eq!(form.header("origin", stage.github.url()).send().await.unwrap().status(), 200);
    assert!(shown().await.contains(r#"<span class="badge bad health">Degraded</span>"#));
    let foreign = client.post(format!("{page}/prod-microservices-demo")).body("health=Healthy");
    let foreign = foreign.header("origin", "http://evil.test").send().await.unwrap();
    assert_eq!(foreign.status(), 403);
}
