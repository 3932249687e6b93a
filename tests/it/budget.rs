//! What one evaluation of a pull request reads of GitHub, with every gate configured: cold, in a bot that has just
//! been started, and warm, when nothing has changed. And what it takes from `/rollback` to the open pull request.
//!
//! Counted from the sandbox's log is every request that only reads: each GET, conditional ones and those answered
//! by 304 included, and each GraphQL query. Not counted is what mints tokens. Counted apart is what asks for Git's
//! objects by their ids: commits, trees, comparisons of two commits, files (over GraphQL the query `Files`). These
//! never change and stay in memory, and how many there are says how much there is to render.

use std::fmt::Write as _;

use serde_json::json;
use usher::sandbox::{Fault, FaultAnswer, Seen};

use crate::stage::{DEMO, Stage};

/// Every gate that asks GitHub for something; more are on by themselves.
const GATES: &str = r#"
    reviews: {count: 1, by: ["@acme/sre", "@acme/qa"]}
    gates:
      checks: ["ci / *"]
      release: [build, {check: "codecov/project", value: "([0-9.]+)%", at_least: 80}]
      reviewed: true
      verified: [smoke]
      soak: 1h
"#;

/// The most that an evaluation reads, beside Git's objects.
const COLD: usize = 8;
/// And when nothing has changed.
const WARM: usize = 3;

/// Whether a request only reads.
fn reads(seen: &Seen) -> bool {
    seen.method == "GET" || seen.path == "/graphql"
}

/// Whether it asks for what has an id and never changes.
fn by_id(seen: &Seen) -> bool {
    let is_id = |text: &str| text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let below = seen.path.strip_prefix(&format!("/repos/{DEMO}")).unwrap_or_default();
    match below.split('/').collect::<Vec<_>>()[..] {
        ["", "commits", id] | ["", "git", "trees" | "blobs", id] => is_id(id),
        ["", "compare", both] => both.split("...").all(is_id),
        _ => seen.operation.as_deref() == Some("Files"),
    }
}

/// The requests of the bot since the last look that only read, and which of them are by id.
fn counted(stage: &Stage) -> (Vec<Seen>, Vec<Seen>) {
    let requests = stage.github.requests();
    let bots = requests
        .into_iter()
        .filter(|seen| (seen.who == "usher[bot]" || seen.who.starts_with("app ")) && reads(seen));
    bots.partition(|seen| !by_id(seen))
}

fn shown(requests: &[Seen]) -> String {
    let mut out = String::new();
    for seen in requests {
        let operation = seen.operation.as_deref().unwrap_or_default();
        let _ = writeln!(out, "{} {} {operation}", seen.method, seen.path);
    }
    out
}

/// Starts the bot, with a sweep that GitHub does not let through: the bot learns who it is, and looks at nothing of its own accord for the
/// next ten minutes.
async fn without_sweep(stage: &mut Stage) {
    let headers = [("retry-after".to_owned(), "600".to_owned())].into();
    let answer = FaultAnswer::Answer { status: 503, headers, body: None };
    let path = "/app/installations".to_owned();
    stage.github.fault(Fault { method: None, path, nth: 2, times: 3, answer }).unwrap();
    stage.github.clear_requests();
    stage.start_bot().await;
    // A request counts once it is answered, so that nothing of the sweep's is counted with what comes next.
    let asked =
        || stage.github.requests().iter().filter(|seen| seen.path == "/app/installations").count();
    stage.until("sweep that fails", async || asked() == 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_evaluation_reads_little_when_cold_and_less_when_nothing_has_changed() {
    let (mut stage, pr) = Stage::with_prod_asked("v1.0.1").await;
    stage.rules(|rules| format!("{}\n{}", rules.trim_end(), GATES.trim_start_matches('\n'))).await;
    stage.approve(pr).await;
    let head = stage.pull(pr).await["head"]["sha"].as_str().unwrap().to_owned();
    for who in ["quinn", "sam"] {
        stage.review(who, pr, "APPROVE").await;
    }
    for (at, context) in [
        (head.as_str(), "ci / unit"),
        ("v1.0.1", "build"),
        ("v1.0.1", "codecov/project"),
        ("main", "smoke"),
    ] {
        let sha = stage.get(&format!("/repos/{DEMO}/commits/{at}")).await["sha"].clone();
        let path = format!("/repos/{DEMO}/statuses/{}", sha.as_str().unwrap());
        let said = json!({"state": "success", "context": context, "description": "81.5%"});
        stage.act("ada", "POST", &path, said).await;
    }
    // What GitHub changed within the last minute may change again without a mark of it.
    stage.travel(2 * 3600).await;
    stage.stop_bot().await;
    stage.github.hold_webhooks(true);
    without_sweep(&mut stage).await;
    let edited = json!({"action": "edited", "pull_request": stage.pull(pr).await});
    let evaluate = async || {
        stage.github.clear_requests();
        stage.deliver_alone("pull_request", edited.clone()).await;
        counted(&stage)
    };
    let (cold, objects) = evaluate().await;
    assert!(cold.len() <= COLD, "{} reads when cold:\n{}", cold.len(), shown(&cold));
    assert!(objects.len() <= 20, "{} for Git's objects:\n{}", objects.len(), shown(&objects));
    evaluate().await;
    let (warm, objects) = evaluate().await;
    assert!(warm.len() <= WARM, "{} reads when warm:\n{}", warm.len(), shown(&warm));
    assert!(objects.is_empty(), "{}", shown(&objects));
    println!("cold:\n{}\nwarm:\n{}", shown(&cold), shown(&warm));
    stage.github.hold_webhooks(false);
    stage.finish().await;
}

/// The most requests, of any kind, from `/rollback` to the open pull request in a bot that has just been started;
/// reactions and comments that are written come on top.
const BACK: usize = 12;

#[tokio::test(flavor = "multi_thread")]
async fn the_way_back_is_open_after_a_few_requests() {
    let (mut stage, prod) = Stage::with_prod("v1.0.1").await;
    for (line, thread) in [("/rollback", prod), ("/rollback prod", 1), ("/rollback prod v1.0.0", 1)]
    {
        stage.stop_bot().await;
        without_sweep(&mut stage).await;
        stage.github.clear_requests();
        stage.ask("sam", thread, line).await;
        let opens = |seen: &Seen| seen.method == "POST" && seen.path.ends_with("/pulls");
        let all = stage.github.requests().into_iter();
        // The sweep asks where it is installed, at its own pace.
        let of_bot = all.filter(|seen| {
            seen.who == "usher[bot]"
                || seen.who.starts_with("app ") && seen.path != "/app/installations"
        });
        let mut of_bot: Vec<Seen> = of_bot.collect();
        let end = of_bot.iter().position(opens).unwrap_or_else(|| panic!("{}", shown(&of_bot)));
        of_bot.truncate(end + 1);
        let decorates = |seen: &Seen| {
            seen.method != "GET"
                && (seen.path.contains("/reactions") || seen.path.contains("/comments"))
        };
        of_bot.retain(|seen| !decorates(seen));
        println!("{line}: {}\n{}", of_bot.len(), shown(&of_bot));
        assert!(of_bot.len() <= BACK, "{line}: {} requests\n{}", of_bot.len(), shown(&of_bot));
        let back = stage.open_number("to v1.0.0 in prod").await;
        stage.ask("sam", back, "/cancel").await;
    }
    stage.finish().await;
}
