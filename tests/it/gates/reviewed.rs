//! `reviewed`: every commit that comes was merged by a pull request of the source that somebody else approved.

use crate::stage::{DEMO, Stage};

use super::approvals::contribute;

#[tokio::test(flavor = "multi_thread")]
async fn what_came_unreviewed_is_named_and_somebody_may_answer_for_it() {
    let mut stage = Stage::without_bot().await;
    stage
        .act("ada", "POST", &format!("/repos/{DEMO}/issues"), serde_json::json!({"title": "Talk"}))
        .await;
    stage.start_bot().await;
    stage.surveyed().await;
    let pull = contribute(&stage, "ada", "src/cart.txt").await;
    stage.review("quinn", pull, "APPROVE").await;
    // The one who approves may also be the one who merges.
    stage
        .act("sam", "PUT", &format!("/repos/{DEMO}/pulls/{pull}/merge"), serde_json::json!({}))
        .await;
    stage.idle().await;
    stage.to_staging("v1.0.1").await;
    stage.restart().await;
    let rules = "    gates: {reviewed: true}\n    overrides: {reviewed: [\"@acme/sre\"]}\n";
    stage.rules(|old| format!("{old}{rules}")).await;
    stage.ask("ada", 1, "/promote prod v1.0.1").await;
    let prod = stage.open_number("v1.0.1 to prod").await;
    stage.restart().await;
    stage.approve(prod).await;
    stage.is_green(prod).await;
    assert!(stage.gates(prod).await.1.contains("2 commits came by approved pull requests"));
    stage.ask("ada", prod, "/merge").await;
    stage.restart().await;

    // One by a pull request that its author merged alone with eve's approval, and the rules came straight.
    let pull = contribute(&stage, "ada", "src/mail.txt").await;
    stage.review("eve", pull, "APPROVE").await;
    let alone = stage.head(DEMO, "ada-src-mail.txt").await;
    stage.merge(DEMO, pull).await;
    stage.to_staging("v1.0.2").await;
    stage.restart().await;
    stage.ask("ada", 1, "/promote prod v1.0.2").await;
    let prod = stage.open_number("v1.0.2 to prod").await;
    stage.approve(prod).await;
    stage.is_red(prod, &format!("`{}` by `ada`", &alone[..7])).await;
    stage.is_red(prod, "came by no merged pull request that somebody else approved").await;
    stage.restart().await;
    let refused = stage.ask("pat", prod, "/override reviewed I looked").await;
    assert!(refused.contains("It takes `@acme/sre`"), "{refused}");
    stage.ask("sam", prod, "/override reviewed I looked through it, says @eve").await;
    stage.is_green(prod).await;
    stage.ask("ada", prod, "/merge").await;
    assert_eq!(stage.state(prod).await, "merged");
    stage.restart().await;
    let told = stage.told(prod).await;
    assert!(
        told.contains("**reviewed** – overridden by `sam` (`I looked through it, says"),
        "{told}"
    );
    // Told of the merge once more, it says the same.
    stage.replay("pull_request", "\"action\":\"closed\"").await;
    assert_eq!(stage.told(prod).await, told);
    stage.finish().await;
}
