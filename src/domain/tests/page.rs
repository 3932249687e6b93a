//! What a judged pull request shows: the difference in its check, and the page that has all of it.

use super::super::gates::Outcome;
use super::super::page::{How, Page};
use super::*;

fn page(decision: &Decision) -> &Page {
    let page = decision.effects.iter().find_map(|effect| match effect {
        Effect::RememberPage { page, .. } => Some(page),
        _ => None,
    });
    page.unwrap()
}

fn by_ada(hub: &mut Hub, changes: &[(&str, &str)]) -> PrNumber {
    hub.open("change", &account(5, "ada"), "change", changes)
}

/// A config map of so many lines, each with a word.
fn map(name: &str, lines: usize, word: &str) -> String {
    let data: Vec<String> = (0..lines).map(|at| format!("  k{at}: {word}\n")).collect();
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata:\n{}", data.concat())
}

/// Both overlays have a map of so many lines; a pull request changes every line.
fn large(lines: usize, word: &str) -> (Hub, PrNumber) {
    let mut hub = Hub::new();
    let kustomization = STAGING.replace("[web.yaml]", "[web.yaml, map.yaml]");
    for place in ["staging", "prod"] {
        hub.write(&format!("{place}/kustomization.yaml"), &kustomization);
        hub.write(&format!("{place}/map.yaml"), &map("map", lines, "old"));
    }
    let map = map("map", lines, word);
    let pr = by_ada(&mut hub, &[("staging/map.yaml", &map), ("prod/map.yaml", &map)]);
    (hub, pr)
}

#[test]
fn the_check_shows_what_changes_in_each_environment() {
    let mut hub = Hub::new();
    let text = STAGING.replace("v1.0.0", "v1.1.0");
    let config = "namePrefix: x-\n".to_owned() + STAGING;
    let pr = by_ada(
        &mut hub,
        &[("staging/kustomization.yaml", &text), ("prod/kustomization.yaml", &config)],
    );
    let decision = evaluate(&mut hub, pr);
    let details = &check(&decision, "usher/kustomize").details;
    for part in [
        "<details><summary><b><code>staging</code></b> <code>staging</code>: 1 object changed</summary>",
        "<details><summary><b><code>prod</code></b> <code>prod</code>: 2 objects: 1 added, 1 removed</summary>",
        "```diff\n  Deployment web\n    spec.template.spec.containers[w].image\n-     web:v1.0.0\n+     web:v1.1.0\n```",
    ] {
        assert!(details.text.contains(part), "{part}\n{}", details.text);
    }
    let url = details.url.as_ref().unwrap();
    assert!(url.starts_with("https://usher.test/pull/1/1/"), "{url}");
    assert!(details.text.contains(&format!("({url})")), "{}", details.text);
    assert_eq!(check(&decision, "usher/gates").details.url.as_ref(), Some(url));
    // Twice the same is the same.
    assert_eq!(evaluate(&mut hub, pr), decision);
}

#[test]
fn what_github_has_no_room_for_is_cut_and_the_page_has_it() {
    let (mut hub, pr) = large(5_000, "näw");
    let decision = evaluate(&mut hub, pr);
    let check = check(&decision, "usher/kustomize");
    let text = &check.details.text;
    assert!(check.text.len() + text.len() < 65_535, "{}", text.len());
    assert!(text.len() > 60_000, "the room is used: {}", text.len());
    assert_eq!(text.matches("<details>").count(), 2);
    assert_eq!(text.matches("</details>").count(), 2);
    assert_eq!(text.matches("```").count(), 4);
    assert!(text.contains("more lines: [all of it](https://usher.test/pull/"), "{text}");
    let page = page(&decision);
    assert_eq!(page.overlays.len(), 2);
    for overlay in &page.overlays {
        assert_eq!(overlay.objects[0].how, How::Changed);
        assert!(overlay.objects[0].lines.contains("data.k4999\n-     old\n+     näw"));
    }
    assert_eq!(page.more_objects, 0);
}

#[test]
fn many_images_leave_room_for_what_changes_and_for_the_link() {
    let mut hub = Hub::new();
    let one = |at| WEB.replace("{name: web}", &format!("{{name: web{at}}}"));
    let web = (0..300).map(one).collect::<Vec<_>>().join("---\n");
    let long = format!("v1.0.0\n  newName: {}", "long/".repeat(100));
    let text = STAGING.replace("v1.0.0", &long);
    let mut changes = Vec::new();
    for place in ["staging", "prod"] {
        hub.write(&format!("{place}/web.yaml"), &web);
        changes.push(format!("{place}/kustomization.yaml"));
    }
    let changes: Vec<_> = changes.iter().map(|path| (path.as_str(), text.as_str())).collect();
    let pr = by_ada(&mut hub, &changes);
    let decision = evaluate(&mut hub, pr);
    let check = check(&decision, "usher/kustomize");
    assert!(check.text.contains("… and ") && check.text.len() < 20_000, "{}", check.text);
    let details = &check.details.text;
    assert!(check.text.len() + details.len() < 65_535, "{}", details.len());
    assert!(
        details.matches("<details>").count() == 2 && details.contains("[Everything on one page]")
    );
}

#[test]
fn what_cannot_be_judged_has_a_page_that_says_so() {
    let mut hub = Hub::new();
    let pr = by_ada(&mut hub, &[("README.md", "bye\n")]);
    let intent = Intent::Evaluate { repo: repo(), pr };
    let (now, pages) = ("2026-11-20T12:00:00Z".parse().unwrap(), "https://github.test".into());
    let links = Links::new("https://usher.test", b"key");
    let mut facts = Facts::new(now, pages, Seal::new(b"key"), links);
    let decision = loop {
        match decide(&intent, &facts) {
            Ok(decision) => break decision,
            Err(Gap::Unknown(why)) => panic!("{why}"),
            Err(Gap::Lacks(needs)) => {
                for need in needs {
                    let answer = match need {
                        Need::Comparison { .. } => Err("GitHub says no".to_owned()),
                        _ => hub.answer(&need),
                    };
                    facts.learn(need, answer);
                }
            }
        }
    };
    let page = page(&decision);
    assert_eq!(
        (page.conclusion, &*page.headline),
        (Some(Conclusion::Failure), "It cannot be judged")
    );
    assert!(page.notes[0].contains("`GitHub says no`"), "{:?}", page.notes);
    assert!(check(&decision, "usher/gates").details.url.is_some());
}

#[test]
fn a_page_is_bounded_and_says_so() {
    let (mut hub, pr) = large(2_000, &"ä".repeat(600));
    let decision = evaluate(&mut hub, pr);
    let page = page(&decision);
    let bytes: usize =
        page.overlays.iter().flat_map(|one| &one.objects).map(|one| one.lines.len()).sum();
    assert!(bytes <= 2 << 20, "{bytes}");
    let cut = page.overlays.iter().flat_map(|one| &one.objects).any(|one| one.more_lines > 0);
    assert!(cut && page.more_objects == 0 || page.more_objects == 1, "{}", page.more_objects);
}

#[test]
fn a_page_says_what_stands_in_the_way_and_what_helps() {
    let mut hub = Hub::new();
    let text = STAGING.replace("v1.0.0", "v1.1.0");
    let pr = by_ada(&mut hub, &[("prod/kustomization.yaml", &text)]);
    hub.pulls[0].title = "Ship \u{202e}it".to_owned();
    let decision = evaluate(&mut hub, pr);
    let page = page(&decision);
    assert_eq!(page.conclusion, check(&decision, "usher/gates").conclusion);
    assert_eq!(page.headline, "This promotion cannot be merged as it is.");
    assert_eq!(page.title, "Ship ⟨U+202E⟩it");
    assert_eq!(page.url, "https://github.test/acme/shop/pull/1");
    let order = page.gates.iter().find(|gate| gate.name == "order").unwrap();
    assert_eq!((order.outcome, order.environment.as_deref()), (Outcome::Failed, Some("prod")));
    assert_eq!(order.help.as_deref(), Some("Promote it to `staging` first."));
    let broken = STAGING.replace("web.yaml", "gone.yaml");
    let pr = by_ada(&mut hub, &[("prod/kustomization.yaml", &broken)]);
    let decision = evaluate(&mut hub, pr);
    let page = self::page(&decision);
    assert_eq!(page.overlays[0].tally, "cannot be compared");
    assert!(page.overlays[0].trouble.as_ref().unwrap().contains("gone.yaml"));
    assert!(page.findings[0].url.contains("/acme/shop/blob/"), "{:?}", page.findings);
}

#[test]
fn what_touches_nothing_has_a_page_too() {
    let mut hub = Hub::new();
    let pr = by_ada(&mut hub, &[("README.md", "bye\n")]);
    let decision = evaluate(&mut hub, pr);
    let page = page(&decision);
    assert_eq!(page.headline, "Not a promotion");
    assert!(page.gates.is_empty() && page.overlays.is_empty());
}

#[test]
fn no_rendered_text_and_no_link_is_recorded() {
    let (mut hub, pr) = large(3, "rendered-word");
    let decision = evaluate(&mut hub, pr);
    let recorded = serde_json::to_string(&decision).unwrap();
    assert!(recorded.contains("remember_page") && recorded.contains("usher/kustomize"));
    assert!(!recorded.contains("rendered-word") && !recorded.contains("usher.test"), "{recorded}");
}
