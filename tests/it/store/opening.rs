//! Opening: what is made, what is refused, and how it is said.

use std::time::Duration;

use sqlx::Connection;

use usher::fault::Fault;
use usher::model::ids::{AppName, EnvName, RepoId};
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

    async fn a_database_of_an_older_usher_keeps_what_it_holds(place: Place) {
        let is_sqlite = place.schema.is_none();
        let words = if is_sqlite {
            [("{sequence}", "INTEGER PRIMARY KEY"), ("{bytes}", "BLOB")]
        } else {
            [("{sequence}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"), ("{bytes}", "BYTEA")]
        };
        let steps = [
            include_str!("../../../src/store/schema/001_deliveries_and_jobs.sql"),
            include_str!("../../../src/store/schema/002_repositories_and_history.sql"),
            "CREATE TABLE schema_steps (number BIGINT NOT NULL PRIMARY KEY);
             INSERT INTO schema_steps (number) VALUES (1), (2);
             INSERT INTO runs (repository, environment, application, version, sha, at)
             VALUES (1, 'prod', 'shop', 'v1', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 1);",
        ];
        sqlx::any::install_default_drivers();
        let url = if is_sqlite { format!("{}?mode=rwc", place.url) } else { place.url.clone() };
        let mut connection = sqlx::AnyConnection::connect(&url).await.unwrap();
        for step in steps {
            let step = words.iter().fold(step.to_owned(), |step, (word, means)| step.replace(word, means));
            sqlx::raw_sql(sqlx::AssertSqlSafe(step)).execute(&mut connection).await.unwrap();
        }
        connection.close().await.unwrap();

        let (a, b) = tokio::join!(place.open(), place.open());
        let (prod, shop) = (EnvName::new("prod").unwrap(), AppName::new("shop").unwrap());
        let ran = a.ran(RepoId(1), &prod, &shop).await.unwrap();
        assert_eq!((ran[0].version.as_str(), &ran[0].entries, ran[0].pr), ("v1", &None, None));
        assert_eq!(b.standing_acts(RepoId(1)).await.unwrap(), []);
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
