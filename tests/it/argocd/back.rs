//! The live application is brought back by Argo CD, while its pull request waits: the whole way, and what comes between.

use serde_json::{Value, json};
use usher::sandbox::ApplicationChange;

use crate::evidence::dossier;
use crate::stage::people::{CONFIG, overlay};
use crate::stage::{DEMO, Stage};

const ARGOCD: &str = "    argocd: {server: main, application: prod-microservices-demo}\n";
const BY_SAM: &str = "    rollback: {by: [sam]}\n";

/// Production has had v1.0.1 deployed after v1.0.0, and there is an issue to talk on: #1. The rules of production end so.
async fn after_a_bad_release(rules: &str, change: ApplicationChange) -> Stage {
    let mut stage = Stage::without_bot().await;
    let text = stage.file(DEMO, CONFIG, "main").await;
    stage.write_file(DEMO, "main", CONFIG, &format!("{}\n{rules}", text.trim_end())).await;
    stage
        .act("sam", "POST", &format!("/repos/{DEMO}/releases"), json!({"tag_name": "v1.0.1"}))
        .await;
    let text = stage.file(DEMO, &overlay("prod"), "main").await;
    let bad = text.replace("newTag: v1.0.0", "newTag: v1.0.1");
    stage.write_file(DEMO, "main", &overlay("prod"), &bad).await;
    stage.live("prod").await;
    stage.leap(30);
    assert_eq!(images(&stage.live("prod").await), "v1.0.1");
    stage.change("prod", &change);
    stage.act("ada", "POST", &format!("/repos/{DEMO}/issues"), json!({"title": "Talk"})).await;
    stage.start_bot().await;
    stage.surveyed().await;
    stage
}

fn none() -> ApplicationChange {
    ApplicationChange::default()
}

/// The tag that is deployed.
fn images(one: &Value) -> String {
    let image = one["status"]["summary"]["images"][0].as_str().unwrap();
    image.rsplit(':').next().unwrap().to_owned()
}

fn automated(one: &Value) -> &Value {
    &one["spec"]["syncPolicy"]["automated"]
}

/// Asks for the way back, and gives its pull request.
async fn asked(stage: &Stage, how: &str) -> u64 {
    let answer = stage.ask("sam", 1, how).await;
    let pr = stage.open_number("to v1.0.0 in prod").await;
    assert!(answer.contains(&format!("#{pr} is open")), "{answer}");
    assert!(answer.contains("Argo CD brings the live application back at once"), "{answer}");
    pr
}

/// The order of what was written.
fn done(stage: &Stage) -> Vec<&'static str> {
    let word = |(method, path, body, _): (String, String, Value, u16)| match method.as_str() {
        "POST" if path.ends_with("/rollback") => "rollback",
        "PATCH" if body["patch"].as_str().unwrap().contains("null") => "off",
        "PATCH" => "as it was",
        other => panic!("{other} {path}"),
    };
    stage.written().into_iter().map(word).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn by_command_it_goes_back_at_once_and_follows_git_again_after_the_merge() {
    let rules = format!("{ARGOCD}{BY_SAM}    gates: {{drift: true}}\n");
    let stage = after_a_bad_release(&rules, none()).await;
    let was = automated(&stage.live("prod").await).clone();
    let pr = asked(&stage, "/rollback prod --argocd --reason it loses carts").await;
    let told = stage.until_told(pr, "and healthy").await;
    assert!(
        told.contains("| `prod` | `prod-microservices-demo` (`main`) | ✅ is back at"),
        "{told}"
    );
    assert!(
        told.contains("put back as it was when this pull request is merged or closed"),
        "{told}"
    );
    let one = stage.live("prod").await;
    assert_eq!((images(&one), automated(&one)), ("v1.0.0".to_owned(), &Value::Null));
    assert_eq!(one["status"]["sync"]["status"], "OutOfSync");
    assert_eq!(done(&stage), ["off", "rollback"]);
    // What we did ourselves is no drift.
    stage.ask("ada", pr, "/validate").await;
    stage.is_green(pr).await;
    stage.ask("ada", 1, "/promote prod v1.0.1").await;
    stage.merge(DEMO, pr).await;
    let told = stage.until_told(pr, "automatic sync is as it was").await;
    assert!(!told.contains("put back as it was when"), "{told}");
    let one = stage.live("prod").await;
    assert_eq!((images(&one), automated(&one)), ("v1.0.0".to_owned(), &was));
    stage.travel(30).await;
    assert_eq!(stage.live("prod").await["status"]["sync"]["status"], "Synced");
    assert_eq!(done(&stage), ["off", "rollback", "as it was"]);
    as_described(&stage);
    // Each write is on record, once, and how soon it was well again.
    let told = dossier(&stage, pr);
    let one = "| Argo CD, `prod-microservices-demo` on `main` for `prod` in `prod`: ";
    for step in [
        "automatic sync to be turned off",
        "to go back to entry 0 of its history, `",
        "has gone back",
        "is healthy again",
        "automatic sync to be put back as it was",
        "`automatic sync is as it was`",
    ] {
        assert_eq!(told.matches(&format!("{one}{step}")).count(), 1, "{step}: {told}");
    }
    assert!(told.contains("| Healthy by Argo CD | "), "{told}");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn automatic_sync_is_put_back_once_argo_cd_has_seen_the_merge() {
    let stage = after_a_bad_release(&format!("{ARGOCD}{BY_SAM}"), none()).await;
    let pr = asked(&stage, "/rollback prod --argocd").await;
    stage.until_told(pr, "and healthy").await;
    // It looks at Git every few minutes, and the merge comes between.
    stage.change("prod", &ApplicationChange { asleep: Some(true), ..none() });
    stage.merge(DEMO, pr).await;
    stage.until_told(pr, "automatic sync is as it was").await;
    stage.travel(60).await;
    let one = stage.live("prod").await;
    assert_eq!(
        (images(&one), &one["status"]["sync"]["status"]),
        ("v1.0.0".into(), &"Synced".into())
    );
    let history = one["status"]["history"].as_array().unwrap();
    let bad = history[1]["revision"].clone();
    let times = history.iter().filter(|past| past["revision"] == bad).count();
    assert_eq!(times, 1, "the bad version never came again: {history:?}");
    stage.finish().await;
}

/// Every write is one of Argo CD's description (`assets/swagger.json`, 3.6): path, and fields with their types.
fn as_described(stage: &Stage) {
    const PATCH: &[(&str, &str)] = &[
        ("name", "string"),
        ("patch", "string"),
        ("patchType", "string"),
        ("appNamespace", "string"),
        ("project", "string"),
    ];
    const ROLLBACK: &[(&str, &str)] = &[
        ("name", "string"),
        ("id", "integer"),
        ("prune", "boolean"),
        ("dryRun", "boolean"),
        ("appNamespace", "string"),
        ("project", "string"),
    ];
    // `required` in `server/application/application.proto`.
    for (method, path, body, status) in stage.written() {
        let name = path.strip_prefix("/api/v1/applications/").unwrap();
        let (described, required): (_, &[&str]) = match (method.as_str(), name.split_once('/')) {
            ("PATCH", None) => (PATCH, &["name", "patch", "patchType"]),
            ("POST", Some((_, "rollback"))) => (ROLLBACK, &["name", "id"]),
            _ => panic!("{method} {path} is not what is written"),
        };
        let name = name.split('/').next().unwrap();
        assert_eq!(body["name"], name, "the body names the Application of the path");
        for field in required {
            assert!(!body[field].is_null(), "{method} {path} has no {field}: {body}");
        }
        for (field, value) in body.as_object().unwrap() {
            let kind = described.iter().find(|(known, _)| known == field).map(|(_, kind)| *kind);
            let fits = match kind {
                Some("string") => value.is_string(),
                Some("integer") => value.is_i64(),
                Some("boolean") => value.is_boolean(),
                _ => false,
            };
            assert!(fits, "{method} {path}: {field} is {value}");
        }
        if method == "PATCH" {
            assert_eq!(body["patchType"], "merge");
            let patch: Value = serde_json::from_str(body["patch"].as_str().unwrap()).unwrap();
            let policy = patch["spec"]["syncPolicy"].as_object().unwrap();
            assert_eq!(policy.keys().collect::<Vec<_>>(), ["automated"], "and nothing else");
        }
        assert_eq!(status, 200, "{method} {path} {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn by_configuration_and_closed_it_follows_git_again() {
    let rules = format!("{ARGOCD}    rollback: {{argocd: true}}\n");
    let stage = after_a_bad_release(&rules, none()).await;
    let was = automated(&stage.live("prod").await).clone();
    let pr = asked(&stage, "/rollback prod").await;
    stage.until_told(pr, "and healthy").await;
    assert_eq!(images(&stage.live("prod").await), "v1.0.0");
    stage.ask("sam", pr, "/cancel").await;
    stage.until_told(pr, "automatic sync is as it was").await;
    assert_eq!(automated(&stage.live("prod").await), &was);
    stage.travel(30).await;
    assert_eq!(images(&stage.live("prod").await), "v1.0.1", "Git has it");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_off_before_is_left_off() {
    let off = ApplicationChange { automated: Some(false), ..none() };
    let stage = after_a_bad_release(&format!("{ARGOCD}{BY_SAM}"), off).await;
    let pr = asked(&stage, "/rollback prod --argocd").await;
    let told = stage.until_told(pr, "and healthy").await;
    assert!(!told.contains("put back"), "nothing will be: {told}");
    stage.travel(2 * 60 * 60).await;
    assert!(stage.comments_of(pr, "<!-- usher:argocd off").await.is_empty());
    stage.merge(DEMO, pr).await;
    stage.until_told(pr, "automatic sync was off before, and is left so").await;
    assert_eq!(done(&stage), ["rollback"]);
    stage.finish().await;
}

/// How many Applications are off, and for how many seconds.
async fn gauge(stage: &Stage) -> (i64, i64) {
    let text = reqwest::get(format!("{}/metrics", stage.bot_url())).await.unwrap();
    let text = text.text().await.unwrap();
    let value = |name: &str| -> i64 {
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
        line.unwrap().parse().unwrap()
    };
    (value("usher_argocd_sync_off"), value("usher_argocd_sync_off_seconds"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_on_is_not_said_to_be_off() {
    let stage = after_a_bad_release(&format!("{ARGOCD}{BY_SAM}"), none()).await;
    // The token may look, and no more.
    stage.github.fault(refuse("PATCH", "/api/v1/applications/*", 1_000)).unwrap();
    let pr = asked(&stage, "/rollback prod --argocd").await;
    stage.until_told(pr, "the right `get` and `update` on the Application").await;
    for _ in 0..5 {
        stage.travel(20 * 60).await;
    }
    assert!(stage.comments_of(pr, "<!-- usher:argocd off").await.is_empty());
    assert_eq!(gauge(&stage).await, (0, 0));
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_way_back_begins_once_the_first_has_ended() {
    let stage = after_a_bad_release(&format!("{ARGOCD}{BY_SAM}"), none()).await;
    // What came before the bad version is bad as well.
    let text = stage.file(DEMO, &overlay("prod"), "main").await;
    let worse = text.replace("newTag: v1.0.1", "newTag: v1.0.2");
    stage.push("sam", "main", &overlay("prod"), &worse).await;
    stage.live("prod").await;
    stage.travel(30).await;
    stage.ask("sam", 1, "/rollback prod v1.0.1 --argocd").await;
    let first = stage.open_number("to v1.0.1 in prod").await;
    stage.until_told(first, "and healthy").await;
    assert_eq!(images(&stage.live("prod").await), "v1.0.1");
    stage.ask("sam", 1, "/rollback prod v1.0.0 --argocd").await;
    let second = stage.open_number("to v1.0.0 in prod").await;
    let told = stage.until_told(second, &format!("waits: #{first} brings it back already")).await;
    assert!(told.contains(&format!("Close or merge #{first} first")), "{told}");
    assert_eq!(done(&stage), ["off", "rollback"]);
    stage.ask("sam", first, "/cancel").await;
    stage.until_told(first, "automatic sync is as it was").await;
    stage.until_told(second, "and healthy").await;
    assert_eq!(images(&stage.live("prod").await), "v1.0.0");
    assert_eq!(done(&stage), ["off", "rollback", "as it was", "off", "rollback"]);
    stage.merge(DEMO, second).await;
    stage.until_told(second, "automatic sync is as it was").await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_hour_it_is_said_that_automatic_sync_is_off() {
    let mut stage = after_a_bad_release(&format!("{ARGOCD}{BY_SAM}"), none()).await;
    assert_eq!(gauge(&stage).await, (0, 0));
    let pr = asked(&stage, "/rollback prod --argocd").await;
    stage.until_told(pr, "and healthy").await;
    let reminders = async |stage: &Stage| stage.comments_of(pr, "<!-- usher:argocd off").await;
    assert!(reminders(&stage).await.is_empty());
    stage.travel(60 * 60).await;
    let told = reminders(&stage).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("`prod-microservices-demo` has been off for 1 hour"), "{told:?}");
    assert!(told[0].contains("@sam asked for that"), "{told:?}");
    assert!(told[0].contains("when this pull request is merged or closed"), "{told:?}");
    // While Argo CD is away as well, and once an hour whatever happens.
    stage.github.set_argocd_down(true);
    stage.restart().await;
    for _ in 0..4 {
        stage.travel(20 * 60).await;
    }
    assert_eq!(reminders(&stage).await.len(), 2);
    let (many, seconds) = gauge(&stage).await;
    assert!(many == 1 && (7_800..9_000).contains(&seconds), "{many} {seconds}");
    stage.github.set_argocd_down(false);
    stage.merge(DEMO, pr).await;
    stage.until_told(pr, "automatic sync is as it was").await;
    assert_eq!(gauge(&stage).await, (0, 0));
    stage.travel(3 * 60 * 60).await;
    assert_eq!(reminders(&stage).await.len(), 2);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gates_come_first() {
    let rules = format!(
        "{ARGOCD}    overrides: [sam]\n    rollback: {{by: [sam], gates: [kustomize, lock]}}\n"
    );
    let stage = after_a_bad_release(&rules, none()).await;
    stage.ask("ada", 1, "/lock prod the fair").await;
    let pr = asked(&stage, "/rollback prod --argocd").await;
    stage.is_red(pr, "locked").await;
    stage.travel(400).await;
    assert!(stage.written().is_empty(), "{:?}", stage.written());
    stage.ask("sam", pr, "/override lock it loses carts").await;
    stage.until_told(pr, "and healthy").await;
    assert_eq!(done(&stage), ["off", "rollback"]);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_without_the_right_and_nowhere_without_an_application() {
    let stage = after_a_bad_release(BY_SAM, none()).await;
    let refused = stage.ask("ada", 1, "/rollback prod --argocd").await;
    assert!(refused.contains("may not do that here"), "{refused}");
    let nothing = stage.ask("sam", 1, "/rollback prod --argocd").await;
    assert!(
        nothing.contains("Nothing that goes back in `prod` is deployed by an Application"),
        "{nothing}"
    );
    assert!(stage.written().is_empty());
    let open = stage.open_titles(DEMO).await;
    assert!(!open.iter().any(|title| title.contains("prod")), "{open:?}");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_another_is_left_alone_with_advice() {
    let owned = ApplicationChange { owner: Some("all".to_owned()), ..none() };
    let stage = after_a_bad_release(&format!("{ARGOCD}{BY_SAM}"), owned).await;
    let pr = asked(&stage, "/rollback prod --argocd").await;
    let told = stage.until_told(pr, "is left alone: it belongs to `ApplicationSet all`").await;
    assert!(told.contains("would turn automatic sync"), "{told}");
    assert!(told.contains("this pull request is the way back"), "{told}");
    assert!(stage.written().is_empty());
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_without_the_version_leaves_the_pull_request() {
    let stage = after_a_bad_release(&format!("{ARGOCD}{BY_SAM}"), none()).await;
    // Ten states since, none of them with these images.
    let bad = stage.file(DEMO, &overlay("prod"), "main").await;
    for round in 0..11 {
        stage.push("sam", "main", &overlay("prod"), &format!("{bad}# {round}\n")).await;
        stage.live("prod").await;
        stage.travel(10).await;
    }
    let pr = asked(&stage, "/rollback prod --argocd").await;
    let told = stage.until_told(pr, "nothing in its history has these images").await;
    assert!(told.contains("the last ten states"), "{told}");
    assert!(stage.written().is_empty());
    stage.finish().await;
}

/// It answers so often that this may not be done.
fn refuse(method: &str, path: &str, times: u32) -> usher::sandbox::Fault {
    usher::sandbox::Fault {
        method: Some(method.to_owned()),
        path: path.to_owned(),
        nth: 1,
        times,
        answer: usher::sandbox::FaultAnswer::Answer {
            status: 403,
            headers: Default::default(),
            body: Some(json!({"code": 7, "message": "permission denied"})),
        },
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_argo_cd_that_is_away_is_waited_for_and_one_that_refuses_says_which_right_is_missing() {
    let mut stage = after_a_bad_release(&format!("{ARGOCD}{BY_SAM}"), none()).await;
    stage.github.set_argocd_down(true);
    let pr = asked(&stage, "/rollback prod --argocd").await;
    stage.until_told(pr, "not yet: Argo CD cannot be reached").await;
    assert!(stage.written().is_empty());
    stage.github.set_argocd_down(false);
    // It answers, but not to that.
    stage.github.fault(refuse("PATCH", "/api/v1/applications/*", 2)).unwrap();
    stage.github.fault(refuse("POST", "/api/v1/applications/*/rollback", 2)).unwrap();
    let told = stage.until_told(pr, "the right `get` and `update` on the Application").await;
    assert!(told.contains("permission denied"), "{told}");
    let told = stage.until_told(pr, "the right `sync`").await;
    assert!(told.contains("goes back to"), "{told}");
    let told = stage.until_told(pr, "and healthy").await;
    assert!(!told.contains("not yet"), "{told}");
    // Nor to putting it back.
    stage.restart().await;
    stage.github.fault(refuse("PATCH", "/api/v1/applications/*", 2)).unwrap();
    stage.merge(DEMO, pr).await;
    let told = stage.until_told(pr, "not yet").await;
    assert!(told.contains("automatic sync is being put back"), "{told}");
    stage.until_told(pr, "automatic sync is as it was").await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_told_and_left_to_people() {
    let fails = ApplicationChange { fails: Some("one or more tasks failed".to_owned()), ..none() };
    let stage = after_a_bad_release(&format!("{ARGOCD}{BY_SAM}"), fails).await;
    let pr = asked(&stage, "/rollback prod --argocd").await;
    let told = stage.until_told(pr, "could not go back: `one or more tasks failed`").await;
    assert!(told.contains("not told to go back a second time"), "{told}");
    stage.travel(900).await;
    assert_eq!(done(&stage), ["off", "rollback"]);
    stage.merge(DEMO, pr).await;
    stage.until_told(pr, "automatic sync is as it was").await;
    stage.travel(30).await;
    assert_eq!(images(&stage.live("prod").await), "v1.0.0");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_off_before_there_is_a_result_is_told_and_left_to_people() {
    let why = "Failed to load application project: no such project";
    let breaks = ApplicationChange { breaks: Some(why.to_owned()), ..none() };
    let stage = after_a_bad_release(&format!("{ARGOCD}{BY_SAM}"), breaks).await;
    let pr = asked(&stage, "/rollback prod --argocd").await;
    stage.until_told(pr, &format!("could not go back: `{why}`")).await;
    assert!(stage.live("prod").await["status"]["operationState"]["syncResult"].is_null());
    stage.travel(900).await;
    assert_eq!(done(&stage), ["off", "rollback"]);
    stage.merge(DEMO, pr).await;
    stage.until_told(pr, "automatic sync is as it was").await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_up_ill_is_told() {
    let ill = ApplicationChange { becomes: Some("Degraded".to_owned()), ..none() };
    let stage = after_a_bad_release(&format!("{ARGOCD}{BY_SAM}"), ill).await;
    let pr = asked(&stage, "/rollback prod --argocd").await;
    stage.until_told(pr, "and degraded").await;
    stage.set_health("prod", "Healthy");
    stage.until_told(pr, "and healthy").await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_turns_automatic_sync_on_meanwhile_has_decided() {
    let stage = after_a_bad_release(&format!("{ARGOCD}{BY_SAM}"), none()).await;
    let pr = asked(&stage, "/rollback prod --argocd").await;
    stage.until_told(pr, "and healthy").await;
    stage.change("prod", &ApplicationChange { automated: Some(true), ..none() });
    stage.travel(310).await;
    let told = stage.until_told(pr, "somebody else has turned automatic sync on").await;
    assert!(told.contains("does not turn automatic sync off a second time"), "{told}");
    stage.merge(DEMO, pr).await;
    stage.travel(600).await;
    assert_eq!(done(&stage), ["off", "rollback"]);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_is_taken_out_of_the_rules_gets_its_automatic_sync_back() {
    let stage = after_a_bad_release(&format!("{ARGOCD}{BY_SAM}"), none()).await;
    let was = automated(&stage.live("prod").await).clone();
    let pr = asked(&stage, "/rollback prod --argocd").await;
    stage.until_told(pr, "and healthy").await;
    stage.rules(|text| text.replace(ARGOCD, "")).await;
    stage.travel(310).await;
    let told = stage.until_told(pr, "The configuration does not say any more").await;
    assert!(told.contains("is back at"), "{told}");
    stage.merge(DEMO, pr).await;
    stage.until_told(pr, "automatic sync is as it was").await;
    assert_eq!(automated(&stage.live("prod").await), &was);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_target_has_a_row_of_its_own() {
    let rules = "    rollback: {by: [sam]}\n";
    let targets = "    targets:\n      \
        eu: {overlay: kustomize/prod, argocd: {server: main, application: prod-microservices-demo}}\n      \
        us: {overlay: kustomize/dev, argocd: {server: main, application: dev-microservices-demo}}\n";
    let mut stage = Stage::without_bot().await;
    let text = stage.file(DEMO, CONFIG, "main").await;
    let text = text.replace("    overlay: kustomize/prod\n", targets);
    stage.write_file(DEMO, "main", CONFIG, &format!("{}\n{rules}", text.trim_end())).await;
    stage
        .act("sam", "POST", &format!("/repos/{DEMO}/releases"), json!({"tag_name": "v1.0.1"}))
        .await;
    for environment in ["prod", "dev"] {
        let text = stage.file(DEMO, &overlay(environment), "main").await;
        let bad = text.replace("newTag: v1.0.0", "newTag: v1.0.1");
        stage.write_file(DEMO, "main", &overlay(environment), &bad).await;
    }
    stage.live("prod").await;
    stage.leap(30);
    stage.change("dev", &ApplicationChange { owner: Some("all".to_owned()), ..none() });
    stage.act("ada", "POST", &format!("/repos/{DEMO}/issues"), json!({"title": "Talk"})).await;
    stage.start_bot().await;
    stage.surveyed().await;
    let pr = asked(&stage, "/rollback prod v1.0.0 --argocd").await;
    let told = stage.until_told(pr, "and healthy").await;
    assert!(told.contains("| `eu` | `prod-microservices-demo` (`main`) | ✅ is back at"), "{told}");
    assert!(
        told.contains("| `us` | `dev-microservices-demo` (`main`) | 🙋 is left alone"),
        "{told}"
    );
    assert!(stage.written().iter().all(|(_, path, ..)| path.contains("/prod-")));
    stage.merge(DEMO, pr).await;
    stage.until_told(pr, "automatic sync is as it was").await;
    stage.finish().await;
}
