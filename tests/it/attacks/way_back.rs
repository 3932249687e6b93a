//! Ways back to what never ran: a rollback passes without approvals, so it must not lead anywhere new.

use serde_json::json;

use crate::stage::people::overlay;
use crate::stage::{DEMO, Stage};

/// The tag and name of an image that nobody approved.
const EVIL: &str = "newTag: v0.0.6";

/// Whatever was said, nothing that is open is green with that in it, and nothing was merged.
async fn nothing_evil_is_green(stage: &Stage) {
    for pull in stage.pulls(DEMO).await {
        if pull["state"] != "open" {
            continue;
        }
        let pr = pull["number"].as_u64().unwrap();
        let (branch, _) = stage.head_of(pr).await;
        if stage.file(DEMO, &overlay("prod"), &branch).await.contains(EVIL) {
            let (conclusion, text) = stage.gates(pr).await;
            assert_ne!(conclusion, "success", "#{pr} {}: {text}", pull["title"]);
        }
    }
    assert!(!stage.file(DEMO, &overlay("prod"), "main").await.contains(EVIL));
}

fn evil(text: &str) -> String {
    text.replacen("newTag: v1.0.1", EVIL, 1)
}

async fn merge_as_ada(stage: &Stage, pr: u64, method: &str) {
    let path = format!("/repos/{DEMO}/pulls/{pr}/merge");
    stage.act("ada", "PUT", &path, json!({"merge_method": method})).await;
    stage.idle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn undoing_what_was_merged_elsewhere_leads_nowhere() {
    let (mut stage, prod) = Stage::with_prod("v1.0.1").await;
    let good = stage.file(DEMO, &overlay("prod"), "main").await;
    // On a side branch production never was what ada wrote there.
    stage.branch(DEMO, "side", "main").await;
    stage.push("ada", "side", &overlay("prod"), &evil(&good)).await;
    stage.branch(DEMO, "good", "side").await;
    stage.push("ada", "good", &overlay("prod"), &good).await;
    let body = json!({"title": "Good again", "head": "good", "base": "side"});
    let pull = stage.act("ada", "POST", &format!("/repos/{DEMO}/pulls"), body).await;
    let pull = pull["number"].as_u64().unwrap();
    stage.idle().await;
    merge_as_ada(&stage, pull, "squash").await;
    stage.restart().await;
    stage.ask("ada", pull, "/rollback").await;
    nothing_evil_is_green(&stage).await;
    stage.ask("ada", prod, "/rollback").await;
    let back = stage.open_number("to v1.0.0 in prod").await;
    stage.is_green(back).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_was_never_the_tip_did_not_run() {
    for method in ["merge", "rebase"] {
        let (mut stage, prod) = Stage::with_prod("v1.0.1").await;
        let good = stage.file(DEMO, &overlay("prod"), "main").await;
        // A change of the replicas, with something else on the way to it.
        stage.branch(DEMO, "replicas", "main").await;
        let first = stage.push("ada", "replicas", &overlay("prod"), &evil(&good)).await;
        let replicas = good.replace("count: 2", "count: 3");
        stage.push("ada", "replicas", &overlay("prod"), &replicas).await;
        let pull = stage.open_pull("ada", DEMO, "replicas").await["number"].as_u64().unwrap();
        stage.is_green(pull).await;
        merge_as_ada(&stage, pull, method).await;
        stage.forget("fresh.db").await;
        stage.ask("ada", 1, "/rollback prod v0.0.6").await;
        nothing_evil_is_green(&stage).await;
        stage.ask("ada", 1, "/rollback prod").await;
        nothing_evil_is_green(&stage).await;
        let back = stage.open_number("to v1.0.0 in prod").await;
        stage.ask("ada", back, "/cancel").await;
        stage.ask("ada", pull, "/rollback").await;
        nothing_evil_is_green(&stage).await;
        stage.restart().await;

        // A pull request that begins where main never was.
        stage
            .act(
                "ada",
                "POST",
                &format!("/repos/{DEMO}/git/refs"),
                json!({"ref": "refs/heads/poisoned", "sha": first}),
            )
            .await;
        stage.push("ada", "poisoned", &overlay("prod"), &replicas).await;
        stage.push("ada", "poisoned", "README.md", "More.\n").await;
        let pull = stage.open_pull("ada", DEMO, "poisoned").await["number"].as_u64().unwrap();
        stage.is_green(pull).await;
        merge_as_ada(&stage, pull, "squash").await;
        stage.ask("ada", pull, "/rollback").await;
        nothing_evil_is_green(&stage).await;
        stage.restart().await;
        stage.ask("ada", prod, "/rollback").await;
        let back = stage.open_number("to v1.0.0 in prod").await;
        stage.is_green(back).await;
        stage.finish().await;
    }
}
