//! Changes of the rules themselves: held until one of those who answer for them approves, under the old ones.

use serde_json::json;

use crate::stage::people::{CONFIG, overlay};
use crate::stage::{DEMO, Stage};

/// Opens a pull request by somebody with one file changed; gives its number.
async fn change(
    stage: &Stage,
    login: &str,
    branch: &str,
    path: &str,
    edit: impl Fn(String) -> String,
) -> u64 {
    stage.branch(DEMO, branch, "main").await;
    let old = stage.file(DEMO, path, "main").await;
    stage.push(login, branch, path, &edit(old)).await;
    stage.open_pull(login, DEMO, branch).await["number"].as_u64().unwrap()
}

async fn config_check(stage: &Stage, pr: u64) -> (String, String) {
    let (_, sha) = stage.head_of(pr).await;
    let (conclusion, title, summary) = stage.check(DEMO, &sha, "usher/config").await;
    (conclusion, format!("{title}\n{summary}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_other_than_the_author_approves() {
    let mut stage = Stage::start().await;
    let loosen = |old: String| old.replace("      - {label: pm-approved, by: [pat]}\n", "");
    let pr = change(&stage, "ada", "loosen", CONFIG, loosen).await;
    stage.is_red(pr, "it changes the rules themselves").await;
    let (conclusion, _) = config_check(&stage, pr).await;
    assert_eq!(conclusion, "success", "it is valid");
    stage.review("quinn", pr, "APPROVE").await;
    stage.is_red(pr, "it changes the rules themselves").await;
    stage.review("sam", pr, "APPROVE").await;
    stage.is_green(pr).await;
    stage.restart().await;
    let (branch, _) = stage.head_of(pr).await;
    let text = stage.file(DEMO, CONFIG, &branch).await;
    stage.push("ada", &branch, CONFIG, &format!("{text}# more\n")).await;
    stage.is_red(pr, "it changes the rules themselves").await;
    stage.review("sam", pr, "APPROVE").await;
    stage.review("sam", pr, "REQUEST_CHANGES").await;
    stage.is_red(pr, "asks for changes").await;

    // Not even an administrator approves what is the administrator's own.
    let own = change(&stage, "sam", "own", CONFIG, loosen).await;
    stage.is_red(own, "it changes the rules themselves").await;
    stage.review("ada", own, "APPROVE").await;
    stage.is_red(own, "it changes the rules themselves").await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_answer_for_the_rules_may_be_named() {
    let mut stage = Stage::without_bot().await;
    let old = stage.file(DEMO, CONFIG, "main").await;
    let named = format!("{old}\nadmins: [\"@acme/qa\"]\n");
    stage.write_file(DEMO, "main", CONFIG, &named).await;
    stage.start_bot().await;
    stage.surveyed().await;
    let remove = |old: String| old.replace("\nadmins: [\"@acme/qa\"]\n", "\nadmins: [ada]\n");
    let pr = change(&stage, "ada", "admins", CONFIG, remove).await;
    stage.review("sam", pr, "APPROVE").await;
    stage.is_red(pr, "it changes the rules themselves").await;
    // What the change would say does not count yet.
    stage.review("quinn", pr, "APPROVE").await;
    stage.is_green(pr).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_file_stops_everything_until_it_is_repaired_under_the_last_valid_one() {
    let mut stage = Stage::with_staging("v1.0.1").await;
    let valid = stage.file(DEMO, CONFIG, "main").await;
    let broken = valid.replace("promote: automatic", "promot: automatic");
    stage.write_file(DEMO, "main", CONFIG, &broken).await;
    stage.idle().await;
    let refused = stage.ask("ada", 1, "/promote prod").await;
    assert!(refused.contains("has 1 mistake, so nothing can be decided"), "{refused}");
    assert_eq!(stage.pulls(DEMO).await.len(), 0);
    let overlays = change(&stage, "ada", "replicas", &overlay("prod"), |old| {
        old.replace("count: 2", "count: 3")
    })
    .await;
    stage.is_red(overlays, "promot").await;
    let words = change(&stage, "ada", "words", "README.md", |old| format!("{old}\nMore.\n")).await;
    stage.is_green(words).await;
    stage.restart().await;

    let repair = change(&stage, "ada", "repair", CONFIG, |_| valid.clone()).await;
    stage.is_red(repair, "it changes the rules themselves").await;
    stage.review("sam", repair, "APPROVE").await;
    stage.is_green(repair).await;
    stage.merge(DEMO, repair).await;
    stage.is_green(overlays).await;
    stage.restart().await;
    stage.ask("ada", 1, "/promote prod").await;
    stage.open_number("v1.0.1 to prod").await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_named_and_a_file_that_goes_away_is_held() {
    let stage = Stage::start().await;
    let wrong = change(&stage, "ada", "wrong", CONFIG, |old| format!("{old}\nbogus: 1\n")).await;
    stage.is_red(wrong, "the configuration would have 1 mistake").await;
    let (conclusion, text) = config_check(&stage, wrong).await;
    assert_eq!(conclusion, "failure");
    assert!(text.contains("bogus"), "{text}");
    stage.review("sam", wrong, "APPROVE").await;
    stage.is_red(wrong, "the configuration would have 1 mistake").await;

    stage.branch(DEMO, "gone", "main").await;
    let path = format!("/repos/{DEMO}/contents/{CONFIG}");
    let sha = stage.get(&format!("{path}?ref=gone")).await["sha"].clone();
    let body = json!({"message": "No rules", "branch": "gone", "sha": sha});
    stage.act("ada", "DELETE", &path, body).await;
    let gone = stage.open_pull("ada", DEMO, "gone").await["number"].as_u64().unwrap();
    stage.is_red(gone, "it changes the rules themselves").await;
    let (_, text) = config_check(&stage, gone).await;
    assert!(text.contains("is gone: nothing is promoted or judged any more"), "{text}");
    stage.review("sam", gone, "APPROVE").await;
    stage.is_green(gone).await;
    stage.finish().await;
}
