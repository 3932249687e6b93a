//! The sandbox's pages over HTTP and in a real browser: what they show, and what their forms do.
//! Knows nothing of the bot.
#![expect(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

pub(crate) mod browser;
mod hostile;
mod people;
pub(crate) mod visitor;

use serde_json::Value;

use visitor::{REPO, Visitor, has, location};

#[tokio::test]
async fn every_page_shows_what_it_is_for() {
    let visitor = Visitor::new("ada").await;
    has(
        &visitor.see("/").await,
        &["acme/microservices-demo", "Publish a release", "quinn", "write · team qa"],
    );
    has(&visitor.see("/acme").await, &["Organisation", "acme/microservices-demo"]);
    has(&visitor.see(REPO).await, &["kustomize", "Deploy v1.0.0 everywhere", "Online Boutique"]);
    let folder = format!("{REPO}/tree/main/kustomize/staging");
    has(&visitor.see(&folder).await, &["kustomization.yaml"]);
    let file = format!("{REPO}/blob/main/kustomize/staging/kustomization.yaml");
    has(&visitor.see(&file).await, &["newTag: v1.0.0", "id=\"L3\""]);
    has(&visitor.see(&format!("{REPO}/raw/main/README.md")).await, &["# microservices-demo"]);
    has(&visitor.see(&format!("{REPO}/commits/main")).await, &["Deploy v1.0.0 everywhere"]);
    has(
        &visitor.see(&format!("{REPO}/releases")).await,
        &["v1.0.0", "Latest", "The boutique opens."],
    );
    has(&visitor.see(&format!("{REPO}/releases/tag/v1.0.0")).await, &["released this"]);
    has(
        &visitor.see(&format!("{REPO}/releases/new")).await,
        &["placeholder=\"v1.0.1\"", "The newest one is v1.0.0."],
    );
    has(&visitor.see(&format!("{REPO}/pulls")).await, &["0 open", "No open pull requests."]);
    has(&visitor.see(&format!("{REPO}/issues/new")).await, &["New issue"]);
    has(&visitor.see(&format!("{REPO}/activity")).await, &["http://127.0.0.1:1/webhook"]);
    has(
        &visitor.see(&format!("{REPO}/settings")).await,
        &["usher/gates", "usher/kustomize", "usher[bot]"],
    );
    for nowhere in [
        "/nobody",
        "/acme/nothing",
        "/acme/microservices-demo/pull/9",
        "/a/b/c/d",
        "/acme/microservices-demo/blob/main/none",
    ] {
        let answer = visitor.get(nowhere).await;
        assert_eq!(answer.status(), 404, "{nowhere}");
        has(&answer.text().await.unwrap(), &["Not found", "Go to the first page"]);
    }
}

#[tokio::test]
async fn a_release_is_published_by_its_form() {
    let visitor = Visitor::new("ada").await;
    let form = format!("{REPO}/releases/new");
    let fields = [("tag", "v1.0.1"), ("target", "main"), ("name", ""), ("body", "Faster *carts*.")];
    let answer = visitor.send(&form, &fields).await;
    assert_eq!(location(&answer), format!("{REPO}/releases"));
    let list = visitor.see(&format!("{REPO}/releases")).await;
    has(&list, &["id=\"release-v1.0.1\"", "Faster <em>carts</em>.", "Latest"]);
    visitor.sandbox.webhooks_idle().await;
    let activity = visitor.see(&format!("{REPO}/activity")).await;
    has(&activity, &["release.published", "Redeliver"]);

    let again = visitor
        .send(
            &form,
            &[("tag", "v1.0.1"), ("target", "main"), ("name", "kept"), ("body", "also <kept>")],
        )
        .await;
    assert_eq!(again.status(), 422);
    has(
        &again.text().await.unwrap(),
        &["role=\"alert\"", "already exists", "value=\"kept\"", "also &#60;kept&#62;"],
    );
    let empty = visitor.send(&form, &[("tag", " "), ("target", "main")]).await;
    assert_eq!(empty.status(), 422);
    has(&empty.text().await.unwrap(), &["Name the tag"]);
}

#[tokio::test]
async fn people_do_only_what_they_may() {
    let mut visitor = Visitor::new("eve").await;
    let form = format!("{REPO}/releases/new");
    has(&visitor.see(&form).await, &["may only read this repository"]);
    let answer = visitor.send(&form, &[("tag", "v9"), ("target", "main")]).await;
    assert_eq!(answer.status(), 403);
    has(&answer.text().await.unwrap(), &["role=\"alert\"", "value=\"v9\""]);
    visitor.login = "ada";
    let number = visitor.open_pull("Promote", "text").await;
    let pull = format!("{REPO}/pull/{number}");
    visitor.login = "eve";
    for fields in [
        [("do", "merge"), ("method", "merge")],
        [("do", "label"), ("label", "qa-approved")],
        [("do", "close"), ("body", "")],
    ] {
        let answer = visitor.send(&pull, &fields).await;
        assert!(answer.status().is_client_error(), "{fields:?}");
        has(&answer.text().await.unwrap(), &["role=\"alert\""]);
    }
    let comment = visitor.send(&pull, &[("do", "comment"), ("body", "May I?")]).await;
    assert_eq!(location(&comment), pull);
    has(&visitor.see(&pull).await, &["May I?", "Only those with write access"]);
}

#[tokio::test]
async fn a_pull_request_is_read() {
    let visitor = Visitor::new("ada").await;
    let number =
        visitor.open_pull("Promote v1.0.1 to staging", "- [x] planned\n\nThanks @quinn").await;
    let pull = format!("{REPO}/pull/{number}");
    let page = visitor.see(&pull).await;
    has(
        &page,
        &[
            "Promote v1.0.1 to staging",
            "href=\"/quinn\"",
            "type=\"checkbox\"",
            "Merging is blocked",
            "Expected — Waiting",
            "disabled",
        ],
    );
    has(&visitor.see(&format!("{pull}/commits")).await, &["Promote to v1.0.1"]);
    let files = visitor.see(&format!("{pull}/files")).await;
    has(
        &files,
        &["1 file changed", "kustomize/staging/kustomization.yaml", "newTag: v1.0.<mark>1</mark>"],
    );
    has(&visitor.see(&format!("{pull}/checks")).await, &["usher/gates", "required"]);
    let early = visitor.send(&pull, &[("do", "merge"), ("method", "squash")]).await;
    assert_eq!(early.status(), 405);
    has(&early.text().await.unwrap(), &["role=\"alert\"", "status checks"]);
}

#[tokio::test]
async fn a_pull_request_is_labelled_and_approved() {
    let mut visitor = Visitor::new("ada").await;
    let number = visitor.open_pull("Promote", "").await;
    let pull = format!("{REPO}/pull/{number}");
    visitor.login = "quinn";
    for fields in [
        vec![("do", "label"), ("label", "qa-approved")],
        vec![("do", "review"), ("event", "APPROVE"), ("body", "Good *work*")],
        vec![("do", "comment"), ("body", "/status")],
    ] {
        assert_eq!(location(&visitor.send(&pull, &fields).await), pull);
    }
    let page = visitor.see(&pull).await;
    has(
        &page,
        &[
            "qa-approved",
            "added the label",
            "approved these changes",
            "Good <em>work</em>",
            "/status",
            "Changes approved",
        ],
    );
    assert_eq!(
        location(&visitor.send(&pull, &[("do", "unlabel"), ("label", "qa-approved")]).await),
        pull
    );
    has(&visitor.see(&pull).await, &["removed the label"]);
}

#[tokio::test]
async fn a_pull_request_is_merged_when_its_checks_are_green() {
    let visitor = Visitor::new("ada").await;
    let number = visitor.open_pull("Promote v1.0.1 to staging", "").await;
    let pull = format!("{REPO}/pull/{number}");
    visitor.report(number, "success").await;
    has(&visitor.see(&pull).await, &["All checks have passed", "This branch has no conflicts"]);
    has(&visitor.see(&format!("{REPO}/pulls")).await, &["1 open", "Promote v1.0.1 to staging"]);
    let stale =
        visitor.send(&pull, &[("do", "merge"), ("method", "merge"), ("head", "1234567")]).await;
    assert_eq!(stale.status(), 409);
    let head = visitor.api("GET", &format!("/pulls/{number}"), Value::Null).await;
    let head = head["head"]["sha"].as_str().unwrap().to_owned();
    let merge =
        visitor.send(&pull, &[("do", "merge"), ("method", "squash"), ("head", &head)]).await;
    assert_eq!(location(&merge), pull);
    has(&visitor.see(&pull).await, &["Merged", "merged this as commit", "Delete branch"]);
    has(&visitor.see(&format!("{pull}/files")).await, &["1 file changed"]);
    assert_eq!(location(&visitor.send(&pull, &[("do", "delete-branch")]).await), pull);
    let page = visitor.see(&pull).await;
    assert!(!page.contains("Delete branch"), "it is gone:\n{page}");
    has(
        &visitor.see(&format!("{REPO}/pulls?state=closed")).await,
        &["1 closed", "Promote v1.0.1 to staging"],
    );
}

#[tokio::test]
async fn a_pull_request_is_closed_and_opened_again() {
    let visitor = Visitor::new("ada").await;
    let number = visitor.open_pull("Promote", "").await;
    let pull = format!("{REPO}/pull/{number}");
    visitor.send(&pull, &[("do", "close"), ("body", "Not today.")]).await;
    has(&visitor.see(&pull).await, &["Not today.", "closed this", "Reopen pull request"]);
    visitor.send(&pull, &[("do", "reopen"), ("body", "")]).await;
    has(&visitor.see(&pull).await, &["reopened this", "Close pull request"]);
    let unknown = visitor.send(&pull, &[("do", "explode")]).await;
    assert_eq!(unknown.status(), 422);
}

#[tokio::test]
async fn an_issue_is_opened_and_discussed() {
    let visitor = Visitor::new("eve").await;
    let form = format!("{REPO}/issues/new");
    let refused = visitor.send(&form, &[("title", ""), ("body", "kept")]).await;
    assert_eq!(refused.status(), 422);
    has(&refused.text().await.unwrap(), &["role=\"alert\"", "kept"]);
    let opened = visitor.send(&form, &[("title", "Carts are slow"), ("body", "Very.")]).await;
    let issue = location(&opened).to_owned();
    has(&visitor.see(&issue).await, &["Carts are slow", "Very."]);
    visitor.send(&issue, &[("do", "comment"), ("body", "Still.")]).await;
    visitor.send(&issue, &[("do", "close"), ("body", "")]).await;
    has(&visitor.see(&issue).await, &["Still.", "closed this"]);
}

#[tokio::test]
async fn a_failed_delivery_is_sent_again_by_its_button() {
    let mut visitor = Visitor::new("ada").await;
    visitor.send(&format!("{REPO}/releases/new"), &[("tag", "v1.0.1"), ("target", "main")]).await;
    visitor.sandbox.webhooks_idle().await;
    let activity = visitor.see(&format!("{REPO}/activity")).await;
    let path = activity
        .split('"')
        .find(|word| word.starts_with(&format!("{REPO}/activity/")))
        .unwrap()
        .to_owned();
    has(&visitor.see(&path).await, &["X-Hub-Signature-256", "&#34;repository&#34;"]);
    visitor.login = "eve";
    assert_eq!(visitor.send(&path, &[]).await.status(), 403);
    visitor.login = "ada";
    assert_eq!(location(&visitor.send(&path, &[]).await), format!("{REPO}/activity"));
    visitor.sandbox.webhooks_idle().await;
    has(&visitor.see(&format!("{REPO}/activity")).await, &["redelivery"]);
}

#[tokio::test]
async fn open_pages_are_told_of_changes() {
    let visitor = Visitor::new("ada").await;
    let mut stream = visitor.get("/live").await;
    has(stream.headers()["content-type"].to_str().unwrap(), &["text/event-stream"]);
    visitor.send(&format!("{REPO}/releases/new"), &[("tag", "v1.0.1"), ("target", "main")]).await;
    let mut told = String::new();
    while !told.contains("data: release") {
        told.push_str(&String::from_utf8_lossy(&stream.chunk().await.unwrap().unwrap()));
    }
    has(&told, &["event: change"]);
}
