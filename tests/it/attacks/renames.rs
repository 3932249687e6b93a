//! What is given another name, so that something else is taken for it.

use serde_json::json;

use crate::stage::people::CONFIG;
use crate::stage::{DEMO, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn a_label_that_is_renamed_into_the_approval_does_not_count() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.label("pat", prod, "pm-approved").await;
    stage.label("ada", prod, "looks-nice").await;
    // The name has to be free: the real label goes first.
    let labels = format!("/repos/{DEMO}/labels");
    let _ = stage.call("sam", "DELETE", &format!("{labels}/qa-approved"), None).await;
    let rename = json!({"new_name": "qa-approved"});
    stage.act("sam", "PATCH", &format!("{labels}/looks-nice"), rename).await;
    stage.idle().await;
    assert!(stage.labels(prod).await.contains(&"qa-approved".to_owned()));
    stage.ask("ada", prod, "/validate").await;
    stage.is_red(prod, "nobody allowed gave it for this commit").await;
    let refused = stage.ask("ada", prod, "/merge").await;
    assert!(refused.contains("It is not merged"), "{refused}");
    stage.restart().await;
    stage.ask("quinn", prod, "/approve qa-approved").await;
    stage.is_green(prod).await;
    // And an approval whose label is renamed away stands no more.
    stage.act("sam", "PATCH", &format!("{labels}/qa-approved"), json!({"new_name": "old"})).await;
    stage.ask("ada", prod, "/validate").await;
    stage.is_red(prod, "`qa-approved` is missing").await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_is_not_renamed_out_of_its_lock() {
    let mut stage = Stage::with_staging("v1.0.1").await;
    stage.ask("quinn", 1, "/lock prod incident 7").await;
    stage.branch(DEMO, "rename", "main").await;
    let rules = stage.file(DEMO, CONFIG, "main").await;
    let renamed = rules.replace("- name: prod", "- name: production");
    assert_ne!(rules, renamed);
    stage.push("ada", "rename", CONFIG, &renamed).await;
    let pr = stage.open_pull("ada", DEMO, "rename").await["number"].as_u64().unwrap();
    stage.is_red(pr, "it changes the rules themselves").await;
    let (_, head) = stage.head_of(pr).await;
    let (_, _, summary) = stage.check(DEMO, &head, "usher/config").await;
    assert!(summary.contains("lifts the lock of environment `prod`"), "{summary}");
    stage.restart().await;
    let answer = stage.ask("ada", 1, "/promote production").await;
    assert!(answer.contains("production"), "{answer}");
    assert_eq!(stage.open_titles(DEMO).await, ["Change rename"]);
    stage.finish().await;
}
