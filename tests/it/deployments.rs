//! Deployments that wait for us: they get the verdict of the pull request that brings their commit.

use serde_json::json;

use crate::stage::{DEMO, Stage};

/// What was said last to a run that waits: the verdict, and why.
async fn said(stage: &Stage, run: u64) -> (String, String) {
    stage.idle().await;
    let all = stage.github.said_to_deployment(run);
    let (state, comment) = all.last().cloned().unwrap_or_default();
    (state.unwrap_or_else(|| "waiting".to_owned()), comment)
}

fn deploy(stage: &Stage, git_ref: &str, environment: &str) -> u64 {
    stage.github.deploy("ada", "microservices-demo", git_ref, environment).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_waits_as_its_pull_request_does_and_is_approved_with_it() {
    let (stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    let (branch, _) = stage.head_of(prod).await;
    let run = deploy(&stage, &branch, "prod");
    let (state, comment) = said(&stage, run).await;
    assert_eq!(state, "waiting", "{comment}");
    assert!(comment.contains("qa-approved"), "{comment}");
    // What does not change is not said again.
    stage.travel(6 * 60).await;
    assert_eq!(stage.github.said_to_deployment(run).len(), 1);
    stage.approve(prod).await;
    assert_eq!(said(&stage, run).await.0, "approved");
    // Merged, it stands by the verdict that it was merged with; a lock stops it all the same.
    stage.ask("ada", prod, "/merge").await;
    assert_eq!(stage.state(prod).await, "merged");
    let run = deploy(&stage, "main", "prod");
    assert_eq!(said(&stage, run).await.0, "approved");
    stage.ask("quinn", prod, "/lock prod the fair").await;
    let run = deploy(&stage, "main", "prod");
    assert_eq!(said(&stage, run).await.0, "waiting");
    stage.ask("quinn", prod, "/unlock prod").await;
    stage.travel(6 * 60).await;
    assert_eq!(said(&stage, run).await.0, "approved");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_held_against_the_gates_is_rejected() {
    let (stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    for (git_ref, environment, why) in
        [("main", "prod", "no merged one brought it"), ("main", "production", "no environment")]
    {
        let run = deploy(&stage, git_ref, environment);
        let (state, comment) = said(&stage, run).await;
        assert_eq!(state, "rejected", "{comment}");
        assert!(comment.contains(why), "{comment}");
    }
    // By an administrator around the gates.
    stage.merge(DEMO, prod).await;
    let run = deploy(&stage, "main", "prod");
    let (state, comment) = said(&stage, run).await;
    assert_eq!(state, "rejected", "{comment}");
    assert!(comment.contains("although its gates had not passed"), "{comment}");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_merged_is_not_let_into_another_environment() {
    let (stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.ask("quinn", prod, "/lock prod the fair").await;
    stage.branch(DEMO, "words", "main").await;
    stage.push("ada", "words", ".github/workflows/own.yml", "on: push\n").await;
    let words = stage.open_pull("ada", DEMO, "words").await["number"].as_u64().unwrap();
    stage.idle().await;
    stage.is_green(words).await;
    for environment in ["prod", "staging"] {
        let run = deploy(&stage, "words", environment);
        let (state, comment) = said(&stage, run).await;
        assert_eq!(state, "rejected", "{comment}");
        assert!(comment.contains("changes nothing in"), "{comment}");
    }
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_an_event_names_is_not_called() {
    let (stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    let (_, head) = stage.head_of(prod).await;
    let trap = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let address = trap.local_addr().unwrap();
    let event = |url: String| {
        json!({
            "action": "requested", "environment": "prod", "event": "push",
            "deployment": {"sha": head}, "deployment_callback_url": url,
        })
    };
    let evil = format!("http://{address}/repos/{DEMO}/actions/runs/7/deployment_protection_rule");
    stage.deliver_alone("deployment_protection_rule", event(evil)).await;
    stage.deliver_alone("deployment_protection_rule", event(format!("http://{address}/x"))).await;
    stage.idle().await;
    assert!(trap.accept().is_err(), "it was called");
    let asked = stage.github.requests().into_iter();
    let asked =
        asked.filter(|seen| seen.path.ends_with("/actions/runs/7/deployment_protection_rule"));
    assert_eq!(asked.count(), 1, "GitHub was");
    stage.finish().await;
}
