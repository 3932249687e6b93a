//! The page in a real browser: what a release engineer sees first, also on a phone and in the dark.

use crate::pages::browser::{Window, picture, press, until, until_so, until_there};
use crate::stage::{DEMO, Stage};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_follows_the_check_to_the_page() {
    let Some(window) = Window::open().await else {
        return;
    };
    let stage = Stage::with_staging("v1.0.1").await;
    stage.ask("ada", 1, "/promote prod").await;
    let prod = stage.open_number("v1.0.1 to prod").await;
    let url = stage.page_of(prod).await;
    let page = window.visit(&url).await;
    until(&page, "#verdict h1", "may not go to").await;
    until(&page, "#verdict .badge", "Needs somebody").await;
    until(&page, "#shut", "qa-approved").await;
    until(&page, "#shut .help", "puts the label").await;
    until(&page, "#open", "order").await;
    // The style sheet is in force, although nothing but itself is let through.
    until_so(
        &page,
        "getComputedStyle(document.querySelector('#verdict')).borderLeftWidth === '6px'",
        "style",
    )
    .await;
    until(&page, ".overlay pre .add", "v1.0.1").await;
    until_so(&page, "document.scripts.length === 0", "script that is not there").await;
    picture(&page, "decided-needs").await;
    press(&page, ".overlay > summary").await;
    until_there(&page, ".overlay[open]", false).await;
    press(&page, ".overlay > summary").await;
    // Nothing is wider than a phone; a long line of a difference is moved within itself.
    until_so(
        &page,
        "(() => { document.body.style.width = '360px'; return [...document.querySelectorAll('main, header, footer')]\
         .every(part => part.scrollWidth <= 360); })()",
        "page as narrow as a phone",
    )
    .await;

    stage.approve(prod).await;
    let page = window.visit(&url).await;
    until(&page, "#verdict h1", "every gate has passed").await;
    until_there(&page, "#shut", false).await;
    picture(&page, "decided-passed").await;

    let broken = stage.file(DEMO, "kustomize/staging/kustomization.yaml", "main").await;
    stage.branch(DEMO, "broken", "main").await;
    let broken = broken.replace("- ../base", "- ../bass");
    stage.write_file(DEMO, "broken", "kustomize/staging/kustomization.yaml", &broken).await;
    let pull = stage.open_pull("ada", DEMO, "broken").await;
    let page = window.visit(&stage.page_of(pull["number"].as_u64().unwrap()).await).await;
    until(&page, "#verdict .badge", "Blocked").await;
    until(&page, "#found", "kustomize/staging/kustomization.yaml:").await;
    until(&page, ".trouble", "would not render").await;
    picture(&page, "decided-blocked").await;

    let page = window.visit(&format!("{}x", &url[..url.len() - 1])).await;
    until(&page, "h1", "This link opens nothing").await;
    picture(&page, "decided-lost").await;
    window.close().await;
    stage.finish().await;
}
