//! Many questions in one request: what the door makes of GraphQL's answers, whole and in parts, and when it
//! leaves it to REST.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use usher::fault::Fault;
use usher::github::{Question, Repo, Snapshot, Told};
use usher::model::ids::{Login, PrNumber, Sha};

use super::{Reply, Seen, Stub, sha};

const QUERY: &str = "POST /api/graphql";

fn questions(some: impl IntoIterator<Item = Question>) -> BTreeSet<Question> {
    some.into_iter().collect()
}

fn about(repo: u64) -> Value {
    json!({
        "databaseId": repo, "nameWithOwner": "acme/shop1", "visibility": "PRIVATE", "isArchived": false,
        "defaultBranchRef": {"name": "main", "target": {"oid": sha('a')}},
    })
}

/// A pull request as GraphQL has it.
fn pull(number: u64) -> Value {
    json!({
        "number": number, "state": "OPEN", "isDraft": false, "merged": false, "mergedAt": null, "title": "t",
        "body": "b", "author": {"__typename": "Bot", "login": "usher", "databaseId": 4242},
        "headRefName": "usher/x", "headRefOid": sha('c'), "headRepository": {"databaseId": 1},
        "baseRefName": "main", "baseRefOid": sha('a'), "baseRepository": {"databaseId": 1},
        "labels": {"nodes": [{"name": "usher"}], "pageInfo": {"hasNextPage": false}}, "mergeCommit": null,
    })
}

fn with(mut repository: Value, name: &str, value: Value) -> Value {
    repository[name] = value;
    repository
}

fn answered(data: &Value) -> Reply {
    Reply::Json(200, json!({"data": {"repository": data}}))
}

fn commit(seen: &Seen) -> Option<Reply> {
    let of = format!("GET /repos/acme/shop1/commits/{}", sha('a'));
    seen.call
        .starts_with(&of)
        .then(|| Reply::Json(200, super::commit('a', &Value::Null, "m", true)))
}

/// A repository whose queries are answered so.
async fn repo(
    answer: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static,
) -> (std::sync::Arc<Stub>, Repo) {
    let stub = Stub::start(
        move |seen, nth| {
            if seen.call == QUERY { Some(answer(seen, nth)) } else { commit(seen) }
        },
    )
    .await;
    let repo = stub.repo();
    (stub, repo)
}

async fn ask(repo: &Repo, some: impl IntoIterator<Item = Question>) -> Snapshot {
    repo.snapshot(&questions(some)).await.unwrap()
}

fn names(snapshot: &Snapshot) -> Vec<String> {
    snapshot.told.iter().map(|(question, _)| format!("{question:?}")).collect()
}

#[tokio::test]
async fn one_request_answers_many_questions() {
    let whole = with(
        with(about(1), "q1", pull(7)),
        "q2",
        json!({"reviews": {
            "nodes": [{"author": {"__typename": "User", "login": "quinn", "databaseId": 9}, "state": "APPROVED", "commit": {"oid": sha('c')}}],
            "pageInfo": {"hasNextPage": false},
        }}),
    );
    let whole = with(whole, "q1", {
        let mut pull = pull(7);
        pull["comments"] =
            json!({"totalCount": 2, "nodes": [], "pageInfo": {"hasNextPage": false}});
        pull["commits"] = json!({"nodes": [{"commit": {"oid": sha('c'), "checkSuites": null}}]});
        pull
    });
    let (stub, repo) = repo(move |_, _| answered(&whole)).await;
    let number = PrNumber(7);
    let snapshot =
        ask(&repo, [Question::Repository, Question::Pull(number), Question::Reviews(number)]).await;
    assert_eq!(
        names(&snapshot),
        ["Head(\"main\")", "Repository", "Pull(PrNumber(7))", "Reviews(PrNumber(7))"]
    );
    let Told::Pull(pull) = &snapshot.told[2].1 else { panic!("{snapshot:?}") };
    assert_eq!((pull.author.login.as_str(), pull.author.bot), ("usher[bot]", true));
    assert_eq!(pull.comments, Some(2));
    assert_eq!(stub.count(QUERY), 1);
    let sent = &stub.calls(QUERY)[0].body;
    assert_eq!(sent["variables"], json!({"owner": "acme", "name": "shop1"}));
}

#[tokio::test]
async fn what_is_missing_is_left_open_and_the_rest_is_told() {
    let refused = json!([{"type": "FORBIDDEN", "path": ["repository", "q1", "reviews"], "message": "Resource not accessible by integration"}]);
    let data = with(
        with(about(1), "q0", json!({"target": {"oid": sha('a')}})),
        "q1",
        json!({"reviews": null}),
    );
    let (_stub, repo) = repo(move |_, _| {
        Reply::Json(200, json!({"data": {"repository": data}, "errors": refused}))
    })
    .await;
    let head = Question::Head("main".to_owned());
    let snapshot = ask(&repo, [head, Question::Reviews(PrNumber(7))]).await;
    assert_eq!(names(&snapshot), ["Head(\"main\")"]);
}

#[tokio::test]
async fn what_is_not_all_is_not_told() {
    let more = json!({"nodes": [], "pageInfo": {"hasNextPage": true}});
    let mannequin = with(pull(7), "author", json!({"__typename": "Mannequin", "login": "old"}));
    let gone = with(pull(7), "headRepository", Value::Null);
    let list = |pull: Value| json!({"nodes": [pull], "pageInfo": {"hasNextPage": false}});
    for open in [
        more,
        list(mannequin),
        list(gone),
        json!({"nodes": [null], "pageInfo": {"hasNextPage": false}}),
        Value::Null,
        json!(5),
    ] {
        let data = with(about(1), "q0", open.clone());
        let (_stub, repo) = repo(move |_, _| answered(&data)).await;
        let snapshot = ask(&repo, [Question::OpenPulls, Question::Reviews(PrNumber(1))]).await;
        assert!(snapshot.told.is_empty(), "{open}: {snapshot:?}");
    }
}

#[tokio::test]
async fn a_name_that_somebody_else_has_taken_tells_nothing() {
    let (_stub, repo) = repo(|_, _| answered(&about(2))).await;
    assert!(ask(&repo, [Question::Repository, Question::OpenPulls]).await.told.is_empty());
}

#[tokio::test]
async fn a_file_is_taken_only_if_it_is_what_its_id_says() {
    let right = Sha::new("ce013625030ba8dba906f756967f9e9ca394464a").unwrap();
    let blob = |text: &str| json!({"byteSize": text.len(), "isBinary": false, "isTruncated": false, "text": text});
    let cut = with(blob("hello\n"), "isTruncated", json!(true));
    let replaced = with(blob("hell\u{fffd}\n"), "byteSize", json!(6));
    for (text, told) in [(blob("hello\n"), 1), (blob("hallo\n"), 0), (cut, 0), (replaced, 0)] {
        let data = with(about(1), "q1", text);
        let (_stub, repo) = repo(move |_, _| answered(&data)).await;
        let snapshot = ask(&repo, [Question::Blob(right.clone()), Question::Blob(sha('b'))]).await;
        assert_eq!(snapshot.told.len(), told, "{snapshot:?}");
    }
}

#[tokio::test]
async fn without_graphql_rest_is_asked() {
    let odd = [
        Reply::Json(404, json!({"message": "Not Found"})),
        Reply::Json(403, json!({"message": "Resource not accessible by integration"})),
        Reply::Json(200, json!([])),
        Reply::Json(200, json!({"data": null})),
        Reply::Json(200, json!({"data": {"repository": null}})),
        Reply::Json(
            200,
            json!({"errors": [{"message": "Something went wrong while executing your query."}]}),
        ),
    ];
    for reply in odd {
        let (stub, repo) = repo(move |_, _| reply.again()).await;
        for _ in 0..2 {
            let snapshot = ask(&repo, [Question::Repository, Question::OpenPulls]).await;
            assert!(snapshot.told.is_empty() && snapshot.posted.is_none());
        }
        assert_eq!(stub.count(QUERY), 2, "asked again the next time");
    }
}

#[tokio::test]
async fn a_query_is_tried_again_like_a_read() {
    let (stub, repo) = repo(|_, nth| match nth {
        0 => Reply::Json(502, json!({"message": "Server Error"})),
        1 => Reply::Break,
        _ => answered(&about(1)),
    })
    .await;
    assert_eq!(ask(&repo, [Question::Repository, Question::OpenPulls]).await.told.len(), 2);
    assert_eq!(stub.count(QUERY), 3);
    let (stub, repo) = self::repo(|_, _| Reply::Page(200, "<html>")).await;
    assert!(ask(&repo, [Question::Repository, Question::OpenPulls]).await.told.is_empty());
    assert_eq!(stub.count(QUERY), 3);
}

#[tokio::test]
async fn a_query_that_is_not_understood_is_not_sent_again_at_once() {
    let unheard = json!({"errors": [{"message": "Field 'x' doesn't exist on type 'Repository'", "extensions": {"code": "undefinedField"}}]});
    let (stub, repo) = repo(move |_, _| Reply::Json(200, unheard.clone())).await;
    for _ in 0..3 {
        assert!(ask(&repo, [Question::Repository, Question::OpenPulls]).await.told.is_empty());
    }
    assert_eq!(stub.count(QUERY), 1);
}

#[tokio::test]
async fn an_hour_used_up_leaves_rest_alone() {
    let limited = json!({"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded for installation ID 7."}]});
    let (stub, repo) = repo(move |_, _| {
        let reset = ("x-ratelimit-reset", "1795176000".to_owned());
        let headers = vec![
            reset,
            ("x-ratelimit-remaining", "0".to_owned()),
            ("x-ratelimit-resource", "graphql".to_owned()),
        ];
        Reply::With(200, headers, limited.clone())
    })
    .await;
    for _ in 0..2 {
        assert!(ask(&repo, [Question::Repository, Question::OpenPulls]).await.told.is_empty());
    }
    assert_eq!(stub.count(QUERY), 1);
    assert_eq!(repo.commit(&sha('a')).await.unwrap().sha, sha('a'));
}

#[tokio::test]
async fn too_much_at_once_stops_rest_as_well() {
    let limited = json!({"errors": [{"message": "You have exceeded a secondary rate limit."}]});
    let (_stub, repo) =
        repo(move |_, _| Reply::With(200, vec![("retry-after", "70".to_owned())], limited.clone()))
            .await;
    let fault = repo.snapshot(&questions([Question::Repository, Question::OpenPulls])).await;
    let after = |fault: Fault| match fault {
        Fault::Transient { after, .. } => after.unwrap().as_secs(),
        other => panic!("{other}"),
    };
    assert_eq!(after(fault.unwrap_err()), 70);
    assert!((60..=70).contains(&after(repo.commit(&sha('a')).await.unwrap_err())));
}

#[tokio::test]
async fn members_of_several_teams_are_asked_for_at_once_by_their_own_token() {
    let login = |login: &str| Login::new(login).unwrap();
    let member =
        |team: &str, who: &str| Question::Member(login("acme"), team.to_owned(), login(who));
    let whole = |names: &[&str], more: bool| {
        let nodes: Vec<Value> = names.iter().map(|name| json!({"login": name})).collect();
        json!({"members": {"nodes": nodes, "pageInfo": {"hasNextPage": more}}})
    };
    let data =
        json!({"o0": {"t0": whole(&["Quinn"], false), "t1": whole(&["sam"], true), "t2": null}});
    let (stub, repo) = repo(move |_, _| Reply::Json(200, json!({"data": data}))).await;
    let all = [("qa", "quinn"), ("qa", "ada"), ("sre", "sam"), ("sre", "ada"), ("void", "ada")];
    let snapshot = ask(&repo, all.map(|(team, who)| member(team, who))).await;
    let told: Vec<(String, bool)> = snapshot
        .told
        .iter()
        .map(|(question, told)| match (question, told) {
            (Question::Member(_, team, who), Told::Member(is)) => (format!("{team} {who}"), *is),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [("qa ada", false), ("qa quinn", true), ("sre sam", true)];
    assert_eq!(told, expected.map(|(who, is)| (who.to_owned(), is)));
    assert_eq!(stub.count(QUERY), 1);
    let scope = &stub.calls("POST /app/installations/")[..];
    let scopes: Vec<&Value> = scope.iter().map(|call| &call.body["permissions"]).collect();
    assert!(scopes.contains(&&json!({"members": "read"})), "{scopes:?}");
}
