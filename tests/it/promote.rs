//! A release opens the staging pull request: the whole of it, and every way in which it may not.

use serde_json::{Value, json};
use usher::sandbox::{Fault, FaultAnswer};

use crate::stage::{DEMO, Stage};

const PROMOTION_OF_OLD: &str = "usher/promotion microservices-demo v0.9.0";
const STAGING: &str = "kustomize/staging/kustomization.yaml";

fn labels(pull: &Value) -> Vec<&str> {
    pull["labels"].as_array().unwrap().iter().map(|label| label["name"].as_str().unwrap()).collect()
}

fn number(pull: &Value) -> u64 {
    pull["number"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_opens_the_staging_pull_request() {
    let stage = Stage::start().await;
    let before = stage.file(DEMO, STAGING, "main").await;
    stage.publish(DEMO, "v1.0.1").await;

    let pulls = stage.pulls(DEMO).await;
    assert_eq!(pulls.len(), 1);
    let pull = &pulls[0];
    assert_eq!(pull["title"], "Promote microservices-demo v1.0.1 to staging");
    assert_eq!(pull["user"]["login"], "usher[bot]");
    assert_eq!(labels(pull), ["usher", "env: staging"]);
    let branch = pull["head"]["ref"].as_str().unwrap();
    assert!(
        branch.starts_with("usher/staging/microservices-demo-v1.0.1-") && branch.len() < 100,
        "{branch}"
    );

    let after = stage.file(DEMO, STAGING, branch).await;
    assert_eq!(
        after,
        before.replace("newTag: v1.0.0", "newTag: v1.0.1"),
        "every other byte is kept"
    );
    assert_eq!(after.matches("v1.0.1").count(), 9);
    let files = stage.get(&format!("/repos/{DEMO}/pulls/{}/files", number(pull))).await;
    assert_eq!(files.as_array().unwrap().len(), 1);
    assert_eq!(files[0]["filename"], STAGING);
    let commits = stage.get(&format!("/repos/{DEMO}/pulls/{}/commits", number(pull))).await;
    assert_eq!(commits.as_array().unwrap().len(), 1);
    assert_eq!(commits[0]["commit"]["verification"]["verified"], true);

    let sha = pull["head"]["sha"].as_str().unwrap();
    let gates = stage.check(DEMO, sha, "usher/gates").await;
    assert_eq!((gates.0.as_str(), gates.1.as_str()), ("success", "5 gates passed"), "{}", gates.2);
    assert_eq!(stage.check(DEMO, sha, "usher/kustomize").await.0, "success");

    let comments = stage.comments(DEMO, number(pull)).await;
    assert_eq!(comments.len(), 1, "one status comment: {comments:?}");
    assert_eq!(comments[0].0, "usher[bot]");
    insta::assert_snapshot!("status", comments[0].1);
    let body = pull["body"].as_str().unwrap().replace(&stage.github.url(), "https://github.test");
    insta::assert_snapshot!("body", body);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_release_twice_changes_nothing() {
    let stage = Stage::start().await;
    stage.publish(DEMO, "v1.0.1").await;
    let first = stage.pulls(DEMO).await;
    // GitHub lists the deliveries newest first; sent again they have new attempts and the same ids.
    let sent = stage.store().deliveries(&usher::store::DeliveryFilter::default()).await.unwrap();
    for delivery in &sent {
        stage.store().retry_delivery(&delivery.id).await.unwrap();
    }
    stage.idle().await;
    assert_eq!(stage.pulls(DEMO).await.len(), 1);
    assert_eq!(stage.pulls(DEMO).await[0]["head"], first[0]["head"]);
    assert_eq!(stage.comments(DEMO, 1 + number(&first[0]) - 1).await.len(), 1);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_release_supersedes_an_open_promotion() {
    let stage = Stage::start().await;
    stage.publish(DEMO, "v1.0.1").await;
    stage.publish(DEMO, "v1.0.2").await;
    let pulls = stage.pulls(DEMO).await;
    assert_eq!(pulls.len(), 2);
    assert_eq!((&pulls[0]["state"], &pulls[1]["state"]), (&json!("closed"), &json!("open")));
    let told = stage.comments(DEMO, number(&pulls[0])).await;
    assert!(told[0].1.contains(&format!("Superseded by #{}", number(&pulls[1]))), "{told:?}");
    let old = pulls[0]["head"]["ref"].as_str().unwrap();
    assert_eq!(
        stage.call("ada", "GET", &format!("/repos/{DEMO}/git/ref/heads/{old}"), None).await.0,
        404
    );
    // A lower version that comes later is said, not promoted.
    stage.publish(DEMO, "v1.0.1-again").await;
    assert_eq!(stage.open_titles(DEMO).await, ["Promote microservices-demo v1.0.2 to staging"]);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_higher_is_said_and_not_promoted() {
    let stage = Stage::start().await;
    stage.publish(DEMO, "v0.9.0").await;
    assert_eq!(stage.pulls(DEMO).await.len(), 0);
    let (conclusion, title, summary) =
        stage.check(DEMO, &stage.head(DEMO, "main").await, PROMOTION_OF_OLD).await;
    assert_eq!((conclusion.as_str(), title.as_str()), ("neutral", "v0.9.0: nothing to promote"));
    assert!(summary.contains("not higher than what `staging` runs"), "{summary}");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn merging_goes_on_with_the_next_automatic_environment() {
    let stage = Stage::start().await;
    let config = stage.file(DEMO, ".github/usher.yml", "main").await;
    let prod = "  - name: prod\n";
    assert!(config.contains(prod), "{config}");
    stage
        .write_file(
            DEMO,
            "main",
            ".github/usher.yml",
            &config.replace(prod, "  - name: prod\n    promote: automatic\n"),
        )
        .await;
    stage.idle().await;
    stage.publish(DEMO, "v1.0.1").await;
    let pulls = stage.pulls(DEMO).await;
    assert_eq!(pulls.len(), 1, "prod comes after staging");
    stage.merge(DEMO, number(&pulls[0])).await;
    let pulls = stage.pulls(DEMO).await;
    assert_eq!(pulls.len(), 2);
    assert_eq!(pulls[1]["title"], "Promote microservices-demo v1.0.1 to prod");
    let branch = pulls[0]["head"]["ref"].as_str().unwrap();
    assert_eq!(
        stage.call("ada", "GET", &format!("/repos/{DEMO}/git/ref/heads/{branch}"), None).await.0,
        404,
        "its branch is gone"
    );
    // Its approvals cannot be judged yet, so the gates stay shut.
    let sha = pulls[1]["head"]["sha"].as_str().unwrap();
    assert_ne!(stage.check(DEMO, sha, "usher/gates").await.0, "success");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_promotion_is_not_opened_again_by_itself() {
    let stage = Stage::start().await;
    stage.publish(DEMO, "v1.0.1").await;
    let pull = number(&stage.pulls(DEMO).await[0]);
    stage
        .act("ada", "PATCH", &format!("/repos/{DEMO}/pulls/{pull}"), json!({"state": "closed"}))
        .await;
    stage.idle().await;
    stage.write_file(DEMO, "main", "README.md", "A push to the default branch.\n").await;
    stage.idle().await;
    assert_eq!(stage.open_titles(DEMO).await, Vec::<String>::new());
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_repositories_follow_one_source_and_tags_count_where_asked() {
    let stage = Stage::start().await;
    let config = |trigger: &str| {
        format!(
            "version: 1\napplications:\n  - name: shop\n    source: {DEMO}\n    trigger: {trigger}\n    images: [\"*\"]\n\
             environments:\n  - name: qa\n    overlay: qa\n    promote: automatic\n"
        )
    };
    let overlay =
        "resources: [deployment.yaml]\nimages:\n- name: web # the shop\n  newTag: '1.0'\n";
    let object = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      containers: [{name: web, image: web}]\n";
    for (name, trigger) in [("gitops-releases", "release"), ("gitops-tags", "tag")] {
        let files = [
            (".github/usher.yml", config(trigger)),
            ("qa/kustomization.yaml", overlay.into()),
            ("qa/deployment.yaml", object.into()),
        ];
        let files: Vec<_> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        stage.github.add_repository(name, true, &files).unwrap();
    }
    stage
        .until("the new repositories", async || stage.store().repos().await.unwrap().len() == 3)
        .await;
    stage.idle().await;
    // A tag alone moves only who asked for tags.
    let head = stage.head(DEMO, "main").await;
    stage
        .act(
            "ada",
            "POST",
            &format!("/repos/{DEMO}/git/refs"),
            json!({"ref": "refs/tags/v1.1.0", "sha": head}),
        )
        .await;
    stage.idle().await;
    assert_eq!(stage.open_titles("acme/gitops-tags").await, ["Promote shop v1.1.0 to qa"]);
    assert_eq!(stage.open_titles("acme/gitops-releases").await, Vec::<String>::new());
    stage.publish(DEMO, "v1.1.0").await;
    assert_eq!(stage.open_titles("acme/gitops-releases").await, ["Promote shop v1.1.0 to qa"]);
    assert_eq!(stage.open_titles(DEMO).await, ["Promote microservices-demo v1.1.0 to staging"]);
    let branch =
        stage.pulls("acme/gitops-tags").await[0]["head"]["ref"].as_str().unwrap().to_owned();
    let edited = stage.file("acme/gitops-tags", "qa/kustomization.yaml", &branch).await;
    assert_eq!(edited, overlay.replace("'1.0'", "'v1.1.0'"), "quotes and comments are kept");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_tags_are_refused_where_the_publisher_looks() {
    let stage = Stage::start().await;
    let long = format!("v1.0.1-{}", "x".repeat(200));
    for tag in [
        "v1.0.1;rm-rf/",
        "x/../../y",
        "ｖ１.０.１",
        "v1.0.1\u{2066}",
        long.as_str(),
        "@ada",
        "v1.0.1$(id)",
    ] {
        let (status, _) = stage
            .call("ada", "POST", &format!("/repos/{DEMO}/releases"), Some(json!({"tag_name": tag})))
            .await;
        assert!(status == 201 || status == 422, "{tag:?}: {status}");
        stage.idle().await;
    }
    assert_eq!(stage.pulls(DEMO).await.len(), 0);
    let head = stage.head(DEMO, "main").await;
    let runs = stage.get(&format!("/repos/{DEMO}/commits/{head}/check-runs")).await;
    let told = runs["check_runs"].as_array().unwrap();
    assert!(told.len() >= 5 && told.iter().all(|run| run["conclusion"] != "success"), "{runs}");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_text_is_inert() {
    let stage = Stage::start().await;
    let notes = "Thanks @ada, closes #1\n```\n</details><script>alert(1)</script>\n\u{202e}evil\n~~~\n<!-- usher:status -->";
    let name = "v1.0.1 <img src=x onerror=alert(1)> @quinn fixes #1 `tick` | cell";
    stage.publish_with(DEMO, json!({"tag_name": "v1.0.1", "name": name, "body": notes})).await;
    let pull = &stage.pulls(DEMO).await[0];
    insta::assert_snapshot!(
        "inert",
        pull["body"].as_str().unwrap().replace(&stage.github.url(), "https://github.test")
    );
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_of_our_name_by_somebody_else_is_not_ours() {
    let stage = Stage::start().await;
    stage.publish(DEMO, "v1.0.1").await;
    let first = stage.pulls(DEMO).await[0].clone();
    let branch = first["head"]["ref"].as_str().unwrap().to_owned();
    // Another sandbox, where the branch stands before the release.
    let stage_two = Stage::start().await;
    stage_two.branch(DEMO, &branch, "main").await;
    stage_two.write_file(DEMO, &branch, "evil.txt", "not ours\n").await;
    stage_two.idle().await;
    stage_two.publish(DEMO, "v1.0.1").await;
    let pulls = stage_two.pulls(DEMO).await;
    assert_eq!(pulls.len(), 1);
    assert_ne!(pulls[0]["head"]["ref"], json!(branch), "another attempt is used");
    assert!(
        stage_two.file(DEMO, "evil.txt", &branch).await.contains("not ours"),
        "theirs is left alone"
    );
    stage.finish().await;
    stage_two.finish().await;
}

/// Each mistake in the repository, and the words in which the publisher is told.
#[tokio::test(flavor = "multi_thread")]
async fn mistakes_in_the_repository_are_told() {
    let cases: &[(&str, &str, &str)] = &[
        (STAGING, "images: [\n", "kustomization.yaml"),
        (STAGING, "resources:\n  - ../base\n", "no `images:` entry"),
        (".github/usher.yml", "version: 1\nenvironments: {}\n", "configuration is invalid"),
        (
            ".github/usher.yml",
            "version: 1\napplications:\n  - {name: a, images: ['*']}\nenvironments:\n  - {name: s, overlay: nowhere, promote: automatic}\n",
            "no kustomization in `nowhere`",
        ),
    ];
    for (path, text, told) in cases {
        let stage = Stage::start().await;
        stage.write_file(DEMO, "main", path, text).await;
        stage.idle().await;
        stage.publish(DEMO, "v1.0.1").await;
        assert_eq!(stage.pulls(DEMO).await.len(), 0, "{told}");
        let head = stage.get(&format!("/repos/{DEMO}/commits/v1.0.1")).await["sha"]
            .as_str()
            .unwrap()
            .to_owned();
        let (conclusion, title, summary) =
            stage.check(DEMO, &head, "usher/promotion microservices-demo v1.0.1").await;
        assert_eq!(conclusion, "failure", "{title}");
        assert!(format!("{title}\n{summary}").contains(told), "{told}: {title}\n{summary}");
        stage.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_that_may_not_be_deleted_stops_nothing_that_follows_from_a_merge() {
    let stage = Stage::start().await;
    let answer = FaultAnswer::Answer { status: 422, headers: [].into(), body: None };
    let (method, path) = (Some("DELETE".to_owned()), format!("/repos/{DEMO}/git/refs/heads/*"));
    stage.github.fault(Fault { method, path, nth: 1, times: u32::MAX, answer }).unwrap();
    let staging = stage.to_staging("v1.0.1").await;
    assert!(stage.told(staging).await.contains("Merged"), "{}", stage.told(staging).await);
    let (branch, head) = stage.head_of(staging).await;
    assert_eq!(stage.head(DEMO, &branch).await, head, "it stays");
    stage.finish().await;
}
