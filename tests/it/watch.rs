//! What was promoted is watched for a while, and goes back by itself where it turns out ill: once, and by its gates.

use serde_json::json;
use usher::sandbox::ApplicationChange;

use crate::stage::people::CONFIG;
use crate::stage::{DEMO, Stage};

/// Staging goes back by itself when what production asks for fails there.
async fn watched(gates: &str) -> Stage {
    let stage = Stage::start().await;
    stage
        .rules(|old| {
            let back = format!(
                "    promote: automatic\n    owners: {{verification: \"@acme/qa\", fallback: \"@acme/sre\"}}\n    \
                 rollback: {{by: [\"@acme/sre\"], gates: [{gates}], on: [verified], watch: 30m}}\n"
            );
            let old = old.replacen("    promote: automatic\n", &back, 1);
            format!("{old}    gates: {{verified: [smoke, uat]}}\n")
        })
        .await;
    stage
}

/// The titles of all pull requests that go back, open or not.
async fn ways_back(stage: &Stage) -> Vec<String> {
    let pulls = stage.pulls(DEMO).await;
    let titles = pulls.iter().map(|pull| pull["title"].as_str().unwrap().to_owned());
    titles.filter(|title| title.starts_with("Roll back")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_its_verification_goes_back_by_itself_once() {
    let mut stage = watched("kustomize").await;
    let staging = stage.to_staging("v1.0.1").await;
    let landed = stage.landed(staging).await;
    stage.concluded("ci", &landed, "smoke", "success").await;
    stage.travel(31).await;
    assert!(ways_back(&stage).await.is_empty());
    stage.restart().await;
    stage.concluded("ci", &landed, "smoke", "failure").await;
    stage.travel(31).await;
    stage.until("way back", async || stage.runs("staging").await == "v1.0.0 x9").await;
    stage.idle().await;
    assert_eq!(ways_back(&stage).await, ["Roll back microservices-demo to v1.0.0 in staging"]);
    let told = stage.comments(DEMO, staging).await;
    let told = told.iter().find(|(_, text)| text.contains("usher:watch")).unwrap();
    for words in ["@acme/sre: **`v1.0.1` is ill in `staging`.**", "[`smoke`](", "undoes this one"] {
        assert!(told.1.contains(words), "{words}: {}", told.1);
    }
    let pulls = stage.pulls(DEMO).await;
    let back =
        pulls.iter().find(|pull| pull["title"].as_str().unwrap().starts_with("Roll")).unwrap();
    assert_eq!(back["merged_by"]["login"].as_str().or(Some("usher[bot]")), Some("usher[bot]"));
    assert!(back["body"].as_str().unwrap().contains("smoke failed"), "{}", back["body"]);
    // It is bad there now, nothing comes by itself, and nothing goes round.
    stage.restart().await;
    for _ in 0..3 {
        stage.travel(11 * 60).await;
    }
    assert_eq!(ways_back(&stage).await.len(), 1);
    assert_eq!(stage.open_titles(DEMO).await, [""; 0]);
    assert_eq!(stage.runs("staging").await, "v1.0.0 x9");
    let again = stage.ask("ada", staging, "/promote staging v1.0.1").await;
    assert!(again.contains("#"), "{again}");
    let again = stage.open_number("v1.0.1 to staging").await;
    stage.is_red(again, "`bad-version`").await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn its_gates_stand_and_what_comes_too_late_or_was_replaced_changes_nothing() {
    let stage = watched("kustomize, approvals").await;
    stage
        .rules(|old| {
            let asks = "    promote: automatic\n    approvals: [{label: ok, by: [sam]}]\n";
            old.replacen("    promote: automatic\n", asks, 1)
        })
        .await;
    stage.publish(DEMO, "v1.0.1").await;
    let staging = stage.open_number("v1.0.1 to staging").await;
    stage.ask("sam", staging, "/approve ok").await;
    stage.merge(DEMO, staging).await;
    stage.idle().await;
    let landed = stage.landed(staging).await;
    // A person who finds it to fail counts like a machine.
    stage.ask("quinn", staging, "/verified uat --failed").await;
    stage.travel(31).await;
    let back = stage.open_number("Roll back").await;
    stage.is_red(back, "`ok` is missing").await;
    stage.travel(600).await;
    assert_eq!(stage.state(back).await, "open", "people have to let it through");
    stage
        .act("ada", "PATCH", &format!("/repos/{DEMO}/pulls/{back}"), json!({"state": "closed"}))
        .await;
    stage.travel(60).await;
    assert_eq!(ways_back(&stage).await.len(), 1, "closed by a person, it does not come again");

    let next = stage.to_approved_staging("v1.0.2").await;
    stage.concluded("ci", &landed, "smoke", "failure").await;
    stage.travel(31 * 60).await;
    let landed = stage.landed(next).await;
    stage.concluded("ci", &landed, "smoke", "failure").await;
    stage.travel(31).await;
    assert_eq!(ways_back(&stage).await.len(), 1, "after half an hour people decide");
    stage.finish().await;
}

impl Stage {
    /// Has a version approved and merged into staging.
    async fn to_approved_staging(&self, tag: &str) -> u64 {
        self.publish(DEMO, tag).await;
        let staging = self.open_number(&format!("{tag} to staging")).await;
        self.ask("sam", staging, "/approve ok").await;
        self.merge(DEMO, staging).await;
        self.idle().await;
        staging
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_falls_ill_for_more_than_a_moment_goes_back() {
    let stage = Stage::without_bot().await;
    let text = stage.file(DEMO, CONFIG, "main").await;
    let staging = "    argocd: {server: main, application: staging-microservices-demo}\n    rollback: {on: [health], watch: 10m}\n";
    let text = text.replacen("  - name: prod\n", &format!("{staging}  - name: prod\n"), 1);
    stage.write_file(DEMO, "main", CONFIG, &text).await;
    let mut stage = stage;
    stage.start_bot().await;
    stage.surveyed().await;
    // Ill with what was there before says nothing of what comes.
    stage.set_health("staging", "Degraded");
    let promoted = stage.to_staging("v1.0.1").await;
    stage.set_health("staging", "Healthy");
    stage.travel(31).await;
    // For a moment, in which it is looked at.
    stage.travel(25).await;
    stage.set_health("staging", "Degraded");
    stage.travel(10).await;
    stage.set_health("staging", "Healthy");
    stage.travel(40).await;
    assert!(ways_back(&stage).await.is_empty());
    let ill = ApplicationChange {
        health: Some("Degraded".to_owned()),
        message: Some("CrashLoopBackOff".to_owned()),
        ..Default::default()
    };
    stage.change("staging", &ill);
    stage.travel(31).await;
    stage.travel(31).await;
    stage.until("way back", async || stage.runs("staging").await == "v1.0.0 x9").await;
    stage.idle().await;
    let told = stage.comments(DEMO, promoted).await;
    assert!(told.iter().any(|(_, text)| text.contains("CrashLoopBackOff")), "{told:?}");
    // The version before may be ill as well: that is for people.
    stage.travel(60).await;
    stage.travel(60).await;
    assert_eq!(ways_back(&stage).await.len(), 1);
    stage.finish().await;
}
