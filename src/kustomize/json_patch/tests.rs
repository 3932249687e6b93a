//! Expected values are what `kubectl kustomize` (Kustomize 5.5.0) printed.

use super::*;
use crate::kustomize::{value, yaml};

/// Above the first line of a file.
const START: Place = Place { file: 1, line: 0, column: 1 };

const TARGET: &str = "{a: 1, n: null, l: [1, 2, {x: t}], s: 'a<b'}";

fn read(text: &str) -> Value {
    let documents = yaml::parse(text.as_bytes()).unwrap();
    value::read(documents[0].root(), 0).unwrap()
}

fn patched(patch: &str) -> Result<Value, Problem> {
    let mut target = read(TARGET);
    JsonPatch::read(&Source::inline(patch, START))?.apply(&mut target, &Budget::default())?;
    Ok(target)
}

#[test]
fn operations_change_the_object() {
    for (operations, expected) in [
        (
            "- {op: add, path: /b, value: {c: 1}}",
            "{a: 1, n: null, l: [1, 2, {x: t}], s: a<b, b: {c: 1}}",
        ),
        ("- {op: add, path: /b}", "{a: 1, n: null, l: [1, 2, {x: t}], s: a<b, b: null}"),
        ("- {op: add, path: what/b, value: 1}", "{a: 1, n: null, l: [1, 2, {x: t}], s: a<b, b: 1}"),
        (
            "- {op: add, path: /~01x~1~0, value: 1}",
            "{a: 1, n: null, l: [1, 2, {x: t}], s: a<b, ~1x/~: 1}",
        ),
        ("- {op: add, path: /, value: 1}", "{a: 1, n: null, l: [1, 2, {x: t}], s: a<b, '': 1}"),
        ("- {op: add, path: /l/-, value: 7}", "{a: 1, n: null, l: [1, 2, {x: t}, 7], s: a<b}"),
        ("- {op: add, path: /l/-1, value: 7}", "{a: 1, n: null, l: [1, 2, {x: t}, 7], s: a<b}"),
        ("- {op: add, path: /l/-4, value: 7}", "{a: 1, n: null, l: [7, 1, 2, {x: t}], s: a<b}"),
        ("- {op: add, path: /l/01, value: 7}", "{a: 1, n: null, l: [1, 7, 2, {x: t}], s: a<b}"),
        ("- {op: replace, path: /l/+1, value: 7}", "{a: 1, n: null, l: [1, 7, {x: t}], s: a<b}"),
        (
            "- {op: replace, path: /zz, value: 7}",
            "{a: 1, n: null, l: [1, 2, {x: t}], s: a<b, zz: 7}",
        ),
        ("- {op: replace, path: '', value: 7}", "{a: 1, n: null, l: [1, 2, {x: t}], s: a<b}"),
        ("- {op: replace, path: '', value: {z: 1}}", "{z: 1}"),
        ("- {op: remove, path: /l/-1}", "{a: 1, n: null, l: [1, 2], s: a<b}"),
        ("- {op: remove, path: /n}", "{a: 1, l: [1, 2, {x: t}], s: a<b}"),
        ("- {op: move, from: /l/0, path: /l/1}", "{a: 1, n: null, l: [2, 1, {x: t}], s: a<b}"),
        (
            "- {op: copy, from: /l/2, path: /l/2/x}",
            "{a: 1, n: null, l: [1, 2, {x: {x: t}}], s: a<b}",
        ),
        (
            "- {op: copy, from: /none, path: /z}",
            "{a: 1, n: null, l: [1, 2, {x: t}], s: a<b, z: null}",
        ),
        (
            "[{\"op\":\"add\",\"path\":\"/l\",\"value\":1,\"value\":[2]}]",
            "{a: 1, n: null, l: [2], s: a<b}",
        ),
        (
            "- {op: add, path: /l, value: [yes, 'yes', 2001-01-01, 0777, 1.50]}",
            "{a: 1, n: null, l: [true, 'yes', '2001-01-01', 511, 1.5], s: a<b}",
        ),
        (
            "- {op: add, path: /l, value: {1: a, yes: b, 1.5: c}}",
            "{a: 1, n: null, l: {'1': a, 'true': b, '1.5': c}, s: a<b}",
        ),
        ("- {op: add, path: /l, path: /a, value: 2}", "{a: 2, n: null, l: [1, 2, {x: t}], s: a<b}"),
        ("- {op: add, path: /l, value: 2}\n---\nother: 1", "{a: 1, n: null, l: 2, s: a<b}"),
        (" [{op: remove, path: /l}]", "{a: 1, n: null, s: a<b}"),
    ] {
        let found = patched(operations).unwrap();
        assert!(found.means(&read(expected)), "{operations}\n{found:#?}");
    }
}

#[test]
fn tests_compare_what_json_says() {
    for (operation, passes) in [
        ("{op: test, path: /a, value: 1}", true),
        ("{op: test, path: /a, value: 1.0}", true),
        ("{op: test, path: /a, value: '1'}", false),
        ("{op: test, path: /l, value: [1, 2, {x: t}]}", true),
        ("{op: test, path: /l, value: [2, 1, {x: t}]}", false),
        ("{op: test, path: /n, value: null}", true),
        ("{op: test, path: /n, value: 'null'}", false),
        ("{op: test, path: /none, value: null}", true),
        ("{op: test, path: /none}", false),
        ("{op: test, path: /l/9, value: null}", false),
        ("{op: test, path: '', value: {s: a<b, 'n': null, a: 1, l: [1, 2, {x: t}]}}", true),
    ] {
        assert_eq!(patched(&format!("- {operation}")).is_ok(), passes, "{operation}");
    }
    assert!(patched("[{\"op\":\"test\",\"path\":\"/a\",\"value\":1.0}]").is_err());
    let list_with_null =
        "- {op: add, path: /l, value: [null]}\n- {op: test, path: /l, value: [null]}";
    assert!(patched(list_with_null).is_err());
}

#[test]
fn what_does_not_apply_is_named_where_the_operation_stands() {
    for operation in [
        "{op: replace, path: /l/9, value: 5}",
        "{op: replace, path: /zz/q, value: 5}",
        "{op: replace, path: /l/-, value: 5}",
        "{op: replace, path: ''}",
        "{op: add, path: '', value: {}}",
        "{op: add, path: a, value: 5}",
        "{op: add, path: /n/a, value: 5}",
        "{op: add, path: /a/b, value: 5}",
        "{op: add, path: /l/4, value: 5}",
        "{op: add, path: /l/-5, value: 5}",
        "{op: add, path: 5, value: 5}",
        "{op: add, value: 5}",
        "{op: remove, path: /none}",
        "{op: remove, path: /l/3}",
        "{op: move, from: /none, path: /a}",
        "{op: move, from: /l, path: /l/0}",
        "{op: move, path: /l}",
        "{op: copy, from: /l/3, path: /a}",
        "{op: foo, path: /a}",
        "{path: /a}",
        "null",
    ] {
        let patch = format!("# text\n- {{op: test, path: /a, value: 1}}\n- {operation}\n");
        let problem = patched(&patch).unwrap_err();
        assert_eq!(
            problem.place,
            Place { file: 1, line: 3, column: 3 },
            "{operation}: {problem:?}"
        );
    }
    let json = patched("[\n  {\"op\": \"remove\", \"path\": \"/x\"}]").unwrap_err();
    assert_eq!(json.place, Place { file: 1, line: 2, column: 3 });
}

#[test]
fn patches_can_be_told_from_other_texts() {
    for (text, is_patch) in [
        ("- {op: add}", true),
        ("- null", true),
        ("[]", true),
        ("# nothing", true),
        ("null", true),
        ("", false),
        ("a: b", false),
        ("- text", false),
        ("text", false),
        ("[{op: add, path: /a}]", false),
        ("[] []", false),
        ("- {op: add, value: .inf}", false),
        ("- {op: add, value: {null: 1}}", false),
        ("- }", false),
    ] {
        assert_eq!(JsonPatch::read(&Source::inline(text, START)).is_ok(), is_patch, "{text:?}");
    }
    assert!(JsonPatch::read(&Source::inline("[]", START)).unwrap().is_empty());
}

#[test]
fn hostile_patches_end() {
    let twice = "- {op: copy, from: /l, path: /l/-}\n".repeat(40);
    assert!(patched(&twice).is_err(), "it doubles the object each time");
    let deeper = format!("- {{op: add, path: {}, value: {{}}}}\n", "/l/0".repeat(300));
    assert!(patched(&deeper).is_err());
    let nested = "{a: ".repeat(60) + "{}" + &"}".repeat(60);
    let path = "/a".repeat(60);
    let add =
        (0..9).map(|i| format!("- {{op: add, path: {}/a, value: {nested}}}\n", path.repeat(i)));
    let problem =
        patched(&format!("- {{op: add, path: /a, value: {{}}}}\n{}", add.collect::<String>()));
    assert!(problem.is_err(), "together they nest deeper than walks may recurse");
}
