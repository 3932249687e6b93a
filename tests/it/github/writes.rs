//! Writing: what is made, what is left alone, and what becomes of races and interruptions.
//! That done twice equals done once is shown against the sandbox.

use serde_json::{Value, json};
use usher::fault::Fault;
use usher::github::Merged;
use usher::model::ids::PrNumber;
use usher::model::read::{Conclusion, Severity};
use usher::model::write::{Annotation, Details, MergeMethod, NewCheck, NewMerge, NewPull, Tip};

use super::{Reply, Seen, Stub, bot, pull, sha};

fn somebody() -> Value {
    json!({"id": 9, "login": "eve", "type": "User"})
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
async fn a_pull_request_that_is_there_already_is_found() {
    let stub = Stub::start(|seen, _| match seen.call.as_str() {
        _ if is_list(seen) => Some(Reply::Json(200, json!([pull(5, &bot(), &["USHER"])]))),
        "POST /repos/acme/shop1/pulls" => {
            let said = "A pull request already exists for acme:usher/x.";
            let body = json!({"message": "Validation Failed", "errors": [{"message": said}]});
            Some(Reply::Json(422, body))
        }
        "POST /repos/acme/shop1/issues/5/labels" => {
            assert_eq!(seen.body, json!({"labels": ["env: prod"]}));
            let labels = json!([label("USHER", "0e8a16"), label("env: prod", "0e8a16")]);
            Some(Reply::Json(200, labels))
        }
        _ => None,
    })
    .await;
    let found = stub.repo().ensure_pull(&new_pull()).await.unwrap();
    assert_eq!(found.number, PrNumber(5));
    let added = stub.count("POST /repos/acme/shop1/issues/5/labels");
    assert_eq!(added, 1, "only what is missing, in whatever case it is written");
}

fn label(name: &str, color: &str) -> Value {
    json!({"id": 1, "name": name, "color": color, "description": null})
}

#[tokio::test]
async fn labels_are_one_request_and_only_our_own_plain_ones_get_a_look() {
    let stub = Stub::start(|seen, _| match seen.call.as_str() {
        "POST /repos/acme/shop1/issues/5/labels" => Some(Reply::Json(
            200,
            json!([
                label("usher", "ededed"),
                label("env: a/b", "ededed"),
                label("env: prod", "0e8a16"),
                label("urgent", "ededed"),
                label("env: of somebody", "ededed"),
                json!({"id": 2, "name": "usher-x", "color": "ededed", "description": "ours"}),
            ]),
        )),
        call if call.starts_with("PATCH /repos/acme/shop1/labels/") => {
            Some(Reply::Json(200, label("usher", "1d76db")))
        }
        _ => None,
    })
    .await;
    let names = ["usher", "env: a/b", "env: prod", "urgent", "usher-x"].map(str::to_owned);
    stub.repo().ensure_labels(PrNumber(5), &names).await.unwrap();
    assert_eq!(stub.calls("POST /repos")[0].body, json!({"labels": names}));
    let looks = stub.calls("PATCH");
    let calls: Vec<&str> = looks.iter().map(|seen| seen.call.as_str()).collect();
    let path = "PATCH /repos/acme/shop1/labels";
    assert_eq!(calls, [format!("{path}/usher"), format!("{path}/env%3A%20a%2Fb")]);
    assert_eq!(looks[0].body["description"], "Set by Usher");
    assert_ne!(looks[0].body["color"], "ededed");
}

#[tokio::test]
async fn a_label_that_is_not_there_any_more_is_taken_off() {
    let stub = Stub::start(|seen, _| {
        let path = "DELETE /repos/acme/shop1/issues/5/labels/";
        match seen.call.strip_prefix(path)? {
            "pm-approved" => Some(Reply::Json(200, json!([]))),
            "no%2Fsuch" => Some(Reply::Json(404, json!({"message": "Label does not exist"}))),
            _ => Some(Reply::Json(403, json!({"message": "no"}))),
        }
    })
    .await;
    let repo = stub.repo();
    for label in ["pm-approved", "no/such"] {
        repo.remove_label(PrNumber(5), label).await.unwrap();
    }
    let fault = repo.remove_label(PrNumber(5), "x").await.unwrap_err();
    assert!(matches!(fault, Fault::Denied(_)), "{fault}");
}

fn new_merge(method: MergeMethod) -> NewMerge {
    NewMerge {
        head: sha('c'),
        base: Tip { branch: "main".to_owned(), sha: sha('b') },
        method,
        title: "Promote shop v1.0.1 to prod (#5)".to_owned(),
        message: "All gates have passed.".to_owned(),
    }
}

const MERGE: &str = "PUT /repos/acme/shop1/pulls/5/merge";
/// It is beside the REST API.
const QUERY: &str = "POST /api/graphql";
const ASYNC: &str = "PUT /repos/acme/shop1/pulls/5/merge-async";
const BASE: &str = "GET /repos/acme/shop1/git/ref/heads/main";

fn base(to: char) -> Reply {
    Reply::Json(
        200,
        json!({"ref": "refs/heads/main", "object": {"sha": sha(to), "type": "commit"}}),
    )
}

/// A pull request that is open, until it was looked at so often; and the answer to a merge, on a GitHub that has
/// only the older call.
fn mergeable(
    open_for: usize,
    status: u16,
    said: &'static str,
) -> impl Fn(&Seen, usize) -> Option<Reply> {
    move |seen, before| match seen.call.as_str() {
        "GET /repos/acme/shop1/pulls/5" => {
            let mut shown = pull(5, &bot(), &[]);
            if before >= open_for {
                shown["state"] = json!("closed");
                shown["merged_at"] = json!("2026-11-20T12:00:00Z");
            }
            Some(Reply::Json(200, shown))
        }
        BASE => Some(base('b')),
        ASYNC => Some(Reply::Json(404, json!({"message": "Not Found"}))),
        MERGE => Some(Reply::Json(status, json!({"message": said}))),
        _ => None,
    }
}

/// What the newer call answers.
fn asked(
    status: u16,
    word: &'static str,
    details: Value,
) -> impl Fn(&Seen, usize) -> Option<Reply> {
    move |seen, _| match seen.call.as_str() {
        "GET /repos/acme/shop1/pulls/5" => Some(Reply::Json(200, pull(5, &bot(), &[]))),
        BASE => Some(base('b')),
        ASYNC => Some(Reply::Json(status, json!({"status": word, "details": details}))),
        _ => None,
    }
}

#[tokio::test]
async fn a_merge_in_the_background_is_pinned_and_leaves_queue_and_rules_to_github() {
    let pending = |head: char| {
        json!({"message": "", "uuid": "u-1", "merge_method": "squash", "merge_action": "default",
               "expected_head_sha": sha(head)})
    };
    let merge = new_merge(MergeMethod::Squash);
    let stub = Stub::start(asked(202, "pending", pending('c'))).await;
    let came = stub.repo().merge(PrNumber(5), &merge).await.unwrap();
    assert_eq!(came, Merged::Pending("u-1".to_owned()));
    let sent = &stub.calls(ASYNC)[0].body;
    assert_eq!((&sent["sha"], &sent["merge_action"]), (&json!(sha('c')), &json!("default")));
    assert_eq!(sent.as_object().unwrap().len(), 5, "no word of going around rules: {sent}");
    // one that runs already is taken up; one at another head has to end first
    let stub = Stub::start(asked(409, "pending", pending('c'))).await;
    let came = stub.repo().merge(PrNumber(5), &merge).await.unwrap();
    assert_eq!(came, Merged::Pending("u-1".to_owned()));
    let stub = Stub::start(asked(409, "pending", pending('d'))).await;
    let fault = stub.repo().merge(PrNumber(5), &merge).await.unwrap_err();
    assert!(matches!(fault, Fault::Transient { .. }), "{fault}");
    for (status, word, came) in
        [(200, "enqueued", Merged::Queued), (400, "failed", Merged::Refused("why".to_owned()))]
    {
        let stub = Stub::start(asked(status, word, json!({"message": "why"}))).await;
        assert_eq!(stub.repo().merge(PrNumber(5), &merge).await.unwrap(), came);
        assert_eq!(stub.count("PUT"), 1);
    }
}

#[tokio::test]
async fn nothing_is_merged_onto_a_base_that_was_not_judged() {
    let stub = Stub::start(|seen, _| match seen.call.as_str() {
        "GET /repos/acme/shop1/pulls/5" => Some(Reply::Json(200, pull(5, &bot(), &[]))),
        BASE => Some(base('e')),
        _ => None,
    })
    .await;
    let fault = stub.repo().merge(PrNumber(5), &new_merge(MergeMethod::Squash)).await.unwrap_err();
    assert!(matches!(fault, Fault::Stale(_)), "{fault}");
    assert_eq!(stub.count("PUT"), 0);
    // Nor where it goes elsewhere by now.
    let elsewhere = NewMerge {
        base: Tip { branch: "release".to_owned(), sha: sha('b') },
        ..new_merge(MergeMethod::Squash)
    };
    let fault = stub.repo().merge(PrNumber(5), &elsewhere).await.unwrap_err();
    assert!(matches!(fault, Fault::Stale(_)), "{fault}");
    assert_eq!(stub.count("PUT"), 0);
}

#[tokio::test]
async fn what_became_of_a_merge_in_the_background_is_asked() {
    for (status, body, came) in [
        (
            200,
            json!({"status": "pending", "details": {"message": ""}}),
            Merged::Pending("u-1".to_owned()),
        ),
        (
            200,
            json!({"status": "merged", "details": {"message": "", "sha": sha('f')}}),
            Merged::Done,
        ),
        (200, json!({"status": "enqueued", "details": {"message": ""}}), Merged::Queued),
        (
            200,
            json!({"status": "failed", "details": {"message": "no"}}),
            Merged::Refused("no".to_owned()),
        ),
    ] {
        let stub = Stub::start(move |seen, _| {
            let asked = "GET /repos/acme/shop1/pulls/5/merge-async/u-1";
            (seen.call == asked).then(|| Reply::Json(status, body.clone()))
        })
        .await;
        assert_eq!(stub.repo().asked_merge(PrNumber(5), "u-1").await.unwrap(), came);
    }
}

#[tokio::test]
async fn a_merge_is_pinned_to_the_head_and_says_what_was_asked() {
    for (method, word, text) in [
        (MergeMethod::Squash, "squash", true),
        (MergeMethod::Merge, "merge", true),
        (MergeMethod::Rebase, "rebase", false),
    ] {
        let stub = Stub::start(mergeable(9, 200, "merged")).await;
        let done = stub.repo().merge(PrNumber(5), &new_merge(method)).await.unwrap();
        assert_eq!(done, Merged::Done);
        let sent = &stub.calls(MERGE)[0].body;
        assert_eq!((&sent["sha"], &sent["merge_method"]), (&json!(sha('c')), &json!(word)));
        assert_eq!(sent.get("commit_title").is_some(), text, "a rebase has no message of its own");
    }
}

const QUEUE: &str =
    "Repository rule violations found  Changes must be made through the merge queue";

#[tokio::test]
async fn what_stands_against_a_merge_is_told_in_githubs_words() {
    let said = "Required status check \"usher/gates\" is failing.";
    for (status, said) in [(405, said), (409, said), (405, QUEUE), (403, said), (422, said)] {
        let stub = Stub::start(mergeable(9, status, said)).await;
        let told = stub.repo().merge(PrNumber(5), &new_merge(MergeMethod::Squash)).await.unwrap();
        assert_eq!(told, Merged::Refused(said.to_owned()));
        assert_eq!(stub.count("PUT"), 2, "never tried again");
    }
    for status in [403, 405, 422] {
        let stub = Stub::start(move |seen: &Seen, _| match seen.call.as_str() {
            "GET /repos/acme/shop1/pulls/5" => Some(Reply::Json(200, pull(5, &bot(), &[]))),
            BASE => Some(base('b')),
            ASYNC => Some(Reply::Json(status, json!({"message": said}))),
            _ => None,
        })
        .await;
        let told = stub.repo().merge(PrNumber(5), &new_merge(MergeMethod::Squash)).await.unwrap();
        assert_eq!(told, Merged::Refused(said.to_owned()));
        assert_eq!(stub.count("PUT"), 1, "never tried again");
    }
}

#[tokio::test]
async fn an_older_github_is_asked_to_put_it_into_the_queue_once_and_at_its_head() {
    let stub = async |is_in: bool, errors: Value| {
        let github = mergeable(9, 405, QUEUE);
        Stub::start(move |seen: &Seen, before| {
            let query = seen.body["query"].as_str().unwrap_or_default();
            match seen.call.as_str() {
                QUERY if query.starts_with("query") => {
                    let pull = json!({"id": "PR_5", "isInMergeQueue": is_in});
                    let data = json!({"repository": {"pullRequest": pull}});
                    Some(Reply::Json(200, json!({"data": data})))
                }
                QUERY => {
                    let data = json!({"enqueuePullRequest": {"mergeQueueEntry": {"id": "E_1"}}});
                    Some(Reply::Json(200, json!({"data": data, "errors": errors})))
                }
                _ => github(seen, before),
            }
        })
        .await
    };
    let said = json!([{"message": "Head sha is not what was expected"}]);
    let refused = || Merged::Refused("Head sha is not what was expected".to_owned());
    for (is_in, errors, came, asked) in [
        (false, json!([]), Merged::Queued, 2),
        (false, said, refused(), 2),
        (true, json!([]), Merged::Queued, 1),
    ] {
        let stub = stub(is_in, errors).await;
        let merge = new_merge(MergeMethod::Squash);
        assert_eq!(stub.repo().merge(PrNumber(5), &merge).await.unwrap(), came);
        let calls = stub.calls(QUERY);
        assert_eq!(calls.len(), asked, "a mutation is sent once, and not at all for what is in");
        if let Some(sent) = calls.get(1) {
            let wanted = json!({"id": "PR_5", "head": sha('c')});
            assert_eq!(sent.body["variables"], wanted);
        }
    }
}

#[tokio::test]
async fn what_is_merged_already_is_not_merged_again() {
    let merge = new_merge(MergeMethod::Squash);
    let stub = Stub::start(mergeable(0, 500, "")).await;
    assert_eq!(stub.repo().merge(PrNumber(5), &merge).await.unwrap(), Merged::Done);
    assert_eq!(stub.count("PUT"), 0);
    // somebody was quicker
    let stub = Stub::start(mergeable(1, 405, "Pull Request is not mergeable")).await;
    assert_eq!(stub.repo().merge(PrNumber(5), &merge).await.unwrap(), Merged::Done);
    // at another head than the one that was judged
    let other = NewMerge { head: sha('d'), ..merge };
    let stub = Stub::start(mergeable(0, 500, "")).await;
    let fault = stub.repo().merge(PrNumber(5), &other).await.unwrap_err();
    assert!(matches!(fault, Fault::Stale(_)), "{fault}");
    assert_eq!(stub.count(MERGE), 0);
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
        details: Details::default(),
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
    let fault = repo.ensure_check(&new_check(120)).await.unwrap_err();
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
    let id = stub.repo().ensure_check(&new_check(120)).await.unwrap();
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
    let url = "https://usher.example/why/1";
    let details =
        Details { url: Some(url.to_owned()), text: "and more".to_owned(), buttons: Vec::new() };
    let check = NewCheck { details, ..new_check(0) };
    let id = stub.repo().ensure_check(&check).await.unwrap();
    assert_eq!(id.0, 6);
    assert_eq!(stub.calls("POST /repos")[0].body["output"]["text"], "and more");
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
