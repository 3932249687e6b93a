//! What is ill after a promotion, and whether that is what it brought.

use super::states::Scene;
use super::*;
use crate::model::argocd::{Application, Deployed, Health, Operation, Phase, Source, Sync};

const RULES: &str = "version: 1
applications:
  - name: shop
    images: [web, 'api-*']
environments:
  - {name: staging, overlay: staging}
  - name: prod
    overlay: prod
    argocd: {server: main, application: shop-prod}
    rollback: {on: [health], watch: 2h}
";

fn at(time: &str) -> Timestamp {
    format!("2026-11-20T{time}Z").parse().unwrap()
}

/// Production got v1.1.0 at eleven; gives the commits before and after, too.
fn merged() -> (Scene, Sha, Sha) {
    let mut scene = Scene::under(RULES, |_| {});
    let before = scene.hub.branches["main"].clone();
    scene.hub.branches.insert("before".to_owned(), before.clone());
    scene.hub.write("prod/kustomization.yaml", &STAGING.replace("v1.0.0", "v1.1.0"));
    let after = scene.hub.branches["main"].0.sha.clone();
    let pull = scene.hub.pulls.last_mut().unwrap();
    (pull.open, pull.merged, pull.landed) = (false, true, Some(after.clone()));
    pull.merged_at = Some(at("11:00:00"));
    (scene, before.0.sha, after)
}

/// Degraded since five past eleven, synced and deployed like this.
fn ill(sync: Sync, compared: &Sha, deployed: &[(&Sha, &str)]) -> Application {
    let history = deployed.iter().zip(0..).map(|((sha, time), id)| Deployed {
        id,
        revisions: vec![sha.to_string()],
        at: Some(at(time)),
    });
    Application {
        sources: vec![Source {
            url: "https://github.test/acme/shop.git".to_owned(),
            path: "prod".to_owned(),
            follows: "HEAD".to_owned(),
            revision: Some(compared.clone()),
        }],
        automated: None,
        policy: None,
        owner: None,
        sync,
        health: Health::Degraded,
        health_message: None,
        health_since: Some(at("11:05:00")),
        operation: None,
        history: history.collect(),
        images: Vec::new(),
        compared_at: None,
    }
}

fn operation(phase: Phase, revision: &Sha) -> Option<Operation> {
    let (message, revision) = (String::new(), Some(revision.clone()));
    Some(Operation {
        phase,
        message,
        revision,
        started_at: None,
        finished_at: Some(at("11:06:00")),
    })
}

/// Whether it goes back.
fn goes_back(scene: &mut Scene, seen: Application) -> bool {
    scene.hub.applications.insert("main/shop-prod".to_owned(), Ok(seen));
    scene.hub.asked.clear();
    let decision = scene.hub.decide(&Intent::Watch { repo: repo(), pr: scene.pr });
    let back = |effect: &Effect| match effect {
        Effect::EnsurePull(new) => new.title == "Roll back shop to v1.0.0 in prod",
        _ => false,
    };
    decision.effects.iter().any(back)
}

#[test]
fn what_is_deployed_is_ill_and_not_what_waits_to_be_synced() {
    let (mut scene, before, after) = merged();
    let (early, late) = ((&before, "09:00:00"), (&after, "11:01:00"));
    assert!(goes_back(&mut scene, ill(Sync::Synced, &after, &[early, late])));
    for unsynced in [Sync::OutOfSync, Sync::Unknown] {
        let waits = ill(unsynced, &after, &[early]);
        assert!(!goes_back(&mut scene, waits), "it never ran: {unsynced:?}");
        let drifted = ill(unsynced, &after, &[early, late]);
        assert!(goes_back(&mut scene, drifted), "it runs, and was changed since: {unsynced:?}");
    }
    assert!(!goes_back(&mut scene, ill(Sync::OutOfSync, &after, &[])), "nobody tells what runs");
    // Without a history the last sync tells.
    for (brought, expected) in [(&before, false), (&after, true)] {
        let mut seen = ill(Sync::OutOfSync, &after, &[]);
        seen.operation = operation(Phase::Succeeded, brought);
        assert_eq!(goes_back(&mut scene, seen), expected);
    }
}

#[test]
fn a_sync_that_failed_on_the_way_is_what_it_was_to_bring() {
    let (mut scene, before, after) = merged();
    for (brought, expected) in [(&before, false), (&after, true)] {
        let mut seen = ill(Sync::OutOfSync, &after, &[(&before, "09:00:00")]);
        seen.operation = operation(Phase::Failed, brought);
        assert_eq!(goes_back(&mut scene, seen), expected);
    }
}

#[test]
fn what_was_ill_before_it_was_deployed_has_its_moment() {
    let (mut scene, before, after) = merged();
    let (early, late) = ((&before, "09:00:00"), (&after, "11:59:45"));
    assert!(!goes_back(&mut scene, ill(Sync::Synced, &after, &[early, late])), "15 seconds ago");
    scene.hub.now = at("12:00:15");
    assert!(goes_back(&mut scene, ill(Sync::Synced, &after, &[early, late])));
}
