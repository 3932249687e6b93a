//! What is let go of in time, and what stays for ever.

use std::time::Duration;

use usher::model::ids::{CommentId, PrNumber, RepoId, Sha, UserId};
use usher::store::{DeliveryFilter, Job, JobFilter, JobId, NewJob, Store};

use super::{Place, delivery, drop_schema, id_of, on_both};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const LEASE: Duration = Duration::from_secs(60);

/// Stores and routes a delivery that asks for a job in a lane of the same name.
async fn route(place: &Place, store: &Store, id: &str) -> JobId {
    store.receive(delivery(id, "{}")).await.unwrap();
    store.route(&id_of(id), &[place.job(id, id)]).await.unwrap();
    store.jobs(&JobFilter { limit: 1, ..JobFilter::default() }).await.unwrap()[0].id
}

async fn finish(store: &Store) {
    let lease = store.claim(LEASE).await.unwrap().unwrap();
    let _ = store.finish(&lease, &[]).await.unwrap();
}

async fn jobs(store: &Store) -> Vec<Job> {
    let mut jobs = store.jobs(&JobFilter::default()).await.unwrap();
    jobs.reverse();
    jobs
}

/// What is left: jobs by lane, and deliveries; the oldest first.
async fn left(store: &Store) -> (Vec<String>, Vec<String>) {
    let deliveries = store.deliveries(&DeliveryFilter::default()).await.unwrap();
    let mut ids: Vec<String> = deliveries.into_iter().map(|one| one.id.into()).collect();
    ids.reverse();
    (jobs(store).await.into_iter().map(|job| job.lane).collect(), ids)
}

async fn prune(place: &Place, store: &Store) -> u64 {
    store.prune(place.now()).await.unwrap()
}

/// A job that stays, so that the newest one is not in question.
async fn put_newest(place: &Place, store: &Store) {
    let later = NewJob { due_at: place.now() + 1000 * DAY, ..place.job("newest", "wake") };
    store.enqueue(&[later]).await.unwrap();
}

on_both! {
    async fn work_goes_two_weeks_after_its_end_and_its_delivery_a_month_after(place: Place) {
        let store = place.open().await;
        for id in ["a", "b"] {
            route(&place, &store, id).await;
            finish(&store).await;
            place.pass(DAY);
        }
        put_newest(&place, &store).await;
        place.pass(12 * DAY);
        assert_eq!(prune(&place, &store).await, 0, "one a day short of it, one just on it");
        place.pass(Duration::from_micros(1));
        assert_eq!(prune(&place, &store).await, 2, "a, and that its delivery asked for it");
        assert_eq!(left(&store).await, (vec!["b".into(), "newest".into()], vec!["a".into(), "b".into()]));
        place.pass(16 * DAY);
        prune(&place, &store).await;
        assert_eq!(left(&store).await, (vec!["newest".into()], vec!["b".into()]));
        assert!(store.body(&id_of("a")).await.unwrap().is_none());
        place.pass(DAY);
        prune(&place, &store).await;
        assert_eq!(left(&store).await, (vec!["newest".into()], vec![]));
    }

    async fn what_is_not_through_stays_for_ever(place: Place) {
        let store = place.open().await;
        store.receive(delivery("unreadable", "{")).await.unwrap();
        store.bury_delivery(&id_of("unreadable"), "no JSON").await.unwrap();
        route(&place, &store, "buried").await;
        let lease = store.claim(LEASE).await.unwrap().unwrap();
        let _ = store.bury(&lease, "denied").await.unwrap();
        route(&place, &store, "leased").await;
        let leased = store.claim(LEASE).await.unwrap().unwrap();
        route(&place, &store, "waiting").await;
        store.receive(delivery("unrouted", "{}")).await.unwrap();
        let before = left(&store).await;
        assert_eq!((before.0.len(), before.1.len()), (3, 5));
        place.pass(1000 * DAY);
        assert_eq!(prune(&place, &store).await, 0);
        assert_eq!(left(&store).await, before);

        // An operator can still have it tried again; then it is through, and goes in its time.
        assert!(store.retry_delivery(&id_of("buried")).await.unwrap());
        assert_eq!(store.body(&id_of("buried")).await.unwrap().unwrap(), "{}");
        let again = NewJob { due_at: place.now() - 2000 * DAY, ..place.job("again", "again") };
        assert!(store.route(&id_of("buried"), &[again]).await.unwrap());
        assert_eq!(store.finish(&leased, &[]).await.unwrap(), usher::store::Held::Yes);
        finish(&store).await;
        put_newest(&place, &store).await;
        place.pass(31 * DAY);
        prune(&place, &store).await;
        let (lanes, ids) = left(&store).await;
        assert_eq!(lanes, ["waiting", "newest"]);
        assert_eq!(ids, ["unreadable", "waiting", "unrouted"]);
    }

    async fn a_delivery_stays_for_each_of_its_jobs(place: Place) {
        let store = place.open().await;
        let about = |lane: &str| NewJob { subject: Some("pr:1".into()), ..place.job(lane, lane) };
        // Both asked for the job in `shared`, where one job stands for both; it is given up.
        for id in ["first", "second"] {
            store.receive(delivery(id, "{}")).await.unwrap();
            store.route(&id_of(id), &[about("shared")]).await.unwrap();
        }
        let lease = store.claim(LEASE).await.unwrap().unwrap();
        let _ = store.bury(&lease, "denied").await.unwrap();
        route(&place, &store, "third").await;
        finish(&store).await;
        put_newest(&place, &store).await;
        place.pass(31 * DAY);
        prune(&place, &store).await;
        let (lanes, ids) = left(&store).await;
        assert_eq!((lanes.join(" "), ids.join(" ")), ("shared newest".into(), "first second".into()));
    }

    async fn the_number_of_a_job_is_never_given_again(place: Place) {
        let store = place.open().await;
        let mut newest = JobId(0);
        for id in ["a", "b", "c"] {
            newest = route(&place, &store, id).await;
            finish(&store).await;
        }
        place.pass(100 * DAY);
        prune(&place, &store).await;
        assert_eq!(jobs(&store).await.iter().map(|job| job.id).collect::<Vec<_>>(), [newest]);
        assert!(route(&place, &store, "d").await > newest);
    }

    async fn talk_goes_after_three_months(place: Place) {
        let store = place.open().await;
        let (repo, pr, eve) = (RepoId(1), PrNumber(5), UserId(2));
        let sha = |digit: &str| Sha::new(digit.repeat(40)).unwrap();
        let start = place.now();
        for (comment, digit) in [(1, "a"), (2, "b")] {
            store.handled_command(repo, CommentId(comment), eve, pr, 1, true).await.unwrap();
            store.saw_head(repo, pr, &sha(digit), place.now()).await.unwrap();
            place.pass(DAY);
        }
        place.pass(88 * DAY);
        assert_eq!(prune(&place, &store).await, 0);
        place.pass(Duration::from_micros(1));
        assert_eq!(prune(&place, &store).await, 2);
        let past = async |comment| {
            store.command_past(repo, CommentId(comment), eve, pr, start, start).await.unwrap()
        };
        assert_eq!((past(1).await.handled, past(2).await.handled), (false, true));
        assert_eq!(past(3).await.within_hour, 1);
        assert_eq!(store.heads(repo, pr).await.unwrap(), [(sha("b"), start + DAY)]);
    }

    async fn a_long_backlog_goes_in_one_call_also_with_two_at_it(place: Place) {
        let stores = [place.open().await, place.open().await];
        let jobs: Vec<NewJob> = (0..50).map(|n| place.job(&format!("{n}"), "x")).collect();
        stores[0].receive(delivery("d", "{}")).await.unwrap();
        stores[0].route(&id_of("d"), &jobs).await.unwrap();
        for _ in &jobs {
            finish(&stores[0]).await;
        }
        put_newest(&place, &stores[0]).await;
        for pr in 0..1300 {
            let sha = Sha::new("a".repeat(40)).unwrap();
            stores[0].saw_head(RepoId(1), PrNumber(pr), &sha, place.now()).await.unwrap();
        }
        place.pass(100 * DAY);
        let now = place.now();
        let (a, b) = tokio::join!(stores[0].prune(now), stores[1].prune(now));
        assert_eq!(a.unwrap() + b.unwrap(), 50 + 50 + 1 + 1300, "each row goes once");
        assert_eq!(left(&stores[0]).await, (vec!["newest".into()], vec![]));
        assert_eq!(stores[0].heads(RepoId(1), PrNumber(0)).await.unwrap(), []);
    }
}
