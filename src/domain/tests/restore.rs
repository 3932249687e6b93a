//! The live application is brought back: when that begins, what is looked for, and what is kept before anything is done.

use super::states::Scene;
use super::*;
use crate::domain::promotion::{Back, Direction};
use crate::model::act::ActKind;
use crate::model::argocd::{
    Application, Automated, Deployed, Health, Operation, Phase, Source, Sync,
};
use crate::model::ids::{EnvName, ImageTag};
use crate::model::restoration::{End, Left, Stage, Write};

const RULES: &str = "version: 1
applications:
  - name: shop
    images: [web, 'api-*']
environments:
  - {name: staging, overlay: staging}
  - name: prod
    overlay: prod
    argocd: {server: main, application: shop-prod}
    gates: {drift: true}
    rollback: {gates: [kustomize, lock]}
";

/// A rollback of prod from v1.0.0 to v0.9.0 that Argo CD is wanted for, and the Application.
fn back() -> Scene {
    let mut scene = Scene::under(RULES, |promotion| {
        promotion.direction = Direction::Back;
        promotion.version = "v0.9.0".to_owned();
        promotion.tag = Some(ImageTag::new("v0.9.0").unwrap());
        promotion.back =
            Some(Back { leaves: vec!["v1.0.0".to_owned()], argocd: true, ..Back::default() });
    });
    let main = scene.hub.branches["main"].clone();
    let state = |scene: &mut Scene, name: &str, tag: &str| {
        let mut files = main.1.clone();
        let text = STAGING.replace("v1.0.0", tag);
        files.insert("prod/kustomization.yaml".to_owned(), text);
        let revision = scene.hub.push(name, &account(5, "ada"), name, files);
        vec![revision.to_string()]
    };
    let revisions = [
        state(&mut scene, "older", "v0.8.0"),
        state(&mut scene, "old", "v0.9.0"),
        state(&mut scene, "same", "v0.9.0"),
        vec![main.0.sha.to_string()],
        vec![sha("gone").to_string()],
    ];
    let history = (1..).zip(revisions);
    let history = history.map(|(id, revisions)| Deployed { id, revisions, at: None });
    let one = Application {
        sources: vec![Source {
            url: "https://github.test/acme/shop.git".to_owned(),
            path: "prod".to_owned(),
            follows: "HEAD".to_owned(),
            revision: Some(main.0.sha.clone()),
        }],
        automated: Some(Automated { prune: false, self_heal: true }),
        policy: Some(serde_json::json!({"selfHeal": true})),
        owner: None,
        sync: Sync::Synced,
        health: Health::Healthy,
        health_message: None,
        health_since: None,
        operation: None,
        history: history.collect(),
        images: Vec::new(),
        compared_at: None,
    };
    scene.hub.applications.insert("main/shop-prod".to_owned(), Ok(one));
    scene.hub.judged = Some(passed(&scene.hub, scene.pr));
    scene
}

fn restore(scene: &mut Scene) -> Decision {
    let pr = scene.pr;
    scene.hub.decide(&Intent::Restore { repo: repo(), pr })
}

fn writes(decision: &Decision) -> Vec<&Write> {
    let write = |effect: &'_ Effect| matches!(effect, Effect::WriteArgocd { .. });
    let all = decision.effects.iter().filter(|effect| write(effect));
    all.filter_map(|effect| match effect {
        Effect::WriteArgocd { write, .. } => Some(write),
        _ => None,
    })
    .collect()
}

/// Takes what is kept for what is known.
fn kept(scene: &mut Scene, decision: &Decision) -> Stage {
    for effect in &decision.effects {
        match effect {
            Effect::KeepRestorations { all } => scene.hub.restorations.all = all.clone(),
            Effect::ToldRestorations { told, reminded, .. } => {
                scene.hub.restorations.told.clone_from(told);
                scene.hub.restorations.reminded = *reminded;
            }
            _ => {}
        }
    }
    scene.hub.restorations.all[0].stage.clone()
}

fn follows(decision: &Decision) -> bool {
    let restore = |effect: &Effect| matches!(effect, Effect::Enqueue(Intent::Restore { .. }));
    decision.effects.iter().any(restore)
}

#[test]
fn gates_come_first() {
    let mut scene = back();
    let pr = scene.pr;
    assert!(follows(&evaluate(&mut scene.hub, pr)));
    let mut locked = back();
    let lock = locked.act(ActKind::Lock, "", &account(8, "sam"));
    lock.environment = Some(EnvName::new("prod").unwrap());
    lock.pr = None;
    assert!(!follows(&evaluate(&mut locked.hub, pr)));
    locked.hub.judged = None;
    let decision = restore(&mut locked);
    assert!(decision.effects.is_empty(), "{decision:?}");
    // Nor where it is only observed.
    let mut observed = back();
    observed.rules(&RULES.replace("version: 1\n", "version: 1\nmode: observe\n"));
    assert!(!follows(&evaluate(&mut observed.hub, pr)));
    // Nor for one that was not asked for so.
    let mut plain = Scene::back();
    assert!(!follows(&evaluate(&mut plain.hub, pr)));
    assert!(restore(&mut plain).effects.is_empty());
}

#[test]
fn history_is_searched_by_images() {
    let mut scene = back();
    let decision = restore(&mut scene);
    assert_eq!(writes(&decision), [&Write::TurnOff]);
    kept(&mut scene, &decision);
    let record = &scene.hub.restorations.all[0];
    assert_eq!(record.id, Some(3), "the newest one with these images");
    assert_eq!(record.was, Some(serde_json::json!({"selfHeal": true})));
    let mut without = back();
    if let Some(Ok(one)) = without.hub.applications.get_mut("main/shop-prod") {
        one.history.retain(|past| !(2..=3).contains(&past.id));
    }
    let decision = restore(&mut without);
    assert!(writes(&decision).is_empty());
    assert_eq!(kept(&mut without, &decision), Stage::Over(End::Left(Left::NoSuchVersion)));
}

#[test]
fn it_is_remembered_before_anything_is_done() {
    let mut scene = back();
    let decision = restore(&mut scene);
    let at = |wanted: fn(&Effect) -> bool| decision.effects.iter().position(wanted).unwrap();
    let keep = at(|effect| matches!(effect, Effect::KeepRestorations { .. }));
    let write = at(|effect| matches!(effect, Effect::WriteArgocd { .. }));
    let tell = at(|effect| matches!(effect, Effect::EnsureComment { .. }));
    let record = at(|effect| matches!(effect, Effect::RecordEvidence { .. }));
    assert!(record < keep && keep < write && write < tell, "{:?}", decision.effects);
    assert_eq!(kept(&mut scene, &decision), Stage::TurningOff);
    // Nothing has changed: nothing is told twice, and it is looked at again.
    let again = restore(&mut scene);
    assert!(!again.effects.iter().any(|effect| matches!(effect, Effect::EnsureComment { .. })));
    assert!(again.effects.iter().any(|effect| matches!(effect, Effect::ComeAgain { .. })));
}

#[test]
fn a_second_pull_request_waits_for_the_first() {
    let mut scene = back();
    let decision = restore(&mut scene);
    kept(&mut scene, &decision);
    let first = scene.hub.restorations.all[0].clone();
    scene.hub.restorations.all.clear();
    scene.hub.elsewhere = vec![Restoration { pr: PrNumber(77), ..first }];
    let decision = restore(&mut scene);
    assert!(writes(&decision).is_empty());
    assert_eq!(kept(&mut scene, &decision), Stage::Asked);
    let again = |effect: &Effect| matches!(effect, Effect::ComeAgain { .. });
    assert!(decision.effects.iter().any(again), "{decision:?}");
    let told = decision.effects.iter().find_map(|effect| match effect {
        Effect::EnsureComment { body, .. } => Some(body.as_str()),
        _ => None,
    });
    assert!(told.unwrap().contains("waits: #77 brings it back already"), "{told:?}");
    // The first one has ended.
    scene.hub.elsewhere.clear();
    let decision = restore(&mut scene);
    assert_eq!(writes(&decision), [&Write::TurnOff]);
    assert_eq!(kept(&mut scene, &decision), Stage::TurningOff);
}

#[test]
fn whoever_waits_for_it_is_looked_at_once_it_has_ended() {
    let mut scene = back();
    let decision = restore(&mut scene);
    kept(&mut scene, &decision);
    let first = scene.hub.restorations.all[0].clone();
    scene.hub.elsewhere = vec![Restoration { pr: PrNumber(77), stage: Stage::Asked, ..first }];
    assert!(!follows(&restore(&mut scene)), "it goes on");
    scene.hub.pulls[0].open = false;
    let decision = restore(&mut scene);
    let next = Effect::Enqueue(Intent::Restore { repo: repo(), pr: PrNumber(77) });
    assert!(decision.effects.contains(&next), "{decision:?}");
    assert_eq!(kept(&mut scene, &decision), Stage::Over(End::PutBack));
}

#[test]
fn what_we_have_set_back_is_no_drift() {
    let mut scene = back();
    let pr = scene.pr;
    let out_of_sync = |scene: &mut Scene| {
        let main = scene.hub.branches["main"].0.sha.clone();
        if let Some(Ok(one)) = scene.hub.applications.get_mut("main/shop-prod") {
            one.sync = Sync::OutOfSync;
            one.operation = Some(Operation {
                phase: Phase::Succeeded,
                message: String::new(),
                revision: Some(main),
                started_at: None,
                finished_at: None,
            });
        }
    };
    scene.rules(&RULES.replace("[kustomize, lock]", "[kustomize, drift]"));
    out_of_sync(&mut scene);
    let follow = scene.hub.decide(&Intent::Follow { repo: repo(), reach: Reach::Promotions });
    for effect in follow.effects {
        if let Effect::RememberBaseline { environment, baseline } = effect {
            scene.hub.baselines.insert(environment.to_string(), baseline);
        }
    }
    let drifts = |scene: &mut Scene| codes(&evaluate(&mut scene.hub, pr)).contains(&"drift.failed");
    assert!(drifts(&mut scene), "as long as nobody knows why");
    let mut asked = back();
    let decision = restore(&mut asked);
    kept(&mut asked, &decision);
    scene.hub.restorations = asked.hub.restorations;
    assert!(!drifts(&mut scene));
}

#[test]
fn every_hour_it_is_said_once() {
    let mut scene = back();
    let decision = restore(&mut scene);
    kept(&mut scene, &decision);
    if let Some(Ok(one)) = scene.hub.applications.get_mut("main/shop-prod") {
        (one.automated, one.policy) = (None, None);
    }
    let told = |decision: &Decision| -> Vec<String> {
        let body = |effect: &Effect| match effect {
            Effect::EnsureComment { body, .. } if body.contains("has been off for") => {
                Some(body.clone())
            }
            _ => None,
        };
        decision.effects.iter().filter_map(body).collect()
    };
    let hours = |scene: &mut Scene, minutes: i64| {
        scene.hub.now += jiff::SignedDuration::from_mins(minutes);
        let decision = restore(scene);
        kept(scene, &decision);
        told(&decision)
    };
    assert!(hours(&mut scene, 0).is_empty());
    assert!(hours(&mut scene, 59).is_empty());
    let first = hours(&mut scene, 2);
    assert!(first.len() == 1 && first[0].contains("off for 1 hour**"), "{first:?}");
    assert!(hours(&mut scene, 30).is_empty());
    let second = hours(&mut scene, 30);
    assert!(second.len() == 1 && second[0].contains("off for 2 hours**"), "{second:?}");
    // Never of what is on: whoever may not turn it off is told that, and that alone.
    let mut refused = back();
    let decision = restore(&mut refused);
    kept(&mut refused, &decision);
    for _ in 0..3 {
        refused.hub.restorations.all[0].trouble = Some("403".to_owned());
        assert!(hours(&mut refused, 40).is_empty());
    }
}
