//! Repositories and installations are renamed, archived, deleted, taken away and given back, also while
//! something is under way: nothing loops, what comes later works, and what was missed is made up for.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use usher::store::JobState;

use super::{jobs, publish, settled};
use crate::stage::{DEMO, Stage};

const RENAMED: &str = "acme/boutique";

async fn change_demo(stage: &Stage, change: Value) {
    stage.act("sam", "PATCH", &format!("/repos/{DEMO}"), change).await;
}

/// Publishes a release of which the bot hears only when `then` has happened as well.
async fn publish_and(stage: &Stage, tag: &str, then: impl AsyncFnOnce()) {
    stage.github.hold_webhooks(true);
    publish(stage, tag).await;
    then().await;
    stage.github.clear_requests();
    stage.github.hold_webhooks(false);
    settled(stage).await;
    let requests = stage.github.requests().len();
    assert!(requests < 300, "{requests} requests");
}

/// Nothing runs, nothing waits, and nothing has panicked.
async fn is_calm(stage: &Stage) {
    assert_eq!(stage.under_way().await, []);
    for job in jobs(stage, JobState::Buried).await {
        let reason = job.reason.unwrap_or_default();
        assert!(reason.starts_with("refused: ") && !reason.contains("panic"), "{reason}");
    }
}

async fn as_app(stage: &Stage, method: &str, path: &str) {
    let now = usher::app::clock().now().as_second();
    let key = EncodingKey::from_rsa_pem(stage.github.private_key_pem.as_bytes()).unwrap();
    let claims = json!({"iat": now - 60, "exp": now + 300, "iss": stage.github.app_id.to_string()});
    let token = jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &key).unwrap();
    let (status, said) = stage.call(&token, method, path, None).await;
    assert!((200..300).contains(&status), "{method} {path}: {status} {said}");
}

async fn installation(stage: &Stage) -> String {
    let repos = stage.store().repos().await.unwrap();
    format!("/app/installations/{}", repos[0].installation)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_repository_is_followed_also_under_its_old_name() {
    let stage = Stage::start().await;
    let path = ".github/usher.yml";
    let config = stage.file(DEMO, path, "main").await;
    let named = config.replacen("    images:", &format!("    source: {DEMO}\n    images:"), 1);
    assert!(named.contains("source:"), "{named}");
    stage.write_file(DEMO, "main", path, &named).await;
    stage.branch(DEMO, "change", "main").await;
    let head = stage.write_file(DEMO, "change", "README.md", "# Shop\n").await;
    settled(&stage).await;
    let pull = json!({"title": "Change", "head": "change", "base": "main"});
    publish_and(&stage, "v1.0.1", async || {
        stage.act("sam", "POST", &format!("/repos/{DEMO}/pulls"), pull).await;
        change_demo(&stage, json!({"name": "boutique"})).await;
    })
    .await;
    // Both were asked for under the old name.
    let promoted = |tag| format!("Promote microservices-demo {tag} to staging");
    assert_eq!(stage.open_titles(RENAMED).await, ["Change".to_owned(), promoted("v1.0.1")]);
    for check in ["usher/gates", "usher/kustomize"] {
        let said = stage.check(RENAMED, &head, check).await;
        assert_eq!(said.0, "success", "{said:?}");
    }
    stage
        .act("ada", "POST", &format!("/repos/{RENAMED}/releases"), json!({"tag_name": "v1.0.2"}))
        .await;
    settled(&stage).await;
    assert_eq!(stage.open_titles(RENAMED).await, ["Change".to_owned(), promoted("v1.0.2")]);
    let known = stage.store().repos().await.unwrap();
    assert_eq!(known.len(), 1);
    assert_eq!(known[0].name.as_str(), RENAMED);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archived_repository_rests_until_it_is_taken_out_again() {
    let stage = Stage::start().await;
    publish_and(&stage, "v1.0.1", async || {
        change_demo(&stage, json!({"archived": true})).await;
    })
    .await;
    assert_eq!(stage.pulls(DEMO).await.len(), 0);
    assert_eq!(stage.store().repos().await.unwrap(), []);
    change_demo(&stage, json!({"archived": false})).await;
    settled(&stage).await;
    assert_eq!(stage.open_titles(DEMO).await, ["Promote microservices-demo v1.0.1 to staging"]);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_repository_is_forgotten_and_others_go_on() {
    let stage = Stage::start().await;
    let files = [
        (
            ".github/usher.yml",
            "version: 1\napplications: [{name: shop, images: [web]}]\nenvironments: [{name: qa, overlay: qa, promote: automatic}]\n",
        ),
        (
            "qa/kustomization.yaml",
            "resources: [web.yaml]\nimages:\n- name: web\n  newTag: v1.0.0\n",
        ),
        (
            "qa/web.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: web}]}\n",
        ),
    ];
    stage.github.add_repository("shop", false, &files).unwrap();
    settled(&stage).await;
    publish_and(&stage, "v1.0.1", async || {
        let (status, said) = stage.call("sam", "DELETE", &format!("/repos/{DEMO}"), None).await;
        assert_eq!(status, 204, "{said}");
    })
    .await;
    is_calm(&stage).await;
    let known = stage.store().repos().await.unwrap();
    assert_eq!(known.iter().map(|repo| repo.name.as_str()).collect::<Vec<_>>(), ["acme/shop"]);
    stage.act("ada", "POST", "/repos/acme/shop/releases", json!({"tag_name": "v1.0.1"})).await;
    settled(&stage).await;
    assert_eq!(stage.open_titles("acme/shop").await, ["Promote shop v1.0.1 to qa"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_taken_from_the_installation_resumes_when_it_is_given_back() {
    let stage = Stage::start().await;
    stage.github.add_repository("other", false, &[("README.md", "# Other\n")]).unwrap();
    settled(&stage).await;
    publish_and(&stage, "v1.0.1", async || {
        stage.github.select_repositories(Some(&["other"])).unwrap();
    })
    .await;
    is_calm(&stage).await;
    assert_eq!(stage.pulls(DEMO).await.len(), 0);
    assert_eq!(stage.store().repos().await.unwrap().len(), 1);
    stage.github.select_repositories(None).unwrap();
    settled(&stage).await;
    assert_eq!(stage.open_titles(DEMO).await, ["Promote microservices-demo v1.0.1 to staging"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_installation_resumes() {
    let stage = Stage::start().await;
    let path = format!("{}/suspended", installation(&stage).await);
    publish_and(&stage, "v1.0.1", async || {
        as_app(&stage, "PUT", &path).await;
    })
    .await;
    is_calm(&stage).await;
    assert_eq!(stage.pulls(DEMO).await.len(), 0);
    publish(&stage, "v1.0.2").await;
    settled(&stage).await;
    is_calm(&stage).await;
    as_app(&stage, "DELETE", &path).await;
    settled(&stage).await;
    assert_eq!(stage.open_titles(DEMO).await, ["Promote microservices-demo v1.0.2 to staging"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_installation_takes_up_what_the_old_one_left() {
    let stage = Stage::start().await;
    stage.publish(DEMO, "v1.0.1").await;
    let path = installation(&stage).await;
    publish_and(&stage, "v1.0.2", async || {
        as_app(&stage, "DELETE", &path).await;
    })
    .await;
    is_calm(&stage).await;
    assert_eq!(stage.store().repos().await.unwrap(), []);
    stage.github.install(None).unwrap();
    settled(&stage).await;
    assert_ne!(installation(&stage).await, path);
    assert_eq!(stage.open_titles(DEMO).await, ["Promote microservices-demo v1.0.2 to staging"]);
    assert_eq!(stage.pulls(DEMO).await.len(), 2, "the first was found again and superseded");
}
