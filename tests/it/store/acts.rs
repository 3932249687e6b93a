//! Acts: recorded once for each cause, ended once, kept for ever.

use std::time::Duration;

use jiff::Timestamp;
use usher::model::act::{ActKind, Ended, NewAct};
use usher::model::ids::{
    AppName, EnvName, InstallationId, Login, PrNumber, RepoName, RepoRef, Sha, UserId,
};
use usher::model::read::Account;
use usher::store::Store;

use super::{HOME, Place, drop_schema, elsewhere, on_both, pen};

fn login(login: &str) -> Login {
    Login::new(login).unwrap()
}

/// An act without anything that it need not have.
fn act(kind: ActKind, cause: &str, at: Timestamp) -> NewAct {
    NewAct {
        kind,
        cause: cause.into(),
        pr: None,
        environment: None,
        application: None,
        subject: String::new(),
        head: None,
        by: Account { id: UserId(1), login: login("ada"), bot: false },
        reason: String::new(),
        at,
        until: None,
    }
}

/// An act with everything that it can have.
fn full(place: &Place) -> NewAct {
    NewAct {
        kind: ActKind::Approval,
        cause: "delivery:72d3162e".into(),
        pr: Some(PrNumber(u64::MAX)),
        environment: Some(EnvName::new("prod").unwrap()),
        application: Some(AppName::new("shop").unwrap()),
        subject: "qa-approved".into(),
        head: Some(Sha::new("a".repeat(40)).unwrap()),
        by: Account { id: UserId(u64::MAX), login: login("quinn[bot]"), bot: true },
        reason: "täglich 🚦; DROP TABLE acts; --".into(),
        at: place.now(),
        until: Some(place.now() + Duration::from_secs(7200)),
    }
}

/// The causes of the acts that stand, in order.
async fn standing(store: &Store) -> Vec<String> {
    store.standing_acts(HOME).await.unwrap().into_iter().map(|act| act.said.cause).collect()
}

async fn id_of(store: &Store, cause: &str) -> i64 {
    let acts = store.standing_acts(HOME).await.unwrap();
    acts.iter().find(|act| act.cause == cause).unwrap().id
}

on_both! {
    async fn an_act_comes_back_as_it_was_recorded(place: Place) {
        let store = place.open().await;
        let (bare, full) = (act(ActKind::Lock, "comment:1:0", place.now()), full(&place));
        for new in [&bare, &full] {
            assert!(store.record_act(&pen(), new).await.unwrap());
        }
        let acts = store.standing_acts(HOME).await.unwrap();
        assert_eq!(acts.iter().map(|act| &act.said).collect::<Vec<_>>(), [&bare, &full]);
        let of_pull = store.acts_of(HOME, PrNumber(u64::MAX)).await.unwrap();
        assert_eq!(of_pull, [(acts[1].clone(), None)]);
        assert_eq!(store.acts_of(HOME, PrNumber(1)).await.unwrap(), []);
    }

    async fn every_kind_of_act_is_kept(place: Place) {
        let store = place.open().await;
        let kinds = [
            ActKind::Approval, ActKind::Override, ActKind::Hold, ActKind::Lock, ActKind::Bad,
            ActKind::Rejection, ActKind::Refused,
        ];
        for kind in kinds {
            store.record_act(&pen(), &act(kind, kind.as_str(), place.now())).await.unwrap();
        }
        let acts = store.standing_acts(HOME).await.unwrap();
        assert_eq!(acts.iter().map(|act| act.kind).collect::<Vec<_>>(), kinds);
    }

    async fn a_cause_counts_once_in_its_repository_also_after_the_end(place: Place) {
        let store = place.open().await;
        let first = act(ActKind::Approval, "delivery:1", place.now());
        assert!(store.record_act(&pen(), &first).await.unwrap());
        let other = NewAct { kind: ActKind::Lock, reason: "again".into(), ..first.clone() };
        assert!(!store.record_act(&pen(), &other).await.unwrap());
        store.end_acts(&pen(), &[id_of(&store, "delivery:1").await], None, "a new head").await.unwrap();
        assert!(!store.record_act(&pen(), &first).await.unwrap());
        assert_eq!(standing(&store).await, [""; 0]);
        // Elsewhere it is another cause.
        assert!(store.record_act(&elsewhere(), &first).await.unwrap());
        assert_eq!(standing(&store).await, [""; 0]);
    }

    async fn two_replicas_record_a_cause_once(place: Place) {
        let stores = [place.open().await, place.open().await];
        let tasks = (0..80).map(|n| {
            let store = stores[n % 2].clone();
            let new = act(ActKind::Approval, &format!("delivery:{}", n / 4), place.now());
            tokio::spawn(async move { store.record_act(&pen(), &new).await.unwrap() })
        });
        let mut recorded = 0;
        for task in tasks.collect::<Vec<_>>() {
            recorded += usize::from(task.await.unwrap());
        }
        assert_eq!(recorded, 20);
        assert_eq!(standing(&stores[0]).await.len(), 20);
    }

    async fn two_replicas_end_acts_once(place: Place) {
        let stores = [place.open().await, place.open().await];
        let pr = Some(PrNumber(3));
        for n in 0..20 {
            let new = NewAct { pr, ..act(ActKind::Hold, &format!("{n}"), place.now()) };
            stores[0].record_act(&pen(), &new).await.unwrap();
        }
        let ids: Vec<i64> = stores[0].standing_acts(HOME).await.unwrap().iter().map(|act| act.id).collect();
        let tasks = (0..8).map(|n| {
            let (store, mut ids) = (stores[n % 2].clone(), ids.clone());
            ids.rotate_left(n * 2);
            tokio::spawn(async move {
                store.end_acts(&pen(), &ids, Some(&login(&format!("person-{n}"))), "enough").await.unwrap();
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        let acts = stores[0].acts_of(HOME, PrNumber(3)).await.unwrap();
        let by = |n: usize| acts[n].1.as_ref().unwrap().by.clone().unwrap();
        assert!((0..20).all(|n| by(n) == by(0)), "one ended them all");
    }

    async fn what_has_ended_keeps_how_it_ended(place: Place) {
        let store = place.open().await;
        let pr = Some(PrNumber(3));
        for cause in ["a", "b", "c"] {
            let new = NewAct { pr, ..act(ActKind::Hold, cause, place.now()) };
            store.record_act(&pen(), &new).await.unwrap();
        }
        let (a, b) = (id_of(&store, "a").await, id_of(&store, "b").await);
        place.pass(Duration::from_secs(60));
        let first = place.now();
        store.end_acts(&pen(), &[a], Some(&login("pat")), "/unhold").await.unwrap();
        place.pass(Duration::from_secs(60));
        // Unknown ones, those of another repository, none and repeated ones harm nothing.
        store.end_acts(&pen(), &[b, a, -1, i64::MAX, b], None, "the pull request was closed").await.unwrap();
        store.end_acts(&elsewhere(), &[id_of(&store, "c").await], None, "not here").await.unwrap();
        store.end_acts(&pen(), &[], None, "nothing").await.unwrap();
        assert_eq!(standing(&store).await, ["c"]);
        let ends: Vec<_> = store.acts_of(HOME, PrNumber(3)).await.unwrap().into_iter().map(|(_, end)| end).collect();
        let end = |at, by, why: &str| Some(Ended { at, by, why: why.into() });
        assert_eq!(ends, [
            end(first, Some(login("pat")), "/unhold"),
            end(place.now(), None, "the pull request was closed"),
            None,
        ]);
    }

    async fn acts_are_listed_in_the_order_in_which_they_were_done(place: Place) {
        let store = place.open().await;
        let pr = Some(PrNumber(3));
        // A delivery that was late is recorded late.
        for (cause, minute) in [("second", 2_u64), ("third", 3), ("first", 1), ("also third", 3)] {
            let at = place.now() + Duration::from_secs(60 * minute);
            store.record_act(&pen(), &NewAct { pr, ..act(ActKind::Lock, cause, at) }).await.unwrap();
        }
        let order = ["first", "second", "third", "also third"];
        assert_eq!(standing(&store).await, order);
        let of_pull = store.acts_of(HOME, PrNumber(3)).await.unwrap();
        assert_eq!(of_pull.iter().map(|(act, _)| act.cause.as_str()).collect::<Vec<_>>(), order);
    }

    async fn an_act_whose_time_is_up_is_still_told(place: Place) {
        let store = place.open().await;
        let until = Some(place.now() - Duration::from_secs(1));
        store.record_act(&pen(), &NewAct { until, ..act(ActKind::Lock, "late", place.now()) }).await.unwrap();
        let until_the_end = NewAct { until: Some(Timestamp::MAX), ..act(ActKind::Lock, "ever", place.now()) };
        store.record_act(&pen(), &until_the_end).await.unwrap();
        place.pass(Duration::from_secs(86_400));
        let acts = store.standing_acts(HOME).await.unwrap();
        assert_eq!(acts[0].until, until);
        assert_eq!(acts[1].until.unwrap().as_second(), Timestamp::MAX.as_second());
    }

    async fn hostile_texts_are_kept_as_text(place: Place) {
        let store = place.open().await;
        // Noise, so that no compression makes it short.
        let long: String = (0_u32..100_000).map(|n| char::from(b' ' + (n.wrapping_mul(2_654_435_761) >> 25) as u8 % 94)).collect();
        let hostile = NewAct {
            pr: Some(PrNumber(3)),
            subject: "'); DELETE FROM acts; --\u{202e}".into(),
            reason: format!("\0{long}\0"),
            ..act(ActKind::Override, "comment\0:1", place.now())
        };
        assert!(store.record_act(&pen(), &hostile).await.unwrap());
        assert!(!store.record_act(&pen(), &hostile).await.unwrap());
        let acts = store.standing_acts(HOME).await.unwrap();
        assert_eq!(acts[0].subject, hostile.subject);
        assert_eq!(acts[0].reason, format!("\u{fffd}{long}\u{fffd}"));
        store.end_acts(&pen(), &[acts[0].id], None, &hostile.reason).await.unwrap();
        let ended = store.acts_of(HOME, PrNumber(3)).await.unwrap();
        assert_eq!(ended[0].1.as_ref().unwrap().why, acts[0].reason);
    }

    async fn forgetting_a_repository_forgets_no_act(place: Place) {
        let store = place.open().await;
        let home = RepoRef { id: HOME, name: RepoName::new("acme/infra").unwrap(), installation: InstallationId(1) };
        store.record_act(&pen(), &act(ActKind::Lock, "lock", place.now())).await.unwrap();
        store.note_repo(&home).await.unwrap();
        store.forget(HOME).await.unwrap();
        store.note_repo(&home).await.unwrap();
        store.forget_installation(InstallationId(1)).await.unwrap();
        assert_eq!(store.repos().await.unwrap(), []);
        assert_eq!(standing(&store).await, ["lock"]);
        assert!(!store.record_act(&pen(), &act(ActKind::Lock, "lock", place.now())).await.unwrap());
    }
}
