//! `/hold`, `/unhold`, `/lock`, `/unlock`: everything concerned is red before the answer comes.

use crate::stage::people::overlay;
use crate::stage::{DEMO, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn a_held_promotion_waits_until_a_promoter_lifts_it() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.approve(prod).await;
    stage.is_green(prod).await;
    stage.restart().await;
    let held = stage.ask("quinn", prod, "/hold waiting for the numbers").await;
    assert!(held.contains("This promotion is held until `/unhold`"), "{held}");
    stage.is_red(prod, "waiting for the numbers").await;
    let refused = stage.ask("ada", prod, "/merge").await;
    assert!(refused.contains("It is not merged") && refused.contains("hold"), "{refused}");
    let lifted = stage.ask("ada", prod, "/unhold").await;
    assert!(lifted.contains("Held no more: this promotion"), "{lifted}");
    stage.is_green(prod).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_is_held_in_an_environment() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    let held = stage.ask("pat", 1, "/hold prod too early").await;
    assert!(held.contains("`microservices-demo` is held in `prod`"), "{held}");
    stage.is_red(prod, "too early").await;
    stage.restart().await;
    let none = stage.ask("ada", prod, "/unhold").await;
    assert!(none.contains("what holds it is lifted with `/unhold prod`"), "{none}");
    stage.is_red(prod, "too early").await;
    let lifted = stage.ask("ada", 1, "/unhold prod").await;
    assert!(lifted.contains("Held no more"), "{lifted}");
    let none = stage.ask("ada", 1, "/unhold prod").await;
    assert!(none.contains("Nothing is held here"), "{none}");
    stage.approve(prod).await;
    stage.is_green(prod).await;
    let which = stage.ask("ada", 1, "/hold").await;
    assert!(which.contains("Say which environment"), "{which}");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_stops_every_change_of_the_environment() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.approve(prod).await;
    stage.branch(DEMO, "replicas", "main").await;
    let text = stage.file(DEMO, &overlay("prod"), "main").await.replace("count: 2", "count: 3");
    stage.push("ada", "replicas", &overlay("prod"), &text).await;
    let change = stage.open_pull("ada", DEMO, "replicas").await["number"].as_u64().unwrap();
    stage.is_green(change).await;
    stage.restart().await;

    let locked = stage.ask("quinn", 1, "/lock prod incident 7").await;
    assert!(locked.contains("every open pull request that would change it is red"), "{locked}");
    for pr in [prod, change] {
        stage.is_red(pr, "incident 7").await;
    }
    stage.restart().await;
    let refused = stage.ask("ada", 1, "/unlock prod").await;
    assert!(refused.contains("It takes `quinn`"), "{refused}");
    stage.is_red(change, "is locked").await;
    let unlocked = stage.ask("quinn", 1, "/unlock prod").await;
    assert!(unlocked.contains("`prod` is not locked any more"), "{unlocked}");
    for pr in [prod, change] {
        stage.is_green(pr).await;
    }
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_for_a_time_ends_by_itself() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.approve(prod).await;
    stage.restart().await;
    let locked = stage.ask("quinn", prod, "/lock prod a moment --for 40s").await;
    assert!(locked.contains("is locked until"), "{locked}");
    let (_, sha) = stage.head_of(prod).await;
    let first = stage.check(DEMO, &sha, "usher/gates").await;
    assert_eq!(first.1, "Locked: prod", "{first:?}");
    stage.leap(41);
    stage
        .until("end of the lock", async || {
            stage.check(DEMO, &sha, "usher/gates").await.0 == "success"
        })
        .await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_override_the_lock_lifts_it_too() {
    let stage = Stage::with_staging("v1.0.1").await;
    stage.rules(|old| format!("{old}    overrides: [\"@acme/sre\"]\n")).await;
    stage.ask("ada", 1, "/lock prod").await;
    let twice = stage.ask("quinn", 1, "/lock prod as well").await;
    assert!(twice.contains("is locked"), "{twice}");
    let refused = stage.ask("pat", 1, "/unlock prod").await;
    assert!(refused.contains("You may not do that here"), "{refused}");
    let unlocked = stage.ask("sam", 1, "/unlock prod").await;
    assert!(unlocked.contains("is not locked any more"), "{unlocked}");
    let none = stage.ask("sam", 1, "/unlock prod").await;
    assert!(none.contains("`prod` is not locked."), "{none}");
    stage.finish().await;
}
