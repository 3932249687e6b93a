//! Which requests each intent makes of GitHub: the cost of the bot, reviewed like code.

use std::fmt::Write as _;

use serde_json::json;

use crate::stage::{DEMO, Stage};

/// The requests of the bot since the last look, as method and route, in order.
fn seen(stage: &Stage) -> Vec<String> {
    let all = stage.github.requests();
    let bots = all.iter().filter(|seen| seen.who == "usher[bot]" || seen.who.starts_with("app "));
    let route = |route: &str| route.replace("/repos/{owner}/{repo}", "");
    let lines = bots.map(|seen| format!("{} {}", seen.method, route(seen.route.unwrap())));
    let lines = lines.collect();
    stage.github.clear_requests();
    lines
}

/// Checks, comments and reactions: they tell people, and carry nothing.
fn tells(request: &str) -> bool {
    ["/check-runs", "/comments", "/reactions"].iter().any(|part| request.contains(part))
}

/// Each route once, with how often. What happens at once comes in any order, so that the order says nothing.
fn shown(requests: &[String]) -> String {
    let mut out = String::new();
    let mut requests = requests.to_vec();
    requests.sort();
    for same in requests.chunk_by(|one, other| one == other) {
        let _ = writeln!(out, "{:>3}x {}", same.len(), same[0]);
    }
    out
}

/// What `/promote` asks for up to the opened and labelled pull request, and for telling of it up to its
/// first status comment.
fn counted(requests: &[String]) -> (usize, usize) {
    let labelled = requests.iter().rposition(|one| one.contains("/labels")).unwrap();
    let carrying = requests[..=labelled].iter().filter(|one| !tells(one)).count();
    let opened = requests.iter().position(|one| one == "POST /pulls").unwrap();
    let judged = requests.iter().filter(|one| *one == "GET /compare/{basehead+}").count();
    assert!(judged >= 1 && opened < labelled);
    let comment = "POST /issues/{issue_number}/comments";
    let told = requests.iter().enumerate().filter(|(_, one)| *one == comment).nth(1).unwrap().0;
    (carrying, requests[..=told].iter().filter(|one| tells(one)).count())
}

/// Another bot process. What its survey sets off is not to be counted with what comes next.
async fn restart(stage: &mut Stage) {
    stage.restart().await;
    stage.until("rest", async || stage.under_way().await.is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_each_intent_asks_for() {
    let mut stage = Stage::start().await;
    let asked = async |stage: &Stage, login: &str, pr: u64, text: &str| {
        stage.github.hold_webhooks(true);
        seen(stage);
        stage.say_alone(login, pr, text).await;
        let requests = seen(stage);
        stage.github.hold_webhooks(false);
        stage.idle().await;
        requests
    };
    stage.github.hold_webhooks(true);
    let body = json!({"tag_name": "v1.0.1"});
    stage.act("ada", "POST", &format!("/repos/{DEMO}/releases"), body.clone()).await;
    seen(&stage);
    stage.deliver_alone("release", json!({"action": "published", "release": body})).await;
    let release = seen(&stage);
    stage.github.hold_webhooks(false);
    stage.idle().await;
    stage.merge(DEMO, 1).await;
    restart(&mut stage).await;
    let cold = asked(&stage, "ada", 1, "/promote prod").await;
    stage.ask("pat", 2, "/cancel").await;
    let warm = asked(&stage, "ada", 1, "/promote prod").await;
    restart(&mut stage).await;
    stage.github.hold_webhooks(true);
    let labels = json!({"labels": ["qa-approved"]});
    stage.act("quinn", "POST", &format!("/repos/{DEMO}/issues/3/labels"), labels).await;
    let (pull, quinn) = (stage.pull(3).await, stage.get("/users/quinn").await);
    seen(&stage);
    let labeled = json!({"action": "labeled", "pull_request": pull, "label": {"name": "qa-approved"}, "sender": quinn});
    stage.deliver_alone("pull_request", labeled).await;
    let label = seen(&stage);
    let evaluate = {
        stage
            .deliver_alone("pull_request", json!({"action": "edited", "pull_request": pull}))
            .await;
        seen(&stage)
    };
    stage.github.hold_webhooks(false);
    stage.idle().await;
    let approve = asked(&stage, "pat", 3, "/approve pm-approved").await;
    let merge = asked(&stage, "ada", 3, "/merge").await;
    restart(&mut stage).await;
    let rollback = asked(&stage, "sam", 3, "/rollback").await;
    for (name, requests, most) in [("cold", &cold, 12), ("warm", &warm, 9)] {
        let (carrying, telling) = counted(requests);
        assert!(
            carrying <= most && telling <= 8,
            "{name}: {carrying} and {telling}\n{requests:#?}"
        );
    }
    let mut all = String::new();
    for (name, requests) in [
        ("release", &release),
        ("/promote, cold", &cold),
        ("/promote, warm", &warm),
        ("label", &label),
        ("evaluate", &evaluate),
        ("/approve", &approve),
        ("/merge", &merge),
        ("/rollback", &rollback),
    ] {
        let _ = writeln!(all, "── {name}: {}\n{}", requests.len(), shown(requests));
    }
    insta::assert_snapshot!(all);
    stage.finish().await;
}
