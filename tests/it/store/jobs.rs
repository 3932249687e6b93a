//! Jobs: claimed, finished, released, buried; replaced by subject; leases that run out.

use std::time::Duration;

use usher::store::{Held, JobFilter, JobState, Lease, NewJob, Store};

use super::{Place, delivery, drop_schema, id_of, on_both};

const MINUTE: Duration = Duration::from_secs(60);

async fn claim(store: &Store) -> Option<Lease> {
    store.claim(MINUTE).await.unwrap()
}

async fn claim_what(store: &Store) -> Option<String> {
    let lease = claim(store).await?;
    Some(lease.job.intent.as_str().unwrap().to_owned())
}

fn about(subject: &str, job: NewJob) -> NewJob {
    NewJob { subject: Some(subject.into()), ..job }
}

fn later(pause: Duration, job: NewJob) -> NewJob {
    NewJob { due_at: job.due_at + pause, ..job }
}

on_both! {
    async fn a_job_is_claimed_once_and_done(place: Place) {
        let store = place.open().await;
        store.enqueue(&[place.job("lane", "x")]).await.unwrap();
        assert!(!store.idle().await.unwrap());
        let lease = claim(&store).await.unwrap();
        assert_eq!((lease.job.attempts, lease.job.state), (1, JobState::Leased));
        assert!(claim(&store).await.is_none());
        assert!(!store.idle().await.unwrap());
        assert_eq!(store.finish(&lease, &[]).await.unwrap(), Held::Yes);
        assert_eq!(store.finish(&lease, &[]).await.unwrap(), Held::Lost);
        assert!(store.idle().await.unwrap());
        let job = store.job(lease.job.id).await.unwrap().unwrap();
        assert_eq!((job.state, job.ended_at), (JobState::Done, Some(place.now())));
    }

    async fn a_lease_that_ran_out_is_claimed_again_and_lost_to_its_holder(place: Place) {
        let store = place.open().await;
        store.enqueue(&[place.job("lane", "x"), place.job("lane", "y")]).await.unwrap();
        let first = claim(&store).await.unwrap();
        place.pass(MINUTE / 2);
        assert_eq!(store.extend(&first, MINUTE).await.unwrap(), Held::Yes);
        place.pass(MINUTE - Duration::from_secs(1));
        assert!(claim(&store).await.is_none());
        place.pass(Duration::from_secs(1));
        let second = claim(&store).await.unwrap();
        assert_eq!((second.job.id, second.job.attempts), (first.job.id, 2));

        assert_eq!(store.extend(&first, MINUTE).await.unwrap(), Held::Lost);
        assert_eq!(store.release(&first, place.now(), "").await.unwrap(), Held::Lost);
        assert_eq!(store.bury(&first, "").await.unwrap(), Held::Lost);
        assert_eq!(store.finish(&first, &[place.job("z", "z")]).await.unwrap(), Held::Lost);
        assert_eq!(store.finish(&second, &[]).await.unwrap(), Held::Yes);
        assert_eq!(claim_what(&store).await.unwrap(), "y");
        assert!(claim(&store).await.is_none(), "a lost lease must not enqueue");
    }

    async fn what_was_leased_in_a_crash_goes_on_afterwards(place: Place) {
        let store = place.open().await;
        store.enqueue(&[place.job("lane", "x")]).await.unwrap();
        let lease = claim(&store).await.unwrap();
        drop(store);
        let store = place.open().await;
        assert!(claim(&store).await.is_none());
        assert_eq!(store.next_due().await.unwrap(), Some(place.now() + MINUTE));
        place.pass(MINUTE);
        assert_eq!(claim(&store).await.unwrap().job.id, lease.job.id);
    }

    async fn follow_ups_come_with_the_end_of_their_job(place: Place) {
        let store = place.open().await;
        store.receive(delivery("d", "{}")).await.unwrap();
        store.route(&id_of("d"), &[place.job("lane", "promote")]).await.unwrap();
        let lease = claim(&store).await.unwrap();
        assert_eq!(lease.job.delivery, Some(id_of("d")));
        let mut next = place.job("lane", "evaluate");
        next.delivery.clone_from(&lease.job.delivery);
        assert_eq!(store.finish(&lease, &[next]).await.unwrap(), Held::Yes);
        assert_eq!(claim_what(&store).await.unwrap(), "evaluate");
        let filter = JobFilter { delivery: Some(id_of("d")), ..JobFilter::default() };
        assert_eq!(store.jobs(&filter).await.unwrap().len(), 2);
    }

    async fn of_one_subject_one_job_waits(place: Place) {
        let store = place.open().await;
        let jobs = [("pr:1", "a"), ("pr:2", "b"), ("pr:1", "c")];
        for (subject, what) in jobs {
            store.enqueue(&[about(subject, place.job("lane", what))]).await.unwrap();
        }
        store.enqueue(&[about("pr:1", place.job("other", "d"))]).await.unwrap();
        let first = claim(&store).await.unwrap();
        assert_eq!(first.job.intent, "c");
        // The one that is under way has read its facts: news is another job.
        store.enqueue(&[about("pr:1", place.job("lane", "e"))]).await.unwrap();
        let _ = store.finish(&first, &[]).await.unwrap();
        assert_eq!(claim_what(&store).await.unwrap(), "b");
        assert_eq!(claim_what(&store).await.unwrap(), "d");
        assert_eq!(store.jobs(&JobFilter::default()).await.unwrap().len(), 4);
    }

    async fn a_wake_up_is_moved_by_a_later_one_and_work_is_not(place: Place) {
        let store = place.open().await;
        let wake = |pause, what| about("soak", later(pause, place.job("lane", what)));
        store.enqueue(&[wake(MINUTE, "1")]).await.unwrap();
        store.enqueue(&[wake(3 * MINUTE, "2")]).await.unwrap();
        assert_eq!(store.next_due().await.unwrap(), Some(place.now() + 3 * MINUTE));
        store.enqueue(&[wake(2 * MINUTE, "3")]).await.unwrap();
        assert_eq!(store.next_due().await.unwrap(), Some(place.now() + 2 * MINUTE));
        assert!(store.idle().await.unwrap());
        assert!(claim(&store).await.is_none());
        // Work comes in: it is due at once, and a wake-up after it cannot put it off.
        store.enqueue(&[about("soak", place.job("lane", "now"))]).await.unwrap();
        store.enqueue(&[wake(MINUTE, "late")]).await.unwrap();
        assert_eq!(claim_what(&store).await.unwrap(), "late");
        assert!(claim(&store).await.is_none());
    }

    async fn a_released_job_comes_back_when_it_is_due(place: Place) {
        let store = place.open().await;
        store.enqueue(&[place.job("lane", "x")]).await.unwrap();
        let lease = claim(&store).await.unwrap();
        let due = place.now() + MINUTE;
        assert_eq!(store.release(&lease, due, "GitHub is down").await.unwrap(), Held::Yes);
        let job = store.job(lease.job.id).await.unwrap().unwrap();
        assert_eq!(job.reason.as_deref(), Some("GitHub is down"));
        assert_eq!(store.next_due().await.unwrap(), Some(due));
        assert!(claim(&store).await.is_none());
        place.pass(MINUTE);
        assert_eq!(claim(&store).await.unwrap().job.attempts, 2);
    }

    async fn a_released_job_gives_way_to_news_of_its_subject(place: Place) {
        let store = place.open().await;
        store.enqueue(&[about("pr:1", place.job("lane", "old"))]).await.unwrap();
        let lease = claim(&store).await.unwrap();
        store.enqueue(&[about("pr:1", later(60 * MINUTE, place.job("lane", "new")))]).await.unwrap();
        let _ = store.release(&lease, place.now() + MINUTE, "later").await.unwrap();
        assert_eq!(store.job(lease.job.id).await.unwrap().unwrap().state, JobState::Replaced);
        // The one that stands for both is tried when the released one would have been.
        place.pass(MINUTE);
        let lease = claim(&store).await.unwrap();
        assert_eq!((lease.job.intent.as_str(), lease.job.attempts), (Some("new"), 2));
    }

    async fn a_buried_job_is_seen_and_can_be_tried_again(place: Place) {
        let store = place.open().await;
        store.enqueue(&[about("pr:1", place.job("lane", "x"))]).await.unwrap();
        let lease = claim(&store).await.unwrap();
        assert_eq!(store.bury(&lease, "denied: 403").await.unwrap(), Held::Yes);
        assert!(store.idle().await.unwrap());
        let filter = JobFilter { state: Some(JobState::Buried), ..JobFilter::default() };
        let buried = store.jobs(&filter).await.unwrap();
        assert_eq!(buried[0].reason.as_deref(), Some("denied: 403"));
        assert!(store.retry_job(lease.job.id).await.unwrap());
        let again = claim(&store).await.unwrap();
        assert_eq!((again.job.id, again.job.attempts), (lease.job.id, 1));
        assert!(!store.retry_job(lease.job.id).await.unwrap(), "it is under way");
    }

    async fn next_due_says_now_only_when_something_can_be_claimed(place: Place) {
        let store = place.open().await;
        assert_eq!(store.next_due().await.unwrap(), None);
        store.enqueue(&[place.job("lane", "x"), place.job("lane", "y")]).await.unwrap();
        assert_eq!(store.next_due().await.unwrap(), Some(place.now()));
        let start = place.now();
        place.pass(MINUTE / 2);
        let lease = claim(&store).await.unwrap();
        let end = place.now() + MINUTE;
        assert_eq!(store.next_due().await.unwrap(), Some(end), "y waits for its lane");
        let _ = store.release(&lease, start + 2 * MINUTE, "").await.unwrap();
        assert_eq!(store.next_due().await.unwrap(), Some(start + 2 * MINUTE));
    }
}
