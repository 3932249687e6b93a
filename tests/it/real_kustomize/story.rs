//! The whole bot on the whole sandbox, with a chart in staging: what is promoted where the operator allows a real
//! Kustomize, and where not.

use std::path::Path;

use usher::app::{self, Role};
use usher::real_kustomize::Options;
use usher::settings::{OperatorFile, Settings};

use super::kubectl::HELM;
use super::{KUBECTL, options, script, workshop};
use crate::stage::people::overlay;
use crate::stage::{DEMO, Stage};

/// A stage whose operator allows this; staging holds a chart.
async fn with_chart(kustomize: Option<Options>) -> Stage {
    let mut stage = Stage::without_bot().await;
    let settings = Settings {
        operator: OperatorFile { kustomize, ..OperatorFile::default() },
        ..stage.settings(stage.github.api_url())
    };
    stage.adopt(app::start(settings, Role::All).await.unwrap());
    stage.surveyed().await;
    let chart = "apiVersion: v2\nname: web\nversion: 1.0.0\n";
    for (path, text) in [("Chart.yaml", chart), ("values.yaml", "{}\n")] {
        stage.write_file(DEMO, "main", &format!("kustomize/staging/charts/web/{path}"), text).await;
    }
    let staging = stage.file(DEMO, &overlay("staging"), "main").await;
    let staging = format!("{staging}helmCharts:\n- name: web\n  releaseName: w\n");
    stage.write_file(DEMO, "main", &overlay("staging"), &staging).await;
    stage.publish(DEMO, "v1.0.1").await;
    stage
}

/// The checks of the promotion to staging.
async fn checks(stage: &Stage) -> [(String, String, String); 2] {
    let number = stage.open_number("Promote microservices-demo v1.0.1 to staging").await;
    let head = stage.pull(number).await["head"]["sha"].as_str().unwrap().to_owned();
    [
        stage.check(DEMO, &head, "usher/kustomize").await,
        stage.check(DEMO, &head, "usher/gates").await,
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_is_seen_where_the_operator_allows_it() {
    if !Path::new(KUBECTL).exists() {
        println!("skipped: there is no {KUBECTL}");
        return;
    }
    let folder = workshop();
    let helm = Some(script(folder.path(), "helm", HELM));
    let stage = with_chart(Some(Options {
        helm,
        memory_mb: 512,
        output_mb: 16,
        ..options(&[KUBECTL, "kustomize"])
    }))
    .await;
    let [kustomize, gates] = checks(&stage).await;
    assert_eq!(
        (kustomize.0.as_str(), gates.0.as_str()),
        ("success", "success"),
        "{kustomize:?} {gates:?}"
    );
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_is_somebodys_choice_where_the_operator_does_not() {
    let elsewhere = Options { repositories: vec!["corp/*".to_owned()], ..options(&["/bin/true"]) };
    for kustomize in [None, Some(elsewhere)] {
        let stage = with_chart(kustomize).await;
        let [kustomize, gates] = checks(&stage).await;
        assert_eq!(
            (kustomize.0.as_str(), gates.0.as_str()),
            ("action_required", "action_required"),
            "{kustomize:?} {gates:?}"
        );
        assert!(kustomize.2.contains("Helm charts are not run here"), "{}", kustomize.2);
        assert!(kustomize.2.contains("`USHER_SETTINGS`"), "{}", kustomize.2);
        stage.finish().await;
    }
}
