//! Pages: one for each pull request and head, kept for as long as a link may open it.

use std::time::Duration;

use usher::model::ids::{InstallationId, PrNumber, RepoId, RepoName, RepoRef, Sha};
use usher::model::links::{LONGEST_HOURS, Links, PageId};
use usher::store::Store;

use super::{Place, drop_schema, on_both};

const HOUR: Duration = Duration::from_secs(60 * 60);
const PR: PrNumber = PrNumber(5);

fn repo(id: u64) -> RepoRef {
    let name = RepoName::new(format!("acme/shop{id}")).unwrap();
    RepoRef { id: RepoId(id), name, installation: InstallationId(id / 10) }
}

fn sha(digit: char) -> Sha {
    Sha::new(digit.to_string().repeat(40)).unwrap()
}

fn id(repo: u64, pr: PrNumber, head: char) -> PageId {
    PageId { repo: RepoId(repo), pr, head: sha(head) }
}

async fn says(store: &Store, repo: u64, pr: PrNumber, head: char) -> Option<String> {
    store.page(&id(repo, pr, head)).await.unwrap().map(|(content, _)| content)
}

on_both! {
    async fn a_page_is_of_one_pull_request_at_one_head(place: Place) {
        let store = place.open().await;
        store.keep_page(&repo(10), PR, &sha('a'), "one").await.unwrap();
        store.keep_page(&repo(10), PR, &sha('b'), "two").await.unwrap();
        store.keep_page(&repo(10), PR, &sha('a'), "three \u{0} ü").await.unwrap();
        assert!(says(&store, 10, PR, 'a').await.unwrap().starts_with("three"));
        assert_eq!(says(&store, 10, PR, 'b').await.as_deref(), Some("two"));
        for (repo, pr, head) in [(11, PR, 'a'), (10, PrNumber(6), 'a'), (10, PR, 'c')] {
            assert_eq!(says(&store, repo, pr, head).await, None);
        }
    }

    async fn what_is_said_again_is_written_once_a_day(place: Place) {
        let store = place.open().await;
        let start = place.now();
        let since = async |content: &str| {
            store.keep_page(&repo(10), PR, &sha('a'), content).await.unwrap();
            store.page(&id(10, PR, 'a')).await.unwrap().unwrap().1
        };
        assert_eq!(since("same").await, start);
        place.pass(24 * HOUR);
        assert_eq!(since("same").await, start);
        place.pass(Duration::from_micros(1));
        assert_eq!(since("same").await, place.now());
        place.pass(HOUR);
        assert_eq!(since("other").await, place.now());
    }

    async fn a_page_stays_as_long_as_any_link_opens(place: Place) {
        let store = place.open().await;
        let links = Links::new("https://usher.example", b"key");
        // The last time that it is said again without being written.
        store.keep_page(&repo(10), PR, &sha('a'), "page").await.unwrap();
        place.pass(24 * HOUR);
        store.keep_page(&repo(10), PR, &sha('a'), "page").await.unwrap();
        let link = links.to(&id(10, PR, 'a'), place.now());
        let path = link.url.split_once("/pull/").unwrap().1;
        while links.open(path, place.now()).is_ok() {
            assert!(says(&store, 10, PR, 'a').await.is_some());
            place.pass(HOUR);
            store.prune(place.now()).await.unwrap();
        }
        place.pass(HOUR * (LONGEST_HOURS as u32 + 25));
        assert_eq!(store.prune(place.now()).await.unwrap(), 1);
        assert_eq!(says(&store, 10, PR, 'a').await, None);
    }

    async fn pages_go_with_their_repository_and_their_installation(place: Place) {
        let store = place.open().await;
        for id in [10, 11, 20] {
            store.keep_page(&repo(id), PR, &sha('a'), "page").await.unwrap();
        }
        store.forget(RepoId(10)).await.unwrap();
        assert_eq!(says(&store, 10, PR, 'a').await, None);
        assert!(says(&store, 11, PR, 'a').await.is_some());
        store.forget_installation(InstallationId(1)).await.unwrap();
        assert_eq!(says(&store, 11, PR, 'a').await, None);
        assert!(says(&store, 20, PR, 'a').await.is_some());
    }

    async fn two_replicas_keep_one_page(place: Place) {
        let stores = [place.open().await, place.open().await];
        let large = "ä".repeat(1 << 20);
        let tasks = (0..20).map(|n| {
            let (store, content) = (stores[n % 2].clone(), format!("{n} {large}"));
            tokio::spawn(async move {
                store.keep_page(&repo(10), PR, &sha('a'), &content).await.unwrap();
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        let one = says(&stores[0], 10, PR, 'a').await.unwrap();
        assert!(one.ends_with(&large) && says(&stores[1], 10, PR, 'a').await == Some(one));
    }
}
