//! `scope`: what is rendered changes in nothing but the promoted images.

use crate::stage::people::overlay;
use crate::stage::{DEMO, Stage};

/// Has the prod overlay take the frontend's image elsewhere, into a text that is there already.
async fn replacement(stage: &Stage, options: &str) {
    let text = stage.file(DEMO, &overlay("prod"), "main").await;
    let text = text.split("\nreplacements:").next().unwrap().to_owned();
    let text = format!(
        "{text}
replacements:
  - source: {{kind: Deployment, name: frontend, fieldPath: 'spec.template.spec.containers.[name=server].image'{options}}}
    targets:
      - select: {{kind: Deployment, name: frontend}}
        fieldPaths: [metadata.labels.release]
        options: {{create: true}}
"
    );
    stage.write_file(DEMO, "main", &overlay("prod"), &text).await;
    stage.idle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extra_edit_is_named_by_object_and_field() {
    let stage = Stage::with_staging("v1.0.1").await;
    let text = stage.file(DEMO, &overlay("prod"), "main").await;
    let bumped = text.replace("newTag: v1.0.0", "newTag: v1.0.1");
    stage.branch(DEMO, "bump", "main").await;
    stage.push("ada", "bump", &overlay("prod"), &bumped).await;
    let bump = stage.open_pull("ada", DEMO, "bump").await["number"].as_u64().unwrap();
    stage.is_red(bump, "| `scope` | `prod` | only promoted images change |").await;

    let extra = bumped.replacen("count: 2", "count: 3", 1);
    stage.push("ada", "bump", &overlay("prod"), &extra).await;
    stage
        .is_red(bump, "`kustomize/prod/kustomization.yaml` changes in more than promoted images")
        .await;
    stage.is_red(bump, "`Deployment cartservice` in `spec.replicas`").await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_the_image_elsewhere_is_the_image_only_if_it_is_whole() {
    let mut stage = Stage::with_staging("v1.0.1").await;
    stage.rules(|old| format!("{old}    overrides: [\"@acme/sre\"]\n")).await;
    // The tag, whole.
    replacement(&stage, ", options: {delimiter: ':', index: 1}").await;
    stage.ask("ada", 1, "/promote prod").await;
    let prod = stage.open_number("v1.0.1 to prod").await;
    stage.is_red(prod, "| `scope` | `prod` | only promoted images change |").await;
    stage.ask("ada", prod, "/cancel").await;
    stage.restart().await;

    // A part of it is something else: the tag without its letter.
    replacement(&stage, ", options: {delimiter: ':v', index: 1}").await;
    stage.ask("ada", 1, "/promote prod").await;
    let prod = stage.open_number("v1.0.1 to prod").await;
    stage.is_red(prod, "`Deployment frontend` in `metadata.labels.release`").await;
    stage.ask("sam", prod, "/override scope the label is only for people").await;
    stage.is_red(prod, "overridden by `sam`").await;
    stage.approve(prod).await;
    stage.is_green(prod).await;
    stage.finish().await;
}
