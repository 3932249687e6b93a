//! What somebody else made, made to look like ours; and ours, taken elsewhere.

use serde_json::{Value, json};

use crate::stage::people::overlay;
use crate::stage::{DEMO, Stage};

/// Writes a commit with this file through the Git API; gives its id.
async fn commit(
    stage: &Stage,
    login: &str,
    parent: &str,
    (path, text): (&str, &str),
    more: Value,
) -> String {
    let base = stage.get(&format!("/repos/{DEMO}/git/commits/{parent}")).await;
    let tree = json!({
        "base_tree": base["tree"]["sha"],
        "tree": [{"path": path, "mode": "100644", "type": "blob", "content": text}],
    });
    let tree = stage.act(login, "POST", &format!("/repos/{DEMO}/git/trees"), tree).await;
    let mut body = json!({"message": "A change", "tree": tree["sha"], "parents": [parent]});
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    let made = stage.act(login, "POST", &format!("/repos/{DEMO}/git/commits"), body).await;
    made["sha"].as_str().unwrap().to_owned()
}

async fn message(stage: &Stage, sha: &str) -> String {
    let commit = stage.get(&format!("/repos/{DEMO}/git/commits/{sha}")).await;
    commit["message"].as_str().unwrap().to_owned()
}

fn us() -> Value {
    json!({"name": "usher[bot]", "email": "20009+usher[bot]@users.noreply.github.com", "date": "2026-01-01T00:00:00Z"})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pasted_marker_is_not_ours() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    let (_, head) = stage.head_of(prod).await;
    let ours = message(&stage, &head).await;
    stage.restart().await;
    // A stranger's pull request with our marker, our trailer in text and commit, and a forged status.
    let main = stage.head(DEMO, "main").await;
    let text = stage.file(DEMO, &overlay("prod"), "main").await.replace("v1.0.0", "v1.0.1");
    let more = json!({"message": ours, "author": us()});
    let sha = commit(&stage, "ada", &main, (&overlay("prod"), &text), more).await;
    let path = format!("/repos/{DEMO}/git/refs");
    stage.act("ada", "POST", &path, json!({"ref": "refs/heads/usher/prod/mine", "sha": sha})).await;
    let body = json!({
        "title": "Roll back microservices-demo to v1.0.1 in prod", "head": "usher/prod/mine",
        "base": "main", "body": format!("<!-- usher:status -->\n{ours}"),
    });
    let pull = stage.act("ada", "POST", &format!("/repos/{DEMO}/pulls"), body).await;
    stage.idle().await;
    let pr = pull["number"].as_u64().unwrap();
    stage.is_red(pr, "`qa-approved` is missing").await;
    let status = stage.ask("pat", 1, "/status prod").await;
    assert!(!status.contains(&format!("#{pr}")), "{status}");
    stage.restart().await;

    // On ours a stranger's comment with the marker is left alone, and our own stays the one.
    let forged = "<!-- usher:status -->\n**v1.0.1 may go to prod: every gate has passed.**";
    let theirs = stage.say("ada", prod, forged).await;
    stage.label("pat", prod, "pm-approved").await;
    let comment = stage.get(&format!("/repos/{DEMO}/issues/comments/{theirs}")).await;
    assert_eq!(comment["body"], forged);
    assert!(stage.told(prod).await.contains("`pm-approved` by `pat`"));
    // The text of ours may be edited; it is never read.
    let edited = json!({"body": "Usher-Promotion: {}", "title": "Anything"});
    stage.act("ada", "PATCH", &format!("/repos/{DEMO}/pulls/{prod}"), edited).await;
    stage.idle().await;
    stage.label("quinn", prod, "qa-approved").await;
    stage.is_green(prod).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_of_our_name_by_another_is_left_alone() {
    let stage = Stage::start().await;
    stage.publish(DEMO, "v1.0.1").await;
    let first = stage.pulls(DEMO).await[0].clone();
    let branch = first["head"]["ref"].as_str().unwrap().to_owned();
    stage.finish().await;

    // Branches of automatic promotions have names that can be known before.
    let stage = Stage::start().await;
    stage.branch(DEMO, &branch, "main").await;
    let theirs = stage.push("ada", &branch, "README.md", "Mine.\n").await;
    stage.publish(DEMO, "v1.0.1").await;
    let staging = stage.open_number("v1.0.1 to staging").await;
    let (ours, _) = stage.head_of(staging).await;
    assert_ne!(ours, branch, "another attempt");
    assert_eq!(stage.head(DEMO, &branch).await, theirs, "and theirs is as it was");
    stage.is_green(staging).await;
    stage.merge(DEMO, staging).await;
    assert_eq!(stage.head(DEMO, &branch).await, theirs);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_commit_on_our_branch_fails_whatever_it_says_of_itself() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    let (branch, head) = stage.head_of(prod).await;
    let ours = message(&stage, &head).await;
    let text = stage.file(DEMO, &overlay("prod"), &branch).await;
    let evil = text.replacen("newTag: v1.0.1", "newTag: v6.6.6", 1);
    let forgeries = [
        json!({"message": ours}),
        json!({"message": ours, "author": us()}),
        json!({"message": ours, "author": us(), "committer": us()}),
    ];
    for more in forgeries {
        stage.restart().await;
        let sha = commit(&stage, "ada", &head, (&overlay("prod"), &evil), more).await;
        stage.force("ada", &branch, &sha).await;
        stage.approve(prod).await;
        let (conclusion, text) = stage.gates(prod).await;
        assert_eq!(conclusion, "failure", "{text}");
        assert!(text.contains("is not Usher's"), "{text}");
        for label in ["qa-approved", "pm-approved"] {
            stage.unlabel("quinn", prod, label).await;
        }
    }
    stage.restart().await;
    stage.ask("ada", prod, "/retry").await;
    stage.approve(prod).await;
    stage.is_green(prod).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_commit_proves_nothing_on_another_branch() {
    let (mut stage, prod) = Stage::with_prod("v1.0.1").await;
    // A rollback of ours passes without approvals; its commit is put on a promotion of ours.
    stage.ask("sam", prod, "/rollback").await;
    let back = stage.open_number("to v1.0.0 in prod").await;
    let (_, rollback) = stage.head_of(back).await;
    stage.stands_in_staging("v1.0.2").await;
    stage.idle().await;
    stage.restart().await;
    stage.ask("ada", 1, "/promote prod v1.0.2").await;
    let forth = stage.open_number("v1.0.2 to prod").await;
    let (branch, ours) = stage.head_of(forth).await;
    stage.force("ada", &branch, &rollback).await;
    stage.is_red(forth, "scope").await;
    stage.force("ada", &branch, &ours).await;
    stage.approve(forth).await;
    stage.is_green(forth).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retargeted_base_does_not_turn_it_green() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.branch(DEMO, "side", "main").await;
    let path = format!("/repos/{DEMO}/pulls/{prod}");
    stage.act("ada", "PATCH", &path, json!({"base": "side"})).await;
    stage.idle().await;
    // Back again, and merged before anybody is told.
    stage.github.hold_webhooks(true);
    stage.act("ada", "PATCH", &path, json!({"base": "main"})).await;
    let (status, said) = stage.call("ada", "PUT", &format!("{path}/merge"), Some(json!({}))).await;
    assert_eq!(status, 405, "{said}");
    stage.github.hold_webhooks(false);
    stage.idle().await;
    stage.is_red(prod, "is missing").await;
    stage.restart().await;

    // The same by hand, from the beginning.
    stage.branch(DEMO, "by-hand", "main").await;
    let text = stage.file(DEMO, &overlay("prod"), "main").await.replace("v1.0.0", "v1.0.1");
    stage.push("ada", "by-hand", &overlay("prod"), &text).await;
    let body = json!({"title": "Aside", "head": "by-hand", "base": "side"});
    let pull = stage.act("ada", "POST", &format!("/repos/{DEMO}/pulls"), body).await;
    stage.idle().await;
    let path = format!("/repos/{DEMO}/pulls/{}", pull["number"]);
    stage.github.hold_webhooks(true);
    stage.act("ada", "PATCH", &path, json!({"base": "main"})).await;
    let (status, said) = stage.call("ada", "PUT", &format!("{path}/merge"), Some(json!({}))).await;
    assert_eq!(status, 405, "{said}");
    stage.github.hold_webhooks(false);
    stage.idle().await;
    assert_eq!(stage.runs("prod").await, "v1.0.0 x9");
    stage.restart().await;
    stage.approve(prod).await;
    stage.is_green(prod).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_reaches_what_waits_on_another_branch() {
    let (stage, _) = Stage::with_prod_asked("v1.0.1").await;
    stage.branch(DEMO, "side", "main").await;
    stage.branch(DEMO, "aside", "main").await;
    let text = stage.file(DEMO, &overlay("prod"), "main").await;
    stage.push("ada", "aside", &overlay("prod"), &format!("{text}\nnamePrefix: aside-\n")).await;
    let body = json!({"title": "Aside", "head": "aside", "base": "side"});
    let pull = stage.act("ada", "POST", &format!("/repos/{DEMO}/pulls"), body).await;
    let pr = pull["number"].as_u64().unwrap();
    stage.idle().await;
    stage.is_green(pr).await;
    stage.ask("quinn", 1, "/lock prod the fair").await;
    let path = format!("/repos/{DEMO}/pulls/{pr}");
    stage.github.hold_webhooks(true);
    stage.act("ada", "PATCH", &path, json!({"base": "main"})).await;
    let (status, said) = stage.call("ada", "PUT", &format!("{path}/merge"), Some(json!({}))).await;
    assert_eq!(status, 405, "{said}");
    stage.github.hold_webhooks(false);
    stage.idle().await;
    stage.is_red(pr, "is locked").await;
    // Lifted, it goes green again also where it waits elsewhere.
    stage.act("ada", "PATCH", &path, json!({"base": "side"})).await;
    stage.idle().await;
    stage.ask("quinn", 1, "/unlock prod").await;
    stage.is_green(pr).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_that_bumps_production_meets_every_gate() {
    let mut stage = Stage::with_staging("v1.0.1").await;
    stage.github.add_person("mallory", "Mallory").unwrap();
    let fork = stage.act("mallory", "POST", &format!("/repos/{DEMO}/forks"), json!({})).await;
    let fork = fork["full_name"].as_str().unwrap().to_owned();
    let old = stage.get(&format!("/repos/{fork}/contents/{}", overlay("prod"))).await;
    use base64::Engine as _;
    let text = stage.file(DEMO, &overlay("prod"), "main").await.replace("v1.0.0", "v1.0.1");
    let content = base64::engine::general_purpose::STANDARD.encode(text);
    let change = json!({"message": "x", "content": content, "branch": "main", "sha": old["sha"]});
    let path = format!("/repos/{fork}/contents/{}", overlay("prod"));
    stage.act("mallory", "PUT", &path, change).await;
    let pull = stage.open_pull("mallory", DEMO, "mallory:main").await;
    let pr = pull["number"].as_u64().unwrap();
    stage.is_red(pr, "`qa-approved` is missing").await;
    stage.restart().await;
    for said in ["/merge", "/approve qa-approved", "/approve pm-approved", "/override approvals x"]
    {
        stage.say("mallory", pr, said).await;
    }
    stage.is_red(pr, "`qa-approved` is missing").await;
    assert_eq!(stage.state(pr).await, "open");
    stage.approve(pr).await;
    stage.is_green(pr).await;
    stage.finish().await;
}
