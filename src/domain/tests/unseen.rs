//! Overlays that build on what is fetched or run: nobody knows what they render to, and that is not passed.

use super::states::Scene;
use super::*;
use crate::model::act::ActKind;
use crate::model::bundle::{NotPrinted, Printed};

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
        ("staging/kustomization.yaml", 1, "not-rendered")
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

/// A chart in staging, as the chart's own text for what a real Kustomize would print.
const CHART: &str = "helmCharts: [{name: web}]\nimages:\n- name: web\n  newTag: v1.0.0\n";

/// A repository with a chart in staging, where the operator allows a real Kustomize, and what that prints.
fn charted(printed: Printed) -> Hub {
    let mut hub = Hub::new();
    hub.write("staging/kustomization.yaml", CHART);
    hub.write("staging/charts/web/templates/web.yaml", "{{ anything }}\n");
    hub.kustomized = Some(printed);
    hub
}

/// What the bundles held that were given to it.
fn given(hub: &Hub) -> Vec<Vec<String>> {
    let bundles = hub.asked.iter().filter_map(|need| match need {
        Need::Kustomized { bundle, .. } => Some(bundle),
        _ => None,
    });
    bundles.map(|one| one.files().iter().map(|(path, _)| path.clone()).collect()).collect()
}

#[test]
fn what_the_operator_allows_is_seen_through_a_real_kustomize() {
    let mut hub = charted(Ok(WEB.replace("image: web", "image: 'web:v1.0.0'").into()));
    let pr = promoted(&mut hub, "v1.1.0");
    let decision = evaluate(&mut hub, pr);
    let passed = Some(Conclusion::Success);
    assert_eq!(conclusions(&decision), (passed, passed), "{decision:?}");
    let files =
        ["staging/charts/web/templates/web.yaml", "staging/kustomization.yaml", "staging/web.yaml"];
    let given = given(&hub);
    assert!(given.len() == 2 && given.iter().all(|given| *given == files), "{given:?}");
}

#[test]
fn a_promoted_entry_that_changes_nothing_of_what_it_prints_is_found() {
    let mut hub = charted(Ok(WEB.replace("image: web", "image: elsewhere").into()));
    let pr = promoted(&mut hub, "v1.1.0");
    let decision = evaluate(&mut hub, pr);
    let said = check(&decision, "usher/kustomize");
    assert_eq!(said.conclusion, Some(Conclusion::Failure));
    let noted = &said.annotations[0];
    assert_eq!((noted.line, noted.title.as_str()), (3, "image-unused"));
}

#[test]
fn what_a_chart_holds_is_part_of_the_overlay() {
    for allowed in [true, false] {
        let mut hub = charted(Ok(WEB.into()));
        hub.kustomized = hub.kustomized.filter(|_| allowed);
        let changes = [("staging/charts/web/templates/web.yaml", "{{ else }}\n")];
        let pr = hub.open("a", &account(5, "ada"), "change", &changes);
        let conclusion = conclusions(&evaluate(&mut hub, pr)).0;
        let wanted = if allowed { Conclusion::Success } else { Conclusion::ActionRequired };
        assert_eq!(conclusion, Some(wanted), "{allowed}");
    }
}

#[test]
fn nothing_is_run_on_what_a_fork_brings() {
    let mut hub = charted(Ok(WEB.into()));
    let path = "staging/kustomization.yaml";
    let pr =
        hub.open("a", &account(5, "ada"), "change", &[(path, &format!("namePrefix: x-\n{CHART}"))]);
    hub.pulls[0].head.repo = Some(RepoId(2));
    let decision = evaluate(&mut hub, pr);
    assert_eq!(conclusions(&decision).0, Some(Conclusion::ActionRequired));
    assert_eq!(given(&hub), Vec::<Vec<String>>::new());
    let said = &check(&decision, "usher/kustomize").annotations[0].message;
    assert!(said.contains("since it comes from a fork"), "{said}");
}

#[test]
fn what_a_real_kustomize_cannot_render_is_not_known_either() {
    let failed = |words: &str| Err(NotPrinted::Failed(words.to_owned()));
    let cases = [
        (failed("no @team\u{202e} for it"), "refuses it too: no @team⟨U+202E⟩ for it"),
        (Err(NotPrinted::TookTooLong(20)), "was ended after 20 seconds"),
        (Err(NotPrinted::PrintedTooMuch(16)), "printed more than 16 MB"),
        (Err(NotPrinted::NotRun("no network".to_owned())), "could not be run: no network"),
        (Ok("a: [".into()), "what Kustomize printed cannot be read"),
        (Ok("no object".into()), "what Kustomize printed cannot be read"),
    ];
    for (printed, wanted) in cases {
        let mut hub = charted(printed);
        let pr = promoted(&mut hub, "v1.1.0");
        let decision = evaluate(&mut hub, pr);
        let said = check(&decision, "usher/kustomize");
        assert_eq!(said.conclusion, Some(Conclusion::ActionRequired), "{wanted}");
        let noted = &said.annotations[0];
        assert_eq!(
            (noted.path.as_str(), noted.line),
            ("staging/kustomization.yaml", 1),
            "{wanted}"
        );
        assert!(noted.message.contains(wanted), "{} in {}", wanted, noted.message);
    }
    // What it says may quote a Secret.
    let mut hub = charted(failed("bad value hunter2"));
    hub.write(
        "staging/kustomization.yaml",
        &format!("{CHART}secretGenerator: [{{name: s, literals: [a]}}]\n"),
    );
    let pr = promoted(&mut hub, "v1.1.0");
    let said = format!("{:?}", evaluate(&mut hub, pr));
    assert!(said.contains("may quote a Secret") && !said.contains("hunter2"), "{said}");
}

#[test]
fn it_is_not_given_too_much() {
    let mut hub = charted(Ok(WEB.into()));
    let mut files = hub.branches["main"].1.clone();
    for at in 0..600 {
        files.insert(format!("staging/charts/web/templates/{at}.yaml"), String::new());
    }
    hub.push("main", &account(5, "ada"), "many", files);
    let pr = promoted(&mut hub, "v1.1.0");
    let said = check(&evaluate(&mut hub, pr), "usher/kustomize").annotations[0].message.clone();
    assert!(said.contains("it would need 603 files, and 500 are the most"), "{said}");
    hub.branches.get_mut("main").unwrap().1.retain(|path, _| !path.contains("templates/"));
    hub.write("staging/charts/web/large", &"x".repeat(17 << 20));
    let pr = promoted(&mut hub, "v1.2.0");
    let said = check(&evaluate(&mut hub, pr), "usher/kustomize").annotations[0].message.clone();
    assert!(said.contains("more than 16 MB together"), "{said}");
    assert_eq!(given(&hub), Vec::<Vec<String>>::new());
}
