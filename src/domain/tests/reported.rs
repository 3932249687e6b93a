//! Gates that rest on what is reported: on the head, on the release's commit, on what brought the version to the
//! environment before.

use super::states::Scene;
use super::*;
use crate::intent::Basis;
use crate::model::act::ActKind;
use crate::model::ids::{AppName, CheckRunId, EnvName};
use crate::model::read::CheckRun;
use crate::model::report::{CommitStatus, DeployState, StatusState};

const RULES: &str = "version: 1
applications:
  - name: shop
    images: [web, 'api-*']
environments:
  - {name: staging, overlay: staging, owners: {verification: '@acme/qa'}}
  - name: prod
    overlay: prod
    overrides: ['@acme/sre']
    gates: GATES
";

fn at(text: &str) -> Timestamp {
    format!("2026-11-20T{text}:00Z").parse().unwrap()
}

/// A promotion of v1.1.0 from staging to prod, where these gates stand.
fn scene(gates: &str) -> Scene {
    let mut scene = Scene::new();
    let pull = scene.hub.pulls[0].clone();
    let rules = RULES.replace("GATES", gates);
    // The rules are on both sides, so that the pull request leaves them alone.
    for (branch, (commit, files)) in &mut scene.hub.branches {
        files.insert(".github/usher.yml".to_owned(), rules.clone());
        commit.tree = sha(&format!("{branch}{files:?}"));
    }
    scene.hub.members.push("qa quinn".to_owned());
    assert_eq!(pull.head.sha, scene.hub.pulls[0].head.sha);
    scene
}

fn head(scene: &Scene) -> Sha {
    scene.hub.pulls[0].head.sha.clone()
}

fn run(id: u64, name: &str, conclusion: Option<Conclusion>) -> CheckRun {
    CheckRun {
        id: CheckRunId(id),
        name: name.to_owned(),
        app: Some(AppId(8)),
        slug: Some("ci".to_owned()),
        conclusion,
        external_id: None,
        title: None,
        summary: None,
        text: None,
        started: Some(at("11:00")),
        url: None,
    }
}

fn reports(runs: Vec<CheckRun>) -> Known<Reports> {
    Ok(Reports::new(runs, Vec::new(), true))
}

fn green(name: &str) -> Known<Reports> {
    reports(vec![run(1, name, Some(Conclusion::Success))])
}

/// Outcome and sentence of a gate; none where it is not there.
fn gate(scene: &mut Scene, name: &str) -> Option<(String, String)> {
    let pr = scene.pr;
    let decision = evaluate(&mut scene.hub, pr);
    let reason = decision.reasons.iter().find(|one| one.code.starts_with(&format!("{name}.")))?;
    let outcome = reason.code.split_once('.').unwrap().1.to_owned();
    Some((outcome, format!("{} {}", reason.sentence, reason.help.clone().unwrap_or_default())))
}

fn expect(scene: &mut Scene, name: &str, outcome: &str, says: &str) {
    let (found, text) = gate(scene, name).unwrap_or_else(|| panic!("no gate {name}"));
    assert!(found == outcome && text.contains(says), "{name}: {found}: {text}; wanted {says}");
}

#[test]
fn checks_are_those_of_the_head() {
    let mut scene = scene("{checks: ['ci / *', lint]}");
    expect(&mut scene, "checks", "waiting", "`ci / *` has not been reported");
    let head = head(&scene);
    let both = |lint| {
        let unit = run(1, "ci / unit", Some(Conclusion::Success));
        reports(vec![unit, run(2, "lint", lint)])
    };
    scene.hub.reports.insert(head.clone(), both(None));
    expect(&mut scene, "checks", "waiting", "`lint` has not ended");
    scene.hub.reports.insert(head.clone(), both(Some(Conclusion::Failure)));
    expect(&mut scene, "checks", "failed", "`lint` failed");
    scene.hub.reports.insert(head.clone(), both(Some(Conclusion::Success)));
    expect(&mut scene, "checks", "passed", "`lint` is green");
    // Where GitHub has more than is read, the newest is not known.
    let cut = Reports { complete: false, ..both(Some(Conclusion::Success)).unwrap() };
    scene.hub.reports.insert(head, Ok(cut));
    expect(&mut scene, "checks", "waiting", "more check runs there than are read");
}

#[test]
fn what_is_expected_of_a_release_is_asked_of_its_own_commit() {
    let mut scene = scene("{release: [build]}");
    let (head, commit) = (head(&scene), sha("v1.1.0"));
    scene.hub.reports.insert(head, green("build"));
    expect(&mut scene, "release", "waiting", "`build` has not been reported");
    scene.hub.reports.insert(commit.clone(), green("build"));
    expect(&mut scene, "release", "passed", "`build` is green");
    scene.hub.reports.insert(commit, Err("GitHub refuses".to_owned()));
    expect(&mut scene, "release", "waiting", "cannot be read: `GitHub refuses`");
    scene.hub.source = Ok(None);
    expect(&mut scene, "release", "waiting", "the App is not installed there");
}

#[test]
fn a_release_that_is_gone_or_was_moved_fails_though_nothing_is_asked() {
    let mut scene = scene("{soak: 1h}");
    assert_eq!(gate(&mut scene, "release"), None);
    let release = scene.hub.releases.remove(0);
    expect(&mut scene, "release", "failed", "no published release of `v1.1.0` any more");
    scene.hub.releases.push(Release { draft: true, ..release.clone() });
    expect(&mut scene, "release", "failed", "no published release of `v1.1.0` any more");
    scene.hub.releases = vec![release];
    scene.hub.tags.insert("v1.1.0".to_owned(), Some(sha("another")));
    expect(&mut scene, "release", "failed", "the tag `v1.1.0` was moved");
    scene.hub.tags.insert("v1.1.0".to_owned(), None);
    expect(&mut scene, "release", "failed", "the tag `v1.1.0` is gone");
    scene.hub.tags.clear();
    assert_eq!(gate(&mut scene, "release"), None);
    // Which it is when the source does not tell is not known.
    scene.hub.source = Err("GitHub refuses".to_owned());
    expect(&mut scene, "release", "waiting", "cannot be read");
}

#[test]
fn a_promotion_by_hand_is_held_to_what_its_tag_means_now() {
    let mut scene = scene("{release: [build]}");
    let text = STAGING.replace("v1.0.0", "v1.1.0");
    let ada = account(5, "ada");
    let pr = scene.hub.open("by-hand", &ada, "change", &[("prod/kustomization.yaml", &text)]);
    scene.pr = pr;
    let decision = evaluate(&mut scene.hub, pr);
    let again = decision.effects.iter().any(|effect| matches!(effect, Effect::LookAgain { .. }));
    assert!(again, "nobody tells it: {decision:?}");
    expect(&mut scene, "release", "waiting", "`build` has not been reported");
    scene.hub.reports.insert(sha("v1.1.0"), green("build"));
    expect(&mut scene, "release", "passed", "`v1.1.0` at");
    scene.hub.tags.insert("v1.1.0".to_owned(), None);
    expect(&mut scene, "release", "failed", "");
}

#[test]
fn a_label_does_instead_where_somebody_allowed_gives_it() {
    let mut scene = scene("{release: [{check: visual, or: visual-ok}]}");
    expect(&mut scene, "release", "waiting", "The label `visual-ok` by somebody who may give it");
    scene.approve("visual-ok", &account(6, "quinn"));
    expect(&mut scene, "release", "passed", "`visual-ok` by `quinn` does instead of `visual`");
    // It makes up for red, too: somebody has looked.
    let red = reports(vec![run(1, "visual", Some(Conclusion::Failure))]);
    scene.hub.reports.insert(sha("v1.1.0"), red);
    expect(&mut scene, "release", "passed", "does instead");
    scene.hub.access.insert("quinn".to_owned(), Access::Triage);
    expect(&mut scene, "release", "failed", "`visual` failed");
    // Who asked for it has a hand in it.
    scene.hub.acts.clear();
    scene.approve("visual-ok", &account(5, "ada"));
    expect(&mut scene, "release", "failed", "`visual` failed");
    // So it counts for nothing on another head.
    scene.hub.acts.clear();
    scene.act(ActKind::Approval, "visual-ok", &account(7, "pat")).head = Some(sha("another"));
    expect(&mut scene, "release", "failed", "`visual` failed");
}

#[test]
fn a_source_that_fewer_see_keeps_its_words() {
    let mut scene = scene("{release: [{check: 'ci / *', value: '([0-9]+)', at_least: 80}]}");
    scene.hub.source = Ok(Some(RepoRef { id: RepoId(2), ..repo() }));
    let mut cover = run(1, "ci / secret", Some(Conclusion::Success));
    cover.title = Some("42".to_owned());
    scene.hub.reports.insert(sha("v1.1.0"), reports(vec![cover]));
    for (home, source, told) in [
        (Visibility::Public, Visibility::Public, "`ci / secret` shows `42`"),
        (Visibility::Private, Visibility::Public, "`ci / secret` shows `42`"),
        (Visibility::Public, Visibility::Private, "`ci / *` shows `…`"),
    ] {
        scene.hub.seen_by = (home, source);
        expect(&mut scene, "release", "failed", told);
    }
}

/// v1.1.0 came to staging by the merge of #7, at 10:30.
fn came(scene: &mut Scene, by: &Account) -> Sha {
    let main = scene.hub.branches["main"].0.sha.clone();
    scene.hub.ran = vec![ran("v1.0.0", "long ago"), Ran { sha: main.clone(), ..ran("v1.1.0", "") }];
    let mut pull = scene.hub.pulls[0].clone();
    pull.number = PrNumber(7);
    pull.open = false;
    pull.merged = true;
    pull.author = by.clone();
    pull.head.branch = "usher/staging/shop-v1.1.0-0".to_owned();
    pull.landed = Some(main.clone());
    pull.merged_at = Some(at("10:30"));
    scene.hub.brought_by = vec![pull];
    main
}

#[test]
fn what_was_verified_in_the_environment_before_counts_from_when_it_ran_there() {
    let mut scene = scene("{verified: [smoke]}");
    expect(&mut scene, "verified", "waiting", "does not run in `staging`");
    let main = came(&mut scene, &us().bot);
    expect(&mut scene, "verified", "waiting", "`smoke` has not been reported");
    scene.hub.reports.insert(main.clone(), green("smoke"));
    expect(&mut scene, "verified", "passed", "`smoke` is green");
    scene.hub.brought_by[0].merged_at = Some(at("11:01"));
    expect(&mut scene, "verified", "waiting", "was reported before it ran there");
    // A push tells no time but the one at which it was seen.
    scene.hub.brought_by.clear();
    scene.hub.history = vec![scene.hub.branches["main"].0.clone()];
    expect(&mut scene, "verified", "passed", "`smoke` is green");
    scene.hub.ran.clear();
    expect(&mut scene, "verified", "waiting", "when is not known");
    scene.hub.reports.insert(main, Err("GitHub refuses".to_owned()));
    scene.hub.ran = vec![ran("v1.1.0", "main")];
    expect(&mut scene, "verified", "waiting", "cannot be read: `GitHub refuses`");
}

#[test]
fn deployments_count_by_their_task() {
    let mut scene = scene("{verified: [deploy]}");
    came(&mut scene, &us().bot);
    let deployed = |state, made| Deployed {
        id: 1,
        task: "deploy".to_owned(),
        environment: "staging".to_owned(),
        state,
        description: None,
        creator: Some(account(9, "ci[bot]")),
        at: at(made),
    };
    for (state, made, outcome) in [
        (Some(DeployState::Success), "11:00", "passed"),
        (Some(DeployState::Success), "10:00", "waiting"),
        (Some(DeployState::Pending), "11:00", "waiting"),
        (Some(DeployState::Failure), "11:00", "failed"),
        (None, "11:00", "waiting"),
    ] {
        scene.hub.deployed = vec![deployed(state, made)];
        expect(&mut scene, "verified", outcome, "`deploy`");
    }
    let own = Deployed { creator: Some(us().bot), ..deployed(Some(DeployState::Success), "11:00") };
    scene.hub.deployed = vec![own];
    expect(&mut scene, "verified", "waiting", "`deploy` has not been reported");
}

#[test]
fn a_verification_by_hand_counts_while_it_is_the_newest_of_somebody_who_may() {
    let mut scene = scene("{verified: [uat]}");
    came(&mut scene, &us().bot);
    let say = |scene: &mut Scene, kind, by: &Account, subject: &str, when: &str| {
        let act = scene.act(kind, subject, by);
        (act.pr, act.head, act.at) = (None, None, at(when));
        act.environment = Some(EnvName::new("staging").unwrap());
        act.application = Some(AppName::new("shop").unwrap());
    };
    let quinn = account(6, "quinn");
    use ActKind::{Refutation, Verification};
    say(&mut scene, Verification, &quinn, "v1.1.0 uat", "10:00");
    expect(&mut scene, "verified", "waiting", "`uat` has not been reported");
    say(&mut scene, Verification, &account(5, "ada"), "v1.1.0 uat", "11:00");
    say(&mut scene, Verification, &quinn, "v1.0.0 uat", "11:00");
    expect(&mut scene, "verified", "waiting", "`uat` has not been reported");
    say(&mut scene, Verification, &quinn, "v1.1.0 uat", "11:10");
    expect(&mut scene, "verified", "passed", "`uat` is green");
    say(&mut scene, Refutation, &account(5, "ada"), "v1.1.0 uat", "11:20");
    expect(&mut scene, "verified", "passed", "`uat` is green");
    say(&mut scene, Refutation, &quinn, "v1.1.0 uat", "11:30");
    expect(&mut scene, "verified", "failed", "`uat` was found to fail");
    scene.hub.members.retain(|member| !member.ends_with("quinn"));
    expect(&mut scene, "verified", "waiting", "`uat` has not been reported");
}

#[test]
fn what_is_reported_has_those_judged_who_rest_on_it() {
    let judged = |scene: &mut Scene, what: Basis| -> Vec<PrNumber> {
        let intent = Intent::Reconsider { repo: repo(), source: repo(), what };
        let effects = scene.hub.decide(&intent).effects;
        let pr = |effect: &Effect| match effect {
            Effect::Enqueue(Intent::Evaluate { pr, .. }) => *pr,
            other => panic!("{other:?}"),
        };
        effects.iter().map(pr).collect()
    };
    let on = |sha: Sha| Basis::Reports { sha, by: None };
    for (gates, of_head, of_release, of_other) in [
        ("{checks: [a]}", true, false, false),
        ("{release: [a]}", false, true, false),
        ("{verified: [a]}", false, true, true),
        ("{soak: 1h}", false, false, false),
    ] {
        let mut scene = scene(gates);
        let (pr, head) = (scene.pr, head(&scene));
        for (sha, expected) in
            [(head, of_head), (sha("v1.1.0"), of_release), (sha("other"), of_other)]
        {
            let found = judged(&mut scene, on(sha.clone()));
            assert_eq!(found, Vec::from_iter(expected.then_some(pr)), "{gates} {sha}");
        }
        let version = |tag: &str| Basis::Version { tag: tag.to_owned() };
        assert_eq!(judged(&mut scene, version("v1.1.0")), [pr], "{gates}");
        assert_eq!(judged(&mut scene, version("v1.0.0")), [], "{gates}");
    }
}

#[test]
fn a_status_is_as_good_as_a_check() {
    let mut scene = scene("{checks: [ci]}");
    let status = CommitStatus {
        context: "ci".to_owned(),
        state: StatusState::Success,
        description: None,
        creator: None,
        at: at("11:00"),
    };
    let head = head(&scene);
    scene.hub.reports.insert(head, Ok(Reports::new(Vec::new(), vec![(1, status)], true)));
    expect(&mut scene, "checks", "passed", "`ci` is green");
}
