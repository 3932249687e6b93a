//! `checks`: what continuous integration says on the promotion's head, red, superseded, and green.

use serde_json::json;
use usher::store::JobFilter;

use crate::stage::{DEMO, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_waits_until_every_check_that_is_named_is_green() {
    let mut stage = Stage::with_staging("v1.0.1").await;
    stage.rules(|old| format!("{old}    gates: {{checks: [\"ci / *\"]}}\n")).await;
    stage.ask("ada", 1, "/promote prod").await;
    let prod = stage.open_number("v1.0.1 to prod").await;
    stage.approve(prod).await;
    stage.is_red(prod, "`ci / *` has not been reported").await;
    // What Usher reports itself is no news to it.
    let jobs = stage.store().jobs(&JobFilter::default()).await.unwrap();
    assert!(!jobs.iter().any(|job| job.intent["kind"] == "reconsider"), "{jobs:?}");
    stage.restart().await;

    let (_, head) = stage.head_of(prod).await;
    stage.report("ci", &head, "ci / unit", json!({"status": "in_progress"})).await;
    stage.is_red(prod, "has not ended").await;
    stage.concluded("ci", &head, "ci / unit", "failure").await;
    let (conclusion, text) = stage.gates(prod).await;
    assert_eq!(conclusion, "failure", "{text}");
    assert!(text.starts_with("checks failed for prod: ci / unit failed"), "{text}");
    assert!(text.contains(&format!("[`ci / unit`]({}/{DEMO}/runs/", stage.github.url())), "{text}");
    // A person's word does not make up for it, be it called the same.
    stage.status("ada", DEMO, &head, ("ci / unit", "success", "trust me")).await;
    stage.is_red(prod, "`ci / unit`").await;
    stage.concluded("ci", &head, "ci / unit", "skipped").await;
    stage.is_red(prod, "was skipped, which is not green").await;
    stage.restart().await;

    stage.concluded("ci", &head, "ci / unit", "success").await;
    stage.is_green(prod).await;
    // What is asked for again supersedes what was green.
    stage.report("ci", &head, "ci / unit", json!({"status": "queued"})).await;
    stage.is_red(prod, "has not ended").await;
    stage.concluded("ci", &head, "ci / unit", "success").await;
    stage.is_green(prod).await;
    stage.status("ada", DEMO, &head, ("ci / lint", "failure", "no")).await;
    stage.is_red(prod, "`ci / lint` failed").await;
    stage.status("ada", DEMO, &head, ("ci / lint", "success", "yes")).await;
    stage.is_green(prod).await;
    let merged = stage.ask("ada", prod, "/merge").await;
    assert!(merged.contains("is merged"), "{merged}");
    stage.finish().await;
}
