//! How pull requests are judged, ours and those of others.

use super::*;
use crate::domain::classify::moves;
use crate::domain::overlay::{Carried, Overlays};
use crate::kustomize::images::entries;
use crate::model::ids::TargetName;

#[test]
fn our_promotion_passes_and_is_not_opened_twice() {
    let mut hub = Hub::new();
    let pr = promoted(&mut hub, "v1.1.0");
    let decision = evaluate(&mut hub, pr);
    assert_eq!(
        check(&decision, "usher/gates").conclusion,
        Some(Conclusion::Success),
        "{decision:?}"
    );
    let again = hub.decide(&released("v1.1.0"));
    assert_eq!(codes(&again)[0], "promote.stands");
    let judged = Effect::Enqueue(Intent::Evaluate { repo: repo(), pr });
    assert!(again.effects.contains(&judged), "it may have been withdrawn: {again:?}");
    hub.pulls[0].open = false;
    assert_eq!(codes(&hub.decide(&released("v1.1.0")))[0], "promote.once", "closed is closed");
}

#[test]
fn a_newer_promotion_closes_the_older_one_and_never_the_other_way() {
    let mut hub = Hub::new();
    let older = promoted(&mut hub, "v1.1.0");
    let newer = promoted(&mut hub, "v1.2.0");
    let closes = |decision: &Decision| -> Vec<PrNumber> {
        let closed = |effect: &Effect| {
            if let Effect::ClosePull { pr } = effect { Some(*pr) } else { None }
        };
        decision.effects.iter().filter_map(closed).collect()
    };
    assert_eq!(closes(&evaluate(&mut hub, newer)), [older]);
    assert_eq!(closes(&evaluate(&mut hub, older)), []);
    // One that only looks like ours is left alone.
    hub.pulls[0].author = account(5, "ada");
    assert_eq!(closes(&evaluate(&mut hub, newer)), []);
}

#[test]
fn what_is_not_ours_is_never_taken_for_ours() {
    let mut hub = Hub::new();
    let pr = promoted(&mut hub, "v1.1.0");
    let (branch, message) = {
        let pull = &hub.pulls[0];
        (pull.head.branch.clone(), hub.branches[&pull.head.branch].0.message.clone())
    };
    assert!(Promotion::from_message(&message, &sealer()).is_some());
    let text = STAGING.replace("v1.0.0", "v1.1.0");
    // A person who copies branch, message and text has a promotion by hand: no status comment of ours.
    let copy = hub.open(
        &format!("{branch}-x"),
        &account(5, "ada"),
        &message,
        &[("staging/kustomization.yaml", &text)],
    );
    let decision = evaluate(&mut hub, copy);
    assert!(!decision.effects.iter().any(|effect| matches!(effect, Effect::EnsureComment { .. })));
    // A commit by somebody else on our branch fails `scope`, though it changes the same bytes.
    hub.branches.get_mut(&branch).unwrap().0.author = Some(account(5, "ada"));
    let decision = evaluate(&mut hub, pr);
    assert_ne!(check(&decision, "usher/gates").conclusion, Some(Conclusion::Success));
    // So does one that a person signed, naming us as its author.
    let forged = &mut hub.branches.get_mut(&branch).unwrap().0;
    forged.author = Some(account(77, "usher[bot]"));
    forged.committer = Some(account(5, "ada"));
    assert!(forged.verified);
    let decision = evaluate(&mut hub, pr);
    assert_ne!(check(&decision, "usher/gates").conclusion, Some(Conclusion::Success));
    hub.branches.get_mut(&branch).unwrap().0.committer = Some(account(19_864_447, "web-flow"));
    let decision = evaluate(&mut hub, pr);
    assert_eq!(check(&decision, "usher/gates").conclusion, Some(Conclusion::Success));
    // So does one that claims to be ours and is not signed.
    let commit = &mut hub.branches.get_mut(&branch).unwrap().0;
    commit.author = Some(account(77, "usher[bot]"));
    commit.verified = false;
    assert_ne!(check(&evaluate(&mut hub, pr), "usher/gates").conclusion, Some(Conclusion::Success));
}

/// A name, files that change, and what the check `usher/gates` concludes and is titled.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], Conclusion, &'a str);

fn judged(cases: &[Case<'_>]) {
    for (name, changes, conclusion, title) in cases {
        let mut hub = Hub::new();
        let pr = hub.open("feature", &account(5, "ada"), "change", changes);
        let decision = evaluate(&mut hub, pr);
        let gates = check(&decision, "usher/gates");
        // What leads; how much more there is stands behind it.
        let leads = gates.title.split(" · ").next().unwrap_or_default();
        assert_eq!(
            (gates.conclusion, leads),
            (Some(*conclusion), *title),
            "{name}: {}",
            gates.summary
        );
        check(&decision, "usher/kustomize");
    }
}

#[test]
fn each_pull_request_is_judged_by_what_it_changes() {
    let bumped = STAGING.replace("v1.0.0", "v1.1.0");
    let both = format!("namePrefix: x-\n{bumped}");
    let other = STAGING.replace("'7'", "'8'");
    let remote = format!("components: [\"https://example.com/x\"]\n{STAGING}");
    judged(&[
        ("docs", &[("README.md", "words")], Conclusion::Success, "Not a promotion"),
        (
            "staging by hand",
            &[("staging/kustomization.yaml", &bumped)],
            Conclusion::Success,
            "5 gates passed",
        ),
        (
            "another image",
            &[("staging/kustomization.yaml", &other)],
            Conclusion::Success,
            "Configuration change, no promotion: valid",
        ),
        (
            "both",
            &[("staging/kustomization.yaml", &both)],
            Conclusion::Failure,
            "scope failed for staging",
        ),
        (
            "in the base, under an entry",
            &[("staging/web.yaml", &WEB.replace("image: web", "image: 'web:v9'"))],
            Conclusion::Success,
            "Not a promotion",
        ),
        (
            "in the base",
            &[("staging/web.yaml", &WEB.replace("name: web", "name: site"))],
            Conclusion::Success,
            "Configuration change, no promotion: valid",
        ),
        (
            "what cannot be seen",
            &[("staging/kustomization.yaml", &remote)],
            Conclusion::Failure,
            "scope failed for staging",
        ),
        (
            "past the entry",
            &[("staging/web.yaml", &WEB.replace("image: web", "image: elsewhere"))],
            Conclusion::Failure,
            "kustomize failed for staging",
        ),
        (
            "prod first",
            &[("prod/kustomization.yaml", &bumped)],
            Conclusion::Failure,
            "order failed for prod: v1.1.0 does not run in staging",
        ),
        (
            "both environments",
            &[("staging/kustomization.yaml", &bumped), ("prod/kustomization.yaml", &bumped)],
            Conclusion::Failure,
            "order failed for prod: v1.1.0 does not run in staging",
        ),
        (
            "broken",
            &[("staging/kustomization.yaml", "images: [")],
            Conclusion::Failure,
            "kustomize failed for staging",
        ),
    ]);
}

#[test]
fn a_change_of_the_rules_is_judged_as_one() {
    judged(&[
        (
            "the rules",
            &[(".github/usher.yml", &POLICY.replace("web", "w*"))],
            Conclusion::ActionRequired,
            "Changes the rules: needs admin",
        ),
        (
            "bad rules",
            &[(".github/usher.yml", "version: 1")],
            Conclusion::Failure,
            "config failed: the configuration has 2 mistakes",
        ),
    ]);
}

#[test]
fn a_version_that_ran_before_and_was_replaced_may_go_on() {
    let mut hub = Hub::new();
    hub.write("staging/kustomization.yaml", &STAGING.replace("v1.0.0", "v1.2.0"));
    let bumped = STAGING.replace("v1.0.0", "v1.1.0");
    let pr =
        hub.open("by-hand", &account(5, "ada"), "change", &[("prod/kustomization.yaml", &bumped)]);
    assert_eq!(check(&evaluate(&mut hub, pr), "usher/gates").conclusion, Some(Conclusion::Failure));
    hub.ran = vec![ran("v1.0.0", "main"), ran("v1.1.0", "main")];
    assert_eq!(check(&evaluate(&mut hub, pr), "usher/gates").conclusion, Some(Conclusion::Success));
}

#[test]
fn gates_that_cannot_be_judged_stay_shut() {
    let mut hub = Hub::new();
    let policy = POLICY.replace(
        "overlay: staging,",
        "overlay: staging, approvals: [{label: ok, by: [pat]}], reviews: 1,",
    );
    hub.write(".github/usher.yml", &policy);
    let pr = promoted(&mut hub, "v1.1.0");
    let decision = evaluate(&mut hub, pr);
    let gates = check(&decision, "usher/gates");
    assert_eq!(gates.conclusion, Some(Conclusion::ActionRequired), "{}", gates.summary);
    assert!(
        gates.summary.contains("`approvals`") && gates.summary.contains("`reviews`"),
        "{}",
        gates.summary
    );
}

#[test]
fn an_image_that_moves_without_its_entry_is_a_promotion_too() {
    let mut hub = Hub::new();
    // Without a tag of its own the overlay runs what the base says.
    hub.write(
        "staging/kustomization.yaml",
        "resources: [web.yaml]\nimages:\n- name: web\n  newName: r.io/web\n",
    );
    let tagged = WEB.replace("image: web", "image: 'web:v9'");
    let pr = hub.open("sly", &account(5, "ada"), "change", &[("staging/web.yaml", &tagged)]);
    let decision = evaluate(&mut hub, pr);
    let gates = check(&decision, "usher/gates");
    assert_eq!(gates.conclusion, Some(Conclusion::Failure), "{}", gates.summary);
    assert!(
        gates.summary.contains("`Deployment web` would run `r.io/web:v9`"),
        "{}",
        gates.summary
    );
}

#[test]
fn an_entry_that_takes_over_from_a_promoted_one_is_no_change_of_configuration() {
    let renamed = STAGING.replace("  newTag: v1.0.0", "  newName: r.io/web\n  newTag: v1.0.0");
    for (name, before, more) in [
        ("the same name again", STAGING, "- name: web\n  newTag: v9\n"),
        ("a pattern", STAGING, "- name: w.b\n  newTag: v9\n"),
        ("another pattern", STAGING, "- name: 'we[b]'\n  newTag: v9\n"),
        ("the name that it is given", &renamed, "- name: r.io/web\n  newTag: v9\n"),
        ("a digest", STAGING, &format!("- name: 'we.'\n  digest: sha256:{}\n", "a".repeat(64))),
    ] {
        for first in [false, true] {
            let after = if first {
                before.replace("images:\n", &format!("images:\n{more}"))
            } else {
                format!("{before}{more}")
            };
            let mut hub = Hub::new();
            hub.write("staging/kustomization.yaml", before);
            let files = [("staging/kustomization.yaml", after.as_str())];
            let pr = hub.open("sly", &account(5, "ada"), "change", &files);
            let decision = evaluate(&mut hub, pr);
            let gates = check(&decision, "usher/gates");
            let moves = check(&decision, "usher/kustomize").text.contains("| `Deployment web` |");
            let promotion = gates.title.contains("scope failed for staging");
            assert!(
                promotion || !moves,
                "{name}, first {first}: {} {}",
                gates.title,
                gates.summary
            );
            assert!(moves || first, "{name}");
        }
    }
}

#[test]
fn a_name_that_stands_twice_is_compared_one_by_one() {
    let overlays = |tags: [&str; 2]| {
        let entry = |tag| format!("- name: web\n  newTag: {tag}\n");
        let text = format!("images:\n{}", tags.map(entry).concat());
        let (target, file) = (TargetName::new("prod").unwrap(), "prod/kustomization.yaml");
        let carried = entries(text.as_bytes()).unwrap().into_iter();
        let carried = carried.map(|entry| {
            let (target, file) = (target.clone(), file.to_owned());
            Carried { target, file, entry }
        });
        Overlays { carried: carried.collect(), files: Vec::new() }
    };
    let tag = |carried: &Option<Carried>| carried.as_ref()?.entry.new_tag.clone();
    for (before, after, expected) in [
        (["v1", "v1"], ["v1", "v1"], vec![]),
        (["v1", "v1"], ["v1", "v9"], vec![("v1", "v9")]),
        (["v1", "v2"], ["v2", "v1"], vec![("v1", "v2"), ("v2", "v1")]),
    ] {
        let moved = moves(&overlays(before), &overlays(after));
        let moved: Vec<_> = moved.iter().map(|one| (tag(&one.from), tag(&one.to))).collect();
        let some = |tag: &str| Some(tag.to_owned());
        let expected: Vec<_> = expected.iter().map(|(from, to)| (some(from), some(to))).collect();
        assert_eq!(moved, expected, "{before:?} → {after:?}");
    }
}

#[test]
fn the_containers_that_get_another_image_are_listed() {
    let mut hub = Hub::new();
    let pr = promoted(&mut hub, "v1.1.0");
    let decision = evaluate(&mut hub, pr);
    let text = &check(&decision, "usher/kustomize").text;
    assert!(text.contains("| `Deployment web` | `web:v1.0.0` | `web:v1.1.0` |"), "{text}");
}

#[test]
fn a_green_verdict_on_another_branch_does_not_cover_a_red_one() {
    let mut hub = Hub::new();
    let bumped = STAGING.replace("v1.0.0", "v1.1.0");
    let red =
        hub.open("sly", &account(5, "ada"), "change", &[("prod/kustomization.yaml", &bumped)]);
    // The same commit, once more, to a branch that no environment follows.
    let mut copy = hub.pulls[0].clone();
    copy.number = PrNumber(2);
    copy.base.branch = "side".to_owned();
    hub.pulls.push(copy);
    let decision = evaluate(&mut hub, PrNumber(2));
    let next = Effect::Enqueue(Intent::Evaluate { repo: repo(), pr: red });
    assert_eq!(decision.effects, [next], "the red verdict is the one that is posted");
    // Nor can it turn green on the side, and be pointed at the default branch afterwards.
    hub.pulls[0].open = false;
    let decision = evaluate(&mut hub, PrNumber(2));
    let gates = check(&decision, "usher/gates");
    assert_eq!(gates.conclusion, Some(Conclusion::Failure));
    assert!(gates.summary.contains("goes elsewhere"), "{}", gates.summary);
    let words = hub.open("words", &account(5, "ada"), "change", &[("README.md", "words")]);
    hub.pulls[2].base.branch = "side".to_owned();
    let decision = evaluate(&mut hub, words);
    assert_eq!(check(&decision, "usher/gates").conclusion, Some(Conclusion::Success));
}
