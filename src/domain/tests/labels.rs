//! Labels that are no approvals of their own: what does instead of a check, and what exempts from a freeze.

use super::states::{RULES, Scene};
use super::*;
use crate::model::act::ActKind;

const MORE: &str = "    gates:
      release: [{check: visual, or: visual-ok}, {check: legal, or: pm-approved}]
      freeze: {windows: ['Fri 16:00 - Mon 08:00 Europe/Berlin'], exempt: {label: hotfix, by: ['@acme/sre']}}
";

fn scene() -> Scene {
    Scene::under(&format!("{RULES}{MORE}"), |_| {})
}

/// What follows from a label that somebody puts on.
fn labelled(scene: &mut Scene, label: &str, by: &Account) -> Vec<ActKind> {
    let pull = scene.hub.pulls.last_mut().unwrap();
    pull.labels = vec![label.to_owned()];
    let head = pull.head.sha.clone();
    let intent = Intent::Label {
        repo: repo(),
        pr: scene.pr,
        label: label.to_owned(),
        on: true,
        by: by.clone(),
        head,
        at: "2026-11-20T11:30:00Z".parse().unwrap(),
    };
    let effects = scene.hub.decide(&intent).effects.into_iter();
    let kinds = effects.filter_map(|effect| match effect {
        Effect::RecordAct(act) => Some(act.kind),
        _ => None,
    });
    kinds.collect()
}

#[test]
fn each_label_is_recorded_for_those_who_may_give_it() {
    let (sam, ada, pat) = (account(8, "sam"), account(5, "ada"), account(7, "pat"));
    for (label, by, recorded) in [
        ("hotfix", &sam, ActKind::Approval),
        ("HotFix", &sam, ActKind::Approval),
        ("hotfix", &ada, ActKind::Refused),
        // Whoever may push, where nobody is named.
        ("visual-ok", &ada, ActKind::Approval),
        // The people of the approval by the same name, where there is one.
        ("pm-approved", &pat, ActKind::Approval),
        ("pm-approved", &sam, ActKind::Refused),
    ] {
        assert_eq!(labelled(&mut scene(), label, by), [recorded], "{label} by {}", by.login);
    }
    let mut reader = scene();
    reader.hub.access.insert("ada".to_owned(), Access::Triage);
    assert_eq!(labelled(&mut reader, "visual-ok", &ada), [ActKind::Refused]);
}

#[test]
fn a_change_that_is_no_promotion_has_the_exemption_alone() {
    let (sam, ada) = (account(8, "sam"), account(5, "ada"));
    let replicas = WEB.replace("spec: {selector", "spec: {replicas: 3, selector");
    let changed = || {
        let mut scene = scene();
        let files = [("prod/web.yaml", replicas.as_str())];
        scene.pr = scene.hub.open("replicas", &ada, "More", &files);
        scene
    };
    assert_eq!(labelled(&mut changed(), "hotfix", &sam), [ActKind::Approval]);
    assert_eq!(labelled(&mut changed(), "visual-ok", &sam), []);
    assert_eq!(
        labelled(&mut changed(), "hotfix", &ada),
        [],
        "it is not taken off, it only does not count"
    );
}
