//! Merge queues: what is put into one is judged once more, with all that comes before it; nothing goes around it.

use serde_json::json;

use crate::stage::people::{CONFIG, overlay};
use crate::stage::{DEMO, Stage};

/// A pull request that changes nothing that is promoted.
async fn configured(stage: &Stage, branch: &str, environment: &str) -> u64 {
    stage.branch(DEMO, branch, "main").await;
    let path = overlay(environment);
    let text = stage.file(DEMO, &path, "main").await;
    let text = format!("{text}commonAnnotations: {{seen: {branch}}}\n");
    stage.push("ada", branch, &path, &text).await;
    stage.open_pull("ada", DEMO, branch).await["number"].as_u64().unwrap()
}

async fn until_merged(stage: &Stage, pr: u64) {
    stage.until("merge", async || stage.state(pr).await == "merged").await;
    stage.idle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_goes_through_the_queue_and_is_judged_there() {
    let (stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.queue("ALLGREEN", 1, 0).await;
    stage.approve(prod).await;
    let path = format!("/repos/{DEMO}/pulls/{prod}/merge");
    let (status, refused) = stage.call("ada", "PUT", &path, Some(json!({}))).await;
    assert_eq!(status, 405);
    assert!(refused["message"].as_str().unwrap().contains("through the merge queue"), "{refused}");
    let answer = stage.ask("ada", prod, "/merge").await;
    assert!(answer.contains("in the merge queue") || answer.contains("is merged"), "{answer}");
    until_merged(&stage, prod).await;
    assert_eq!(stage.runs("prod").await, "v1.0.1 x9");
    assert!(stage.groups().await.is_empty());
    let head = stage.head(DEMO, "main").await;
    let (conclusion, title, _) = stage.check(DEMO, &head, "usher/gates").await;
    assert_eq!((conclusion.as_str(), title.starts_with(&format!("#{prod}: "))), ("success", true));
    let direct = stage.github.requests().into_iter().filter(|seen| {
        seen.method == "PUT" && seen.path.ends_with("/merge") && seen.who.contains("usher")
    });
    assert_eq!(direct.count(), 0, "never around the queue");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forced_into_the_queue_is_red_there_and_stays_out() {
    let (stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.queue("ALLGREEN", 1, 0).await;
    stage.is_red(prod, "qa-approved").await;
    // The protection of the branch does not bind sam, nor does the ruleset.
    let came = stage.enqueue("sam", prod).await;
    assert_eq!(came["status"], "enqueued", "{came}");
    stage.idle().await;
    stage.until("empty queue", async || stage.groups().await.is_empty()).await;
    assert_eq!(stage.state(prod).await, "open", "no free success");
    assert_eq!(stage.runs("prod").await, "v1.0.0 x9");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_queue_puts_out_is_not_put_in_again_by_itself() {
    let mut stage = Stage::start().await;
    let config = stage.file(DEMO, CONFIG, "main").await;
    let config =
        config.replacen("promote: automatic\n", "promote: automatic\n    merge: automatic\n", 1);
    stage.write_file(DEMO, "main", CONFIG, &config).await;
    stage.idle().await;
    stage.queue("ALLGREEN", 1, 0).await;
    let body = json!({
        "name": "load", "target": "branch", "enforcement": "active",
        "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
        "rules": [{"type": "required_status_checks", "parameters": {
            "strict_required_status_checks_policy": false,
            "required_status_checks": [{"context": "load"}],
        }}],
    });
    stage.act("sam", "POST", &format!("/repos/{DEMO}/rulesets"), body).await;
    stage.publish(DEMO, "v1.0.1").await;
    let staging = stage.open_number("v1.0.1 to staging").await;
    let head = stage.head_of(staging).await.1;
    stage.concluded("ci", &head, "load", "success").await;
    // The first try was refused; how the second went is asked for a moment later.
    for seconds in [60, 6 * 60, 60] {
        stage.travel(seconds).await;
    }
    let groups = stage.groups().await;
    assert_eq!(groups.len(), 1, "{}", stage.told(staging).await);
    stage.concluded("ci", &groups[0].1, "load", "failure").await;
    stage.restart().await;
    stage.travel(6 * 60).await;
    stage.travel(6 * 60).await;
    assert!(stage.groups().await.is_empty(), "not again");
    assert_eq!(stage.state(staging).await, "open");
    let told = stage.told(staging).await;
    assert!(told.contains("merge queue"), "{told}");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_in_one_group_pass_together_and_the_check_tells_of_each() {
    let (stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.queue("HEADGREEN", 2, 60).await;
    stage.approve(prod).await;
    let other = configured(&stage, "other", "dev").await;
    stage.is_green(other).await;
    stage.enqueue("ada", other).await;
    stage.idle().await;
    assert_eq!(stage.state(other).await, "open", "the group is too small yet");
    stage.ask("ada", prod, "/merge").await;
    until_merged(&stage, prod).await;
    assert_eq!(stage.state(other).await, "merged");
    let head = stage.head(DEMO, "main").await;
    let (conclusion, title, summary) = stage.check(DEMO, &head, "usher/gates").await;
    assert_eq!(
        (conclusion.as_str(), title.as_str()),
        ("success", "2 pull requests: all of them passed")
    );
    assert!(
        summary.contains(&format!("#{other}")) && summary.contains(&format!("#{prod}")),
        "{summary}"
    );
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worst_in_a_group_counts_for_all_behind_it() {
    let (stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.queue("HEADGREEN", 2, 60).await;
    let other = configured(&stage, "other", "dev").await;
    // Red, and first; on its own the one behind it is green, and its commit holds both.
    stage.enqueue("sam", prod).await;
    let came = stage.enqueue("sam", other).await;
    assert_eq!(came["status"], "enqueued", "{came}");
    let both = stage.groups().await;
    let both =
        both.iter().find(|(name, _)| name.contains(&format!("/pr-{other}-"))).unwrap().1.clone();
    stage.idle().await;
    let (conclusion, title, _) = stage.check(DEMO, &both, "usher/gates").await;
    assert_eq!(conclusion, "failure");
    assert!(title.contains(&format!("#{prod}")), "{title}");
    assert_eq!(stage.state(prod).await, "open");
    assert_eq!(stage.runs("prod").await, "v1.0.0 x9");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_answered_only_after_what_is_in_the_queue_is_red() {
    let (stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.queue("ALLGREEN", 2, 60).await;
    stage.approve(prod).await;
    stage.ask("ada", prod, "/merge").await;
    stage.idle().await;
    let group = stage.groups().await[0].1.clone();
    assert_eq!(stage.check(DEMO, &group, "usher/gates").await.0, "success");
    let answer = stage.ask("quinn", prod, "/lock prod the fair").await;
    assert!(answer.contains("locked"), "{answer}");
    assert_eq!(stage.check(DEMO, &group, "usher/gates").await.0, "failure");
    stage.travel(3600).await;
    assert_eq!(stage.state(prod).await, "open", "the queue has let go of it");
    assert_eq!(stage.runs("prod").await, "v1.0.0 x9");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_none_gets_no_verdict() {
    let (stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    let head = stage.head_of(prod).await.1;
    let before = stage.check(DEMO, &head, "usher/gates").await;
    let main = stage.head(DEMO, "main").await;
    for sha in [&head, &main] {
        let group = json!({"action": "checks_requested", "merge_group": {
            "head_sha": sha, "base_sha": main, "base_ref": "refs/heads/main",
            "head_ref": "refs/heads/gh-readonly-queue/main/pr-1-x", "head_commit": {},
        }});
        stage.deliver_alone("merge_group", group).await;
    }
    // Nor one that stands on something else than the default branch's head, whatever its name says.
    let name = format!("refs/heads/gh-readonly-queue/main/pr-{prod}-{}", "0".repeat(40));
    let made = json!({"ref": name, "sha": head});
    stage.act("ada", "POST", &format!("/repos/{DEMO}/git/refs"), made).await;
    let group = json!({"action": "checks_requested", "merge_group": {
        "head_sha": head, "base_sha": main, "base_ref": "refs/heads/main", "head_ref": name,
    }});
    stage.deliver_alone("merge_group", group).await;
    stage.idle().await;
    assert_eq!(stage.check(DEMO, &head, "usher/gates").await, before);
    stage.act("sam", "DELETE", &format!("/repos/{DEMO}/git/{name}"), json!({})).await;
    stage.travel(60).await;
    stage.finish().await;
}
