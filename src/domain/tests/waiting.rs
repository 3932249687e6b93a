//! What is waited for: soaks and freezes, and the buttons of the check that says so.

use super::states::Scene;
use super::*;
use crate::domain::promotion::Promised;
use crate::model::act::ActKind;

const RULES: &str = "version: 1
applications:
  - name: shop
    images: [web, 'api-*']
environments:
  - {name: staging, overlay: staging}
  - name: prod
    overlay: prod
    overrides: ['@acme/sre']
    gates: GATES
";

/// A promotion of v1.1.0 to prod under these gates.
fn scene(gates: &str) -> Scene {
    let mut scene = Scene::new();
    scene.rules(&RULES.replace("GATES", gates));
    scene
}

fn head_of_main(hub: &Hub) -> Sha {
    hub.branches["main"].0.sha.clone()
}

fn entry(name: &str, tag: &str) -> Promised {
    Promised {
        target: crate::model::ids::TargetName::new("staging").unwrap(),
        name: name.to_owned(),
        new_name: None,
        new_tag: Some(tag.to_owned()),
        digest: None,
    }
}

/// What was seen to run in staging: web and an entry beside it, so many minutes ago.
fn ran(hub: &Hub, web: &str, ago: i64, other: &str) -> Ran {
    let since = hub.now - jiff::SignedDuration::from_mins(ago);
    let mut entries = vec![entry("web", web)];
    if !other.is_empty() {
        entries.push(entry("api-x", other));
    }
    let last = head_of_main(hub);
    let sha = last.clone();
    Ran { tag: String::new(), entries: Some(entries), sha, since, last, until: hub.now }
}

/// The title of the check, and when it is looked at again.
fn title(scene: &mut Scene) -> (String, Option<Timestamp>) {
    let decision = evaluate(&mut scene.hub, scene.pr);
    let again = decision.effects.iter().find_map(|effect| match effect {
        Effect::LookAgain { at, .. } => Some(*at),
        _ => None,
    });
    (check(&decision, "usher/gates").title.clone(), again)
}

#[test]
fn a_soak_counts_what_ran_whole_without_a_break() {
    const DAY: i64 = 24 * 60;
    type Past<'a> = &'a [(&'a str, i64, &'a str)];
    let table: [(Past<'_>, &str); 9] = [
        // never seen before: it counts from now
        (&[], "Soaking until 2026-11-21 12:00 UTC"),
        (&[("v1.1.0", DAY - 1, "")], "Soaking until 12:01 UTC"),
        (&[("v1.1.0", DAY, "")], "5 gates passed"),
        // another version in between, however long ago it first ran
        (
            &[("v1.1.0", 3 * DAY, ""), ("v1.0.0", 2 * DAY, ""), ("v1.1.0", 60, "")],
            "Soaking until 2026-11-21 11:00 UTC",
        ),
        // one that is not promoted may change beside it
        (&[("v1.1.0", 2 * DAY, "v1"), ("v1.1.0", 60, "v2"), ("v1.1.0", 30, "")], "5 gates passed"),
        // it was not there as a whole
        (
            &[("v1.1.0", 2 * DAY, ""), ("", 90, ""), ("v1.1.0", 60, "")],
            "Soaking until 2026-11-21 11:00 UTC",
        ),
        // replaced by a higher one: only if it had soaked by then
        (&[("v1.1.0", 2 * DAY, ""), ("v1.2.0", 60, "")], "5 gates passed"),
        (
            &[("v1.1.0", DAY, ""), ("v1.2.0", 60, "")],
            "soak failed for prod: replaced in staging before it had soaked",
        ),
        // of several times the last one counts
        (
            &[
                ("v1.1.0", 5 * DAY, ""),
                ("v1.0.0", 3 * DAY, ""),
                ("v1.1.0", 2 * DAY, ""),
                ("v1.2.0", 40 * 60, ""),
            ],
            "soak failed for prod: replaced in staging before it had soaked",
        ),
    ];
    for (past, expected) in table {
        let mut scene = scene("{soak: 24h}");
        let now_runs = past.last().map_or("v1.1.0", |(web, ..)| web);
        scene.write("staging/kustomization.yaml", &STAGING.replace("v1.0.0", now_runs));
        for (at, (web, ago, other)) in past.iter().enumerate() {
            let mut ran = ran(&scene.hub, web, *ago, other);
            if let Some((_, next, _)) = past.get(at + 1) {
                ran.until = scene.hub.now - jiff::SignedDuration::from_mins(*next);
            }
            // order wants to know by the tag
            ran.tag = (*web).to_owned();
            scene.hub.ran.push(ran);
        }
        let (title, again) = title(&mut scene);
        let title = title.replace("6 gates passed", "5 gates passed");
        assert_eq!(title, expected, "{past:?}");
        let waits = title.starts_with("Soaking");
        assert_eq!(again.is_some_and(|at| at > scene.hub.now), waits || title.contains("passed"));
    }
}

#[test]
fn a_soak_ends_at_the_very_instant() {
    let mut scene = scene("{soak: 24h}");
    let ran = ran(&scene.hub, "v1.1.0", 60, "");
    let end = ran.since + jiff::SignedDuration::from_hours(24);
    scene.hub.ran = vec![ran];
    assert_eq!(title(&mut scene).1, Some(end));
    scene.hub.now = end - jiff::SignedDuration::from_millis(1);
    assert!(title(&mut scene).0.starts_with("Soaking"));
    scene.hub.now = end;
    assert!(title(&mut scene).0.ends_with("gates passed"));
}

#[test]
fn another_digest_of_the_same_tag_begins_anew() {
    let mut scene = scene("{soak: 24h}");
    let (mut before, after) =
        (ran(&scene.hub, "v1.1.0", 3_000, ""), ran(&scene.hub, "v1.1.0", 60, ""));
    before.entries.as_mut().unwrap()[0].digest = Some("sha256:1".to_owned());
    scene.hub.ran = vec![before, after];
    assert_eq!(title(&mut scene).0, "Soaking until 2026-11-21 11:00 UTC");
}

#[test]
fn what_landed_unseen_counts_as_a_break_where_it_was_one() {
    let long_ago = |scene: &Scene| ran(&scene.hub, "v1.1.0", 3_000, "");
    // The head moved on by one commit that left staging alone.
    let mut calm = scene("{soak: 24h}");
    calm.hub.ran = vec![long_ago(&calm)];
    calm.write("README.md", "hello again\n");
    assert!(title(&mut calm).0.ends_with("gates passed"));
    // It moved on by another version and back.
    let mut stormy = scene("{soak: 24h}");
    stormy.hub.ran = vec![long_ago(&stormy)];
    let seen = head_of_main(&stormy.hub);
    stormy.write("README.md", "hello again\n");
    let mut files = stormy.hub.branches["main"].1.clone();
    files.insert("staging/kustomization.yaml".to_owned(), STAGING.to_owned());
    stormy.hub.push("between", &account(5, "ada"), "down", files);
    let between = stormy.hub.branches.get_mut("between").unwrap();
    between.0.parents = vec![seen];
    let middle = between.0.clone();
    let main = stormy.hub.branches.get_mut("main").unwrap();
    main.0.parents = vec![middle.sha.clone()];
    let head = main.0.clone();
    stormy.hub.between = Some(Comparison {
        merge_base: head.clone(),
        commits: vec![middle, head],
        total_commits: 2,
    });
    assert_eq!(title(&mut stormy).0, "Soaking until 2026-11-21 12:00 UTC");
    // Nobody can tell what it went through: a push by force, say.
    stormy.hub.between = None;
    assert_eq!(title(&mut stormy).0, "Soaking until 2026-11-21 12:00 UTC");
}

#[test]
fn a_freeze_waits_and_a_verdict_holds_until_the_next_one() {
    // 2026-11-20 is a Friday, and it is noon in UTC.
    for (windows, expected, again) in [
        ("[Fri 12:00 - Mon 08:00 UTC]", "Frozen until Mon 08:00 UTC", "2026-11-23T08:00:00Z"),
        (
            "[Fri 13:00 - Mon 08:00 Europe/Berlin]",
            "Frozen until Mon 08:00 Europe/Berlin",
            "2026-11-23T07:00:00Z",
        ),
        (
            "[{from: 2026-11-01, to: 2026-12-31}]",
            "Frozen until 2027-01-01 00:00 UTC",
            "2027-01-01T00:00:00Z",
        ),
        ("[Fri 12:02 - Mon 08:00 UTC]", "6 gates passed", "2026-11-20T12:02:00Z"),
        // later than the next look at what is green
        ("[Fri 16:00 - Mon 08:00 UTC]", "6 gates passed", "2026-11-20T12:05:00Z"),
    ] {
        let mut scene = scene(&format!("{{freeze: {{windows: {windows}}}}}"));
        let (title, at) = title(&mut scene);
        assert_eq!((title.as_str(), at), (expected, Some(again.parse().unwrap())), "{windows}");
    }
    let mut scene = scene("{freeze: {windows: [Fri 16:00 - Mon 08:00 UTC]}}");
    let decision = evaluate(&mut scene.hub, scene.pr);
    let summary = &check(&decision, "usher/gates").summary;
    assert!(summary.starts_with("Valid until 2026-11-20 16:00 UTC: then `freeze`"), "{summary}");
}

#[test]
fn an_exemption_is_a_recorded_approval_by_who_may_and_for_this_head() {
    const GATES: &str = "{freeze: {windows: [Fri 12:00 - Mon 08:00 UTC], exempt: {label: hotfix, by: ['@acme/sre']}}}";
    let exempt = |by: &Account, change: fn(&mut Scene)| {
        let mut scene = scene(GATES);
        scene.approve("hotfix", by);
        change(&mut scene);
        title(&mut scene).0
    };
    let (sam, ada) = (account(8, "sam"), account(5, "ada"));
    assert!(exempt(&sam, |_| {}).ends_with("gates passed"));
    assert!(exempt(&ada, |_| {}).starts_with("Frozen"), "who may not");
    let label_off: fn(&mut Scene) = |scene| scene.hub.pulls.last_mut().unwrap().labels.clear();
    assert!(exempt(&sam, label_off).starts_with("Frozen"), "the label is off");
    let other_head: fn(&mut Scene) =
        |scene| scene.hub.acts.last_mut().unwrap().said.head = Some(sha("another"));
    assert!(exempt(&sam, other_head).starts_with("Frozen"), "another head");
    let unrecorded: fn(&mut Scene) = |scene| scene.hub.acts.clear();
    assert!(exempt(&sam, unrecorded).starts_with("Frozen"), "nobody knows who gave it");
    let gone: fn(&mut Scene) = |scene| scene.hub.members.retain(|member| member != "sre sam");
    assert!(exempt(&sam, gone).starts_with("Frozen"), "not a member any more");
}

fn press(scene: &mut Scene, button: &str, by: &Account, head: &Sha) -> Decision {
    scene.hub.decide(&Intent::Press {
        repo: repo(),
        button: button.to_owned(),
        head: head.clone(),
        by: by.clone(),
        shown: "2026-11-20T11:00:00Z".to_owned(),
    })
}

fn recorded(decision: &Decision) -> Vec<(ActKind, &str)> {
    let act = |effect: &'_ Effect| match effect {
        Effect::RecordAct(act) => Some(act.clone()),
        _ => None,
    };
    let acts: Vec<_> = decision.effects.iter().filter_map(act).collect();
    let words = ["qa-approved", "pm-approved"];
    let word = |subject: &str| words.into_iter().find(|word| *word == subject).unwrap_or("?");
    acts.iter().map(|act| (act.kind, word(&act.subject))).collect()
}

fn replies(decision: &Decision) -> String {
    let text = |effect: &Effect| match effect {
        Effect::Reply { body, .. } => Some(body.clone()),
        _ => None,
    };
    decision.effects.iter().filter_map(text).collect()
}

#[test]
fn a_press_is_worth_what_its_command_is() {
    let mut scene = Scene::new();
    let head = scene.hub.pulls.last().unwrap().head.sha.clone();
    let (quinn, pat, ada) = (account(6, "quinn"), account(7, "pat"), account(5, "ada"));
    let given = press(&mut scene, "approve", &quinn, &head);
    assert_eq!(recorded(&given), [(ActKind::Approval, "qa-approved")]);
    assert!(replies(&given).is_empty());
    let bound = given.effects.iter().any(
        |effect| matches!(effect, Effect::RecordAct(act) if act.head.as_ref() == Some(&head) && act.by.id == quinn.id),
    );
    assert!(bound, "{given:?}");
    // The same press has the same cause, whatever delivery brings it.
    assert_eq!(press(&mut scene, "approve", &quinn, &head), given);
    // Another head, a bot, somebody else, and who has a hand in it: nothing.
    assert!(press(&mut scene, "approve", &quinn, &sha("before")).effects.is_empty());
    let bot = account(12, "friend[bot]");
    scene.hub.members.push("qa friend[bot]".to_owned());
    assert!(press(&mut scene, "approve", &bot, &head).effects.is_empty());
    let refused = press(&mut scene, "approve", &ada, &head);
    assert!(recorded(&refused).is_empty());
    assert!(replies(&refused).contains("You may not do that here. It takes `@acme/qa` or `pat`"));
    scene.hub.releases[0].author = Some(pat.clone());
    let refused = press(&mut scene, "approve", &pat, &head);
    assert!(recorded(&refused).is_empty());
    assert!(replies(&refused).contains("you published the release"), "{}", replies(&refused));
}

#[test]
fn a_press_to_override_records_nothing_and_says_how() {
    let mut scene = Scene::new();
    let head = scene.hub.pulls.last().unwrap().head.sha.clone();
    let told = press(&mut scene, "override", &account(8, "sam"), &head);
    assert!(recorded(&told).is_empty());
    assert!(replies(&told).contains("/override approvals REASON"), "{}", replies(&told));
    let refused = press(&mut scene, "override", &account(6, "quinn"), &head);
    assert!(replies(&refused).contains("You may not do that here"), "{}", replies(&refused));
    let again = press(&mut scene, "again", &account(6, "quinn"), &head);
    assert_eq!(again.effects, [Effect::Enqueue(Intent::Evaluate { repo: repo(), pr: scene.pr })]);
}
