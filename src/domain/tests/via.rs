//! What follows a way back that had to be merged first.

use super::states::Scene;
use super::*;
use crate::domain::promotion::{Back, Direction, Onward, Promised};
use crate::model::ids::{EnvName, ImageTag, TargetName};

const RULES: &str = "version: 1
applications:
  - name: shop
    images: [web, 'api-*']
environments:
  - {name: staging, overlay: staging}
  - {name: prod, overlay: prod, rollback: {via: staging}}
";

/// A rollback of staging to v0.9.0, after which this of prod goes back to it too.
fn first(entry: &str) -> Scene {
    let entry = Promised::tag(&TargetName::new("prod").unwrap(), entry, "v0.9.0");
    Scene::under(RULES, |promotion| {
        promotion.environment = EnvName::new("staging").unwrap();
        promotion.direction = Direction::Back;
        promotion.version = "v0.9.0".to_owned();
        promotion.tag = Some(ImageTag::new("v0.9.0").unwrap());
        let onward = Onward {
            environment: EnvName::new("prod").unwrap(),
            images: vec![entry],
            from: Vec::new(),
            services: Vec::new(),
            targets: Vec::new(),
            undoes: None,
            beyond: false,
            argocd: false,
        };
        promotion.back = Some(Back { onward: Some(Box::new(onward)), ..Back::default() });
    })
}

fn follows(scene: &mut Scene) -> Decision {
    let pr = scene.pr;
    scene.hub.decide(&Intent::Onward { repo: repo(), pr })
}

fn merge(scene: &mut Scene) {
    let pull = scene.hub.pulls.last_mut().unwrap();
    (pull.open, pull.merged) = (false, true);
}

/// The title of what is opened, or what is told.
fn outcome(decision: &Decision) -> Option<String> {
    decision.effects.iter().find_map(|effect| match effect {
        Effect::EnsurePull(new) => Some(new.title.clone()),
        Effect::EnsureComment { body, .. } => Some(body.clone()),
        _ => None,
    })
}

#[test]
fn only_what_is_merged_has_something_following_it() {
    let mut scene = first("web");
    assert_eq!(outcome(&follows(&mut scene)), None, "it is open");
    merge(&mut scene);
    let opened = outcome(&follows(&mut scene));
    assert_eq!(opened.as_deref(), Some("Roll back shop to v0.9.0 in prod"));
}

#[test]
fn what_cannot_follow_is_told() {
    let mut scene = first("api-cart");
    merge(&mut scene);
    let told = outcome(&follows(&mut scene)).unwrap();
    assert!(told.contains("None of the entries that it was to put back is there"), "{told}");
    assert!(told.contains("`/rollback prod VERSION`"), "{told}");

    let mut scene = first("web");
    merge(&mut scene);
    scene.hub.write(".github/usher.yml", "version: 2");
    let told = outcome(&follows(&mut scene)).unwrap();
    assert!(told.contains("The configuration is not valid"), "{told}");
}

#[test]
fn what_is_there_already_is_left_alone() {
    let mut scene = first("web");
    merge(&mut scene);
    scene.hub.write("prod/kustomization.yaml", &STAGING.replace("v1.0.0", "v0.9.0"));
    assert_eq!(outcome(&follows(&mut scene)), None);
}

/// The same, when production had v1.0.0.
fn with(change: impl FnOnce(&mut Promotion)) -> Scene {
    let mut scene = Scene::under(RULES, |promotion| {
        promotion.environment = EnvName::new("staging").unwrap();
        promotion.direction = Direction::Back;
        promotion.version = "v0.9.0".to_owned();
        promotion.tag = Some(ImageTag::new("v0.9.0").unwrap());
        let entry = |tag: &str| Promised::tag(&TargetName::new("prod").unwrap(), "web", tag);
        let onward = Onward {
            environment: EnvName::new("prod").unwrap(),
            images: vec![entry("v0.9.0")],
            from: vec![entry("v1.0.0")],
            services: Vec::new(),
            targets: Vec::new(),
            undoes: None,
            beyond: false,
            argocd: false,
        };
        promotion.back = Some(Back { onward: Some(Box::new(onward)), ..Back::default() });
        change(promotion);
    });
    merge(&mut scene);
    scene
}

#[test]
fn what_came_meanwhile_stays_unless_somebody_said_where_to_go() {
    let by_itself = |promotion: &mut Promotion| promotion.request = None;
    let undoes = |promotion: &mut Promotion| {
        let onward = promotion.back.as_mut().unwrap().onward.as_mut().unwrap();
        onward.undoes = Some(PrNumber(3));
    };
    let changes: [(fn(&mut Promotion), bool); 3] =
        [(by_itself, true), (undoes, true), (|_| {}, false)];
    for (change, stays) in changes {
        let mut scene = with(change);
        let opened = outcome(&follows(&mut scene));
        assert_eq!(opened.as_deref(), Some("Roll back shop to v0.9.0 in prod"));
        scene.hub.write("prod/kustomization.yaml", &STAGING.replace("v1.0.0", "v1.2.0"));
        scene.hub.asked.clear();
        let told = outcome(&follows(&mut scene)).unwrap();
        assert_eq!(told.contains("Something else came meanwhile"), stays, "{told}");
    }
}
