//! All that people see of a repository and all that the bot remembers of their words, without what differs from
//! one life to the next: ids, commits, times, ports.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value, json};
use usher::model::ids::{PrNumber, Sha};
use usher::model::links::PageId;

use crate::stage::people::overlay;
use crate::stage::{DEMO, Stage};

/// The state as a value that can be compared.
pub(super) async fn state(stage: &Stage) -> Value {
    let issues = stage.get(&format!("/repos/{DEMO}/issues?state=all&direction=asc")).await;
    let mut threads = Vec::new();
    for issue in list(&issues) {
        threads.push(thread(stage, issue).await);
    }
    let branches = stage.get(&format!("/repos/{DEMO}/git/matching-refs/heads/")).await;
    let mut told = Vec::new();
    for tag in ["v1.0.1", "v1.0.2"] {
        let (status, runs) = stage
            .call("ada", "GET", &format!("/repos/{DEMO}/commits/{tag}/check-runs"), None)
            .await;
        if status == 200 {
            told.push(checks(&runs));
        }
    }
    let state = json!({
        "threads": threads,
        "branches": list(&branches).iter().map(|branch| branch["ref"].clone()).collect::<Vec<_>>(),
        "told": told,
        "staging": stage.file(DEMO, &overlay("staging"), "main").await,
        "prod": stage.file(DEMO, &overlay("prod"), "main").await,
        "deployed": deployed(stage).await,
        "acts": acts(stage).await,
        "evidence": evidence(stage).await,
    });
    serde_json::from_str(&timeless(&state.to_string())).unwrap()
}

/// An issue or pull request, and what was said there.
async fn thread(stage: &Stage, issue: &Value) -> Value {
    let number = issue["number"].as_u64().unwrap();
    let comments = stage.get(&format!("/repos/{DEMO}/issues/{number}/comments?per_page=100")).await;
    let said = sorted(list(&comments).iter().map(|comment| {
        let emoji = ["eyes", "rocket", "confused"];
        let reactions = emoji.map(|emoji| comment["reactions"][emoji].clone());
        json!([comment["user"]["login"], comment["body"], reactions])
    }));
    let mut thread = json!({
        "title": issue["title"], "state": issue["state"], "comments": said,
        "labels": sorted(list(&issue["labels"]).iter().map(|label| label["name"].clone())),
    });
    if issue["pull_request"].is_null() {
        thread["body"] = issue["body"].clone();
    } else {
        let pull = stage.pull(number).await;
        let at = format!("/repos/{DEMO}/pulls/{number}");
        let files = stage.get(&format!("{at}/files")).await;
        let commits = stage.get(&format!("{at}/commits")).await;
        let head = pull["head"]["sha"].as_str().unwrap();
        let runs = stage.get(&format!("/repos/{DEMO}/commits/{head}/check-runs")).await;
        thread["pull"] = json!({
            "merged": pull["merged"], "branch": pull["head"]["ref"], "checks": checks(&runs), "body": pull["body"],
            "page": page(stage, number, head).await,
            "files": list(&files).iter().map(|file| json!([file["filename"], file["patch"]])).collect::<Vec<_>>(),
            "commits": list(&commits).iter().map(|commit| commit["commit"]["message"].clone()).collect::<Vec<_>>(),
        });
    }
    thread
}

/// What Usher's own page tells.
async fn page(stage: &Stage, number: u64, head: &str) -> Option<Value> {
    let repos = stage.store().repos().await.unwrap();
    let demo = repos.iter().find(|repo| repo.name.as_str() == DEMO)?;
    let (pr, head) = (PrNumber(number), Sha::new(head).unwrap());
    let page = stage.store().page(&PageId { repo: demo.id, pr, head }).await.unwrap();
    page.map(|(content, _)| serde_json::from_str(&content).unwrap())
}

fn checks(runs: &Value) -> Vec<Value> {
    sorted(list(&runs["check_runs"]).iter().map(|run| {
        let output = &run["output"];
        json!([run["name"], run["conclusion"], output["title"], output["summary"], output["text"]])
    }))
}

/// What Argo CD has deployed, by what way it came there, and how it goes on.
async fn deployed(stage: &Stage) -> Value {
    let one = stage.live("prod").await;
    let status = &one["status"];
    let history = list(&status["history"]).iter();
    let history: Vec<&Value> = history.map(|past| &past["initiatedBy"]).collect();
    let (sync, health) = (&status["sync"]["status"], &status["health"]["status"]);
    json!([one["spec"]["syncPolicy"], status["summary"], history, sync, health])
}

async fn acts(stage: &Stage) -> Vec<Value> {
    let mut all = Vec::new();
    for repo in stage.store().repos().await.unwrap() {
        for act in stage.store().standing_acts(repo.id).await.unwrap() {
            let mut told = serde_json::to_value(&act.said).unwrap();
            told["until"] = json!(act.until.is_some());
            all.push(told);
        }
    }
    sorted(all.into_iter())
}

/// What is on record, each time once. Verdicts on the way, and tries at a merge, differ with the moment at which it died.
async fn evidence(stage: &Stage) -> Vec<Value> {
    let mut all = Vec::new();
    for chain in stage.store().chains().await.unwrap() {
        for kept in stage.store().evidence(chain.repo, 0, 0).await.unwrap() {
            let entry = kept.link.entry.unwrap();
            let (pr, event) = (&entry["pr"], entry["what"]["event"].as_str().unwrap());
            let told = match event {
                "judged" => continue,
                "merging" => json!([pr, event]),
                _ => json!([pr, event, entry["cause"]]),
            };
            if event != "merging" || !all.contains(&told) {
                all.push(told);
            }
        }
    }
    sorted(all.into_iter())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn sorted(values: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut values: Vec<Value> = values.collect();
    values.sort_by_key(|value| timeless(&value.to_string()));
    values
}

/// A text without what is of this life alone.
fn timeless(text: &str) -> String {
    static OF_THIS_LIFE: LazyLock<[(Regex, &str); 9]> = LazyLock::new(|| {
        let regex = |pattern| Regex::new(pattern).unwrap();
        [
            (regex(r"http://[^/]+/pull/\d+/\d+/[0-9a-f]{40}/\d+/[0-9a-f]{64}"), "PAGE"),
            (regex(r"http://127\.0\.0\.1:\d+"), "GITHUB"),
            (regex(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z| UTC)?"), "TIME"),
            (regex(r"\b[0-9a-f]{40}\b"), "COMMIT"),
            (regex(r"(`|\b)[0-9a-f]{7}(`|\b)"), "COMMIT"),
            (regex(r"usher:answer \d+"), "usher:answer ID"),
            // Of what commits and times go into.
            (regex(r"\b[0-9a-f]{16} -->"), "DIGEST -->"),
            (regex(r"comment(:|=|-| |/|: )\d+"), "comment ID"),
            (regex(r#"Time to restore:[^\\"]*"#), "Time to restore"),
        ]
    });
    let mut text = text.to_owned();
    for (pattern, word) in OF_THIS_LIFE.iter() {
        text = pattern.replace_all(&text, *word).into_owned();
    }
    text
}
