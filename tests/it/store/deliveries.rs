//! Deliveries: stored once, byte for byte, routed once.

use std::collections::HashSet;

use usher::store::{DeliveryFilter, DeliveryState, JobFilter, JobState, Received};

use super::{Place, delivery, drop_schema, id_of, on_both};
use std::time::Duration;

on_both! {
    async fn a_delivery_is_stored_once_and_never_changed(place: Place) {
        let store = place.open().await;
        assert_eq!(store.receive(delivery("a-1", "first")).await.unwrap(), Received::New);
        assert_eq!(store.receive(delivery("a-1", "second")).await.unwrap(), Received::Known);
        assert_eq!(store.body(&id_of("a-1")).await.unwrap().unwrap(), "first");
        assert!(store.delivery(&id_of("a-2")).await.unwrap().is_none());
        assert!(store.body(&id_of("a-2")).await.unwrap().is_none());
    }

    async fn a_body_is_bytes(place: Place) {
        let store = place.open().await;
        let body: Vec<u8> = (0..=255).cycle().take(3_000_000).collect();
        let mut raw = delivery("bytes", "");
        raw.body = body.clone().into();
        store.receive(raw).await.unwrap();
        store.receive(delivery("none", "")).await.unwrap();
        assert_eq!(store.body(&id_of("bytes")).await.unwrap().unwrap(), body);
        assert_eq!(store.delivery(&id_of("bytes")).await.unwrap().unwrap().size, 3_000_000);
        assert!(store.body(&id_of("none")).await.unwrap().unwrap().is_empty());
    }

    async fn of_many_at_once_one_is_new(place: Place) {
        let stores = [place.open().await, place.open().await];
        let calls = (0..400).map(|n| {
            let store = stores[n % 2].clone();
            tokio::spawn(async move {
                let id = format!("d-{}", n / 4);
                (id.clone(), store.receive(delivery(&id, "x")).await.unwrap())
            })
        });
        let mut new = HashSet::new();
        for call in calls.collect::<Vec<_>>() {
            let (id, received) = call.await.unwrap();
            assert!(received == Received::Known || new.insert(id), "new twice");
        }
        assert_eq!(new.len(), 100);
        assert_eq!(stores[0].deliveries(&DeliveryFilter::default()).await.unwrap().len(), 100);
    }

    async fn what_was_answered_is_there_after_a_crash(place: Place) {
        let store = place.open().await;
        for n in 0..10 {
            store.receive(delivery(&format!("d-{n}"), "x")).await.unwrap();
        }
        drop(store); // no close
        let store = place.open().await;
        assert_eq!(store.receive(delivery("d-9", "x")).await.unwrap(), Received::Known);
        assert_eq!(store.deliveries(&DeliveryFilter::default()).await.unwrap().len(), 10);
        let (oldest, body) = store.oldest_unrouted().await.unwrap().unwrap();
        assert_eq!((oldest.id.as_str(), body.as_ref()), ("d-0", b"x".as_slice()));
    }

    async fn deliveries_are_routed_in_order_of_arrival(place: Place) {
        let store = place.open().await;
        for id in ["z", "a", "m"] {
            store.receive(delivery(id, "{}")).await.unwrap();
        }
        let mut order = Vec::new();
        while let Some((next, _)) = store.oldest_unrouted().await.unwrap() {
            assert!(!store.idle().await.unwrap());
            assert!(store.route(&next.id, &[]).await.unwrap());
            order.push(next.id.to_string());
        }
        assert_eq!(order, ["z", "a", "m"]);
        assert!(store.idle().await.unwrap());
    }

    async fn two_replicas_route_a_delivery_once(place: Place) {
        let stores = [place.open().await, place.open().await];
        for n in 0..20 {
            stores[0].receive(delivery(&format!("d-{n}"), "{}")).await.unwrap();
        }
        let routers = stores.iter().cloned().map(|store| {
            let jobs = [place.job("b", "1"), place.job("a", "2"), place.job("c", "3")];
            tokio::spawn(async move {
                let mut routed = 0;
                while let Some((next, _)) = store.oldest_unrouted().await.unwrap() {
                    routed += usize::from(store.route(&next.id, &jobs).await.unwrap());
                }
                routed
            })
        });
        let mut routed = 0;
        for router in routers.collect::<Vec<_>>() {
            routed += router.await.unwrap();
        }
        assert_eq!(routed, 20);
        assert_eq!(stores[0].jobs(&JobFilter::default()).await.unwrap().len(), 60);
    }

    async fn a_delivery_knows_its_jobs_also_those_that_stand_for_several(place: Place) {
        let store = place.open().await;
        let mut job = place.job("lane", "evaluate");
        job.subject = Some("pr:1".into());
        for id in ["one", "two"] {
            store.receive(delivery(id, "{}")).await.unwrap();
            store.route(&id_of(id), std::slice::from_ref(&job)).await.unwrap();
        }
        for id in ["one", "two"] {
            let filter = JobFilter { delivery: Some(id_of(id)), ..JobFilter::default() };
            let jobs = store.jobs(&filter).await.unwrap();
            assert_eq!(jobs.len(), 1, "{id}");
            assert_eq!(jobs[0].delivery, Some(id_of("two")));
        }
    }

    async fn what_cannot_be_read_is_put_aside_and_can_be_tried_again(place: Place) {
        let store = place.open().await;
        store.receive(delivery("bad", "{")).await.unwrap();
        assert!(store.bury_delivery(&id_of("bad"), "no JSON at byte 1 \0").await.unwrap());
        assert!(!store.bury_delivery(&id_of("bad"), "again").await.unwrap());
        assert!(!store.route(&id_of("bad"), &[place.job("lane", "x")]).await.unwrap());
        let filter = DeliveryFilter { state: Some(DeliveryState::Buried), ..DeliveryFilter::default() };
        let buried = store.deliveries(&filter).await.unwrap();
        assert_eq!(buried[0].reason.as_deref(), Some("no JSON at byte 1 \u{fffd}"));
        assert!(store.idle().await.unwrap());

        assert!(store.retry_delivery(&id_of("bad")).await.unwrap());
        assert!(!store.retry_delivery(&id_of("unknown")).await.unwrap());
        let (again, _) = store.oldest_unrouted().await.unwrap().unwrap();
        assert_eq!((again.id, again.reason), (id_of("bad"), None));
    }

    async fn a_delivery_that_is_tried_again_takes_its_buried_jobs_along(place: Place) {
        let store = place.open().await;
        store.receive(delivery("d", "{}")).await.unwrap();
        store.route(&id_of("d"), &[place.job("lane", "x")]).await.unwrap();
        let lease = store.claim(Duration::from_secs(60)).await.unwrap().unwrap();
        let _ = store.bury(&lease, "denied").await.unwrap();
        store.retry_delivery(&id_of("d")).await.unwrap();
        assert!(store.route(&id_of("d"), &[place.job("lane", "x")]).await.unwrap());
        let states = store.jobs(&JobFilter::default()).await.unwrap();
        let states: Vec<JobState> = states.iter().map(|job| job.state).collect();
        assert_eq!(states, [JobState::Waiting, JobState::Replaced]);
        assert!(store.claim(Duration::from_secs(60)).await.unwrap().is_some());
    }

    async fn deliveries_are_listed_newest_first_and_filtered(place: Place) {
        let store = place.open().await;
        for (id, event) in [("1", "push"), ("2", "release"), ("3", "push")] {
            let mut new = delivery(id, "{}");
            new.event = event.into();
            store.receive(new).await.unwrap();
        }
        let ids = async |filter: DeliveryFilter| {
            let found = store.deliveries(&filter).await.unwrap();
            found.iter().map(|d| d.id.to_string()).collect::<String>()
        };
        assert_eq!(ids(DeliveryFilter::default()).await, "321");
        assert_eq!(ids(DeliveryFilter { limit: 2, ..DeliveryFilter::default() }).await, "32");
        let pushes = DeliveryFilter { event: Some("push".into()), ..DeliveryFilter::default() };
        assert_eq!(ids(pushes).await, "31");
        let routed = DeliveryFilter { state: Some(DeliveryState::Routed), ..DeliveryFilter::default() };
        assert_eq!(ids(routed).await, "");
    }
}
