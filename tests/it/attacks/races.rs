//! Two things at once, so that one slips through while the other is looked at.

use serde_json::json;

use crate::stage::people::overlay;
use crate::stage::{DEMO, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn a_push_between_the_word_and_the_merge_is_not_merged() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.approve(prod).await;
    stage.is_green(prod).await;
    let (branch, _) = stage.head_of(prod).await;
    stage.restart().await;
    for order in [0, 1] {
        stage.github.hold_webhooks(true);
        let text =
            stage.file(DEMO, &overlay("prod"), &branch).await.replace("count: 2", "count: 9");
        let bring = async || {
            use base64::Engine as _;
            let path = format!("/repos/{DEMO}/contents/{}", overlay("prod"));
            let old = stage.get(&format!("{path}?ref={branch}")).await;
            let content =
                base64::engine::general_purpose::STANDARD.encode(format!("{text}# {order}\n"));
            let body =
                json!({"message": "More", "branch": branch, "content": content, "sha": old["sha"]});
            stage.act("ada", "PUT", &path, body).await;
        };
        if order == 0 {
            bring().await;
            stage.say_at_once("ada", DEMO, prod, "/merge").await;
        } else {
            stage.say_at_once("ada", DEMO, prod, "/merge").await;
            bring().await;
        }
        stage.github.hold_webhooks(false);
        stage.idle().await;
        stage.until("answer", async || stage.under_way().await.is_empty()).await;
        assert_eq!(stage.state(prod).await, "open", "in order {order}");
        let (conclusion, text) = stage.gates(prod).await;
        assert_eq!(conclusion, "failure", "{text}");
        stage.restart().await;
    }
    stage.ask("ada", prod, "/retry").await;
    stage.restart().await;
    stage.ask("quinn", prod, "/approve qa-approved").await;
    stage.ask("pat", prod, "/approve pm-approved").await;
    stage.is_green(prod).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_locked_in_the_same_moment_is_merged_before_the_answer_or_not_at_all() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.approve(prod).await;
    stage.restart().await;
    stage.github.hold_webhooks(true);
    let lock = stage.say_at_once("quinn", DEMO, 1, "/lock prod stop everything").await;
    stage.say_at_once("ada", DEMO, prod, "/merge").await;
    stage.github.hold_webhooks(false);
    stage.idle().await;
    assert!(stage.answer(1, lock).await.contains("is red"), "the lock was said first");
    assert_eq!(stage.state(prod).await, "open");
    stage.is_red(prod, "stop everything").await;
    stage.restart().await;
    stage.ask("quinn", 1, "/unlock prod").await;
    stage.ask("ada", prod, "/merge").await;
    assert_eq!(stage.state(prod).await, "merged");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_ask_at_once_get_one_promotion() {
    let stage = Stage::with_staging("v1.0.1").await;
    stage.github.hold_webhooks(true);
    for login in ["ada", "pat", "sam"] {
        stage.say_at_once(login, DEMO, 1, "/promote prod").await;
    }
    stage.github.hold_webhooks(false);
    stage.idle().await;
    let titles = stage.open_titles(DEMO).await;
    assert_eq!(titles, ["Promote microservices-demo v1.0.1 to prod"]);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_button_that_updates_a_branch_ends_what_was_given() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.approve(prod).await;
    stage.is_green(prod).await;
    stage.write_file(DEMO, "main", "README.md", "Words.\n").await;
    stage.idle().await;
    stage.is_green(prod).await;
    stage.restart().await;
    let path = format!("/repos/{DEMO}/pulls/{prod}/update-branch");
    stage.act("ada", "PUT", &path, json!({})).await;
    stage.idle().await;
    stage.is_red(prod, "is not Usher's").await;
    let refused = stage.ask("ada", prod, "/merge").await;
    assert!(refused.contains("It is not merged"), "{refused}");
    stage.restart().await;
    stage.ask("ada", prod, "/retry").await;
    for (login, label) in [("quinn", "qa-approved"), ("pat", "pm-approved")] {
        stage.ask(login, prod, &format!("/approve {label}")).await;
    }
    stage.is_green(prod).await;
    stage.finish().await;
}
