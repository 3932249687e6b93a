//! What `kubectl kustomize` v5.5.0 printed is what is asked for here.

use std::sync::Arc;

use super::*;
use crate::kustomize::fields::tests::value_of;
use crate::kustomize::hash;
use crate::kustomize::load::{Loader, Restriction};
use crate::kustomize::problem::Place;

type Files = BTreeMap<String, Arc<[u8]>>;

fn files() -> Files {
    let files: [(&str, &[u8]); 7] = [
        ("a.txt", "q\"\\\n\r\t<>&\u{2028}\u{2029}é".as_bytes()),
        ("b.bin", &[0xff; 100]),
        ("c.bin", &[0xff]),
        ("e.txt", b"x"),
        (
            "plain.env",
            b"X=1\nBARE\n  SP = a b  \n#c\nQ=\"quoted\"\nE=\n\xc2\xa0NB=1\n=z\n export A=1\r\n",
        ),
        ("bom.env", b"\xef\xbb\xbfa=1\n\xef\xbb\xbfb=1"),
        ("bad.env", b"a=1\n\xff"),
    ];
    let mut files: Files =
        files.into_iter().map(|(path, bytes)| (path.to_owned(), Arc::from(bytes))).collect();
    let long = format!("a={}\nb={}\nc=1\n", "x".repeat(65_533), "x".repeat(65_534));
    files.insert("long.env".to_owned(), Arc::from(long.as_bytes()));
    files
}

fn made(kind: Kind, settings: &str) -> Result<Object, Problem> {
    let files = files();
    let loader = Loader::new(&files, Restriction::RootOnly);
    let args = MapArgs::from_value(&value_of(settings), kind)?;
    generate(&args, &loader.open("").expect("a folder"))
}

fn section(object: &Object, name: &str) -> Vec<(String, String)> {
    let map = object.value.get(name).and_then(Value::as_map);
    let texts = map.into_iter().flat_map(Map::iter);
    texts
        .map(|(key, value)| (key.text.to_string(), value.as_text().unwrap_or("?").into()))
        .collect()
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn data_are_what_kustomize_makes_of_them() {
    let literals =
        r#"{name: a, literals: ["a=1", "b='x'", 'c="y"', "d='", "e=\"z'", "f=", "a b/é=="]}"#;
    for (settings, data) in [
        (
            "{name: a, envs: [plain.env]}",
            &[
                ("BARE", ""),
                ("E", ""),
                ("NB", "1"),
                ("Q", "\"quoted\""),
                ("SP ", " a b  "),
                ("X", "1"),
                ("export A", "1"),
            ][..],
        ),
        ("{name: a, env: bom.env}", &[("a", "1"), ("\u{feff}b", "1")]),
        (
            literals,
            &[
                ("a", "1"),
                ("a b/é", "="),
                ("b", "x"),
                ("c", "y"),
                ("d", "'"),
                ("e", "\"z'"),
                ("f", ""),
            ],
        ),
        ("{name: a, files: [./e.txt, k k=e.txt]}", &[("e.txt", "x"), ("k k", "x")]),
    ] {
        let object = made(Kind::ConfigMap, settings).expect(settings);
        assert_eq!(section(&object, "data"), owned(data), "{settings}");
    }
    let long = made(Kind::ConfigMap, "{name: a, envs: [long.env]}").expect("a ConfigMap");
    assert_eq!(section(&long, "data").len(), 1, "a line of 65536 bytes ends the reading");
}

#[test]
fn what_kustomize_refuses_is_refused() {
    for settings in [
        "{literals: [a=b]}",
        "{name: a, literals: [x]}",
        "{name: a, literals: [=x]}",
        "{name: a, literals: [null]}",
        "{name: a, literals: [5]}",
        "{name: a, literals: [a=1, a=2]}",
        "{name: a, files: [e.txt, e.txt]}",
        "{name: a, files: [a=b=c]}",
        "{name: a, files: [=c]}",
        "{name: a, files: [c=]}",
        "{name: a, files: [none]}",
        "{name: a, envs: [bad.env]}",
        "{name: a, type: x}",
        "{name: a, options: {immutable: \"true\"}}",
    ] {
        made(Kind::ConfigMap, settings).expect_err(settings);
    }
    let problem = made(Kind::ConfigMap, "{name: a, envs: [bad.env]}").expect_err("not UTF-8");
    assert_eq!(problem.place, Place { file: 0, line: 2, column: 1 });
}

#[test]
fn hashes_are_those_of_kustomize() {
    use Kind::{ConfigMap, Secret};
    for (kind, settings, hash) in [
        (ConfigMap, "{name: empty}", "6ct58987ht"),
        (ConfigMap, "{name: esc, files: [a.txt]}", "57m96kd22f"),
        (ConfigMap, "{name: bin, files: [b.bin, c.bin], literals: [z=1]}", "f28527b7cc"),
        (Secret, "{name: s}", "46f8b28mk5"),
        (Secret, "{name: s, files: [a.txt, long=b.bin]}", "k5g7574bmf"),
        (Secret, "{name: s, literals: [a=yes], type: \"true\"}", "k45k276g86"),
    ] {
        let object = made(kind, settings).expect(settings);
        assert_eq!(hash::suffix(&object.value).expect("a hash"), hash, "{settings}");
        assert!(object.needs_hash);
    }
    let patched =
        "{kind: ConfigMap, data: {a: b, i: 5, f: 1.50, b: true, x: 0x10, e: 1e30, s: 1.0e-7,
        big: 12345678901234567890, d: 2001-01-02, n: q, l: [1, a], m: {z: 1}}}";
    assert_eq!(hash::suffix(&value_of(patched)).expect("a hash"), "c9gt45fb29");
    let secret = "{kind: Secret, type: kubernetes.io/tls, data: {a: PGI+}, stringData: {i: x}}";
    assert_eq!(hash::suffix(&value_of(secret)).expect("a hash"), "dbg6t9gcfm");
    hash::suffix(&value_of("{kind: Deployment}")).expect_err("no other kinds");
}

#[test]
fn long_base64_is_broken_into_lines() {
    let object = made(Kind::ConfigMap, "{name: a, files: [b.bin, c.bin]}").expect("a ConfigMap");
    let lines = format!("{}\n{}w==\n", "/".repeat(70), "/".repeat(63));
    assert_eq!(section(&object, "binaryData"), owned(&[("b.bin", &lines), ("c.bin", "/w==")]));
    assert!(object.value.get("data").is_none());
}

#[test]
fn options_for_all_yield_to_own_ones() {
    let all = Options::from_value(&value_of("{labels: {g: '1', l: all}, immutable: true}"));
    let own = Options::from_value(&value_of("{labels: {l: own}, disableNameSuffixHash: true}"));
    let both = own.expect("options").within(&all.expect("options"));
    let args = MapArgs { name: "a".to_owned(), options: both, ..MapArgs::default() };
    let files = files();
    let loader = Loader::new(&files, Restriction::RootOnly);
    let object = generate(&args, &loader.open("").expect("a folder")).expect("a ConfigMap");
    assert_eq!(object.notes("labels"), [("g", "1"), ("l", "own")]);
    assert_eq!(object.value.get("immutable").and_then(Value::as_text), Some("true"));
    assert!(!object.needs_hash);
}

#[test]
fn merging_keeps_metadata_and_data_of_the_old_one_only() {
    let mut old = made(
        Kind::Secret,
        "{name: s, type: t/x, literals: [a=1, b=2], options: {labels: {l: '1', k: '1'}, immutable: true}}",
    )
    .expect("a Secret");
    old.remember_id();
    old.set_name("p-s");
    for (behavior, data) in [("merge", 3), ("replace", 2)] {
        let settings = format!(
            "{{name: s, behavior: {behavior}, literals: [a=9, c=3], options: {{labels: {{l: '2'}}}}}}"
        );
        let new = absorb(&old, made(Kind::Secret, &settings).expect("a Secret"));
        assert_eq!(section(&new, "data").len(), data, "{behavior}");
        assert_eq!(new.value.at_path(&["data", "a"]).and_then(Value::as_text), Some("OQ=="));
        assert_eq!(new.name(), "p-s");
        assert_eq!(new.original_id().name, "s");
        assert_eq!(new.notes("labels"), [("k", "1"), ("l", "2")]);
        assert_eq!(new.value.get("type").and_then(Value::as_text), Some("Opaque"));
        assert!(new.value.get("immutable").is_none());
        assert!(new.needs_hash);
        assert_eq!(new.behavior, Behavior::Create);
    }
}

#[test]
fn what_is_merged_into_a_written_object_becomes_text_and_gets_no_hash() {
    let old = Object::new(value_of(
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {i: 5, n: null}, binaryData: {b: /w==}}",
    ));
    let new = made(Kind::ConfigMap, "{name: a, behavior: merge, literals: [z=1]}");
    let new = absorb(&old, new.expect("a ConfigMap"));
    assert_eq!(section(&new, "data"), owned(&[("i", "5"), ("n", ""), ("z", "1")]));
    assert_eq!(section(&new, "binaryData"), owned(&[("b", "/w==")]));
    assert!(!new.needs_hash);
}

#[test]
fn an_object_in_generators_may_say_more_and_be_named_by_its_metadata() {
    let value =
        value_of("{metadata: {name: a, namespace: n}, env: none, more: 1, literals: [a=1]}");
    let args = MapArgs::from_config(&value, Kind::ConfigMap).expect("arguments");
    assert_eq!((&*args.name, &*args.namespace, args.envs.len()), ("a", "n", 0));
}
