//! Usher's own page of a pull request: who may open it, what it tells, and what it never tells.

mod browser;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use usher::model::ids::{InstallationId, PrNumber, RepoId, RepoName, RepoRef, Sha};
use usher::model::links::{Links, PageId};
use usher::store::HistoryFilter;
use usher::web::{Web, router};

use crate::stage::people::overlay;
use crate::stage::{DEMO, Stage};
use crate::store::Place;

/// What the stage's bot takes for its address.
const BASE: &str = "http://127.0.0.1/";

impl Stage {
    /// A check run on a pull request's head.
    async fn run(&self, pr: u64, name: &str) -> Value {
        let (_, sha) = self.head_of(pr).await;
        let runs =
            self.get(&format!("/repos/{DEMO}/commits/{sha}/check-runs?check_name={name}")).await;
        runs["check_runs"][0].clone()
    }

    /// Where the page of a pull request is, by its check.
    async fn page_of(&self, pr: u64) -> String {
        let run = self.run(pr, "usher/kustomize").await;
        let link = run["details_url"].as_str().unwrap();
        assert!(run["output"]["text"].as_str().unwrap().contains(link), "{run}");
        assert_eq!(self.run(pr, "usher/gates").await["details_url"], link);
        format!("{}/{}", self.bot_url(), link.strip_prefix(BASE).unwrap())
    }

    /// Its checks, its page, its comments and the whole record.
    async fn all_told(&self, pr: u64) -> [String; 4] {
        let (_, sha) = self.head_of(pr).await;
        let mut checks = self.get(&format!("/repos/{DEMO}/commits/{sha}/check-runs")).await;
        for run in checks["check_runs"].as_array_mut().unwrap() {
            let remarks = format!("/repos/{DEMO}/check-runs/{}/annotations", run["id"]);
            run["remarks"] = self.get(&remarks).await;
        }
        let (status, page) = open(&self.page_of(pr).await).await;
        assert_eq!(status, 200);
        let comments = format!("{:?}", self.comments(DEMO, pr).await);
        let history = self.store().history(&HistoryFilter::default()).await.unwrap();
        [checks.to_string(), page, comments, serde_json::to_string(&history).unwrap()]
    }
}

async fn open(url: &str) -> (u16, String) {
    let answer = reqwest::get(url).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_checks_lead_to_a_page_that_tells_all() {
    let stage = Stage::with_staging("v1.0.1").await;
    stage.ask("ada", 1, "/promote prod").await;
    let prod = stage.open_number("v1.0.1 to prod").await;
    let run = stage.run(prod, "usher/kustomize").await;
    let text = run["output"]["text"].as_str().unwrap();
    for part in ["<summary><b><code>prod</code></b>", "```diff", "+     ", "v1.0.1", "</details>"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let url = stage.page_of(prod).await;
    let answer = reqwest::get(&url).await.unwrap();
    assert_eq!(answer.status(), 200);
    for (name, value) in [
        ("referrer-policy", "no-referrer"),
        ("cache-control", "private, no-store"),
        ("x-robots-tag", "noindex, nofollow, noarchive"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(answer.headers()[name], value);
    }
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(!policy.contains("script") && !policy.contains("unsafe"), "{policy}");
    let page = answer.text().await.unwrap();
    assert!(!page.contains("<script") && !page.contains("javascript:"), "{page}");
    for part in [
        "may not go to",
        "<b>approvals</b>",
        "<code>qa-approved</code> is missing",
        "What helps:",
        "/approve qa-approved",
        "<b>order</b>",
        "usher/kustomize",
        "spec.template.spec.containers[",
        "<i>-</i> ",
        "<i>+</i> ",
        "frontend:v1.0.1",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    stage.approve(prod).await;
    let again = stage.page_of(prod).await;
    assert_eq!(again, url, "the link stays");
    let page = open(&url).await.1;
    assert!(page.contains("every gate has passed") && !page.contains("What helps:"), "{page}");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_state_makes_the_same_check() {
    let stage = Stage::start().await;
    stage.publish(DEMO, "v1.0.1").await;
    let before = (stage.run(1, "usher/kustomize").await, stage.run(1, "usher/gates").await);
    stage.github.clear_requests();
    stage.ask("ada", 1, "/validate").await;
    let writes = stage.github.requests();
    let writes: Vec<_> = writes
        .iter()
        .filter(|seen| seen.who == "usher[bot]" && seen.path.contains("/check-runs"))
        .filter(|seen| seen.method != "GET")
        .collect();
    assert!(writes.is_empty(), "{writes:?}");
    assert_eq!((stage.run(1, "usher/kustomize").await, stage.run(1, "usher/gates").await), before);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_link_opens_nothing_and_says_nothing() {
    let stage = Stage::start().await;
    stage.publish(DEMO, "v1.0.1").await;
    // Who has one link has no other: those of this one fit nowhere else.
    stage.branch(DEMO, "other", "main").await;
    stage.write_file(DEMO, "other", "README.md", "hello\n").await;
    let other = stage.open_pull("ada", DEMO, "other").await;
    let other = other["number"].as_u64().unwrap();
    let (url, others) = (stage.page_of(1).await, stage.page_of(other).await);
    assert_eq!((open(&url).await.0, open(&others).await.0), (200, 200));
    let parts: Vec<&str> = url.split('/').collect();
    let theirs: Vec<&str> = others.split('/').collect();
    let with = |at: usize, part: &str| {
        let mut parts = parts.clone();
        parts[at] = part;
        parts.join("/")
    };
    let last = parts.len() - 1;
    let unknown = open(&with(last, &"0".repeat(64))).await;
    assert_eq!(unknown.0, 404);
    assert!(unknown.1.contains("This link opens nothing"), "{}", unknown.1);
    assert!(unknown.1.contains("/validate") && !unknown.1.contains(DEMO), "{}", unknown.1);
    for bad in [
        with(last, theirs[last]),
        with(last - 1, "99999999999"),
        with(last - 2, theirs[last - 2]),
        with(last - 3, theirs[last - 3]),
        with(last - 4, "1"),
        url[..url.len() - 1].to_owned(),
        url[..url.len() - 64].to_owned(),
        format!("{url}/more"),
        format!("{}/pull/nothing", stage.bot_url()),
        format!("{}/pull/%ff/x", stage.bot_url()),
    ] {
        assert_eq!(open(&bad).await, unknown, "{bad}");
    }
    // What else is asked of a true link matters nothing.
    assert_eq!(open(&format!("{url}?utm_source=mail")).await.0, 200);
    let posted = reqwest::Client::new().post(&url).send().await.unwrap();
    assert_eq!(posted.status(), 405);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_ends_and_what_is_not_kept_is_not_there() {
    let place = Place::sqlite();
    let store = place.open().await;
    let links = Links::new("http://usher.test", b"key");
    let at = place.now();
    let web = Web {
        store: store.clone(),
        wake: Arc::default(),
        secrets: Vec::new(),
        links: links.clone(),
        clock: place.clock(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router(web)).await.unwrap() });
    let head = Sha::new("a".repeat(40)).unwrap();
    let id = |pr| PageId { repo: RepoId(7), pr: PrNumber(pr), head: head.clone() };
    let follow = async |pr| {
        let url = links.to(&id(pr), at).url;
        open(&url.replace("http://usher.test", &format!("http://{address}"))).await
    };
    assert_eq!(follow(1).await.0, 404, "it was never kept");
    let name = RepoName::new("acme/shop").unwrap();
    let repo = RepoRef { id: RepoId(7), name, installation: InstallationId(1) };
    let page = json!({
        "repository": "acme/shop", "title": "<b>T</b>", "url": "https://github.test/x", "author": "ada",
        "base": "main", "conclusion": "success", "headline": "It may.", "brief": "", "notes": ["<img src=x>"],
        "gates": [], "checks": [], "findings": [], "more_findings": 0, "rules": [], "overlays": [],
        "more_objects": 0,
    });
    store.keep_page(&repo, PrNumber(1), &head, &page.to_string()).await.unwrap();
    let (status, shown) = follow(1).await;
    assert_eq!(status, 200);
    assert!(!shown.contains("<b>T</b>") && !shown.contains("<img"), "{shown}");
    // What another version wrote is not guessed at.
    store.keep_page(&repo, PrNumber(2), &head, "{\"odd\": 1}").await.unwrap();
    assert_eq!(follow(2).await.0, 404);
    place.pass(Duration::from_secs(15 * 24 * 60 * 60));
    let (status, shown) = follow(1).await;
    assert_eq!(status, 410);
    assert!(shown.contains("This link has expired") && !shown.contains("acme"), "{shown}");
    assert_eq!(follow(3).await.1, shown, "whether there was a page is not said");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_value_of_a_secret_is_told_anywhere() {
    let stage = Stage::start().await;
    let (old, new) = ("hunter2-before", "correct-horse-after");
    let encoded = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let secret = |value: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: raw\n  annotations:\n    \
             kubectl.kubernetes.io/last-applied-configuration: '{{\"data\":{{\"token\":\"{}\"}}}}'\n\
             data:\n  token: {}\nstringData:\n  plain: {value}\nstringdata:\n  misspelt: {value}\n",
            encoded(value),
            encoded(value)
        )
    };
    let generator = |value: &str| {
        format!("secretGenerator:\n- name: made\n  literals:\n  - password={value}\n")
    };
    let prod = stage.file(DEMO, &overlay("prod"), "main").await;
    let with =
        |value: &str| prod.replace("- ../base", "- ../base\n  - secret.yaml") + &generator(value);
    assert!(with(old).contains("secret.yaml"), "{prod}");
    stage.write_file(DEMO, "main", "kustomize/prod/secret.yaml", &secret(old)).await;
    stage.write_file(DEMO, "main", &overlay("prod"), &with(old)).await;
    stage.idle().await;
    stage.branch(DEMO, "change", "main").await;
    stage.write_file(DEMO, "change", "kustomize/prod/secret.yaml", &secret(new)).await;
    stage.write_file(DEMO, "change", &overlay("prod"), &with(new)).await;
    let staging = stage.file(DEMO, &overlay("staging"), "main").await;
    stage
        .write_file(DEMO, "change", &overlay("staging"), &format!("{staging}{}", generator(new)))
        .await;
    let pull = stage.open_pull("ada", DEMO, "change").await;
    let pr = pull["number"].as_u64().unwrap();
    stage.ask("ada", pr, "/diff").await;

    let shown = stage.all_told(pr).await;
    for shown in &shown[..3] {
        assert!(shown.contains("Secret raw") && shown.contains("data.password"), "{shown}");
        assert!(shown.contains("(not shown)"), "{shown}");
    }
    silent(&shown, &[old, new]);
    // Nor is it told by what is wrong with it.
    let mistakes = [
        ("literal", with(old).replace("password=", ""), secret(old)),
        ("yaml", with(old), format!("{}  token: {old}: x\n    y", secret(new))),
        (
            "test",
            with(old)
                + "patches:\n- target: {kind: Secret, name: raw}\n  patch: |-\n    - op: test\n      \
                   path: /stringData/plain\n      value: x\n",
            secret(new),
        ),
        (
            "kind",
            with(old),
            format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: raw}}\ndata: {new}\n"),
        ),
    ];
    for (branch, kustomization, secret) in mistakes {
        stage.branch(DEMO, branch, "main").await;
        stage.write_file(DEMO, branch, "kustomize/prod/secret.yaml", &secret).await;
        stage.write_file(DEMO, branch, &overlay("prod"), &kustomization).await;
        let pull = stage.open_pull("ada", DEMO, branch).await;
        let pr = pull["number"].as_u64().unwrap();
        stage.ask("ada", pr, "/diff").await;
        let shown = stage.all_told(pr).await;
        assert!(shown[0].contains("kustomize/prod"), "{}", shown[0]);
        silent(&shown, &[old, new]);
    }
    stage.finish().await;
}

/// That no text tells one of the values, as it is or in base64.
fn silent(texts: &[String], values: &[&str]) {
    for text in texts {
        for value in values {
            let encoded = base64::engine::general_purpose::STANDARD.encode(value);
            assert!(!text.contains(value), "{value} is told: {text}");
            assert!(!text.contains(&encoded), "{value} is told in base64: {text}");
        }
    }
}
