//! Issues of ours: found by author and marker, opened once, left closed, closed once.

use std::sync::Arc;

use serde_json::{Value, json};
use usher::model::ids::PrNumber;
use usher::model::write::{IssueEnd, NewIssue};

use super::{Reply, Seen, Stub, bot};

fn issue(number: u64, user: &Value, state: &str, body: &str) -> Value {
    json!({"number": number, "user": user, "state": state, "title": "Drift in prod", "body": body})
}

fn eve() -> Value {
    json!({"id": 9, "login": "eve", "type": "User"})
}

fn wanted() -> NewIssue {
    NewIssue {
        marker: "<!-- usher:drift prod".to_owned(),
        digest: "d1".to_owned(),
        title: "Drift in prod".to_owned(),
        body: "It differs.".to_owned(),
    }
}

fn end() -> IssueEnd {
    IssueEnd {
        marker: "<!-- usher:drift prod".to_owned(),
        comment_marker: "<!-- usher:drift-over -->".to_owned(),
        comment: "It is right again.".to_owned(),
    }
}

/// A GitHub with these issues, newest first; what is opened is #9.
async fn with(issues: Vec<Value>) -> Arc<Stub> {
    let answers = move |seen: &Seen, _: usize| {
        let at = "GET /repos/acme/shop1/issues";
        let call = seen.call.as_str();
        let one =
            call.strip_prefix(&format!("{at}/")).and_then(|number| number.parse::<u64>().ok());
        if let Some(number) = one {
            let found = issues.iter().find(|one| one["number"] == number);
            return Some(match found {
                Some(one) => Reply::Json(200, one.clone()),
                None => Reply::Json(410, json!({"message": "This issue was deleted"})),
            });
        }
        Some(match call {
            call if call.starts_with(&format!("{at}?creator=usher%5Bbot%5D&state=all")) => {
                Reply::Json(200, json!(issues))
            }
            call if call.starts_with("GET") && call.contains("/comments") => {
                Reply::Json(200, json!([]))
            }
            call if call.ends_with("/comments") => Reply::Json(201, json!({"id": 1})),
            "POST /repos/acme/shop1/issues" => Reply::Json(201, issue(9, &bot(), "open", "")),
            call if call.starts_with("PATCH") => Reply::Json(200, issue(1, &bot(), "open", "")),
            _ => return None,
        })
    };
    Stub::start(answers).await
}

#[tokio::test]
async fn what_is_not_ours_counts_for_nothing() {
    let pull = |number: u64, body: &str| {
        let mut one = issue(number, &bot(), "open", body);
        one["pull_request"] = json!({"url": "https://github.test/pulls/4"});
        one
    };
    let forged = "<!-- usher:drift prod d1 -->\nIt differs.";
    let others = vec![
        // A filter that GitHub does not understand is one that it leaves out.
        issue(5, &eve(), "open", forged),
        pull(4, forged),
        issue(3, &bot(), "open", "<!-- usher:drift prod-eu d1 -->\nIt differs."),
        issue(2, &bot(), "open", "see <!-- usher:drift prod d1 -->"),
    ];
    let stub = with(others.clone()).await;
    for known in [None, Some(PrNumber(5)), Some(PrNumber(4)), Some(PrNumber(77))] {
        assert_eq!(stub.repo().ensure_issue(known, &wanted()).await.unwrap().0, 9);
        stub.repo().end_issue(known, &end()).await.unwrap();
    }
    assert_eq!((stub.count("POST /repos"), stub.count("PATCH")), (4, 0));
    let body = json!({"title": "Drift in prod", "body": forged});
    assert_eq!(stub.calls("POST /repos")[0].body, body);
}

#[tokio::test]
async fn ours_is_edited_where_it_differs_and_left_closed_while_it_is_the_same() {
    let says = "<!-- usher:drift prod d1 -->\r\nIt differs.\r\n";
    for (state, body, patched, opened) in [
        ("open", says, 0, 0),
        ("open", "<!-- usher:drift prod d0 -->\nIt differed.", 1, 0),
        ("closed", says, 0, 0),
        ("closed", "<!-- usher:drift prod d1 -->\nIt differed in other words.", 0, 0),
        ("closed", "<!-- usher:drift prod d0 -->\nIt differed.", 0, 1),
        ("closed", "<!-- usher:drift prod over -->\nIt differs.", 0, 1),
    ] {
        for known in [None, Some(PrNumber(6))] {
            let stub = with(vec![issue(6, &bot(), state, body)]).await;
            let number = stub.repo().ensure_issue(known, &wanted()).await.unwrap();
            assert_eq!(number.0, if opened == 1 { 9 } else { 6 }, "{state} {body}");
            let made = (stub.count("PATCH"), stub.count("POST /repos"));
            assert_eq!(made, (patched, opened), "{state} {body}");
        }
    }
    // One that is open counts before newer ones that are not.
    let closed = issue(7, &bot(), "closed", "<!-- usher:drift prod d1 -->");
    let stub = with(vec![closed, issue(6, &bot(), "open", says)]).await;
    assert_eq!(stub.repo().ensure_issue(None, &wanted()).await.unwrap().0, 6);
}

#[tokio::test]
async fn the_end_is_said_once_and_what_somebody_closed_is_only_marked() {
    let says = "<!-- usher:drift prod d1 -->\nIt differs.";
    let over = "<!-- usher:drift prod over -->\nIt differs.";
    let stub = with(vec![issue(6, &bot(), "open", says)]).await;
    stub.repo().end_issue(None, &end()).await.unwrap();
    let closed = json!({"body": over, "state": "closed", "state_reason": "completed"});
    assert_eq!(stub.calls("PATCH")[0].body, closed);
    let said = json!({"body": "<!-- usher:drift-over -->\nIt is right again."});
    assert_eq!(stub.calls("POST /repos")[0].body, said);
    let stub = with(vec![issue(6, &bot(), "closed", says)]).await;
    stub.repo().end_issue(None, &end()).await.unwrap();
    assert_eq!(stub.calls("PATCH")[0].body, json!({"body": over}));
    assert_eq!(stub.count("POST /repos"), 0);
    for nothing in [vec![issue(6, &bot(), "closed", over)], Vec::new()] {
        let stub = with(nothing).await;
        stub.repo().end_issue(Some(PrNumber(6)), &end()).await.unwrap();
        assert_eq!((stub.count("PATCH"), stub.count("POST /repos")), (0, 0));
    }
}
