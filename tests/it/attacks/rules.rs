//! Rules that are loosened by those whom they bind.

use serde_json::json;

use crate::stage::people::{CONFIG, overlay};
use crate::stage::{DEMO, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn loosened_rules_do_not_judge_the_change_that_brings_them() {
    let mut stage = Stage::with_staging("v1.0.1").await;
    let rules = stage.file(DEMO, CONFIG, "main").await;
    let loose = rules
        .replace("      - {label: qa-approved, by: [\"@acme/qa\"]}\n", "")
        .replace("      - {label: pm-approved, by: [pat]}\n", "")
        .replace("    approvals:\n", "    overrides: [ada]\n")
        + "\nadmins: [ada, pat]\nmode: observe\n";
    let bump = stage.file(DEMO, &overlay("prod"), "main").await.replace("v1.0.0", "v1.0.1");
    stage.branch(DEMO, "loose", "main").await;
    stage.push("ada", "loose", CONFIG, &loose).await;
    let pr = stage.open_pull("ada", DEMO, "loose").await["number"].as_u64().unwrap();
    stage.is_red(pr, "it changes the rules themselves").await;
    stage.review("pat", pr, "APPROVE").await;
    stage.is_red(pr, "it changes the rules themselves").await;
    for said in ["/override config because", "/merge"] {
        let answer = stage.ask("ada", pr, said).await;
        assert!(!answer.contains("is overridden") && !answer.contains("is merged"), "{answer}");
    }
    stage.restart().await;

    // Together with what they would let through.
    stage.push("ada", "loose", &overlay("prod"), &bump).await;
    stage.is_red(pr, "it changes the rules themselves").await;
    stage.is_red(pr, "`qa-approved` is missing").await;
    // An administrator's word for the rules is none for production.
    stage.review("sam", pr, "APPROVE").await;
    let (conclusion, text) = stage.gates(pr).await;
    assert_ne!(conclusion, "success", "{text}");
    assert!(text.contains("`qa-approved` is missing"), "{text}");
    let path = format!("/repos/{DEMO}/pulls/{pr}/merge");
    let (status, said) = stage.call("ada", "PUT", &path, Some(json!({}))).await;
    assert_eq!(status, 405, "{said}");
    stage.restart().await;

    // Alone, and approved, it is let through; then it rules.
    stage.branch(DEMO, "fine", "main").await;
    let fine = rules.replace("by: [pat]", "by: [pat, sam]");
    stage.push("ada", "fine", CONFIG, &fine).await;
    let pr = stage.open_pull("ada", DEMO, "fine").await["number"].as_u64().unwrap();
    stage.review("sam", pr, "APPROVE").await;
    stage.is_green(pr).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_counts_for_the_commit_that_was_reviewed() {
    let stage = Stage::start().await;
    let rules = stage.file(DEMO, CONFIG, "main").await;
    stage.branch(DEMO, "words", "main").await;
    stage.push("ada", "words", CONFIG, &format!("{rules}# A word.\n")).await;
    let pr = stage.open_pull("ada", DEMO, "words").await["number"].as_u64().unwrap();
    stage.review("sam", pr, "APPROVE").await;
    stage.is_green(pr).await;
    let (_, head) = stage.head_of(pr).await;
    let loose = rules.replace("      - {label: pm-approved, by: [pat]}\n", "");
    stage.push("ada", "words", CONFIG, &loose).await;
    stage.is_red(pr, "it changes the rules themselves").await;
    stage.force("ada", "words", &head).await;
    stage.is_green(pr).await;
    stage.finish().await;
}
