//! A reader gets nothing, the right people approve each in a way of their own, and production has it.

use crate::pages::browser::{Window, act_as, picture, press, until, until_there, write};
use crate::stage::{DEMO, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn the_right_people_let_it_into_production() {
    let Some(window) = Window::open().await else {
        return;
    };
    let (stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    let page = window.visit(&format!("{}/{DEMO}/pull/{prod}", stage.github.url())).await;

    // Eve only reads: she is offered no labels, and her word gives nothing.
    act_as(&page, "eve").await;
    until_there(&page, "#label-menu", false).await;
    super::say(&page, "/approve qa-approved").await;
    until(&page, "#timeline", "@eve You may not do that here").await;
    until(&page, ".reactions", "😕 1").await;
    picture(&page, "reader").await;
    stage.idle().await;
    assert_eq!(stage.labels(prod).await, ["usher", "env: prod"]);
    until(&page, "#merge-checks", "qa-approved").await;

    // Quinn puts the label on by mouse.
    act_as(&page, "quinn").await;
    press(&page, "#label-menu > summary").await;
    write(&page, "#label-menu input[name=label]", "qa-approved").await;
    press(&page, "#label-menu button[data-main]").await;
    until(&page, "#labels-box", "qa-approved").await;
    until(&page, "#merge-checks", "Needs pm-approved from pat").await;
    picture(&page, "half").await;

    // Pat says it.
    act_as(&page, "pat").await;
    super::say(&page, "/approve pm-approved").await;
    until(&page, "#timeline", "pm-approved is recorded as yours").await;
    until(&page, "#merge-box", "All checks have passed").await;
    until(&page, "#timeline", "v1.0.1 may go to prod: every gate has passed.").await;
    picture(&page, "green").await;

    act_as(&page, "ada").await;
    super::say(&page, "/merge").await;
    until(&page, "main .badge", "Merged").await;
    until(&page, "#timeline", "@ada #2 is merged").await;
    until(&page, "#timeline", "Merged: prod has v1.0.1 now.").await;
    until_there(&page, "#ending form.mergerow", false).await;
    picture(&page, "merged").await;
    window.close().await;
    stage.idle().await;
    assert_eq!(stage.runs("prod").await, "v1.0.1 x9");
    stage.finish().await;
}
