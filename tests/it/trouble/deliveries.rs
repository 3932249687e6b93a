//! Deliveries that only look like ones, those that come twice, and pull requests of strangers.

use std::sync::atomic::{AtomicU64, Ordering};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use usher::model::ids::DeliveryId;
use usher::store::{DeliveryFilter, DeliveryState, JobState};

use super::{jobs, list, settled};
use crate::stage::{DEMO, Stage};

const MOST: usize = 25 << 20;

/// Posts with a good signature; gives the status and the id.
async fn post(stage: &Stage, event: &str, body: Vec<u8>) -> (u16, DeliveryId) {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let id = format!("by-hand-{}", COUNT.fetch_add(1, Ordering::SeqCst));
    let mut mac = Hmac::<Sha256>::new_from_slice(stage.github.webhook_secret.as_bytes()).unwrap();
    mac.update(&body);
    let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    let answer = reqwest::Client::new()
        .post(format!("{}/webhook", stage.bot_url()))
        .header("content-type", "application/json")
        .header("x-github-event", event)
        .header("x-github-delivery", &id)
        .header("x-hub-signature-256", signature)
        .body(body)
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), DeliveryId::new(id).unwrap())
}

/// What became of it.
async fn state(stage: &Stage, id: &DeliveryId) -> (DeliveryState, String) {
    let delivery = stage.store().delivery(id).await.unwrap().unwrap();
    (delivery.state, delivery.reason.unwrap_or_default())
}

/// The body of a release of the demo, with something changed.
async fn release(stage: &Stage, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let repo = &stage.store().repos().await.unwrap()[0];
    let mut body = json!({
        "action": "published", "release": {"tag_name": "v1.0.1"},
        "repository": {"id": repo.id, "full_name": DEMO, "default_branch": "main"},
        "installation": {"id": repo.installation},
    });
    change(&mut body);
    body.to_string().into_bytes()
}

fn nested(field: &str, open: &str, close: &str) -> Vec<u8> {
    let (open, close) = (open.repeat(200_000), close.repeat(200_000));
    format!("{{\"{field}\":{open}{close}}}").into_bytes()
}

type Change = fn(&mut Value);

/// Bodies that nobody can read.
fn unreadable() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("release", b"".to_vec()),
        ("release", b"[]".to_vec()),
        ("release", b"\"published\"".to_vec()),
        ("push", b"null".to_vec()),
        ("push", b"{\"ref\":".to_vec()),
        ("pull_request", b"\xff\xfe\x00".to_vec()),
        ("release", nested("release", "[", "]")),
        ("release", nested("repositories_added", "[{\"id\":", "}]")),
        ("pull_request", br#"{"action":"opened","pull_request":{"number":"1"}}"#.to_vec()),
        (
            "installation_repositories",
            br#"{"installation":{"id":1},"repositories_added":7}"#.to_vec(),
        ),
    ]
}

/// What makes a release unreadable.
const DAMAGES: [Change; 8] = [
    |body| body["repository"]["full_name"] = json!("a/../../b"),
    |body| body["repository"]["full_name"] = json!("a/.."),
    |body| body["repository"]["full_name"] = json!(["acme"]),
    |body| body["repository"]["id"] = json!("7"),
    |body| body["repository"]["id"] = json!(-1),
    |body| body["repository"] = Value::Null,
    |body| body["installation"] = json!({"id": 1.5}),
    |body| body["release"]["tag_name"] = json!({"x": 1}),
];

/// What makes it mean nothing.
const BLANKS: [(&str, Change); 7] = [
    ("release", |body| body["action"] = json!("beatified")),
    ("release", |body| body["action"] = Value::Null),
    ("release", |body| body["release"] = json!({})),
    ("release", |body| body["release"] = Value::Null),
    ("release", |body| body["installation"] = Value::Null),
    ("push", |body| body["ref"] = json!("refs/tags/")),
    ("push", |body| body["ref"] = json!("refs/heads/../main")),
];

#[tokio::test(flavor = "multi_thread")]
async fn hostile_deliveries_are_put_aside_with_a_reason_and_hinder_nobody() {
    let stage = Stage::start().await;
    let mut bad = unreadable();
    for damage in DAMAGES {
        bad.push(("release", release(&stage, damage).await));
    }
    for (event, body) in bad {
        let shown = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
        let (status, id) = post(&stage, event, body).await;
        assert_eq!(status, 202, "{shown}");
        settled(&stage).await;
        let (state, reason) = state(&stage, &id).await;
        assert_eq!(state, DeliveryState::Buried, "{shown}");
        let start = format!("the `{event}` event cannot be read: ");
        assert!(reason.starts_with(&start) && reason.len() < 500, "{reason}");
    }
    let mut blank = vec![
        ("never_heard_of", b"not even JSON".to_vec()),
        ("release", nested("never_read", "[", "]")),
        ("installation", b"{}".to_vec()),
    ];
    for (event, change) in BLANKS {
        blank.push((event, release(&stage, change).await));
    }
    for (event, body) in blank {
        let shown = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
        let (status, id) = post(&stage, event, body).await;
        assert_eq!(status, 202, "{shown}");
        settled(&stage).await;
        assert_eq!(state(&stage, &id).await.0, DeliveryState::Routed, "{shown}");
    }
    assert_eq!(jobs(&stage, JobState::Buried).await, []);
    assert_eq!(stage.pulls(DEMO).await.len(), 0);
    stage.publish(DEMO, "v1.0.1").await;
    assert_eq!(stage.open_titles(DEMO).await, ["Promote microservices-demo v1.0.1 to staging"]);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_delivery_is_read_and_a_larger_one_refused() {
    let stage = Stage::start().await;
    let mut body = release(&stage, |body| body["sender"] = json!({"bio": ""})).await;
    let at = body.windows(7).position(|part| part == b"\"bio\":\"").unwrap() + 7;
    let padding = MOST - body.len();
    body.splice(at..at, std::iter::repeat_n(b'x', padding));
    assert_eq!(body.len(), MOST);
    let (status, id) = post(&stage, "release", body.clone()).await;
    assert_eq!(status, 202);
    settled(&stage).await;
    assert_eq!(state(&stage, &id).await.0, DeliveryState::Routed);
    body.insert(at, b'x');
    assert_eq!(post(&stage, "release", body).await.0, 413);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_under_a_new_id_promotes_nothing_again() {
    let stage = Stage::start().await;
    stage.publish(DEMO, "v1.0.1").await;
    let before = (stage.pulls(DEMO).await, stage.comments(DEMO, 1).await);
    for delivery in stage.store().deliveries(&DeliveryFilter::default()).await.unwrap() {
        let body = stage.store().body(&delivery.id).await.unwrap().unwrap();
        assert_eq!(post(&stage, &delivery.event, body.to_vec()).await.0, 202);
    }
    settled(&stage).await;
    assert_eq!((stage.pulls(DEMO).await, stage.comments(DEMO, 1).await), before);
    // A release long past does not come back either, once it is merged.
    stage.merge(DEMO, 1).await;
    let body = release(&stage, |_| {}).await;
    assert_eq!(post(&stage, "release", body).await.0, 202);
    settled(&stage).await;
    assert_eq!(stage.pulls(DEMO).await.len(), 1);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forks_pull_request_gets_both_checks_on_its_head() {
    let stage = Stage::start().await;
    stage.github.add_person("mallory", "Mallory").unwrap();
    let fork = stage.act("mallory", "POST", &format!("/repos/{DEMO}/forks"), json!({})).await;
    let fork = fork["full_name"].as_str().unwrap();
    let head =
        stage.get(&format!("/repos/{fork}/git/ref/heads/main")).await["object"]["sha"].clone();
    stage
        .act(
            "mallory",
            "POST",
            &format!("/repos/{fork}/git/refs"),
            json!({"ref": "refs/heads/usher/staging/x", "sha": head}),
        )
        .await;
    let prod = "kustomize/prod/kustomization.yaml";
    let old = stage.get(&format!("/repos/{fork}/contents/{prod}")).await;
    let text = stage.file(DEMO, prod, "main").await.replace("v1.0.0", "v1.0.7");
    use base64::Engine as _;
    let content = base64::engine::general_purpose::STANDARD.encode(text);
    let change =
        json!({"message": "x", "content": content, "branch": "usher/staging/x", "sha": old["sha"]});
    let change =
        stage.act("mallory", "PUT", &format!("/repos/{fork}/contents/{prod}"), change).await;
    let sha = change["commit"]["sha"].as_str().unwrap();
    stage.github.clear_requests();
    let pull = stage.open_pull("mallory", DEMO, "mallory:usher/staging/x").await;
    assert_eq!(pull["head"]["sha"], sha);
    let runs = stage.get(&format!("/repos/{DEMO}/commits/{sha}/check-runs")).await;
    assert_eq!(list(&runs["check_runs"]).len(), 2, "{runs}");
    assert_eq!(stage.check(DEMO, sha, "usher/kustomize").await.0, "success");
    let gates = stage.check(DEMO, sha, "usher/gates").await;
    assert_eq!(gates.0, "failure", "v1.0.7 never ran in staging: {gates:?}");
    let abroad = |path: &str| path.starts_with(&format!("/repos/{fork}"));
    let by_bot = stage
        .github
        .requests()
        .into_iter()
        .filter(|seen| seen.who != "mallory" && seen.who != "ada");
    assert_eq!(
        by_bot.filter(|seen| abroad(&seen.path)).count(),
        0,
        "the fork itself is not called"
    );
    stage.finish().await;
}
