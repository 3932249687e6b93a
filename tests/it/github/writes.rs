//! Writing: what is made, what is left alone, and what becomes of races and interruptions.
//! That done twice equals done once is shown against the sandbox.

use serde_json::{Value, json};
use usher::fault::Fault;
use usher::github::BranchOutcome;
use usher::model::ids::PrNumber;
use usher::model::read::{Conclusion, Severity};
use usher::model::write::{Annotation, FileChange, NewBranch, NewCheck, NewPull};

use super::{Reply, Seen, Stub, bot, commit, pull, sha};

const REPO: &str = "/repos/acme/shop1";

fn new_branch() -> NewBranch {
    NewBranch {
        branch: "usher/x".to_owned(),
        parent: sha('0'),
        base_tree: sha('d'),
        files: vec![change("run.sh", b"new\n"), change("logo.png", &[0xff, 0x00])],
        message: "Promote shop".to_owned(),
    }
}

fn change(path: &str, content: &[u8]) -> FileChange {
    FileChange { path: path.to_owned(), content: content.to_vec() }
}

fn somebody() -> Value {
    json!({"id": 9, "login": "eve", "type": "User"})
}

/// A repository in which making the branch works; `head` is where it points to by the time of the
/// n-th look.
fn branch_script(
    seen: &Seen,
    before: usize,
    head: impl Fn(usize) -> Option<char>,
    claim: u16,
    head_commit: &Value,
) -> Option<Reply> {
    let entry =
        |path: &str, mode: &str, id: char| json!({"path": path, "mode": mode, "sha": sha(id)});
    let call = seen.call.replace(REPO, "");
    let blob = |text: &str| Some(Reply::Json(200, json!({"content": text, "encoding": "utf-8"})));
    match call.as_str() {
        "GET /git/ref/heads/usher/x" => head(before).map(|id| {
            let reference =
                json!({"ref": "refs/heads/usher/x", "object": {"sha": sha(id), "type": "commit"}});
            Reply::Json(200, reference)
        }),
        "POST /git/blobs" => Some(Reply::Json(201, json!({"sha": sha('b')}))),
        "POST /git/trees" => Some(Reply::Json(201, json!({"sha": sha('e')}))),
        "POST /git/commits" => Some(Reply::Json(201, json!({"sha": sha('c')}))),
        "POST /git/refs" => {
            Some(Reply::Json(claim, json!({"message": "Reference already exists"})))
        }
        _ if call.starts_with("GET /git/trees/dddd") => {
            Some(Reply::Json(200, json!({"tree": [entry("run.sh", "100755", '1')]})))
        }
        _ if call.starts_with("GET /git/trees/eeee") => Some(Reply::Json(
            200,
            json!({"tree": [entry("run.sh", "100755", '2'), entry("logo.png", "100644", '3')]}),
        )),
        _ if call.starts_with("GET /git/blobs/2222") => blob("new\n"),
        _ if call.starts_with("GET /git/blobs/3333") => {
            Some(Reply::Json(200, json!({"content": "/wA=", "encoding": "base64"})))
        }
        _ if call.starts_with("GET /commits/") => Some(Reply::Json(200, head_commit.clone())),
        _ => None,
    }
}

#[tokio::test]
async fn a_branch_is_made_of_one_signed_commit_that_keeps_modes_and_bytes() {
    let stub = Stub::start(|seen, n| branch_script(seen, n, |_| None, 201, &Value::Null)).await;
    let made = stub.repo().ensure_branch(&new_branch()).await.unwrap();
    assert_eq!(made, BranchOutcome::Made(sha('c')));
    let sent = |call: &str| stub.calls(&format!("POST {REPO}/git/{call}"))[0].body.clone();
    assert_eq!(
        sent("trees"),
        json!({"base_tree": sha('d'), "tree": [
            {"path": "run.sh", "mode": "100755", "type": "blob", "content": "new\n"},
            {"path": "logo.png", "mode": "100644", "type": "blob", "sha": sha('b')},
        ]})
    );
    assert_eq!(sent("blobs"), json!({"content": "/wA=", "encoding": "base64"}));
    // without author and committer GitHub signs
    assert_eq!(
        sent("commits"),
        json!({"message": "Promote shop", "tree": sha('e'), "parents": [sha('0')]})
    );
    assert_eq!(sent("refs"), json!({"ref": "refs/heads/usher/x", "sha": sha('c')}));
}

#[tokio::test]
async fn a_branch_is_ours_by_author_signature_message_and_content() {
    let ours = commit('f', &bot(), "Promote shop\n", true);
    let cases = [
        (ours.clone(), BranchOutcome::Ours(sha('f'))),
        (commit('f', &bot(), "Promote shop", false), BranchOutcome::Taken(sha('f'))),
        (commit('f', &somebody(), "Promote shop", true), BranchOutcome::Taken(sha('f'))),
        (commit('f', &bot(), "Promote all", true), BranchOutcome::Taken(sha('f'))),
    ];
    for (head, wanted) in cases {
        let script = move |seen: &Seen, n| branch_script(seen, n, |_| Some('f'), 500, &head);
        let stub = Stub::start(script).await;
        assert_eq!(stub.repo().ensure_branch(&new_branch()).await.unwrap(), wanted);
        assert_eq!(stub.count("POST /repos"), 0);
    }
    // the same message over other files
    let stub = Stub::start(move |seen, n| branch_script(seen, n, |_| Some('f'), 500, &ours)).await;
    let mut other = new_branch();
    other.files[0].content = b"other\n".to_vec();
    let outcome = stub.repo().ensure_branch(&other).await.unwrap();
    assert_eq!(outcome, BranchOutcome::Taken(sha('f')));
}

#[tokio::test]
async fn who_loses_the_race_for_a_name_looks_again() {
    let quicker = commit('f', &bot(), "Promote shop", true);
    let head = |before: usize| (before > 0).then_some('f');
    let stub = Stub::start(move |seen, n| branch_script(seen, n, head, 422, &quicker)).await;
    let outcome = stub.repo().ensure_branch(&new_branch()).await.unwrap();
    assert_eq!(outcome, BranchOutcome::Ours(sha('f')));

    // refused, and nothing is there: the refusal is what counts
    let stub = Stub::start(|seen, n| branch_script(seen, n, |_| None, 403, &Value::Null)).await;
    let fault = stub.repo().ensure_branch(&new_branch()).await.unwrap_err();
    assert!(matches!(fault, Fault::Denied(_)), "{fault}");
}

#[tokio::test]
async fn a_branch_that_moved_is_not_deleted() {
    let script = |seen: &Seen, n: usize| branch_script(seen, n, |_| Some('f'), 201, &Value::Null);
    let stub = Stub::start(script).await;
    assert!(!stub.repo().delete_branch("usher/x", &sha('a')).await.unwrap());
    assert!(stub.repo().delete_branch("gone", &sha('a')).await.unwrap());
    assert_eq!(stub.count("DELETE"), 0);
}

fn new_pull() -> NewPull {
    NewPull {
        branch: "usher/x".to_owned(),
        base: "main".to_owned(),
        title: "Promote shop".to_owned(),
        body: "é".repeat(70_000),
        labels: vec!["usher".to_owned(), "env: prod".to_owned()],
    }
}

fn is_list(seen: &Seen) -> bool {
    seen.call.starts_with("GET /repos/acme/shop1/pulls?state=open&head=acme%3Ausher%2Fx&base=main")
}

#[tokio::test]
async fn a_pull_request_is_opened_once_and_failing_labels_stop_nothing() {
    let stub = Stub::start(|seen, _| match seen.call.as_str() {
        // somebody's own pull request from our branch is not ours
        _ if is_list(seen) => Some(Reply::Json(200, json!([pull(1, &somebody(), &[])]))),
        "POST /repos/acme/shop1/pulls" => Some(Reply::Json(201, pull(2, &bot(), &[]))),
        call if call.contains("/labels") => Some(Reply::Json(403, json!({"message": "no"}))),
        _ => None,
    })
    .await;
    let made = stub.repo().ensure_pull(&new_pull()).await.unwrap();
    assert_eq!(made.number, PrNumber(2));
    let sent = &stub.calls("POST /repos/acme/shop1/pulls")[0].body;
    let body = sent["body"].as_str().unwrap();
    assert!(body.len() <= 65_536 && body.ends_with("(cut: too long for GitHub)_\n"));
    assert_eq!((&sent["head"], &sent["base"]), (&json!("usher/x"), &json!("main")));
}

#[tokio::test]
async fn a_pull_request_that_came_up_meanwhile_is_found() {
    let stub = Stub::start(|seen, before| match seen.call.as_str() {
        _ if is_list(seen) && before == 0 => Some(Reply::Json(200, json!([]))),
        _ if is_list(seen) => Some(Reply::Json(200, json!([pull(5, &bot(), &["USHER"])]))),
        "POST /repos/acme/shop1/pulls" => {
            let said = "A pull request already exists for acme:usher/x.";
            let body = json!({"message": "Validation Failed", "errors": [{"message": said}]});
            Some(Reply::Json(422, body))
        }
        "GET /repos/acme/shop1/labels/env%3A%20prod" => None,
        "POST /repos/acme/shop1/labels" => {
            let taken = json!({"message": "Validation Failed", "errors": [{"code": "already_exists", "field": "name"}]});
            Some(Reply::Json(422, taken))
        }
        "POST /repos/acme/shop1/issues/5/labels" => {
            assert_eq!(seen.body, json!({"labels": ["env: prod"]}));
            Some(Reply::Json(200, json!([{"name": "USHER"}, {"name": "env: prod"}])))
        }
        _ => None,
    })
    .await;
    let found = stub.repo().ensure_pull(&new_pull()).await.unwrap();
    assert_eq!(found.number, PrNumber(5));
    let added = stub.count("POST /repos/acme/shop1/issues/5/labels");
    assert_eq!(added, 1, "only what is missing, in whatever case it is written");
}

#[tokio::test]
async fn nothing_to_promote_any_more_is_stale_and_somebody_elses_is_not_closed() {
    let stub = Stub::start(|seen, _| match seen.call.as_str() {
        _ if is_list(seen) => Some(Reply::Json(200, json!([]))),
        "POST /repos/acme/shop1/pulls" => {
            let body = json!({"message": "Validation Failed", "errors": [{"message": "No commits between main and usher/x"}]});
            Some(Reply::Json(422, body))
        }
        "GET /repos/acme/shop1/pulls/1" => Some(Reply::Json(200, pull(1, &somebody(), &[]))),
        _ => None,
    })
    .await;
    let fault = stub.repo().ensure_pull(&new_pull()).await.unwrap_err();
    assert!(matches!(fault, Fault::Stale(_)), "{fault}");
    let fault = stub.repo().close_pull(PrNumber(1)).await.unwrap_err();
    assert!(matches!(&fault, Fault::Denied(text) if text.contains("eve")));
    assert_eq!(stub.count("PATCH"), 0);
}

fn new_check(annotations: u32) -> NewCheck {
    NewCheck {
        name: "usher/kustomize".to_owned(),
        head: sha('c'),
        conclusion: Some(Conclusion::Failure),
        title: "title".to_owned(),
        summary: "summary".to_owned(),
        text: String::new(),
        annotations: (1..=annotations)
            .map(|line| Annotation {
                path: "a.yaml".to_owned(),
                line,
                severity: Severity::Warning,
                title: "code".to_owned(),
                message: "message".to_owned(),
            })
            .collect(),
    }
}

fn lines(seen: &Seen) -> Vec<u64> {
    let annotations = seen.body["output"]["annotations"].as_array();
    let lines = annotations.into_iter().flatten();
    lines.map(|a| a["start_line"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn annotations_go_in_portions_and_an_interrupted_run_is_finished() {
    // the second portion is lost
    let stub = Stub::start(|seen, before| match seen.call.as_str() {
        "POST /repos/acme/shop1/check-runs" => Some(Reply::Json(201, json!({"id": 77}))),
        "PATCH /repos/acme/shop1/check-runs/77" => {
            let status = if before == 0 { 502 } else { 200 };
            Some(Reply::Json(status, json!({"id": 77})))
        }
        call if call.contains("/check-runs?") => Some(Reply::Json(200, json!({"check_runs": []}))),
        _ => None,
    })
    .await;
    let repo = stub.repo();
    let fault = repo.ensure_check(&new_check(120), None).await.unwrap_err();
    assert!(matches!(fault, Fault::Transient { .. }));
    let created = stub.calls("POST /repos/acme/shop1/check-runs")[0].clone();
    assert_eq!(lines(&created), (1..=50).collect::<Vec<_>>());

    // the next time the run is there, with its first portion
    let noted = created.body["external_id"].clone();
    let stub = Stub::start(move |seen, _| match seen.call.as_str() {
        call if call.contains("/check-runs?") => {
            let run = json!({
                "id": 77, "name": "usher/kustomize", "status": "completed", "conclusion": "failure",
                "external_id": noted, "app": {"id": 42}, "output": {"annotations_count": 50},
            });
            Some(Reply::Json(200, json!({"check_runs": [run]})))
        }
        "PATCH /repos/acme/shop1/check-runs/77" => Some(Reply::Json(200, json!({"id": 77}))),
        _ => None,
    })
    .await;
    let id = stub.repo().ensure_check(&new_check(120), None).await.unwrap();
    assert_eq!(id.0, 77);
    let rest: Vec<u64> = stub.calls("PATCH").iter().flat_map(lines).collect();
    assert_eq!(rest, (51..=120).collect::<Vec<_>>());
    assert_eq!((stub.count("PATCH"), stub.count("POST /repos")), (2, 0));
}

#[tokio::test]
async fn a_check_of_the_same_name_by_another_app_is_left_alone() {
    let stub = Stub::start(|seen, _| match seen.call.as_str() {
        call if call.contains("/check-runs?") => {
            let run = json!({"id": 5, "name": "usher/kustomize", "status": "completed", "conclusion": "success", "app": {"id": 666}});
            Some(Reply::Json(200, json!({"check_runs": [run]})))
        }
        "POST /repos/acme/shop1/check-runs" => Some(Reply::Json(201, json!({"id": 6}))),
        _ => None,
    })
    .await;
    let url = Some("https://usher.example/why/1");
    let id = stub.repo().ensure_check(&new_check(0), url).await.unwrap();
    assert_eq!(id.0, 6);
    assert_eq!(stub.calls("POST /repos")[0].body["details_url"], json!(url));
}

#[tokio::test]
async fn a_comment_with_our_marker_by_somebody_else_is_not_ours() {
    let stub = Stub::start(|seen, _| {
        let at = "2026-11-20T12:00:00Z";
        let comment = |id: u64, user: &Value, body: &str| {
            json!({"id": id, "user": user, "body": body, "created_at": at, "updated_at": at})
        };
        match seen.call.as_str() {
            "GET /repos/acme/shop1/issues/3/comments?per_page=100" => Some(Reply::Json(
                200,
                json!([
                    comment(1, &somebody(), "<!-- usher:status -->\nall is well"),
                    comment(2, &bot(), "see <!-- usher:status -->"),
                    comment(3, &bot(), "<!-- usher:status -->\r\nold\r\n"),
                ]),
            )),
            "PATCH /repos/acme/shop1/issues/comments/3" => Some(Reply::Json(200, json!({"id": 3}))),
            _ => None,
        }
    })
    .await;
    let repo = stub.repo();
    let ensure =
        |text: &'static str| repo.ensure_comment(PrNumber(3), "<!-- usher:status -->", text);
    assert_eq!(ensure("old").await.unwrap().0, 3);
    assert_eq!(stub.count("PATCH"), 0);
    assert_eq!(ensure("new").await.unwrap().0, 3);
    assert_eq!(stub.calls("PATCH")[0].body, json!({"body": "<!-- usher:status -->\nnew"}));
}
