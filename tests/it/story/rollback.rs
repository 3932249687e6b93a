//! At two in the morning somebody takes a release back, sees what that means, and undoes it when it was not the
//! release after all.

use crate::pages::browser::{Window, act_as, picture, press, until};
use crate::stage::{DEMO, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_taken_back_and_comes_again() {
    let Some(window) = Window::open().await else {
        return;
    };
    let (stage, prod) = Stage::with_prod("v1.0.1").await;
    let base = stage.github.url();
    let page = window.visit(&format!("{base}/{DEMO}/pull/{prod}")).await;

    act_as(&page, "sam").await;
    super::say(&page, "/rollback --reason checkout loses carts").await;
    let back = prod + 1;
    until(&page, "#timeline", &format!("@sam #{back} is open")).await;
    picture(&page, "rollback-asked").await;
    press(&page, &format!("#timeline a[href$='/pull/{back}']")).await;
    until(&page, "main", "Roll back microservices-demo to v1.0.0 in prod").await;
    until(&page, "main", "checkout loses carts").await;
    until(&page, "#merge-box", "All checks have passed").await;
    until(&page, "#timeline", "v1.0.0 may come back to prod: every gate has passed.").await;
    picture(&page, "rollback").await;
    press(&page, "#merge-box button[value=merge]").await;
    until(&page, "main .badge", "Merged").await;
    until(&page, "#timeline", "prod is back at v1.0.0.").await;
    until(&page, "#timeline", "/unhold prod lifts that").await;
    assert_eq!(stage.runs("prod").await, "v1.0.0 x9");

    super::say(&page, "/status").await;
    until(&page, "#timeline", "@sam this is how things stand.").await;
    until(&page, "#timeline", "v1.0.1 is bad here, by sam (rolled back by #3").await;
    until(&page, "#timeline", "held against automatic promotions by sam").await;
    picture(&page, "rollback-status").await;

    // It was not the release: the same word on the rollback undoes it.
    super::say(&page, "/rollback").await;
    let forth = back + 1;
    until(&page, "#timeline", &format!("@sam #{forth} is open")).await;
    press(&page, &format!("#timeline a[href$='/pull/{forth}']")).await;
    until(&page, "main", "to v1.0.1 in prod").await;
    until(&page, "main", "After the merge, what #3 said against a version or held in prod").await;
    until(&page, "#merge-box", "All checks have passed").await;
    picture(&page, "undo").await;
    press(&page, "#merge-box button[value=merge]").await;
    until(&page, "main .badge", "Merged").await;
    stage.idle().await;
    assert_eq!(stage.runs("prod").await, "v1.0.1 x9");
    super::say(&page, "/status prod").await;
    until(&page, "#timeline", "@sam this is how things stand.").await;
    picture(&page, "undone-status").await;
    window.close().await;
    let status = stage.ask("ada", forth, "/status prod").await;
    assert!(!status.contains("is bad") && !status.contains("held"), "{status}");
    stage.finish().await;
}
