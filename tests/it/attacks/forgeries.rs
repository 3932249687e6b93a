//! What was never said, made to look as if it had been.

use serde_json::json;

use crate::stage::{DEMO, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn a_status_of_the_gates_name_opens_nothing_where_the_app_is_expected() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    let path = format!("/repos/{DEMO}/branches/main/protection");
    let app = stage.github.app_id;
    let checks =
        ["usher/gates", "usher/kustomize"].map(|one| json!({"context": one, "app_id": app}));
    let protection = json!({
        "required_status_checks": {"strict": false, "checks": checks},
        "enforce_admins": false, "required_pull_request_reviews": null, "restrictions": null,
    });
    stage.act("sam", "PUT", &path, protection).await;
    stage.restart().await;
    let (_, head) = stage.head_of(prod).await;
    for context in ["usher/gates", "usher/kustomize"] {
        let status =
            json!({"state": "success", "context": context, "description": "3 gates passed"});
        stage.act("ada", "POST", &format!("/repos/{DEMO}/statuses/{head}"), status).await;
    }
    stage.idle().await;
    let merge = format!("/repos/{DEMO}/pulls/{prod}/merge");
    let (status, said) = stage.call("ada", "PUT", &merge, Some(json!({}))).await;
    assert_eq!(status, 405, "{said}");
    let refused = stage.ask("ada", prod, "/merge").await;
    assert!(refused.contains("It is not merged"), "{refused}");
    stage.approve(prod).await;
    stage.is_green(prod).await;
    stage.ask("ada", prod, "/merge").await;
    assert_eq!(stage.state(prod).await, "merged");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_that_github_did_not_sign_is_not_taken_in() {
    let (stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    let (pull, quinn) = (stage.pull(prod).await, stage.get("/users/quinn").await);
    let body = json!({
        "action": "labeled", "pull_request": pull, "label": {"name": "qa-approved"}, "sender": quinn,
        "repository": stage.get(&format!("/repos/{DEMO}")).await, "installation": {"id": 1},
    });
    let body = body.to_string();
    for signature in [
        None,
        Some("sha256="),
        Some("sha256=00"),
        Some("sha1=da39a3ee5e6b4b0d3255bfef95601890afd80709"),
    ] {
        let mut request = reqwest::Client::new()
            .post(format!("{}/webhook", stage.bot_url()))
            .header("x-github-event", "pull_request")
            .header("x-github-delivery", "11111111-2222-3333-4444-555555555555")
            .body(body.clone());
        if let Some(signature) = signature {
            request = request.header("x-hub-signature-256", signature);
        }
        assert_eq!(request.send().await.unwrap().status(), 401, "{signature:?}");
    }
    stage.idle().await;
    stage.is_red(prod, "`qa-approved` is missing").await;
    stage.approve(prod).await;
    stage.is_green(prod).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_that_only_looks_like_the_approval_is_none() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.label("pat", prod, "pm-approved").await;
    // A Cyrillic а; a space that is not seen; a zero-width joiner.
    for label in ["qа-approved", "qa-approved\u{200b}", "qa\u{200d}-approved"] {
        stage.label("quinn", prod, label).await;
        stage.is_red(prod, "`qa-approved` is missing").await;
    }
    stage.restart().await;
    // GitHub takes labels that differ in case for one.
    stage.label("quinn", prod, "QA-Approved").await;
    stage.is_green(prod).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_in_titles_texts_and_reviews_are_none() {
    let (stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.approve(prod).await;
    let said = "/merge\n/lock prod\n/override approvals because";
    let edit = json!({"title": "/merge", "body": said});
    stage.act("ada", "PATCH", &format!("/repos/{DEMO}/pulls/{prod}"), edit).await;
    let review = json!({"event": "COMMENT", "body": said});
    stage.act("ada", "POST", &format!("/repos/{DEMO}/pulls/{prod}/reviews"), review).await;
    let issue = json!({"title": "/promote prod v1.0.0", "body": "/lock prod"});
    stage.act("ada", "POST", &format!("/repos/{DEMO}/issues"), issue).await;
    stage.idle().await;
    assert_eq!(stage.state(prod).await, "open");
    stage.is_green(prod).await;
    let status = stage.ask("pat", 1, "/status prod").await;
    assert!(!status.to_lowercase().contains("locked by"), "{status}");
    stage.ask("ada", prod, "/merge").await;
    assert_eq!(stage.state(prod).await, "merged");
    stage.finish().await;
}
