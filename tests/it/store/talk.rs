//! Comments that were answered, and the heads of pull requests.

use std::time::Duration;

use usher::model::ids::{CommentId, PrNumber, RepoId, Sha, UserId};
use usher::model::read::CommandPast;
use usher::store::Store;

use super::{Place, drop_schema, on_both};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

const HOME: RepoId = RepoId(1);
const ADA: UserId = UserId(10);
const EVE: UserId = UserId(u64::MAX);

/// What is known when `author` writes `comment` on pull request 5 of a repository.
async fn past(
    place: &Place,
    store: &Store,
    at: RepoId,
    comment: u64,
    author: UserId,
) -> CommandPast {
    let (hour, day) = (place.now() - HOUR, place.now() - DAY);
    store.command_past(at, CommentId(comment), author, PrNumber(5), hour, day).await.unwrap()
}

/// Notes a comment on pull request 5.
async fn handled(
    store: &Store,
    at: RepoId,
    comment: u64,
    author: UserId,
    lines: u32,
    refused: bool,
) {
    store
        .handled_command(at, CommentId(comment), author, PrNumber(5), lines, refused)
        .await
        .unwrap();
}

fn known(handled: bool, within_hour: u32, refused_today: bool) -> CommandPast {
    CommandPast { handled, within_hour, refused_today }
}

fn sha(digit: char) -> Sha {
    Sha::new(digit.to_string().repeat(40)).unwrap()
}

on_both! {
    async fn a_comment_is_answered_once_for_ever(place: Place) {
        let store = place.open().await;
        assert_eq!(past(&place, &store, HOME, 1, ADA).await, known(false, 0, false));
        handled(&store, HOME, 1, ADA, 3, true).await;
        place.pass(30 * DAY);
        // The first note stays, whoever says otherwise.
        handled(&store, HOME, 1, EVE, 9, false).await;
        assert_eq!(past(&place, &store, HOME, 1, ADA).await, known(true, 0, false));
        assert_eq!(past(&place, &store, HOME, 2, EVE).await, known(false, 0, false));
        // The same number in another repository is another comment.
        assert_eq!(past(&place, &store, RepoId(2), 1, ADA).await, known(false, 0, false));
    }

    async fn commands_of_the_last_hour_are_counted_everywhere(place: Place) {
        let store = place.open().await;
        handled(&store, HOME, 1, ADA, 10, false).await;
        place.pass(MINUTE);
        handled(&store, RepoId(2), 1, ADA, 4, false).await;
        handled(&store, HOME, 2, ADA, 3, true).await;
        handled(&store, HOME, 3, EVE, 2, false).await;
        assert_eq!(past(&place, &store, HOME, 9, ADA).await.within_hour, 17);
        // Itself it does not count, but the one with its number elsewhere does.
        assert_eq!(past(&place, &store, HOME, 1, ADA).await.within_hour, 7);
        assert_eq!(past(&place, &store, RepoId(2), 1, ADA).await.within_hour, 13);
        assert_eq!(past(&place, &store, HOME, 9, EVE).await.within_hour, 2);
        place.pass(HOUR - MINUTE);
        assert_eq!(past(&place, &store, HOME, 9, ADA).await.within_hour, 17);
        place.pass(Duration::from_micros(1));
        assert_eq!(past(&place, &store, HOME, 9, ADA).await.within_hour, 7);
        place.pass(MINUTE);
        assert_eq!(past(&place, &store, HOME, 9, ADA).await.within_hour, 0);
    }

    async fn a_refusal_is_known_on_its_thread_for_its_day(place: Place) {
        let store = place.open().await;
        handled(&store, HOME, 1, EVE, 1, true).await;
        handled(&store, HOME, 2, ADA, 1, false).await;
        assert!(past(&place, &store, HOME, 3, EVE).await.refused_today);
        assert!(!past(&place, &store, HOME, 1, EVE).await.refused_today, "by itself");
        assert!(!past(&place, &store, HOME, 3, ADA).await.refused_today, "not refused");
        assert!(!past(&place, &store, RepoId(2), 3, EVE).await.refused_today, "elsewhere");
        let other_thread = store
            .command_past(HOME, CommentId(3), EVE, PrNumber(6), place.now(), place.now())
            .await
            .unwrap();
        assert_eq!(other_thread, known(false, 1, false));
        place.pass(DAY);
        assert!(past(&place, &store, HOME, 3, EVE).await.refused_today);
        place.pass(Duration::from_micros(1));
        assert!(!past(&place, &store, HOME, 3, EVE).await.refused_today);
    }

    async fn no_count_is_too_large(place: Place) {
        let store = place.open().await;
        for comment in [1, 2, u64::MAX] {
            handled(&store, HOME, comment, EVE, u32::MAX, false).await;
        }
        assert_eq!(past(&place, &store, HOME, u64::MAX, EVE).await, known(true, u32::MAX, false));
    }

    async fn two_replicas_note_a_comment_once(place: Place) {
        let stores = [place.open().await, place.open().await];
        let tasks = (0..40).map(|n| {
            let store = stores[n % 2].clone();
            tokio::spawn(async move { handled(&store, HOME, n as u64 / 4, ADA, 1, false).await })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        assert_eq!(past(&place, &stores[1], HOME, 99, ADA).await.within_hour, 10);
    }

    async fn heads_are_told_in_order_and_each_once(place: Place) {
        let store = place.open().await;
        let (pr, start) = (PrNumber(5), place.now());
        let at = |minutes: u32| start + minutes * MINUTE;
        // Noted late and twice; two at one instant in the order in which they were noted.
        for (digit, minutes) in [('b', 2), ('a', 1), ('b', 2), ('a', 3), ('d', 4), ('c', 4), ('a', 3)] {
            store.saw_head(HOME, pr, &sha(digit), at(minutes)).await.unwrap();
        }
        store.saw_head(HOME, PrNumber(6), &sha('e'), start).await.unwrap();
        store.saw_head(RepoId(2), pr, &sha('f'), start).await.unwrap();
        let heads = store.heads(HOME, pr).await.unwrap();
        let expected = [('a', 1), ('b', 2), ('a', 3), ('d', 4), ('c', 4)];
        assert_eq!(heads, expected.map(|(digit, minutes)| (sha(digit), at(minutes))));
        assert_eq!(store.heads(HOME, PrNumber(7)).await.unwrap(), []);
    }
}
