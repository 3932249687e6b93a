//! What becomes of each way in which a call can go wrong.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use usher::fault::Fault;
use usher::github::{GitHub, Priority};
use usher::model::clock::Clock;
use usher::model::ids::PrNumber;

use super::{Reply, Stub, options, reference};

const RELEASES: &str = "GET /repos/acme/shop1/releases?per_page=100";
const COMMENTS: &str = "/repos/acme/shop1/issues/3/comments";

/// A stub that answers reads of the repository and new comments with this status.
async fn failing(status: u16) -> std::sync::Arc<Stub> {
    Stub::start(move |seen, _| {
        seen.call
            .contains("/repos/")
            .then(|| Reply::Json(status, json!({"message": "No, ghs_secret says."})))
    })
    .await
}

fn kind(fault: &Fault) -> &'static str {
    match fault {
        Fault::Stale(_) => "stale",
        Fault::Transient { .. } => "transient",
        Fault::Denied(_) => "denied",
        Fault::Broken(_) => "broken",
    }
}

#[tokio::test]
async fn each_status_is_one_fault_with_githubs_words_and_no_token() {
    let expected = [
        (401, "denied"),
        (403, "denied"),
        (404, "denied"),
        (409, "stale"),
        (410, "denied"),
        (422, "broken"),
        (429, "transient"),
        (451, "denied"),
        (500, "transient"),
        (502, "transient"),
        (503, "transient"),
    ];
    for (status, wanted) in expected {
        let stub = failing(status).await;
        let read = stub.repo().releases().await.unwrap_err();
        let write = stub.repo().add_comment(PrNumber(3), "hi").await.unwrap_err();
        assert_eq!((kind(&read), kind(&write)), (wanted, wanted), "{status}");
        for (fault, call) in [(read, "GET /repos/acme/shop1/releases"), (write, COMMENTS)] {
            let text = fault.to_string();
            assert!(text.contains(call) && text.contains("No, ghs_[redacted] says."), "{text}");
        }
    }
}

#[tokio::test]
async fn a_write_is_never_sent_twice() {
    for status in [500, 502, 503, 504, 429, 409, 422] {
        let stub = failing(status).await;
        stub.repo().add_comment(PrNumber(3), "hi").await.unwrap_err();
        assert_eq!(stub.count("POST /repos"), 1, "{status}");
    }
    let stub = Stub::start(|seen, _| seen.call.contains("/repos/").then_some(Reply::Break)).await;
    let fault = stub.repo().add_comment(PrNumber(3), "hi").await.unwrap_err();
    assert_eq!(kind(&fault), "transient");
    assert_eq!(stub.count("POST /repos"), 1);
}

#[tokio::test]
async fn a_read_is_tried_again_a_few_times() {
    let stub = Stub::start(|seen, before| match (seen.call.as_str(), before) {
        (RELEASES, 0) => Some(Reply::Page(502, "<html>Unicorn!</html>")),
        (RELEASES, 1) => Some(Reply::Break),
        (RELEASES, _) => Some(Reply::Json(200, json!([]))),
        _ => None,
    })
    .await;
    assert!(stub.repo().releases().await.unwrap().is_empty());
    assert_eq!(stub.count(RELEASES), 3);

    let stub = failing(503).await;
    stub.repo().releases().await.unwrap_err();
    assert_eq!(stub.count(RELEASES), 3);
}

#[tokio::test]
async fn html_instead_of_json_is_no_answer_and_tried_again() {
    let stub = Stub::start(|seen, _| {
        let page = Reply::Page(200, "<html>Please log in</html>");
        seen.call.contains("/repos/").then_some(page)
    })
    .await;
    let fault = stub.repo().releases().await.unwrap_err();
    let passing = matches!(&fault, Fault::Transient { reason, .. } if reason.contains("with a page instead of an answer"));
    assert!(passing, "{fault}");
}

#[tokio::test]
async fn nobody_there_is_transient_and_found_out_only_by_calling() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let clock = Clock::new(|| Timestamp::UNIX_EPOCH);
    let door = GitHub::new(options(&base, clock)).unwrap();
    let repo = door.at(&reference(1, 7), Priority::Person);
    let fault = repo.releases().await.unwrap_err();
    assert_eq!(kind(&fault), "transient", "{fault}");
}

#[tokio::test]
async fn a_limit_closes_the_gate_for_its_installation_alone() {
    let stub = Stub::start(|seen, _| {
        let limit = || {
            Reply::With(
                403,
                vec![("retry-after", "71".to_owned())],
                json!({"message": "You have exceeded a secondary rate limit."}),
            )
        };
        seen.call.contains("/repos/acme/shop1").then(limit)
    })
    .await;
    let door = stub.door();
    let repo = door.at(&reference(1, 7), Priority::Person);
    let after = |fault: Fault| match fault {
        Fault::Transient { after, .. } => after.unwrap().as_secs(),
        other => panic!("{other}"),
    };
    assert_eq!(after(repo.releases().await.unwrap_err()), 71);
    assert!((69..=71).contains(&after(repo.add_comment(PrNumber(3), "hi").await.unwrap_err())));
    assert_eq!(stub.count("POST /repos"), 0, "others do not run into it");
    let other = door.at(&reference(2, 8), Priority::Person);
    let fault = other.releases().await.unwrap_err();
    assert_eq!(kind(&fault), "denied");
}

#[tokio::test]
async fn a_short_limit_is_waited_for_and_a_spent_quota_lasts_until_its_reset() {
    let stub = Stub::start(|seen, before| match (seen.call.as_str(), before) {
        (RELEASES, 0) => {
            let headers = vec![("retry-after", "1".to_owned())];
            Some(Reply::With(429, headers, json!({})))
        }
        (RELEASES, 1) => {
            let reset: Timestamp = "2026-11-20T12:10:00Z".parse().unwrap();
            let headers = vec![
                ("x-ratelimit-limit", "5000".to_owned()),
                ("x-ratelimit-remaining", "0".to_owned()),
                ("x-ratelimit-reset", reset.as_second().to_string()),
            ];
            Some(Reply::With(403, headers, json!({"message": "API rate limit exceeded"})))
        }
        _ => None,
    })
    .await;
    let repo = stub.repo();
    repo.releases().await.unwrap_err();
    let began = std::time::Instant::now();
    let fault = repo.releases().await.unwrap_err();
    assert!(began.elapsed() >= Duration::from_millis(900));
    assert_eq!(
        fault,
        Fault::Transient {
            reason: "GET /repos/acme/shop1/releases: 403 API rate limit exceeded".to_owned(),
            after: Some(Duration::from_mins(10)),
        }
    );
}

#[tokio::test]
async fn a_base_that_cannot_be_one_is_said_to_be_wrong() {
    for bad in ["", "api.github.com", "ftp://x", "https://", "http://me@x", "http://x?y"] {
        let clock = Clock::new(|| Timestamp::UNIX_EPOCH);
        let fault = GitHub::new(options(bad, clock)).unwrap_err();
        assert_eq!(kind(&fault), "broken", "{bad:?}");
        assert!(fault.to_string().contains("https://api.github.com"));
    }
}
