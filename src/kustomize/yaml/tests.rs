//! Trees with places, and what is refused.

use super::compose::MAX_SOURCE;
use super::*;

fn one(source: &str) -> Document {
    parse_one(source.as_bytes()).unwrap()
}

fn refusal(source: &str) -> String {
    parse(source.as_bytes()).unwrap_err().to_string()
}

/// What each scalar's span holds, beside its text.
fn spelled<'a>(source: &'a str, document: &'a Document) -> Vec<(&'a str, &'a str)> {
    let mut scalars: Vec<Node<'_>> =
        document.nodes().filter(|n| n.kind() == Kind::Scalar).collect();
    scalars.sort_by_key(|n| n.span().start);
    let text = |n: &Node<'a>| n.as_str().unwrap();
    scalars.iter().map(|n| (&source[n.span()], text(n))).collect()
}

#[test]
fn spans_are_tight_and_places_are_right() {
    let source = "\u{feff}# é\nimages: # why\n- name: \"é\\n\" # c\n  newTag: &t !!str 1.0  # d\n\n# end\nx: {é: 'b''c', d: }\n";
    let document = one(source);
    assert_eq!(
        spelled(source, &document),
        [
            ("images", "images"),
            ("name", "name"),
            ("\"é\\n\"", "é\n"),
            ("newTag", "newTag"),
            ("1.0", "1.0"),
            ("x", "x"),
            ("é", "é"),
            ("'b''c'", "b'c"),
            ("d", "d"),
            ("", ""),
        ]
    );
    let images = document.root().get("images").unwrap();
    assert_eq!(&source[images.span()], "- name: \"é\\n\" # c\n  newTag: &t !!str 1.0");
    assert_eq!((images.line(), images.column()), (3, 1));
    let tag = images.items().next().unwrap().get("newTag").unwrap();
    assert_eq!((tag.line(), tag.column()), (4, 20));
    assert_eq!(&source[tag.outer_span()], "&t !!str 1.0");
    assert_eq!((tag.anchor(), tag.tag()), (Some("t"), Some("tag:yaml.org,2002:str")));
    assert_eq!(tag.as_string(), Some("1.0"));
    let x = document.root().get("x").unwrap();
    assert_eq!(&source[x.span()], "{é: 'b''c', d: }");
    assert_eq!(x.get("d").unwrap().column(), 19);
    assert!(x.get("d").unwrap().is_null());
}

#[test]
fn properties_may_stand_alone() {
    let source = "a: &x # c\nb: !!str\nc: &y\n  # d\n  e: f\n";
    let document = one(source);
    let root = document.root();
    assert_eq!(root.get("a").unwrap().span(), 5..5);
    assert!(root.get("a").unwrap().is_null());
    assert_eq!(root.get("b").unwrap().as_string(), Some(""));
    assert_eq!(&source[root.get("c").unwrap().span()], "e: f");
    assert_eq!(root.get("c").unwrap().line(), 5);
}

#[test]
fn aliases_and_merges_are_followed() {
    let document = one("a: &a {x: 1, y: 2}\nb: &b {<<: *a, y: 3}\nc: {<<: [{y: 4}, *b]}\nd: *b\n");
    let root = document.root();
    let text =
        |key: &str, field: &str| root.get(key).unwrap().get(field).unwrap().as_str().unwrap();
    assert_eq!((text("b", "x"), text("b", "y")), ("1", "3"));
    assert_eq!((text("c", "x"), text("c", "y")), ("1", "4"));
    assert_eq!(text("d", "y"), "3");
    assert_eq!(root.get("d").unwrap().kind(), Kind::Alias);
    assert!(root.get("d").unwrap().is_mapping());
    assert_eq!(root.get("d").unwrap().line(), 4);
}

#[test]
fn documents_are_told_apart() {
    assert_eq!(parse(b"# nothing\n").unwrap().len(), 0);
    let documents = parse(b"--- 1\n---\na: b\n...\n---\n").unwrap();
    assert_eq!(documents.len(), 3);
    assert_eq!(documents[0].root().resolve(), Some(Scalar::Int(1)));
    assert_eq!(documents[1].root().get("a").unwrap().line(), 3);
    assert!(documents[2].root().is_null());
    insta::assert_snapshot!(
        parse_one(b"a\n---\nb\n").unwrap_err(),
        @"line 3, column 1: the file holds 2 documents, not one"
    );
}

#[test]
fn keys_that_stand_twice_are_found() {
    let twice = one("a: 1\nb: {c: 1, \"c\": 2}\n");
    insta::assert_snapshot!(
        twice.check_unique_keys().unwrap_err(),
        @r#"line 2, column 11: the key "c" stands twice; the first one is on line 2"#
    );
    assert_eq!(one("a: {c: 1}\nb: {c: 1}\n").check_unique_keys(), Ok(()));
}

#[test]
fn errors_say_what_and_where() {
    insta::assert_snapshot!(
        refusal("a: b\n c: d\n"),
        @"line 2, column 3: mapping values are not allowed in this context"
    );
    insta::assert_snapshot!(
        refusal("a:\n- [b\nc: d\n"),
        @"line 3, column 2: did not find expected ',' or ']', while parsing a flow sequence that starts on line 2"
    );
    insta::assert_snapshot!(
        refusal("é: \u{1}\n"),
        @"line 1, column 4: control characters are not allowed"
    );
    insta::assert_snapshot!(
        parse(b"a: 1\nb: \xff\n").unwrap_err(),
        @"line 2, column 4: the file is not UTF-8 from here on"
    );
    insta::assert_snapshot!(
        refusal("a: *x\n"),
        @"line 1, column 4: there is no anchor &x before this alias"
    );
    insta::assert_snapshot!(
        refusal("a: &x [*x]\n"),
        @"line 1, column 8: the anchor &x would contain itself"
    );
}

#[test]
fn hostile_sources_are_refused_early() {
    for open in ["[", "{a: ", "- ", "? "] {
        let deep = open.repeat(100_000);
        assert!(refusal(&deep).contains("nested deeper than 200"), "{open}");
    }
    let mut bomb = "a0: &a0 [x, x]\n".to_owned();
    for i in 1..40 {
        bomb += &format!("a{i}: &a{i} [*a{0}, *a{0}]\n", i - 1);
    }
    assert!(refusal(&bomb).contains("aliases stand for more than 1000000 values"));
    let mut chain = "a0: &a0 x\n".to_owned();
    for i in 1..300 {
        chain += &format!("a{i}: &a{i} [*a{}]\n", i - 1);
    }
    assert!(refusal(&chain).contains("with its aliases nested deeper than 200"));
    assert!(refusal(&format!("[{}]", "a,".repeat(1_000_001))).contains("more than 1000000 values"));
    assert!(refusal(&"%TAG !a! x\n".repeat(2_000)).contains("too many directives"));
    for (open, gap) in [("a: |\n", "\n"), ("a: x", " "), ("a: \"x", "\u{2028}")] {
        let slow = format!("{open}{}{}", gap.repeat(1_000_000), " x".repeat(1_000_000));
        assert!(refusal(&slow).contains("too much white space"), "{open}");
    }
    assert!(refusal(&" ".repeat(MAX_SOURCE + 1)).contains("larger than 16 MiB"));
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(source: Vec<u8>) {
        let _ = parse(&source);
    }

    #[test]
    fn no_text_of_yaml_signs_makes_it_panic(source in "[-a:?&*!|>'\"%@#,{}\\[\\]~<+ \t\n\r\u{feff}é0]{0,60}") {
        if let Ok(documents) = parse(source.as_bytes()) {
            for node in documents.iter().flat_map(Document::nodes) {
                proptest::prop_assert!(source.get(node.outer_span()).is_some(), "{node:?}");
                proptest::prop_assert!(node.outer_span().start <= node.span().start);
            }
        }
    }
}
