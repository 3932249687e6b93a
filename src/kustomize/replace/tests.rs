//! What `kubectl kustomize` v5.5.0 made of these objects is what is asked for here.

use super::*;
use crate::kustomize::fields::Reading;
use crate::kustomize::fields::tests::value_of;

const SOURCE: &str = r#"
apiVersion: v1
kind: ConfigMap
metadata: {name: src, annotations: {a.b: dotted}}
data: {s: abc, n5: "5", i: 5, f: 1.2, b: true, nul: null, e: "", m: {x: 1}, l: [p, q],
  img: "repo/app:v1", ver: 1.2, ts: 2001-01-02, ml: "a\nb", d: a-b-c}
"#;
const TARGET: &str = r#"
apiVersion: v1
kind: T
metadata: {name: t}
spec:
  s: old
  i: 1
  f: 1.5
  b: false
  nul: null
  q5: "5"
  m: {k: v}
  l: [a, b, c]
  empty: {}
  cs:
  - name: web
    image: nginx:1
    env: [{name: A, value: "1"}, {name: B, value: "2"}]
  - name: web2
    image: busy:2
    env: []
  - {other: 1}
  path: a/b/c
"#;

/// A value in one line; only strings have quotes.
fn show(value: &Value) -> String {
    match &value.content {
        Content::Scalar(scalar) if scalar.kind == ScalarKind::String => {
            format!("{:?}", scalar.text)
        }
        Content::Scalar(scalar) if scalar.kind == ScalarKind::Null => "null".to_owned(),
        Content::Scalar(scalar) => scalar.text.to_string(),
        Content::List(list) => {
            format!("[{}]", list.iter().map(show).collect::<Vec<_>>().join(", "))
        }
        Content::Map(map) => {
            let entries = map.iter().map(|(key, value)| format!("{}: {}", key.text, show(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

fn objects() -> Vec<Object> {
    vec![Object::new(value_of(SOURCE)), Object::new(value_of(TARGET))]
}

/// The objects after the replacements of a list.
fn done(replacements: &str) -> Result<Vec<Object>, Problem> {
    let mut objects = objects();
    let mut all = Vec::new();
    for entry in value_of(replacements).as_list().expect("a list") {
        match Entry::from_value(entry, Reading::Strict)? {
            Entry::Inline(replacement) => all.push(*replacement),
            Entry::File(..) => panic!("no files here"),
        }
    }
    apply(&mut objects, &all, &Budget::default())?;
    Ok(objects)
}

/// What is then at `at` in the target.
fn replaced(source: &str, target: &str, at: &str) -> Result<String, Problem> {
    let objects = done(&format!(
        "[{{source: {{kind: ConfigMap, {source}}}, targets: [{{select: {{kind: T}}, {target}}}]}}]"
    ))?;
    let value = lookup(&objects[1].value, &split(at))?.map(show);
    Ok(value.unwrap_or_default())
}

#[test]
fn a_scalar_keeps_its_kind_and_anything_else_is_taken_over() {
    for (from, to, after) in [
        ("s", "s", Some("\"abc\"")),
        ("i", "s", Some("\"5\"")),
        ("n5", "i", Some("5")),
        ("n5", "s", Some("\"5\"")),
        ("i", "q5", Some("\"5\"")),
        ("s", "q5", Some("\"abc\"")),
        ("m", "s", Some("\"\"")),
        ("m", "m", Some("{x: 1}")),
        ("l", "m", Some("[\"p\", \"q\"]")),
        ("s", "m", Some("\"abc\"")),
        ("i", "m", Some("5")),
        ("i", "l", Some("5")),
        ("e", "s", Some("\"\"")),
        ("i", "f", Some("5")),
        ("ts", "s", Some("\"2001-01-02\"")),
        ("ml", "s", Some("\"a\\nb\"")),
        ("b", "s", Some("\"true\"")),
        ("s", "i", None),
        ("i", "b", None),
        ("b", "i", None),
        ("s", "nul", None),
        ("i", "nul", None),
        ("m", "i", None),
        ("nul", "s", None),
        ("e", "i", None),
        ("f", "i", None),
        ("ml", "i", None),
    ] {
        let source = format!("fieldPath: data.{from}");
        let target = format!("fieldPaths: [spec.{to}]");
        let result = replaced(&source, &target, &format!("spec.{to}")).ok();
        assert_eq!(result.as_deref(), after, "{from} -> {to}");
    }
}

#[test]
fn a_path_can_match_several_fields() {
    for (path, at, after) in [
        ("l.0", "l", r#"["abc", "b", "c"]"#),
        ("l.*", "l", r#"["abc", "abc", "abc"]"#),
        ("l.[=b]", "l", r#"["a", "abc", "c"]"#),
        ("l.[=^b$].foo", "l", r#"["a", "abc", "c"]"#),
        ("cs.*.image", "cs.1.image", r#""abc""#),
        ("cs.[name=web].image", "cs.1.image", r#""abc""#),
        ("cs.[name=^web$].image", "cs.1.image", r#""busy:2""#),
        ("cs.[name=web].env.*.value", "cs.0.env.1.value", r#""abc""#),
        ("cs.0.env.[name=B].value", "cs.0.env.0.value", r#""1""#),
    ] {
        let target = format!("fieldPaths: ['spec.{path}']");
        let result = replaced("fieldPath: data.s", &target, &format!("spec.{at}"));
        assert_eq!(result.expect(path), after, "{path}");
    }
    for path in [
        "l.5",
        "l.3",
        "cs.*.nope",
        "cs.[name=zzz].image",
        "cs.[name=web2].env.*.value",
        "cs.-.name",
        "cs.[name].image",
        "s.x",
        "m.x",
        "nul.x",
        "m.*",
        "x",
        "cs.name",
        "cs.[other=1].other",
        "",
        ".s",
        "cs.[name=(].image",
    ] {
        let target = format!("fieldPaths: ['spec.{path}']");
        replaced("fieldPath: data.s", &target, "spec").expect_err(path);
    }
}

#[test]
fn fields_are_made_and_then_mean_what_they_look_like() {
    let spec = show(value_of(TARGET).get("spec").expect("a spec"));
    for (from, path, at, after) in [
        ("s", "new", "new", r#""abc""#),
        ("n5", "new", "new", "5"),
        ("m", "new", "new", "{x: 1}"),
        ("l", "new", "new", r#"["p", "q"]"#),
        ("s", "a.b.c", "a", r#"{b: {c: "abc"}}"#),
        ("s", "nul.x", "", &spec),
        ("s", "nul.0", "", &spec),
        ("s", "nul.[name=a].v", "", &spec),
        ("s", "l.3", "l.3", r#""abc""#),
        ("s", "nl.0", "nl", r#"["abc"]"#),
        ("s", "nl.0.x", "nl", r#"[{x: "abc"}]"#),
        ("s", "l.[=new]", "l.3", r#""abc""#),
        ("s", "cs.[name=new].image", "cs.3", r#"{name: "new", image: "abc"}"#),
        ("s", "cs.[name=5].image", "cs.3", r#"{name: 5, image: "abc"}"#),
        ("s", "cs.[name=n].env.[name=E].v", "cs.3.env", r#"[{name: "E", v: "abc"}]"#),
        ("s", "cs.*.new", "cs.2", r#"{other: 1, new: "abc"}"#),
        ("e", "new", "new", "null"),
        ("ml", "new", "new", r#""a\nb""#),
        ("b", "new", "new", "true"),
        ("s", "empty.k", "empty", r#"{k: "abc"}"#),
        ("s", "x.-.y", "x", r#"{-: {y: "abc"}}"#),
    ] {
        let target = format!("fieldPaths: ['spec.{path}'], options: {{create: true}}");
        let result = replaced(&format!("fieldPath: data.{from}"), &target, &format!("spec.{at}"));
        assert_eq!(result.expect(path), after, "{from} -> {path}");
    }
    for path in ["s.x", "l.4", "nl.1", "x.[name=a+b].y", "n.*.x"] {
        let target = format!("fieldPaths: ['spec.{path}'], options: {{create: true}}");
        replaced("fieldPath: data.s", &target, "spec").expect_err(path);
    }
}

#[test]
fn a_delimiter_means_a_part() {
    for (source, target, at, after) in [
        ("img, options: {delimiter: ':'}", "s", "s", Some("\"repo/app\"")),
        ("img, options: {delimiter: ':', index: 1}", "s", "s", Some("\"v1\"")),
        ("img, options: {delimiter: ':', index: 2}", "s", "s", None),
        ("img, options: {delimiter: ':', index: -1}", "s", "s", None),
        ("m, options: {delimiter: ':'}", "s", "s", None),
        ("ver, options: {delimiter: ., index: 1}", "s", "s", Some("\"2\"")),
        ("ver, options: {delimiter: ., index: 1}", "m", "m", Some("2")),
        ("d, options: {delimiter: '', index: 5}", "s", "s", Some("\"a-b-c\"")),
        ("s", "path], options: {delimiter: /, index: -1", "path", Some("\"abc/a/b/c\"")),
        ("s", "path], options: {delimiter: /", "path", Some("\"abc/b/c\"")),
        ("s", "path], options: {delimiter: /, index: 2", "path", Some("\"a/b/abc\"")),
        ("s", "path], options: {delimiter: /, index: 9", "path", Some("\"a/b/c/abc\"")),
        ("s", "new], options: {create: true, delimiter: /, index: -1", "new", Some("\"abc/\"")),
        ("s", "new], options: {create: true, delimiter: /, index: 1", "new", Some("\"/abc\"")),
        ("s", "m], options: {delimiter: /", "m", None),
        ("m", "path], options: {delimiter: /, index: 1", "path", Some("\"a//c\"")),
        ("s", "i], options: {delimiter: /, index: 1", "i", None),
        ("i", "f], options: {delimiter: ., index: 0", "f", Some("5.5")),
    ] {
        let end = if target.contains(']') { "}" } else { "]" };
        let result = replaced(
            &format!("fieldPath: data.{source}"),
            &format!("fieldPaths: [spec.{target}{end}"),
            &format!("spec.{at}"),
        );
        assert_eq!(result.ok().as_deref(), after, "{source} -> {target}");
    }
}

#[test]
fn one_value_is_looked_up() {
    for (path, after) in [
        (r"metadata.annotations.a\.b", Some("dotted")),
        ("metadata.annotations.[a.b]", Some("dotted")),
        ("data.l.0", Some("p")),
        ("data.l.-", Some("q")),
        ("data.l.[=q]", Some("q")),
        ("data. s ", Some("abc")),
        ("data..s", Some("abc")),
        ("", Some("src")),
        ("metadata.annotations.a.b", None),
        ("data.l.9", None),
        ("data.l.*", None),
        ("data.l.[q]", None),
        ("data.s.x", None),
        ("/data/s", None),
        ("data.l.-1", None),
        ("data.e.x", None),
        ("data.nul.x", None),
        ("data.l.x", None),
        ("data.m.0", None),
    ] {
        let result = replaced(&format!("fieldPath: '{path}'"), "fieldPaths: [spec.s]", "spec.s");
        assert_eq!(result.ok(), after.map(|text| format!("{text:?}")), "{path}");
    }
}

#[test]
fn objects_are_named_exactly_and_rejected_by_labels_or_by_name() {
    let spec = |replacements: &str| {
        let objects = done(replacements).ok()?;
        objects[1].value.at_path(&["spec", "s"]).map(show)
    };
    let from = "source: {kind: ConfigMap, fieldPath: data.s}";
    let (new, old) = (Some("\"abc\"".to_owned()), Some("\"old\"".to_owned()));
    for (targets, after) in [
        ("[]", None),
        ("[{fieldPaths: [spec.s]}]", None),
        ("[{select: {name: none}, fieldPaths: [spec.s]}]", old.clone()),
        ("[{select: {kind: T}}]", old.clone()),
        ("[{select: {kind: T, namespace: default}, fieldPaths: [spec.s]}]", new.clone()),
        ("[{select: {kind: T}, reject: [{name: t}], fieldPaths: [spec.s]}]", old.clone()),
        ("[{select: {kind: T}, reject: [{name: z, kind: T}, {}], fieldPaths: [spec.s]}]", new),
        (
            "[{select: {kind: T}, reject: [{labelSelector: '!a', name: z}], fieldPaths: [spec.s]}]",
            old,
        ),
    ] {
        assert_eq!(spec(&format!("[{{{from}, targets: {targets}}}]")), after, "{targets}");
    }
    for source in [
        "",
        "source: {},",
        "source: {kind: X},",
        "source: {kind: ConfigMap, apiVersion: v1},",
        "source: {kind: ConfigMap, group: v1},",
        "source: {kind: Config.*},",
        "path: x, source: {kind: ConfigMap},",
    ] {
        let replacements = format!("[{{{source} targets: [{{select: {{kind: T}}}}]}}]");
        assert_eq!(spec(&replacements), None, "{source}");
    }
}

#[test]
fn an_object_is_found_by_the_names_it_had() {
    let mut objects = objects();
    objects[0].remember_id();
    objects[0].set_name("renamed");
    let replacement = value_of(
        "{source: {name: src, fieldPath: metadata.name}, targets: [{select: {kind: T}, fieldPaths: [spec.s]}]}",
    );
    let replacements = Replacement::read(&replacement).expect("a replacement");
    apply(&mut objects, &replacements, &Budget::default()).expect("done");
    assert_eq!(objects[1].value.at_path(&["spec", "s"]).map(show).as_deref(), Some("\"renamed\""));
}

#[test]
fn what_was_made_can_be_changed_to_anything_and_the_source_too() {
    let objects = done(
        "[{source: {kind: ConfigMap, fieldPath: data.n5},
           targets: [{select: {kind: T}, fieldPaths: [spec.new], options: {create: true}}]},
          {source: {kind: ConfigMap, fieldPath: data.d},
           targets: [{select: {kind: ConfigMap}, fieldPaths: [data.d], options: {delimiter: '-', index: 9}},
                     {select: {kind: T}, fieldPaths: [spec.new], options: {delimiter: /, index: 1}}]}]",
    );
    let spec = objects.expect("done");
    let new = spec[1].value.at_path(&["spec", "new"]).map(show);
    assert_eq!(new.as_deref(), Some("\"5/a-b-c-a-b-c\""));
}

#[test]
fn what_doubles_again_and_again_is_stopped() {
    let one = "{source: {kind: T, fieldPath: spec},
        targets: [{select: {kind: T}, fieldPaths: [spec.N], options: {create: true}}]}";
    let all: Vec<_> = (0..60).map(|at| one.replace('N', &format!("n{at}"))).collect();
    let problem = done(&format!("[{}]", all.join(","))).expect_err("too large");
    assert!(problem.message.contains("copy more than"), "{}", problem.message);
    let long = ["a"; 500].join(".");
    let target = format!("fieldPaths: [{long}], options: {{create: true}}");
    replaced("fieldPath: data.s", &target, "spec").expect_err("too deep");
}
