//! Merging: by itself and by `/merge`, at the head and onto the base that were judged, by GitHub's own rules; and a
//! promotion whose base has moved.

use serde_json::{Value, json};

use crate::stage::people::overlay;
use crate::stage::{DEMO, Stage};

/// Staging is merged into by itself.
async fn automatic(stage: &Stage) {
    stage
        .rules(|text| {
            text.replace("promote: automatic\n", "promote: automatic\n    merge: automatic\n")
        })
        .await;
}

/// The pull request that the newest release led to, whatever has become of it.
async fn newest(stage: &Stage, title: &str) -> u64 {
    let pulls = stage.pulls(DEMO).await;
    let found = pulls.iter().rfind(|pull| pull["title"].as_str().unwrap().contains(title));
    found.unwrap_or_else(|| panic!("no {title}"))["number"].as_u64().unwrap()
}

async fn until_merged(stage: &Stage, pr: u64) {
    stage.until("merge", async || stage.state(pr).await == "merged").await;
    stage.idle().await;
}

/// The calls that merge, by the App.
fn merges(stage: &Stage) -> usize {
    let all = stage.github.requests().into_iter();
    let ours = |who: &str| who.starts_with("usher");
    all.filter(|seen| seen.method == "PUT" && seen.path.contains("/merge") && ours(&seen.who))
        .count()
}

async fn branch_is_gone(stage: &Stage, branch: &str) {
    let path = format!("/repos/{DEMO}/git/ref/heads/{branch}");
    stage
        .until("end of the branch", async || stage.call("ada", "GET", &path, None).await.0 == 404)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_passed_every_gate_is_merged_by_itself_once_and_its_branch_goes() {
    let stage = Stage::start().await;
    automatic(&stage).await;
    stage.publish(DEMO, "v1.0.1").await;
    let staging = newest(&stage, "v1.0.1 to staging").await;
    until_merged(&stage, staging).await;
    let pull = stage.pull(staging).await;
    assert_eq!(pull["merged_by"]["login"], "usher[bot]");
    assert_eq!(stage.runs("staging").await, "v1.0.1 x9");
    let commit = stage.get(&format!("/repos/{DEMO}/commits/main")).await;
    let title = format!("Promote microservices-demo v1.0.1 to staging (#{staging})\n");
    assert!(commit["commit"]["message"].as_str().unwrap().starts_with(&title), "{commit}");
    assert_eq!(commit["parents"].as_array().unwrap().len(), 1, "squashed");
    branch_is_gone(&stage, pull["head"]["ref"].as_str().unwrap()).await;
    assert_eq!(merges(&stage), 1);
    // The next environment waits for people: it is not merged into by itself.
    let prod = stage.ask("ada", staging, "/promote prod").await;
    assert!(prod.contains("opened") || prod.contains('#'), "{prod}");
    let prod = newest(&stage, "v1.0.1 to prod").await;
    stage.approve(prod).await;
    stage.is_green(prod).await;
    assert_eq!(stage.state(prod).await, "open");
    assert_eq!(merges(&stage), 1);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_merged_by_itself_where_it_is_observed_a_draft_or_somebody_elses() {
    let stage = Stage::start().await;
    automatic(&stage).await;
    stage.rules(|text| text.replace("version: 1\n", "version: 1\nmode: observe\n")).await;
    stage.publish(DEMO, "v1.0.1").await;
    let staging = newest(&stage, "v1.0.1 to staging").await;
    stage.is_green(staging).await;
    assert_eq!((stage.state(staging).await.as_str(), merges(&stage)), ("open", 0));
    // The same by hand, in earnest.
    stage
        .act("ada", "PATCH", &format!("/repos/{DEMO}/pulls/{staging}"), json!({"state": "closed"}))
        .await;
    stage.rules(|text| text.replace("mode: observe\n", "")).await;
    stage.branch(DEMO, "by-hand", "main").await;
    let text = stage.file(DEMO, &overlay("staging"), "main").await.replace("v1.0.0", "v1.0.1");
    stage.push("ada", "by-hand", &overlay("staging"), &text).await;
    let hand = stage.open_pull("ada", DEMO, "by-hand").await["number"].as_u64().unwrap();
    stage.is_green(hand).await;
    assert_eq!((stage.state(hand).await.as_str(), merges(&stage)), ("open", 0));
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn github_refuses_what_lacks_a_check_of_the_app_that_it_expects() {
    let stage = Stage::start().await;
    automatic(&stage).await;
    // A check that nobody reports, and `usher/gates` from our App only.
    let app = stage.github.app_id;
    let checks = json!([
        {"context": "usher/gates", "app_id": app}, {"context": "usher/kustomize", "app_id": app},
        {"context": "build"},
    ]);
    let protection = json!({
        "required_status_checks": {"strict": false, "checks": checks, "contexts": []},
        "enforce_admins": false, "required_pull_request_reviews": null, "restrictions": null,
    });
    let path = format!("/repos/{DEMO}/branches/main/protection");
    stage.act("sam", "PUT", &path, protection).await;
    stage.publish(DEMO, "v1.0.1").await;
    let staging = newest(&stage, "v1.0.1 to staging").await;
    stage
        .until("refusal", async || stage.told(staging).await.contains("GitHub does not merge it"))
        .await;
    stage.idle().await;
    assert!(stage.told(staging).await.contains("\"build\" is expected"));
    assert_eq!(stage.state(staging).await, "open");
    let answer = stage.ask("ada", staging, "/merge").await;
    assert!(answer.contains("GitHub does not merge it") && answer.contains("build"), "{answer}");
    let tries = merges(&stage);
    assert!(tries < 6, "it does not insist: {tries}");
    // A stranger's status with our name is not ours.
    let head = stage.head_of(staging).await.1;
    let status = json!({"state": "success", "context": "build"});
    stage.act("ada", "POST", &format!("/repos/{DEMO}/statuses/{head}"), status).await;
    stage.travel(6 * 60).await;
    until_merged(&stage, staging).await;
    // A forged green does not help a red one: GitHub itself expects it from us.
    stage.publish(DEMO, "v1.0.2").await;
    let next = newest(&stage, "v1.0.2 to staging").await;
    let head = stage.head_of(next).await.1;
    stage.ask("quinn", next, "/hold not today").await;
    for context in ["usher/gates", "usher/kustomize", "build"] {
        let status = json!({"state": "success", "context": context});
        stage.act("ada", "POST", &format!("/repos/{DEMO}/statuses/{head}"), status).await;
    }
    let merge = format!("/repos/{DEMO}/pulls/{next}/merge");
    let (status, refused) = stage.call("ada", "PUT", &merge, Some(json!({}))).await;
    assert_eq!(status, 405, "{refused}");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_in_the_background_is_waited_for_and_its_outcome_told() {
    let (stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.approve(prod).await;
    stage.github.hold_merges(true);
    let asked = stage.say_at_once("ada", DEMO, prod, "/merge").await;
    stage.until("merge that is asked for", async || merges(&stage) == 1).await;
    stage.travel(5).await;
    assert!(stage.answers(prod, asked).await.is_empty(), "it is not told before it is so");
    stage.github.hold_merges(false);
    stage.leap(30);
    let answer = stage.answer(prod, asked).await;
    assert!(answer.contains("is merged at"), "{answer}");
    assert_eq!((stage.state(prod).await.as_str(), merges(&stage)), ("merged", 1));
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_while_github_merges_in_the_background_stops_it() {
    let (stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.approve(prod).await;
    stage.github.hold_merges(true);
    let asked = stage.say_at_once("ada", DEMO, prod, "/merge").await;
    stage.until("merge that is asked for", async || merges(&stage) == 1).await;
    let (branch, _) = stage.head_of(prod).await;
    let text = stage.file(DEMO, &overlay("prod"), &branch).await.replace("count: 2", "count: 5");
    stage.write_file(DEMO, &branch, &overlay("prod"), &text).await;
    stage.github.hold_merges(false);
    stage.leap(30);
    let answer = stage.answer(prod, asked).await;
    assert!(!answer.contains("is merged at"), "{answer}");
    assert_eq!(stage.state(prod).await, "open");
    stage.finish().await;
}

/// A commit of sam's on `main`, whom its protection does not bind.
async fn on_main(stage: &Stage, path: &str, edit: impl Fn(String) -> String) {
    let old = stage.file(DEMO, path, "main").await;
    let new = edit(old.clone());
    assert_ne!(old, new, "the edit of {path} changes nothing");
    stage.pass(1);
    stage.write_file(DEMO, "main", path, &new).await;
    stage.idle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_that_moves_elsewhere_keeps_approvals_and_is_what_it_is_merged_onto() {
    let (stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.approve(prod).await;
    let head = stage.head_of(prod).await.1;
    on_main(&stage, "README.md", |text| text + "\nMore.\n").await;
    assert_eq!(stage.head_of(prod).await.1, head, "nothing to plan anew");
    stage.is_green(prod).await;
    let base = stage.head(DEMO, "main").await;
    stage.ask("ada", prod, "/merge").await;
    let commit = stage.get(&format!("/repos/{DEMO}/commits/main")).await;
    assert_eq!(commit["parents"][0]["sha"], Value::String(base));
    assert!(stage.file(DEMO, "README.md", "main").await.contains("More."));
    stage.finish().await;
}

/// Long enough for a try at the merge, for what came of it, and for what follows from that.
async fn several_looks(stage: &Stage) {
    for _ in 0..3 {
        stage.travel(6 * 60).await;
    }
}

/// Branches have to be up to date with `main`, and have these checks.
async fn strict(stage: &Stage, checks: Value) {
    let protection = json!({
        "required_status_checks": {"strict": true, "checks": checks, "contexts": []},
        "enforce_admins": false, "required_pull_request_reviews": null, "restrictions": null,
    });
    let path = format!("/repos/{DEMO}/branches/main/protection");
    stage.act("sam", "PUT", &path, protection).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_branches_have_to_be_up_to_date_it_is_planned_anew_on_the_base() {
    let stage = Stage::start().await;
    automatic(&stage).await;
    strict(&stage, json!([{"context": "usher/gates"}, {"context": "build"}])).await;
    stage.publish(DEMO, "v1.0.1").await;
    let staging = newest(&stage, "v1.0.1 to staging").await;
    let first = stage.head_of(staging).await.1;
    stage.status("ada", DEMO, &first, ("build", "pending", "it runs")).await;
    on_main(&stage, "README.md", |text| text + "\nMore.\n").await;
    several_looks(&stage).await;
    assert_eq!(stage.head_of(staging).await.1, first, "what runs is not begun anew");
    stage.status("ada", DEMO, &first, ("build", "success", "it ran")).await;
    several_looks(&stage).await;
    let second = stage.head_of(staging).await.1;
    assert_ne!(second, first, "{}", stage.told(staging).await);
    stage.status("ada", DEMO, &second, ("build", "success", "it ran")).await;
    several_looks(&stage).await;
    until_merged(&stage, staging).await;
    assert_eq!(stage.runs("staging").await, "v1.0.1 x9");
    assert!(stage.file(DEMO, "README.md", "main").await.contains("More."));
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_merge_onto_a_base_that_moved_says_what_helps_and_approvals_stay() {
    let (stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    strict(&stage, json!([{"context": "usher/gates"}])).await;
    stage.approve(prod).await;
    on_main(&stage, "README.md", |text| text + "\nMore.\n").await;
    stage.is_green(prod).await;
    let answer = stage.ask("ada", prod, "/merge").await;
    assert!(answer.contains("not up to date") && answer.contains("`/retry`"), "{answer}");
    let before = stage.head_of(prod).await.1;
    let answer = stage.ask("ada", prod, "/retry").await;
    assert!(answer.contains("Planned anew on what its base has now"), "{answer}");
    assert_ne!(stage.head_of(prod).await.1, before);
    stage.is_green(prod).await;
    let again = stage.ask("ada", prod, "/retry").await;
    assert!(again.contains("The checks run again"), "{again}");
    let answer = stage.ask("ada", prod, "/merge").await;
    assert!(answer.contains("is merged"), "{answer}");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_moved_on_the_base_is_planned_anew_and_approved_anew() {
    let (stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.approve(prod).await;
    let before = stage.head_of(prod).await.1;
    let first = |text: String| text.replacen("newTag: v1.0.0", "newTag: v0.9.9", 1);
    on_main(&stage, &overlay("prod"), first).await;
    let after = stage.head_of(prod).await.1;
    assert_ne!(before, after, "planned anew");
    assert_eq!(stage.state(prod).await, "open");
    // It starts from something else than what was approved.
    stage.is_red(prod, "qa-approved").await;
    assert!(stage.pull(prod).await["mergeable"] == true);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overlay_that_moved_is_found_where_the_rules_say() {
    let (stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    // The folder goes elsewhere on main, and the configuration with it, in two commits.
    let text = stage.file(DEMO, &overlay("prod"), "main").await;
    stage.write_file(DEMO, "main", &overlay("live"), &text).await;
    stage.rules(|text| text.replace("kustomize/prod", "kustomize/live")).await;
    let old = stage.get(&format!("/repos/{DEMO}/contents/{}", overlay("prod"))).await;
    let gone = json!({"message": "Moved", "sha": old["sha"], "branch": "main"});
    stage.act("sam", "DELETE", &format!("/repos/{DEMO}/contents/{}", overlay("prod")), gone).await;
    stage.idle().await;
    stage.approve(prod).await;
    stage.is_green(prod).await;
    let files = stage.get(&format!("/repos/{DEMO}/pulls/{prod}/files")).await;
    let names: Vec<&str> =
        files.as_array().unwrap().iter().map(|file| file["filename"].as_str().unwrap()).collect();
    assert_eq!(names, [overlay("live")], "where it was, nothing is left");
    stage.ask("ada", prod, "/merge").await;
    assert_eq!(stage.runs("live").await, "v1.0.1 x9");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_went_is_left_out_and_without_any_it_says_what_to_do() {
    let (stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    let images = |text: &str| text.find("images:").unwrap();
    let less = |text: String| {
        // The first entry: its name, its new name and its tag.
        let lines: Vec<&str> = text.lines().collect();
        let at = lines.iter().position(|line| line.trim() == "newTag: v1.0.0").unwrap();
        let kept = lines.iter().enumerate().filter(|(n, _)| !(at - 2..=at).contains(n));
        kept.map(|(_, line)| format!("{line}\n")).collect()
    };
    on_main(&stage, &overlay("prod"), less).await;
    stage.approve(prod).await;
    stage.is_green(prod).await;
    let branch = stage.head_of(prod).await.0;
    let text = stage.file(DEMO, &overlay("prod"), &branch).await;
    assert_eq!(text.matches("newTag: v1.0.1").count(), 8);
    // None is left.
    let none = |text: String| {
        let at = images(&text);
        let rest: Vec<&str> = text[at..]
            .lines()
            .skip_while(|line| {
                line.starts_with("images:") || line.starts_with('-') || line.starts_with(' ')
            })
            .collect();
        format!("{}{}\n", &text[..at], rest.join("\n"))
    };
    on_main(&stage, &overlay("prod"), none).await;
    let (conclusion, text) = stage.gates(prod).await;
    assert_ne!(conclusion, "success", "{text}");
    assert_eq!(stage.state(prod).await, "open");
    let answer = stage.ask("ada", prod, "/cancel").await;
    assert!(answer.contains("is closed"), "{answer}");
    stage.finish().await;
}
