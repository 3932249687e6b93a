//! Two bots share one PostgreSQL and are sent the same deliveries; one of them goes away in the middle.

use serde_json::json;
use usher::app::{self, Role};

use super::relay::Relay;
use super::{publish, settled};
use crate::stage::{DEMO, Stage};
use crate::store::{Place, drop_schema};

#[tokio::test(flavor = "multi_thread")]
async fn two_bots_do_everything_once_and_one_may_go_away() {
    let Some(place) = Place::postgres().await else {
        return;
    };
    let mut stage = Stage::without_bot().await;
    stage.set_database(&place.url);
    stage.start_bot().await;
    stage.surveyed().await;
    let other = app::start_at(stage.settings(stage.github.api_url()), Role::All, stage.clock())
        .await
        .unwrap();
    let relay = Relay::start(202).await;
    let other_url = format!("http://{}", other.address);
    relay.to(&[&stage.bot_url(), &other_url]);
    stage.github.set_bot(&relay.address);
    publish(&stage, "v1.1.1").await;
    settled(&stage).await;

    // The other goes away while there is something to do, and what it had begun is not lost.
    publish(&stage, "v1.1.2").await;
    stage.until("second promotion", async || stage.pulls(DEMO).await.len() == 2).await;
    relay.to(&[&stage.bot_url()]);
    stage.github.webhooks_idle().await;
    other.stop().await;
    publish(&stage, "v1.1.3").await;
    settled(&stage).await;

    let pulls = stage.pulls(DEMO).await;
    assert_eq!(pulls.len(), 3);
    assert_eq!(stage.open_titles(DEMO).await, ["Promote microservices-demo v1.1.3 to staging"]);
    for (number, pull) in (1..).zip(&pulls) {
        assert_eq!(stage.comments(DEMO, number).await.len(), 1, "#{number}");
        let sha = pull["head"]["sha"].as_str().unwrap();
        for check in ["usher/gates", "usher/kustomize"] {
            // Fails if there is more than one of the name.
            stage.check(DEMO, sha, check).await;
        }
    }
    let refs = stage.get(&format!("/repos/{DEMO}/git/matching-refs/heads/usher/")).await;
    assert_eq!(super::list(&refs).len(), 1, "{refs}");
    stage.finish().await;
    drop_schema(place.schema.clone()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_that_two_bots_hear_is_acted_upon_once() {
    let Some(place) = Place::postgres().await else {
        return;
    };
    let mut stage = Stage::without_bot().await;
    stage.set_database(&place.url);
    stage.stands_in_staging("v1.0.1").await;
    stage.act("ada", "POST", &format!("/repos/{DEMO}/issues"), json!({"title": "Talk"})).await;
    stage.start_bot().await;
    stage.surveyed().await;
    let other = app::start_at(stage.settings(stage.github.api_url()), Role::All, stage.clock())
        .await
        .unwrap();
    let relay = Relay::start(202).await;
    let other_url = format!("http://{}", other.address);
    relay.to(&[&stage.bot_url(), &other_url]);
    stage.github.set_bot(&relay.address);

    let mut said = vec![(1, stage.say("ada", 1, "/promote prod").await)];
    assert_eq!(stage.open_titles(DEMO).await, ["Promote microservices-demo v1.0.1 to prod"]);
    stage.label("quinn", 2, "qa-approved").await;
    said.push((2, stage.say("pat", 2, "/approve pm-approved").await));
    stage.is_green(2).await;
    said.push((2, stage.say("sam", 2, "/hold").await));
    said.push((2, stage.say("sam", 2, "/unhold").await));
    // One of them goes away while there is something to do.
    let merge = stage.say_at_once("ada", DEMO, 2, "/merge").await;
    stage.github.webhooks_idle().await;
    relay.to(&[&stage.bot_url()]);
    other.stop().await;
    settled(&stage).await;
    said.push((2, merge));

    for (thread, comment) in said {
        // Fails if there is more than one.
        stage.answer(thread, comment).await;
        assert_eq!(stage.reactions(comment).await, ["eyes", "rocket"], "{comment}");
    }
    assert_eq!(stage.pulls(DEMO).await.len(), 1);
    assert_eq!(stage.state(2).await, "merged");
    assert_eq!(stage.runs("prod").await, "v1.0.1 x9");
    stage.finish().await;
    drop_schema(place.schema.clone()).await;
}
