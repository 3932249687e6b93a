//! The sandbox's pages over HTTP and in a real browser: what they show, what their forms do, and
//! that nothing written by a stranger acts. Knows nothing of the bot.
#![expect(
    clippy::unwrap_used,
    reason = "in a test, what is not there is a failure"
)]

mod browser;

use reqwest::{Client, Response, StatusCode, redirect};
use serde_json::{Value, json};
use usher::sandbox::{Options, Running, start};

/// A sandbox without a bot, and somebody who looks at it.
struct Visitor {
    sandbox: Running,
    client: Client,
    login: &'static str,
}

const REPO: &str = "/acme/microservices-demo";

impl Visitor {
    async fn new(login: &'static str) -> Self {
        let listen = "127.0.0.1:0".parse().unwrap();
        // Nobody listens on port 1: deliveries fail at once.
        let sandbox = start(Options::new(listen, "127.0.0.1:1")).await.unwrap();
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .user_agent("tests")
            .build()
            .unwrap();
        Self {
            sandbox,
            client,
            login,
        }
    }

    /// Looks at a page that has to be there.
    async fn see(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    }

    async fn get(&self, path: &str) -> Response {
        let url = format!("{}{path}", self.sandbox.url());
        let cookie = format!("sandbox_user={}", self.login);
        let request = self.client.get(url).header("cookie", cookie);
        request.send().await.unwrap()
    }

    /// Sends a form as a browser does.
    async fn send(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        self.send_from(&self.sandbox.url(), path, fields).await
    }

    async fn send_from(&self, origin: &str, path: &str, fields: &[(&str, &str)]) -> Response {
        let encode =
            |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02X}")).collect() };
        let body: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        self.client
            .post(format!("{}{path}", self.sandbox.url()))
            .header("cookie", format!("sandbox_user={}", self.login))
            .header("origin", origin)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.join("&"))
            .send()
            .await
            .unwrap()
    }

    /// Asks the REST API in the visitor's name.
    async fn api(&self, method: &str, path: &str, body: Value) -> Value {
        let url = format!("{}/repos{REPO}{path}", self.sandbox.api_url());
        let answer = self
            .client
            .request(method.parse().unwrap(), url)
            .bearer_auth(self.login)
            .body(if body.is_null() {
                String::new()
            } else {
                body.to_string()
            })
            .send()
            .await
            .unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Opens a pull request that moves staging to another version.
    async fn open_pull(&self, title: &str, body: &str) -> u64 {
        let file = "kustomize/staging/kustomization.yaml";
        let main = self.api("GET", "/git/ref/heads/main", Value::Null).await;
        let sha = &main["object"]["sha"];
        let branch = json!({"ref": "refs/heads/promote", "sha": sha});
        self.api("POST", "/git/refs", branch).await;
        let old = self
            .api("GET", &format!("/contents/{file}"), Value::Null)
            .await;
        let text = text_of(&old).replace("newTag: v1.0.0", "newTag: v1.0.1");
        let change = json!({"message": "Promote to v1.0.1", "branch": "promote", "sha": old["sha"], "content": in_base64(&text)});
        self.api("PUT", &format!("/contents/{file}"), change).await;
        let pull = json!({"title": title, "body": body, "head": "promote", "base": "main"});
        let pull = self.api("POST", "/pulls", pull).await;
        pull["number"].as_u64().unwrap()
    }

    /// Reports the two required checks on a pull request's head, in the App's name.
    async fn report(&self, number: u64, conclusion: &str) {
        let pull = self
            .api("GET", &format!("/pulls/{number}"), Value::Null)
            .await;
        for name in ["usher/gates", "usher/kustomize"] {
            let status = if conclusion == "success" {
                "success"
            } else {
                "failure"
            };
            let path = format!("/statuses/{}", pull["head"]["sha"].as_str().unwrap());
            let report = json!({"context": name, "state": status, "description": "order passed"});
            self.api("POST", &path, report).await;
        }
    }
}

fn text_of(file: &Value) -> String {
    use base64::Engine as _;
    let content = file["content"].as_str().unwrap().replace('\n', "");
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(content)
        .unwrap();
    String::from_utf8(bytes).unwrap()
}

fn in_base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

fn location(answer: &Response) -> &str {
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    answer.headers()["location"].to_str().unwrap()
}

fn has(page: &str, texts: &[&str]) {
    for text in texts {
        assert!(page.contains(text), "{text:?} is not on the page:\n{page}");
    }
}

#[tokio::test]
async fn every_page_shows_what_it_is_for() {
    let visitor = Visitor::new("ada").await;
    has(
        &visitor.see("/").await,
        &[
            "acme/microservices-demo",
            "Publish a release",
            "quinn",
            "write · team qa",
        ],
    );
    has(
        &visitor.see("/acme").await,
        &["Organisation", "acme/microservices-demo"],
    );
    has(
        &visitor.see(REPO).await,
        &["kustomize", "Deploy v1.0.0 everywhere", "Online Boutique"],
    );
    let folder = format!("{REPO}/tree/main/kustomize/staging");
    has(&visitor.see(&folder).await, &["kustomization.yaml"]);
    let file = format!("{REPO}/blob/main/kustomize/staging/kustomization.yaml");
    has(&visitor.see(&file).await, &["newTag: v1.0.0", "id=\"L3\""]);
    has(
        &visitor.see(&format!("{REPO}/raw/main/README.md")).await,
        &["# microservices-demo"],
    );
    has(
        &visitor.see(&format!("{REPO}/commits/main")).await,
        &["Deploy v1.0.0 everywhere"],
    );
    has(
        &visitor.see(&format!("{REPO}/releases")).await,
        &["v1.0.0", "Latest", "The boutique opens."],
    );
    has(
        &visitor.see(&format!("{REPO}/releases/tag/v1.0.0")).await,
        &["released this"],
    );
    has(
        &visitor.see(&format!("{REPO}/releases/new")).await,
        &["placeholder=\"v1.0.1\"", "The newest one is v1.0.0."],
    );
    has(
        &visitor.see(&format!("{REPO}/pulls")).await,
        &["0 open", "No open pull requests."],
    );
    has(
        &visitor.see(&format!("{REPO}/issues/new")).await,
        &["New issue"],
    );
    has(
        &visitor.see(&format!("{REPO}/activity")).await,
        &["http://127.0.0.1:1/webhook"],
    );
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
        has(
            &answer.text().await.unwrap(),
            &["Not found", "Go to the first page"],
        );
    }
}

#[tokio::test]
async fn a_release_is_published_by_its_form() {
    let visitor = Visitor::new("ada").await;
    let form = format!("{REPO}/releases/new");
    let fields = [
        ("tag", "v1.0.1"),
        ("target", "main"),
        ("name", ""),
        ("body", "Faster *carts*."),
    ];
    let answer = visitor.send(&form, &fields).await;
    assert_eq!(location(&answer), format!("{REPO}/releases"));
    let list = visitor.see(&format!("{REPO}/releases")).await;
    has(
        &list,
        &["id=\"release-v1.0.1\"", "Faster <em>carts</em>.", "Latest"],
    );
    visitor.sandbox.webhooks_idle().await;
    let activity = visitor.see(&format!("{REPO}/activity")).await;
    has(&activity, &["release.published", "Redeliver"]);

    let again = visitor
        .send(
            &form,
            &[
                ("tag", "v1.0.1"),
                ("target", "main"),
                ("name", "kept"),
                ("body", "also <kept>"),
            ],
        )
        .await;
    assert_eq!(again.status(), 422);
    has(
        &again.text().await.unwrap(),
        &[
            "role=\"alert\"",
            "already exists",
            "value=\"kept\"",
            "also &#60;kept&#62;",
        ],
    );
    let empty = visitor
        .send(&form, &[("tag", " "), ("target", "main")])
        .await;
    assert_eq!(empty.status(), 422);
    has(&empty.text().await.unwrap(), &["Name the tag"]);
}

#[tokio::test]
async fn people_do_only_what_they_may() {
    let mut visitor = Visitor::new("eve").await;
    let form = format!("{REPO}/releases/new");
    has(
        &visitor.see(&form).await,
        &["may only read this repository"],
    );
    let answer = visitor
        .send(&form, &[("tag", "v9"), ("target", "main")])
        .await;
    assert_eq!(answer.status(), 403);
    has(
        &answer.text().await.unwrap(),
        &["role=\"alert\"", "value=\"v9\""],
    );
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
    let comment = visitor
        .send(&pull, &[("do", "comment"), ("body", "May I?")])
        .await;
    assert_eq!(location(&comment), pull);
    has(
        &visitor.see(&pull).await,
        &["May I?", "Only those with write access"],
    );
}

#[tokio::test]
async fn a_pull_request_is_read_labelled_approved_and_merged() {
    let mut visitor = Visitor::new("ada").await;
    let number = visitor
        .open_pull(
            "Promote v1.0.1 to staging",
            "- [x] planned\n\nThanks @quinn",
        )
        .await;
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
    has(
        &visitor.see(&format!("{pull}/commits")).await,
        &["Promote to v1.0.1"],
    );
    let files = visitor.see(&format!("{pull}/files")).await;
    has(
        &files,
        &[
            "1 file changed",
            "kustomize/staging/kustomization.yaml",
            "newTag: v1.0.<mark>1</mark>",
        ],
    );
    has(
        &visitor.see(&format!("{pull}/checks")).await,
        &["usher/gates", "required"],
    );
    let early = visitor
        .send(&pull, &[("do", "merge"), ("method", "squash")])
        .await;
    assert_eq!(early.status(), 405);
    has(
        &early.text().await.unwrap(),
        &["role=\"alert\"", "status checks"],
    );

    visitor.login = "quinn";
    for fields in [
        vec![("do", "label"), ("label", "qa-approved")],
        vec![
            ("do", "review"),
            ("event", "APPROVE"),
            ("body", "Good *work*"),
        ],
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
        location(
            &visitor
                .send(&pull, &[("do", "unlabel"), ("label", "qa-approved")])
                .await
        ),
        pull
    );
    has(&visitor.see(&pull).await, &["removed the label"]);

    visitor.report(number, "success").await;
    has(
        &visitor.see(&pull).await,
        &["All checks have passed", "This branch has no conflicts"],
    );
    has(
        &visitor.see(&format!("{REPO}/pulls")).await,
        &["1 open", "Promote v1.0.1 to staging"],
    );
    let stale = visitor
        .send(
            &pull,
            &[("do", "merge"), ("method", "merge"), ("head", "1234567")],
        )
        .await;
    assert_eq!(stale.status(), 409);
    let head = visitor
        .api("GET", &format!("/pulls/{number}"), Value::Null)
        .await;
    let head = head["head"]["sha"].as_str().unwrap().to_owned();
    let merge = visitor
        .send(
            &pull,
            &[("do", "merge"), ("method", "squash"), ("head", &head)],
        )
        .await;
    assert_eq!(location(&merge), pull);
    has(
        &visitor.see(&pull).await,
        &["Merged", "merged this as commit", "Delete branch"],
    );
    has(
        &visitor.see(&format!("{pull}/files")).await,
        &["1 file changed"],
    );
    assert_eq!(
        location(&visitor.send(&pull, &[("do", "delete-branch")]).await),
        pull
    );
    has(&visitor.see(&pull).await, &["deleted the branch"]);
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
    visitor
        .send(&pull, &[("do", "close"), ("body", "Not today.")])
        .await;
    has(
        &visitor.see(&pull).await,
        &["Not today.", "closed this", "Reopen pull request"],
    );
    visitor.send(&pull, &[("do", "reopen"), ("body", "")]).await;
    has(
        &visitor.see(&pull).await,
        &["reopened this", "Close pull request"],
    );
    let unknown = visitor.send(&pull, &[("do", "explode")]).await;
    assert_eq!(unknown.status(), 422);
}

#[tokio::test]
async fn an_issue_is_opened_and_discussed() {
    let visitor = Visitor::new("eve").await;
    let form = format!("{REPO}/issues/new");
    let refused = visitor
        .send(&form, &[("title", ""), ("body", "kept")])
        .await;
    assert_eq!(refused.status(), 422);
    has(&refused.text().await.unwrap(), &["role=\"alert\"", "kept"]);
    let opened = visitor
        .send(&form, &[("title", "Carts are slow"), ("body", "Very.")])
        .await;
    let issue = location(&opened).to_owned();
    has(&visitor.see(&issue).await, &["Carts are slow", "Very."]);
    visitor
        .send(&issue, &[("do", "comment"), ("body", "Still.")])
        .await;
    visitor.send(&issue, &[("do", "close"), ("body", "")]).await;
    has(&visitor.see(&issue).await, &["Still.", "closed this"]);
}

#[tokio::test]
async fn what_strangers_write_is_inert() {
    let visitor = Visitor::new("ada").await;
    let attack = "\"><script>alert(1)</script><img src=x onerror=alert(1)>";
    let number = visitor.open_pull(attack, attack).await;
    let pull = format!("{REPO}/pull/{number}");
    visitor
        .send(
            &pull,
            &[
                ("do", "comment"),
                ("body", &format!("{attack}\n\n[x](javascript:alert(1))")),
            ],
        )
        .await;
    visitor
        .send(&pull, &[("do", "label"), ("label", "<img src=x>")])
        .await;
    visitor
        .send(
            &pull,
            &[("do", "review"), ("event", "COMMENT"), ("body", attack)],
        )
        .await;
    let form = format!("{REPO}/releases/new");
    visitor
        .send(
            &form,
            &[
                ("tag", "v1.0.1"),
                ("target", "main"),
                ("name", attack),
                ("body", attack),
            ],
        )
        .await;
    let refused = visitor
        .send(
            &form,
            &[
                ("tag", attack),
                ("target", attack),
                ("name", attack),
                ("body", attack),
            ],
        )
        .await;
    let mut pages = vec![refused.text().await.unwrap()];
    let paths = [
        pull.clone(),
        format!("{pull}/commits"),
        format!("{pull}/checks"),
        format!("{pull}/files"),
        format!("{REPO}/pulls"),
        format!("{REPO}/releases"),
        format!("{REPO}/settings"),
        format!("{REPO}/activity"),
        "/".to_owned(),
    ];
    for path in &paths {
        pages.push(visitor.see(path).await);
    }
    let lost = visitor.get(&format!("{REPO}/blob/main/%3Cscript%3E")).await;
    pages.push(lost.text().await.unwrap());
    for page in &pages {
        for bad in ["<script>", "<img src=x", "javascript:", "onerror=\""] {
            assert!(!page.contains(bad), "{bad} on:\n{page}");
        }
    }
    has(
        &pages[1],
        &["&#60;img src=x&#62;", "&#34;&#62;&#60;script&#62;"],
    );
}

#[tokio::test]
async fn forms_of_other_sites_do_nothing() {
    let visitor = Visitor::new("ada").await;
    let form = format!("{REPO}/releases/new");
    let fields = [("tag", "v6.6.6"), ("target", "main")];
    for origin in [
        "http://evil.example",
        "null",
        "https://127.0.0.1.evil.example",
    ] {
        let answer = visitor.send_from(origin, &form, &fields).await;
        assert_eq!(answer.status(), 403, "{origin}");
        let answer = visitor
            .send_from(origin, "/viewer", &[("login", "sam"), ("back", "/")])
            .await;
        assert_eq!(answer.status(), 403, "{origin}");
    }
    assert!(
        !visitor
            .see(&format!("{REPO}/releases"))
            .await
            .contains("v6.6.6")
    );
}

#[tokio::test]
async fn the_user_is_chosen_and_led_back() {
    let visitor = Visitor::new("ada").await;
    let answer = visitor
        .send("/viewer", &[("login", "PAT"), ("back", REPO)])
        .await;
    assert_eq!(location(&answer), REPO);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    assert_eq!(cookie, "sandbox_user=pat; Path=/; SameSite=Lax; HttpOnly");
    for back in [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "",
    ] {
        let answer = visitor
            .send("/viewer", &[("login", "pat"), ("back", back)])
            .await;
        assert_eq!(location(&answer), "/", "{back}");
    }
    let nobody = visitor
        .send(
            "/viewer",
            &[("login", "x\r\nset-cookie: a=b"), ("back", "/")],
        )
        .await;
    assert_eq!(nobody.status(), 422);
}

#[tokio::test]
async fn scripts_and_styles_come_from_here_only() {
    let visitor = Visitor::new("ada").await;
    let answer = visitor.get("/").await;
    let policy = answer.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    has(
        &policy,
        &[
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
        ],
    );
    let page = answer.text().await.unwrap();
    assert!(
        !page.contains("style=") && !page.contains(" onclick"),
        "nothing stands in the page itself"
    );
    for ending in ["css", "js"] {
        let start = page
            .split('"')
            .find(|word| word.starts_with("/assets/") && word.ends_with(ending))
            .unwrap();
        let asset = visitor.get(start).await;
        assert_eq!(asset.status(), 200);
        has(
            asset.headers()["cache-control"].to_str().unwrap(),
            &["immutable"],
        );
        let outdated = format!("/assets/live.000000000000.{ending}");
        assert_eq!(visitor.get(&outdated).await.status(), 404);
    }
}

#[tokio::test]
async fn a_failed_delivery_is_sent_again_by_its_button() {
    let mut visitor = Visitor::new("ada").await;
    visitor
        .send(
            &format!("{REPO}/releases/new"),
            &[("tag", "v1.0.1"), ("target", "main")],
        )
        .await;
    visitor.sandbox.webhooks_idle().await;
    let activity = visitor.see(&format!("{REPO}/activity")).await;
    let path = activity
        .split('"')
        .find(|word| word.starts_with(&format!("{REPO}/activity/")))
        .unwrap()
        .to_owned();
    has(
        &visitor.see(&path).await,
        &["X-Hub-Signature-256", "&#34;repository&#34;"],
    );
    visitor.login = "eve";
    assert_eq!(visitor.send(&path, &[]).await.status(), 403);
    visitor.login = "ada";
    assert_eq!(
        location(&visitor.send(&path, &[]).await),
        format!("{REPO}/activity")
    );
    visitor.sandbox.webhooks_idle().await;
    has(
        &visitor.see(&format!("{REPO}/activity")).await,
        &["redelivery"],
    );
}

#[tokio::test]
async fn open_pages_are_told_of_changes() {
    let visitor = Visitor::new("ada").await;
    let mut stream = visitor.get("/live").await;
    has(
        stream.headers()["content-type"].to_str().unwrap(),
        &["text/event-stream"],
    );
    visitor
        .send(
            &format!("{REPO}/releases/new"),
            &[("tag", "v1.0.1"), ("target", "main")],
        )
        .await;
    let mut told = String::new();
    while !told.contains("data: release") {
        told.push_str(&String::from_utf8_lossy(
            &stream.chunk().await.unwrap().unwrap(),
        ));
    }
    has(&told, &["event: change"]);
}
