//! Reading what people said and may do: roles, teams, comments, reviews.

use serde_json::{Value, json};
use usher::fault::Fault;
use usher::model::ids::{CommentId, Login, PrNumber};
use usher::model::read::{Access, ReviewState};

use super::{Reply, Stub, sha, table};

fn login(text: &str) -> Login {
    Login::new(text).unwrap()
}

fn somebody(id: u64, login: &str) -> Value {
    json!({"id": id, "login": login, "type": "User"})
}

#[tokio::test]
async fn a_role_is_read_and_a_stranger_has_none() {
    let told = |permission: &str, role: &str| {
        let user = json!({"id": 9, "login": "ada", "permissions": {"pull": true, "push": true}});
        Reply::Json(200, json!({"permission": permission, "role_name": role, "user": user}))
    };
    let at = "GET /repos/acme/shop1/collaborators";
    let path = |login: &str| -> &'static str { format!("{at}/{login}/permission").leak() };
    let stub = Stub::start(table([
        (path("ada"), told("write", "maintain")),
        (path("renovate%5Bbot%5D"), told("write", "release captain")),
        (path("sam"), Reply::Json(403, json!({"message": "no"}))),
    ]))
    .await;
    let repo = stub.repo();
    assert_eq!(repo.access(&login("ada")).await.unwrap(), Access::Maintain);
    assert_eq!(repo.access(&login("renovate[bot]")).await.unwrap(), Access::Write);
    assert_eq!(repo.access(&login("nobody")).await.unwrap(), Access::None);
    let fault = repo.access(&login("sam")).await.unwrap_err();
    assert!(matches!(fault, Fault::Denied(_)), "what GitHub does not tell is not a no: {fault}");
}

#[tokio::test]
async fn a_team_is_looked_into_with_a_token_that_is_good_for_nothing_else() {
    let membership = |state: &str| Reply::Json(200, json!({"state": state, "role": "member"}));
    let stub = Stub::start(table([
        ("GET /orgs/acme/teams/qa/memberships/quinn", membership("active")),
        ("GET /orgs/acme/teams/qa/memberships/pat", membership("pending")),
        (
            "GET /orgs/acme/teams/sre/memberships/sam",
            Reply::Json(403, json!({"message": "Resource not accessible by integration"})),
        ),
    ]))
    .await;
    let repo = stub.repo();
    for (who, wanted) in [("quinn", true), ("pat", false), ("eve", false)] {
        assert_eq!(repo.member("acme", "qa", &login(who)).await.unwrap(), wanted, "{who}");
    }
    let fault = repo.member("acme", "sre", &login("sam")).await.unwrap_err();
    assert!(matches!(fault, Fault::Denied(_)), "{fault}");
    // a name cannot reach beyond its place
    assert!(!repo.member("acme/teams/qa", "../qa", &login("quinn")).await.unwrap());
    let minted = stub.calls("POST /app/installations/7/access_tokens");
    let bodies: Vec<&Value> = minted.iter().map(|call| &call.body).collect();
    assert_eq!(bodies, [&json!({"permissions": {"members": "read"}})]);
}

#[tokio::test]
async fn a_comment_is_read_as_it_is_now_and_may_be_gone() {
    let comment = |updated: &str| {
        Reply::Json(
            200,
            json!({
                "id": 5, "user": somebody(9, "ada"), "body": "/promote prod",
                "created_at": "2026-11-20T12:00:00Z", "updated_at": updated,
            }),
        )
    };
    let stub = Stub::start(table([
        ("GET /repos/acme/shop1/issues/comments/5", comment("2026-11-20T12:00:00Z")),
        ("GET /repos/acme/shop1/issues/comments/6", comment("2026-11-20T12:00:09Z")),
    ]))
    .await;
    let repo = stub.repo();
    let read = async |id: u64| repo.comment(CommentId(id)).await.unwrap();
    let plain = read(5).await.unwrap();
    assert_eq!((plain.body.as_str(), plain.edited), ("/promote prod", false));
    assert!(read(6).await.unwrap().edited);
    assert_eq!(read(7).await, None);
}

#[tokio::test]
async fn every_review_is_read_with_the_head_that_it_was_given_for() {
    let stub = Stub::start(|seen, _| {
        let host = seen.headers["host"].to_str().unwrap();
        let path = "/repos/acme/shop1/pulls/3/reviews?per_page=100";
        let next = format!("<http://{host}/api/v3{path}&page=2>; rel=\"next\"");
        let review = |who: u64, state: &str, commit: Value| json!({"user": somebody(who, "x"), "state": state, "commit_id": commit});
        match seen.call.strip_prefix("GET ")?.strip_prefix(path)? {
            "" => Some(Reply::With(
                200,
                vec![("link", next)],
                json!([review(1, "COMMENTED", json!(sha('a'))), review(2, "APPROVED", json!(sha('a')))]),
            )),
            _ => Some(Reply::Json(
                200,
                json!([review(2, "CHANGES_REQUESTED", json!(sha('b'))), review(1, "APPROVED", Value::Null)]),
            )),
        }
    })
    .await;
    let reviews = stub.repo().reviews(PrNumber(3)).await.unwrap();
    let found: Vec<_> = reviews.iter().map(|r| (r.author.id.0, r.state, r.head.clone())).collect();
    assert_eq!(
        found,
        [
            (1, ReviewState::Commented, Some(sha('a'))),
            (2, ReviewState::Approved, Some(sha('a'))),
            (2, ReviewState::ChangesRequested, Some(sha('b'))),
            (1, ReviewState::Approved, None),
        ]
    );
}
