//! Lanes: order and exclusion, also when many claim at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use usher::store::{Held, NewJob, Store};

use super::{Place, drop_schema, on_both};

const MINUTE: Duration = Duration::from_secs(60);

async fn claim_what(store: &Store) -> Option<String> {
    let lease = store.claim(MINUTE).await.unwrap()?;
    Some(lease.job.intent.as_str().unwrap().to_owned())
}

fn urgent(job: NewJob) -> NewJob {
    NewJob { urgent: true, ..job }
}

on_both! {
    async fn a_lane_is_worked_in_order_and_lanes_go_side_by_side(place: Place) {
        let store = place.open().await;
        for (lane, what) in [("a", "a1"), ("a", "a2"), ("b", "b1"), ("a", "a3")] {
            store.enqueue(&[place.job(lane, what)]).await.unwrap();
            place.pass(Duration::from_secs(1));
        }
        let a1 = store.claim(MINUTE).await.unwrap().unwrap();
        assert_eq!(a1.job.intent, "a1");
        assert_eq!(claim_what(&store).await.unwrap(), "b1");
        assert_eq!(claim_what(&store).await, None);
        let _ = store.finish(&a1, &[]).await.unwrap();
        assert_eq!(claim_what(&store).await.unwrap(), "a2");
        assert_eq!(claim_what(&store).await, None);
    }

    async fn a_back_off_holds_up_its_lane_and_a_burial_frees_it(place: Place) {
        let store = place.open().await;
        store.enqueue(&[place.job("a", "a1"), place.job("b", "b1")]).await.unwrap();
        place.pass(Duration::from_secs(1));
        store.enqueue(&[place.job("a", "a2")]).await.unwrap();
        let a1 = store.claim(MINUTE).await.unwrap().unwrap();
        let _ = store.release(&a1, place.now() + MINUTE, "again").await.unwrap();
        assert_eq!(claim_what(&store).await.unwrap(), "b1");
        assert_eq!(claim_what(&store).await, None, "a2 waits behind a1");
        place.pass(MINUTE);
        let a1 = store.claim(2 * MINUTE).await.unwrap().unwrap();
        assert_eq!(a1.job.intent, "b1", "its lease ran out, so it goes first");
        let a1 = store.claim(MINUTE).await.unwrap().unwrap();
        assert_eq!(a1.job.intent, "a1");
        let _ = store.bury(&a1, "denied").await.unwrap();
        assert_eq!(claim_what(&store).await.unwrap(), "a2");
    }

    async fn a_wake_up_holds_nobody_up(place: Place) {
        let store = place.open().await;
        let mut wake = urgent(place.job("a", "wake"));
        wake.due_at += MINUTE;
        store.enqueue(&[wake]).await.unwrap();
        store.enqueue(&[place.job("a", "work")]).await.unwrap();
        let work = store.claim(MINUTE).await.unwrap().unwrap();
        assert_eq!(work.job.intent, "work");
        let _ = store.finish(&work, &[]).await.unwrap();
        assert_eq!(claim_what(&store).await, None);
        place.pass(MINUTE);
        assert_eq!(claim_what(&store).await.unwrap(), "wake");
    }

    async fn who_waits_for_an_answer_goes_first(place: Place) {
        let store = place.open().await;
        for (lane, what) in [("a", "a1"), ("b", "b1")] {
            store.enqueue(&[place.job(lane, what)]).await.unwrap();
            place.pass(Duration::from_secs(1));
        }
        let a1 = store.claim(MINUTE).await.unwrap().unwrap();
        let _ = store.release(&a1, place.now() + MINUTE, "again").await.unwrap();
        store.enqueue(&[urgent(place.job("a", "command"))]).await.unwrap();
        assert_eq!(claim_what(&store).await.unwrap(), "command");
        assert_eq!(claim_what(&store).await.unwrap(), "b1");
    }

    async fn sixteen_claimers_never_share_a_lane_nor_change_its_order(place: Place) {
        const LANES: usize = 10;
        const JOBS: usize = 30;
        let stores = [place.open().await, place.open().await];
        let mut jobs = Vec::new();
        for n in 0..JOBS {
            for lane in 0..LANES {
                let mut job = place.job(&format!("lane-{lane}"), &format!("{n}"));
                job.due_at -= Duration::from_secs((JOBS - n) as u64);
                jobs.push(job);
            }
        }
        for some in jobs.chunks(LANES) {
            stores[0].enqueue(some).await.unwrap();
        }
        let at_work: Arc<Mutex<HashMap<String, usize>>> = Arc::default();
        let done: Arc<Mutex<HashMap<String, Vec<usize>>>> = Arc::default();
        let claimers = (0..16).map(|n| {
            let (store, at_work, done) = (stores[n % 2].clone(), at_work.clone(), done.clone());
            tokio::spawn(async move {
                while !store.idle().await.unwrap() {
                    let Some(lease) = store.claim(MINUTE).await.unwrap() else {
                        tokio::time::sleep(Duration::from_millis(1)).await;
                        continue;
                    };
                    let lane = lease.job.lane.clone();
                    let others = at_work.lock().unwrap().insert(lane.clone(), n);
                    assert_eq!(others, None, "two at once in {lane}");
                    tokio::task::yield_now().await;
                    let what = lease.job.intent.as_str().unwrap().parse().unwrap();
                    done.lock().unwrap().entry(lane.clone()).or_default().push(what);
                    at_work.lock().unwrap().remove(&lane);
                    assert_eq!(store.finish(&lease, &[]).await.unwrap(), Held::Yes);
                }
            })
        });
        for claimer in claimers.collect::<Vec<_>>() {
            claimer.await.unwrap();
        }
        let done = done.lock().unwrap();
        assert_eq!(done.len(), LANES);
        for (lane, order) in done.iter() {
            assert_eq!(*order, (0..JOBS).collect::<Vec<_>>(), "{lane}");
        }
    }

    async fn jobs_that_come_in_while_others_are_claimed_keep_a_lane_to_one(place: Place) {
        let stores = [place.open().await, place.open().await];
        let at_work: Arc<Mutex<HashMap<String, usize>>> = Arc::default();
        let tasks = (0..12).map(|n| {
            let (store, at_work) = (stores[n % 2].clone(), at_work.clone());
            // Each puts in urgent and other jobs that change the head of the lane, and claims.
            let new = [place.job("lane", "work"), urgent(place.job("lane", "command"))];
            tokio::spawn(async move {
                let mut done = 0;
                for round in 0..20 {
                    store.enqueue(&new[round % 2..=round % 2]).await.unwrap();
                    if let Some(lease) = store.claim(MINUTE).await.unwrap() {
                        let others = at_work.lock().unwrap().insert(lease.job.lane.clone(), n);
                        assert_eq!(others, None);
                        tokio::task::yield_now().await;
                        at_work.lock().unwrap().clear();
                        assert_eq!(store.finish(&lease, &[]).await.unwrap(), Held::Yes);
                        done += 1;
                    }
                }
                done
            })
        });
        let mut done = 0;
        for task in tasks.collect::<Vec<_>>() {
            done += task.await.unwrap();
        }
        assert!(done > 0);
    }
}
