//! A pull request that somebody made by hand and that changes production's images meets the same gates.

use crate::stage::people::overlay;
use crate::stage::{DEMO, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn production_by_hand_needs_the_same_approvals() {
    let mut stage = Stage::with_staging("v1.0.1").await;
    stage.branch(DEMO, "by-hand", "main").await;
    let text = stage.file(DEMO, &overlay("prod"), "main").await;
    stage.push("pat", "by-hand", &overlay("prod"), &text.replace("v1.0.0", "v1.0.1")).await;
    let pr = stage.open_pull("pat", DEMO, "by-hand").await["number"].as_u64().unwrap();
    stage.is_red(pr, "`qa-approved` is missing").await;
    stage.approve(pr).await;
    stage
        .is_red(pr, "`pm-approved` by `pat` does not count: that person opened this pull request")
        .await;
    let own = stage.ask("pat", pr, "/approve pm-approved").await;
    assert!(own.contains("Yours does not count: you opened this pull request"), "{own}");
    stage.restart().await;
    let never = stage.ask("ada", pr, "/cancel").await;
    assert!(never.contains("Usher did not open this pull request"), "{never}");

    // By somebody else it is fine, and merged under a title of Usher's own.
    stage.branch(DEMO, "by-ada", "main").await;
    stage.push("ada", "by-ada", &overlay("prod"), &text.replace("v1.0.0", "v1.0.1")).await;
    let pr = stage.open_pull("ada", DEMO, "by-ada").await["number"].as_u64().unwrap();
    stage.approve(pr).await;
    stage.is_green(pr).await;
    stage.restart().await;
    let merged = stage.ask("ada", pr, "/merge").await;
    assert!(merged.contains("is merged"), "{merged}");
    let commit = stage.get(&format!("/repos/{DEMO}/commits/main")).await;
    let message = commit["commit"]["message"].as_str().unwrap();
    let title = format!("Promote microservices-demo to prod (#{pr})");
    assert!(message.starts_with(&title), "{message}");
    assert_eq!(stage.runs("prod").await, "v1.0.1 x9");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn images_moved_in_the_base_are_a_promotion_as_well() {
    let stage = Stage::with_staging("v1.0.1").await;
    stage.branch(DEMO, "base", "main").await;
    let path = "kustomize/base/frontend.yaml";
    let text = stage.file(DEMO, path, "main").await;
    assert!(text.contains("image: frontend"), "{text}");
    stage.push("ada", "base", path, &text.replace("image: frontend", "image: evil/frontend")).await;
    let pr = stage.open_pull("ada", DEMO, "base").await["number"].as_u64().unwrap();
    stage.approve(pr).await;
    stage.is_red(pr, "scope").await;
    stage.finish().await;
}
