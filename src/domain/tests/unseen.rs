//! Overlays that build on what is fetched or run: nobody knows what they render to, and that is not passed.

use super::states::Scene;
use super::*;
use crate::model::act::ActKind;

const REMOTE: &str = "resources: [\"https://example.com/base\", web.yaml]";

/// An overlay with a remote base, and what merging it says.
fn remote(staging: &str) -> String {
    staging.replace("resources: [web.yaml]", REMOTE)
}

fn conclusions(decision: &Decision) -> (Option<Conclusion>, Option<Conclusion>) {
    let of = |name| check(decision, name).conclusion;
    (of("usher/kustomize"), of("usher/gates"))
}

#[test]
fn somebody_has_to_choose_and_the_line_and_the_choices_are_said() {
    let mut hub = Hub::new();
    hub.write("staging/kustomization.yaml", &remote(STAGING));
    let pr = promoted(&mut hub, "v1.1.0");
    let decision = evaluate(&mut hub, pr);
    let needs = Some(Conclusion::ActionRequired);
    assert_eq!(conclusions(&decision), (needs, needs), "{decision:?}");
    assert_eq!(decision.verdict, Verdict::Refused);
    let said = check(&decision, "usher/kustomize");
    let noted = &said.annotations[0];
    assert_eq!(
        (noted.path.as_str(), noted.line, noted.title.as_str()),
        ("staging/kustomization.yaml", 1, "kustomize.not-run")
    );
    for choice in ["copy the remote base", "in CI", "`USHER_SETTINGS`", "`/override kustomize"] {
        assert!(said.summary.contains(choice), "{choice} in {}", said.summary);
    }
}

#[test]
fn what_is_observed_stops_nobody_and_what_is_wrong_is_worse() {
    let mut hub = Hub::new();
    let rules = POLICY.replace("version: 1\n", "version: 1\nmode: observe\n");
    hub.write(".github/usher.yml", &rules);
    let change = remote(STAGING);
    let path = "staging/kustomization.yaml";
    let pr = hub.open("a", &account(5, "ada"), "change", &[(path, &change)]);
    let neutral = Some(Conclusion::Neutral);
    assert_eq!(conclusions(&evaluate(&mut hub, pr)), (neutral, neutral));
    hub.write(".github/usher.yml", POLICY);
    let changes = [(path, change.as_str()), ("prod/kustomization.yaml", "images: [")];
    let pr = hub.open("b", &account(5, "ada"), "change", &changes);
    let failed = Some(Conclusion::Failure);
    assert_eq!(conclusions(&evaluate(&mut hub, pr)), (failed, failed));
}

#[test]
fn what_is_mended_can_be_seen() {
    let mut hub = Hub::new();
    hub.write("staging/kustomization.yaml", &remote(STAGING));
    let mended = [("staging/kustomization.yaml", STAGING)];
    let pr = hub.open("a", &account(5, "ada"), "change", &mended);
    let decision = evaluate(&mut hub, pr);
    assert_eq!(conclusions(&decision).0, Some(Conclusion::Success));
    let gates = &check(&decision, "usher/gates").summary;
    assert!(gates.contains("| ✅ | `kustomize`"), "{gates}");
}

#[test]
fn it_is_accepted_unseen_by_who_may_on_what_usher_made_only() {
    let change = remote(&STAGING.replace("v1.0.0", "v1.1.0"));
    let mut scene = Scene::new();
    let head = scene.hub.pulls[0].head.branch.clone();
    let (commit, files) = scene.hub.branches.get_mut(&head).unwrap();
    files.insert("prod/kustomization.yaml".to_owned(), change);
    commit.tree = sha("another");
    let gate = |scene: &mut Scene| {
        let decision = evaluate(&mut scene.hub, scene.pr);
        let summary = check(&decision, "usher/gates").summary.clone();
        summary.lines().find(|line| line.contains("| `kustomize` |")).unwrap().to_owned()
    };
    assert!(gate(&mut scene).starts_with("| 🙋 |"));
    scene.act(ActKind::Override, "kustomize", &account(5, "ada"));
    assert!(gate(&mut scene).starts_with("| 🙋 |"), "ada may not");
    scene.act(ActKind::Override, "kustomize", &account(8, "sam"));
    assert!(gate(&mut scene).starts_with("| ⚠️ |"));
    scene.hub.pulls[0].author = account(5, "ada");
    assert!(gate(&mut scene).starts_with("| 🙋 |"), "it is not Usher's");
}

#[test]
fn the_way_back_is_not_taken_blindly_either() {
    let mut scene = Scene::back();
    let base = scene.hub.branches["main"].1["prod/kustomization.yaml"].clone();
    let head = scene.hub.pulls[0].head.branch.clone();
    scene.hub.write("prod/kustomization.yaml", &remote(&base));
    let (commit, files) = scene.hub.branches.get_mut(&head).unwrap();
    let text = files["prod/kustomization.yaml"].clone();
    files.insert("prod/kustomization.yaml".to_owned(), remote(&text));
    commit.tree = sha("another");
    let decision = evaluate(&mut scene.hub, scene.pr);
    let gates = &check(&decision, "usher/gates").summary;
    assert!(gates.contains("| 🙋 | `kustomize`"), "{gates}");
}
