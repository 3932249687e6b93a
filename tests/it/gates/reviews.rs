//! `reviews`: so many people who may push approve this commit by review, and none of them asks for changes.

use serde_json::json;

use crate::stage::{DEMO, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_takes_reviews_of_its_commit_by_those_who_may() {
    let mut stage = Stage::with_staging("v1.0.1").await;
    stage.github.add_bot("friend[bot]").unwrap();
    let none = "    reviews: 1\n";
    stage
        .rules(|old| {
            let asked = old.find("    approvals:").unwrap();
            format!("{}{none}", &old[..asked])
        })
        .await;
    stage.ask("pat", 1, "/promote prod").await;
    let prod = stage.open_number("v1.0.1 to prod").await;
    stage.is_red(prod, "0 of 1 approving reviews of this commit").await;
    stage.restart().await;
    // Who may only read, a bot, and who asked for it.
    for stranger in ["eve", "friend[bot]", "pat"] {
        stage.review(stranger, prod, "APPROVE").await;
        stage.is_red(prod, "0 of 1 approving reviews").await;
    }
    stage.review("ada", prod, "APPROVE").await;
    stage.is_green(prod).await;
    stage.restart().await;
    // It is dismissed; somebody asks for changes, and takes that back.
    let reviews = stage.get(&format!("/repos/{DEMO}/pulls/{prod}/reviews")).await;
    let adas =
        reviews.as_array().unwrap().iter().find(|one| one["user"]["login"] == "ada").unwrap();
    let path = format!("/repos/{DEMO}/pulls/{prod}/reviews/{}/dismissals", adas["id"]);
    stage.act("sam", "PUT", &path, json!({"message": "Not now"})).await;
    stage.idle().await;
    stage.is_red(prod, "0 of 1 approving reviews").await;
    stage.review("ada", prod, "APPROVE").await;
    stage.review("quinn", prod, "REQUEST_CHANGES").await;
    stage.is_red(prod, "`quinn` asks for changes").await;
    stage.restart().await;
    // An outsider's objection is none.
    stage.review("eve", prod, "REQUEST_CHANGES").await;
    stage.review("quinn", prod, "APPROVE").await;
    stage.is_green(prod).await;
    let head = stage.head_of(prod).await;
    // A push ends them, and going back does not bring them back.
    stage.push("ada", &head.0, "README.md", "More.\n").await;
    stage.is_red(prod, "approved an older commit").await;
    stage.restart().await;
    stage.force("ada", &head.0, &head.1).await;
    stage.is_red(prod, "approved an older commit").await;
    stage.review("quinn", prod, "APPROVE").await;
    stage.is_green(prod).await;
    stage.finish().await;
}
