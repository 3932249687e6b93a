//! The gate `artifacts`, from what registries say to its outcome.

use super::states::{RULES, Scene};
use super::*;
use crate::domain::promotion::Promised;
use crate::model::ids::{Digest, TargetName};

fn digest(digit: &str) -> Digest {
    Digest::new(format!("sha256:{}", digit.repeat(64))).unwrap()
}

fn present(digit: &str) -> Artifact {
    Artifact::Present(digest(digit))
}

fn rules(artifacts: &str) -> String {
    RULES.replace(
        "overlay: prod\n",
        &format!("overlay: prod\n    gates: {{artifacts: {artifacts}}}\n"),
    )
}

/// The gate's outcome, what it says, and when it is judged anew.
fn stands(scene: &mut Scene) -> Option<(String, String, Option<i64>)> {
    let decision = evaluate(&mut scene.hub, scene.pr);
    let again = decision.effects.iter().find_map(|effect| match effect {
        Effect::LookAgain { at, .. } => Some(*at),
        _ => None,
    });
    let now = now();
    let reason = decision.reasons.iter().find(|one| one.code.starts_with("artifacts."))?;
    let outcome = reason.code.trim_start_matches("artifacts.").to_owned();
    Some((outcome, reason.sentence.clone(), again.map(|at| at.duration_since(now).as_secs())))
}

#[test]
fn each_answer_of_a_registry_has_its_outcome() {
    let cases = [
        (present("a"), Some(("passed", "1 image is in its registry"))),
        (Artifact::Absent, Some(("waiting", "`web:v1.1.0` is not in its registry"))),
        (
            Artifact::Unreachable("https://r.io answers <b>503</b>".into()),
            Some(("waiting", "cannot be looked for: `https://r.io answers <b>503</b>`")),
        ),
        (Artifact::Malformed, Some(("failed", "`web:v1.1.0` names no image"))),
        (Artifact::NotAsked { registry: "docker.io".into() }, None),
    ];
    for (answer, wanted) in cases {
        let mut scene = Scene::new();
        scene.hub.artifacts.insert("web v1.1.0".into(), answer.clone());
        let found = stands(&mut scene);
        let short = found.as_ref().map(|(outcome, said, _)| (outcome.as_str(), said.as_str()));
        match (short, wanted) {
            (None, None) => {}
            (Some((outcome, said)), Some((wanted, words))) => {
                assert_eq!(outcome, wanted, "{answer:?}");
                assert!(said.contains(words), "{answer:?}: {said}");
            }
            other => panic!("{answer:?}: {other:?}"),
        }
        if wanted.is_some_and(|(outcome, _)| outcome == "waiting") {
            assert_eq!(found.unwrap().2, Some(60), "{answer:?}");
        }
    }
}

#[test]
fn off_is_off() {
    let mut scene = Scene::under(&rules("off"), |_| {});
    scene.hub.artifacts.insert("web v1.1.0".into(), Artifact::Absent);
    assert_eq!(stands(&mut scene), None);
    assert!(!scene.hub.asked.iter().any(|need| matches!(need, Need::Artifact { .. })));
}

#[test]
fn the_digest_has_to_be_the_one_that_runs_before() {
    let same = rules("{same_digest: true}");
    // Nobody may ask: then nobody knows, and that is not enough.
    let mut scene = Scene::under(&same, |_| {});
    let (outcome, said, _) = stands(&mut scene).unwrap();
    assert_eq!(outcome, "needs");
    assert!(
        said.contains("which manifest `web:v1.1.0` is cannot be asked of `docker.io`"),
        "{said}"
    );
    // What the registry says of the tag now tells nothing of what ran.
    let mut scene = Scene::under(&same, |_| {});
    scene.hub.artifacts.insert("web v1.1.0".into(), present("a"));
    let (outcome, said, again) = stands(&mut scene).unwrap();
    assert_eq!((outcome.as_str(), again), ("waiting", Some(60)), "{said}");
    assert!(said.contains("which `web:v1.1.0` ran in `staging` is not known"), "{said}");
    for (image, tag, noted, wanted, words) in [
        ("web", "v1.1.0", "a", "passed", "with the digests that ran in `staging`"),
        ("web", "v1.1.0", "b", "failed", "is `sha256:aaaa"),
        ("web", "v1.0.0", "a", "waiting", "is not known"),
        ("mirror.io/web", "v1.1.0", "a", "waiting", "is not known"),
    ] {
        let mut scene = Scene::under(&same, |_| {});
        scene.hub.artifacts.insert("web v1.1.0".into(), present("a"));
        scene.hub.digests.push(noted_as(image, tag, noted));
        let (outcome, said, _) = stands(&mut scene).unwrap();
        assert_eq!(outcome, wanted, "{image}:{tag} {noted}: {said}");
        assert!(said.contains(words), "{image}:{tag} {noted}: {said}");
    }
    // Staging pulls it by another name, or by its digest.
    for (entry, wanted) in [
        ("newName: mirror.io/web\n  newTag: v1.1.0".to_owned(), "passed"),
        (format!("newTag: v1.1.0\n  digest: {}", digest("a")), "passed"),
        (format!("newTag: v1.1.0\n  digest: {}", digest("c")), "failed"),
    ] {
        let staging = STAGING.replace("newTag: v1.0.0", &entry);
        let mut scene = Scene::after(&staging, &same, |_| {});
        scene.hub.artifacts.insert("web v1.1.0".into(), present("a"));
        scene.hub.digests.push(noted_as("mirror.io/web", "v1.1.0", "a"));
        let (outcome, said, _) = stands(&mut scene).unwrap();
        assert_eq!(outcome, wanted, "{entry}: {said}");
    }
}

fn noted_as(image: &str, tag: &str, digit: &str) -> Noted {
    Noted { image: image.into(), tag: tag.into(), digest: digest(digit) }
}

#[test]
fn what_ran_before_and_was_replaced_is_known_by_what_was_noted() {
    let same = rules("{same_digest: true}");
    let replaced = |noted: Option<&str>| {
        let staging = STAGING.replace("v1.0.0", "v1.2.0");
        let mut scene = Scene::after(&staging, &same, |_| {});
        scene.hub.artifacts.insert("web v1.1.0".into(), present("a"));
        let entries = vec![Promised {
            target: TargetName::new("default").unwrap(),
            name: "web".into(),
            new_name: None,
            new_tag: Some("v1.1.0".into()),
            digest: None,
        }];
        let ran = past("v1.1.0", "2026-11-01T12:00:00Z");
        scene.hub.ran.push(Ran { entries: Some(entries), ..ran });
        scene.hub.digests.extend(noted.map(|digit| noted_as("web", "v1.1.0", digit)));
        stands(&mut scene).unwrap()
    };
    assert_eq!(replaced(Some("a")).0, "passed");
    assert_eq!(replaced(Some("b")).0, "failed");
    assert_eq!(replaced(None).0, "waiting");
}

#[test]
fn what_runs_is_noted_once_where_it_is_compared() {
    let follow = Intent::Follow { repo: repo(), reach: Reach::Promotions };
    let noted = |scene: &mut Scene| {
        let decision = scene.hub.decide(&follow);
        let mut effects = decision.effects.into_iter();
        effects.find_map(|effect| match effect {
            Effect::RememberDigests { environment, digests } => {
                Some((environment.to_string(), digests))
            }
            _ => None,
        })
    };
    let mut scene = Scene::new();
    scene.hub.artifacts.insert("web v1.1.0".into(), present("a"));
    assert_eq!(noted(&mut scene), None);
    let mut scene = Scene::under(&rules("{same_digest: true}"), |_| {});
    assert_eq!(noted(&mut scene), None);
    scene.hub.artifacts.insert("web v1.1.0".into(), Artifact::Unreachable("down".into()));
    assert_eq!(noted(&mut scene), None);
    scene.hub.artifacts.insert("web v1.1.0".into(), present("a"));
    let seen = vec![noted_as("web", "v1.1.0", "a")];
    assert_eq!(noted(&mut scene), Some(("staging".to_owned(), seen.clone())));
    scene.hub.digests = seen;
    assert_eq!(noted(&mut scene), None);
}

#[test]
fn a_rollback_asks_no_registry_unless_its_gates_say_so() {
    let mut scene = Scene::back();
    scene.hub.artifacts.insert("web v0.9.0".into(), Artifact::Absent);
    assert_eq!(stands(&mut scene), None);
}

fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}
