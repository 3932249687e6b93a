//! Commands by those who may not give them, or that nobody gave.

use serde_json::json;

use crate::stage::{DEMO, Stage};

/// Nothing is locked, held or open.
async fn nothing_came_of_it(stage: &Stage) {
    let status = stage.ask("pat", 1, "/status prod").await;
    assert!(status.contains("| `prod` | `v1.0.0` | – | – |"), "{status}");
    assert_eq!(stage.pulls(DEMO).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_readers_command_does_nothing() {
    let stage = Stage::with_staging("v1.0.1").await;
    let texts =
        ["/promote prod", "/lock prod", "/rollback prod", "/hold prod", "/reject v1.0.1 no"];
    stage.say("eve", 1, &texts.join("\n")).await;
    for text in texts {
        stage.say("eve", 1, text).await;
    }
    nothing_came_of_it(&stage).await;
    stage.ask("ada", 1, "/promote prod").await;
    stage.open_number("v1.0.1 to prod").await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_comment_commands_nothing() {
    let stage = Stage::with_staging("v1.0.1").await;
    // Sam may edit what ada wrote, and makes a command of it; before and after it was read.
    let innocent = stage.say("ada", 1, "Good morning.").await;
    let path = format!("/repos/{DEMO}/issues/comments/{innocent}");
    stage.act("sam", "PATCH", &path, json!({"body": "/promote prod"})).await;
    stage.idle().await;
    stage.github.hold_webhooks(true);
    let changed = stage.say_at_once("ada", DEMO, 1, "/promote prod v1.0.1").await;
    let path = format!("/repos/{DEMO}/issues/comments/{changed}");
    stage.act("sam", "PATCH", &path, json!({"body": "/promote prod v1.0.1 "})).await;
    stage.github.hold_webhooks(false);
    stage.idle().await;
    assert!(stage.answers(1, innocent).await.is_empty());
    nothing_came_of_it(&stage).await;
    stage.ask("ada", 1, "/promote prod").await;
    stage.open_number("v1.0.1 to prod").await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quoted_command_is_nobodys() {
    let stage = Stage::with_staging("v1.0.1").await;
    let texts = [
        "> /promote prod\n\nwhat is that?",
        "```\n/promote prod\n```",
        "    /promote prod",
        "<!--\n/promote prod\n-->",
        "`/promote prod`",
        "- as she said:\n  > /promote prod",
        "<details>\n<pre>\n/promote prod\n</pre>\n</details>",
        "~~~\n/promote prod",
    ];
    for text in texts {
        let said = stage.say("ada", 1, text).await;
        assert!(stage.answers(1, said).await.is_empty(), "{text}");
        assert!(stage.reactions(said).await.is_empty(), "{text}");
    }
    nothing_came_of_it(&stage).await;
    stage.ask("ada", 1, "> /lock prod\n\nno:\n\n/promote prod").await;
    stage.open_number("v1.0.1 to prod").await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_commands_only_where_it_is_listed_and_may() {
    let stage = Stage::with_staging("v1.0.1").await;
    stage.github.add_bot("friend[bot]").unwrap();
    for bot in ["friend[bot]", "usher[bot]"] {
        let said = stage.say(bot, 1, "/promote prod").await;
        assert!(stage.answers(1, said).await.is_empty(), "{bot}");
    }
    nothing_came_of_it(&stage).await;
    stage.rules(|old| format!("{old}\nbots: [\"friend[bot]\", \"usher[bot]\"]\n")).await;
    let own = stage.say("usher[bot]", 1, "/promote prod").await;
    assert!(stage.answers(1, own).await.is_empty(), "what we say ourselves is no command");
    assert_eq!(stage.pulls(DEMO).await.len(), 0);
    stage.ask("friend[bot]", 1, "/promote prod").await;
    stage.open_number("v1.0.1 to prod").await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_was_taken_commands_nothing() {
    let stage = Stage::with_staging("v1.0.1").await;
    stage.github.hold_webhooks(true);
    let said = stage.say_at_once("ada", DEMO, 1, "/promote prod").await;
    let path = format!("/repos/{DEMO}/collaborators/ada");
    stage.act("sam", "DELETE", &path, json!({})).await;
    stage.github.hold_webhooks(false);
    stage.idle().await;
    assert!(stage.answer(1, said).await.contains("You may not do that here"));
    nothing_came_of_it(&stage).await;
    stage.act("sam", "PUT", &path, json!({"permission": "push"})).await;
    stage.idle().await;
    stage.ask("ada", 1, "/promote prod").await;
    stage.open_number("v1.0.1 to prod").await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_replayed_under_another_id_is_not_acted_on_again() {
    let stage = Stage::with_staging("v1.0.1").await;
    let locked = stage.say("ada", 1, "/lock prod").await;
    stage.ask("ada", 1, "/unlock prod").await;
    assert_eq!(stage.replay("issue_comment", "\"/lock prod\"").await, 1);
    assert_eq!(stage.answers(1, locked).await.len(), 1);
    nothing_came_of_it(&stage).await;
    stage.ask("ada", 1, "/lock prod").await;
    let status = stage.ask("ada", 1, "/status prod").await;
    assert!(status.contains("locked"), "{status}");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_does_not_bear_on_a_head_that_nobody_saw() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    let (branch, head) = stage.head_of(prod).await;
    stage.restart().await;
    stage.github.hold_webhooks(true);
    let approved = stage.say_at_once("quinn", DEMO, prod, "/approve qa-approved").await;
    stage.pass(2);
    let text = json!({
        "message": "Sneak in", "branch": branch, "content": "TXkgb3du",
    });
    let path = format!("/repos/{DEMO}/contents/SNEAK.md");
    stage.act("ada", "PUT", &path, text).await;
    stage.github.hold_webhooks(false);
    let answered = async || !stage.answers(prod, approved).await.is_empty();
    stage.until("answer", answered).await;
    stage.idle().await;
    let answer = stage.answer(prod, approved).await;
    assert!(
        answer.contains("got another head in the second in which you wrote this, or later"),
        "{answer}"
    );
    assert!(!stage.labels(prod).await.contains(&"qa-approved".to_owned()));
    stage.force("ada", &branch, &head).await;
    stage.ask("quinn", prod, "/approve qa-approved").await;
    stage.ask("pat", prod, "/approve pm-approved").await;
    stage.is_green(prod).await;
    stage.finish().await;
}
