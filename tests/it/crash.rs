//! The process is killed after each write, and after the answer to it was lost; started again, it comes
//! to the same end as if nothing had happened. The same for every refusal GitHub can give.

use std::process::{Child, Command, Stdio};

use futures_util::stream::{self, StreamExt as _};
use serde_json::{Value, json};
use usher::sandbox::{Fault, FaultAnswer, Seen};
use usher::store::{JobFilter, JobState};

use crate::stage::{DEMO, Stage};

/// `usher serve` as a process of its own, so that it can be killed.
struct Process(Child);

impl Process {
    fn start(stage: &Stage) -> Self {
        // A fixed free port, so that webhooks find the next process as well.
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        stage.github.set_bot(&address.to_string());
        let child = Command::new(env!("CARGO_BIN_EXE_usher"))
            .arg("serve")
            .env("USHER_LISTEN", address.to_string())
            .env("USHER_APP_ID", stage.github.app_id.to_string())
            .env("USHER_PRIVATE_KEY_FILE", &stage.github.private_key_file)
            .env("USHER_WEBHOOK_SECRET", &stage.github.webhook_secret)
            .env("USHER_GITHUB_API", stage.github.api_url())
            .env("USHER_DATABASE", stage.database())
            .env("USHER_LOG", "warn")
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }

    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The writes that a bot made, in order, each as method, path pattern and how-manieth of its kind.
fn writes(requests: &[Seen]) -> Vec<(String, String, u32)> {
    let mut out: Vec<(String, String, u32)> = Vec::new();
    for seen in
        requests.iter().filter(|seen| seen.method != "GET" && !seen.path.contains("access_tokens"))
    {
        if seen.who == "ada" || seen.who == "sam" {
            continue;
        }
        let pattern = pattern(seen.route.unwrap());
        let nth = 1 + out
            .iter()
            .filter(|(method, path, _)| *method == seen.method && *path == pattern)
            .count();
        out.push((seen.method.clone(), pattern, u32::try_from(nth).unwrap()));
    }
    out
}

/// A route as a glob.
fn pattern(route: &str) -> String {
    let parts = route
        .split('/')
        .map(|part| if part.starts_with('{') || part.starts_with(':') { "*" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// What people see in the end, without ids and times.
async fn end_state(stage: &Stage) -> Value {
    let mut pulls = Vec::new();
    for pull in stage.pulls(DEMO).await {
        let number = pull["number"].as_u64().unwrap();
        let files = stage.get(&format!("/repos/{DEMO}/pulls/{number}/files")).await;
        let checks = stage
            .get(&format!(
                "/repos/{DEMO}/commits/{}/check-runs",
                pull["head"]["sha"].as_str().unwrap()
            ))
            .await;
        let mut checks: Vec<Value> = checks["check_runs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|run| {
                json!([
                    run["name"],
                    run["conclusion"],
                    run["output"]["title"],
                    run["output"]["summary"]
                ])
            })
            .collect();
        checks.sort_by_key(Value::to_string);
        let labels: Vec<_> =
            pull["labels"].as_array().unwrap().iter().map(|label| label["name"].clone()).collect();
        pulls.push(json!({
            "title": pull["title"], "state": pull["state"], "branch": pull["head"]["ref"], "labels": labels,
            "files": files.as_array().unwrap().iter().map(|file| json!([file["filename"], file["patch"]])).collect::<Vec<_>>(),
            "checks": checks, "comments": stage.comments(DEMO, number).await,
        }));
    }
    let branches = stage.get(&format!("/repos/{DEMO}/git/matching-refs/heads/")).await;
    let branches: Vec<_> =
        branches.as_array().unwrap().iter().map(|branch| branch["ref"].clone()).collect();
    let tag = stage.get(&format!("/repos/{DEMO}/commits/v1.0.2/check-runs?check_name=usher/promotion%20microservices-demo%20v1.0.2")).await;
    json!({"pulls": pulls, "branches": branches, "told": tag["total_count"], "title": tag["check_runs"][0]["output"]["title"]})
}

/// Two releases, one after the other: a promotion that opens, and one that supersedes it.
async fn story(stage: &Stage) {
    for tag in ["v1.0.1", "v1.0.2"] {
        stage
            .act("ada", "POST", &format!("/repos/{DEMO}/releases"), json!({"tag_name": tag}))
            .await;
        stage.idle().await;
    }
}

async fn undisturbed() -> (Value, Vec<(String, String, u32)>) {
    let stage = Stage::start().await;
    stage.github.clear_requests();
    story(&stage).await;
    let writes = writes(&stage.github.requests());
    let state = end_state(&stage).await;
    stage.finish().await;
    (state, writes)
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_each_effect_it_comes_to_the_same_end() {
    let (expected, writes) = undisturbed().await;
    assert!(writes.len() >= 12, "{writes:?}");
    // Each waits out the lease of the one that was killed; they wait together.
    let mut cases = stream::iter(writes).map(killed_after).buffer_unordered(32);
    while let Some((write, state)) = cases.next().await {
        assert_eq!(state, expected, "killed after {write:?}");
    }
}

async fn killed_after(write: (String, String, u32)) -> ((String, String, u32), Value) {
    let (method, path, nth) = write.clone();
    let mut stage = Stage::without_bot().await;
    stage.open_store().await;
    let mut process = Process::start(&stage);
    stage.surveyed().await;
    let answer = FaultAnswer::Hang { ms: 120_000 };
    stage.github.fault(Fault { method: Some(method), path, nth, times: 1, answer }).unwrap();
    let mut killed = false;
    for tag in ["v1.0.1", "v1.0.2"] {
        stage
            .act("ada", "POST", &format!("/repos/{DEMO}/releases"), json!({"tag_name": tag}))
            .await;
        let hit = || stage.github.waiting_faults().is_empty();
        stage
            .until("the write, or rest", async || (!killed && hit()) || stage.at_rest().await)
            .await;
        if !killed && hit() {
            // The write has been done, and nobody will ever hear the answer.
            process.kill();
            process = Process::start(&stage);
            killed = true;
        }
        stage.idle().await;
    }
    assert!(killed, "{write:?} was never hit");
    (write, end_state(&stage).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_end_it_loses_nothing_and_goes_on_where_it_was() {
    let mut stage = Stage::without_bot().await;
    stage.open_store().await;
    let mut process = Process::start(&stage);
    stage.surveyed().await;
    // In the middle of a promotion GitHub takes its time.
    let answer = FaultAnswer::Delay { ms: 3_000 };
    let path = "/repos/*/*/contents/*".to_owned();
    let slow = Fault { method: Some("PUT".to_owned()), path, nth: 1, times: 1, answer };
    stage.github.fault(slow).unwrap();
    let release = json!({"tag_name": "v1.0.1"});
    stage.act("ada", "POST", &format!("/repos/{DEMO}/releases"), release).await;
    stage.until("the slow call", async || stage.github.waiting_faults().is_empty()).await;

    let asked = Command::new("kill").args(["-TERM", &process.0.id().to_string()]).status().unwrap();
    assert!(asked.success());
    let ended = process.0.wait().unwrap();
    assert!(ended.success(), "it ends well: {ended}");
    let leased = JobFilter { state: Some(JobState::Leased), ..JobFilter::default() };
    assert!(stage.store().jobs(&leased).await.unwrap().is_empty(), "nothing is held any more");

    process = Process::start(&stage);
    stage.idle().await;
    let title = "Promote microservices-demo v1.0.1 to staging".to_owned();
    stage
        .until("the pull request", async || stage.open_titles(DEMO).await == [title.as_str()])
        .await;
    drop(process);
}
