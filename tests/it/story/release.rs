//! A release engineer publishes a release, merges what appears for staging, and asks for production.

use crate::pages::browser::{Window, act_as, picture, press, until, until_there, write};
use crate::stage::{DEMO, Stage};

const STAGING: &str = "Promote microservices-demo v1.0.1 to staging";
const PROD: &str = "Promote microservices-demo v1.0.1 to prod";

#[tokio::test(flavor = "multi_thread")]
async fn a_release_engineer_brings_a_release_before_production() {
    let Some(window) = Window::open().await else {
        return;
    };
    let stage = Stage::start().await;
    let base = stage.github.url();

    // One page waits for pull requests, another publishes the release.
    let pulls = window.visit(&format!("{base}/{DEMO}/pulls")).await;
    let page = window.visit(&base).await;
    act_as(&page, "ada").await;
    press(&page, ".steps .button.main").await;
    write(&page, "#tag", "v1.0.1").await;
    write(&page, "#body", "Faster carts.").await;
    press(&page, "form.card button[data-main]").await;
    until(&page, "main", "ada released this").await;

    until(&pulls, "main", STAGING).await;
    pulls.bring_to_front().await.unwrap();
    press(&pulls, "main a[href$='/pull/1']").await;
    until(&pulls, "main", STAGING).await;
    until(&pulls, "#merge-box", "All checks have passed").await;
    until(&pulls, "#timeline", "v1.0.1 may go to staging: every gate has passed.").await;
    picture(&pulls, "staging").await;
    press(&pulls, "a[href$='/pull/1/checks']").await;
    until(&pulls, "main", "5 gates passed").await;
    picture(&pulls, "staging-checks").await;
    press(&pulls, "a[href$='/pull/1/files']").await;
    until(&pulls, "main", "kustomize/staging/kustomization.yaml").await;
    until(&pulls, "main", "newTag: v1.0.1").await;

    // What is green may be merged, and the branch is tidied away.
    press(&pulls, "a[href$='/pull/1']").await;
    until(&pulls, "#merge-box", "Merge pull request").await;
    press(&pulls, "#merge-box button[value=merge]").await;
    until(&pulls, "main", "Merged").await;
    until_there(&pulls, "#merge-box", false).await;
    stage.idle().await;
    assert_eq!(stage.runs("staging").await, "v1.0.1 x9");

    // A word on it opens the way to production, and the answer leads there.
    super::say(&pulls, "/promote prod").await;
    until(&pulls, "#timeline", "@ada #2 is open").await;
    until(&pulls, ".reactions", "🚀 1").await;
    picture(&pulls, "promote").await;
    press(&pulls, "#timeline a[href$='/pull/2']").await;
    until(&pulls, "main", PROD).await;
    until(&pulls, "#merge-box", "Merging is blocked").await;
    until(&pulls, "#merge-checks", "Needs qa-approved from @acme/qa").await;
    until(&pulls, "#timeline", "v1.0.1 may not go to prod yet.").await;
    until(&pulls, "#timeline", "/approve qa-approved").await;
    until_there(&pulls, "#merge-box button[value=merge][disabled]", true).await;
    picture(&pulls, "prod").await;
    press(&pulls, "a[href$='/pull/2/checks']").await;
    until(&pulls, "main", "pm-approved").await;
    picture(&pulls, "prod-checks").await;
    window.close().await;
    assert_eq!(stage.runs("prod").await, "v1.0.0 x9");
    stage.finish().await;
}
