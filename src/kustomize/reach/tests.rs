//! Small trees, and what is said of them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::kustomize::images::entries;
use crate::model::files::Entry;

type Files = BTreeMap<String, Arc<[u8]>>;

fn tree(files: &[(&str, &str)]) -> Files {
    let file = |(path, text): &(&str, &str)| ((*path).to_owned(), Arc::from(text.as_bytes()));
    files.iter().map(file).collect()
}

const POD: &str = "kind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - {name: a, image: app:1}\n  initContainers:\n  - image: localhost:5000/init\n";

/// What was found, a line each.
fn told(files: &[(&str, &str)], folder: &str) -> String {
    let mut out = String::new();
    let tree = tree(files);
    let reach = reach(&tree, folder);
    let own = reach.kustomization.as_ref().map(|file| entries(&tree[file]));
    let unused = own.and_then(Result::ok).map(|own| unresolved(&reach, &own));
    for f in reach.findings.iter().chain(unused.iter().flatten()) {
        writeln!(
            out,
            "{:?} {} {}:{}:{} {}",
            f.severity, f.code, f.file, f.line, f.column, f.message
        )
        .unwrap();
    }
    for c in &reach.containers {
        writeln!(out, "{} {}:{}:{} {} {}", c.image, c.file, c.line, c.column, c.kind, c.name)
            .unwrap();
    }
    out
}

#[test]
fn containers_arrive_as_the_bases_leave_them() {
    let files = [
        (
            "base/kustomization.yaml",
            "resources: [pod.yaml]\nimages: [{name: app, newName: x/app}]\n",
        ),
        ("base/pod.yaml", POD),
        (
            "part/kustomization.yaml",
            "kind: Component\nimages: [{name: localhost:5000/init, newTag: v9}]\n",
        ),
        (
            "prod/kustomization.yaml",
            "resources: [../base, crd.yaml]\ncomponents: [../part]\nimages:\n- {name: x/app, newName: y}\n- {name: y, newTag: v2}\n- {name: app, newTag: v2}\n- {name: \"localhost:5000/init\", newTag: v3}\n- {name: crd, newTag: v3}\n",
        ),
        (
            "prod/crd.yaml",
            "kind: CustomResourceDefinition\nspec: {containers: [{image: crd}]}\n---\nkind: List\nitems:\n- kind: Job\n  metadata: {name: j}\n  spec: {template: {spec: {containers: [image: 'job@sha256:ab', other: 1]}}}\n",
        ),
    ];
    insta::assert_snapshot!(told(&files, "prod"), @r"
    Error kustomize.image-unused prod/kustomization.yaml:6:3 no container uses the image app, so this entry changes nothing: containers here use job, localhost:5000/init, y
    Error kustomize.image-unused prod/kustomization.yaml:8:3 no container uses the image crd, so this entry changes nothing: containers here use job, localhost:5000/init, y
    job@sha256:ab prod/crd.yaml:8:48 Job j
    localhost:5000/init:v9 base/pod.yaml:7:12 Pod p
    x/app:1 base/pod.yaml:5:22 Pod p
    ");
}

#[test]
fn what_is_not_there_or_not_right_is_told_on_its_line() {
    let files = [
        (
            "o/kustomization.yaml",
            "resources:\n- nope.yaml\n- ../bad\n- ../none\n- broken.yaml\n- ../elsewhere.yaml\n- list.yaml\n- 1\n- ''\n- ../../out\nconfigMapGenerator:\n- files: [k=no.txt, ok.txt]\n  envs: [no.env]\npatches:\n- path: no-patch.yaml\n- patch: |\n    a: b\n    a: [\nimagse: []\nnamespace: x\nnamespace: y\n",
        ),
        ("o/ok.txt", "x"),
        ("o/broken.yaml", "a: b\n c: d\n"),
        ("o/list.yaml", "- a\n---\nkind: Pod\nmetadata: {name: a, name: b}\n"),
        ("bad/Kustomization", ""),
        ("bad/kustomization.yml", ""),
        ("none/x", ""),
        ("elsewhere.yaml", POD),
    ];
    insta::assert_snapshot!(told(&files, "o"), @r#"
    Error kustomize.yaml o/broken.yaml:2:3 mapping values are not allowed in this context
    Error kustomize.missing o/kustomization.yaml:2:3 nope.yaml is not there; add it, or take it out here
    Error kustomize.ambiguous o/kustomization.yaml:3:3 bad has more than one kustomization: bad/kustomization.yml, bad/Kustomization
    Error kustomize.missing o/kustomization.yaml:4:3 none has no kustomization.yaml
    Error kustomize.outside o/kustomization.yaml:6:3 elsewhere.yaml is not in o or below; Kustomize reads no files from elsewhere
    Error kustomize.field o/kustomization.yaml:8:3 `resources` is a list of texts
    Error kustomize.missing o/kustomization.yaml:9:3 this path is empty
    Error kustomize.outside o/kustomization.yaml:10:3 ../../out is outside of the repository
    Error kustomize.missing o/kustomization.yaml:12:11 no.txt is not there; add it, or take it out here
    Error kustomize.missing o/kustomization.yaml:13:10 no.env is not there; add it, or take it out here
    Error kustomize.missing o/kustomization.yaml:15:9 no-patch.yaml is not there; add it, or take it out here
    Error kustomize.yaml o/kustomization.yaml:16:10 the YAML that is written here is broken: on its line 3, column 1: did not find expected node content, while parsing a flow node that starts on line 3
    Error kustomize.field o/kustomization.yaml:19:1 Kustomize knows no field `imagse`; did you mean `images`?
    Warning kustomize.duplicate-key o/kustomization.yaml:21:1 the key "namespace" stands twice; the first one is on line 20
    Error kustomize.object o/list.yaml:1:1 this is no Kubernetes object: it has no `kind`
    Error kustomize.duplicate-key o/list.yaml:4:21 the key "name" stands twice; the first one is on line 4
    "#);
}

#[test]
fn cycles_are_refused_and_ancestors_with_them() {
    let files = [
        ("a/kustomization.yaml", "resources: [../b]\n"),
        ("b/kustomization.yaml", "resources: [../a, ..]\n"),
        ("kustomization.yaml", "resources: [a]\n"),
    ];
    insta::assert_snapshot!(told(&files, "a"), @r"
    Error kustomize.cycle b/kustomization.yaml:1:13 a is needed by itself: a is in it and leads here
    Error kustomize.cycle b/kustomization.yaml:1:19 the root folder is needed by itself: a is in it and leads here
    ");
}

#[test]
fn what_cannot_be_seen_makes_notes_of_errors() {
    let files = [(
        "kustomization.yaml",
        "resources: ['https://github.com/acme/base//x?ref=v1', 'github.com/acme/base']\nhelmCharts: [{name: x}]\ntransformers:\n- |-\n  apiVersion: acme.com/v1\n  kind: Magic\nimages: [{name: app, newTag: v1}]\n",
    )];
    insta::assert_snapshot!(told(&files, ""), @r"
    Note kustomize.remote kustomization.yaml:1:13 https://github.com/acme/base//x?ref=v1 is remote and is not fetched here; its containers cannot be seen. Vendor it into the repository to have it checked
    Note kustomize.remote kustomization.yaml:1:55 github.com/acme/base is remote and is not fetched here; its containers cannot be seen. Vendor it into the repository to have it checked
    Note kustomize.helm kustomization.yaml:2:13 Helm charts are not rendered here; their containers cannot be seen
    Note kustomize.function kustomization.yaml:4:3 Magic is a function or plugin of its own and is not run here
    Note kustomize.image-unused kustomization.yaml:7:10 no container that can be seen here uses the image app; parts of this overlay cannot be seen
    ");
}

#[test]
fn patches_and_configurations_bring_images() {
    let files = [
        (
            "kustomization.yaml",
            "resources: [r.yaml]\nconfigurations: [c.yaml]\npatchesStrategicMerge: [s.yaml]\npatches:\n- path: j.yaml\n  target: {kind: Pod}\n- patch: |-\n    - op: replace\n      path: /spec/image\n      value: inline:1\nimages:\n- {name: rollout, newTag: v1}\n- {name: side, newTag: v1}\n- {name: json, newTag: v1}\n- {name: inline, newTag: v1}\n- {name: sidr, newTag: v1}\n",
        ),
        ("r.yaml", "kind: Rollout\nmetadata: {name: r}\nspec: {runner: [{image: rollout}]}\n"),
        ("c.yaml", "images:\n- {path: 'spec/runner[]/image', kind: Rollout}\n"),
        ("s.yaml", "kind: Pod\nmetadata: {name: p}\nspec: {containers: [{image: side}]}\n"),
        ("j.yaml", "- {op: add, path: /spec/containers/-, value: {image: json}}\n"),
    ];
    insta::assert_snapshot!(told(&files, ""), @r"
    Error kustomize.image-unused kustomization.yaml:16:3 no container uses the image sidr, so this entry changes nothing: did you mean side?
    inline:1 kustomization.yaml:10:10  
    json j.yaml:1:54  
    rollout r.yaml:3:25 Rollout r
    side s.yaml:3:29 Pod p
    ");
}

#[test]
fn what_is_unread_is_asked_for() {
    struct Unread(Files);
    impl FileTree for Unread {
        fn entry(&self, path: &str) -> Entry {
            match self.0.entry(path) {
                Entry::File(_) if !path.ends_with("kustomization.yaml") => Entry::Unread,
                other => other,
            }
        }
        fn files_below(&self, folder: &str) -> Vec<String> {
            self.0.files_below(folder)
        }
    }
    let files = tree(&[
        ("o/kustomization.yaml", "resources: [a.yaml, ../b]\npatches: [{path: c.yaml}]\n"),
        ("o/a.yaml", POD),
        ("o/c.yaml", ""),
        ("b/kustomization.yml", ""),
    ]);
    let reached = reach(&Unread(files), "o");
    assert_eq!(reached.needs, ["b/kustomization.yml", "o/a.yaml", "o/c.yaml"]);
    assert_eq!(reached.findings, []);
}

#[test]
fn a_tree_that_multiplies_ends_soon() {
    let mut files = Files::new();
    for i in 0..40 {
        let text = format!("components: [../c{0}, ../c{0}]\nkind: Component\n", i + 1);
        files.insert(format!("c{i}/kustomization.yaml"), Arc::from(text.as_bytes()));
    }
    files.insert("c40/kustomization.yaml".to_owned(), Arc::from(*b"kind: Component\n"));
    let reached = reach(&files, "c0");
    assert!(reached.findings.iter().any(|f| f.code == "kustomize.limit"));
}

#[test]
fn containers_that_multiply_end_soon() {
    let pod = format!("kind: Pod\nspec: {{containers: [{}]}}\n", "{image: a},".repeat(50_000));
    let list = format!("resources: [{}]\n", "pod.yaml,".repeat(10_000));
    let reached = reach(&tree(&[("kustomization.yaml", &list), ("pod.yaml", &pod)]), "");
    assert!(reached.findings.iter().any(|f| f.code == "kustomize.limit"));
    assert!(reached.findings.len() <= 1_000);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(a: Vec<u8>, b in "(resources: |images: |patches: |- |path|\\.\\./o|[a:\\[\\]{},.\n ]){0,20}") {
        let files: Files = [("o/kustomization.yaml".to_owned(), Arc::from(b.as_bytes())), ("o/a".to_owned(), Arc::from(a))].into();
        let _ = reach(&files, "o");
    }
}
