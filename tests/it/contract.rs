//! Every request of the bot and every answer of the sandbox, held against GitHub's own API description.
//!
//! The checker stands between the two as a proxy. It is not part of this repository: `scripts/test`
//! prepares it and names it in `USHER_TEST_CONTRACT`.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use usher::app::{self, Role};

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
            .args(["--strip-prefix", "/api/v3", "--duration", "600", "--quiet"])
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
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_and_no_answer_violates_githubs_description() {
    let Ok(checker) = std::env::var("USHER_TEST_CONTRACT") else {
        eprintln!("skipped: USHER_TEST_CONTRACT names no checker");
        return;
    };
    let mut stage = Stage::without_bot().await;
    let proxy = Proxy::start(&checker, &stage.github.api_url()).await;
    let bot = app::start(stage.settings(format!("{}/api/v3", proxy.url)), Role::All).await.unwrap();
    stage.adopt(bot);
    stage.surveyed().await;

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

    let report = proxy.report().await;
    if let Ok(path) = std::env::var("USHER_TEST_CONTRACT_REPORT") {
        std::fs::write(path, report.to_string()).unwrap();
    }
    let totals = &report["totals"];
    let found = serde_json::to_string_pretty(&report["groups"]).unwrap();
    assert!(
        totals["requests"].as_u64().unwrap() > 50,
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
    stage.finish().await;
}
