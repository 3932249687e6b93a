//! The box over HTTP, as its clients see it.

use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

use super::{Fault, FaultAnswer, Options, Running, start};

const REPO: &str = "/repos/acme/microservices-demo";

async fn running() -> Running {
    let local = "127.0.0.1:0".parse().unwrap();
    start(Options::new(local, "127.0.0.1:9")).await.unwrap()
}

async fn call(github: &Running, who: &str, method: Method, path: &str, body: Value) -> Response {
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let mut request =
        client.request(method, format!("{}{path}", github.api_url())).header("user-agent", "tests");
    if !who.is_empty() {
        request = request.bearer_auth(who);
    }
    if !body.is_null() {
        request = request.json(&body);
    }
    request.send().await.unwrap()
}

async fn get(github: &Running, who: &str, path: &str) -> Response {
    call(github, who, Method::GET, path, Value::Null).await
}

fn header(response: &Response, name: &str) -> String {
    response.headers()[name].to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_not_changed_is_304_and_costs_nothing() {
    let github = running().await;
    let path = format!("{REPO}/branches/main");
    let first = get(&github, "ada", &path).await;
    let (tag, used) = (header(&first, "etag"), header(&first, "x-ratelimit-used"));
    let again = Client::new()
        .get(format!("{}{path}", github.api_url()))
        .header("user-agent", "tests")
        .header("if-none-match", tag)
        .bearer_auth("ada")
        .send()
        .await
        .unwrap();
    assert_eq!(again.status(), 304);
    assert_eq!(header(&again, "x-ratelimit-used"), used);
    assert!(again.bytes().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_or_does_more_than_they_may() {
    let github = running().await;
    github.add_repository("secret", true, &[("a", "a")]).unwrap();
    let status = |who: &'static str, method: Method, path: String, body: Value| {
        let github = &github;
        async move { call(github, who, method, &path, body).await.status().as_u16() }
    };
    let read = |who, path: &str| status(who, Method::GET, path.to_owned(), Value::Null);
    assert_eq!(read("", "/repos/acme/secret").await, 404);
    assert_eq!(read("ada", "/repos/acme/secret").await, 200);
    assert_eq!(read("", REPO).await, 200);
    assert_eq!(read("stranger", REPO).await, 401);
    let label = || json!({"name": "x"});
    let labels = format!("{REPO}/labels");
    assert_eq!(status("eve", Method::POST, labels.clone(), label()).await, 403);
    assert_eq!(status("", Method::POST, labels.clone(), label()).await, 401);
    assert_eq!(status("ada", Method::POST, labels, label()).await, 201);
    let protection = format!("{REPO}/branches/main/protection");
    assert_eq!(read("ada", &protection).await, 403);
    assert_eq!(read("sam", &protection).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_repository_is_found_under_its_old_name() {
    let github = running().await;
    let renamed = call(&github, "sam", Method::PATCH, REPO, json!({"name": "boutique"})).await;
    assert_eq!(renamed.status(), 200);
    let moved = get(&github, "ada", &format!("{REPO}/branches/main")).await;
    assert_eq!(moved.status(), 301);
    let target = header(&moved, "location");
    let below = target.strip_prefix(&github.api_url()).unwrap();
    assert!(below.starts_with("/repositories/"), "{below}");
    // GitHub serves what is below a repository's id as well.
    assert_eq!(get(&github, "ada", below).await.status(), 200);
    let asked = get(&github, "ada", &format!("{REPO}/git/trees/main?recursive=1&x=a%2Fb")).await;
    assert!(header(&asked, "location").ends_with("/git/trees/main?recursive=1&x=a%2Fb"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_on_a_protected_branch_is_written_by_those_alone_whom_it_does_not_bind() {
    let github = running().await;
    let path = format!("{REPO}/contents/hello.txt");
    let file = json!({"message": "Say hello", "content": "aGkK", "branch": "main"});
    let refused = call(&github, "ada", Method::PUT, &path, file.clone()).await;
    assert_eq!(refused.status(), 409);
    let refused: Value = refused.json().await.unwrap();
    let said = refused["message"].as_str().unwrap();
    assert!(said.starts_with("Could not create file: 2 of 2 required status checks"), "{said}");
    let written = call(&github, "sam", Method::PUT, &path, file).await;
    assert_eq!(written.status(), 201);
    let written: Value = written.json().await.unwrap();
    let sha = written["commit"]["sha"].as_str().unwrap();
    let commit = get(&github, "eve", &format!("{REPO}/commits/{sha}")).await;
    let commit: Value = commit.json().await.unwrap();
    // GitHub commits it in its own name, and signs it
    assert_eq!(commit["commit"]["verification"]["verified"], true);
    assert_eq!(
        (&commit["author"]["login"], &commit["committer"]["login"]),
        (&json!("sam"), &json!("web-flow"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_played_and_the_rest_is_logged() {
    let github = running().await;
    let fault = |answer: FaultAnswer| Fault {
        method: Some("POST".to_owned()),
        path: "/repos/*/labels".to_owned(),
        nth: 1,
        times: 1,
        answer,
    };
    github.fault(fault(FaultAnswer::Lose)).unwrap();
    let labels = format!("{REPO}/labels");
    let label = json!({"name": "lost"});
    assert_eq!(call(&github, "ada", Method::POST, &labels, label.clone()).await.status(), 502);
    // It was done, although nobody heard of it.
    assert_eq!(call(&github, "ada", Method::POST, &labels, label).await.status(), 422);
    assert!(github.waiting_faults().is_empty());
    github.fault(fault(FaultAnswer::Drop)).unwrap();
    let dropped = Client::new()
        .post(format!("{}{labels}", github.api_url()))
        .header("user-agent", "tests")
        .send()
        .await;
    let broken = match dropped {
        Err(_) => true,
        Ok(response) => response.bytes().await.is_err(),
    };
    assert!(broken);
    assert_eq!(get(&github, "ada", "/nothing/here").await.status(), 404);
    assert_eq!(github.unknown_routes().len(), 1);
    assert_eq!(github.requests().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn data_is_kept_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let local = "127.0.0.1:0".parse().unwrap();
    let mut options = Options::new(local, "127.0.0.1:9");
    options.data = Some(folder.path().to_owned());
    let first = start(options.clone()).await.unwrap();
    let body = json!({"title": "Remember me"});
    let made = call(&first, "ada", Method::POST, &format!("{REPO}/issues"), body).await;
    assert_eq!(made.status(), 201);
    let (app, secret) = (first.app_id, first.webhook_secret.clone());
    first.shutdown().await;
    let second = start(options).await.unwrap();
    assert_eq!((second.app_id, &second.webhook_secret), (app, &secret));
    let issue: Value = get(&second, "eve", &format!("{REPO}/issues/1")).await.json().await.unwrap();
    assert_eq!(issue["title"], "Remember me");
    assert_eq!(get(&second, "eve", &format!("{REPO}/commits/main")).await.status(), 200);
}
