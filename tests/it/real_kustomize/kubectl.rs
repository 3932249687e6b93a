//! The real Kustomize in `kubectl`, with a Helm that is a script; skipped where this machine has none.

use std::path::Path;

use usher::model::bundle::{NotPrinted, Printed};
use usher::real_kustomize::Options;

use super::{KUBECTL, bundle, options, print, script, workshop};

const DEPLOYMENT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n";

/// A Helm that has one chart.
pub const HELM: &str = "[ \"$1\" = version ] && echo v3.14.0 && exit\n\
    printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata:\\n  name: from-helm\\ndata:\\n  by: \"%s\"\\n' \"$1\"";

async fn kubectl(files: &[(&str, &str)], helm: Option<&str>) -> Option<Printed> {
    if !Path::new(KUBECTL).exists() {
        println!("skipped: there is no {KUBECTL}");
        return None;
    }
    let folder = workshop();
    let helm = helm.map(|text| script(folder.path(), "helm", text));
    let options = Options { helm, memory_mb: 512, ..options(&[KUBECTL, "kustomize"]) };
    Some(print(options, &bundle("deploy", files)).await)
}

#[tokio::test]
async fn it_renders() {
    let files = [
        ("base/x.yaml", DEPLOYMENT),
        ("base/kustomization.yaml", "resources: [x.yaml]\n"),
        ("deploy/kustomization.yaml", "namePrefix: my-\nresources: [../base]\n"),
    ];
    let Some(printed) = kubectl(&files, None).await else { return };
    assert_eq!(printed.unwrap().as_ref(), DEPLOYMENT.replace("name: x", "name: my-x"));
}

#[tokio::test]
async fn it_runs_the_helm_that_is_allowed_and_none_otherwise() {
    let files = [
        ("deploy/charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        ("deploy/charts/web/values.yaml", "{}\n"),
        (
            "deploy/kustomization.yaml",
            "helmCharts: [{name: web, releaseName: w}]\nnamePrefix: my-\n",
        ),
    ];
    let Some(printed) = kubectl(&files, Some(HELM)).await else { return };
    let printed = printed.unwrap();
    assert!(
        printed.contains("name: my-from-helm") && printed.contains("by: template"),
        "{printed}"
    );
    let without = kubectl(&files, None).await.unwrap();
    assert!(
        matches!(&without, Err(NotPrinted::Failed(said)) if said.contains("--enable-helm")),
        "{without:?}"
    );
}

#[tokio::test]
async fn it_fetches_nothing() {
    for remote in ["https://github.com/acme/base?ref=v1", "https://127.0.0.1/x.yaml"] {
        let overlay = format!("resources: [\"{remote}\"]\n");
        let files = [("deploy/kustomization.yaml", overlay.as_str())];
        let Some(printed) = kubectl(&files, None).await else { return };
        let Err(NotPrinted::Failed(said)) = printed else { panic!("{printed:?}") };
        assert!(!said.contains("usher-kustomize-"), "{said}");
    }
}

#[tokio::test]
async fn it_has_the_memory_that_it_is_given() {
    let large = format!("data:\n  x: \"{}\"\n", "y".repeat(1 << 20));
    let objects: Vec<String> = (0..40)
        .map(|n| format!("{}{large}", DEPLOYMENT.replace("name: x", &format!("name: x{n}"))))
        .collect();
    let objects = objects.join("---\n");
    let files = [
        ("deploy/x.yaml", objects.as_str()),
        ("deploy/kustomization.yaml", "resources: [x.yaml]\n"),
    ];
    if !Path::new(KUBECTL).exists() {
        println!("skipped: there is no {KUBECTL}");
        return;
    }
    let little = Options { memory_mb: 64, output_mb: 64, ..options(&[KUBECTL, "kustomize"]) };
    let said = print(little, &bundle("deploy", &files)).await;
    let Err(NotPrinted::Failed(said)) = said else { panic!("it has more than it was given") };
    assert!(said.contains("memory"), "{said}");
}
