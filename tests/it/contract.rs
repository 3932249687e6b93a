//! Every request of the bot and every answer of the sandbox, held against GitHub's own API description, queries
//! against its public schema.
//!
//! The checker stands between the two as a proxy. It is not part of this repository: `scripts/test`
//! prepares it and names it in `USHER_TEST_CONTRACT`.

mod door;

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use usher::app::{self, Role};

use crate::stage::story::STORY;
use crate::stage::{DEMO, Stage};

struct Proxy {
    child: Child,
    url: String,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Proxy {
    async fn start(checker: &str, upstream: &str) -> Self {
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let child = Command::new("node")
            .arg(checker)
            .args(["--listen", &address.to_string(), "--upstream", upstream])
            .args(["--duration", "600", "--quiet"])
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let proxy = Self { child, url: format!("http://{address}") };
        for _ in 0..600 {
            if reqwest::get(format!("{}/__contract/report", proxy.url)).await.is_ok() {
                return proxy;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the contract checker does not answer");
    }

    async fn report(&self) -> Value {
        let url = format!("{}/__contract/report", self.url);
        reqwest::get(url).await.unwrap().json().await.unwrap()
    }

    /// All went through the checker, at least so many requests, and it found nothing.
    async fn nothing_wrong(&self, least: u64) {
        let report = self.report().await;
        if let Ok(path) = std::env::var("USHER_TEST_CONTRACT_REPORT") {
            std::fs::write(path, report.to_string()).unwrap();
        }
        let totals = &report["totals"];
        let found = serde_json::to_string_pretty(&report["groups"]).unwrap();
        assert!(
            totals["requests"].as_u64().unwrap() > least,
            "the traffic went past the checker: {totals}"
        );
        assert_eq!(
            (&totals["requestErrors"], &totals["responseErrors"]),
            (&json!(0), &json!(0)),
            "{found}"
        );
        for operation in report["operations"].as_object().unwrap().keys() {
            println!("covered: {operation}");
        }
    }
}

/// Releases, a superseded promotion, a merge, a broken overlay, a tag that is no version; what people say and
/// do about it, and people who come and go.
async fn story(stage: &Stage) {
    stage.publish(DEMO, "v1.0.1").await;
    stage.publish(DEMO, "v1.0.2").await;
    let pulls = stage.pulls(DEMO).await;
    stage.merge(DEMO, pulls[1]["number"].as_u64().unwrap()).await;
    stage.branch(DEMO, "feature", "main").await;
    stage
        .write_file(DEMO, "feature", "kustomize/prod/kustomization.yaml", "resources: [../bass]\n")
        .await;
    stage.open_pull("ada", DEMO, "feature").await;
    stage.publish_with(DEMO, json!({"tag_name": "not-a-version"})).await;
    stage.idle().await;
    talk(stage, pulls[1]["number"].as_u64().unwrap()).await;
    let feature = stage.pulls(DEMO).await.last().unwrap()["number"].as_u64().unwrap();
    talk(stage, feature).await;
    queue(stage).await;
    machines(stage).await;
    come_and_go(stage).await;
    stage.idle().await;
}

/// A merge queue, and a deployment that waits.
async fn queue(stage: &Stage) {
    let rules = stage.queue("HEADGREEN", 1, 0).await;
    stage.branch(DEMO, "docs", "main").await;
    stage.write_file(DEMO, "docs", "docs.md", "How it is done.\n").await;
    let docs = stage.open_pull("ada", DEMO, "docs").await["number"].as_u64().unwrap();
    stage.enqueue("ada", docs).await;
    stage.idle().await;
    assert_eq!(stage.state(docs).await, "merged");
    for path in
        [format!("/rulesets/{rules}"), "/rulesets".to_owned(), "/rules/branches/main".to_owned()]
    {
        stage.get(&format!("/repos/{DEMO}{path}")).await;
    }
    stage.call("sam", "DELETE", &format!("/repos/{DEMO}/rulesets/{rules}"), None).await;
    stage.github.deploy("ada", "microservices-demo", "main", "prod").unwrap();
    stage.idle().await;
}

/// What machines report on a commit: a status, and how a deployment went.
async fn machines(stage: &Stage) {
    let main = stage.head(DEMO, "main").await;
    stage.status("ada", DEMO, &main, ("load", "success", "p99 120 ms")).await;
    stage.deployed("ci", &main, "staging", "success").await;
}

/// From a release to production and back, by commands.
async fn commands(stage: &Stage) {
    stage.act("ada", "POST", &format!("/repos/{DEMO}/issues"), json!({"title": "Talk"})).await;
    for step in STORY {
        stage.pass(1);
        (step.deed)(stage).await;
        stage.idle().await;
    }
    for line in ["/status", "/diff", "/plan prod", "/validate", "/help", "/promote nowhere"] {
        stage.say("sam", 1, line).await;
    }
}

/// Comments, labels and reviews of all kinds.
async fn talk(stage: &Stage, number: u64) {
    let about = format!("/repos/{DEMO}/issues/{number}");
    let said = json!({"body": "/status"});
    let said = stage.act("quinn", "POST", &format!("{about}/comments"), said).await;
    let comment = format!("/repos/{DEMO}/issues/comments/{}", said["id"]);
    stage.act("quinn", "PATCH", &comment, json!({"body": "Never mind."})).await;
    stage.call("quinn", "DELETE", &comment, None).await;
    let labels = json!({"labels": ["qa-approved"]});
    stage.act("quinn", "POST", &format!("{about}/labels"), labels).await;
    stage.call("sam", "DELETE", &format!("{about}/labels/qa-approved"), None).await;
    let reviews = format!("/repos/{DEMO}/pulls/{number}/reviews");
    for (who, event) in [("quinn", "APPROVE"), ("pat", "REQUEST_CHANGES"), ("eve", "COMMENT")] {
        stage.act(who, "POST", &reviews, json!({"event": event, "body": "I looked."})).await;
    }
    let review = &stage.get(&reviews).await[0]["id"];
    let dismissal = json!({"message": "It was another version."});
    stage.act("sam", "PUT", &format!("{reviews}/{review}/dismissals"), dismissal).await;
    stage.idle().await;
}

/// Collaborators, teams and members of the organisation.
async fn come_and_go(stage: &Stage) {
    let eve = format!("/repos/{DEMO}/collaborators/eve");
    for role in ["triage", "maintain"] {
        stage.act("sam", "PUT", &eve, json!({"permission": role})).await;
    }
    stage.call("sam", "DELETE", &eve, None).await;
    stage.act("sam", "POST", "/orgs/acme/teams", json!({"name": "Night Shift"})).await;
    let team = "/orgs/acme/teams/night-shift";
    stage.act("sam", "PUT", &format!("{team}/memberships/eve"), json!({})).await;
    let role = json!({"permission": "push"});
    stage.call("sam", "PUT", &format!("{team}/repos/{DEMO}"), Some(role)).await;
    stage.act("sam", "PATCH", team, json!({"name": "Day Shift"})).await;
    let team = "/orgs/acme/teams/day-shift";
    stage.call("sam", "DELETE", &format!("{team}/memberships/eve"), None).await;
    stage.call("sam", "DELETE", &format!("{team}/repos/{DEMO}"), None).await;
    stage.call("sam", "DELETE", team, None).await;
    stage.call("sam", "DELETE", "/orgs/acme/memberships/eve", None).await;
    stage.act("sam", "PUT", "/orgs/acme/memberships/eve", json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_and_no_answer_violates_githubs_description() {
    no_violation(50, async |stage| story(stage).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_command_violates_githubs_description() {
    no_violation(300, async |stage| commands(stage).await).await;
}

async fn no_violation(least: u64, happens: impl AsyncFnOnce(&Stage)) {
    let Ok(checker) = std::env::var("USHER_TEST_CONTRACT") else {
        eprintln!("skipped: USHER_TEST_CONTRACT names no checker");
        return;
    };
    let mut stage = Stage::without_bot().await;
    let proxy = Proxy::start(&checker, &stage.github.url()).await;
    let bot = app::start(stage.settings(format!("{}/api/v3", proxy.url)), Role::All).await.unwrap();
    stage.adopt(bot);
    stage.surveyed().await;

    happens(&stage).await;

    proxy.nothing_wrong(least).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_webhook_violates_githubs_description() {
    let Ok(checker) = std::env::var("USHER_TEST_CONTRACT") else {
        eprintln!("skipped: USHER_TEST_CONTRACT names no checker");
        return;
    };
    let stage = Stage::start().await;
    story(&stage).await;
    let folder = tempfile::tempdir().unwrap();
    let filter = usher::store::DeliveryFilter::default();
    let deliveries = stage.store().deliveries(&filter).await.unwrap();
    let mut events = std::collections::BTreeSet::new();
    for (n, delivery) in deliveries.iter().enumerate() {
        let body = stage.store().body(&delivery.id).await.unwrap().unwrap();
        let file = folder.path().join(format!("{}.{n}.json", delivery.event));
        std::fs::write(file, body).unwrap();
        events.insert(delivery.event.as_str());
    }
    // Nothing is renamed or moved in the box, and it runs no workflows.
    let others = ["repository", "workflow_run"];
    for event in usher::intent::EVENTS.iter().filter(|event| !others.contains(event)) {
        assert!(events.contains(event), "{event} is not in the story: {events:?}");
    }
    let checked = Command::new("node")
        .arg(std::path::Path::new(&checker).with_file_name("webhooks_check.mjs"))
        .arg(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success(), "{said}{}", String::from_utf8_lossy(&checked.stderr));
    stage.finish().await;
}
