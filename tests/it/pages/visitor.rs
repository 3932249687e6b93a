//! Somebody who looks at the sandbox's pages over HTTP, as a browser without scripts does.
//! Knows nothing of what should be on them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, Response, StatusCode, redirect};
use serde_json::{Value, json};
use usher::sandbox::{Options, Running, start};

/// A sandbox without a bot, and somebody who looks at it.
pub(crate) struct Visitor {
    pub(crate) sandbox: Running,
    client: Client,
    pub(crate) login: &'static str,
}

/// The seeded repository.
pub(crate) const REPO: &str = "/acme/microservices-demo";

impl Visitor {
    pub(crate) async fn new(login: &'static str) -> Self {
        let listen = "127.0.0.1:0".parse().unwrap();
        // Nobody listens on port 1: deliveries fail at once.
        let sandbox = start(Options::new(listen, "127.0.0.1:1")).await.unwrap();
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .user_agent("tests")
            .build()
            .unwrap();
        Self { sandbox, client, login }
    }

    /// Looks at a page that has to be there.
    pub(crate) async fn see(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        let url = format!("{}{path}", self.sandbox.url());
        let cookie = format!("sandbox_user={}", self.login);
        let request = self.client.get(url).header("cookie", cookie);
        request.send().await.unwrap()
    }

    /// Sends a form as a browser does.
    pub(crate) async fn send(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        self.send_from(&self.sandbox.url(), path, fields).await
    }

    pub(crate) async fn send_from(
        &self,
        origin: &str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Response {
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
    pub(crate) async fn api(&self, method: &str, path: &str, body: Value) -> Value {
        let url = format!("{}/repos{REPO}{path}", self.sandbox.api_url());
        let answer = self
            .client
            .request(method.parse().unwrap(), url)
            .bearer_auth(self.login)
            .body(if body.is_null() { String::new() } else { body.to_string() })
            .send()
            .await
            .unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Opens a pull request that moves staging to another version.
    pub(crate) async fn open_pull(&self, title: &str, body: &str) -> u64 {
        let file = "kustomize/staging/kustomization.yaml";
        let main = self.api("GET", "/git/ref/heads/main", Value::Null).await;
        let sha = &main["object"]["sha"];
        let branch = json!({"ref": "refs/heads/promote", "sha": sha});
        self.api("POST", "/git/refs", branch).await;
        let old = self.api("GET", &format!("/contents/{file}"), Value::Null).await;
        let text = text_of(&old).replace("newTag: v1.0.0", "newTag: v1.0.1");
        let change = json!({"message": "Promote to v1.0.1", "branch": "promote", "sha": old["sha"], "content": in_base64(&text)});
        self.api("PUT", &format!("/contents/{file}"), change).await;
        let pull = json!({"title": title, "body": body, "head": "promote", "base": "main"});
        let pull = self.api("POST", "/pulls", pull).await;
        pull["number"].as_u64().unwrap()
    }

    /// Reports the two required checks on a pull request's head, in the App's name.
    pub(crate) async fn report(&self, number: u64, conclusion: &str) {
        let pull = self.api("GET", &format!("/pulls/{number}"), Value::Null).await;
        for name in ["usher/gates", "usher/kustomize"] {
            let status = if conclusion == "success" { "success" } else { "failure" };
            let path = format!("/statuses/{}", pull["head"]["sha"].as_str().unwrap());
            let report = json!({"context": name, "state": status, "description": "order passed"});
            self.api("POST", &path, report).await;
        }
    }
}

fn text_of(file: &Value) -> String {
    let content = file["content"].as_str().unwrap().replace('\n', "");
    let bytes = STANDARD.decode(content).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn in_base64(text: &str) -> String {
    STANDARD.encode(text)
}

/// Where an answer leads.
pub(crate) fn location(answer: &Response) -> &str {
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    answer.headers()["location"].to_str().unwrap()
}

/// Asserts that all texts are on a page.
pub(crate) fn has(page: &str, texts: &[&str]) {
    for text in texts {
        assert!(page.contains(text), "{text:?} is not on the page:\n{page}");
    }
}
