//! Approvals by those who may not give them, or for what they were not given.

use serde_json::json;

use crate::stage::people::overlay;
use crate::stage::{DEMO, Stage};

/// It says who should give it, and cannot be merged, neither by command nor on GitHub.
async fn cannot_be_merged(stage: &Stage, pr: u64) {
    let (conclusion, text) = stage.gates(pr).await;
    assert_ne!(conclusion, "success", "{text}");
    let path = format!("/repos/{DEMO}/pulls/{pr}/merge");
    let (status, said) = stage.call("ada", "PUT", &path, Some(json!({}))).await;
    assert_eq!(status, 405, "{said}");
    let refused = stage.ask("ada", pr, "/merge").await;
    assert!(refused.contains("It is not merged"), "{refused}");
    assert_eq!(stage.state(pr).await, "open");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_label_is_taken_off_three_times_and_never_counts() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.label("pat", prod, "pm-approved").await;
    for _ in 0..3 {
        stage.label("ada", prod, "qa-approved").await;
        assert!(!stage.labels(prod).await.contains(&"qa-approved".to_owned()));
    }
    stage.restart().await;
    stage.label("ada", prod, "qa-approved").await;
    assert!(stage.labels(prod).await.contains(&"qa-approved".to_owned()), "it only does not count");
    stage.is_red(prod, "nobody allowed gave it for this commit").await;
    cannot_be_merged(&stage, prod).await;
    stage.restart().await;
    stage.ask("quinn", prod, "/approve qa-approved").await;
    stage.is_green(prod).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_from_the_start_or_from_before_a_push_do_not_count() {
    let mut stage = Stage::with_staging("v1.0.1").await;
    stage.branch(DEMO, "by-hand", "main").await;
    let text = stage.file(DEMO, &overlay("prod"), "main").await;
    let harmless = text.replace("count: 2", "count: 3");
    stage.push("ada", "by-hand", &overlay("prod"), &harmless).await;
    let pr = stage.open_pull("ada", DEMO, "by-hand").await["number"].as_u64().unwrap();
    stage.approve(pr).await;
    stage.restart().await;
    stage.push("ada", "by-hand", &overlay("prod"), &text.replace("v1.0.0", "v1.0.1")).await;
    stage.is_red(pr, "nobody allowed gave it for this commit").await;
    cannot_be_merged(&stage, pr).await;
    for (login, label) in [("quinn", "qa-approved"), ("pat", "pm-approved")] {
        stage.unlabel(login, pr, label).await;
        stage.label(login, pr, label).await;
    }
    stage.is_green(pr).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_after_approval_ends_it_and_going_back_does_not_revive_it() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.approve(prod).await;
    stage.is_green(prod).await;
    let (branch, head) = stage.head_of(prod).await;
    stage.restart().await;
    stage.push("ada", &branch, "README.md", "More.\n").await;
    stage.is_red(prod, "nobody allowed gave it for this commit").await;
    stage.force("ada", &branch, &head).await;
    assert_eq!(stage.head_of(prod).await.1, head);
    stage.is_red(prod, "nobody allowed gave it for this commit").await;
    cannot_be_merged(&stage, prod).await;
    stage.restart().await;
    // The labelling is signed by GitHub, and old: it revives nothing either.
    assert!(stage.replay("pull_request", "\"action\":\"labeled\"").await >= 2);
    stage.is_red(prod, "nobody allowed gave it for this commit").await;
    for (login, label) in [("quinn", "qa-approved"), ("pat", "pm-approved")] {
        stage.ask(login, prod, &format!("/approve {label}")).await;
    }
    stage.is_green(prod).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replayed_label_does_not_come_back() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.approve(prod).await;
    stage.is_green(prod).await;
    stage.unlabel("quinn", prod, "qa-approved").await;
    stage.restart().await;
    // The label is on again, by somebody who may not; the old delivery names quinn and this very head.
    stage.github.hold_webhooks(true);
    let path = format!("/repos/{DEMO}/issues/{prod}/labels");
    stage.act("ada", "POST", &path, json!({"labels": ["qa-approved"]})).await;
    let quinns = "\"name\":\"qa-approved\"";
    let replay = stage.replay_underway("pull_request", &["\"labeled\"", quinns, "\"quinn\""]).await;
    assert!(replay >= 1, "{replay}");
    stage.github.hold_webhooks(false);
    stage.idle().await;
    stage.is_red(prod, "qa-approved").await;
    cannot_be_merged(&stage, prod).await;
    stage.restart().await;
    stage.ask("quinn", prod, "/approve qa-approved").await;
    stage.is_green(prod).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_approves_what_they_asked_for_or_released() {
    let mut stage = Stage::with_staging("v1.0.1").await;
    // Pat asks for it.
    stage.ask("pat", 1, "/promote prod").await;
    let prod = stage.open_number("v1.0.1 to prod").await;
    stage.approve(prod).await;
    stage
        .is_red(prod, "`pm-approved` by `pat` does not count: that person asked for this promotion")
        .await;
    cannot_be_merged(&stage, prod).await;
    let own = stage.ask("pat", prod, "/approve pm-approved").await;
    assert!(own.contains("Yours does not count: you asked for this promotion"), "{own}");
    stage.restart().await;
    stage.ask("ada", prod, "/cancel").await;
    stage.ask("ada", 1, "/promote prod").await;
    let prod = stage.open_number("v1.0.1 to prod").await;
    stage.approve(prod).await;
    stage.is_green(prod).await;
    stage.restart().await;

    // Quinn released it.
    stage
        .act("quinn", "POST", &format!("/repos/{DEMO}/releases"), json!({"tag_name": "v1.0.2"}))
        .await;
    stage.idle().await;
    let staging = stage.open_number("v1.0.2 to staging").await;
    stage.merge(DEMO, staging).await;
    stage.restart().await;
    stage.ask("ada", 1, "/promote prod v1.0.2").await;
    let prod = stage.open_number("v1.0.2 to prod").await;
    stage.approve(prod).await;
    stage
        .is_red(prod, "`qa-approved` by `quinn` does not count: that person published the release")
        .await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bots_label_is_no_approval() {
    let mut stage = Stage::with_staging("v1.0.1").await;
    // Even a bot that could approve by its role.
    stage.github.add_bot("friend[bot]").unwrap();
    let friend = "[pat, \"friend[bot]\"]";
    let rules = |old: String| {
        old.replace("by: [pat]", &format!("by: {friend}")) + "\nbots: [\"friend[bot]\"]\n"
    };
    stage.rules(rules).await;
    stage.ask("ada", 1, "/promote prod").await;
    let prod = stage.open_number("v1.0.1 to prod").await;
    stage.restart().await;
    stage.label("quinn", prod, "qa-approved").await;
    stage.label("friend[bot]", prod, "pm-approved").await;
    stage.is_red(prod, "pm-approved").await;
    // Nor is its command one, though it may command.
    let refused = stage.ask("friend[bot]", prod, "/approve pm-approved").await;
    assert!(refused.contains("You may not do that here"), "{refused}");
    stage.is_red(prod, "pm-approved").await;
    stage.unlabel("pat", prod, "pm-approved").await;
    stage.label("pat", prod, "pm-approved").await;
    stage.is_green(prod).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_left_the_team_approves_nothing_any_more() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.approve(prod).await;
    stage.is_green(prod).await;
    stage.restart().await;
    let membership = "/orgs/acme/teams/qa/memberships/quinn";
    stage.act("sam", "DELETE", membership, json!({})).await;
    stage.idle().await;
    stage.is_red(prod, "`qa-approved` by `quinn` counts no more").await;
    cannot_be_merged(&stage, prod).await;
    let refused = stage.ask("quinn", prod, "/approve qa-approved").await;
    assert!(refused.contains("You may not do that here"), "{refused}");
    // The merge looks at it once more, also when nobody told of it.
    stage.act("sam", "PUT", membership, json!({"role": "member"})).await;
    stage.idle().await;
    stage.restart().await;
    stage.is_green(prod).await;
    stage.github.hold_webhooks(true);
    stage.act("sam", "DELETE", membership, json!({})).await;
    stage.say_alone("ada", prod, "/merge").await;
    assert_eq!(stage.state(prod).await, "open");
    stage.github.hold_webhooks(false);
    stage.idle().await;
    stage.act("sam", "PUT", membership, json!({"role": "member"})).await;
    stage.idle().await;
    stage.ask("ada", prod, "/merge").await;
    assert_eq!(stage.state(prod).await, "merged");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_pull_requests_green_check_opens_nothing() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.approve(prod).await;
    stage.is_green(prod).await;
    let (_, head) = stage.head_of(prod).await;
    stage.restart().await;
    stage.ask("quinn", prod, "/reject v1.0.1 it loses carts").await;
    assert_eq!(stage.state(prod).await, "closed");
    // The same commit on another branch, merged before anybody is told.
    let path = format!("/repos/{DEMO}/git/refs");
    stage.act("ada", "POST", &path, json!({"ref": "refs/heads/again", "sha": head})).await;
    stage.idle().await;
    stage.github.hold_webhooks(true);
    let body = json!({"title": "Again", "head": "again", "base": "main"});
    let pull = stage.act("ada", "POST", &format!("/repos/{DEMO}/pulls"), body).await;
    let path = format!("/repos/{DEMO}/pulls/{}/merge", pull["number"]);
    let (status, said) = stage.call("ada", "PUT", &path, Some(json!({}))).await;
    assert_eq!(status, 405, "{said}");
    stage.github.hold_webhooks(false);
    stage.idle().await;
    assert_eq!(stage.runs("prod").await, "v1.0.0 x9");
    stage.finish().await;
}
