//! `parity`: production differs from staging only where it may.

use crate::stage::people::overlay;
use crate::stage::{DEMO, Stage};
use usher::store::HistoryFilter;

const ALLOW: &str = "{Deployment: [metadata.labels.variant, spec.replicas, spec.template.spec.containers.image], \
                     Service: [metadata.labels.variant], Secret: [metadata.labels.variant], ServiceAccount: [metadata.labels.variant]}";

/// The text of `usher/gates` on a pull request.
async fn text(stage: &Stage, pr: u64) -> String {
    let (_, head) = stage.head_of(pr).await;
    let runs = stage.get(&format!("/repos/{DEMO}/commits/{head}/check-runs")).await;
    let mut runs = runs["check_runs"].as_array().unwrap().iter();
    let run = runs.find(|run| run["name"] == "usher/gates").unwrap();
    run["output"]["text"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_differs_is_named_and_its_values_are_shown_and_not_recorded() {
    let mut stage = Stage::with_staging("v1.0.1").await;
    let gate = format!("    gates: {{parity: {{with: staging, allow: {ALLOW}}}}}\n");
    stage.rules(|old| format!("{old}{gate}")).await;
    stage.ask("ada", 1, "/promote prod").await;
    let prod = stage.open_number("v1.0.1 to prod").await;
    stage.is_red(prod, "| `parity` | `prod` | as `staging` but for ").await;
    stage.approve(prod).await;
    stage.is_green(prod).await;
    stage.restart().await;

    // A Secret, and a patch whose value could be anything.
    let kustomization = stage.file(DEMO, &overlay("prod"), "main").await;
    let patch = "\npatches:\n  - target: {kind: Deployment, name: frontend}\n    patch: |-\n      \
                 - {op: add, path: /spec/template/spec/containers/0/env/-, value: {name: LOUD, value: \"hunter2 `@acme/qa`\"}}\n\
                 secretGenerator:\n  - {name: token, literals: [token=opensesame]}\n";
    stage.write_file(DEMO, "main", &overlay("prod"), &format!("{kustomization}{patch}")).await;
    stage.idle().await;
    stage.ask("ada", prod, "/validate").await;
    stage.is_red(prod, "differs from `staging`: ").await;
    stage.is_red(prod, "`Secret token` is only here").await;
    stage.is_red(prod, "`Deployment frontend` in `spec.template.spec.containers[server].env").await;
    let (_, summary) = stage.gates(prod).await;
    assert!(!summary.contains("hunter2"), "{summary}");
    let shown = text(&stage, prod).await;
    assert!(shown.contains("hunter2"), "{shown}");
    assert!(!shown.contains("opensesame") && !shown.contains("b3BlbnNlc2FtZQ"), "{shown}");
    let history = stage.store().history(&HistoryFilter::default()).await.unwrap();
    let recorded = serde_json::to_string(&history).unwrap();
    assert!(
        recorded.contains("differs from") && !recorded.contains("hunter2"),
        "values are not recorded"
    );

    // Staging is made alike.
    let staging = stage.file(DEMO, &overlay("staging"), "main").await;
    stage.write_file(DEMO, "main", &overlay("staging"), &format!("{staging}{patch}")).await;
    stage.idle().await;
    stage.ask("ada", prod, "/validate").await;
    stage.is_green(prod).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_rendered_is_not_alike() {
    let stage = Stage::with_staging("v1.0.1").await;
    let gate = format!("    gates: {{parity: {{with: staging, allow: {ALLOW}}}}}\n");
    stage.rules(|old| format!("{old}{gate}")).await;
    stage.ask("ada", 1, "/promote prod").await;
    let prod = stage.open_number("v1.0.1 to prod").await;
    let staging = stage.file(DEMO, &overlay("staging"), "main").await;
    let broken = format!("{staging}\npatches:\n  - path: nowhere.yaml\n");
    stage.write_file(DEMO, "main", &overlay("staging"), &broken).await;
    stage.idle().await;
    stage.ask("ada", prod, "/validate").await;
    stage
        .is_red(prod, "`kustomize/staging` cannot be rendered, so what differs is not known")
        .await;
    stage.finish().await;
}
