//! Planning again, superseding, attempts: what becomes of an open promotion when the world moves on.

use serde_json::json;

use crate::stage::people::overlay;
use crate::stage::{DEMO, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn a_base_that_moved_is_taken_in_and_approvals_stay() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.approve(prod).await;
    let (_, before) = stage.head_of(prod).await;
    stage.restart().await;
    let text = stage.file(DEMO, &overlay("prod"), "main").await.replace("count: 2", "count: 4");
    stage.pass(1);
    stage.write_file(DEMO, "main", &overlay("prod"), &text).await;
    stage.idle().await;
    let (branch, after) = stage.head_of(prod).await;
    assert_ne!(before, after, "planned again");
    stage.is_green(prod).await;
    assert_eq!(stage.file(DEMO, &overlay("prod"), &branch).await, text.replace("v1.0.0", "v1.0.1"));
    stage.restart().await;
    let merged = stage.ask("ada", prod, "/merge").await;
    assert!(merged.contains("is merged"), "{merged}");
    assert_eq!(stage.file(DEMO, &overlay("prod"), "main").await, text.replace("v1.0.0", "v1.0.1"));
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn approvals_end_when_the_edits_come_out_otherwise() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    // What will run in between is a version of the source, so that it is known who wrote what comes after it.
    let tag = json!({"ref": "refs/tags/v0.9.0", "sha": stage.head(DEMO, "main").await});
    stage.act("sam", "POST", &format!("/repos/{DEMO}/git/refs"), tag).await;
    stage.idle().await;
    stage.approve(prod).await;
    let (_, before) = stage.head_of(prod).await;
    stage.restart().await;
    let text = stage.file(DEMO, &overlay("prod"), "main").await;
    let text = text.replacen("newTag: v1.0.0", "newTag: v0.9.0", 1);
    stage.pass(1);
    stage.write_file(DEMO, "main", &overlay("prod"), &text).await;
    stage.idle().await;
    assert_ne!(before, stage.head_of(prod).await.1, "planned again");
    stage.is_red(prod, "nobody allowed gave it for this commit").await;
    for (login, label) in [("quinn", "qa-approved"), ("pat", "pm-approved")] {
        stage.ask(login, prod, &format!("/approve {label}")).await;
    }
    stage.is_green(prod).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_asked_for_is_not_superseded_by_itself() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    let automatic = "    after: [staging]\n";
    stage
        .rules(|old| old.replace(automatic, &format!("{automatic}    promote: automatic\n")))
        .await;
    stage.stands_in_staging("v1.0.2").await;
    stage.idle().await;
    stage.restart().await;
    let second = stage.open_number("v1.0.2 to prod").await;
    assert_eq!(stage.state(prod).await, "open", "somebody asked for it");

    // A person's word supersedes a person's, and what a machine opened; not what is held.
    stage.ask("quinn", second, "/hold").await;
    stage.stands_in_staging("v1.0.3").await;
    stage.idle().await;
    stage.restart().await;
    assert_eq!(stage.state(second).await, "open", "it is held");
    assert_eq!(stage.state(prod).await, "open");
    let third = stage.open_number("v1.0.3 to prod").await;
    stage.ask("ada", third, "/cancel").await;
    stage.ask("ada", 1, "/promote prod v1.0.3").await;
    let fourth = stage.open_number("v1.0.3 to prod").await;
    assert_eq!(stage.state(prod).await, "closed");
    assert!(stage.told(prod).await.contains(&format!("Superseded by #{fourth}")));
    assert_eq!(stage.state(second).await, "open", "it is held");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_is_not_opened_twice_and_a_higher_one_stands() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    let again = stage.ask("pat", 1, "/promote prod").await;
    assert!(again.contains(&format!("#{prod} is open already")), "{again}");
    let lower = stage.ask("pat", 1, "/promote prod v1.0.0").await;
    assert!(!lower.contains("is open: "), "{lower}");
    stage.restart().await;
    let part = stage.ask("pat", 1, "/promote prod --services frontend,cartservice").await;
    let scoped = stage.open_number("(cartservice, frontend)").await;
    assert!(part.contains(&format!("#{scoped} is open")), "{part}");
    let files = stage.get(&format!("/repos/{DEMO}/pulls/{scoped}/files")).await;
    assert_eq!(files[0]["additions"], 2, "{files}");
    let unknown = stage.ask("pat", 1, "/promote prod --services frontent").await;
    assert!(unknown.contains("did you mean `frontend`?"), "{unknown}");
    stage.finish().await;
}
