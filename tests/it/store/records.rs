//! Follows, history, runs and marks.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use usher::model::artifact::Noted;
use usher::model::ids::{
    AppName, Digest, EnvName, InstallationId, PrNumber, RepoId, RepoName, RepoRef, Sha,
};
use usher::store::{Decided, HistoryFilter, Run, Source, Store};

use super::{Place, drop_schema, id_of, on_both};

fn name(name: &str) -> RepoName {
    RepoName::new(name).unwrap()
}

fn repo(id: u64, called: &str) -> RepoRef {
    RepoRef { id: RepoId(id), name: name(called), installation: InstallationId(id / 10) }
}

fn source(called: &str) -> Source {
    Source { name: name(called), id: None }
}

fn sha(digit: char) -> Sha {
    Sha::new(digit.to_string().repeat(40)).unwrap()
}

/// A version that runs in staging, since the epoch.
fn run(version: &str, digit: char) -> Run {
    Run {
        repo: RepoId(1),
        env: EnvName::new("staging").unwrap(),
        app: AppName::new("shop").unwrap(),
        version: version.into(),
        entries: None,
        sha: sha(digit),
        pr: None,
        at: Timestamp::UNIX_EPOCH,
        last: None,
    }
}

async fn staging(store: &Store) -> Vec<Run> {
    let of = run("", 'a');
    let ran = store.ran(of.repo, &of.env, &of.app).await.unwrap();
    ran.into_iter().map(|run| Run { last: None, ..run }).collect()
}

on_both! {
    async fn a_source_is_known_by_name_and_then_by_id(place: Place) {
        let store = place.open().await;
        let (shop, infra) = (repo(11, "acme/Shop"), repo(12, "acme/infra"));
        store.set_follows(&infra, &[source("Acme/shop"), source("acme/other")], Some(&sha('a'))).await.unwrap();
        store.set_follows(&shop, &[source("acme/shop")], None).await.unwrap();
        assert_eq!(store.follows(shop.id, &shop.name).await.unwrap(), [shop.clone(), infra.clone()]);
        assert_eq!(store.config_sha(infra.id).await.unwrap(), Some(sha('a')));
        assert_eq!(store.config_sha(shop.id).await.unwrap(), None);
        // Renamed, it is still followed; who takes its old name is not.
        assert_eq!(store.follows(shop.id, &name("acme/store")).await.unwrap().len(), 2);
        assert_eq!(store.follows(RepoId(99), &name("acme/shop")).await.unwrap(), []);
        // Read again, the configuration keeps the id it learnt, and drops what it no longer names.
        store.set_follows(&infra, &[source("acme/shop")], Some(&sha('b'))).await.unwrap();
        assert_eq!(store.follows(RepoId(99), &name("acme/shop")).await.unwrap(), []);
        assert_eq!(store.follows(RepoId(98), &name("acme/other")).await.unwrap(), []);
        assert_eq!(store.follows(shop.id, &shop.name).await.unwrap().len(), 2);
    }

    async fn a_repository_is_its_id_and_can_be_forgotten(place: Place) {
        let store = place.open().await;
        for new in [repo(21, "acme/a"), repo(22, "acme/b"), repo(31, "other/c")] {
            store.set_follows(&new, &[source("acme/a")], None).await.unwrap();
        }
        store.note_repo(&repo(21, "acme/renamed")).await.unwrap();
        assert_eq!(store.repo(RepoId(21)).await.unwrap(), Some(repo(21, "acme/renamed")));
        assert_eq!(store.follows(RepoId(21), &name("acme/a")).await.unwrap().len(), 3);
        store.forget(RepoId(22)).await.unwrap();
        store.forget_installation(InstallationId(3)).await.unwrap();
        assert_eq!(store.repos().await.unwrap(), [repo(21, "acme/renamed")]);
        assert_eq!(store.follows(RepoId(21), &name("acme/a")).await.unwrap().len(), 1);
    }

    async fn decisions_are_kept_in_order(place: Place) {
        let store = place.open().await;
        for (n, subject) in ["pr:1", "pr:2", "pr:1"].iter().enumerate() {
            let decided = Decided {
                repo: RepoId(1),
                subject: (*subject).into(),
                delivery: (n == 0).then(|| id_of("d")),
                job: None,
                intent: json!({"kind": "evaluate"}),
                decision: json!({"n": n, "text": "\0 ü"}),
                at: place.now(),
            };
            store.record(&decided).await.unwrap();
        }
        let numbers = async |filter: HistoryFilter| {
            let found = store.history(&filter).await.unwrap();
            found.iter().map(|h| h.decided.decision["n"].to_string()).collect::<String>()
        };
        assert_eq!(numbers(HistoryFilter::default()).await, "210");
        let of_one = HistoryFilter { repo: Some(RepoId(1)), subject: Some("pr:1".into()), ..HistoryFilter::default() };
        assert_eq!(numbers(of_one).await, "20");
        assert_eq!(numbers(HistoryFilter { delivery: Some(id_of("d")), ..HistoryFilter::default() }).await, "0");
        assert_eq!(numbers(HistoryFilter { repo: Some(RepoId(2)), ..HistoryFilter::default() }).await, "");
    }

    async fn a_source_is_found_under_the_name_it_had(place: Place) {
        let store = place.open().await;
        let repo = |id, name: &str| RepoRef {
            id: RepoId(id), name: RepoName::new(name).unwrap(), installation: InstallationId(3),
        };
        let name = |name: &str| RepoName::new(name).unwrap();
        let (infra, shop) = (repo(1, "acme/infra"), repo(2, "acme/Shop"));
        store.note_repo(&shop).await.unwrap();
        assert_eq!(store.source(&name("ACME/shop")).await.unwrap(), Some(shop.clone()));
        assert_eq!(store.source(&name("acme/other")).await.unwrap(), None);
        let source = Source { name: shop.name.clone(), id: Some(shop.id) };
        store.set_follows(&infra, std::slice::from_ref(&source), None).await.unwrap();
        // It is renamed, and then a stranger takes the name.
        let renamed = repo(2, "acme/store");
        store.note_repo(&renamed).await.unwrap();
        assert_eq!(store.source(&shop.name).await.unwrap(), Some(renamed.clone()));
        store.note_repo(&repo(9, "acme/shop")).await.unwrap();
        assert_eq!(store.source(&shop.name).await.unwrap(), Some(renamed));
    }

    async fn the_last_valid_configuration_is_known_until_there_is_none(place: Place) {
        let store = place.open().await;
        let infra = repo(12, "acme/infra");
        store.set_follows(&infra, &[], Some(&sha('a'))).await.unwrap();
        // All that is done while the configuration is invalid.
        store.note_repo(&repo(12, "acme/renamed")).await.unwrap();
        assert_eq!(store.config_sha(infra.id).await.unwrap(), Some(sha('a')));
        store.set_follows(&infra, &[], None).await.unwrap();
        assert_eq!(store.config_sha(infra.id).await.unwrap(), None);
    }

    async fn the_repositories_of_an_installation_that_are_configured(place: Place) {
        let store = place.open().await;
        for (new, config) in [(repo(23, "acme/c"), Some('c')), (repo(21, "acme/a"), Some('a')), (repo(22, "acme/b"), None), (repo(31, "other/d"), Some('d'))] {
            store.set_follows(&new, &[], config.map(sha).as_ref()).await.unwrap();
        }
        store.note_repo(&repo(24, "acme/e")).await.unwrap();
        let found = store.repos_of_installation(InstallationId(2)).await.unwrap();
        assert_eq!(found, [repo(21, "acme/a"), repo(23, "acme/c")]);
        assert_eq!(store.repos_of_installation(InstallationId(9)).await.unwrap(), []);
    }

    async fn what_ran_is_noted_once_until_it_changes(place: Place) {
        let store = place.open().await;
        for seen in [run("v1", 'a'), run("v1", 'a'), run("v1", 'b'), run("v2", 'c'), run("v2", 'd'), run("v1", 'e')] {
            store.saw_running(&Run { at: place.now(), ..seen }, None).await.unwrap();
            place.pass(Duration::from_secs(1));
        }
        let elsewhere = Run { env: EnvName::new("prod").unwrap(), ..run("v9", 'd') };
        store.saw_running(&elsewhere, None).await.unwrap();
        let ran = store.ran(RepoId(1), &elsewhere.env, &elsewhere.app).await.unwrap();
        let last = Some((elsewhere.sha.clone(), elsewhere.at));
        assert_eq!(ran, [Run { last, ..elsewhere }]);
        let ran = staging(&store).await;
        let seconds = ran.iter().map(|run| (run.at - ran[0].at).get_seconds()).collect::<Vec<_>>();
        assert_eq!(ran.into_iter().map(|ran| Run { at: run("", 'a').at, ..ran }).collect::<Vec<_>>(), [run("v1", 'a'), run("v2", 'c'), run("v1", 'e')]);
        assert_eq!(seconds, [0, 3, 5], "each since it was first seen");
    }

    async fn what_runs_is_noted_to_run_on(place: Place) {
        let store = place.open().await;
        let noted = async || {
            let of = run("", 'a');
            let ran = store.ran(of.repo, &of.env, &of.app).await.unwrap();
            ran.into_iter().map(|run| {
                let (sha, at) = run.last.unwrap();
                (run.at.as_second(), sha.as_str()[..1].to_owned(), at.as_second())
            }).collect::<Vec<_>>()
        };
        let saw = async |version: &str, digit, since: i64, now: i64| {
            let [since, now] = [since, now].map(|second| Timestamp::from_second(second).unwrap());
            let seen = Run { at: since, last: Some((sha(digit), now)), ..run(version, digit) };
            store.saw_running(&seen, (since < now).then_some(since)).await.unwrap();
        };
        let seen = |since, digit: &str, until| (since, digit.to_owned(), until);
        saw("v1", 'a', 100, 100).await;
        saw("v1", 'a', 130, 130).await;
        assert_eq!(noted().await, [seen(100, "a", 100)], "not every moment");
        saw("v1", 'a', 500, 500).await;
        assert_eq!(noted().await, [seen(100, "a", 500)]);
        saw("v1", 'b', 510, 510).await;
        assert_eq!(noted().await, [seen(100, "b", 510)], "but each commit");
        // Seen late, nobody knows how long the one before ran on; a merge tells.
        saw("v2", 'c', 9_000, 9_000).await;
        saw("v3", 'd', 9_500, 9_900).await;
        let all = [seen(100, "b", 510), seen(9_000, "c", 9_500), seen(9_500, "d", 9_900)];
        assert_eq!(noted().await, all);
        // A clock that goes wrong shortens nothing.
        saw("v4", 'e', 50, 9_990).await;
        assert_eq!(noted().await[2], seen(9_500, "d", 9_900));
    }

    async fn what_ran_is_all_of_its_entries(place: Place) {
        let store = place.open().await;
        let mixed = |other: &str, digit| Run {
            entries: Some(json!({"cart": {"tag": "v1", "digest": null}, "mail": {"tag": other}})),
            ..run("", digit)
        };
        let versions = [
            run("v1", 'a'), // before entries were noted
            Run { entries: Some(json!({"cart": "v1\0ü"})), ..run("v1", 'b') },
            mixed("v2", 'c'),
            mixed("v3", 'd'),
        ];
        for seen in &versions {
            store.saw_running(seen, None).await.unwrap();
            store.saw_running(&Run { sha: sha('f'), ..seen.clone() }, None).await.unwrap();
        }
        let in_another_order = r#"{"mail": {"tag": "v3"}, "cart": {"digest": null, "tag": "v1"}}"#;
        let entries = serde_json::from_str(in_another_order).unwrap();
        store.saw_running(&Run { entries, ..run("", 'f') }, None).await.unwrap();
        assert_eq!(staging(&store).await, versions);
        store.saw_running(&mixed("v2", 'e'), None).await.unwrap();
        assert_eq!(staging(&store).await.len(), 5, "back to what ran before is a new run");
    }

    async fn a_digest_is_noted_once_for_its_place(place: Place) {
        let store = place.open().await;
        let noted = |image: &str, tag: &str, digit: &str| Noted {
            image: image.to_owned(),
            tag: tag.to_owned(),
            digest: Digest::new(format!("sha256:{}", digit.repeat(64))).unwrap(),
        };
        let (staging, prod) = (EnvName::new("staging").unwrap(), EnvName::new("prod").unwrap());
        let first = [noted("ghcr.io/web", "v1", "a"), noted("ghcr.io/web", "v2", "b")];
        store.saw_digests(RepoId(1), &staging, &first, place.now()).await.unwrap();
        let again = [noted("ghcr.io/web", "v1", "c"), noted("quay.io/web", "v1", "d")];
        store.saw_digests(RepoId(1), &staging, &again, place.now()).await.unwrap();
        store.saw_digests(RepoId(1), &prod, &again, place.now()).await.unwrap();
        let all = [first[0].clone(), first[1].clone(), again[1].clone()];
        assert_eq!(store.digests(RepoId(1), &staging).await.unwrap(), all);
        assert_eq!(store.digests(RepoId(1), &prod).await.unwrap(), again);
        assert_eq!(store.digests(RepoId(2), &staging).await.unwrap(), []);
    }

    async fn the_promotion_that_brought_a_run_may_be_learnt_later(place: Place) {
        let store = place.open().await;
        let by = |pr, run: Run| Run { pr: Some(PrNumber(pr)), ..run };
        store.saw_running(&run("v1", 'a'), None).await.unwrap();
        for seen in [by(u64::MAX, run("v1", 'b')), run("v1", 'c'), by(8, run("v1", 'd')), by(9, run("v2", 'e'))] {
            store.saw_running(&seen, None).await.unwrap();
        }
        assert_eq!(staging(&store).await, [by(u64::MAX, run("v1", 'a')), by(9, run("v2", 'e'))]);
    }

    async fn a_mark_is_set_and_moved(place: Place) {
        let store = place.open().await;
        assert_eq!(store.mark("hook attempts").await.unwrap(), None);
        for value in ["1", "2"] {
            store.set_mark("hook attempts", value).await.unwrap();
        }
        assert_eq!(store.mark("hook attempts").await.unwrap().as_deref(), Some("2"));
    }
}
