//! `drift`: what came around the gates is seen, named, and stays seen until it is put right.

use serde_json::json;

use crate::stage::people::overlay;
use crate::stage::{DEMO, Stage};

const GATES: &str =
    "    argocd: {server: main, application: prod-microservices-demo}\n    gates: {drift: true}\n";

async fn asked() -> (Stage, u64) {
    let stage = Stage::with_staging("v1.0.1").await;
    stage.rules(|text| format!("{}\n{GATES}", text.trim_end())).await;
    stage.ask("ada", 1, "/promote prod").await;
    let pr = stage.open_number("v1.0.1 to prod").await;
    stage.approve(pr).await;
    (stage, pr)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_around_the_gates_keeps_production_shut() {
    let (mut stage, pr) = asked().await;
    stage.travel(60).await;
    stage.is_green(pr).await;
    // Sam, whom the protection does not bind, sets one image by hand.
    let text = stage.file(DEMO, &overlay("prod"), "main").await;
    let by_hand = text.replacen("newTag: v1.0.0", "newTag: v0.9.9", 1);
    let push = stage.push("sam", "main", &overlay("prod"), &by_hand).await;
    stage.restart().await;
    stage.is_red(pr, "`cartservice` from").await;
    let (_, said) = stage.gates(pr).await;
    assert!(said.contains(":v1.0.0` to `"), "{said}");
    assert!(said.contains(&format!("(`{}` by `sam`)", &push[..7])), "{said}");
    // And a file that it builds on.
    let base = "kustomize/base/frontend.yaml";
    let frontend = stage.file(DEMO, base, "main").await;
    stage.push("sam", "main", base, &format!("{frontend}# by hand\n")).await;
    stage.ask("ada", pr, "/validate").await;
    stage.is_red(pr, "`kustomize/base/frontend.yaml` changed").await;
    // Put right, it is as it was left.
    stage.push("sam", "main", base, &frontend).await;
    stage.push("sam", "main", &overlay("prod"), &text).await;
    stage.travel(130).await;
    stage.ask("ada", pr, "/validate").await;
    let (conclusion, said) = stage.gates(pr).await;
    assert!(
        !said.contains("differs from what the last accepted merge left"),
        "{conclusion} {said}"
    );
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_that_passed_is_where_it_goes_on_from_and_one_that_did_not_is_drift() {
    let (mut stage, pr) = asked().await;
    stage.ask("ada", pr, "/merge").await;
    assert_eq!(stage.state(pr).await, "merged", "{}", stage.gates(pr).await.1);
    stage.restart().await;
    // What a gated merge brought is no drift for the next one.
    stage.to_staging("v1.0.2").await;
    stage.travel(60).await;
    stage.ask("ada", 1, "/promote prod").await;
    let next = stage.open_number("v1.0.2 to prod").await;
    let (_, said) = stage.gates(next).await;
    assert!(said.contains("`prod` is as the last accepted merge left it"), "{said}");
    // An administrator merges another one past its red gates.
    stage.restart().await;
    stage.branch(DEMO, "by-hand", "main").await;
    let text = stage.file(DEMO, &overlay("prod"), "main").await;
    stage
        .push(
            "ada",
            "by-hand",
            &overlay("prod"),
            &text.replacen("newTag: v1.0.1", "newTag: v1.0.0", 1),
        )
        .await;
    let around = stage.open_pull("ada", DEMO, "by-hand").await["number"].as_u64().unwrap();
    stage.is_red(around, "approv").await;
    stage.merge(DEMO, around).await;
    stage.restart().await;
    stage.ask("ada", next, "/validate").await;
    stage.is_red(next, "differs from what the last accepted merge left: `cartservice` from").await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_argo_cd_finds_changed_by_hand_is_drift() {
    let (stage, pr) = asked().await;
    stage.travel(60).await;
    stage.is_green(pr).await;
    stage.change(
        "prod",
        &usher::sandbox::ApplicationChange {
            automated: Some(false),
            touched: Some(true),
            ..Default::default()
        },
    );
    stage.travel(310).await;
    stage.is_red(pr, "`prod` is out of sync with the default branch").await;
    let token = stage.github.argocd_token("admin").unwrap();
    let path = "/api/v1/applications/prod-microservices-demo/sync";
    assert_eq!(stage.argo(&token, "POST", path, Some(json!({}))).await.0, 200);
    stage.travel(130).await;
    stage.is_green(pr).await;
    stage.finish().await;
}
