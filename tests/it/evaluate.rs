//! Every pull request gets both checks, whoever made it and however.

use serde_json::json;

use crate::stage::{DEMO, Stage};

const STAGING: &str = "kustomize/staging/kustomization.yaml";
const PROD: &str = "kustomize/prod/kustomization.yaml";

/// Opens a pull request that writes one file, and gives both conclusions with the gates' title.
async fn judged(
    stage: &Stage,
    branch: &str,
    path: &str,
    edit: impl Fn(String) -> String,
) -> (String, String, String) {
    stage.branch(DEMO, branch, "main").await;
    let (status, _) =
        stage.call("ada", "GET", &format!("/repos/{DEMO}/contents/{path}?ref=main"), None).await;
    let old = if status == 200 { stage.file(DEMO, path, "main").await } else { String::new() };
    stage.write_file(DEMO, branch, path, &edit(old)).await;
    let pull = stage.open_pull("ada", DEMO, branch).await;
    let sha = pull["head"]["sha"].as_str().unwrap();
    let gates = stage.check(DEMO, sha, "usher/gates").await;
    let kustomize = stage.check(DEMO, sha, "usher/kustomize").await;
    (gates.0, gates.1 + "\n" + &gates.2, kustomize.0)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_touches_no_environment_passes_at_once() {
    let stage = Stage::start().await;
    let (gates, text, kustomize) =
        judged(&stage, "docs", "docs/guide.md", |_| "words\n".into()).await;
    assert_eq!((gates.as_str(), kustomize.as_str()), ("success", "success"), "{text}");
    assert!(text.starts_with("Not a promotion"), "{text}");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_change_is_validated_and_no_promotion() {
    let stage = Stage::start().await;
    let (gates, text, kustomize) =
        judged(&stage, "replicas", PROD, |old| old.replace("count: 2", "count: 3")).await;
    assert_eq!((gates.as_str(), kustomize.as_str()), ("success", "success"), "{text}");
    assert!(text.contains("Configuration change"), "{text}");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_by_hand_meets_the_same_gates() {
    let stage = Stage::start().await;
    let (gates, text, _) =
        judged(&stage, "by-hand", PROD, |old| old.replace("v1.0.0", "v1.0.1")).await;
    assert_eq!(gates, "failure", "{text}");
    assert!(text.contains("does not run in `staging`"), "{text}");
    let (gates, text, _) =
        judged(&stage, "staging", STAGING, |old| old.replace("v1.0.0", "v1.0.1")).await;
    assert_eq!(gates, "success", "{text}");
    // What is merged elsewhere bears on it, and it is told at once.
    let number = |pull: &serde_json::Value| pull["number"].as_u64().unwrap();
    let pulls: Vec<u64> = stage.pulls(DEMO).await.iter().map(number).collect();
    stage.merge(DEMO, pulls[1]).await;
    stage.idle().await;
    stage.is_red(pulls[0], "| `order` | `prod` | it runs in `staging` |").await;
    let (gates, text, _) = judged(&stage, "both", STAGING, |old| {
        old.replace("v1.0.1", "v1.0.2").replace("resources:", "namePrefix: x-\nresources:")
    })
    .await;
    assert_eq!(gates, "failure", "{text}");
    assert!(text.contains("more than promoted images"), "{text}");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_overlays_are_named_with_their_line() {
    let stage = Stage::start().await;
    let (gates, _, kustomize) =
        judged(&stage, "missing", STAGING, |old| old.replace("- ../base", "- ../bass")).await;
    assert_eq!((gates.as_str(), kustomize.as_str()), ("failure", "failure"));
    let (_, _, kustomize) =
        judged(&stage, "typo", STAGING, |old| old.replace("- name: frontend", "- name: frontent"))
            .await;
    assert_eq!(kustomize, "failure", "the entry resolves to no container");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changing_the_rules_needs_an_administrator() {
    let stage = Stage::start().await;
    let (gates, text, _) =
        judged(&stage, "loosen", ".github/usher.yml", |old| old.replace("qa-approved", "anything"))
            .await;
    assert_eq!(gates, "action_required", "{text}");
    let (gates, text, _) =
        judged(&stage, "break", ".github/usher.yml", |old| format!("{old}\nbogus: 1\n")).await;
    assert_eq!(gates, "failure", "{text}");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_commit_on_our_branch_fails_scope() {
    let stage = Stage::start().await;
    stage.publish(DEMO, "v1.0.1").await;
    let pull = stage.pulls(DEMO).await[0].clone();
    let branch = pull["head"]["ref"].as_str().unwrap();
    let mine = stage.file(DEMO, STAGING, branch).await;
    for (path, text) in
        [(STAGING, mine.replace("namespace:", "namespace: ")), ("README.md", "hello\n".to_owned())]
    {
        let sha = stage.write_file(DEMO, branch, path, &text).await;
        stage.idle().await;
        let (conclusion, _, summary) = stage.check(DEMO, &sha, "usher/gates").await;
        assert_eq!(conclusion, "failure");
        assert!(summary.contains("is not Usher's"), "{summary}");
    }
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_come_again_when_asked_for() {
    let stage = Stage::start().await;
    stage.publish(DEMO, "v1.0.1").await;
    let sha = stage.pulls(DEMO).await[0]["head"]["sha"].as_str().unwrap().to_owned();
    let runs =
        stage.get(&format!("/repos/{DEMO}/commits/{sha}/check-runs?check_name=usher/gates")).await;
    let id = runs["check_runs"][0]["id"].as_u64().unwrap();
    stage.act("ada", "POST", &format!("/repos/{DEMO}/check-runs/{id}/rerequest"), json!({})).await;
    stage.idle().await;
    assert_eq!(stage.check(DEMO, &sha, "usher/gates").await.0, "success", "one run, updated");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn protection_refuses_until_the_checks_are_there() {
    let stage = Stage::start().await;
    stage.publish(DEMO, "v1.0.1").await;
    let pull = stage.pulls(DEMO).await[0].clone();
    let path = format!("/repos/{DEMO}/pulls/{}/merge", pull["number"]);
    let (status, answer) =
        stage.call("ada", "PUT", &path, Some(json!({"sha": "0".repeat(40)}))).await;
    assert_eq!(status, 409, "{answer}");
    let (status, answer) =
        stage.call("ada", "PUT", &path, Some(json!({"sha": pull["head"]["sha"]}))).await;
    assert_eq!(status, 200, "both checks are green: {answer}");
    stage.idle().await;
    assert_eq!(stage.file(DEMO, STAGING, "main").await.matches("v1.0.1").count(), 9);
    stage.finish().await;
}
