//! `health`, and what "runs" means where Argo CD deploys: nothing goes on before it is synced and healthy.

use serde_json::json;
use usher::sandbox::ApplicationChange;

use crate::stage::people::CONFIG;
use crate::stage::{DEMO, Stage};

/// The rules of the demo, with Applications for both environments; staging's may be another one.
fn rules(text: &str, application: &str) -> String {
    let staging = format!("    argocd: {{server: main, application: {application}}}\n");
    let prod = "    argocd: {server: main, application: prod-microservices-demo}\n    gates: {health: true}\n";
    let text = text.replacen("  - name: prod\n", &format!("{staging}  - name: prod\n"), 1);
    format!("{}\n{prod}", text.trim_end())
}

/// Staging runs a version that its Application says nothing good of yet, and production is asked for.
async fn asked(application: &str) -> (Stage, u64) {
    let mut stage = Stage::without_bot().await;
    let text = stage.file(DEMO, CONFIG, "main").await;
    stage.write_file(DEMO, "main", CONFIG, &rules(&text, application)).await;
    let slow = ApplicationChange { takes: Some(600), ..Default::default() };
    stage.change("staging", &slow);
    stage.stands_in_staging("v1.0.1").await;
    stage.act("ada", "POST", &format!("/repos/{DEMO}/issues"), json!({"title": "Talk"})).await;
    stage.start_bot().await;
    stage.surveyed().await;
    stage.ask("ada", 1, "/promote prod").await;
    let pr = stage.open_number("v1.0.1 to prod").await;
    stage.approve(pr).await;
    (stage, pr)
}

#[tokio::test(flavor = "multi_thread")]
async fn production_waits_until_staging_is_synced_and_healthy() {
    let (stage, pr) = asked("staging-microservices-demo").await;
    stage.is_red(pr, "`staging` is being synced (`staging-microservices-demo`)").await;
    // It is synced and comes up; the bot looks again by itself.
    stage.travel(400).await;
    stage.is_red(pr, "is synced and comes up").await;
    let (conclusion, _) = stage.gates(pr).await;
    assert_ne!(conclusion, "failure", "it only has to wait");
    stage.travel(400).await;
    stage.is_green(pr).await;
    let (_, text) = stage.gates(pr).await;
    assert!(
        text.contains("`staging` is synced and healthy (`staging-microservices-demo`)"),
        "{text}"
    );
    assert!(text.contains("As things are, `prod` is synced and healthy"), "{text}");
    // What was healthy falls ill: the green verdict is read again within minutes.
    let ill = ApplicationChange {
        health: Some("Degraded".to_owned()),
        message: Some("CrashLoopBackOff @acme/sre <script>".to_owned()),
        ..Default::default()
    };
    stage.change("staging", &ill);
    stage.travel(310).await;
    stage.is_red(pr, "`staging` is degraded (`staging-microservices-demo`)").await;
    let (conclusion, text) = stage.gates(pr).await;
    assert_eq!(conclusion, "failure", "{text}");
    assert!(text.contains("`CrashLoopBackOff @acme/sre <script>`"), "inert: {text}");
    stage.set_health("staging", "Healthy");
    stage.travel(130).await;
    stage.is_green(pr).await;
    // How production itself is doing stops nobody: a promotion may be what heals it.
    stage.set_health("prod", "Degraded");
    stage.travel(310).await;
    stage.is_green(pr).await;
    // Nobody answers: what is not known is not passed.
    stage.github.set_argocd_down(true);
    stage.travel(310).await;
    stage.is_red(pr, "Argo CD cannot be reached").await;
    stage.github.set_argocd_down(false);
    stage.travel(60).await;
    stage.is_green(pr).await;
    let requests = stage.github.argocd_requests();
    assert!(requests.iter().all(|one| one.method == "GET" && one.who.as_deref() == Some("usher")));
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_is_not_the_overlays_own_counts_for_nothing() {
    // Healthy as can be, and another environment's.
    let (stage, pr) = asked("dev-microservices-demo").await;
    stage.is_red(pr, "`staging` is not what `dev-microservices-demo` deploys").await;
    let named =
        |name: &'static str| move |text: String| text.replace("dev-microservices-demo", name);
    // The operator has not given it to this repository, whatever it is.
    stage.rules(named("shop-prod")).await;
    stage.is_red(pr, "the operator does not let this repository name `shop-prod`").await;
    stage
        .rules(|text| {
            text.replace(
                "server: main, application: shop-prod",
                "server: other, application: shop-prod",
            )
        })
        .await;
    stage.is_red(pr, "its Argo CD is not in the operator's settings").await;
    stage
        .rules(|text| {
            text.replace(
                "server: other, application: shop-prod",
                "server: main, application: gone-microservices-demo",
            )
        })
        .await;
    stage.is_red(pr, "Argo CD does not let `gone-microservices-demo` be seen").await;
    let asked: Vec<String> =
        stage.github.argocd_requests().into_iter().map(|one| one.path).collect();
    assert!(!asked.iter().any(|path| path.contains("shop-prod")), "nobody asked: {asked:?}");
    stage.finish().await;
}
