//! `/approve`, `/reject`, `/override`, `/cancel`, `/retry`, and those whose time has not come.

use crate::stage::people::overlay;
use crate::stage::{DEMO, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_by_command_is_the_commenters() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    let wrong = stage.ask("quinn", prod, "/approve qa-aproved").await;
    assert!(wrong.contains("asked for are `qa-approved` and `pm-approved`"), "{wrong}");
    stage.restart().await;
    let approved = stage.ask("quinn", prod, "/approve qa-approved").await;
    assert!(approved.contains("`qa-approved` is recorded as yours"), "{approved}");
    stage.ask("pat", prod, "/approve PM-Approved").await;
    stage.is_green(prod).await;
    assert!(stage.told(prod).await.contains("`qa-approved` by `quinn`"));
    // It ends with the label.
    stage.unlabel("ada", prod, "qa-approved").await;
    stage.is_red(prod, "`qa-approved` is missing").await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_version_goes_no_further() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    let refused = stage.ask("ada", prod, "/reject v1.0.1 I do not like it").await;
    assert!(refused.contains("You may not do that here"), "{refused}");
    let rejected = stage.ask("quinn", prod, "/reject v1.0.1 it loses carts").await;
    assert!(rejected.contains("`v1.0.1` is rejected"), "{rejected}");
    assert!(rejected.contains(&format!("Closed: #{prod}")), "{rejected}");
    assert_eq!(stage.state(prod).await, "closed");
    assert!(stage.told(prod).await.contains("it loses carts"));
    stage.restart().await;
    stage.ask("ada", 1, "/promote prod").await;
    let again = stage.open_number("v1.0.1 to prod").await;
    stage.approve(again).await;
    stage.is_red(again, "was rejected here").await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_is_overridden_with_a_reason_for_one_head() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.rules(|old| format!("{old}    overrides: [\"@acme/sre\"]\n")).await;
    stage.restart().await;
    let refused = stage.ask("ada", prod, "/override approvals I am in a hurry").await;
    assert!(refused.contains("It takes `@acme/sre`"), "{refused}");
    stage.is_red(prod, "is missing").await;
    let none = stage.ask("sam", prod, "/override order because").await;
    assert!(none.contains("No gate `order` stands in the way; what does is `approvals`"), "{none}");
    let accepted = stage.ask("sam", prod, "/override approvals the shop is on fire").await;
    assert!(accepted.contains("is overridden on your word"), "{accepted}");
    stage.is_green(prod).await;
    assert!(stage.told(prod).await.contains("the shop is on fire"), "shown for ever");
    stage.restart().await;
    // Another head, another decision.
    let (branch, _) = stage.head_of(prod).await;
    stage.push("ada", &branch, "NOTES.md", "Hello.\n").await;
    stage.ask("ada", prod, "/retry").await;
    stage.is_red(prod, "is missing").await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_promotion_is_never_used_again() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    let cancelled = stage.ask("pat", prod, "/cancel").await;
    assert!(cancelled.contains(&format!("#{prod} is closed")), "{cancelled}");
    assert_eq!(stage.state(prod).await, "closed");
    assert!(stage.told(prod).await.contains("**Closed by `pat`**"));
    let (branch, _) = stage.head_of(prod).await;
    let refs = stage.get(&format!("/repos/{DEMO}/git/matching-refs/heads/usher/")).await;
    assert_eq!(refs, serde_json::json!([]), "the branch is gone");
    stage.restart().await;
    stage.ask("ada", prod, "/promote prod").await;
    let next = stage.open_number("v1.0.1 to prod").await;
    assert_ne!(next, prod);
    assert_ne!(stage.head_of(next).await.0, branch, "another attempt, another branch");
    // Closed by hand is closed as well.
    let closed = serde_json::json!({"state": "closed"});
    stage.act("ada", "PATCH", &format!("/repos/{DEMO}/pulls/{next}"), closed).await;
    stage.idle().await;
    let over = stage.ask("ada", next, "/cancel").await;
    assert!(over.contains(&format!("#{next} is closed")), "{over}");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trying_again_throws_foreign_commits_away_and_names_them() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    let (branch, head) = stage.head_of(prod).await;
    let foreign = stage.push("quinn", &branch, "README.md", "Mine.\n").await;
    stage.is_red(prod, "is not Usher's").await;
    stage.restart().await;
    let retried = stage.ask("ada", prod, "/retry").await;
    assert!(retried.contains(&format!("`{}` by `quinn`", &foreign[..7])), "{retried}");
    let (_, now) = stage.head_of(prod).await;
    assert!(now != foreign && now != head);
    let files = stage.get(&format!("/repos/{DEMO}/pulls/{prod}/files")).await;
    assert_eq!(files.as_array().unwrap().len(), 1);
    assert_eq!(files[0]["filename"], overlay("prod"));
    let nothing = stage.ask("ada", prod, "/retry").await;
    assert!(nothing.contains("The checks run again"), "{nothing}");
    stage.approve(prod).await;
    stage.is_green(prod).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_later_is_said_politely() {
    let stage = Stage::with_staging("v1.0.1").await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_who_are_named_promote_though_others_may_do_more_in_the_same_comment() {
    let stage = Stage::with_staging("v1.0.1").await;
    stage.rules(|old| format!("{old}    promoters: [\"@acme/sre\"]\n")).await;
    let answer = stage.ask("ada", 1, "/status prod\n/promote prod").await;
    assert!(answer.contains("2. You may not do that here. It takes `@acme/sre`"), "{answer}");
    assert_eq!(stage.pulls(DEMO).await.len(), 0);
    stage.ask("sam", 1, "/promote prod").await;
    stage.open_number("v1.0.1 to prod").await;
    stage.finish().await;
}
