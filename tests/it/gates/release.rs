//! `release`: what is reported on the release's own commit in its source, and a tag that does not stay where it was.

use serde_json::{Value, json};

use crate::stage::people::CONFIG;
use crate::stage::{DEMO, Stage};

const SOURCE: &str = "acme/shop";

/// Sandbox and bot; the demo's releases come from a repository of their own, and staging takes them under
/// these gates.
async fn with_source(gates: &str) -> Stage {
    let mut stage = Stage::without_bot().await;
    stage.github.add_repository("shop", false, &[("README.md", "# Shop\n")]).unwrap();
    let config = stage.file(DEMO, CONFIG, "main").await;
    let config = config.replacen("    images:", "    source: acme/shop\n    images:", 1).replacen(
        "    promote: automatic\n",
        &format!("    promote: automatic\n{gates}"),
        1,
    );
    stage.write_file(DEMO, "main", CONFIG, &config).await;
    stage.start_bot().await;
    stage.surveyed().await;
    stage
}

fn covers(percent: &str) -> Value {
    let output = json!({"title": format!("{percent}% (+0.1%)"), "summary": "of the lines"});
    json!({"conclusion": "success", "output": output})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_goes_on_when_its_own_commit_is_green_and_covered() {
    let mut stage = with_source(
        "    gates:\n      release:\n        - build\n        - {check: codecov/project, app: codecov, value: \"([0-9.,]+)%\", at_least: 80}\n",
    )
    .await;
    stage.publish(SOURCE, "v1.0.1").await;
    let staging = stage.open_number("v1.0.1 to staging").await;
    stage.is_red(staging, "`build` has not been reported").await;
    let (_, head) = stage.head_of(staging).await;
    let commit = stage.head(SOURCE, "main").await;
    // On the pull request they say nothing of the release.
    stage.concluded("ci", &head, "build", "success").await;
    stage.is_red(staging, "`build` has not been reported").await;
    stage.report_in(SOURCE, "ci", &commit, "build", json!({"conclusion": "success"})).await;
    stage.is_red(staging, "`codecov/project` has not been reported").await;
    stage.restart().await;

    // A person, and another App, that call themselves what they are not.
    stage.status("ada", SOURCE, &commit, ("codecov/project", "success", "99%")).await;
    stage.is_red(staging, "from others it does not count").await;
    stage.report_in(SOURCE, "coverage", &commit, "codecov/project", covers("99")).await;
    stage.is_red(staging, "from others it does not count").await;
    stage.report_in(SOURCE, "codecov", &commit, "codecov/project", covers("79.9")).await;
    let (conclusion, text) = stage.gates(staging).await;
    assert_eq!(conclusion, "failure", "{text}");
    assert!(text.contains("shows `79.9`, and 80 is the least"), "{text}");
    stage.report_in(SOURCE, "codecov", &commit, "codecov/project", covers("1,080")).await;
    stage.is_red(staging, "shows `1,080`, which is not read as a number").await;
    stage.restart().await;
    stage.report_in(SOURCE, "codecov", &commit, "codecov/project", covers("80.0")).await;
    stage.is_green(staging).await;
    // An App sets statuses in its own name.
    let token = stage.github.token_of("codecov").unwrap();
    stage.status(&token, SOURCE, &commit, ("codecov/project", "success", "42%")).await;
    stage.is_red(staging, "`codecov/project` shows `42`, and 80 is the least").await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_is_moved_or_a_release_that_is_gone_stops_what_was_planned_for_it() {
    let mut stage = with_source("").await;
    stage.publish(SOURCE, "v1.0.1").await;
    let staging = stage.open_number("v1.0.1 to staging").await;
    stage.is_green(staging).await;
    let was = stage.head(SOURCE, "main").await;
    let evil = stage.write_file(SOURCE, "main", "README.md", "# Another shop\n").await;
    stage.idle().await;
    let tag = format!("/repos/{SOURCE}/git/refs/tags/v1.0.1");
    let moved = async |stage: &Stage, sha: &str| {
        stage.pass(1);
        stage.act("ada", "PATCH", &tag, json!({"sha": sha, "force": true})).await;
        stage.idle().await;
    };
    moved(&stage, &evil).await;
    stage.is_red(staging, "the tag `v1.0.1` was moved").await;
    let (conclusion, text) = stage.gates(staging).await;
    assert_eq!(conclusion, "failure", "{text}");
    assert!(text.starts_with("release failed for staging: the tag was moved"), "{text}");
    moved(&stage, &was).await;
    stage.is_green(staging).await;
    stage.restart().await;

    let release = stage.get(&format!("/repos/{SOURCE}/releases/tags/v1.0.1")).await;
    let release = format!("/repos/{SOURCE}/releases/{}", release["id"]);
    stage.act("ada", "PATCH", &release, json!({"draft": true})).await;
    stage.idle().await;
    stage.is_red(staging, "there is no published release of `v1.0.1` any more").await;
    stage.act("ada", "PATCH", &release, json!({"draft": false})).await;
    stage.idle().await;
    stage.is_green(staging).await;
    let (status, said) = stage.call("ada", "DELETE", &release, None).await;
    assert_eq!(status, 204, "{said}");
    stage.idle().await;
    stage.is_red(staging, "there is no published release of `v1.0.1` any more").await;
    let (status, said) = stage.call("ada", "DELETE", &tag, None).await;
    assert_eq!(status, 204, "{said}");
    stage.idle().await;
    stage.is_red(staging, "the tag `v1.0.1` is gone").await;
    stage.finish().await;
}
