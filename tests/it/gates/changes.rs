//! `changes`: what changes an environment and promotes nothing takes reviews of its own.

use crate::stage::people::overlay;
use crate::stage::{DEMO, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn other_changes_of_an_environment_take_a_review_by_somebody_else() {
    let mut stage = Stage::with_staging("v1.0.1").await;
    stage.rules(|old| format!("{old}    changes: {{reviews: 1}}\n")).await;
    stage.branch(DEMO, "replicas", "main").await;
    let text = stage.file(DEMO, &overlay("prod"), "main").await;
    let more = |count: u32| text.replace("count: 2", &format!("count: {count}"));
    stage.push("ada", "replicas", &overlay("prod"), &more(3)).await;
    // A second author: neither of them approves it.
    stage.push("quinn", "replicas", &overlay("prod"), &more(4)).await;
    let pr = stage.open_pull("ada", DEMO, "replicas").await["number"].as_u64().unwrap();
    stage.is_red(pr, "0 of 1 approving reviews of this commit").await;
    stage.restart().await;
    stage.review("eve", pr, "APPROVE").await;
    stage.review("quinn", pr, "APPROVE").await;
    stage.is_red(pr, "`quinn` does not count: that person has commits in it").await;
    stage.review("pat", pr, "APPROVE").await;
    stage.is_green(pr).await;
    stage.restart().await;
    stage.push("ada", "replicas", &overlay("prod"), &more(5)).await;
    stage.is_red(pr, "`pat` approved an older commit").await;
    stage.review("pat", pr, "APPROVE").await;
    stage.is_green(pr).await;
    stage.finish().await;
}
