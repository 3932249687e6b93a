//! What the longest comments cost to read, which takes a clock. What they mean is tried with the grammar.

use std::time::{Duration, Instant};

use serde_json::json;
use usher::intent::Intent;

/// GitHub takes no longer comments.
const LONGEST: usize = 65_536;

fn fill(piece: &str) -> String {
    piece.chars().cycle().take(LONGEST).collect()
}

fn lines(most: usize, line: impl Fn(usize) -> String) -> String {
    let lines: String = (0..most).map(line).collect();
    lines.chars().take(LONGEST).collect()
}

fn texts() -> Vec<String> {
    let pieces = [
        "/",
        "/\n",
        "/a\n",
        "/promot\n",
        "/usher x\n",
        "/usher\n",
        "/merge\n",
        "> ",
        ">",
        "- ",
        "1. ",
        "[^1]: ",
        "[^1]",
        "<!--",
        "<!-- ",
        "a <!--> <!-- -- ",
        "<pre>",
        "<pre></code>",
        "<",
        "<a ",
        "`a",
        "*a_ ",
        "**a ",
        "[",
        "[a](",
        "[a]: <b> \"",
        "\n/a `",
        "/a <!---->",
        "a|",
        "a|\n-|\n",
        "~~a ",
        "&",
        "\\",
        "/a\u{301}\n",
        "\u{200b}/",
        "&#47;",
        "\r",
        "\t/a\n",
    ];
    let mut texts: Vec<String> = pieces.iter().map(|piece| fill(piece)).collect();
    for (command, piece) in [
        ("promote", "“"),
        ("promote", "“ "),
        ("promote", "--app=“"),
        ("lock x", "\"a\" "),
        ("lock x", "--f x "),
        ("hold", "a --app x "),
        ("hold", "a --aqp x "),
        ("promote x --services", "a, "),
        ("rollback x --reason", "—reason "),
    ] {
        texts.push(format!("/{command} {}", fill(piece)));
    }
    texts.push(lines(400, |depth| format!("{}/promote\n", "> ".repeat(depth))));
    texts.push(lines(400, |depth| format!("{}- /promote\n", "  ".repeat(depth))));
    texts.push(lines(400, |ticks| format!("{} /a\n", "`".repeat(ticks))));
    texts.push(lines(9_000, |number| format!("[{number}]: /a\n")));
    texts
}

#[test]
fn the_longest_comments_cost_little() {
    let mut slowest = (Duration::ZERO, String::new());
    for text in texts() {
        let delivery = json!({
            "action": "created",
            "installation": {"id": 1},
            "repository": {"id": 2, "full_name": "acme/demo", "default_branch": "main"},
            "issue": {"number": 3},
            "comment": {
                "id": 4,
                "user": {"id": 5, "login": "ada"},
                "body": text,
                "created_at": "2026-11-20T12:00:00Z",
            },
        });
        let body = delivery.to_string();
        let start = Instant::now();
        let intents = usher::intent::parse("issue_comment", body.as_bytes()).unwrap();
        let spent = start.elapsed();
        for intent in &intents {
            let Intent::Command { remark, .. } = intent else { panic!("{intent:?}") };
            assert!(remark.spoken.len() <= 10);
        }
        let kept = serde_json::to_string(&intents).unwrap();
        assert!(kept.len() < 50_000, "{} bytes are kept of {text:.60}", kept.len());
        slowest = slowest.max((spent, text.chars().take(40).collect()));
    }
    // milliseconds where it is built for release; what is not linear takes minutes
    assert!(slowest.0 < Duration::from_secs(5), "{slowest:?}");
    println!("slowest: {slowest:?}");
}
