//! The issue that tells of drift: opened for what came around the gates, kept up to date, and closed by itself.

use serde_json::{Value, json};
use usher::sandbox::ApplicationChange;

use crate::stage::people::overlay;
use crate::stage::{DEMO, Stage};

const ARGOCD: &str = "    argocd: {server: main, application: prod-microservices-demo}\n";
const BASE: &str = "kustomize/base/frontend.yaml";

/// Production is asked for `drift`, and there is an issue to talk on: #1. The rules of production end so.
async fn watched(rules: &str) -> Stage {
    let stage = Stage::with_staging("v1.0.1").await;
    stage.rules(|text| format!("{}\n{rules}    gates: {{drift: true}}\n", text.trim_end())).await;
    stage
}

/// The issues that the bot opened, oldest first.
async fn issues(stage: &Stage) -> Vec<Value> {
    let path =
        format!("/repos/{DEMO}/issues?state=all&creator=usher[bot]&sort=created&direction=asc");
    let all = stage.get(&path).await;
    let all = all.as_array().unwrap().iter();
    all.filter(|one| one.get("pull_request").is_none()).cloned().collect()
}

/// The one issue of the bot, which is open or not; its number and text.
async fn the_issue(stage: &Stage, state: &str) -> (u64, String) {
    let all = issues(stage).await;
    assert_eq!(all.len(), 1, "{all:#?}\n{}", stage.troubles().await);
    assert_eq!(all[0]["state"], state, "{}", all[0]["body"]);
    (all[0]["number"].as_u64().unwrap(), all[0]["body"].as_str().unwrap().to_owned())
}

/// Sam, whom the protection does not bind, replaces this in an overlay or a file; gives the commit.
async fn by_hand(stage: &Stage, path: &str, from: &str, to: &str) -> String {
    let text = stage.file(DEMO, path, "main").await;
    assert!(text.contains(from), "{text}");
    stage.push("sam", "main", path, &text.replacen(from, to, 1)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_around_the_gates_is_told_in_one_issue_until_it_is_put_back() {
    let mut stage = watched("").await;
    let push = by_hand(&stage, &overlay("prod"), "newTag: v1.0.0", "newTag: v0.9.9").await;
    assert!(issues(&stage).await.is_empty(), "not before it has stood for a minute");
    stage.travel(61).await;
    let (number, body) = the_issue(&stage, "open").await;
    assert!(body.starts_with("<!-- usher:drift prod "), "{body}");
    let short = &push[..7];
    assert!(
        body.contains(&format!("| image `cartservice` | `v1.0.0` | `v0.9.9` | [`{short}`]")),
        "{body}"
    );
    assert!(body.contains(&format!("/{DEMO}/commit/{push}) by `sam` |")), "{body}");
    assert!(body.contains("spec.template.spec.containers[server].image"), "{body}");
    assert!(body.contains("Until then the gate `drift` of `prod` is shut."), "{body}");
    // Another push by hand is told in the same one, as it renders.
    by_hand(&stage, BASE, "cpu: 100m", "cpu: 300m").await;
    let (same, body) = the_issue(&stage, "open").await;
    assert_eq!(same, number);
    assert!(body.contains("| image `cartservice` |") && body.contains(BASE), "{body}");
    assert!(body.contains("cpu: 300m") || body.contains("300m"), "{body}");
    // While nothing else differs, nothing is asked of the issue, whatever is pushed.
    stage.restart().await;
    stage.github.clear_requests();
    stage.rules(|text| format!("{text}# looked at again\n")).await;
    let asked = stage.github.requests().into_iter().filter(|seen| {
        seen.who == "usher[bot]" && seen.path.starts_with(&format!("/repos/{DEMO}/issues"))
    });
    assert_eq!(asked.count(), 0);
    // Put back, it is over.
    by_hand(&stage, &overlay("prod"), "newTag: v0.9.9", "newTag: v1.0.0").await;
    let (_, body) = the_issue(&stage, "open").await;
    assert!(!body.contains("`cartservice`") && body.contains(BASE), "{body}");
    by_hand(&stage, BASE, "cpu: 300m", "cpu: 100m").await;
    the_issue(&stage, "closed").await;
    assert_eq!(issues(&stage).await[0]["state_reason"], "completed");
    let comments = stage.comments(DEMO, number).await;
    let [(login, said)] = comments.as_slice() else { panic!("{comments:?}") };
    assert_eq!(login, "usher[bot]");
    assert!(said.contains("`prod` is right again"), "{said}");
    // The same once more is a new thing to tell.
    by_hand(&stage, &overlay("prod"), "newTag: v1.0.0", "newTag: v0.9.9").await;
    stage.travel(61).await;
    let all = issues(&stage).await;
    assert_eq!(all.len(), 2, "{all:#?}");
    assert_eq!(all[1]["state"], "open");
    // It is talked on as on any other issue.
    let second = all[1]["number"].as_u64().unwrap();
    assert!(stage.ask("ada", second, "/status").await.contains("`prod`"));
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passed_its_gates_is_nothing_to_tell_of_and_what_did_not_is() {
    let mut stage = watched("").await;
    // A reviewed change of the configuration, and a promotion.
    stage.branch(DEMO, "more", "main").await;
    let text = stage.file(DEMO, BASE, "main").await;
    stage.push("ada", "more", BASE, &text.replacen("cpu: 100m", "cpu: 200m", 1)).await;
    let pr = stage.open_pull("ada", DEMO, "more").await["number"].as_u64().unwrap();
    stage.approve(pr).await;
    stage.is_green(pr).await;
    stage.merge(DEMO, pr).await;
    stage.restart().await;
    stage.ask("ada", 1, "/promote prod").await;
    let pr = stage.open_number("v1.0.1 to prod").await;
    stage.approve(pr).await;
    stage.ask("ada", pr, "/merge").await;
    assert_eq!(stage.state(pr).await, "merged", "{}", stage.gates(pr).await.1);
    stage.restart().await;
    stage.travel(61).await;
    assert!(issues(&stage).await.is_empty());
    // By a pull request past its red gates, which is named by its commit.
    stage.branch(DEMO, "around", "main").await;
    let text = stage.file(DEMO, &overlay("prod"), "main").await;
    let other = text.replacen("newTag: v1.0.1", "newTag: v1.0.0", 1);
    stage.push("ada", "around", &overlay("prod"), &other).await;
    let around = stage.open_pull("ada", DEMO, "around").await["number"].as_u64().unwrap();
    stage.is_red(around, "approv").await;
    stage.merge(DEMO, around).await;
    stage.travel(61).await;
    let (_, body) = the_issue(&stage, "open").await;
    assert!(body.contains("| image `cartservice` | `v1.0.1` | `v1.0.0` |"), "{body}");
    // What was left is the promotion, and not the file before it.
    assert_eq!(body.matches("| image").count(), 1, "{body}");
    assert_eq!(body.matches("].image").count(), 1, "{body}");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_somebody_closes_stays_closed_until_something_else_differs() {
    let mut stage = watched("").await;
    by_hand(&stage, &overlay("prod"), "newTag: v1.0.0", "newTag: v0.9.9").await;
    stage.travel(61).await;
    let (number, _) = the_issue(&stage, "open").await;
    let path = format!("/repos/{DEMO}/issues/{number}");
    stage
        .act("ada", "PATCH", &path, json!({"state": "closed", "state_reason": "not_planned"}))
        .await;
    stage.restart().await;
    stage.rules(|text| format!("{text}# looked at again\n")).await;
    the_issue(&stage, "closed").await;
    by_hand(&stage, BASE, "cpu: 100m", "cpu: 300m").await;
    let all = issues(&stage).await;
    assert_eq!(all.len(), 2, "{all:#?}");
    assert_eq!(all.last().unwrap()["state"], "open");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_of_somebody_else_is_none_of_ours() {
    let mut stage = watched("").await;
    let forged = "<!-- usher:drift prod 0123456789abcdef -->\nNothing to see here.";
    let new = json!({"title": "Drift in prod", "body": forged});
    let theirs = stage.act("ada", "POST", &format!("/repos/{DEMO}/issues"), new).await;
    by_hand(&stage, &overlay("prod"), "newTag: v1.0.0", "newTag: v0.9.9").await;
    stage.travel(61).await;
    the_issue(&stage, "open").await;
    by_hand(&stage, &overlay("prod"), "newTag: v0.9.9", "newTag: v1.0.0").await;
    the_issue(&stage, "closed").await;
    let path = format!("/repos/{DEMO}/issues/{}", theirs["number"]);
    let theirs = stage.get(&path).await;
    assert_eq!((&theirs["state"], &theirs["body"]), (&json!("open"), &json!(forged)));
    assert_eq!(theirs["comments"], 0);
    // In a new life ours is found by who opened it.
    by_hand(&stage, &overlay("prod"), "newTag: v1.0.0", "newTag: v0.9.9").await;
    stage.travel(61).await;
    let ours = issues(&stage).await.last().unwrap()["number"].as_u64().unwrap();
    stage.forget("anew").await;
    stage.restart().await;
    let state = stage.get(&format!("/repos/{DEMO}/issues/{ours}")).await["state"].clone();
    assert_eq!(state, "closed", "what is there is where a new record begins");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_where_it_is_deployed_is_told_until_it_is_synced() {
    let mut stage = watched(ARGOCD).await;
    stage.live("prod").await;
    stage.leap(60);
    let touched =
        ApplicationChange { automated: Some(false), touched: Some(true), ..Default::default() };
    stage.change("prod", &touched);
    stage.restart().await;
    assert!(issues(&stage).await.is_empty(), "Argo CD may put it right by itself");
    stage.travel(301).await;
    let (number, body) = the_issue(&stage, "open").await;
    assert!(
        body.contains("`prod` is out of sync with the default branch (`prod-microservices-demo`)"),
        "{body}"
    );
    assert!(body.contains("was deployed last at"), "{body}");
    let token = stage.github.argocd_token("admin").unwrap();
    let path = "/api/v1/applications/prod-microservices-demo/sync";
    assert_eq!(stage.argo(&token, "POST", path, Some(json!({}))).await.0, 200);
    stage.leap(60);
    assert_eq!(stage.live("prod").await["status"]["sync"]["status"], "Synced");
    stage.restart().await;
    assert_eq!(the_issue(&stage, "closed").await.0, number);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_back_in_argo_cd_by_hand_is_told_of_and_our_own_way_back_is_not() {
    let (mut stage, prod) = Stage::with_prod("v1.0.1").await;
    let rules = format!("{ARGOCD}    rollback: {{by: [sam]}}\n    gates: {{drift: true}}\n");
    stage.rules(|text| format!("{}\n{rules}", text.trim_end())).await;
    stage.live("prod").await;
    stage.leap(60);
    stage.live("prod").await;
    // Ours: automatic sync is off, and what is deployed is what ran before.
    stage.restart().await;
    stage.ask("sam", prod, "/rollback --argocd").await;
    let back = stage.open_number("to v1.0.0 in prod").await;
    stage.until_told(back, "and healthy").await;
    stage.travel(301).await;
    stage.restart().await;
    stage.travel(301).await;
    assert!(issues(&stage).await.is_empty());
    stage.ask("sam", back, "/cancel").await;
    for _ in 0..8 {
        stage.travel(15).await;
    }
    stage.restart().await;
    stage.travel(301).await;
    assert!(issues(&stage).await.is_empty(), "{:?}", issues(&stage).await);
    // Somebody's.
    let token = stage.github.argocd_token("admin").unwrap();
    let one = stage.live("prod").await;
    let head = stage.head(DEMO, "main").await;
    assert_eq!(one["status"]["sync"]["status"], "Synced", "{one}");
    let old = one["status"]["history"].as_array().unwrap().iter().find(|past| {
        past["revision"] != json!(head)
            && past["revision"] != one["status"]["operationState"]["syncResult"]["revision"]
    });
    let id = old.unwrap_or_else(|| panic!("{one}"))["id"].clone();
    stage.change("prod", &ApplicationChange { automated: Some(false), ..Default::default() });
    let path = "/api/v1/applications/prod-microservices-demo/rollback";
    let (status, said) = stage.argo(&token, "POST", path, Some(json!({"id": id}))).await;
    assert_eq!(status, 200, "{said}");
    stage.leap(60);
    stage.restart().await;
    stage.travel(301).await;
    let (_, body) = the_issue(&stage, "open").await;
    assert!(body.contains("| `cartservice` | `v1.0.0` | `v1.0.1` |"), "{body}");
    stage.finish().await;
}
