//! What in a comment is a command, whose, how often, and how it is answered.

use serde_json::json;

use crate::stage::{DEMO, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn several_commands_run_in_order_and_are_answered_once() {
    let stage = Stage::with_staging("v1.0.1").await;
    let text = "Please:\n\n/lock prod moving house\n/status prod\n/unlock prod\n\
                ```\n/lock staging\n```\n> /lock staging\n\n    /lock staging\n\n<!-- /lock staging -->\nsee /lock staging\n";
    let asked = stage.say("ada", 1, text).await;
    let answer = stage.answer(1, asked).await;
    let (first, rest) = answer.split_once("\n2. ").unwrap();
    assert!(first.starts_with("@ada \n1. `prod` is locked"), "{answer}");
    let (second, third) = rest.split_once("\n3. ").unwrap();
    assert!(second.contains("🔒 locked"), "the second sees what the first did: {answer}");
    assert!(third.contains("is not locked any more") && !third.contains("\n4. "), "{answer}");
    assert_eq!(stage.reactions(asked).await, ["eyes", "rocket"]);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn words_near_a_command_are_asked_about_and_others_left_alone() {
    let stage = Stage::with_staging("v1.0.1").await;
    let near = stage.say("ada", 1, "/promot prod").await;
    let answer = stage.answer(1, near).await;
    assert!(answer.contains("`/promot` is no command; did you mean `/promote`?"), "{answer}");
    assert_eq!(stage.reactions(near).await, ["confused"]);
    let missing = stage.ask("ada", 1, "/promote").await;
    assert!(missing.contains("`/promote` needs ENV: `/promote ENV"), "{missing}");
    let flag = stage.ask("ada", 1, "/promote prod --service frontend").await;
    assert!(flag.contains("did you mean `--services`?"), "{flag}");
    let environment = stage.ask("ada", 1, "/promote prd").await;
    assert!(environment.contains("did you mean `prod`?"), "{environment}");
    let version = stage.ask("ada", 1, "/promote prod v7.7.7").await;
    assert!(version.contains("v7.7.7"), "{version}");
    for text in ["/etc/passwd is a file", "/deploy prod", "and then /promote prod", "Nothing."] {
        let said = stage.say("ada", 1, text).await;
        assert_eq!(stage.answers(1, said).await, [""; 0], "{text}");
        assert_eq!(stage.reactions(said).await, [""; 0], "{text}");
    }
    assert_eq!(stage.pulls(DEMO).await.len(), 0);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_prefix_only_that_counts() {
    let stage = Stage::with_staging("v1.0.1").await;
    stage.rules(|old| format!("{old}\ncommands: {{prefix: usher}}\n")).await;
    let plain = stage.say("ada", 1, "/lock prod").await;
    assert_eq!(stage.answers(1, plain).await, [""; 0]);
    assert_eq!(stage.reactions(plain).await, [""; 0]);
    let answer = stage.ask("ada", 1, "/lock staging\n/usher lock prod").await;
    assert!(answer.contains("`prod` is locked") && !answer.contains("staging"), "{answer}");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_edited_deleted_or_lay_too_long_commands_nothing() {
    let stage = Stage::with_staging("v1.0.1").await;
    stage.github.hold_webhooks(true);
    let edited = stage.say_at_once("ada", DEMO, 1, "/lock prod").await;
    let path = format!("/repos/{DEMO}/issues/comments/{edited}");
    stage.act("ada", "PATCH", &path, json!({"body": "/lock staging"})).await;
    let deleted = stage.say_at_once("ada", DEMO, 1, "/lock prod").await;
    let path = format!("/repos/{DEMO}/issues/comments/{deleted}");
    stage.act("ada", "DELETE", &path, json!({})).await;
    stage.pass(-31 * 60);
    let old = stage.say_at_once("ada", DEMO, 1, "/lock prod").await;
    stage.pass(31 * 60);
    stage.github.hold_webhooks(false);
    stage.idle().await;

    let answer = stage.answer(1, edited).await;
    assert!(answer.contains("Say it again in a new one"), "{answer}");
    let answer = stage.answer(1, old).await;
    assert!(answer.contains("more than 30m after it was written"), "{answer}");
    assert_eq!(stage.answers(1, deleted).await, [""; 0]);
    let status = stage.ask("ada", 1, "/status").await;
    assert!(!status.contains("locked"), "{status}");
    let again = stage.ask("ada", 1, "/lock prod").await;
    assert!(again.contains("is locked"), "{again}");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_commands_without_end() {
    let stage = Stage::with_staging("v1.0.1").await;
    let ten = "/promote\n".repeat(12);
    for _ in 0..3 {
        let answer = stage.ask("ada", 1, &ten).await;
        assert!(answer.contains("\n10. ") && !answer.contains("\n12. "), "{answer}");
        assert!(answer.contains("One comment may hold 10 commands"), "{answer}");
    }
    let more = stage.ask("ada", 1, "/lock prod").await;
    assert!(more.contains("more than 30 commands within an hour"), "{more}");
    let other = stage.ask("pat", 1, "/status prod").await;
    assert!(!other.contains("locked"), "{other}");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_without_the_right_is_told_once_a_day() {
    let stage = Stage::with_staging("v1.0.1").await;
    stage.github.clear_requests();
    let first = stage.say("eve", 1, "/promote prod").await;
    let answer = stage.answer(1, first).await;
    assert!(answer.starts_with("@eve You may not do that here. It takes"), "{answer}");
    assert_eq!(stage.reactions(first).await, ["confused"]);
    let costly = ["/git/trees/", "/git/blobs/", "/releases", "/compare/"];
    for seen in stage.github.requests() {
        assert!(!costly.iter().any(|part| seen.path.contains(part)), "{seen:?}");
    }
    let second = stage.say("eve", 1, "/rollback prod").await;
    assert_eq!(stage.answers(1, second).await, [""; 0], "one reply a day");
    assert_eq!(stage.pulls(DEMO).await.len(), 0);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_only_observes_is_told_and_nothing_is_merged() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.rules(|old| format!("{old}\nmode: observe\n")).await;
    stage.restart().await;
    stage.ask("ada", prod, "/validate").await;
    let (conclusion, text) = stage.gates(prod).await;
    assert_eq!(conclusion, "neutral", "{text}");
    assert!(text.contains("Would block: "), "{text}");
    stage.approve(prod).await;
    stage.is_green(prod).await;
    let refused = stage.ask("ada", prod, "/merge").await;
    assert!(refused.contains("only observes"), "{refused}");
    assert_eq!(stage.state(prod).await, "open");
    stage.finish().await;
}
