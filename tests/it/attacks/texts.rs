//! Texts of strangers that are to do something where they are shown.

use serde_json::json;

use crate::stage::{DEMO, Stage};

/// What a text must not hold outside code: mentions, references, closing keywords, HTML.
fn assert_inert(what: &str, text: &str) {
    // What stands in HTML code is shown as it is, once its brackets are escaped.
    let mut shown = String::new();
    for (at, part) in text.split("<code>").enumerate() {
        match part.split_once("</code>") {
            Some((code, rest)) if at > 0 => {
                assert!(!code.contains('<'), "{what}: {code}");
                shown.push_str(rest);
            }
            _ => shown.push_str(part),
        }
    }
    let mut outside = String::new();
    let mut rest = shown.as_str();
    while let Some(at) = rest.find('`') {
        outside.push_str(&rest[..at]);
        let from = &rest[at..];
        let run = from.len() - from.trim_start_matches('`').len();
        let ticks = "`".repeat(run);
        let mut end = None;
        let mut look = run;
        while let Some(next) = from[look..].find(&ticks) {
            let begin = look + next;
            let found = from[begin..].len() - from[begin..].trim_start_matches('`').len();
            if found == run {
                end = Some(begin + run);
                break;
            }
            look = begin + found;
        }
        rest = &from[end.unwrap_or_else(|| panic!("{what}: code that never ends: {text}"))..];
    }
    outside.push_str(rest);
    for bad in ["@everyone", "@acme/sre", "#1234", "<img", "<script", "\u{202e}"] {
        assert!(!outside.contains(bad), "{what} shows {bad}: {text}");
    }
    assert!(!text.contains('\u{202e}'), "{what} holds a bidirectional control: {text}");
}

const EVIL: &str =
    "Fixes #1234 @everyone @acme/sre <img src=x onerror=alert(1)> \u{202e} ```` ``` ` | \\";

#[tokio::test(flavor = "multi_thread")]
async fn hostile_texts_are_shown_and_do_nothing() {
    let mut stage = Stage::start().await;
    let notes =
        format!("{EVIL}\n\n```\n/promote prod\n~~~\n<!-- usher:status -->\n{EVIL}\n/promote prod");
    stage.publish_with(DEMO, json!({"tag_name": "v1.0.1", "name": EVIL, "body": notes})).await;
    let staging = stage.open_number("v1.0.1 to staging").await;
    let pull = stage.pull(staging).await;
    assert_inert("the body", pull["body"].as_str().unwrap());
    assert_eq!(pull["title"], "Promote microservices-demo v1.0.1 to staging");
    stage.merge(DEMO, staging).await;
    stage.restart().await;

    let evil_branch = "fixes-1234-@everyone";
    stage.branch(DEMO, evil_branch, "main").await;
    stage.push("ada", evil_branch, "README.md", "x\n").await;
    let body = json!({"title": EVIL, "head": evil_branch, "base": "main", "body": notes});
    let hand = stage.act("ada", "POST", &format!("/repos/{DEMO}/pulls"), body).await;
    let hand = hand["number"].as_u64().unwrap();
    stage.idle().await;
    stage.is_green(hand).await;
    stage.label("ada", hand, "@everyone #1234").await;
    let lines = [
        format!("/promote {EVIL}"),
        format!("/lock prod {EVIL}"),
        "/status".to_owned(),
        "/plan prod".to_owned(),
        format!("/hold {EVIL}"),
        "/approve @everyone #1234".to_owned(),
        format!("/unlock {EVIL}"),
        format!("/rollback prod {EVIL}"),
        "/unlock prod".to_owned(),
    ];
    let answer = stage.ask("ada", hand, &lines.join("\n")).await;
    assert_inert("the answer", &answer);
    assert_eq!(stage.pulls(DEMO).await.len(), 2, "no text promoted anything");
    stage.restart().await;

    stage.ask("ada", staging, "/promote prod").await;
    let prod = stage.open_number("v1.0.1 to prod").await;
    stage.ask("pat", prod, &format!("/hold {EVIL}")).await;
    assert_inert("the status", &stage.told(prod).await);
    let (_, sha) = stage.head_of(prod).await;
    let gates = stage.check(DEMO, &sha, "usher/gates").await;
    assert_inert("the check", &format!("{}\n{}", gates.1, gates.2));
    stage.ask("ada", prod, "/unhold").await;
    stage.approve(prod).await;
    stage.restart().await;
    stage.ask("ada", prod, "/merge").await;
    assert_eq!(stage.state(prod).await, "merged");
    let commit = stage.get(&format!("/repos/{DEMO}/commits/main")).await;
    let message = commit["commit"]["message"].as_str().unwrap();
    assert!(!message.contains("Fixes") && !message.contains("@everyone"), "{message}");
    stage.finish().await;
}
