//! Opening: what is made, what is refused, and how it is said.

use std::time::Duration;

use sqlx::Connection;

use usher::fault::Fault;
use usher::store::Store;

use super::{Place, delivery, drop_schema, entropy, on_both};
use usher::model::clock::Clock;

async fn open(url: &str) -> Result<Store, Fault> {
    let clock = Clock::new(|| jiff::Timestamp::UNIX_EPOCH);
    Store::open(&url.into(), clock, entropy()).await
}

on_both! {
    async fn several_replicas_start_at_once(place: Place) {
        let (a, b, c) = tokio::join!(place.open(), place.open(), place.open());
        for store in [a, b, c] {
            store.ping().await.unwrap();
        }
    }

    async fn a_closed_store_refuses(place: Place) {
        let store = place.open().await;
        store.receive(delivery("a", "x")).await.unwrap();
        store.close().await;
        for refused in [
            store.receive(delivery("b", "x")).await.map(drop),
            store.ping().await,
            store.claim(Duration::from_secs(1)).await.map(drop),
        ] {
            assert!(matches!(refused, Err(Fault::Transient { .. })), "{refused:?}");
        }
    }
}

#[tokio::test]
async fn what_is_no_database_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing/usher.db");
    for (url, says) in [
        ("mysql://x", "use sqlite:FILE or postgres://"),
        ("sqlite:", "the path of a file"),
        ("sqlite:x.db?mode=memory", "without parameters"),
        (&format!("sqlite:{}", missing.display()), "there is no folder"),
        ("postgres://user:pass word@[", "malformed"),
    ] {
        let Err(Fault::Broken(why)) = open(url).await else {
            panic!("{url}");
        };
        assert!(why.contains(says), "{url}: {why}");
        assert!(!why.contains("pass word"));
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_told_from_one_that_is_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::io::Write::write_all(&mut std::fs::File::create(&path).unwrap(), &[b'x'; 5000]).unwrap();
    let opened = open(&format!("sqlite:{}", path.display())).await;
    let Err(Fault::Broken(why)) = opened else {
        panic!("{opened:?}");
    };
    assert!(why.contains("notes.txt") && why.contains("not a database"), "{why}");

    // Nothing listens there.
    let opened = open("postgres://usher:geheim@127.0.0.1:1/usher").await;
    let Err(Fault::Transient { reason, .. }) = opened else {
        panic!("{opened:?}");
    };
    assert!(!reason.contains("geheim"));
}

#[tokio::test]
async fn a_file_name_may_hold_anything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("50% of ü #1.db");
    open(&format!("sqlite:{}", path.display())).await.unwrap();
    assert!(path.is_file());
    let store = open("sqlite::memory:").await.unwrap();
    store.receive(delivery("a", "x")).await.unwrap();
    assert!(store.oldest_unrouted().await.unwrap().is_some());
}

#[tokio::test]
async fn a_database_of_a_newer_usher_is_left_alone() {
    let place = Place::sqlite();
    place.open().await.close().await;
    let file = place.url.strip_prefix("sqlite:").unwrap();
    let mut connection =
        sqlx::SqliteConnection::connect(&format!("sqlite://{file}")).await.unwrap();
    sqlx::query("INSERT INTO schema_steps (number) VALUES (999)")
        .execute(&mut connection)
        .await
        .unwrap();
    let Err(Fault::Broken(why)) = open(&place.url).await else {
        panic!();
    };
    assert!(why.contains("a newer Usher wrote this database"), "{why}");
}
