//! What is reported on a commit: read whole, the newest of each, and with who reported it.

use serde_json::{Value, json};
use usher::model::report::{DeployState, StatusState};

use super::Stage;

#[tokio::test]
async fn of_what_is_reported_on_a_commit_the_newest_of_each_is_read() {
    let stage = Stage::set().await;
    let head = stage.repo.head("main").await.unwrap().unwrap();
    let ci = stage.sandbox.token_of("ci").unwrap();
    let other = stage.sandbox.token_of("other").unwrap();
    let run = async |who: &str, name: &str, more: Value| {
        let mut body = json!({"name": name, "head_sha": head});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        stage.by(who, "POST", "/check-runs", body).await;
    };
    let green = || json!({"conclusion": "success"});
    for number in 0..101 {
        run(&ci, &format!("job {number}"), green()).await;
    }
    let output = json!({"title": "t", "summary": "s", "text": "x"});
    run(&ci, "build", json!({"conclusion": "success", "output": output})).await;
    run(&other, "build", json!({"conclusion": "failure", "output": output})).await;
    run(&ci, "build", json!({"status": "queued"})).await;
    let status = async |who: &str, context: &str, state: &str| {
        let body = json!({"context": context, "state": state, "description": "d"});
        stage.by(who, "POST", &format!("/statuses/{head}"), body).await;
    };
    status("ada", "lint", "failure").await;
    status(&other, "LINT", "success").await;

    let reports = stage.repo.reports(&head).await.unwrap();
    assert!(reports.complete);
    assert_eq!(reports.runs.len(), 103);
    let build: Vec<_> = reports.runs.iter().filter(|run| run.name == "build").collect();
    let shown = |slug: &str| build.iter().find(|run| run.slug.as_deref() == Some(slug)).unwrap();
    assert_eq!(shown("ci").conclusion, None);
    let failed = shown("other");
    let said = [&failed.title, &failed.summary, &failed.text].map(|text| text.as_deref().unwrap());
    assert_eq!(said, ["t", "s", "x"]);
    assert!(failed.started.is_some() && failed.url.as_deref().unwrap().contains("/runs/"));
    let [lint] = &reports.statuses[..] else { panic!("{:?}", reports.statuses) };
    assert_eq!((lint.context.as_str(), lint.state), ("LINT", StatusState::Success));
    assert_eq!(lint.creator.as_ref().unwrap().login.as_str(), "other[bot]");
    stage.strike().await;
}

#[tokio::test]
async fn how_a_deployment_went_is_what_was_said_of_the_newest_one() {
    let stage = Stage::set().await;
    let head = stage.repo.head("main").await.unwrap().unwrap();
    let ci = stage.sandbox.token_of("ci").unwrap();
    let deploy = async |environment: &str, states: &[&str]| {
        let body = json!({"ref": head, "environment": environment, "required_contexts": [], "auto_merge": false});
        let made = stage.by(&ci, "POST", "/deployments", body).await;
        for state in states {
            let path = format!("/deployments/{}/statuses", made["id"]);
            stage.by(&ci, "POST", &path, json!({"state": state})).await;
        }
    };
    let went = async || {
        let all = stage.repo.deployed(&head, "staging").await.unwrap();
        all.into_iter().map(|one| (one.task, one.state)).collect::<Vec<_>>()
    };
    assert_eq!(went().await, []);
    deploy("prod", &["failure"]).await;
    assert_eq!(went().await, []);
    deploy("Staging", &["failure"]).await;
    deploy("Staging", &["in_progress", "success", "inactive"]).await;
    assert_eq!(went().await, [("deploy".to_owned(), Some(DeployState::Success))]);
    deploy("Staging", &[]).await;
    assert_eq!(went().await, [("deploy".to_owned(), None)]);
    stage.strike().await;
}
