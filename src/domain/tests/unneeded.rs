//! Ways back of staging that production's getting their version makes superfluous, and those that it does not.

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
  - {name: prod, overlay: prod}
";

/// A rollback of staging from v1.0.0, which production has; before, production ran this.
fn beside(ran_before: Promised, more: impl FnOnce(&mut Back)) -> Scene {
    among(STAGING, ran_before, more)
}

/// The same with another kustomization in staging.
fn among(staging: &str, ran_before: Promised, more: impl FnOnce(&mut Back)) -> Scene {
    let mut scene = Scene::after(staging, RULES, |promotion| {
        promotion.environment = EnvName::new("staging").unwrap();
        promotion.direction = Direction::Back;
        promotion.version = "v0.9.0".to_owned();
        promotion.tag = Some(ImageTag::new("v0.9.0").unwrap());
        let mut back = Back { leaves: vec!["v1.0.0".to_owned()], ..Back::default() };
        more(&mut back);
        promotion.back = Some(back);
    });
    scene.hub.ran.push(Ran { entries: Some(vec![ran_before]), ..ran("", "before") });
    scene
}

fn prod(tag: &str) -> Promised {
    Promised::tag(&TargetName::new("prod").unwrap(), "web", tag)
}

/// Whether it is closed, before it is recorded that production runs what it goes back from.
fn is_closed(scene: &mut Scene) -> bool {
    let follow = Intent::Follow { repo: repo(), reach: Reach::Promotions };
    let effects = scene.hub.decide(&follow).effects;
    let closed = effects
        .iter()
        .position(|effect| matches!(effect, Effect::ClosePull { pr } if *pr == scene.pr));
    let recorded =
        effects.iter().rposition(|effect| matches!(effect, Effect::RememberRunning { .. }));
    if let Some(closed) = closed {
        assert!(closed < recorded.unwrap(), "cut off in between, it would never be closed");
    }
    closed.is_some()
}

#[test]
fn what_has_just_come_further_makes_it_superfluous() {
    assert!(is_closed(&mut beside(prod("v0.8.0"), |_| {})));
}

#[test]
fn what_had_come_before_is_meant() {
    assert!(!is_closed(&mut beside(prod("v1.0.0"), |_| {})), "nothing has come");
    let elsewhere = Promised { new_name: Some("ghcr.io/acme/web".to_owned()), ..prod("v1.0.0") };
    assert!(!is_closed(&mut beside(elsewhere, |_| {})), "something else has");
}

#[test]
fn what_goes_back_from_more_than_that_is_needed() {
    let more = |back: &mut Back| back.leaves.push("v1.0.1".to_owned());
    assert!(!is_closed(&mut beside(prod("v0.8.0"), more)));
    let nothing = |back: &mut Back| back.leaves.clear();
    assert!(!is_closed(&mut beside(prod("v0.8.0"), nothing)));
}

#[test]
fn what_has_come_in_part_is_needed() {
    let cart = |tag: &str| format!("{STAGING}- name: api-cart\n  newTag: {tag}\n");
    // Staging runs v1.0.0 of both; production has only one of them so far.
    let mut scene = among(&cart("v1.0.0"), prod("v0.8.0"), |_| {});
    scene.hub.write("prod/kustomization.yaml", &cart("v0.8.0"));
    assert!(!is_closed(&mut scene));
    scene.hub.write("prod/kustomization.yaml", &cart("v1.0.0"));
    assert!(is_closed(&mut scene));
    // Where only the one goes back, the other is not looked at.
    let mut alone = among(STAGING, prod("v0.8.0"), |_| {});
    alone.hub.write("prod/kustomization.yaml", &cart("v0.8.0"));
    assert!(is_closed(&mut alone));
}

#[test]
fn what_goes_back_for_another_environment_is_needed() {
    let onward = |back: &mut Back| {
        back.onward = Some(Box::new(Onward {
            environment: EnvName::new("prod").unwrap(),
            images: vec![prod("v0.9.0")],
            from: Vec::new(),
            services: Vec::new(),
            targets: Vec::new(),
            undoes: None,
            beyond: false,
            argocd: false,
        }));
    };
    assert!(!is_closed(&mut beside(prod("v0.8.0"), onward)));
}
