//! Guards one by one, where elsewhere a second one would catch what the first lets through.

use super::states::Scene;
use super::*;
use crate::intent::Half;
use crate::model::act::ActKind;

/// A label that somebody puts on the promotion while it has some head.
fn labelled(scene: &mut Scene, by: &Account, head: &Sha) -> Decision {
    let pull = scene.hub.pulls.last_mut().unwrap();
    pull.labels = vec!["qa-approved".to_owned()];
    scene.hub.decide(&Intent::Label {
        repo: repo(),
        pr: scene.pr,
        label: "qa-approved".to_owned(),
        on: true,
        by: by.clone(),
        head: head.clone(),
        at: "2026-11-20T11:30:00Z".parse().unwrap(),
    })
}

fn records(decision: &Decision, kind: ActKind) -> bool {
    let is = |effect: &Effect| matches!(effect, Effect::RecordAct(act) if act.kind == kind);
    decision.effects.iter().any(is)
}

fn head(scene: &Scene) -> Sha {
    scene.hub.pulls.last().unwrap().head.sha.clone()
}

#[test]
fn a_label_is_recorded_for_who_may_give_it_and_for_no_bot() {
    let mut scene = Scene::new();
    let now = head(&scene);
    let given = labelled(&mut scene, &account(6, "quinn"), &now);
    assert!(records(&given, ActKind::Approval), "{given:?}");
    let stranger = labelled(&mut scene, &account(5, "ada"), &now);
    assert!(!records(&stranger, ActKind::Approval) && records(&stranger, ActKind::Refused));
    scene.hub.members.push("qa friend[bot]".to_owned());
    let bot = labelled(&mut scene, &account(9, "friend[bot]"), &now);
    assert!(!records(&bot, ActKind::Approval), "{bot:?}");
}

#[test]
fn a_label_that_was_put_on_another_head_is_not_recorded() {
    let mut scene = Scene::new();
    let before = labelled(&mut scene, &account(6, "quinn"), &sha("another"));
    assert!(!records(&before, ActKind::Approval), "{before:?}");
}

#[test]
fn a_command_in_the_second_of_a_push_is_for_neither_head() {
    let at = |second: u32| format!("2026-11-20T11:30:{second:02}Z").parse::<Timestamp>().unwrap();
    for (before, said, counts) in [
        (Some(at(0)), at(29), false),
        (Some(at(0)), at(30), false),
        (Some(at(30)), at(30), false),
        (Some(at(0)), at(31), true),
        // There was no other that could have been looked at.
        (None, at(30), true),
    ] {
        let mut scene = Scene::new();
        let now = head(&scene);
        scene.hub.heads = before.map(|at| (sha("another"), at)).into_iter().collect();
        scene.hub.heads.push((now, at(30)));
        let command = Command::Approve { label: "qa-approved".to_owned() };
        let (quinn, thread) = (account(6, "quinn"), Some(scene.pr));
        let intent = scene.hub.comment(CommentId(1), &quinn, thread, (command, said));
        let decision = scene.hub.decide(&intent);
        let given = records(&decision, ActKind::Approval);
        assert_eq!(given, counts, "{before:?}, said at {said}: {decision:?}");
    }
}

#[test]
fn a_stop_reddens_also_what_is_about_to_be_planned_anew() {
    let mut scene = Scene::new();
    let parted = scene.hub.branches["main"].clone();
    scene.hub.branches.insert("before".to_owned(), parted.clone());
    scene.hub.write("prod/kustomization.yaml", &STAGING.replace("'7'", "'8'"));
    scene.hub.parted = Some(parted.0);
    let planned = evaluate(&mut scene.hub, scene.pr);
    assert_eq!(planned.verdict, Verdict::Accepted, "{planned:?}");
    let (environment, reason) = ("prod".to_owned(), "the fair".to_owned());
    let command = Command::Lock { environment, reason, seconds: None };
    let written = "2026-11-20T11:30:00Z".parse().unwrap();
    let intent = scene.hub.comment(CommentId(1), &account(8, "sam"), None, (command, written));
    let Intent::Command { repo, remark, answers, .. } = intent else { panic!() };
    let half = Some(Half::Done);
    let decision = scene.hub.decide(&Intent::Command { repo, remark, answers, half });
    assert_eq!(check(&decision, "usher/gates").head, head(&scene), "{decision:?}");
}

#[test]
fn an_approval_whose_label_is_off_does_not_count() {
    let mut scene = Scene::new();
    scene.act(ActKind::Approval, "qa-approved", &account(6, "quinn"));
    scene.approve("pm-approved", &account(7, "pat"));
    let read = scene.reads();
    assert!(read.contains("`qa-approved` is missing"), "{read}");
}

#[test]
fn an_act_of_a_bot_is_no_approval() {
    let mut scene = Scene::new();
    scene.hub.members.push("qa friend[bot]".to_owned());
    scene.approve("qa-approved", &account(9, "friend[bot]"));
    scene.approve("pm-approved", &account(7, "pat"));
    let read = scene.reads();
    assert!(read.contains("`qa-approved` by `friend[bot]` counts no more"), "{read}");
}

#[test]
fn a_new_head_ends_what_was_given_for_the_one_before() {
    let mut scene = Scene::new();
    scene.approve("qa-approved", &account(6, "quinn"));
    let pull = scene.hub.pulls.last().unwrap();
    let branch = pull.head.branch.clone();
    let files = scene.hub.branches[&branch].1.clone();
    let head = scene.hub.push(&branch, &account(5, "ada"), "Sneak in", files);
    let decision = scene.hub.decide(&Intent::Push {
        repo: repo(),
        pr: scene.pr,
        head,
        before: None,
        at: "2026-11-20T11:30:00Z".parse().unwrap(),
    });
    let ends = |effect: &Effect| matches!(effect, Effect::EndActs { ids, .. } if *ids == [1]);
    assert!(decision.effects.iter().any(ends), "{decision:?}");
}

#[test]
fn a_pull_request_of_somebody_else_is_not_ours_whatever_its_branch_holds() {
    let mut scene = Scene::new();
    scene.hub.pulls.last_mut().unwrap().author = account(5, "ada");
    let decision = evaluate(&mut scene.hub, scene.pr);
    let comments = |effect: &Effect| matches!(effect, Effect::EnsureComment { .. });
    assert!(!decision.effects.iter().any(comments), "{decision:?}");
}

#[test]
fn nobody_overrides_the_scope_of_what_usher_did_not_make() {
    let mut scene = Scene::new();
    let bumped = STAGING.replace("v1.0.0", "v1.1.0").replace("- name: other", "- name: stranger");
    let changes = [("prod/kustomization.yaml", bumped.as_str()), ("prod/web.yaml", "{}\n")];
    scene.pr = scene.hub.open("by-hand", &account(5, "ada"), "Bump", &changes);
    scene.act(ActKind::Override, "scope", &account(8, "sam")).environment =
        Some(EnvName::new("prod").unwrap());
    let decision = evaluate(&mut scene.hub, scene.pr);
    let gates = check(&decision, "usher/gates");
    assert!(gates.summary.contains("| ❌ | `scope` |"), "{}", gates.summary);
}
