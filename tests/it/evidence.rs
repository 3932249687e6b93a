//! The record of a promotion, from the release to the merge: as a dossier, as entries that are checked, and when
//! somebody went around the gates.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::{Value, json};

use crate::stage::people::overlay;
use crate::stage::{DEMO, Stage};

/// `usher evidence …` on the bot's memory: its exit code, and what it prints.
fn usher(stage: &Stage, arguments: &[&str]) -> (i32, String) {
    let run = Command::new(env!("CARGO_BIN_EXE_usher"))
        .arg("evidence")
        .args(["--database", &stage.database()])
        .args(arguments)
        .output()
        .unwrap();
    let text = [run.stdout, run.stderr].concat();
    (run.status.code().unwrap(), String::from_utf8(text).unwrap())
}

fn well(stage: &Stage, arguments: &[&str]) -> String {
    let (code, text) = usher(stage, arguments);
    assert_eq!(code, 0, "{arguments:?}: {text}");
    text
}

/// The dossier of a pull request.
pub fn dossier(stage: &Stage, pr: u64) -> String {
    well(stage, &["export", "--repo", DEMO, "--promotion", &pr.to_string()])
}

fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_ends_as_a_dossier() {
    let mut stage = Stage::start().await;
    stage.rules(|old| format!("{old}    overrides: [\"@acme/sre\"]\n")).await;
    let staging = stage.to_staging("v1.0.1").await;
    stage.restart().await;
    let asked = stage.say("ada", staging, "/promote prod --ticket CHG-7").await;
    let prod = stage.open_number("v1.0.1 to prod").await;
    stage.label("quinn", prod, "qa-approved").await;
    let why = "`pat` is away; closes #1 @acme/qa <img src=x>";
    stage.ask("sam", prod, &format!("/override approvals {why}")).await;
    stage.ask("ada", 1, "/lock prod the fair").await;
    stage.restart().await;
    stage.ask("ada", 1, "/unlock prod").await;
    stage.ask("ada", prod, "/merge").await;
    assert_eq!(stage.state(prod).await, "merged", "{}", stage.gates(prod).await.1);

    let pull = stage.pull(prod).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (head, commit) = (text(&pull["head"]["sha"]), text(&pull["merge_commit_sha"]));
    let config = stage.get(&format!("/repos/{DEMO}/contents/.github/usher.yml")).await;
    let told = dossier(&stage, prod);
    has(
        &told,
        &[
            &format!("# Promote `microservices-demo` `v1.0.1` to `prod`: `{DEMO}` `#{prod}`"),
            &format!("| Asked for by | `ada`, in comment {asked} |"),
            "| Ticket | `CHG-7` |",
            &format!("| Head | `{head}` |"),
            &format!("| Policy | `.github/usher.yml`, blob `{}` |", text(&config["sha"])),
            "| Merge asked for by | `ada`, onto `",
            &format!("merged by `usher[bot]` as `{commit}`"),
            "| Gates at the merge | passed |",
            "| `prod` | `prod` | `frontend` |",
            "| `approvals` | `prod` | overridden | overridden by `sam`",
            "| `order` | `prod` | passed | it runs in `staging` |",
            &format!("approval `qa-approved` by `quinn` for `{head}`"),
            "override of `approvals`",
            "lock in `prod` by `ada` (`the fair`)",
            "; ended ",
        ],
    );
    // What people wrote stays text: it stands in code, between ticks that it cannot close.
    has(&told, &["(`` `pat` is away; closes #1 @acme/qa <img src=x> ``)"]);
    let told = dossier(&stage, staging);
    has(
        &told,
        &[
            "| Asked for by | nobody: it came by itself |",
            "merged by `sam`",
            "| Gates at the merge | passed |",
        ],
    );
    let all = well(&stage, &["export", "--environment", "prod"]);
    assert!(all.contains("to `prod`") && !all.contains("to `staging`"), "{all}");
    let none = well(&stage, &["export", "--since", "2999-01-01"]);
    assert_eq!(none, "The record has nothing of that.\n");
    exported_alone(&stage, prod);
    stage.finish().await;
}

/// An export is checked by itself, whole or in part, and what is changed in it is found.
fn exported_alone(stage: &Stage, prod: u64) {
    let file = stage.folder().join("export.json");
    let path = file.to_str().unwrap();
    let key = stage.folder().join("public.pem");
    std::fs::write(&key, well(stage, &["key"])).unwrap();
    let key = key.to_str().unwrap();
    let verify = |text: &str, more: &[&str]| {
        std::fs::write(&file, text).unwrap();
        usher(stage, &[&["verify", path, "--key", key], more].concat())
    };
    well(stage, &["verify", "--key", key]);
    well(
        stage,
        &["export", "--format", "json", "--promotion", &prod.to_string(), "--output", path],
    );
    let part: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let entries = part["repositories"][0]["entries"].as_array().unwrap();
    assert!(
        entries.iter().any(|link| link["entry"].is_null()),
        "what was not asked for is left out"
    );
    well(stage, &["verify", path, "--key", key]);

    well(stage, &["export", "--format", "json", "--output", path]);
    let whole: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let change = |change: &dyn Fn(&mut Value)| {
        let mut changed = whole.clone();
        change(&mut changed["repositories"][0]);
        changed.to_string()
    };
    let links = whole["repositories"][0]["entries"].as_array().unwrap();
    assert!(links.iter().all(|link| link["entry"].is_object()));
    let judged = |link: &&Value| link["entry"]["what"]["event"] == "judged";
    let actors = links.iter().filter(judged).filter_map(|link| link["entry"]["actor"].as_str());
    let actors: BTreeSet<&str> = actors.collect();
    assert!(!actors.is_disjoint(&["quinn", "sam"].into()), "{actors:?}");
    let (last, at) = (links.len() - 1, links.len() as u64);
    let (code, text) = verify(&whole.to_string(), &["--head", links[3]["hash"].as_str().unwrap()]);
    assert_eq!((code, text.contains("No key was given")), (0, false), "{text}");
    for (broken, place, why) in [
        (
            change(&|it| it["entries"][4]["entry"]["at"] = json!("2026-01-01T00:00:00Z")),
            5,
            "not what was hashed",
        ),
        (change(&|it| drop(it["entries"].as_array_mut().unwrap().remove(4))), 5, "is missing"),
        (
            change(&|it| drop(it["entries"].as_array_mut().unwrap().pop())),
            at - 1,
            "the chain ends here",
        ),
        (change(&|it| it["entries"].as_array_mut().unwrap().swap(2, 3)), 3, "is missing"),
        (change(&|it| it["id"] = json!(1)), 1, "another repository's"),
        (
            change(&|it| it["entries"][last]["signature"] = it["entries"][0]["signature"].clone()),
            at,
            "signature",
        ),
        (change(&|it| it["head"]["sequence"] = json!(1)), at, "of the signed head"),
    ] {
        let (code, text) = verify(&broken, &[]);
        assert_eq!(code, 1, "{why}: {text}");
        has(&text, &[&format!("BROKEN at entry {place}: "), why]);
    }
    // Without the signed head, the end may be missing; a hash that was noted before tells.
    let cut = change(&|it| {
        it["entries"].as_array_mut().unwrap().pop();
        it["head"] = Value::Null;
    });
    let (code, text) = verify(&cut, &[]);
    assert_eq!(code, 0, "{text}");
    has(&text, &["Where it ends is not signed"]);
    let hash = links[last]["hash"].as_str().unwrap();
    let (code, text) = verify(&cut, &["--head", hash]);
    assert_eq!(code, 1, "{text}");
    let (code, _) = verify("{}", &[]);
    assert_eq!(code, 2);
}

/// What the bot said of a merge without passed gates.
async fn warned(stage: &Stage, pr: u64) -> Vec<String> {
    let comments = stage.comments(DEMO, pr).await.into_iter();
    let ours = comments.filter(|(login, body)| {
        login == "usher[bot]" && body.starts_with("<!-- usher:unpassed -->")
    });
    ours.map(|(_, body)| body).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_around_the_gates_is_on_record_and_told() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.label("quinn", prod, "qa-approved").await;
    stage.merge(DEMO, prod).await;
    let told = warned(&stage, prod).await;
    assert_eq!(told.len(), 1, "{told:?}");
    has(
        &told[0],
        &[
            "**Merged without passed gates** by `sam`.",
            "- `approvals` (`prod`): ",
            "`pm-approved` is missing",
        ],
    );
    has(
        &dossier(&stage, prod),
        &[
            "| Gates at the merge | **not passed** (shut: `approvals`) |",
            "merged **without passed gates**",
        ],
    );
    stage.restart().await;

    // By hand, and merged before anybody had the time to judge it.
    stage.branch(DEMO, "quick", "main").await;
    let text = stage.file(DEMO, &overlay("prod"), "main").await;
    let text = text.replacen("newTag: v1.0.1", "newTag: v1.0.0", 1);
    stage.push("sam", "quick", &overlay("prod"), &text).await;
    stage.branch(DEMO, "words", "main").await;
    stage.push("sam", "words", "README.md", "Words.\n").await;
    stage.github.hold_webhooks(true);
    let mut numbers = Vec::new();
    for head in ["quick", "words"] {
        let body = json!({"title": head, "head": head, "base": "main"});
        let pull = stage.act("sam", "POST", &format!("/repos/{DEMO}/pulls"), body).await;
        let number = pull["number"].as_u64().unwrap();
        let merge = format!("/repos/{DEMO}/pulls/{number}/merge");
        stage.act("sam", "PUT", &merge, json!({})).await;
        numbers.push(number);
    }
    stage.github.hold_webhooks(false);
    stage.idle().await;
    let told = warned(&stage, numbers[0]).await;
    has(&told.concat(), &["by `sam`. It was merged before its commit was judged."]);
    assert_eq!(warned(&stage, numbers[1]).await, [""; 0], "words promote nothing");
    has(
        &dossier(&stage, numbers[0]),
        &["| Gates at the merge | **not passed** (it had not been judged) |"],
    );
    // The same events again change nothing.
    let before = well(&stage, &["verify"]);
    stage.replay("pull_request", "\"closed\"").await;
    assert_eq!(well(&stage, &["verify"]), before);
    assert_eq!(warned(&stage, prod).await.len(), 1);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_end_of_a_promotion_is_told() {
    let mut stage = Stage::start().await;
    stage.publish(DEMO, "v1.0.1").await;
    let older = stage.open_number("v1.0.1 to staging").await;
    stage.publish(DEMO, "v1.0.2").await;
    let newer = stage.open_number("v1.0.2 to staging").await;
    stage.restart().await;
    has(
        &dossier(&stage, older),
        &["closed without being merged, seen ", &format!(": superseded by `#{newer}`")],
    );
    stage.ask("ada", newer, "/cancel").await;
    has(&dossier(&stage, newer), &[": cancelled by `ada`"]);
    // Opened again, it goes on.
    stage.branch(DEMO, "hand", "main").await;
    let text = stage.file(DEMO, &overlay("prod"), "main").await;
    let text = text.replace("newTag: v1.0.0", "newTag: v1.0.1");
    stage.push("ada", "hand", &overlay("prod"), &text).await;
    let hand = stage.open_pull("ada", DEMO, "hand").await["number"].as_u64().unwrap();
    for (state, told) in [
        ("closed", "| Ended | closed without being merged, seen "),
        ("open", "| Ended | not yet |"),
        ("closed", "| Ended | closed without being merged, seen "),
    ] {
        let path = format!("/repos/{DEMO}/pulls/{hand}");
        stage.act("ada", "PATCH", &path, json!({"state": state})).await;
        stage.idle().await;
        has(
            &dossier(&stage, hand),
            &["# A promotion by hand to `prod`: ", "| Made by | hand: `ada` |", told],
        );
    }
    well(&stage, &["verify"]);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_none_is_refused_on_start() {
    let stage = Stage::without_bot().await;
    let key = stage.folder().join("key");
    std::fs::write(&key, "hunter2").unwrap();
    let mut settings = stage.settings(stage.github.api_url());
    settings.evidence_key = Some(key.clone());
    let refused = usher::app::start(settings, usher::app::Role::All).await.unwrap_err().to_string();
    assert!(refused.contains("holds no key that signs evidence"), "{refused}");
    assert!(!refused.contains("hunter2"), "{refused}");
    assert_eq!(std::fs::read_to_string(&key).unwrap(), "hunter2", "nothing is written over it");
    // Who only takes deliveries in signs nothing.
    let mut settings = stage.settings(stage.github.api_url());
    settings.evidence_key = Some(key);
    usher::app::start(settings, usher::app::Role::Receive).await.unwrap().stop().await;
}
