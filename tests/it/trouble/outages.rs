//! GitHub is away, or the bot was: what was stored is done later, what never arrived is asked for again,
//! and what arrived without GitHub hearing of it is not.

use std::collections::BTreeMap;

use usher::model::ids::DeliveryId;
use usher::sandbox::{Fault, FaultAnswer};
use usher::store::{DeliveryFilter, DeliveryState, JobState};

use super::relay::Relay;
use super::{jobs, publish, restart, settled, swept};
use crate::stage::{DEMO, Stage};

const PROMOTED: &str = "Promote microservices-demo v1.0.1 to staging";

async fn asked_again(stage: &Stage) -> usize {
    let requests = stage.github.requests();
    let again =
        |path: &str| path.starts_with("/app/hook/deliveries/") && path.ends_with("/attempts");
    requests.iter().filter(|seen| again(&seen.path)).count()
}

/// How often each release delivery was stored.
async fn releases(stage: &Stage) -> BTreeMap<DeliveryId, usize> {
    let filter = DeliveryFilter { event: Some("release".to_owned()), ..DeliveryFilter::default() };
    let mut count = BTreeMap::new();
    for delivery in stage.store().deliveries(&filter).await.unwrap() {
        *count.entry(delivery.id).or_default() += 1;
    }
    count
}

async fn is_promoted_once(stage: &Stage) {
    for delivery in stage.store().deliveries(&DeliveryFilter::default()).await.unwrap() {
        assert_eq!(delivery.state, DeliveryState::Routed, "{delivery:?}");
    }
    assert_eq!(stage.open_titles(DEMO).await, [PROMOTED]);
    let pull = &stage.pulls(DEMO).await[0];
    let sha = pull["head"]["sha"].as_str().unwrap();
    for check in ["usher/gates", "usher/kustomize"] {
        assert_eq!(stage.check(DEMO, sha, check).await.0, "success");
    }
    assert_eq!(stage.comments(DEMO, 1).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn github_may_be_down_when_the_bot_starts() {
    let mut stage = Stage::without_bot().await;
    stage.github.hold_webhooks(true);
    publish(&stage, "v1.0.1").await;
    for (path, answer) in [("/app*", FaultAnswer::Drop), ("*", super::answer(503))] {
        let fault = Fault { method: None, path: path.to_owned(), nth: 1, times: u32::MAX, answer };
        stage.github.fault(fault).unwrap();
    }
    stage.start_bot().await;
    for path in ["/healthz", "/readyz"] {
        let answer = reqwest::get(format!("{}{path}", stage.bot_url())).await.unwrap();
        assert_eq!(answer.status().as_u16(), 200, "{path}");
    }
    stage.github.hold_webhooks(false);
    stage.github.webhooks_idle().await;
    stage
        .until("job that waits for GitHub", async || {
            let waiting = jobs(&stage, JobState::Waiting).await;
            waiting.iter().any(|job| job.reason.is_some())
        })
        .await;
    assert_eq!(releases(&stage).await.len(), 3, "created, published, released");
    assert!(jobs(&stage, JobState::Buried).await.is_empty());

    stage.github.clear_faults();
    settled(&stage).await;
    is_promoted_once(&stage).await;
    assert_eq!(asked_again(&stage).await, 0, "GitHub knows that all of them arrived");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_while_the_bot_was_down_is_asked_for_again_and_done_once() {
    let mut stage = Stage::start().await;
    stage.stop_bot().await;
    publish(&stage, "v1.0.1").await;
    stage.github.webhooks_idle().await;
    restart(&mut stage).await;
    swept(&stage).await;
    assert!(asked_again(&stage).await >= 4, "the release thrice, and the tag");
    let known = releases(&stage).await;
    assert_eq!(known.values().copied().collect::<Vec<usize>>(), [1, 1, 1]);
    is_promoted_once(&stage).await;

    restart(&mut stage).await;
    assert_eq!(asked_again(&stage).await, 0, "they have arrived");
    assert_eq!(releases(&stage).await, known);
    is_promoted_once(&stage).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_stored_is_not_asked_for_again_though_the_answer_was_lost() {
    let mut stage = Stage::start().await;
    let relay = Relay::start(502).await;
    relay.to(&[&stage.bot_url()]);
    stage.github.set_bot(&relay.address);
    publish(&stage, "v1.0.1").await;
    settled(&stage).await;
    let known = releases(&stage).await;
    assert_eq!(known.len(), 3);
    restart(&mut stage).await;
    assert_eq!(asked_again(&stage).await, 0);
    assert_eq!(releases(&stage).await, known);
    is_promoted_once(&stage).await;
    stage.finish().await;
}

/// Says something that the bot hears of while GitHub is down, and so many seconds later GitHub is back.
async fn said_while_down(stage: &Stage, seconds: i64) -> u64 {
    stage.github.hold_webhooks(true);
    stage.pass(-seconds);
    let comment = stage.say_at_once("ada", DEMO, 1, "/promote prod").await;
    stage.pass(seconds);
    let fault = Fault {
        method: None,
        path: "*".to_owned(),
        nth: 1,
        times: u32::MAX,
        answer: super::answer(503),
    };
    stage.github.fault(fault).unwrap();
    stage.github.hold_webhooks(false);
    stage
        .until("command that waits for GitHub", async || {
            let waiting = jobs(stage, JobState::Waiting).await;
            waiting.iter().any(|job| job.reason.is_some() && job.intent["kind"] == "command")
        })
        .await;
    stage.github.clear_faults();
    settled(stage).await;
    comment
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_waits_for_github_but_not_for_ever() {
    let stage = Stage::with_staging("v1.0.1").await;
    let late = said_while_down(&stage, 40 * 60).await;
    let answer = stage.answer(1, late).await;
    assert!(answer.contains("more than 30m after it was written"), "{answer}");
    assert_eq!(stage.reactions(late).await, ["confused"]);
    assert_eq!(stage.pulls(DEMO).await.len(), 0);

    let comment = said_while_down(&stage, 0).await;
    let answer = stage.answer(1, comment).await;
    assert!(answer.starts_with("@ada #2 is open"), "{answer}");
    assert_eq!(stage.reactions(comment).await, ["eyes", "rocket"]);
    stage.finish().await;
}
