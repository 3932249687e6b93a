//! The first story, by mouse and keyboard: a release engineer publishes a release and watches the staging
//! pull request appear, with its one-file diff and its checks.
//!
//! `USHER_TEST_PICTURES` names a folder for a picture of what was seen.

use chromiumoxide::page::ScreenshotParams;

use crate::pages::browser::{Window, press, until, write};
use crate::stage::{DEMO, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn a_release_engineer_watches_the_pull_request_appear() {
    let Some(window) = Window::open().await else {
        return;
    };
    let stage = Stage::start().await;
    let base = stage.github.url();

    // One page waits for pull requests, another publishes the release.
    let pulls = window.visit(&format!("{base}/{DEMO}/pulls")).await;
    let page = window.visit(&base).await;
    press(&page, "#user-menu > summary").await;
    press(&page, "#user-menu button[value=ada]").await;
    until(&page, "#user-menu .login", "ada").await;
    press(&page, ".steps .button.main").await;
    write(&page, "#tag", "v1.0.1").await;
    write(&page, "#body", "Faster carts.").await;
    press(&page, "form.card button[data-main]").await;
    until(&page, "main", "ada released this").await;

    let title = "Promote microservices-demo v1.0.1 to staging";
    until(&pulls, "main", title).await;
    pulls.bring_to_front().await.unwrap();
    press(&pulls, "main a[href$='/pull/1']").await;
    until(&pulls, "main", title).await;
    until(&pulls, "#merge-box", "All checks have passed").await;
    until(&pulls, "#timeline", "v1.0.1 may go to staging: every gate has passed.").await;
    if let Ok(folder) = std::env::var("USHER_TEST_PICTURES") {
        let picture = pulls.screenshot(ScreenshotParams::default()).await.unwrap();
        std::fs::write(format!("{folder}/sandbox.png"), picture).unwrap();
    }
    press(&pulls, "a[href$='/pull/1/checks']").await;
    until(&pulls, "main", "5 gates passed").await;
    press(&pulls, "a[href$='/pull/1/files']").await;
    until(&pulls, "main", "kustomize/staging/kustomization.yaml").await;
    until(&pulls, "main", "newTag: v1.0.1").await;

    // What is green may be merged, and the branch is tidied away.
    let pulls = window.visit(&format!("{base}/{DEMO}/pull/1")).await;
    until(&pulls, "#merge-box", "Merge pull request").await;
    press(&pulls, "#merge-box button[value=merge]").await;
    until(&pulls, "main", "Merged").await;
    window.close().await;
    stage.idle().await;
    let staging = stage.file(DEMO, "kustomize/staging/kustomization.yaml", "main").await;
    assert_eq!(staging.matches("newTag: v1.0.1").count(), 9);
    stage.finish().await;
}
