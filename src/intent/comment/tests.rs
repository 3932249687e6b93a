//! Comments as people, bots and attackers write them, and which of their lines command.
//!
//! What a line says is tried in the grammar's own tests.

use proptest::prelude::*;

use super::*;
use crate::intent::command::{Command, Mistake};

/// The lines that are taken for commands.
fn taken(text: &str) -> Vec<String> {
    read(text).0.into_iter().map(|spoken| spoken.line).collect()
}

const PROD: [&str; 1] = ["/promote prod"];

#[test]
fn a_command_stands_at_the_start_of_a_line() {
    for text in [
        "/promote prod",
        "/promote prod\n",
        "Thanks, looks good!\n\n/promote prod\n\nsee you",
        "Thanks!\n/promote prod\nbye",
        "Thanks!  \n/promote prod  \nbye",
        "Thanks!\\\n/promote prod\\\nbye",
        "Thanks!\r\n/promote prod\r\nbye\r\n",
        "Thanks!\r/promote prod\rbye",
        "\u{feff}/promote prod",
        "   /promote prod   ",
        "Thanks!\n\t/promote prod\t\n",
        "Thanks!\n          /promote prod",
        "- a list\n- of things\n\n/promote prod",
        "> a quote\n\n/promote prod",
        "# a heading\n/promote prod",
        "***\n/promote prod",
        "```\ncode\n```\n/promote prod",
        "`code` and `\n/promote prod\n",
        "```html\n<!-- not a comment\n```\n/promote prod",
        "`<!--` is how comments begin\n/promote prod",
        "<!-- a template's words -->\n\n/promote prod",
        "<!-- a template's words\n<blockquote>\n\n<code> -->\n\n/promote prod",
        "<!-->\n\n/promote prod",
        "a <!-- b --> c\n/promote prod",
        "<details><summary>why</summary>\n\n/promote prod\n\n</details>",
        "<blockquote>\n\nsaid she\n\n</blockquote>\n\n/promote prod",
        "a <code>b</code> c\n/promote prod",
        "[a]: https://example.org\n/promote prod",
        "[a]:\n/promote prod",
        "a | b\n/promote prod",
        "~~no~~\n/promote prod",
        "a [link\n](b) c\n/promote prod",
        "1 < 2\n/promote prod",
    ] {
        assert_eq!(taken(text), PROD, "{text:?}");
    }
}

#[test]
fn nothing_else_is_one() {
    for text in [
        "please /promote prod",
        "- /promote prod",
        "1. /promote prod",
        "- [ ] /promote prod",
        "- a list\n/promote prod",
        "- a list\n\n  /promote prod",
        "# /promote prod",
        "/promote prod\n---",
        "/promote prod\nand more\n===",
        "/promote prod | b\n--- | ---\nc | d",
        "a | b\n--- | ---\n/promote prod",
        "> /promote prod",
        ">/promote prod",
        "> a quote\n/promote prod",
        "> > two\n/promote prod",
        "> [!NOTE]\n> /promote prod",
        "```\n/promote prod\n```",
        "```\n/promote prod",
        "~~~ sh\n/promote prod\n~~~~",
        "````\n```\n/promote prod\n```\n````",
        "    /promote prod",
        "\t/promote prod",
        "`/promote prod`",
        "`a\n/promote prod\nb`",
        "``a ` \n/promote prod\n``",
        "<!--\n/promote prod\n-->",
        "<!--\n\n/promote prod\n\n-->",
        "<!-- /promote prod",
        "<!--\n\n/promote prod",
        "a <!--\n/promote prod\n--> b",
        "a <!--\n\n/promote prod\n\n--> b",
        "a <!--\n\n/promote prod",
        "*a <!--*\n\n/promote prod",
        "- a <!--\n\n/promote prod\n\n- -->",
        "<div> <!--\n\n/promote prod\n\n--> </div>",
        "<div>\n/promote prod\n</div>",
        "<details>\n/promote prod\n</details>",
        "<pre>\n\n/promote prod\n\n</pre>",
        "<blockquote>\n\n/promote prod\n\n</blockquote>",
        "<BlockQuote cite=x>\n\n/promote prod",
        "<code>\n\n/promote prod\n\n</code>",
        "a <code>b\n/promote prod\n</code>",
        "a <s>b\n/promote prod\n</s>",
        "<table><tr><td>\n\n/promote prod\n\n</td></tr></table>",
        "<script>\n\n/promote prod\n\n</script>",
        "<?php\n\n/promote prod\n\n?>",
        "<![CDATA[\n\n/promote prod\n\n]]>",
        "[a]:\n/promote",
        "[^1]: a note\n/promote prod\n\n[^1]",
        "[^1]: /promote prod\n\n[^1]",
        "\\/promote prod",
        "&#47;promote prod",
        "&sol;promote prod",
        "*/promote prod*",
        "**a\n/promote prod**",
        "~~/promote prod~~",
        "~~a\n/promote prod~~",
        "[a\n/promote prod](b)",
        "![a\n/promote prod](b)",
        "[/promote prod](b)",
        "\u{a0}/promote prod",
        "\u{200b}/promote prod",
        "\u{3000}/promote prod",
        "\u{c}/promote prod",
        "a\n\u{feff}/promote prod",
        "\u{feff}\u{feff}/promote prod",
        "／promote prod",
        "a\u{2028}/promote prod",
        "a\u{b}/promote prod",
        "<b>/promote prod</b>",
        "<!-- a -->/promote prod",
    ] {
        assert_eq!(taken(text), Vec::<String>::new(), "{text:?}");
    }
}

#[test]
fn what_nobody_sees_says_nothing() {
    let (spoken, _) = read("/promote prod <!-- v0.9.0 --> v1.0.1 <!-- --dry-run\n--> --app evil");
    assert_eq!(spoken[0].line, "/promote prod  v1.0.1");
    let version = match spoken[0].meant.clone().unwrap() {
        Command::Promote { version, dry_run: false, .. } => version,
        other => panic!("{other:?}"),
    };
    assert_eq!(version.as_deref(), Some("v1.0.1"));
}

#[test]
fn lines_are_read_in_order_and_ten_of_them() {
    let (spoken, dropped) = read("/merge\nhello\n/promot x\n/lgtm\n/help\n> /retry");
    let said: Vec<_> = spoken.into_iter().map(|spoken| spoken.meant).collect();
    let unknown = Mistake::Unknown { word: "promot".into(), near: Some("promote".into()) };
    assert_eq!(said, [Ok(Command::Merge), Err(unknown), Ok(Command::Help)]);
    assert_eq!(dropped, 0);

    let (spoken, dropped) = read(&"/merge\n/lgtm\n/usher x\n".repeat(8));
    assert_eq!((spoken.len(), dropped), (10, 6));
}

/// Lines with commands among them, none of which ends what they are put into.
fn body() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("/promote prod".to_owned()),
        Just("  /usher rollback prod".to_owned()),
        "/(merge|lock prod|hold) [a-z*_\\[\\]()|#:\"`~]{0,12}",
        "[-a-z*_\\[\\]()|#: \t\"/1.=&;\\\\!^]{0,16}",
        Just(String::new()),
    ];
    prop::collection::vec(line, 1..8).prop_map(|lines| lines.join("\n"))
}

/// Puts something into code, a quotation or a comment.
fn quoted(inside: &str, how: usize, before: &str, depth: usize) -> String {
    let prefixed = |prefix: &str| {
        let lines = inside.split('\n').map(|line| format!("{prefix}{line}"));
        lines.collect::<Vec<_>>().join("\n")
    };
    let fence = "`".repeat(40 + depth);
    match how {
        0 => format!("{before}\n\n{fence}\n{inside}\n{fence}\n"),
        1 => format!("{before}\n\n{fence}\n{inside}\n"),
        2 => format!("{before}\n\n{}\n", prefixed("> ")),
        3 => format!("{before}\n\n{}\n", prefixed(">")),
        4 => format!("{before}\n\n<!-- {inside} -->\n"),
        5 => format!("{before} <!--\n{inside}\n"),
        6 => format!("{before}\n\n***\n\n{}\n", prefixed("    ")),
        7 => format!("{before}\n\n<blockquote>\n\n{inside}\n\n</blockquote>\n"),
        8 => format!("{before}\n\n<pre>\n{inside}\n</pre>\n"),
        _ => format!("{before}\n\n> {}\n", inside.replace('\n', "\n> ")),
    }
}

proptest! {
    #[test]
    fn random_text_is_read(text in "\\PC{0,80}|[-/a-z <>!`~*_\\[\\]()|#:\"&;\n\r\t\\\\]{0,80}") {
        let (spoken, _) = read(&text);
        prop_assert!(spoken.iter().all(|spoken| spoken.line.starts_with('/')));
    }

    #[test]
    fn what_is_quoted_is_no_command(
        inside in body(),
        ways in prop::collection::vec(0..10_usize, 1..4),
        before in "([a-z][a-z ,.]{0,11})?",
    ) {
        let mut text = inside;
        for (depth, how) in ways.into_iter().enumerate() {
            text = quoted(&text.replace("-->", "->"), how, &before, depth);
        }
        prop_assert_eq!(taken(&text), Vec::<String>::new(), "{}", text);
    }

    #[test]
    fn what_stands_by_itself_is_one(before in "[a-zA-Z ,.!?\n]{0,40}", after in "[a-zA-Z ,.!?\n]{0,40}") {
        let text = format!("{}\n\n/promote prod\n\n{after}", before.replace("    ", ""));
        prop_assert_eq!(taken(&text), PROD);
    }
}
