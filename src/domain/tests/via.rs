//! What follows a way back that had to be merged first.

use super::meanwhile::{entry, prod};
use super::states::Scene;
use super::*;
use crate::domain::promotion::{Back, Direction, Onward, Promised};
use crate::intent::command::Scope;
use crate::model::act::{ActKind, NewAct};
use crate::model::ids::{AppName, CommentId, EnvName, ImageTag, TargetName};

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
    for (mut scene, stays) in [(with(by_itself), true), (with(undoes), true), (with(|_| {}), false)]
    {
        let opened = outcome(&follows(&mut scene));
        assert_eq!(opened.as_deref(), Some("Roll back shop to v0.9.0 in prod"));
        scene.hub.write("prod/kustomization.yaml", &STAGING.replace("v1.0.0", "v1.2.0"));
        scene.hub.asked.clear();
        let told = outcome(&follows(&mut scene)).unwrap();
        assert_eq!(told.contains("Something else came meanwhile"), stays, "{told}");
    }
}

const A: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const C: &str = "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc";

/// What ran in an environment, by tag or digest.
fn past(environment: &str, web: &str, cart: &str) -> Ran {
    let entries = [("web", web), ("api-cart", cart)].map(|(name, what)| Promised {
        target: TargetName::new(environment).unwrap(),
        ..entry(name, what)
    });
    Ran { entries: Some(entries.into()), ..ran("", &format!("{environment} {web} {cart}")) }
}

fn bad_in_staging(what: &str) -> Act {
    let said = NewAct {
        kind: ActKind::Bad,
        cause: "test".to_owned(),
        pr: None,
        environment: Some(EnvName::new("staging").unwrap()),
        application: Some(AppName::new("shop").unwrap()),
        subject: what.to_owned(),
        head: None,
        by: account(5, "ada"),
        reason: String::new(),
        at: "2026-11-20T11:00:00Z".parse().unwrap(),
        until: None,
    };
    Act { id: 1, said }
}

/// Whether all gates stand for the way back of staging that goes before that of production; both have this now.
fn is_beyond(now: &str, ran: Vec<Ran>, acts: Vec<Act>) -> bool {
    let mut hub = Hub::new();
    hub.write(".github/usher.yml", RULES);
    for place in ["staging", "prod"] {
        hub.write(&format!("{place}/kustomization.yaml"), &prod(now, now));
    }
    (hub.ran, hub.acts) = (ran, acts);
    let command = Command::Rollback {
        environment: Some("prod".to_owned()),
        version: None,
        scope: Scope::default(),
        argocd: false,
        reason: None,
    };
    let (ada, at) = (account(5, "ada"), hub.now);
    let said = hub.comment(CommentId(1), &ada, None, (command, at));
    hub.asked.clear();
    let decision = hub.decide(&said);
    let opened = decision.effects.iter().find_map(|effect| match effect {
        Effect::EnsureBranch(new) => Promotion::from_message(&new.message, &sealer()),
        _ => None,
    });
    let opened = opened.unwrap_or_else(|| panic!("{decision:?}"));
    assert_eq!(opened.environment.as_str(), "staging");
    opened.back.unwrap().beyond
}

#[test]
fn what_goes_first_is_a_rollback_to_what_ran_there_and_nothing_else() {
    let before = past("prod", A, A);
    let goes = |there: Ran, acts: Vec<Act>| is_beyond(B, vec![there, before.clone()], acts);
    assert!(!goes(past("staging", A, A), Vec::new()));
    assert!(goes(past("staging", C, C), Vec::new()), "that digest never ran there");
    assert!(goes(past("staging", A, A), vec![bad_in_staging(A)]), "it is bad there");

    let mixed = past("prod", "v1.0.2", "v1.0.1");
    let goes = |there: Ran, acts: Vec<Act>| is_beyond("v1.0.3", vec![there, mixed.clone()], acts);
    assert!(!goes(past("staging", "v1.0.2", "v1.0.1"), Vec::new()));
    assert!(goes(past("staging", "v1.0.1", "v1.0.1"), Vec::new()), "that is another state");
    let bad = vec![bad_in_staging("v1.0.2")];
    assert!(goes(past("staging", "v1.0.2", "v1.0.1"), bad), "a part of it is bad there");
}
