//! What a start does without being asked, on the whole bot.

use std::time::Duration;

use usher::app;
use usher::model::clock::Clock;
use usher::model::ids::DeliveryId;
use usher::store::{NewDelivery, Store};

use crate::stage::Stage;

/// Stores a delivery as of so many days ago, with nothing left to do for it.
async fn store_routed(stage: &Stage, id: &str, days: u64) {
    let ago = Duration::from_secs(days * 24 * 60 * 60);
    let clock = Clock::new(move || app::clock().now() - ago);
    let store = Store::open(&stage.database().into(), clock, app::entropy()).await.unwrap();
    let id = DeliveryId::new(id).unwrap();
    let delivery =
        NewDelivery { id: id.clone(), event: "ping".into(), headers: vec![], body: "{}".into() };
    store.receive(delivery).await.unwrap();
    assert!(store.route(&id, &[]).await.unwrap());
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_old_is_let_go_with_the_first_survey() {
    let mut stage = Stage::without_bot().await;
    store_routed(&stage, "old", 31).await;
    store_routed(&stage, "young", 29).await;
    stage.start_bot().await;
    let has = async |id: &str| {
        stage.store().delivery(&DeliveryId::new(id).unwrap()).await.unwrap().is_some()
    };
    stage.until("pruning", async || !has("old").await).await;
    assert!(has("young").await);
    stage.stop_bot().await;
}
