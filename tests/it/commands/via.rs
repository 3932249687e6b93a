//! `rollback.via`: another environment goes back first; and a way back that was prepared beside a release that comes
//! further.

use serde_json::json;

use crate::stage::people::overlay;
use crate::stage::{DEMO, Stage};

/// Staging and production run v1.0.1, and production goes back after staging.
async fn after_staging(more: &str) -> Stage {
    let (mut stage, _) = Stage::with_prod("v1.0.1").await;
    let rule = format!(
        "    gates: {{verified: [smoke]}}\n    rollback: {{by: [\"@acme/sre\"], via: staging{more}}}\n"
    );
    stage.rules(|old| format!("{old}{rule}")).await;
    stage.restart().await;
    stage
}

/// What a pull request's text says.
async fn body(stage: &Stage, pr: u64) -> String {
    stage.pull(pr).await["body"].as_str().unwrap().to_owned()
}

async fn ways_back(stage: &Stage) -> Vec<String> {
    let titles = stage.open_titles(DEMO).await.into_iter();
    titles.filter(|title| title.starts_with("Roll back")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn production_goes_back_after_staging() {
    let mut stage = after_staging("").await;
    let told = stage.ask("sam", 1, "/rollback prod --reason \"it loses carts\"").await;
    assert_eq!(ways_back(&stage).await, ["Roll back microservices-demo to v1.0.0 in staging"]);
    let first = stage.open_number("to v1.0.0 in staging").await;
    for words in [&format!("#{first} is open"), "`staging` goes back first", "for `prod` opens"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let text = body(&stage, first).await;
    assert!(text.contains("`staging` goes back before `prod`"), "{text}");
    stage.is_green(first).await;
    let again = stage.ask("sam", 1, "/rollback prod").await;
    assert!(again.contains(&format!("#{first} is open already")), "{again}");
    stage.restart().await;
    stage.ask("sam", first, "/merge").await;
    assert_eq!(stage.runs("staging").await, "v1.0.0 x9");
    assert_eq!(stage.runs("prod").await, "v1.0.1 x9", "not yet");
    // It follows by itself, and is asked what a normal rollback is not.
    let second = stage.open_number("to v1.0.0 in prod").await;
    let text = body(&stage, second).await;
    for words in [&format!("It follows #{first}"), "it loses carts", "Asked for by `sam`"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let (_, gates) = stage.gates(second).await;
    for gate in ["order", "verified", "approvals"] {
        assert!(gates.contains(&format!("| `{gate}` |")), "{gate}: {gates}");
    }
    assert!(gates.contains("`staging` went back to it first"), "{gates}");
    stage.replay("pull_request", &format!("\"number\":{first},")).await;
    assert_eq!(stage.open_number("to v1.0.0 in prod").await, second, "once");
    stage.restart().await;
    let landed = stage.landed(first).await;
    stage.concluded("ci", &landed, "smoke", "success").await;
    stage.is_red(second, "eeds qa-approved").await;
    stage.approve(second).await;
    stage.is_green(second).await;
    stage.restart().await;
    // What was merged over staging's head takes the ground from under it.
    let text = stage.file(DEMO, &overlay("staging"), "main").await;
    let forward = text.replace("v1.0.0", "v1.0.1");
    stage.write_file(DEMO, "main", &overlay("staging"), &forward).await;
    stage.idle().await;
    stage.is_red(second, "staging goes back first").await;
    stage.write_file(DEMO, "main", &overlay("staging"), &text).await;
    stage.restart().await;
    let head = stage.head(DEMO, "main").await;
    stage.concluded("ci", &head, "smoke", "success").await;
    stage.is_green(second).await;
    stage.ask("sam", second, "/merge").await;
    assert_eq!(stage.runs("prod").await, "v1.0.0 x9");
    stage.restart().await;
    // Taking it back goes the same way: staging first.
    stage.ask("sam", second, "/rollback").await;
    let undone = stage.open_number("to v1.0.1 in prod").await;
    stage.is_red(undone, "staging goes back first").await;
    stage.restart().await;
    stage.ask("sam", first, "/rollback").await;
    let before = stage.open_number("to v1.0.1 in staging").await;
    stage.is_green(before).await;
    stage.ask("sam", before, "/merge").await;
    stage.idle().await;
    let (_, gates) = stage.gates(undone).await;
    assert!(gates.contains("`staging` went back to it first"), "{gates}");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_staging_has_already_opens_production_and_what_is_closed_ends_there() {
    let mut stage = after_staging("").await;
    stage.ask("sam", 1, "/rollback staging").await;
    let alone = stage.open_number("to v1.0.0 in staging").await;
    let told = stage.ask("sam", 1, "/rollback prod").await;
    assert!(told.contains("`prod` does not follow it. Merge it and say this again"), "{told}");
    stage.ask("sam", alone, "/cancel").await;
    stage.restart().await;
    stage.ask("sam", 1, "/rollback prod").await;
    let first = stage.open_number("to v1.0.0 in staging").await;
    let close = format!("/repos/{DEMO}/pulls/{first}");
    stage.act("ada", "PATCH", &close, json!({"state": "closed"})).await;
    stage.idle().await;
    let said = stage.comments(DEMO, first).await;
    let ends = said.iter().any(|(_, text)| text.contains("**The way back of `prod` ends here**"));
    assert!(ends, "{said:?}");
    assert_eq!(ways_back(&stage).await, [""; 0]);
    stage.restart().await;
    // Staging goes back by itself: then production can at once.
    stage.ask("sam", 1, "/rollback staging").await;
    let alone = stage.open_number("to v1.0.0 in staging").await;
    stage.ask("sam", alone, "/merge").await;
    stage.restart().await;
    stage.ask("sam", 1, "/rollback prod").await;
    let second = stage.open_number("to v1.0.0 in prod").await;
    stage.is_red(second, "eeds qa-approved").await;
    let landed = stage.landed(alone).await;
    stage.concluded("ci", &landed, "smoke", "success").await;
    stage.approve(second).await;
    stage.is_green(second).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_turns_out_ill_goes_back_by_staging_too() {
    let mut stage = after_staging(", on: [verified], watch: 30m").await;
    let staging = stage.to_staging("v1.0.2").await;
    let smoked = stage.landed(staging).await;
    stage.concluded("ci", &smoked, "smoke", "success").await;
    stage.ask("ada", 1, "/promote prod").await;
    let prod = stage.open_number("v1.0.2 to prod").await;
    stage.restart().await;
    stage.approve(prod).await;
    stage.ask("ada", prod, "/merge").await;
    stage.restart().await;
    let landed = stage.landed(prod).await;
    stage.concluded("ci", &landed, "smoke", "failure").await;
    stage.travel(31).await;
    stage.until("staging", async || stage.runs("staging").await == "v1.0.1 x9").await;
    stage.idle().await;
    let told = stage.comments(DEMO, prod).await;
    let told = told.iter().find(|(_, text)| text.contains("usher:watch")).unwrap();
    assert!(told.1.contains("Usher rolls `staging` back first"), "{}", told.1);
    let second = stage.open_number("to v1.0.1 in prod").await;
    stage.is_red(second, "eeds qa-approved").await;
    assert_eq!(stage.runs("prod").await, "v1.0.2 x9", "people let it through");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_back_beside_a_release_that_comes_further_is_not_needed() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.ask("sam", prod, "/rollback staging").await;
    let beside = stage.open_number("to v1.0.0 in staging").await;
    stage.restart().await;
    stage.approve(prod).await;
    stage.ask("ada", prod, "/merge").await;
    stage.idle().await;
    assert_eq!(stage.state(beside).await, "closed");
    let (_, sha) = stage.head_of(beside).await;
    let (conclusion, title, _) = stage.check(DEMO, &sha, "usher/gates").await;
    assert_eq!((conclusion.as_str(), title.as_str()), ("success", "Not needed: prod has it"));
    let told = stage.told(beside).await;
    assert!(told.contains("**Not needed: `prod` runs what this goes back from.**"), "{told}");
    assert_eq!(stage.runs("staging").await, "v1.0.1 x9");
    stage.restart().await;
    // Without effect: nothing is bad, nothing is held.
    let next = stage.to_staging("v1.0.2").await;
    assert_eq!(stage.state(next).await, "merged");
    // Asked for when production has the version already, it is meant.
    let back = stage.to_staging("v1.0.3").await;
    stage.restart().await;
    stage.ask("sam", back, "/rollback").await;
    let meant = stage.open_number("to v1.0.2 in staging").await;
    for _ in 0..2 {
        stage.travel(11 * 60).await;
    }
    assert_eq!(stage.state(meant).await, "open");
    stage.finish().await;
}
