//! What typical changes mean, in words.
//!
//! How the sentences are shown is not tried here.

mod keys;

use super::*;
use crate::domain::policy::Problem;
use crate::model::ids::RepoName;

const EVERYTHING: &str = include_str!("../../../../fixtures/policies/ok/everything.yml");

fn read(text: &str) -> Result<Policy, Vec<Problem>> {
    Policy::parse(text.as_bytes(), &RepoName::new("acme/microservices-demo").unwrap())
}

/// What it means that `from` becomes `to` in the full example, and how it sounds the other way round.
fn change(from: &str, to: &str) -> String {
    assert!(EVERYTHING.contains(from), "{from}");
    let (old, new) = (read(EVERYTHING).unwrap(), read(&EVERYTHING.replacen(from, to, 1)).unwrap());
    let (there, back) = (differences(&old, &new), differences(&new, &old));
    format!("{}\n-- and back:\n{}", there.join("\n"), back.join("\n"))
}

#[test]
fn verdicts_that_bind() {
    insta::assert_snapshot!(change("mode: enforce", "mode: observe"), @r#"
    verdicts no longer bind (`mode: observe`): they stop nothing, and nothing is merged
    -- and back:
    verdicts bind (`mode: enforce`)
    "#);
    insta::assert_snapshot!(change("admins: [\"@acme/platform\"]\n", ""), @r#"
    changes of this file are approved by everybody with the role `admin` instead of `@acme/platform`
    -- and back:
    changes of this file are approved by `@acme/platform` instead of everybody with the role `admin`
    "#);
    insta::assert_snapshot!(change("[\"@acme/platform\"]", "[\"@acme/platform\", sam]"), @r#"
    changes of this file are approved by `sam`, too
    -- and back:
    changes of this file are approved by `sam` no more
    "#);
    insta::assert_snapshot!(change("commands: {prefix: usher}\n", ""), @r#"
    commands need no `/usher` in front any more
    -- and back:
    only `/usher …` is a command
    "#);
    insta::assert_snapshot!(change("commands_max_age: 30m", "commands_max_age: 1d"), @r#"
    a command may be 1d old instead of 30m old when it is read
    -- and back:
    a command may be 30m old instead of 1d old when it is read
    "#);
    insta::assert_snapshot!(change("latest-tag: error", "latest-tag: off"), @r#"
    the rule `latest-tag` is off instead of an error
    -- and back:
    the rule `latest-tag` is an error instead of off
    "#);
    insta::assert_snapshot!(change("[customer/gitops]", "[customer/gitops, other/gitops]"), @r#"
    `other/gitops` may follow releases of this repository now
    -- and back:
    `other/gitops` may follow releases of this repository no more
    "#);
}

#[test]
fn applications() {
    insta::assert_snapshot!(change("\"checkout*\"", "adservice"), @r#"
    application `microservices-demo` no longer takes the images `checkout*`
    application `microservices-demo` now takes the images `adservice`
    -- and back:
    application `microservices-demo` no longer takes the images `adservice`
    application `microservices-demo` now takes the images `checkout*`
    "#);
    insta::assert_snapshot!(change("trigger: release", "trigger: {branch: main}"), @r#"
    a release of `microservices-demo` is each commit of `main` instead of a published release
    -- and back:
    a release of `microservices-demo` is a published release instead of each commit of `main`
    "#);
    insta::assert_snapshot!(change("versions: \"v*\"", "versions: \"*\""), @r#"
    versions of `microservices-demo` are tags such as `*` instead of `v*`
    -- and back:
    versions of `microservices-demo` are tags such as `v*` instead of `*`
    "#);
    insta::assert_snapshot!(change("- name: web", "- name: www"), @r#"
    application `web` is gone: its images are promoted no more, and changing them is no promotion any more
    application `www` is new: releases of `acme/microservices-demo` set the images `frontend`
    -- and back:
    application `www` is gone: its images are promoted no more, and changing them is no promotion any more
    application `web` is new: releases of `acme/microservices-demo` set the images `frontend`
    "#);
    insta::assert_snapshot!(change("prereleases: [dev, qa]", "prereleases: [dev, staging]"), @r#"
    prereleases of `microservices-demo` go into `staging` now
    prereleases of `microservices-demo` go into `qa` no more
    -- and back:
    prereleases of `microservices-demo` go into `qa` now
    prereleases of `microservices-demo` go into `staging` no more
    "#);
    insta::assert_snapshot!(change("environments: [prod]}", "environments: [staging]}"), @r#"
    a release of `microservices-demo` marked `[HOLD]` waits for `staging`, instead of one marked `[HOLD]` for `prod`
    -- and back:
    a release of `microservices-demo` marked `[HOLD]` waits for `prod`, instead of one marked `[HOLD]` for `staging`
    "#);
}

#[test]
fn approvals_and_people() {
    insta::assert_snapshot!(change("      - {label: pm-approved, by: [pat], self: false}\n", ""), @r#"
    `prod` needs 1 approval instead of 2: `pm-approved` falls away
    -- and back:
    `prod` needs 2 approvals instead of 1: `pm-approved` by `pat` comes in
    "#);
    insta::assert_snapshot!(change("label: pm-approved, by: [pat]", "label: po-approved, by: [pat]"), @r#"
    `prod` needs the approval `po-approved` by `pat` instead of `pm-approved`
    -- and back:
    `prod` needs the approval `pm-approved` by `pat` instead of `po-approved`
    "#);
    insta::assert_snapshot!(change("by: [pat], self: false", "by: [sam, \"@acme/pm\"], self: true"), @r#"
    `pm-approved` of `prod` may be given by `sam` and `@acme/pm` instead of `pat`
    `pm-approved` of `prod` may be given by those with a hand in the promotion, too
    -- and back:
    `pm-approved` of `prod` may be given by `pat` instead of `sam` and `@acme/pm`
    `pm-approved` of `prod` may be given by those with a hand in the promotion no more
    "#);
    insta::assert_snapshot!(change("promoters: [\"@acme/release-managers\"]\n", "promoters: [maintain]\n"), @r#"
    `prod` can be promoted by everybody with the role `maintain` instead of `@acme/release-managers`
    -- and back:
    `prod` can be promoted by `@acme/release-managers` instead of everybody with the role `maintain`
    "#);
    insta::assert_snapshot!(change("reviews: {count: 1, by: [\"@acme/sre\"]}", "reviews: 2"), @r#"
    reviews that `prod` needs are given by everybody with the role `write` instead of `@acme/sre`
    `prod` needs 2 reviews instead of 1
    -- and back:
    `prod` needs 1 review instead of 2
    reviews that `prod` needs are given by `@acme/sre` instead of everybody with the role `write`
    "#);
    insta::assert_snapshot!(change("overrides: [\"@acme/sre\"]", "overrides: {soak: [\"@acme/sre\", sam]}"), @r#"
    the gate `soak` of `prod` can be overridden by `sam`, too
    gates of `prod` that are not named can be overridden by nobody instead of `@acme/sre`
    -- and back:
    gates of `prod` that are not named can be overridden by `@acme/sre` instead of nobody
    the gate `soak` of `prod` can be overridden by `sam` no more
    "#);
}

#[test]
fn the_way_of_a_promotion() {
    insta::assert_snapshot!(change("after: [staging]", "after: [staging, qa]"), @r#"
    `prod` now comes after `qa`
    -- and back:
    `prod` no longer comes after `qa`
    "#);
    insta::assert_snapshot!(change("merge: manual", "merge: automatic"), @r#"
    merges into `staging` become automatic
    -- and back:
    merges into `staging` are no longer automatic
    "#);
    insta::assert_snapshot!(change("      us: kustomize/prod-us\n    waves: [{targets: [canary], soak: 2h, health: true}, [eu, us]]", "    waves: [{targets: [canary], soak: 1h}, [eu]]"), @r#"
    target `us` of `prod` is gone: `kustomize/prod-us` is not promoted or judged any more
    targets of `prod` are promoted `canary` (1h long), then `eu` instead of `canary` (2h long and until healthy), then `eu` and `us`
    -- and back:
    targets of `prod` are promoted `canary` (2h long and until healthy), then `eu` and `us` instead of `canary` (1h long), then `eu`
    target `us` of `prod` is new: `kustomize/prod-us`
    "#);
    insta::assert_snapshot!(change("overlay: kustomize/staging", "overlay: kustomize/stage"), @r#"
    the folder of `staging` is `kustomize/stage` instead of `kustomize/staging`
    -- and back:
    the folder of `staging` is `kustomize/staging` instead of `kustomize/stage`
    "#);
    insta::assert_snapshot!(change("    trigger: {schedule: \"0 2 * * *\", tz: Europe/Berlin}\n    promoters", "    promoters"), @r#"
    automatic promotions into `prod` open at any time, not only at `0 2 * * * Europe/Berlin`
    -- and back:
    automatic promotions into `prod` open only at `0 2 * * * Europe/Berlin`
    "#);
}

#[test]
fn gates_and_the_way_back() {
    insta::assert_snapshot!(change("soak: 24h", "soak: 12h"), @r#"
    `soak` of `prod` takes 12h instead of 1d
    -- and back:
    `soak` of `prod` takes 1d instead of 12h
    "#);
    insta::assert_snapshot!(change("      soak: 24h\n      health: true\n", ""), @r#"
    the gate `soak` of `prod` is dropped
    the gate `health` of `prod` is dropped
    -- and back:
    the gate `soak` of `prod` stands
    the gate `health` of `prod` stands
    "#);
    insta::assert_snapshot!(change("at_least: 80", "at_least: 60"), @r#"
    on the release's own commit, `prod` asks for `codecov/project` by the App `codecov` with `([0-9.]+)%` at least 60 instead of `codecov/project` by the App `codecov` with `([0-9.]+)%` at least 80
    -- and back:
    on the release's own commit, `prod` asks for `codecov/project` by the App `codecov` with `([0-9.]+)%` at least 80 instead of `codecov/project` by the App `codecov` with `([0-9.]+)%` at least 60
    "#);
    insta::assert_snapshot!(change("[build, unit, lint,", "[build, e2e,"), @r#"
    `prod` no longer asks for `unit` on the release's own commit
    `prod` no longer asks for `lint` on the release's own commit
    `prod` now asks for `e2e` on the release's own commit
    -- and back:
    `prod` no longer asks for `e2e` on the release's own commit
    `prod` now asks for `unit` on the release's own commit
    `prod` now asks for `lint` on the release's own commit
    "#);
    insta::assert_snapshot!(change("artifacts: off", "artifacts: {same_digest: true}"), @r#"
    the gate `artifacts` of `qa` stands
    images in `qa` have to be the very ones that ran before
    -- and back:
    the gate `artifacts` of `qa` is dropped
    images in `qa` need not be the ones that ran before
    "#);
    insta::assert_snapshot!(change(", {from: 2026-12-20, to: 2027-01-03, reason: \"year end\"}]", "]"), @r#"
    `prod` is no longer frozen `2026-12-20 to 2027-01-03 (year end)`
    -- and back:
    `prod` is now frozen `2026-12-20 to 2027-01-03 (year end)`
    "#);
    insta::assert_snapshot!(change("gates: [kustomize], within: 5, via: staging, argocd: true", "gates: [], within: 9"), @r#"
    a rollback of `prod` no longer has to pass `kustomize`
    `prod` may go back to one of the last 9 versions instead of one of the last 5 versions
    a rollback of `prod` no longer goes through `staging` first
    Argo CD's own rollback may be called for `prod` no more
    -- and back:
    Argo CD's own rollback may be called for `prod`
    a rollback of `prod` now has to pass `kustomize`
    `prod` may go back to one of the last 5 versions instead of one of the last 9 versions
    a rollback of `prod` now goes through `staging` first
    "#);
}

#[test]
fn environments_come_go_and_are_renamed() {
    let old = "version: 1\napplications: [{name: shop, images: [\"*\"], prereleases: [staging]}]\nenvironments:\n- {name: qa, overlay: qa}\n- {name: staging, overlay: staging}\n- {name: prod, overlay: prod}\n";
    let go = |now: &str, prereleases: &str| {
        let new = old.replace("- {name: staging, overlay: staging}\n", now);
        let new = new.replace("[staging]", prereleases);
        let (old, new) = (read(old).unwrap(), read(&new).unwrap());
        let vanished: Vec<_> = vanished(&old, &new).iter().map(|name| name.as_str()).collect();
        format!("{}\nvanished: {vanished:?}", differences(&old, &new).join("\n"))
    };
    insta::assert_snapshot!(go("", "[qa]"), @r#"
    prereleases of `shop` go into `qa` now
    environment `staging` is gone: nothing is promoted there or judged any more
    `prod` no longer comes after `staging`
    prereleases of `shop` go into `staging` no more
    `prod` now comes after `qa`
    vanished: ["staging"]
    "#);
    insta::assert_snapshot!(go("- {name: stage, overlay: staging}\n", "[stage]"), @r#"
    prereleases of `shop` go into `stage` now
    environment `staging` is gone: nothing is promoted there or judged any more
    `prod` no longer comes after `staging`
    prereleases of `shop` go into `staging` no more
    `prod` now comes after `stage`
    environment `stage` is new, after `qa`
    vanished: ["staging"]
    "#);
    insta::assert_snapshot!(go("- {name: stage, overlay: staging, renamed_from: staging}\n", "[stage]"), @r#"
    environment `staging` is now called `stage`
    vanished: []
    "#);
}

#[test]
fn spelling_order_and_comments_mean_nothing() {
    let old = read(EVERYTHING).unwrap();
    for (from, to) in [
        ("# Every key there is.", "# Another comment."),
        ("mode: enforce\n", ""),
        ("soak: 24h", "soak: 1d"),
        ("approve: once\n", "\n"),
        ("reviews: 1\n", "reviews: {count: 1}\n"),
        ("[build, unit, lint,", "[{check: lint}, unit, build,"),
        ("{label: qa-approved, by: [\"@acme/qa\"]}", "{by: [\"@acme/qa\"], label: QA-approved}"),
        ("overrides: [\"@acme/sre\"]", "overrides: [\"@acme/sre\"] # them"),
        ("eu: kustomize/prod-eu", "eu: {overlay: kustomize/prod-eu}"),
        ("[dev, qa]\n    images", "[qa, dev]\n    images"),
        ("\"Fri 16:00 - Mon 08:00 Europe/Berlin\"", "\"Fri 16:00  - Mon 08:00 Europe/Berlin\""),
    ] {
        assert!(EVERYTHING.contains(from), "{from}");
        let new = read(&EVERYTHING.replacen(from, to, 1)).unwrap();
        assert_eq!(differences(&old, &new), Vec::<String>::new(), "{from}");
        assert_eq!(differences(&new, &old), Vec::<String>::new(), "{from}");
    }
}

#[test]
fn foreign_text_does_nothing() {
    let evil = EVERYTHING
        .replace("\"[HOLD]\"", "\"@eve closes #1 <!-- `\"")
        .replace("label: pm-approved", "label: \"@eve | <img>\"")
        .replace("\"year end\"", &format!("\"@eve {}\"", "long ".repeat(100)));
    let said = differences(&read(EVERYTHING).unwrap(), &read(&evil).unwrap());
    assert_eq!(said.len(), 4);
    for sentence in said {
        let events = pulldown_cmark::Parser::new(&sentence);
        let text = events.filter_map(|event| match event {
            pulldown_cmark::Event::Text(text) => Some(text.to_string()),
            pulldown_cmark::Event::Html(html) | pulldown_cmark::Event::InlineHtml(html) => {
                Some(html.to_string())
            }
            _ => None,
        });
        let text: String = text.collect();
        assert!(!text.contains(['@', '#', '<']), "{sentence}");
        assert!(sentence.chars().count() < 300, "{sentence}");
    }
}
