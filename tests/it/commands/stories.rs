//! The three stories of the main job: production by command, approvals by the right people, the way back.

use crate::stage::people::overlay;
use crate::stage::{DEMO, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn a_release_walks_to_production() {
    let mut stage = Stage::start().await;
    let before = stage.file(DEMO, &overlay("prod"), "main").await;
    let staging = stage.to_staging("v1.0.1").await;
    assert_eq!(stage.runs("staging").await, "v1.0.1 x9");
    stage.restart().await;

    let asked = stage.say("ada", staging, "/promote prod").await;
    let prod = stage.open_number("Promote microservices-demo v1.0.1 to prod").await;
    let answer = stage.answer(staging, asked).await;
    assert!(answer.starts_with(&format!("@ada #{prod} is open: ")), "{answer}");
    assert_eq!(stage.reactions(asked).await, ["eyes", "rocket"]);
    assert_eq!(stage.labels(prod).await, ["usher", "env: prod"]);
    let (branch, _) = stage.head_of(prod).await;
    assert_eq!(
        stage.file(DEMO, &overlay("prod"), &branch).await,
        before.replace("newTag: v1.0.0", "newTag: v1.0.1"),
        "every other byte is kept"
    );
    stage.is_red(prod, "eeds qa-approved from").await;
    let told = stage.told(prod).await;
    for needed in [
        "puts the label `qa-approved` on, or says `/approve qa-approved`",
        "@acme/qa",
        "pm-approved",
    ] {
        assert!(told.contains(needed), "{needed}: {told}");
    }
    let refused = stage.ask("ada", prod, "/merge").await;
    assert!(refused.contains("It is not merged, because not every gate has passed"), "{refused}");
    assert_eq!(stage.state(prod).await, "open");
    stage.restart().await;

    stage.label("quinn", prod, "qa-approved").await;
    stage.is_red(prod, "eeds pm-approved from").await;
    stage.label("pat", prod, "pm-approved").await;
    stage.is_green(prod).await;
    assert!(stage.told(prod).await.contains("every gate has passed"));

    let merge = stage.ask("ada", prod, "/merge").await;
    assert!(merge.starts_with(&format!("@ada #{prod} is merged")), "{merge}");
    assert_eq!(stage.state(prod).await, "merged");
    assert_eq!(stage.runs("prod").await, "v1.0.1 x9");
    let refs = stage.get(&format!("/repos/{DEMO}/git/matching-refs/heads/usher/")).await;
    assert_eq!(refs, serde_json::json!([]), "our branches are gone");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_right_people_let_it_through_and_a_push_ends_that() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.restart().await;
    // Ada is neither in the team nor pat.
    stage.label("ada", prod, "qa-approved").await;
    stage.label("quinn", prod, "pm-approved").await;
    assert_eq!(stage.labels(prod).await, ["usher", "env: prod"], "taken off again");
    stage.approve(prod).await;
    stage.is_green(prod).await;
    stage.restart().await;

    let (branch, head) = stage.head_of(prod).await;
    let text = stage.file(DEMO, &overlay("prod"), &branch).await;
    stage.push("ada", &branch, &overlay("prod"), &text.replace("count: 2", "count: 3")).await;
    stage.is_red(prod, "is not Usher's").await;
    stage.is_red(prod, "nobody allowed gave it for this commit").await;
    let refused = stage.ask("ada", prod, "/merge").await;
    assert!(refused.contains("It is not merged"), "{refused}");

    stage.restart().await;
    let again = stage.ask("ada", prod, "/retry").await;
    assert!(again.contains("Planned anew") && again.contains("`ada`"), "{again}");
    assert_ne!(stage.head_of(prod).await.1, head);
    stage.is_red(prod, "nobody allowed gave it for this commit").await;
    stage.unlabel("quinn", prod, "qa-approved").await;
    stage.label("quinn", prod, "qa-approved").await;
    // Pat approves by command; the label is on already.
    let approved = stage.ask("pat", prod, "/approve pm-approved").await;
    assert!(approved.contains("is recorded as yours"), "{approved}");
    stage.is_green(prod).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rollback_puts_the_entries_back_and_keeps_what_others_changed() {
    let (mut stage, prod) = Stage::with_prod("v1.0.1").await;
    let since = stage.file(DEMO, &overlay("prod"), "main").await;
    let since = since.replace("count: 2", "count: 5");
    stage.write_file(DEMO, "main", &overlay("prod"), &since).await;
    stage.idle().await;

    let answer = stage.ask("sam", prod, "/rollback").await;
    let back = stage.open_number("Roll back microservices-demo to v1.0.0 in prod").await;
    assert!(answer.starts_with(&format!("@sam #{back} is open")), "{answer}");
    let files = stage.get(&format!("/repos/{DEMO}/pulls/{back}/files")).await;
    assert_eq!(files.as_array().unwrap().len(), 1);
    let (branch, _) = stage.head_of(back).await;
    assert_eq!(
        stage.file(DEMO, &overlay("prod"), &branch).await,
        since.replace("newTag: v1.0.1", "newTag: v1.0.0"),
        "only the entries go back"
    );
    stage.is_green(back).await;
    let merged = stage.ask("sam", back, "/merge").await;
    assert!(merged.contains("is merged"), "{merged}");
    assert_eq!(stage.runs("prod").await, "v1.0.0 x9");

    stage.restart().await;

    // What went away is bad there, and comes back only over somebody's word.
    let status = stage.ask("ada", back, "/status prod").await;
    assert!(status.contains("`v1.0.1` is bad") && status.contains("held"), "{status}");
    stage.ask("ada", prod, "/promote prod v1.0.1").await;
    let again = stage.open_number("Promote microservices-demo v1.0.1 to prod").await;
    stage.approve(again).await;
    stage.is_red(again, "was rolled back here").await;
    stage.ask("ada", again, "/cancel").await;

    stage.restart().await;

    // Undoing the rollback takes all that back.
    stage.ask("sam", back, "/rollback").await;
    let forth = stage.open_number("v1.0.1 in prod").await;
    stage.is_green(forth).await;
    stage.ask("sam", forth, "/merge").await;
    assert_eq!(stage.runs("prod").await, "v1.0.1 x9");
    let status = stage.ask("ada", back, "/status prod").await;
    assert!(!status.contains("is bad") || !status.contains("`v1.0.1` is bad"), "{status}");
    assert!(!status.contains("held"), "{status}");
    stage.finish().await;
}
