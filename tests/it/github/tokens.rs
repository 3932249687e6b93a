//! How the App proves who it is.

use std::collections::BTreeMap;

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};
use usher::fault::Fault;
use usher::github::{PERMISSIONS, Priority};

use super::{Reply, Seen, Stub, key, reference};

const MINT: &str = "POST /app/installations/7/access_tokens";

fn bearer(seen: &Seen) -> &str {
    let value = seen.headers["authorization"].to_str().unwrap();
    value.strip_prefix("Bearer ").unwrap()
}

fn repository(seen: &Seen) -> Option<Reply> {
    let repo = json!({"id": 1, "full_name": "acme/x", "default_branch": "main", "private": false});
    let wanted = seen.call.starts_with("GET /repos/") && !seen.call.contains("/git/");
    wanted.then_some(Reply::Json(200, repo))
}

#[tokio::test]
async fn twenty_calls_at_once_share_one_narrow_token() {
    let stub = Stub::start(|seen, _| repository(seen)).await;
    let door = stub.door();
    let repo = door.at(&reference(1, 7), Priority::Background);
    let calls = (0..20).map(|_| repo.repository());
    for result in futures_util::future::join_all(calls).await {
        result.unwrap();
    }
    let minted = stub.calls(MINT);
    assert_eq!(minted.len(), 1);
    let mut permissions: BTreeMap<_, _> = PERMISSIONS.iter().copied().collect();
    permissions.remove("members"); // the organisation's, not the repository's
    assert_eq!(minted[0].body, json!({"repository_ids": [1], "permissions": permissions}));
    for call in stub.calls("GET /repos/") {
        assert_eq!(bearer(&call), "ghs_1");
        assert_eq!(call.headers["x-github-api-version"], "2022-11-28");
        assert_eq!(call.headers["accept"], "application/vnd.github+json");
        assert_eq!(call.headers["user-agent"], "usher/test");
    }
    // another repository is another token
    let other = door.at(&reference(2, 7), Priority::Background);
    other.repository().await.unwrap();
    assert_eq!(stub.calls(MINT)[1].body["repository_ids"], json!([2]));
}

#[tokio::test]
async fn the_apps_token_is_signed_in_the_past_and_short_lived() {
    let stub = Stub::start(|seen, _| repository(seen)).await;
    stub.repo().repository().await.unwrap();
    let minted = stub.calls(MINT);
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_exp = false;
    let public = DecodingKey::from_rsa_pem(key().1.as_bytes()).unwrap();
    let claims =
        jsonwebtoken::decode::<Value>(bearer(&minted[0]), &public, &validation).unwrap().claims;
    let now = stub.now.lock().unwrap().as_second();
    assert_eq!(claims["iss"], "42");
    assert_eq!(claims["iat"], now - 60);
    let exp = claims["exp"].as_i64().unwrap();
    assert!(exp > now && exp <= now + 600);
}

#[tokio::test]
async fn a_token_is_renewed_five_minutes_before_it_ends() {
    let stub = Stub::start(|seen, _| repository(seen)).await;
    let repo = stub.repo();
    repo.repository().await.unwrap();
    stub.pass(54 * 60);
    repo.repository().await.unwrap();
    assert_eq!(stub.count(MINT), 1);
    stub.pass(2 * 60);
    repo.repository().await.unwrap();
    assert_eq!(stub.count(MINT), 2);
    let apps: Vec<_> = stub.calls(MINT).iter().map(|c| bearer(c).to_owned()).collect();
    assert_ne!(apps[0], apps[1], "the App's own token had ended too");
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    // revoked: the first token is refused, the second is good
    let stub = Stub::start(|seen, _| {
        let refused = seen.call.starts_with("GET /repos/") && bearer(seen) == "ghs_1";
        let no = Reply::Json(401, json!({"message": "Bad credentials"}));
        if refused { Some(no) } else { repository(seen) }
    })
    .await;
    stub.repo().repository().await.unwrap();
    assert_eq!((stub.count(MINT), stub.count("GET /repos/")), (2, 2));

    // refused whatever it is: an answer, not a loop
    let stub = Stub::start(|seen, _| {
        let no = Reply::Json(401, json!({"message": "Bad credentials"}));
        seen.call.starts_with("GET /repos/").then_some(no)
    })
    .await;
    let fault = stub.repo().repository().await.unwrap_err();
    assert!(matches!(fault, Fault::Denied(_)));
    assert_eq!((stub.count(MINT), stub.count("GET /repos/")), (2, 2));
}

#[tokio::test]
async fn those_who_wait_for_a_token_share_its_failure() {
    let stub = Stub::start(|seen, _| {
        let down = Reply::Json(502, json!({"message": "ghs_leak"}));
        seen.call.starts_with(MINT).then_some(down)
    })
    .await;
    let repo = stub.repo();
    let calls = (0..20).map(|_| repo.repository());
    for result in futures_util::future::join_all(calls).await {
        let fault = result.unwrap_err();
        assert!(matches!(fault, Fault::Transient { .. }));
        assert!(!fault.to_string().contains("leak"));
    }
    assert_eq!(stub.count(MINT), 1);
    repo.repository().await.unwrap_err();
    assert_eq!(stub.count(MINT), 2, "who comes later tries again");
}

#[tokio::test]
async fn a_permission_that_was_not_granted_is_denied_in_githubs_words() {
    let said = "The permissions requested are not granted to this installation.";
    let stub = Stub::start(move |seen, _| {
        let no = Reply::Json(422, json!({"message": said}));
        seen.call.starts_with(MINT).then_some(no)
    })
    .await;
    let fault = stub.repo().repository().await.unwrap_err();
    assert_eq!(fault, Fault::Denied(format!("{MINT}: {said}")));
}

#[tokio::test]
async fn who_we_are_is_asked_once() {
    let stub = Stub::start(|_, _| None).await;
    let door = stub.door();
    for _ in 0..3 {
        let us = door.identity().await.unwrap();
        assert_eq!((us.app.0, us.bot.id.0, us.bot.bot), (42, 4242, true));
        assert_eq!(us.bot.login.as_str(), "usher[bot]");
    }
    assert_eq!((stub.count("GET /app"), stub.count("GET /users")), (2, 1));
    let listing = stub.calls(MINT);
    assert_eq!(listing[0].body, json!({"permissions": {"metadata": "read"}}));
}
