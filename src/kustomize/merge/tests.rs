//! Expected values are what `kubectl kustomize` (Kustomize 5.5.0) printed.

use super::*;
use crate::kustomize::{problem::Place, value, yaml};

fn read(text: &str, file: u32) -> Value {
    let documents = yaml::parse(text.as_bytes()).unwrap();
    value::read(documents[0].root(), file).unwrap()
}

fn patched(target: &str, patch: &str) -> Result<Option<Value>, Problem> {
    let mut target = read(target, 0);
    let merged = merge(&mut target, &read(patch, 1), Schemas::builtin(), &Budget::default())?;
    Ok((merged == Merged::Kept).then_some(target))
}

/// A Deployment, or what a patch says of one.
fn deployment(spec: &str) -> String {
    format!("{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: a}}, spec: {spec}}}")
}

fn pod(spec: &str) -> String {
    deployment(&format!("{{template: {{spec: {spec}}}}}"))
}

fn check(wrap: impl Fn(&str) -> String, cases: &[(&str, &str, &str)]) {
    for (target, patch, expected) in cases {
        let found = patched(&wrap(target), &wrap(patch)).unwrap().unwrap();
        let wanted = read(&wrap(expected), 0);
        assert!(found.means(&wanted), "{target}\n{patch}\n{found:#?}");
    }
}

#[test]
fn mappings_and_scalars() {
    let nulls = "\n a: null\n b:\n c: ~\n d: {x: null}\n e: [null, {q: null}]\n";
    check(
        |spec| format!("apiVersion: v1\nkind: Foo\nspec: {spec}\n"),
        &[
            ("{a: 1, b: {c: 2}}", "{b: {d: 3}, e: {f: 4}}", "{a: 1, b: {c: 2, d: 3}, e: {f: 4}}"),
            ("{a: 1, b: {c: 2}}", "{a: null, b: {c: ~}}", "{b: {}}"),
            ("{a: [1, 2]}", "{a: [3]}", "{a: [3]}"),
            ("{a: [{name: x, y: 1}]}", "{a: [{name: x, z: 1}]}", "{a: [{name: x, z: 1}]}"),
            (
                nulls,
                "{f: {g: null, h: 1}, i: [null], j: {}, k: []}",
                "{a: null, c: ~, d: {x: null}, e: [null, {q: null}], f: {h: 1}, i: [null], j: {}, k: []}",
            ),
            ("{a: {b: 1, c: 2}}", "{a: {$patch: replace, c: 3, n: null}}", "{a: {c: 3}}"),
            ("{a: {b: 1}, c: 1}", "{a: {$patch: delete}}", "{c: 1}"),
            ("{a: {b: 1}}", "{a: {$patch: merge, c: 2}}", "{a: {b: 1, c: 2}}"),
            (
                "{a: {b: 1}}",
                "{a: {$patch: replace, c: {$patch: delete, q: 1}, d: {$patch: merge, r: 1}}}",
                "{a: {d: {r: 1}}}",
            ),
            (
                "{}",
                "{a: {$patch: foo, b: 1}, c: {$patch: delete, x: 1}}",
                "{a: {$patch: foo, b: 1}}",
            ),
            (
                "{a: {b: 1}}",
                "{$setElementOrder/a: [1], $retainKeys: [b]}",
                "{a: {b: 1}, $setElementOrder/a: [1], $retainKeys: [b]}",
            ),
        ],
    );
}

#[test]
fn quotes_stay_around_what_is_put_between_them() {
    check(
        |spec| format!("apiVersion: v1\nkind: Foo\nspec: {spec}\n"),
        &[
            ("{a: foo, b: \"foo\", c: 'x'}", "{a: 1, b: 1, c: true}", "{a: 1, b: '1', c: 'true'}"),
            (
                "\n a: |\n  foo\n b: 1\n c: 2001-01-01\n",
                "{a: 1.5, b: \"2\", c: 1}",
                "{a: '1.5', b: '2', c: 1}",
            ),
            ("{a: ['x']}", "{a: [1], b: '1'}", "{a: [1], b: '1'}"),
        ],
    );
}

#[test]
fn lists_with_keys() {
    check(
        pod,
        &[
            (
                "{containers: [{name: a, image: x}, {name: b, image: y}]}",
                "{containers: [{name: c}, {name: b, tty: true}]}",
                "{containers: [{name: c}, {name: b, image: y, tty: true}, {name: a, image: x}]}",
            ),
            (
                "{containers: [{name: a, args: [x]}, {name: b}]}",
                "{containers: [{name: a, $patch: delete}]}",
                "{containers: [{name: b}]}",
            ),
            (
                "{containers: [{name: a}, {name: b}]}",
                "{containers: [{$patch: delete}, {name: c}]}",
                "{}",
            ),
            (
                "{containers: [{name: a, image: x}, {name: b}]}",
                "{containers: [{$patch: replace}, {name: a, image: y}]}",
                "{containers: [{name: a, image: y}]}",
            ),
            (
                "{containers: [{name: a, image: x, tty: true}]}",
                "{containers: [{name: a, image: y, $patch: replace}]}",
                "{containers: [{name: a, image: x, tty: true}]}",
            ),
            (
                "{containers: [{name: a}]}",
                "{containers: null, volumes: [{name: v}]}",
                "{volumes: [{name: v}]}",
            ),
            (
                "{volumes: [{name: 1}]}",
                "{volumes: [{name: '1', emptyDir: {}}]}",
                "{volumes: [{name: '1', emptyDir: {}}]}",
            ),
            ("{tolerations: [{key: a}]}", "{tolerations: [{key: b}]}", "{tolerations: [{key: b}]}"),
        ],
    );
}

#[test]
fn lists_with_several_keys() {
    let ports = |ports: &str| pod(&format!("{{containers: [{{name: a, ports: {ports}}}]}}"));
    check(
        ports,
        &[
            (
                "[{containerPort: 80, protocol: TCP}, {containerPort: 80, protocol: UDP}]",
                "[{containerPort: 80, protocol: UDP, name: http}, {containerPort: 90, protocol: TCP}]",
                "[{containerPort: 90, protocol: TCP}, {containerPort: 80, protocol: TCP}, {containerPort: 80, name: http, protocol: UDP}]",
            ),
            (
                "[{containerPort: 80, name: x}, {containerPort: 81}]",
                "[{containerPort: 81, name: http}, {containerPort: 90}]",
                "[{containerPort: 81, name: http}, {containerPort: 90}, {containerPort: 80, name: x}]",
            ),
            // What follows is what nobody wants: a protocol on one side only, and the change is lost.
            (
                "[{containerPort: 80, protocol: TCP}]",
                "[{containerPort: 80, name: http}]",
                "[{containerPort: 80, protocol: TCP}]",
            ),
            (
                "[{containerPort: 80, name: x}, {containerPort: 81}]",
                "[{containerPort: 80, protocol: TCP, name: http}, {containerPort: 90}]",
                "[{containerPort: 90}, {containerPort: 80, name: x}, {containerPort: 81}]",
            ),
        ],
    );
}

#[test]
fn lists_of_scalars_that_are_sets() {
    check(
        |finalizers| {
            format!(
                "{{apiVersion: v1, kind: Foo, spec: {{apiVersion: v1, kind: ConfigMap, metadata: {{finalizers: {finalizers}}}}}}}"
            )
        },
        &[
            ("[x, y]", "[z, y]", "[z, y, x]"),
            ("[x, y, x]", "[]", "[x, y]"),
            ("[x, null]", "[y]", "[y, x]"),
        ],
    );
}

#[test]
fn lists_with_elements_that_lack_their_key() {
    check(
        pod,
        &[
            (
                "{containers: [{name: a, image: x}, {image: nokey}, {name: c, image: z}]}",
                "{containers: [{name: a, image: y}]}",
                "{containers: [{image: nokey}]}",
            ),
            (
                "{containers: [{name: a, image: x}, {name: c, image: z}]}",
                "{containers: [{image: y}, {name: q, image: r}]}",
                "{containers: [{name: q, image: r}]}",
            ),
            (
                "{containers: [{name: a}]}",
                "{initContainers: [{$patch: replace}, {name: q, image: r}]}",
                "{containers: [{name: a}], initContainers: [{$patch: replace}]}",
            ),
            (
                "{containers: [{name: a, env: [{name: A, value: '1'}, {name: A, value: '2'}, {name: B}]}]}",
                "{}",
                "{containers: [{name: a, env: [{name: A, value: '2'}, {name: B}]}]}",
            ),
        ],
    );
}

#[test]
fn a_patch_deletes_its_target_but_cannot_replace_it() {
    let target = deployment("{replicas: 1, paused: true}");
    let patch = |directive: &str| {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, $patch: {directive}, spec: {{replicas: 2}}}}"
        )
    };
    assert!(patched(&target, &patch("delete")).unwrap().is_none());
    let kept = patched(&target, &patch("replace")).unwrap().unwrap();
    assert!(kept.means(&read(&target, 0)));
}

#[test]
fn what_cannot_be_merged_is_named_where_the_patch_has_it() {
    for (target, patch, line, column) in [
        ("{a: {b: 1}}", "{a: 1}", 1, 5),
        ("{a: 1}", "{a: [1]}", 1, 5),
        ("{a: [1]}", "{a: {b: 1}}", 1, 5),
        ("{a: {b: 1}}", "{a: {$patch: foo}}", 1, 14),
        ("{}", "{a: {b: {$patch: foo}}}", 1, 18),
        (
            "{apiVersion: v1, kind: Pod, spec: {volumes: [foo, foo, {name: a}]}}",
            "{spec: {volumes: [{name: b}]}}",
            1,
            46,
        ),
    ] {
        let problem = patched(target, patch).unwrap_err();
        assert_eq!((problem.place.line, problem.place.column), (line, column), "{problem:?}");
    }
}

#[test]
fn values_of_the_patch_keep_their_place() {
    let merged = patched("{a: 1, b: {c: 1}}", "{a: 2, b: {d: {e: 1}}}").unwrap().unwrap();
    let place = |path: &[&str]| merged.at_path(path).unwrap().place;
    assert_eq!(place(&["a"]), Place { file: 1, line: 1, column: 5 });
    assert_eq!(place(&["b"]).file, 0);
    assert_eq!(place(&["b", "c"]).file, 0);
    assert_eq!(place(&["b", "d", "e"]).file, 1);
}

#[test]
fn one_pass_and_step_by_step_agree_on_regular_lists() {
    let list = |range: std::ops::Range<u32>, mark: &str| {
        let element =
            |i| format!("{{containerPort: {}, protocol: P{}, name: {mark}}}", i / 2, i % 2);
        let Content::List(list) =
            read(&format!("[{}]", range.map(element).collect::<Vec<_>>().join(", ")), 0).content
        else {
            panic!("a list")
        };
        list
    };
    let budget = Budget::default();
    let merge = Merge { schemas: Schemas::builtin(), budget: &budget };
    let keys = [Text::from("containerPort"), Text::from("protocol")];
    for (there, named) in [(0..6, 3..9), (0..4, 4..6), (0..3, 0..3), (0..0, 0..2), (0..2, 0..0)] {
        let lists = Lists { merge: &merge, keys: &keys, elements: None };
        let mut one_pass = list(there.clone(), "old");
        lists.merge(&mut one_pass, list(named.clone(), "new")).unwrap();
        let mut steps = list(there, "old");
        let patch = list(named, "new");
        lists.step_by_step(&mut steps, Some(patch)).unwrap();
        assert!(Value::from(one_pass).means(&Value::from(steps)));
    }
}

#[test]
fn large_lists_are_merged_in_one_pass_and_hostile_ones_are_refused() {
    let list = |count: usize, name: &str| {
        let all: Vec<String> = (0..count).map(|i| format!("{{name: {name}{i}}}")).collect();
        pod(&format!("{{volumes: [{}]}}", all.join(", ")))
    };
    let merged = patched(&list(20_000, "a"), &list(20_000, "a")).unwrap().unwrap();
    let volumes = merged.at_path(&["spec", "template", "spec", "volumes"]).unwrap();
    assert_eq!(volumes.as_list().unwrap().len(), 20_000);
    let twice = list(10_000, "a").replace("{name: a1}", "{name: a0}");
    assert!(patched(&twice, &deployment("{}")).is_err());
}
