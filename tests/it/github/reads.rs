//! Reading: pages, redirects, what is remembered.

use serde_json::{Value, json};
use usher::fault::Fault;
use usher::github::{CheckFilter, Priority};
use usher::model::files::Mode;
use usher::model::ids::PrNumber;
use usher::model::report::StatusState;

use super::{Reply, Stub, bot, commit, pull, reference, sha, table};

fn repository(name: &str) -> Value {
    json!({"id": 1, "full_name": name, "default_branch": "main", "private": true, "archived": true})
}

#[tokio::test]
async fn every_page_is_read() {
    let stub = Stub::start(|seen, _| {
        let path = "/repos/acme/shop1/pulls";
        let (_, query) = seen.call.strip_prefix("GET ")?.split_once('?')?;
        let page: u64 = query.split("&page=").nth(1).unwrap_or("1").parse().unwrap();
        let host = seen.headers["host"].to_str().unwrap();
        let next = format!(
            "<http://{host}/api/v3{path}?state=open&per_page=100&page=1>; rel=\"first\", \
             <http://{host}/api/v3{path}?state=open&per_page=100&page={}>; rel=\"next\"",
            page + 1
        );
        let links = if page < 3 { vec![("link", next)] } else { vec![] };
        Some(Reply::With(200, links, json!([pull(page, &bot(), &[])])))
    })
    .await;
    let pulls = stub.repo().open_pulls().await.unwrap();
    let numbers: Vec<u64> = pulls.iter().map(|p| p.number.0).collect();
    assert_eq!(numbers, [1, 2, 3]);
}

#[tokio::test]
async fn a_token_goes_nowhere_else() {
    let elsewhere = Stub::start(|_, _| None).await;
    let base = elsewhere.base.clone();
    let stub = Stub::start(move |seen, _| {
        let to = format!("{base}/x");
        if seen.call.contains("/pulls") {
            let link = vec![("link", format!("<{to}>; rel=\"next\""))];
            return Some(Reply::With(200, link, json!([])));
        }
        let moved = Reply::With(301, vec![("location", to)], json!({"message": "Moved"}));
        seen.call.contains("/repos/").then_some(moved)
    })
    .await;
    let fault = stub.repo().repository().await.unwrap_err();
    assert!(matches!(fault, Fault::Stale(_)), "{fault}");
    assert!(stub.repo().open_pulls().await.unwrap().is_empty());
    assert_eq!(elsewhere.count(""), 0);
}

#[tokio::test]
async fn a_renamed_repository_is_found_and_written_to_where_it_is_now() {
    let stub = Stub::start(|seen, _| {
        let host = seen.headers["host"].to_str().unwrap();
        let to = format!("http://{host}/api/v3/repositories/1");
        match seen.call.as_str() {
            "GET /repositories/1" => Some(Reply::Json(200, repository("acme/new"))),
            "POST /repositories/1" => Some(Reply::Json(201, json!({"id": 5}))),
            call if call.contains("/repos/acme/shop1") => {
                let location = vec![("location", to)];
                Some(Reply::With(307, location, json!({"message": "Moved"})))
            }
            _ => None,
        }
    })
    .await;
    let found = stub.repo().repository().await.unwrap().unwrap();
    assert_eq!(found.name.as_str(), "acme/new");
    assert!(found.archived);
    stub.repo().add_comment(PrNumber(1), "x").await.unwrap();
    assert_eq!(stub.count("POST /repositories/1"), 1);
}

#[tokio::test]
async fn what_has_not_changed_is_confirmed_and_not_sent_again() {
    let stub = Stub::start(|seen, _| {
        if !seen.call.ends_with("/repos/acme/shop1") {
            return None;
        }
        if let Some(etag) = seen.headers.get("if-none-match") {
            assert_eq!(etag, "W/\"a1\"");
            return Some(Reply::With(304, vec![], Value::Null));
        }
        let etag = vec![("etag", "W/\"a1\"".to_owned())];
        Some(Reply::With(200, etag, repository("acme/shop1")))
    })
    .await;
    let repo = stub.repo();
    let first = repo.repository().await.unwrap();
    assert_eq!(repo.repository().await.unwrap(), first);
    assert_eq!(stub.count("GET /repos"), 2);
}

#[tokio::test]
async fn a_tree_too_large_for_one_answer_is_walked_and_remembered() {
    let entry = |path: &str, mode: &str, id: char| json!({"path": path, "mode": mode, "sha": sha(id), "type": "x"});
    let tree = |truncated: bool, entries: Vec<Value>| {
        Reply::Json(200, json!({"sha": sha('a'), "tree": entries, "truncated": truncated}))
    };
    let part = vec![entry("README", "100644", '1')];
    let level = vec![
        entry("README", "100644", '1'),
        entry("apps", "040000", 'b'),
        entry("run", "100755", '2'),
    ];
    let below = vec![
        entry("x", "040000", 'c'),
        entry("x/a.yaml", "100664", '3'),
        entry("x/link", "120000", '4'),
        entry("sub", "160000", '5'),
    ];
    let at = |id: char, rest: &str| -> &'static str {
        format!("GET /repos/acme/shop1/git/trees/{}{rest}", sha(id)).leak()
    };
    let stub = Stub::start(table([
        (at('a', "?recursive=1"), tree(true, part)),
        (at('a', ""), tree(false, level)),
        (at('b', "?recursive=1"), tree(false, below)),
    ]))
    .await;
    let door = stub.door();
    let repo = door.at(&reference(1, 7), Priority::Person);
    let found = repo.tree(&sha('a')).await.unwrap();
    let entries: Vec<(&str, Mode)> =
        found.entries.iter().map(|(p, (m, _))| (p.as_str(), *m)).collect();
    assert_eq!(
        entries,
        [
            ("README", Mode::File),
            ("apps/sub", Mode::Submodule),
            ("apps/x/a.yaml", Mode::File),
            ("apps/x/link", Mode::Link),
            ("run", Mode::Executable),
        ]
    );
    let before = stub.count("GET");
    assert_eq!(repo.tree(&sha('a')).await.unwrap(), found);
    assert_eq!(stub.count("GET"), before);
    // what may be read in one repository may not be in another
    let other = door.at(&reference(2, 7), Priority::Person);
    assert!(matches!(other.tree(&sha('a')).await, Err(Fault::Denied(_))));
}

#[tokio::test]
async fn blobs_and_commits_are_read_once() {
    let blob: &str = format!("GET /repos/acme/shop1/git/blobs/{}", sha('1')).leak();
    let one: &str = format!("GET /repos/acme/shop1/commits/{}?per_page=1", sha('2')).leak();
    let stub = Stub::start(table([
        (blob, Reply::Json(200, json!({"content": "AAH/\nCg==\n", "encoding": "base64"}))),
        (one, Reply::Json(200, commit('2', &bot(), "message", true))),
    ]))
    .await;
    let repo = stub.repo();
    for _ in 0..2 {
        assert_eq!(*repo.blob(&sha('1')).await.unwrap(), [0, 1, 255, 10]);
        let commit = repo.commit(&sha('2')).await.unwrap();
        assert!(commit.verified && commit.author.unwrap().bot);
        assert_eq!((commit.tree, commit.parents), (sha('e'), vec![sha('0')]));
    }
    assert_eq!(stub.count("GET /repos"), 2);
}

#[tokio::test]
async fn a_branch_and_its_commit_are_one_request_and_a_branch_may_be_absent() {
    let refused = |status, said: &str| Reply::Json(status, json!({"message": said}));
    let at = |branch: &str| -> &'static str {
        format!("GET /repos/acme/shop1/commits/heads/{branch}?per_page=1").leak()
    };
    let stub = Stub::start(table([
        (at("release/1.0"), Reply::Json(200, commit('2', &bot(), "message", true))),
        (at("gone"), refused(422, "No commit found for SHA: heads/gone")),
        (at("empty"), refused(409, "Git Repository is empty.")),
        (at("odd"), refused(422, "Something else")),
    ]))
    .await;
    let repo = stub.repo();
    let head = repo.head_commit("release/1.0").await.unwrap().unwrap();
    assert_eq!((head.sha.clone(), head.message.as_str()), (sha('2'), "message"));
    assert_eq!(repo.commit(&sha('2')).await.unwrap(), head);
    assert_eq!(stub.count("GET /repos"), 1, "the commit is known by its id from then on");
    for absent in ["gone", "empty", "no/such", "a..b"] {
        assert_eq!(repo.head_commit(absent).await.unwrap(), None, "{absent}");
    }
    assert!(matches!(repo.head_commit("odd").await, Err(Fault::Broken(_))));
}

#[tokio::test]
async fn the_commits_of_a_path_are_read_newest_first() {
    let call = "GET /repos/acme/shop1/commits?path=kustomize%2Fa%26b.yaml&sha=main&per_page=100";
    let commits =
        json!([commit('3', &bot(), "three", true), commit('1', &Value::Null, "one", false)]);
    let stub = Stub::start(table([(call, Reply::Json(200, commits))])).await;
    let repo = stub.repo();
    let found = repo.commits_of("kustomize/a&b.yaml", "main").await.unwrap();
    let ids: Vec<_> = found.iter().map(|commit| commit.sha.clone()).collect();
    assert_eq!(ids, [sha('3'), sha('1')]);
    assert_eq!(repo.commit(&sha('1')).await.unwrap(), found[1]);
    assert_eq!(stub.count("GET /repos"), 1);
    let fault = repo.commits_of("x", "no/such").await.unwrap_err();
    assert!(matches!(fault, Fault::Denied(_)), "nothing known is not nothing there: {fault}");
}

#[tokio::test]
async fn tags_are_followed_to_their_commit() {
    let object = |kind: &str, id: char| json!({"ref": "refs/tags/x", "object": {"type": kind, "sha": sha(id)}});
    let annotated: &str = format!("GET /repos/acme/shop1/git/tags/{}", sha('1')).leak();
    let stub = Stub::start(table([
        ("GET /repos/acme/shop1/git/ref/tags/v1", Reply::Json(200, object("commit", '9'))),
        ("GET /repos/acme/shop1/git/ref/tags/v2%2B1", Reply::Json(200, object("tag", '1'))),
        (annotated, Reply::Json(200, object("commit", '8'))),
        ("GET /repos/acme/shop1/git/ref/tags/tree", Reply::Json(200, object("tree", '7'))),
        (
            "GET /repos/acme/shop1/git/ref/heads/main",
            Reply::Json(409, json!({"message": "Git Repository is empty."})),
        ),
    ]))
    .await;
    let repo = stub.repo();
    assert_eq!(repo.tag("v1").await.unwrap(), Some(sha('9')));
    assert_eq!(repo.tag("v2+1").await.unwrap(), Some(sha('8')));
    assert_eq!(repo.tag("tree").await.unwrap(), None);
    assert_eq!(repo.tag("v3").await.unwrap(), None);
    assert_eq!(repo.head("main").await.unwrap(), None);
    let before = stub.count("GET");
    for hostile in ["../../x", "v1.0.1; rm -rf /", "a/../../../user", ""] {
        assert_eq!(repo.tag(hostile).await.unwrap(), None);
        assert_eq!(repo.release_by_tag(hostile).await.unwrap(), None);
    }
    assert_eq!(stub.count("GET"), before, "no path is made of them");
}

#[tokio::test]
async fn a_comparison_is_cut_where_github_cuts_it() {
    let stub = Stub::start(|seen, _| {
        let (path, query) = seen.call.strip_prefix("GET ")?.split_once('?')?;
        let page: u64 = query.split("&page=").nth(1).unwrap_or("1").parse().unwrap();
        let host = seen.headers["host"].to_str().unwrap();
        let next = format!("<http://{host}/api/v3{path}?per_page=100&page={}>; rel=\"next\"", page + 1);
        let commits = vec![commit('5', &Value::Null, "m", false); 100];
        let body = json!({"merge_base_commit": commit('1', &bot(), "base", true), "commits": commits, "total_commits": 900});
        path.contains("/compare/").then(|| Reply::With(200, vec![("link", next)], body))
    })
    .await;
    let compared = stub.repo().compare(&sha('1'), &sha('2')).await.unwrap();
    assert_eq!((compared.commits.len(), compared.total_commits), (250, 900));
    assert_eq!(compared.merge_base.sha, sha('1'));
    assert_eq!(stub.count("GET /repos"), 3);
}

#[tokio::test]
async fn check_runs_are_asked_for_by_name_and_app() {
    let call: &str = format!(
        "GET /repos/acme/shop1/commits/{}/check-runs?per_page=100&check_name=ci%20%2F%20a%26b&app_id=42",
        sha('1')
    )
    .leak();
    let run = json!({"id": 5, "name": "ci / a&b", "status": "completed", "conclusion": "timed_out", "app": {"id": 42}});
    let stub = Stub::start(table([(
        call,
        Reply::Json(200, json!({"total_count": 1, "check_runs": [run]})),
    )]))
    .await;
    let filter =
        CheckFilter { name: Some("ci / a&b".to_owned()), app: Some(usher::model::ids::AppId(42)) };
    let runs = stub.repo().check_runs(&sha('1'), &filter).await.unwrap();
    assert_eq!(runs.len(), 1);
}

#[tokio::test]
async fn failed_deliveries_are_looked_for_only_as_far_back_as_asked() {
    let stub = Stub::start(|seen, _| {
        let host = seen.headers["host"].to_str().unwrap();
        let next = format!("<http://{host}/api/v3/app/hook/deliveries?per_page=100&cursor=c2>; rel=\"next\"");
        let attempt = |id: u64, guid: &str, at: &str, status: u16| json!({"id": id, "guid": guid, "delivered_at": at, "status_code": status, "status": "x", "action": null});
        match seen.call.as_str() {
            "GET /app/hook/deliveries?per_page=100" => Some(Reply::With(
                200,
                vec![("link", next)],
                json!([attempt(3, "b", "2026-11-20T11:00:00Z", 0), attempt(2, "a", "2026-11-20T10:00:00Z", 503)]),
            )),
            _ => None,
        }
    })
    .await;
    let since = "2026-11-20T10:30:00Z".parse().unwrap();
    let failed = stub.door().failed_attempts(since).await.unwrap();
    assert_eq!(failed.len(), 1);
    assert_eq!((failed[0].id.0, failed[0].delivered), (3, false));
    assert_eq!(stub.count("GET /app/hook"), 1, "the second page is too old");
}

#[tokio::test]
async fn contexts_that_drown_in_statuses_are_found_all_the_same() {
    let stub = Stub::start(|seen, _| {
        let (path, query) = seen.call.strip_prefix("GET ")?.split_once('?')?;
        let status = |id: u64, context: &str, more: Value| {
            let mut one = json!({"id": id, "context": context, "state": "success", "created_at": "2026-11-20T12:00:00Z"});
            one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            one
        };
        if path.ends_with("/check-runs") {
            return Some(Reply::Json(200, json!({"total_count": 0, "check_runs": []})));
        }
        if path.ends_with("/status") {
            let both = json!([status(1, "ci", json!({"state": "failure"})), status(9000, "spam", json!({}))]);
            return Some(Reply::Json(200, json!({"statuses": both})));
        }
        let page: u64 = query.split("&page=").nth(1).unwrap_or("1").parse().unwrap();
        let host = seen.headers["host"].to_str().unwrap();
        let next = format!("<http://{host}/api/v3{path}?per_page=100&page={}>; rel=\"next\"", page + 1);
        let spam = (0..100).map(|n| status(9000 - (page - 1) * 100 - n, "spam", json!({"creator": bot()})));
        let spam: Vec<Value> = spam.collect();
        path.ends_with("/statuses").then(|| Reply::With(200, vec![("link", next)], json!(spam)))
    })
    .await;
    let reports = stub.repo().reports(&sha('1')).await.unwrap();
    let told: Vec<_> = reports
        .statuses
        .iter()
        .map(|one| (one.context.as_str(), one.state, one.creator.is_some()))
        .collect();
    assert_eq!(told, [("ci", StatusState::Failure, false), ("spam", StatusState::Success, true)]);
    assert_eq!(stub.count("GET /repos/acme/shop1/commits"), 12);
}
