//! What `kubectl kustomize` (v5.5.0) printed for the same values.

use super::print;
use crate::kustomize::value;
use crate::kustomize::yaml;

fn printed(source: &str) -> String {
    let document = yaml::parse_one(source.as_bytes()).unwrap();
    print(&value::read(document.root(), 0).unwrap()).unwrap()
}

#[test]
fn scalars_are_printed_as_json_has_them() {
    let long = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    let colon = long.replace("a b", "a: b");
    for (source, out) in [
        ("2001-01-02", r#""2001-01-02T00:00:00Z""#),
        ("2001-01-02T03:04:05.6Z", r#""2001-01-02T03:04:05.6Z""#),
        ("2001-01-02 03:04:05", r#""2001-01-02T03:04:05Z""#),
        ("2001-1-2t3:4:5+01:00", r#""2001-01-02T03:04:05+01:00""#),
        ("!!binary aGVsbG8=", "hello"),
        ("1.0", "1"),
        ("1e3", "1000"),
        ("1234567.5", "1.2345675e+06"),
        ("-0.0", "0"),
        ("1e21", "1e+21"),
        ("123456789012345678901234", "1.2345678901234569e+23"),
        ("0x1F", "31"),
        ("0777", "511"),
        ("1_000", "1000"),
        (".5", "0.5"),
        ("1e-7", "1e-07"),
        ("0.0001", "0.0001"),
        ("100000000000000000000", "1e+20"),
        ("True", "true"),
        ("~", "null"),
        ("", "null"),
        ("yes", r#""yes""#),
        ("{}", "{}"),
        ("[]", "[]"),
        (r#""1:30""#, r#""1:30""#),
        (r#""a\tb""#, r#""a\tb""#),
        (r#""emoji 😀""#, r#""emoji \U0001F600""#),
        (r#""nbsp\u00a0x""#, "nbsp\u{a0}x"),
        (r#""ls\u2028x""#, "'ls\u{2028}    x'"),
        (r#""a\rb""#, r#""a\rb""#),
        (r#""trailing ""#, "'trailing '"),
        (r#"" leading""#, "' leading'"),
        (r#""a: b""#, "'a: b'"),
        (r#""it's: b""#, "'it''s: b'"),
        (r#""*x""#, "'*x'"),
        (r#""x\n""#, "|\n    x"),
        (r#""x\n\n""#, "|+\n    x\n"),
        (r#""x\ny""#, "|-\n    x\n    y"),
        (r#"" x\ny""#, "|2-\n     x\n    y"),
        (r#""x \ny""#, r#""x \ny""#),
        (r#""\nx""#, "|2-\n\n    x"),
        ("\"<<\"", "<<"),
        ("\"=\"", "="),
        (r#""0b11""#, r#""0b11""#),
        (r#""\ufeffx""#, r#""\uFEFF\x78""#),
        (r#""\x01""#, r#""\x01""#),
        (r#""""#, r#""""#),
        (r#""-""#, "'-'"),
        (r#""---a""#, "'---a'"),
        (r#""a #b""#, "'a #b'"),
        (r#""a#b""#, "a#b"),
        (r#""0x1g""#, "0x1g"),
        (r#""_1""#, "_1"),
        (r#""a,b""#, "a,b"),
        (r#""?a""#, "?a"),
        (r#""? a""#, "'? a'"),
        (r#"":a""#, ":a"),
        (r#""a:""#, "'a:'"),
        (r#""\u0085""#, "' '"),
        (&format!("\"{long} c  d\""), &format!("{long}\n    c  d")),
        (&format!("\"{colon} c\""), &format!("'{colon}\n    c'")),
        (&format!("\"\\t{colon} c\""), &format!("\"\\t{colon}\n    c\"")),
    ] {
        assert_eq!(
            printed(&format!("a:\n  k: {source}\n")),
            format!("a:\n  k: {out}\n"),
            "{source}"
        );
    }
}

#[test]
fn keys_are_sorted_and_announced_when_they_are_long() {
    let long = "k".repeat(129);
    let source = format!(
        "a10: 1\na9: 1\na09: 1\n\"yes\": x\n\"\": x\n\"1\": x\n\"k\\nl\": x\nB: x\nb: [[1, [2]], {{c: [d]}}]\n\
         ? {long}\n: [x, {{a: 1}}]\n"
    );
    let expected = format!(
        "\"\": x\n\"1\": x\nB: x\na9: 1\na09: 1\na10: 1\nb:\n- - 1\n  - - 2\n- c:\n  - d\n\
         ? |-\n  k\n  l\n: x\n? {long}\n: - x\n  - a: 1\n\"yes\": x\n"
    );
    assert_eq!(printed(&source), expected);
}

#[test]
fn what_json_has_no_word_for_is_refused() {
    for (source, message) in [
        ("1: x", "the key 1 is not a text; put quotes around it"),
        ("a: .inf", ".inf is no number that JSON has a word for"),
        ("a: !!binary '*'", "!!binary wants base64"),
        ("a: \"\\x7f\"", "YAML has no place for the character U+007F"),
    ] {
        let document = yaml::parse_one(source.as_bytes()).unwrap();
        let problem = print(&value::read(document.root(), 0).unwrap()).unwrap_err();
        assert_eq!((problem.message.as_str(), problem.place.line), (message, 1), "{source}");
    }
}

#[test]
fn printing_what_was_printed_changes_nothing() {
    for source in
        ["a: {b: [1, 'x: y', {c: \"z\\n\"}], d: ''}", "a: |+\n  x\n\n", "a: 'yes'\nb: 1e3\n"]
    {
        let once = printed(source);
        assert_eq!(printed(&once), once);
    }
}

#[test]
fn folded_texts_get_a_line_before_what_is_indented() {
    for (source, out) in [
        (
            ">-\n    has(a) || !(\n      (b) &&\n      c)",
            "|-\n    has(a) || !(\n\n      (b) &&\n      c)",
        ),
        (">\n    x\n\n      y\n    z", "|\n    x\n\n\n      y\n    z"),
        (">\n    x\n    y\n\n    z", "|\n    x y\n    z"),
        (">+\n    x\n\n    y\n\n", "|+\n    x\n    y\n\n\n"),
        (">2\n\n    x\n    y\n      z", "|2\n\n    x y\n\n      z"),
        (">2\n     x\n    y\n    z", "|2\n     x\n    y z"),
        (">-\n    a \tb\n    c", "\"a \\tb c\""),
    ] {
        assert_eq!(
            printed(&format!("a:\n  k: {source}\n")),
            format!("a:\n  k: {out}\n"),
            "{source}"
        );
    }
}
