//! `lock`: the environment is stopped for a while, and opens by itself.

use serde_json::json;

use crate::stage::{DEMO, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_ends_by_itself_and_a_green_verdict_is_looked_at_again() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.approve(prod).await;
    stage.ask("quinn", prod, "/lock prod a quiet evening --for 2h").await;
    stage.is_red(prod, "a quiet evening").await;
    stage.restart().await;
    stage.travel(2 * 3600 - 600).await;
    stage.is_red(prod, "a quiet evening").await;
    stage.travel(1200).await;
    stage.is_green(prod).await;
    // Where nobody is told that a team has changed, what is green is read again every few minutes all the same.
    stage.github.hold_webhooks(true);
    stage.act("sam", "DELETE", "/orgs/acme/teams/qa/memberships/quinn", json!({})).await;
    stage.leap(6 * 60);
    let head = stage.pull(prod).await["head"]["sha"].as_str().unwrap().to_owned();
    stage
        .until("second look", async || {
            stage.check(DEMO, &head, "usher/gates").await.0 == "action_required"
        })
        .await;
    stage.github.hold_webhooks(false);
    stage.idle().await;
    stage.finish().await;
}
