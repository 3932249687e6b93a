//! Everything that can go wrong around the bot: calls that GitHub refuses or loses, GitHub away, repositories and
//! installations that come and go, hostile deliveries, a second bot. In the end all is as it would have been.

mod absences;
mod calls;
mod commands;
mod deliveries;
mod outages;
mod relay;
mod twins;

use std::collections::BTreeSet;

use serde_json::Value;
use usher::model::ids::DeliveryId;
use usher::sandbox::{Fault, FaultAnswer};
use usher::store::{DeliveryFilter, Job, JobFilter, JobState};

use crate::stage::{DEMO, Stage};

/// Waits until the bot is at rest and no job waits for its back-off any more.
async fn settled(stage: &Stage) {
    // Asked twice: between two questions a job may come out of its back-off and be under way.
    let none_waits = async || stage.under_way().await.is_empty();
    stage
        .until("end of the back-offs", async || {
            none_waits().await && stage.at_rest().await && none_waits().await
        })
        .await;
}

/// Another process with the same memory: waits until it has looked at everything on its start.
async fn restart(stage: &mut Stage) {
    stage.stop_bot().await;
    stage.github.clear_requests();
    stage.start_bot().await;
    swept(stage).await;
}

/// Waits for the end of the first sweep, and of what follows from it.
async fn swept(stage: &Stage) {
    let asked = || {
        stage
            .github
            .requests()
            .into_iter()
            .any(|seen| seen.path == "/app/hook/deliveries" && seen.status < 400)
    };
    stage.until("sweep", async || asked()).await;
    settled(stage).await;
}

async fn jobs(stage: &Stage, state: JobState) -> Vec<Job> {
    let filter = JobFilter { state: Some(state), ..JobFilter::default() };
    stage.store().jobs(&filter).await.unwrap()
}

async fn delivery_ids(stage: &Stage) -> BTreeSet<DeliveryId> {
    let all = stage.store().deliveries(&DeliveryFilter::default()).await;
    all.unwrap().into_iter().map(|one| one.id).collect()
}

/// What an operator does after the trouble is gone.
async fn retry(stage: &Stage, deliveries: impl IntoIterator<Item = DeliveryId>) {
    for id in deliveries {
        assert!(stage.store().retry_delivery(&id).await.unwrap(), "{id}");
    }
    settled(stage).await;
}

fn fault(method: &str, path: &str, times: u32, answer: FaultAnswer) -> Fault {
    Fault { method: Some(method.to_owned()), path: path.to_owned(), nth: 1, times, answer }
}

fn answer(status: u16) -> FaultAnswer {
    FaultAnswer::Answer { status, headers: [].into(), body: None }
}

async fn publish(stage: &Stage, tag: &str) {
    let release = serde_json::json!({"tag_name": tag, "name": tag, "body": "What is new."});
    stage.act("ada", "POST", &format!("/repos/{DEMO}/releases"), release).await;
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
