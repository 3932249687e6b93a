//! What is recorded, and when it is the same.

use super::*;
use crate::model::evidence::{Judged, Merged, NewEvidence, Once, Verdict, What};

/// What a decision records.
fn recorded(decision: &Decision) -> Vec<&NewEvidence> {
    let new = |effect: &'_ Effect| matches!(effect, Effect::RecordEvidence { .. });
    let effects = decision.effects.iter().filter(|effect| new(effect));
    effects
        .filter_map(|effect| match effect {
            Effect::RecordEvidence { new, .. } => new.as_deref(),
            _ => None,
        })
        .collect()
}

fn judged(decision: &Decision) -> (String, Judged) {
    let of = |new: &&NewEvidence| match &new.what {
        What::Judged(judged) => Some((new.cause.clone(), (**judged).clone())),
        _ => None,
    };
    recorded(decision).iter().find_map(of).unwrap()
}

#[test]
fn a_verdict_tells_its_gates_and_is_recorded_before_it_is_told() {
    let mut hub = Hub::new();
    let pr = promoted(&mut hub, "v1.1.0");
    let decision = evaluate(&mut hub, pr);
    let (_, told) = judged(&decision);
    assert_eq!(told.verdict, Verdict::Passed);
    assert_eq!(told.head, hub.pulls[0].head.sha);
    assert_eq!(told.base.as_ref(), Some(&hub.branches["main"].0.sha));
    assert_eq!(told.policy, Some(sha(POLICY)));
    let gates: Vec<_> =
        told.gates.iter().map(|one| (one.gate.as_str(), one.outcome.as_str())).collect();
    assert!(
        gates.contains(&("order", "passed")) && gates.contains(&("scope", "passed")),
        "{gates:?}"
    );
    let change = &told.changes[0];
    assert_eq!(
        (change.from.as_deref(), change.to.as_deref()),
        (Some("web:v1.0.0"), Some("web:v1.1.0"))
    );
    let at = |wanted: fn(&Effect) -> bool| decision.effects.iter().position(wanted).unwrap();
    assert!(
        at(|effect| matches!(effect, Effect::RecordEvidence { .. }))
            < at(|effect| matches!(effect, Effect::EnsureCheck(_)))
    );
    let json = serde_json::to_string(&decision).unwrap();
    assert!(json.contains("record_evidence") && !json.contains(&told.facts), "{json}");
}

#[test]
fn it_is_another_verdict_only_if_something_in_it_is_another() {
    let mut hub = Hub::new();
    let pr = promoted(&mut hub, "v1.1.0");
    let (first, one) = judged(&evaluate(&mut hub, pr));
    let (again, same) = judged(&evaluate(&mut hub, pr));
    assert_eq!((&first, &one), (&again, &same), "the same facts have the same digest");
    let files = hub.branches["main"].1.clone();
    hub.push("main", &account(5, "ada"), "a push elsewhere", files);
    let (moved, other) = judged(&evaluate(&mut hub, pr));
    assert_eq!(first, moved);
    assert_ne!(one.facts, other.facts);
    hub.write(
        ".github/usher.yml",
        &POLICY
            .replace("promote: automatic}\n  - {name: prod", "promote: manual}\n  - {name: prod"),
    );
    assert_ne!(judged(&evaluate(&mut hub, pr)).0, first, "by other rules");
}

#[test]
fn what_no_rules_are_about_leaves_nothing_on_record() {
    let mut hub = Hub::new();
    let words = hub.open("words", &account(5, "ada"), "words", &[("README.md", "more\n")]);
    assert_eq!(judged(&evaluate(&mut hub, words)).1.verdict, Verdict::NoPromotion);
    hub.pulls[0].base.branch = "elsewhere".to_owned();
    let decision = evaluate(&mut hub, words);
    assert!(recorded(&decision).is_empty(), "{decision:?}");
}

/// How the merge of a pull request by hand is concluded.
fn concluded(hub: &mut Hub, pr: PrNumber) -> (Option<Merged>, bool) {
    let pull = &mut hub.pulls[0];
    (pull.open, pull.merged, pull.landed) = (false, true, Some(pull.head.sha.clone()));
    pull.merged_by = Some(account(6, "sam"));
    let decision = hub.decide(&Intent::Conclude { repo: repo(), pr });
    let merged = recorded(&decision).iter().find_map(|new| match &new.what {
        What::Merged(merged) => Some((**merged).clone()),
        _ => None,
    });
    let told = decision.effects.iter().any(|effect| {
        matches!(effect, Effect::EnsureComment { body, .. } if body.contains("**Merged without passed gates** by `sam`"))
    });
    (merged, told)
}

/// A hand-made promotion, and its verdict.
fn by_hand(hub: &mut Hub) -> (PrNumber, Judged) {
    let text = STAGING.replace("v1.0.0", "v1.1.0");
    let changes = [("staging/kustomization.yaml", text.as_str())];
    let pr = hub.open("hand", &account(5, "ada"), "hand", &changes);
    let (_, judged) = judged(&evaluate(hub, pr));
    assert_eq!(judged.verdict, Verdict::Passed);
    (pr, judged)
}

#[test]
fn a_merge_of_what_had_passed_is_only_recorded() {
    let mut hub = Hub::new();
    let (pr, judged) = by_hand(&mut hub);
    hub.judged = Some(judged);
    let (merged, told) = concluded(&mut hub, pr);
    let merged = merged.unwrap();
    assert!(merged.passed && !told && merged.shut.is_empty());
    assert_eq!(merged.by.unwrap().login.as_str(), "sam");
}

#[test]
fn a_verdict_on_another_head_passes_nothing() {
    let mut hub = Hub::new();
    let (pr, judged) = by_hand(&mut hub);
    hub.judged = Some(Judged { head: sha("another"), ..judged });
    let (merged, told) = concluded(&mut hub, pr);
    let merged = merged.unwrap();
    assert!(!merged.passed && merged.verdict.is_none() && told);
}

#[test]
fn a_merge_that_nobody_judged_is_told_if_it_changes_an_environment() {
    let mut hub = Hub::new();
    let (pr, _) = by_hand(&mut hub);
    assert!(concluded(&mut hub, pr).1);
    let mut hub = Hub::new();
    let words = hub.open("words", &account(5, "ada"), "words", &[("README.md", "more\n")]);
    assert_eq!(concluded(&mut hub, words), (None, false));
}

#[test]
fn where_nothing_is_enforced_it_is_recorded_and_not_told() {
    let mut hub = Hub::new();
    let (pr, judged) = by_hand(&mut hub);
    hub.judged = Some(Judged { verdict: Verdict::Blocked, binds: false, ..judged });
    let (merged, told) = concluded(&mut hub, pr);
    assert!(!merged.unwrap().passed && !told);
}

#[test]
fn what_goes_and_comes_back_is_recorded_each_time() {
    let mut hub = Hub::new();
    let (pr, _) = by_hand(&mut hub);
    let decision = evaluate(&mut hub, pr);
    let all = recorded(&decision);
    assert!(!all.is_empty() && all.iter().all(|new| new.once == Once::InARow), "{all:?}");
}

#[test]
fn the_branch_goes_last_since_rules_may_keep_it() {
    let mut hub = Hub::new();
    let pr = promoted(&mut hub, "v1.1.0");
    hub.judged = Some(passed(&hub, pr));
    let pull = &mut hub.pulls[0];
    (pull.open, pull.merged, pull.landed) = (false, true, Some(pull.head.sha.clone()));
    let effects = hub.decide(&Intent::Conclude { repo: repo(), pr }).effects;
    assert!(effects.len() > 3 && matches!(effects.last(), Some(Effect::DeleteBranch { .. })));
}

#[test]
fn the_end_that_was_never_told_is_found() {
    let mut hub = Hub::new();
    let pr = promoted(&mut hub, "v1.1.0");
    hub.unended = vec![pr];
    let concluded = |hub: &mut Hub, reach: Reach| {
        let effects = hub.decide(&Intent::Follow { repo: repo(), reach }).effects;
        effects.contains(&Effect::Enqueue(Intent::Conclude { repo: repo(), pr }))
    };
    assert!(!concluded(&mut hub, Reach::Everything), "it stands open");
    hub.pulls[0].open = false;
    assert!(concluded(&mut hub, Reach::Everything));
    hub.unended.clear();
    assert!(!concluded(&mut hub, Reach::Everything), "its end is on record");
}
