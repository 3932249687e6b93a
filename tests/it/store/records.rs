//! Follows, history, runs and marks.

use serde_json::json;
use usher::model::ids::{AppName, EnvName, InstallationId, RepoId, RepoName, RepoRef, Sha};
use usher::store::{Decided, HistoryFilter, Run, Source};

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

    async fn what_ran_is_noted_once_until_it_changes(place: Place) {
        let store = place.open().await;
        let (env, app) = (EnvName::new("staging").unwrap(), AppName::new("shop").unwrap());
        let run = |version: &str, digit| Run {
            repo: RepoId(1), env: env.clone(), app: app.clone(),
            version: version.into(), sha: sha(digit), at: place.now(),
        };
        for seen in [run("v1", 'a'), run("v1", 'a'), run("v2", 'b'), run("v2", 'b'), run("v1", 'a'), run("v1", 'c')] {
            store.saw_running(&seen).await.unwrap();
        }
        let elsewhere = Run { env: EnvName::new("prod").unwrap(), ..run("v9", 'd') };
        store.saw_running(&elsewhere).await.unwrap();
        let ran = store.ran(RepoId(1), &env, &app).await.unwrap();
        assert_eq!(ran, [run("v1", 'a'), run("v2", 'b'), run("v1", 'a'), run("v1", 'c')]);
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
