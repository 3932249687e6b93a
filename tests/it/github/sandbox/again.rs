//! Checks, and writes whose answer is lost: what is done again finds what was made.

use serde_json::Value;
use usher::github::{BranchOutcome, CheckFilter};
use usher::model::ids::Sha;
use usher::model::read::{Conclusion, Severity};
use usher::model::write::{Annotation, Details, NewCheck, NewPull};
use usher::sandbox;

use super::{FILE, Stage};

fn new_check(head: &Sha, annotations: u32) -> NewCheck {
    NewCheck {
        name: "usher/kustomize".to_owned(),
        head: head.clone(),
        conclusion: Some(Conclusion::Failure),
        title: "title".to_owned(),
        summary: "summary".to_owned(),
        text: "x".repeat(70_000),
        annotations: (1..=annotations)
            .map(|line| Annotation {
                path: FILE.to_owned(),
                line,
                severity: Severity::Error,
                title: "code".to_owned(),
                message: "message".to_owned(),
            })
            .collect(),
        details: Details {
            url: Some("https://usher.example/why/1".to_owned()),
            text: String::new(),
            buttons: Vec::new(),
        },
    }
}

#[tokio::test]
async fn a_check_twice_is_a_check_once() {
    let stage = Stage::set().await;
    let (_, head, ..) = stage.open().await;
    let repo = &stage.repo;
    let first = repo.ensure_check(&new_check(&head, 70)).await.unwrap();
    stage.sandbox.clear_requests();
    let again = repo.ensure_check(&new_check(&head, 70)).await.unwrap();
    assert_eq!(again, first);
    let writes = stage.sandbox.requests();
    assert!(writes.iter().all(|seen| seen.method == "GET"), "{writes:?}");

    let mut passed = new_check(&head, 70);
    passed.conclusion = Some(Conclusion::Success);
    assert_eq!(repo.ensure_check(&passed).await.unwrap(), first);
    let filter = CheckFilter { name: Some("usher/kustomize".to_owned()), app: None };
    let runs = repo.check_runs(&head, &filter).await.unwrap();
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0].conclusion, Some(Conclusion::Success));
    let path = format!("/check-runs/{first}");
    let run = stage.by("ada", "GET", &path, Value::Null).await;
    assert_eq!(run["output"]["annotations_count"], 70);

    // annotations cannot be taken away: a new run says it, and is the one that counts
    let fewer = repo.ensure_check(&new_check(&head, 3)).await.unwrap();
    assert_ne!(fewer, first);
    let runs = repo.check_runs(&head, &filter).await.unwrap();
    assert_eq!((runs.len(), runs[0].id), (1, fewer));
    stage.strike().await;
}

/// The answer to a write is lost, though the write is done: the next try finds what it made.
#[tokio::test]
async fn a_lost_answer_is_not_a_second_write() {
    let stage = Stage::set().await;
    let lose = |method: &str, path: &str| {
        let fault = sandbox::Fault {
            method: Some(method.to_owned()),
            path: format!("/repos/acme/microservices-demo{path}"),
            nth: 1,
            times: 1,
            answer: sandbox::FaultAnswer::Lose,
        };
        stage.sandbox.fault(fault).unwrap();
    };
    lose("POST", "/git/refs");
    lose("PUT", "/contents/*");
    let branch = stage.new_branch().await;
    stage.repo.ensure_branch(&branch).await.unwrap_err();
    assert_eq!(stage.repo.head(&branch.branch).await.unwrap(), Some(branch.parent.clone()));
    stage.repo.ensure_branch(&branch).await.unwrap_err();
    let again = stage.repo.ensure_branch(&branch).await.unwrap();
    let BranchOutcome::Ours(head) = again else {
        panic!("{again:?}");
    };

    lose("POST", "/pulls");
    let pull = NewPull {
        branch: branch.branch.clone(),
        base: "main".to_owned(),
        title: branch.message.clone(),
        body: String::new(),
        labels: Vec::new(),
    };
    stage.repo.ensure_pull(&pull).await.unwrap_err();
    let number = stage.repo.ensure_pull(&pull).await.unwrap().number;
    assert_eq!(stage.repo.pulls_of_branch(&branch.branch).await.unwrap().len(), 1);

    lose("POST", "/check-runs");
    lose("PATCH", "/check-runs/*");
    let check = new_check(&head, 120);
    stage.repo.ensure_check(&check).await.unwrap_err();
    stage.repo.ensure_check(&check).await.unwrap_err();
    let id = stage.repo.ensure_check(&check).await.unwrap();
    let path = format!("/check-runs/{id}");
    let run = stage.by("ada", "GET", &path, Value::Null).await;
    assert_eq!(run["output"]["annotations_count"], 120);
    let runs = stage.repo.check_runs(&head, &CheckFilter::default()).await;
    assert_eq!(runs.unwrap().len(), 1);

    lose("POST", "/issues/*/comments");
    let ensure = || stage.repo.ensure_comment(number, "<!-- m -->", "text");
    ensure().await.unwrap_err();
    ensure().await.unwrap();
    assert_eq!(stage.repo.comments(number).await.unwrap().len(), 1);

    lose("DELETE", "/git/refs/heads/*");
    stage.repo.delete_branch(&branch.branch, &head).await.unwrap_err();
    assert!(stage.repo.delete_branch(&branch.branch, &head).await.unwrap());
    assert!(stage.sandbox.waiting_faults().is_empty());
    stage.strike().await;
}
