//! `approvals`: nobody approves what they made, wherever on the way they made it.

use serde_json::json;

use crate::stage::people::overlay;
use crate::stage::{DEMO, Stage};

/// Commits a file by a pull request of its own, which sam merges.
pub(super) async fn contribute(stage: &Stage, login: &str, path: &str) -> u64 {
    let branch = format!("{login}-{}", path.replace('/', "-"));
    stage.branch(DEMO, &branch, "main").await;
    stage.push(login, &branch, path, "Work.\n").await;
    let pull = stage.open_pull(login, DEMO, &branch).await;
    pull["number"].as_u64().unwrap()
}

/// Commits on top of `main` past the pages, with this author and message, changing nothing.
async fn commit_as(stage: &Stage, author: serde_json::Value, message: &str) {
    let head = stage.head(DEMO, "main").await;
    let tree = stage.get(&format!("/repos/{DEMO}/git/commits/{head}")).await["tree"]["sha"].clone();
    let commit = json!({"message": message, "tree": tree, "parents": [head], "author": author});
    let made = stage.act("sam", "POST", &format!("/repos/{DEMO}/git/commits"), commit).await;
    let path = format!("/repos/{DEMO}/git/refs/heads/main");
    stage.act("sam", "PATCH", &path, json!({"sha": made["sha"]})).await;
    stage.idle().await;
}

/// Sam releases a version, brings it to staging, and asks for production.
async fn asked_by_sam(stage: &mut Stage, tag: &str) -> u64 {
    let release = json!({"tag_name": tag, "name": tag});
    stage.act("sam", "POST", &format!("/repos/{DEMO}/releases"), release).await;
    stage.idle().await;
    let staging = stage.open_number(&format!("{tag} to staging")).await;
    stage.merge(DEMO, staging).await;
    stage.restart().await;
    stage.ask("sam", 1, &format!("/promote prod {tag}")).await;
    stage.open_number(&format!("{tag} to prod")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wrote_what_is_released_does_not_approve_it() {
    let mut stage = Stage::with_staging("v1.0.1").await;
    let pull = contribute(&stage, "quinn", "src/cart.txt").await;
    stage.merge(DEMO, pull).await;
    let me = stage.get("/users/pat").await["id"].as_u64().unwrap();
    let together = format!("Pair\n\nCo-authored-by: Pat <{me}+pat@users.noreply.github.com>\n");
    let sam = stage.get("/users/sam").await["id"].as_u64().unwrap();
    let author = json!({"name": "Sam", "email": format!("{sam}+sam@users.noreply.github.com")});
    commit_as(&stage, author, &together).await;
    stage.restart().await;
    let prod = asked_by_sam(&mut stage, "v1.0.2").await;
    stage.approve(prod).await;
    let wrote = "does not count: that person has commits in the release";
    stage.is_red(prod, &format!("`qa-approved` by `quinn` {wrote}")).await;
    stage.is_red(prod, &format!("`pm-approved` by `pat` {wrote}")).await;
    let own = stage.ask("quinn", prod, "/approve qa-approved").await;
    assert!(own.contains("Yours does not count: you have commits in the release"), "{own}");
    let refused = stage.ask("sam", prod, "/merge").await;
    assert!(refused.contains("It is not merged"), "{refused}");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_whom_nobody_knows_takes_one_more_approver() {
    let mut stage = Stage::with_staging("v1.0.1").await;
    stage.rules(|old| old.replace("by: [pat]", "by: [pat, ada, eve]")).await;
    let stranger = json!({"name": "@quinn", "email": "somebody@example.com"});
    commit_as(&stage, stranger, "Mend it").await;
    let head = stage.head(DEMO, "main").await;
    stage.restart().await;
    let prod = asked_by_sam(&mut stage, "v1.0.2").await;
    stage.approve(prod).await;
    stage
        .is_red(prod, &format!("GitHub does not name all authors of commit `{}`", &head[..7]))
        .await;
    stage.restart().await;
    // Who has a hand in it is not the one more, nor who may not give it.
    stage.ask("eve", prod, "/approve pm-approved").await;
    stage.review("eve", prod, "APPROVE").await;
    stage.review("sam", prod, "APPROVE").await;
    stage.is_red(prod, "one more").await;
    stage.restart().await;
    stage.ask("ada", prod, "/approve pm-approved").await;
    stage.is_green(prod).await;
    assert!(stage.gates(prod).await.1.contains("`ada` approves as one more"));
    stage.finish().await;
}

/// Pushes to a branch as ada, in the present second, while webhooks are held.
async fn push_now(stage: &Stage, branch: &str, text: &str) {
    use base64::Engine as _;
    let path = format!("/repos/{DEMO}/contents/README.md");
    let old = stage.get(&format!("{path}?ref={branch}")).await;
    let content = base64::engine::general_purpose::STANDARD.encode(text);
    let body = json!({"message": "More", "branch": branch, "content": content, "sha": old["sha"]});
    stage.act("ada", "PUT", &path, body).await;
}

async fn label_now(stage: &Stage, login: &str, pr: u64, label: &str) {
    let path = format!("/repos/{DEMO}/issues/{pr}/labels");
    stage.act(login, "POST", &path, json!({"labels": [label]})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_in_the_second_of_a_push_counts_for_the_head_it_saw() {
    let mut stage = Stage::with_staging("v1.0.1").await;
    stage.branch(DEMO, "by-hand", "main").await;
    let text = stage.file(DEMO, &overlay("prod"), "main").await;
    stage.push("ada", "by-hand", &overlay("prod"), &text.replace("v1.0.0", "v1.0.1")).await;
    let pr = stage.open_pull("ada", DEMO, "by-hand").await["number"].as_u64().unwrap();
    stage.restart().await;

    // The label, then the push.
    stage.github.hold_webhooks(true);
    label_now(&stage, "quinn", pr, "qa-approved").await;
    let pull = stage.pull(pr).await;
    push_now(&stage, "by-hand", "One.\n").await;
    stage.github.hold_webhooks(false);
    stage.idle().await;
    stage.is_red(pr, "`qa-approved` is on, and counts for nothing").await;
    // The same, told again after the push: it still is of the head that it saw.
    stage.github.hold_webhooks(true);
    let quinn = stage.get("/users/quinn").await;
    let labelled = json!({"action": "labeled", "pull_request": pull, "label": {"name": "qa-approved"}, "sender": quinn});
    stage.deliver_alone("pull_request", labelled).await;
    stage.github.hold_webhooks(false);
    stage.idle().await;
    stage.is_red(pr, "`qa-approved` is on, and counts for nothing").await;
    stage.unlabel("quinn", pr, "qa-approved").await;
    stage.restart().await;

    // The push, then the label; the label is told first.
    stage.github.hold_webhooks(true);
    push_now(&stage, "by-hand", "Two.\n").await;
    label_now(&stage, "quinn", pr, "qa-approved").await;
    let pull = stage.pull(pr).await;
    let labelled = json!({"action": "labeled", "pull_request": pull, "label": {"name": "qa-approved"}, "sender": quinn});
    stage.deliver_alone("pull_request", labelled).await;
    stage.github.hold_webhooks(false);
    stage.idle().await;
    stage.is_red(pr, "`qa-approved` by `quinn` · `pm-approved` is missing").await;
    stage.label("pat", pr, "pm-approved").await;
    stage.is_green(pr).await;
    stage.finish().await;
}
